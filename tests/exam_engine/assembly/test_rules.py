"""Rules with switches and targets of curves, against every subset of a small pool and against plain sums."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from exam_engine.assembly import (
    Among,
    Assembled,
    Count,
    CurveTarget,
    Distinct,
    Enemies,
    If,
    Infeasible,
    Is,
    Pool,
    Sets,
    Share,
    Specification,
    SumTarget,
    assemble,
    verify,
)
from exam_engine.assembly.specification import Rule

SIZE = 9


def small_pool(rng: np.random.Generator) -> Pool:
    return Pool(
        ids=[f"i{k}" for k in range(SIZE)],
        numeric={"marks": rng.integers(1, 4, SIZE)},
        categorical={
            "case": rng.choice(["", "c1", "c2"], SIZE, p=[0.4, 0.3, 0.3]),
            "unit": rng.choice(["u", "v", "w"], SIZE),
        },
    )


def some_rules(rng: np.random.Generator) -> list[Rule]:
    length = int(rng.integers(2, 6))
    whole = rng.random() < 0.5
    least = int(rng.integers(2, 4))
    units = int(rng.integers(1, 3))
    return [
        Count(name="length", minimum=length, maximum=length, structural=True),
        Sets(name="cases", attribute="case", minimum=None if whole else 2, maximum=None if whole else least),
        Distinct(name="units", attribute="unit", minimum=units, maximum=units + int(rng.integers(0, 2))),
        If(
            name="with the case",
            given=(Is("case", "c1"),),
            where=(Is("unit", "u"),),
            minimum=int(rng.integers(0, 3)),
            maximum=2,
        ),
        Share(
            name="share",
            where=(Is("unit", "u"),),
            attribute="marks" if rng.random() < 0.5 else None,
            minimum=float(rng.choice([0.0, 0.25, 0.5])),
            maximum=float(rng.choice([0.5, 0.75, 1.0])),
        ),
        Enemies(name="enemies", groups=(("i0", "i1"), ("i2", "i3"))),
    ]


@pytest.mark.parametrize("seed", range(25))
def test_forms_are_found_exactly_when_some_subset_fulfils_the_rules(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pool, rules = small_pool(rng), some_rules(rng)
    specification = Specification(rules)
    length = rules[0].minimum  # type: ignore[union-attr]
    subsets = itertools.combinations(pool.ids, length)
    possible = any(verify(pool, specification, [subset]).ok for subset in subsets)

    answer = assemble(pool, specification, forms=1, seed=seed)

    assert isinstance(answer, Assembled if possible else Infeasible)
    if isinstance(answer, Infeasible):
        assert answer.irreducible
        for left_out in answer.clash:
            rest = [rule for rule in rules if rule.name in answer.clash and rule.name != left_out]
            assert isinstance(assemble(pool, Specification(rest), forms=1), Assembled)


def test_whole_cases_stay_whole_while_forms_come_closer_to_their_targets() -> None:
    rng = np.random.default_rng(5)
    n = 240
    cases = np.repeat([f"c{k}" for k in range(12)], 4).tolist() + [""] * (n - 48)
    pool = Pool(
        ids=[f"i{k}" for k in range(n)],
        numeric={"seconds": rng.integers(20, 120, n)},
        categorical={"case": cases},
        a=rng.lognormal(0.0, 0.3, n).round(3),
        b=rng.normal(0.0, 1.0, n).round(3),
        c=np.full(n, 0.2),
    )
    curve = pool.probability([0.0])[0].mean() * 40
    specification = Specification(
        [
            Count(name="length", minimum=40, maximum=40, structural=True),
            Sets(name="whole cases", attribute="case"),
            Distinct(name="two cases", attribute="case", minimum=2, maximum=2),
            Count(name="not these", where=(Among("i0", "i4"),), maximum=0),
        ],
        [
            CurveTarget(name="expected score", theta=0.0, goal=float(curve)),
            SumTarget(name="time", attribute="seconds", goal=2800.0),
        ],
    )

    answer = assemble(pool, specification, forms=3, seed=1)

    assert isinstance(answer, Assembled)
    assert answer.deviation < 0.01
    positions = [np.array([pool.positions[name] for name in form]) for form in answer.forms]
    for form, check in zip(positions, answer.verification.targets, strict=False):
        assert check.actual == pytest.approx(pool.probability([0.0])[0][form].sum(), rel=1e-9)
        _, counts = np.unique([cases[k] for k in form if cases[k]], return_counts=True)
        assert counts.tolist() == [4, 4]


def test_a_large_pool_may_hold_nothing_but_sets() -> None:
    pool = Pool(ids=[f"i{k}" for k in range(800)], categorical={"case": [f"c{k // 4}" for k in range(800)]})
    specification = Specification(
        [Count(name="length", minimum=20, maximum=20), Sets(name="cases", attribute="case")]
    )

    answer = assemble(pool, specification, forms=3)

    assert isinstance(answer, Assembled)
    assert all(len({pool.positions[name] // 4 for name in form}) == 5 for form in answer.forms)
