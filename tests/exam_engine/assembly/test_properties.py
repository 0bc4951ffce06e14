"""Whatever the specification: forms that are right, or a reason that is right, against every set of forms."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_engine.assembly import (
    Among,
    Anchor,
    Assembled,
    Count,
    Distinct,
    Earlier,
    Enemies,
    Exclude,
    If,
    Include,
    Infeasible,
    Is,
    Overlap,
    Parallel,
    PerValue,
    Pool,
    Sets,
    Share,
    Specification,
    Sum,
    SumTarget,
    Use,
    assemble,
    verify,
)
from exam_engine.assembly.relax import apply_changes
from exam_engine.assembly.specification import Rule, is_across

U, CASE = (Is("unit", "u"),), (Is("case", "c"),)
Problem = tuple[Pool, Specification, int]


@st.composite
def pools(draw: st.DrawFn) -> Pool:
    """Return a pool of 4 to 7 items."""
    n = draw(st.integers(4, 7))
    return Pool(
        ids=[f"i{k}" for k in range(n)],
        numeric={
            "marks": draw(st.lists(st.integers(1, 3), min_size=n, max_size=n)),
            "left": draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)),
        },
        categorical={
            "unit": draw(st.lists(st.sampled_from(["u", "v"]), min_size=n, max_size=n)),
            "case": draw(st.lists(st.sampled_from(["", "c", "d"]), min_size=n, max_size=n)),
        },
    )


def kinds(draw: st.DrawFn, pool: Pool, forms: int) -> list[Rule]:
    """Return a rule of every kind, with bounds of which some can be met and some cannot."""

    def number(low: int, high: int) -> int:
        return draw(st.integers(low, high))

    ids = draw(st.permutations(pool.ids))
    some = number(0, 4)
    return [
        Count(name="u", where=U, minimum=some, maximum=some + number(0, 1)),
        Sum(name="marks", attribute="marks", minimum=number(4, 8), maximum=8.0),
        Share(
            name="share", where=U, attribute=draw(st.sampled_from([None, "marks"])), minimum=0.4, maximum=0.6
        ),
        Distinct(name="cases", attribute="case", minimum=number(0, 2), maximum=2),
        Sets(name="whole", attribute="case"),
        Sets(name="parts", attribute="case", minimum=2, maximum=2),
        If(name="if", given=CASE, where=U, minimum=number(1, 3)),
        PerValue(name="per case", attribute="case"),
        Enemies(name="enemies", groups=(tuple(ids[:3]), tuple(ids[2:4]))),
        Include(name="in", ids=tuple(ids[: number(1, 2)])),
        Exclude(name="out", ids=tuple(ids[-number(1, 3) :])),
        Parallel(name="parallel", by=draw(st.sampled_from([("unit",), ("unit", "case")]))),
        Overlap(name="pairs", maximum=number(0, 1)),
        Anchor(name="common", where=(Among(*ids[:4]),), minimum=1, maximum=2),
        Use(name="scarce", attribute="left"),
        Earlier(name="last year", papers=(("a", (ids[0], ids[1], "gone")),), maximum=0),
        Count(name="all u", where=U, scope="all", minimum=number(0, 3 * forms)),
        Sum(name="different", attribute="marks", scope="pool", minimum=float(number(4, 14))),
    ]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Return a pool, a length with up to four other rules, and one to three forms."""
    pool, forms = draw(pools()), draw(st.integers(1, 3))
    length = draw(st.integers(1, 4))
    every = kinds(draw, pool, forms)
    chosen = draw(st.sets(st.integers(0, len(every) - 1), max_size=4))
    rules = [Count(name="length", minimum=length, maximum=length, structural=True)]
    targets = [
        SumTarget(name="goal", attribute="marks", goal=6.0, tolerance=draw(st.sampled_from([0.5, 1.0])))
    ]
    specification = Specification(
        [*rules, *(every[k] for k in sorted(chosen))],
        targets if draw(st.booleans()) else [],
        max_use=draw(st.sampled_from([1, 2, None])),
    )
    return pool, specification, forms


def exists(pool: Pool, specification: Specification, forms: int) -> bool:
    """Whether forms exist, by trying all of them."""
    alone = tuple(r for r in specification.rules if not is_across(r) and not isinstance(r, Parallel))
    single = replace(specification, rules=alone, max_use=None)
    subsets = itertools.chain.from_iterable(itertools.combinations(pool.ids, n) for n in range(pool.size + 1))
    right = [form for form in subsets if verify(pool, single, [form]).ok]
    many = itertools.combinations_with_replacement(right, forms)
    return any(verify(pool, specification, chosen).ok for chosen in many)


def only(specification: Specification, names: Collection[str]) -> Specification:
    """Return the specification with nothing but the named rules; common items may be common without being asked for."""
    rules = [
        rule if rule.name in names else Anchor(name=rule.name, where=rule.where, minimum=0)
        for rule in specification.rules
        if rule.name in names or isinstance(rule, Anchor)
    ]
    return replace(
        specification,
        rules=tuple(rules),
        targets=tuple(target for target in specification.targets if target.name in names),
        max_use=specification.max_use if specification.sharing_name in names else None,
    )


@settings(max_examples=15, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(problems())
def test_forms_are_right_and_reasons_are_right(problem: Problem) -> None:
    pool, specification, forms = problem

    try:
        answer = assemble(pool, specification, forms=forms)
    except ValueError as refusal:
        assert "selects no item of the pool" in str(refusal)  # noqa: PT017
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
