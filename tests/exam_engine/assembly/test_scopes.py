"""Rules beyond a single form, against every set of forms of a small pool, read plainly."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from exam_engine.assembly import (
    Anchor,
    Assembled,
    Change,
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
from exam_engine.assembly.relax import apply_changes
from exam_engine.assembly.specification import Rule

SIZE = 6
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


@dataclass(frozen=True)
class Reading:
    """A pool as a person would read it."""

    unit: Mapping[str, str]
    marks: Mapping[str, float]
    left: Mapping[str, float]

    @classmethod
    def of(cls, pool: Pool) -> Reading:
        texts, numbers = pool.texts("unit").tolist(), pool.numbers
        return cls(
            dict(zip(pool.ids, texts, strict=True)),
            dict(zip(pool.ids, numbers("marks").tolist(), strict=True)),
            dict(zip(pool.ids, numbers("left").tolist(), strict=True)),
        )

    def of_u(self, items: Iterable[str]) -> int:
        return sum(self.unit[i] == "u" for i in items)

    def allows(self, specification: Specification, forms: Forms) -> bool:
        free = any(isinstance(rule, Anchor) for rule in specification.rules)
        exempt = frozenset(i for i in frozenset.intersection(*forms) if free and self.unit[i] == "u")
        uses = [name for form in forms for name in form if name not in exempt]
        most = len(forms) if specification.max_use is None else specification.max_use
        return all(uses.count(i) <= most for i in uses) and all(
            self.fits(rule, forms, exempt) for rule in specification.rules
        )

    def fits(self, rule: Rule, forms: Forms, exempt: frozenset[str]) -> bool:
        uses = [name for form in forms for name in form]
        high = getattr(rule, "maximum", None)
        high = math.inf if high is None else high
        match rule:
            case Count(scope="all"):
                return rule.minimum <= self.of_u(uses) <= high
            case Sum(scope="all"):
                return sum(self.marks[i] for i in uses) >= rule.minimum
            case Count(scope="pool"):
                return len(set(uses)) <= high
            case Sum(scope="pool"):
                return sum(self.marks[i] for i in set(uses) if self.unit[i] == "u") >= rule.minimum
            case Overlap(anchors=True):
                pairs = itertools.combinations(forms, 2)
                return all(rule.minimum <= self.of_u(a & b) <= high for a, b in pairs)
            case Overlap():
                return all(len((a & b) - exempt) <= high for a, b in itertools.combinations(forms, 2))
            case Anchor():
                return rule.minimum <= self.of_u(frozenset.intersection(*forms)) <= high
            case Use():
                return all(uses.count(i) <= self.left[i] for i in uses if i not in exempt)
            case _:
                return True


def fits_alone(rule: Rule, form: frozenset[str]) -> bool:
    match rule:
        case Count(name="length"):
            return rule.minimum <= len(form) <= (rule.maximum or 0)
        case Earlier():
            return all(len(form & set(ids)) <= (rule.maximum or 0) for _, ids in rule.papers)
        case _:
            return True


def exists(pool: Pool, specification: Specification, forms: int) -> bool:
    reading = Reading.of(pool)
    singles = [
        form
        for size in range(SIZE + 1)
        for form in map(frozenset, itertools.combinations(pool.ids, size))
        if all(fits_alone(rule, form) for rule in specification.rules)
    ]
    many = itertools.combinations_with_replacement(singles, forms)
    return any(reading.allows(specification, chosen) for chosen in many)


def problem(seed: int) -> tuple[Pool, Specification, int]:
    rng = np.random.default_rng(seed)
    pool, forms = small_pool(rng), int(rng.integers(1, 4))
    max_use = [1, 2, None][int(rng.integers(0, 3))]
    return pool, Specification(some_rules(rng, forms), max_use=max_use), forms


@pytest.mark.parametrize("seed", range(18))
def test_forms_are_found_exactly_when_some_set_of_forms_fulfils_the_rules(seed: int) -> None:
    pool, specification, forms = problem(seed)

    answer = assemble(pool, specification, forms=forms, seed=seed)

    if exists(pool, specification, forms):
        assert isinstance(answer, Assembled)
        assert Reading.of(pool).allows(specification, [frozenset(form) for form in answer.forms])
    else:
        assert isinstance(answer, Infeasible)
        assert answer.irreducible
        assert answer.confirmed
        if forms > 2:
            return
        assert not exists(pool, part(specification, answer.clash), forms)
        for name in answer.clash:
            assert exists(pool, part(specification, set(answer.clash) - {name}), forms)
        assert exists(pool, apply_changes(specification, answer.changes), forms)


def part(specification: Specification, names: Collection[str]) -> Specification:
    """Return what some rules ask. An Anchor that is left out asks for nothing, but frees common items as before."""
    rules = [
        rule if rule.name in names else replace(rule, minimum=0, maximum=None)  # type: ignore[call-arg]
        for rule in specification.rules
        if rule.name in names or isinstance(rule, Anchor)
    ]
    limit = specification.max_use if specification.sharing_name in names else None
    return Specification(rules, max_use=limit)


@pytest.mark.parametrize("seed", range(12))
def test_the_verifier_agrees_with_a_plain_reading(seed: int) -> None:
    pool, specification, forms = problem(seed)
    rng = np.random.default_rng(seed)
    length = specification.rules[0].minimum  # type: ignore[union-attr]
    for _ in range(30):
        drawn = [frozenset(rng.choice(pool.ids, int(length), replace=False).tolist()) for _ in range(forms)]

        found = verify(pool, specification, [sorted(form) for form in drawn]).ok

        alone = all(fits_alone(rule, form) for rule in specification.rules for form in drawn)
        assert found == (alone and Reading.of(pool).allows(specification, drawn))


def test_the_lines_of_a_projective_plane_are_found() -> None:
    """In the plane of order 2 seven lines of three points meet in one point each: nothing shares less."""
    pool = Pool(ids=[f"p{k}" for k in range(7)])
    rules = [Count(name="points", minimum=3, maximum=3), Overlap(name="meet", maximum=1)]

    answer = assemble(pool, Specification(rules, max_use=None), forms=7)

    assert isinstance(answer, Assembled)
    lines = [set(form) for form in answer.forms]
    assert all(len(a & b) == 1 for a, b in itertools.combinations(lines, 2))


def test_a_limit_on_pairs_is_widened_to_what_the_pool_allows() -> None:
    # 60 uses of 30 items in 3 forms: the most even use has every item twice, 30 common items over 3 pairs.
    pool = Pool(ids=[f"i{k}" for k in range(30)])
    rules = [
        Count(name="length", minimum=20, maximum=20, structural=True),
        Overlap(name="in pairs", maximum=8),
    ]

    answer = assemble(pool, Specification(rules, max_use=None), forms=3)

    assert isinstance(answer, Infeasible)
    assert answer.clash == ("length", "in pairs")
    assert answer.changes == (Change("in pairs", "maximum", 8, 10),)
    assert answer.confirmed
    assert answer.forms_possible == 2 - (2 * 20 - 30 > 8)
