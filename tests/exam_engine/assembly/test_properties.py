"""Whatever the specification: forms that are right, or a reason that is right, against every set of forms."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from exam_engine.assembly import (
    Anchor,
    Assembled,
    Count,
    Infeasible,
    Maximin,
    Maximise,
    Minimise,
    Parallel,
    Pool,
    Specification,
    Sum,
    Undecided,
    Verification,
    assemble,
    verify,
)
from exam_engine.assembly.aims import coefficients
from exam_engine.assembly.language import (
    SpecificationFile,
    SpecificationRefused,
    check_fit,
    read_specification,
    used_attributes,
    write_specification,
)
from exam_engine.assembly.language.kinds import RULES, TARGETS
from exam_engine.assembly.relax import apply_changes
from exam_engine.assembly.specification import Scope, is_across, soft_weight
from exam_engine.assembly.verify_targets import Aspiration
from exam_engine.papers.pool_file import read_pool
from tests.strategies.assembly import Draws, Problem, pool_of, problems, rules, soft_rules, targets

Forms = tuple[tuple[str, ...], ...]

UNITS = 1e-5
"""Deviations are compared up to the solver's tolerance."""

NEAREST = 0.006
"""How far forms may stay from the nearest that there are: what counts as near enough, beside a solver's 2 %."""


def test_every_kind_that_the_language_knows_occurs() -> None:
    draws = Draws(0)
    pool, _ = pool_of(draws, 7)
    hard, soft, wanted = rules(draws, pool, 2), soft_rules(draws), targets(draws, pool)

    assert {type(rule) for rule in hard} == {kind.make for kind in RULES.values()}
    assert {type(rule) for rule in soft} == {k.make for k in RULES.values() if "weight" in k.fields}
    assert all(soft_weight(rule) for rule in soft)
    assert {type(target) for target in wanted} == {kind.make for kind in TARGETS.values()}
    for kind in (Count, Sum):
        assert {r.scope for r in hard if isinstance(r, kind)} == set(Scope.__args__)  # type: ignore[attr-defined]


def answered(problem: Problem) -> Assembled | Infeasible | Undecided | None:
    """Assemble from files, as written and read again; None where they are refused for an empty filter."""
    text = write_specification(SpecificationFile(problem.specification))
    specification = read_specification(text).specification
    assert specification == problem.specification
    uses = used_attributes(specification).values()
    names = [[one.attribute for one in uses if one.is_numeric is kind] for kind in (True, False)]
    pool = read_pool(problem.text.encode(), numeric=names[0], categorical=names[1]).pool
    try:
        check_fit(specification, pool)
    except SpecificationRefused as refusal:
        empty = ("the filter selects no item of the pool", "there are no sets")
        assert refusal.reason.startswith(empty)  # noqa: PT017
        return None
    return assemble(pool, specification, forms=problem.forms)


def all_forms(pool: Pool, specification: Specification, forms: int) -> Iterator[Forms]:
    """Yield every set of forms that is right."""
    wide = [rule for rule in specification.rules if is_across(rule) or isinstance(rule, Parallel)]
    alone = [rule for rule in specification.rules if rule not in wide]
    single = replace(specification, rules=alone, max_use=None)
    subsets = itertools.chain.from_iterable(itertools.combinations(pool.ids, n) for n in range(pool.size + 1))
    right = [form for form in subsets if verify(pool, single, [form]).ok]
    beside = replace(specification, rules=wide, targets=())
    for chosen in itertools.combinations_with_replacement(right, forms):
        if verify(pool, beside, chosen).ok:
            yield chosen


def exists(pool: Pool, specification: Specification, forms: int) -> bool:
    """Whether there are such forms."""
    return next(all_forms(pool, specification, forms), None) is not None


def only(specification: Specification, names: Collection[str]) -> Specification:
    """Return the specification with nothing but the named rules; common items may be common without being asked for."""
    named = [
        rule if rule.name in names else Anchor(name=rule.name, where=rule.where, minimum=0)
        for rule in specification.rules
        if rule.name in names or isinstance(rule, Anchor)
    ]
    return replace(
        specification,
        rules=named,
        targets=[target for target in specification.targets if target.name in names],
        max_use=specification.max_use if specification.sharing_name in names else None,
    )


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(problems(wanting=False))
def test_forms_are_right_and_reasons_are_right(problem: Problem) -> None:
    pool, specification, forms = problem.pool, problem.specification, problem.forms

    answer = answered(problem)

    if answer is None:
        return
    if exists(pool, specification, forms):
        assert isinstance(answer, Assembled)
        assert verify(pool, specification, answer.forms).ok
        return
    assert isinstance(answer, Infeasible)
    assert answer.irreducible
    clash = set(answer.clash)
    assert not exists(pool, only(specification, clash), forms)
    for spared in clash:
        assert exists(pool, only(specification, clash - {spared}), forms)
    assert answer.confirmed
    assert exists(pool, apply_changes(specification, answer.changes), forms)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(problems(wanting=True))
