"""The check of all forms at once says what the check of each form says."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.assembly import (
    Among,
    Between,
    Count,
    CurveTarget,
    Distinct,
    Earlier,
    Enemies,
    Exclude,
    If,
    Include,
    InformationTarget,
    Is,
    MeanTarget,
    Parallel,
    PerValue,
    Pool,
    ScoreTarget,
    Sets,
    Share,
    Specification,
    Sum,
    SumTarget,
    verify,
)
from exam_engine.assembly.individual.check import check_forms
from exam_engine.assembly.specification import Rule, Target

SIZE, FORMS = 14, 60

RULES: list[Rule] = [
    Count(name="length", minimum=4, maximum=5),
    Count(name="type u, easy", where=(Is("unit", "u"), Between("marks", 1, 2)), minimum=1),
    Sum(name="marks", attribute="marks", minimum=8, maximum=11),
    Sum(name="tenths", attribute="tenth", where=(Is("unit", "u", "v"),), minimum=0.3, maximum=0.3),
    Share(name="share", where=(Is("unit", "u"),), attribute="marks", minimum=0.25, maximum=0.5),
    Share(name="part of a part", where=(Is("unit", "u"),), of=(Is("case", "c1"),), maximum=0.5),
    Distinct(name="cases", attribute="case", minimum=1, maximum=1),
    Sets(name="whole", attribute="case"),
    Sets(name="two of a case", attribute="case", minimum=2, maximum=2, where=(Is("unit", "u", "v"),)),
    If(name="if", given=(Is("case", "c1"),), where=(Is("unit", "v"),), minimum=1, maximum=1),
    PerValue(name="per unit", attribute="unit", maximum=2),
    Enemies(name="enemies", groups=(("i0", "i1", "i2"), ("i3", "i4"))),
    Include(name="include", ids=("i5",)),
    Exclude(name="exclude", ids=("i6", "i7")),
    Parallel(name="parallel", by=("unit",), where=(Among("i0", "i1", "i2", "i3", "i4", "i5"),)),
    Earlier(name="earlier", papers=(("2024", ("i1", "i2", "gone")),), maximum=1),
]
TARGETS: list[Target] = [
    InformationTarget(name="information", theta=0.5, goal=1.0, tolerance=0.2),
    CurveTarget(name="score", theta=-0.5, goal=4.0, marks="marks", tolerance=0.5),
    ScoreTarget(name="proportion correct", p="tenth", goal=0.8, marks="marks", tolerance=0.2),
    SumTarget(name="sum", attribute="tenth", goal=0.5, tolerance=0.1),
    MeanTarget(name="mean", attribute="marks", length=4, goal=2.0, tolerance=0.25),
]


def some_pool(rng: np.random.Generator) -> Pool:
    return Pool(
        ids=[f"i{k}" for k in range(SIZE)],
        numeric={"marks": rng.integers(1, 4, SIZE), "tenth": np.full(SIZE, 0.1)},
        categorical={
            "case": rng.choice(["", "c1", "c2"], SIZE, p=[0.5, 0.25, 0.25]),
            "unit": rng.choice(["u", "v", "w"], SIZE),
        },
        a=rng.lognormal(0.0, 0.4, SIZE),
        b=rng.normal(0.0, 1.5, SIZE),
        c=rng.uniform(0.0, 0.3, SIZE),
    )


def test_all_rules_and_targets_agree_with_the_check_of_each_form() -> None:
    rng = np.random.default_rng(3)
    pool = some_pool(rng)
    specification = Specification(RULES, TARGETS, max_use=None)
    held = np.full((FORMS, 6), -1)
    for form in held:
        length = int(rng.integers(0, 7))
        form[:length] = rng.choice(SIZE, length, replace=False)
    names = [[pool.ids[k] for k in form if k >= 0] for form in held.tolist()]

    checked = check_forms(pool, specification, held)
    plain = verify(pool, specification, names)

    expected = {(c.form, c.rule) for c in plain.rules if not c.ok}
    expected |= {(c.form, c.target) for c in plain.targets if not c.ok}
    assert set(checked.broken) - {(f, "parallel") for f in range(1, FORMS + 1)} == expected - {
        (f, "parallel") for f in range(1, FORMS + 1)
    }
    assert {(f, n) for f, n in checked.broken if n == "parallel"} == {
        (f, n) for f, n in expected if n == "parallel"
    }
    broken_somewhere = {name for _, name in expected}
    assert broken_somewhere == {rule.name for rule in (*RULES, *TARGETS)}
    actual = np.array([c.actual for c in plain.targets]).reshape(len(TARGETS), FORMS)
    assert checked.totals == pytest.approx(actual, rel=1e-12, abs=1e-12)


def test_a_form_with_an_item_twice_is_refused() -> None:
    pool = some_pool(np.random.default_rng(1))

    with pytest.raises(ValueError, match="twice"):
        check_forms(pool, Specification([]), np.array([[2, 5, 2, -1]]))
