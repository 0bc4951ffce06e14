"""Rules beyond a single form, against every set of forms of a small pool, read plainly."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from exam_engine.assembly import (
    Anchor,
    Assembled,
    Count,
    Earlier,
    Infeasible,
    Is,
    Overlap,
    Pool,
    Specification,
    Sum,
    Use,
    assemble,
    verify,
)
from exam_engine.assembly.specification import Rule

SIZE = 7
Forms = Sequence[frozenset[str]]


def small_pool(rng: np.random.Generator) -> Pool:
    return Pool(
        ids=[f"i{k}" for k in range(SIZE)],
        numeric={"marks": rng.integers(1, 4, SIZE), "left": rng.integers(0, 4, SIZE)},
        categorical={"unit": rng.choice(["u", "v"], SIZE)},
    )


def some_rules(rng: np.random.Generator, forms: int) -> list[Rule]:
    length, u = int(rng.integers(2, 5)), (Is("unit", "u"),)
    some = int(rng.integers(0, 2 * forms))
    kinds: list[Rule] = [
        Count(name="uses of u", where=u, scope="all", minimum=some, maximum=some + int(rng.integers(0, 2))),
        Sum(name="all marks", attribute="marks", scope="all", minimum=float(2 * length * forms)),
        Count(name="different", scope="pool", maximum=int(rng.integers(length, SIZE))),
        Sum(name="different marks", attribute="marks", where=u, scope="pool", minimum=float(some)),
        Overlap(name="pairs", maximum=int(rng.integers(0, 3))),
        Overlap(name="pairs of u", where=u, minimum=int(rng.integers(0, 2)), maximum=2, anchors=True),
        Anchor(name="common", where=u, minimum=int(rng.integers(0, 3)), maximum=2),
        Use(name="scarce", attribute="left"),
        Earlier(name="last year", papers=(("a", ("i0", "i1", "gone")), ("b", ("i2", "i3"))), maximum=1),
    ]
    chosen = rng.choice(len(kinds), 4, replace=False)
    fixed = Count(name="length", minimum=length, maximum=length, structural=True)
    return [fixed, *(kinds[int(k)] for k in sorted(chosen))]


def fits_alone(rule: Rule, form: frozenset[str], pool: Pool) -> bool:
    match rule:
        case Count(name="length"):
            return len(form) == rule.minimum
        case Earlier():
            return len(form & {"i0", "i1"}) <= 1 and len(form & {"i2", "i3"}) <= 1
        case _:
            return True


def fits(rule: Rule, forms: Forms, pool: Pool, exempt: frozenset[str]) -> bool:
    units = dict(zip(pool.ids, pool.texts("unit").tolist(), strict=True))
    marks = dict(zip(pool.ids, pool.numbers("marks").tolist(), strict=True))
    left = dict(zip(pool.ids, pool.numbers("left").tolist(), strict=True))
    uses = [name for form in forms for name in form]
    different = frozenset(uses)
    common = frozenset.intersection(*forms)
    match rule:
        case Count(scope="all"):
            return rule.minimum <= sum(units[i] == "u" for i in uses) <= (rule.maximum or 0)
        case Sum(scope="all"):
            return sum(marks[i] for i in uses) >= rule.minimum
        case Count(scope="pool"):
            return len(different) <= (rule.maximum or 0)
        case Sum(scope="pool"):
            return sum(marks[i] for i in different if units[i] == "u") >= rule.minimum
        case Overlap(anchors=True):
            pairs = itertools.combinations(forms, 2)
            return all(rule.minimum <= sum(units[i] == "u" for i in a & b) <= 2 for a, b in pairs)
        case Overlap():
            return all(
                len((a & b) - exempt) <= (rule.maximum or 0) for a, b in itertools.combinations(forms, 2)
            )
        case Anchor():
            return rule.minimum <= sum(units[i] == "u" for i in common) <= (rule.maximum or SIZE)
        case Use():
            return all(uses.count(i) <= left[i] for i in different - exempt)
        case _:
            return True


def allowed(pool: Pool, specification: Specification, forms: Forms) -> bool:
    units = dict(zip(pool.ids, pool.texts("unit").tolist(), strict=True))
    common = frozenset.intersection(*forms)
    exempt = frozenset(i for i in common if units[i] == "u" and any_anchor(specification))
    uses = [name for form in forms for name in form if name not in exempt]
    most = len(forms) if specification.max_use is None else specification.max_use
    return all(uses.count(i) <= most for i in uses) and all(
        fits(rule, forms, pool, exempt) for rule in specification.rules
    )


def any_anchor(specification: Specification) -> bool:
    return any(isinstance(rule, Anchor) for rule in specification.rules)


def exists(pool: Pool, specification: Specification, forms: int) -> bool:
    lengths = [r.minimum for r in specification.rules if r.name == "length"]
    singles = [
        form
        for size in (lengths or range(SIZE + 1))
        for form in map(frozenset, itertools.combinations(pool.ids, int(size)))
        if all(fits_alone(rule, form, pool) for rule in specification.rules)
    ]
    many = itertools.combinations_with_replacement(singles, forms)
    return any(allowed(pool, specification, chosen) for chosen in many)


def problem(seed: int) -> tuple[Pool, Specification, int]:
    rng = np.random.default_rng(seed)
    pool, forms = small_pool(rng), int(rng.integers(1, 4))
    max_use = [1, 2, None][int(rng.integers(0, 3))]
    return pool, Specification(some_rules(rng, forms), max_use=max_use), forms


@pytest.mark.parametrize("seed", range(40))
def test_forms_are_found_exactly_when_some_set_of_forms_fulfils_the_rules(seed: int) -> None:
    pool, specification, forms = problem(seed)

    answer = assemble(pool, specification, forms=forms, seed=seed)

    if exists(pool, specification, forms):
        assert isinstance(answer, Assembled)
        assert allowed(pool, specification, [frozenset(form) for form in answer.forms])
    else:
        assert isinstance(answer, Infeasible)


@pytest.mark.parametrize("seed", range(12))
def test_the_verifier_agrees_with_a_plain_reading(seed: int) -> None:
    pool, specification, forms = problem(seed)
    rng = np.random.default_rng(seed)
    length = specification.rules[0].minimum  # type: ignore[union-attr]
    for _ in range(30):
        drawn = [frozenset(rng.choice(pool.ids, int(length), replace=False).tolist()) for _ in range(forms)]

        found = verify(pool, specification, [sorted(form) for form in drawn]).ok

        alone = all(fits_alone(rule, form, pool) for rule in specification.rules for form in drawn)
        assert found == (alone and allowed(pool, specification, drawn))