def test_each_priority_comes_as_near_as_its_gap_says(problem: Problem) -> None:
    pool, specification = problem.pool, problem.specification

    answer = answered(problem)

    if not isinstance(answer, Assembled):
        assert answer is None or not exists(pool, specification, problem.forms)
        return
    possible = aspirations(pool, specification, answer)
    reached = verify(pool, specification, answer.forms, possible=possible)
    assert reached.ok
    others = [
        verify(pool, specification, chosen, possible=possible)
        for chosen in all_forms(pool, specification, problem.forms)
    ]
    assert [level.priority for level in answer.levels] == list(reached.deviations)
    for level in answer.levels:
        off, nearest = reached.deviations[level.priority], least(others, level.priority)
        assert level.deviation == pytest.approx(off, abs=1e-9)
        assert level.gap == max(0.0, level.deviation - level.bound)
        assert level.bound <= nearest + UNITS
        check_wishes(pool, specification, level.priority, possible, others)
        chosen_before = any(isinstance(rule, Anchor | Parallel) for rule in specification.rules)
        if level == answer.levels[0] or not chosen_before:
            assert off <= 1.02 * nearest + max(NEAREST, specification.slack)
        others = [other for other in others if keeps(other, reached, level.priority)]
        assert others


def least(others: Sequence[Verification], priority: int) -> float:
    """Return the least of the largest deviations of a priority."""
    return min(other.deviations[priority] for other in others)


def keeps(other: Verification, reached: Verification, priority: int) -> bool:
    """Whether forms keep what others reached for a priority: of all targets, and of each soft rule."""
    mine, theirs = kept(other, priority), kept(reached, priority)
    return all(mine[name] <= theirs[name] + UNITS for name in mine)


def kept(found: Verification, priority: int) -> Mapping[str, float]:
    """Return the largest deviation of each soft rule, and under no name that of all targets."""
    largest = {"": max((c.deviation for c in found.targets if c.priority == priority), default=0.0)}
    for check in found.rules:
        if check.is_soft and check.priority == priority:
            largest[check.rule] = max(largest.get(check.rule, 0.0), check.deviation)
    return largest


def wishes(
    pool: Pool, specification: Specification
) -> Iterator[tuple[str, str, int, float, float, np.ndarray]]:
    """Yield the rows of what is to be large or small: label, target, priority, sign, part, what each item adds."""
    for one in specification.targets:
        if isinstance(one, Maximin):
            parts = one.weights or (1.0,) * len(one.theta)
            for theta, part, values in zip(one.theta, parts, pool.information(one.theta), strict=True):
                yield f"{one.name} (θ = {theta:g})", one.name, one.priority, 1.0, part, values
        elif isinstance(one, Maximise | Minimise):
            sign = 1.0 if isinstance(one, Maximise) else -1.0
            yield one.name, one.name, one.priority, sign, 1.0, coefficients(pool, one)


def aspirations(pool: Pool, specification: Specification, answer: Assembled) -> Mapping[str, Aspiration]:
    """Return what the answer says to be possible, with units as documented: that itself, or one item's part."""
    goals = {check.target: check.goal for check in answer.verification.targets}
    found = {}
    for label, *_, values in wishes(pool, specification):
        goal, some = goals[label], np.abs(values[values != 0])
        assert goal is not None
        found[label] = Aspiration(goal, max(abs(goal), float(some.mean()) if some.size else 1.0))
    return found


def check_wishes(
    pool: Pool,
    specification: Specification,
    priority: int,
    possible: Mapping[str, Aspiration],
    others: Sequence[Verification],
) -> None:
    """Assert that no forms surpass, on the average, what was proven to be the most."""
    rows = [row for row in wishes(pool, specification) if row[2] == priority]
    for _, together in itertools.groupby(rows, key=lambda row: row[1]):
        named = {label: (sign, part) for label, _, _, sign, part, _ in together}
        most = max(sign * possible[label].value / part for label, (sign, part) in named.items())
        for other in others:
            means = [
                sign * float(np.mean([c.actual for c in other.targets if c.target == label])) / part
                for label, (sign, part) in named.items()
            ]
            assert min(means) <= most + UNITS * max(1.0, abs(most))
