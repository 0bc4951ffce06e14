"""Individual forms keep rules, tolerances and caps; what cannot be kept is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from exam_engine.assembly import (
    Cancelled,
    Count,
    CurveTarget,
    Distinct,
    Enemies,
    Include,
    Infeasible,
    InformationTarget,
    Is,
    Maximise,
    Overlap,
    Parallel,
    PerValue,
    Pool,
    Sets,
    Specification,
    Sum,
    verify,
)
from exam_engine.assembly.individual import Individual, OutOfReach, assemble_individual

SIZE, LENGTH = 240, 20


def some_pool() -> Pool:
    rng = np.random.default_rng(7)
    case = np.full(SIZE, "", dtype="<U3")
    case[:40] = np.repeat([f"c{k}" for k in range(10)], 4)
    unit = rng.choice(["u1", "u2", "u3", "u4"], SIZE)
    unit[:40] = np.repeat(rng.choice(["u1", "u2", "u3", "u4"], 10), 4)
    return Pool(
        ids=[f"i{k}" for k in range(SIZE)],
        numeric={"marks": rng.choice([1, 2], SIZE, p=[0.7, 0.3])},
        categorical={
            "case": case,
            "unit": unit,
            "kind": rng.choice(["single", "multiple"], SIZE, p=[0.6, 0.4]),
            "point": [f"p{k}" for k in rng.integers(80, size=SIZE)],
        },
        a=rng.lognormal(0.0, 0.3, SIZE),
        b=rng.normal(0.0, 1.0, SIZE),
        c=np.full(SIZE, 0.2),
    )


def some_specification(pool: Pool) -> Specification:
    goals = [float(v) for v in pool.information([-1.0, 0.0, 1.0]).mean(axis=1) * LENGTH]
    curve = float((pool.probability([0.0])[0] * pool.numbers("marks")).mean() * LENGTH)
    return Specification(
        [
            Count(name="length", minimum=LENGTH, maximum=LENGTH, structural=True),
            *(Count(name=f"unit {u}", where=(Is("unit", u),), minimum=4, maximum=6) for u in ("u1", "u2")),
            Sum(name="marks", attribute="marks", minimum=26, maximum=26),
            PerValue(name="points", attribute="point", maximum=1, where=(Is("case", ""),)),
            Enemies(name="enemies", groups=(("i50", "i51"), ("i60", "i61", "i62"))),
            Sets(name="whole cases", attribute="case"),
            Distinct(name="one case", attribute="case", minimum=1, maximum=1),
            Include(name="common", ids=("i100",)),
            Parallel(name="alike", by=("kind",), where=(Is("case", ""),)),
        ],
        [
            InformationTarget(name="low", theta=-1.0, goal=goals[0], tolerance=0.05 * goals[0]),
            InformationTarget(name="middle", theta=0.0, goal=goals[1]),
            CurveTarget(name="score", theta=0.0, goal=curve, marks="marks"),
        ],
    )


def draw(specification: Specification | None = None, **options: Any) -> Any:
    pool = some_pool()
    given: dict[str, Any] = {"forms": 60, "tolerance": 0.03} | options
    return assemble_individual(pool, specification or some_specification(pool), **given)


def ten_items() -> Specification:
    return Specification([Count(name="length", minimum=10, maximum=10)])


def test_every_form_keeps_every_rule_and_tolerance_and_the_caps_hold() -> None:
    pool = some_pool()
    answer = draw(max_overlap=9, max_exposure=0.2, seed=4)

    assert isinstance(answer, Individual)
    assert answer.forms.shape == (60, LENGTH)
    specification = some_specification(pool)
    within = [replace(t, tolerance=t.tolerance or 0.03 * t.goal) for t in specification.targets]
    exact = Specification(specification.rules, within, max_use=None)
    assert verify(pool, exact, list(answer.ids(pool))).ok
    inside = np.zeros((60, SIZE), dtype=int)
    for form, items in zip(inside, answer.forms, strict=True):
        form[items] = 1
    shared = (inside @ inside.T)[np.triu_indices(60, 1)]
    assert answer.overlap.pairs.tolist() == np.bincount(shared, minlength=LENGTH + 1).tolist()
    assert answer.overlap.largest == shared.max() <= 9
    assert answer.overlap.mean >= answer.overlap.least_mean > 0
    assert answer.exposure.rate == pytest.approx(inside.mean(axis=0))
    assert answer.exposure.always == 1
    largest = np.delete(inside.mean(axis=0), 100).max()
    assert answer.exposure.least <= answer.exposure.largest == pytest.approx(largest)
    assert largest <= 0.2
    assert len({tuple(k for k in form if k < 40) for form in answer.forms.tolist()}) == 10, "all cases in use"
    score = next(s for s in answer.fairness if s.name == "expected score at 0")
    expected = inside @ (pool.probability([0.0])[0] * pool.numbers("marks"))
    assert (score.minimum, score.maximum, score.sd) == pytest.approx(
        (expected.min(), expected.max(), expected.std())
    )


def test_the_same_seed_gives_the_same_forms_however_many_processes_draw_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("assemble", "draw"):
        monkeypatch.setattr(f"exam_engine.assembly.individual.{module}.WALKS", 16)
    pool = some_pool()
    cases = Specification([*ten_items().rules, Sets(name="whole cases", attribute="case")])
    first, again, other = (
        assemble_individual(
            pool, cases, forms=forms, max_overlap=5, max_exposure=0.2, seed=seed, processes=processes
        )
        for forms, seed, processes in ((40, 1, 1), (40, 1, 2), (8, 2, 1))
    )

    assert isinstance(first, Individual)
    assert isinstance(again, Individual)
    assert isinstance(other, Individual)
    assert np.array_equal(first.forms, again.forms)
    assert not np.array_equal(first.forms[:8], other.forms)


def test_caps_below_what_is_possible_are_told_with_the_least_that_can_be() -> None:
    pool = some_pool()
    ten = ten_items()

    exposure = assemble_individual(pool, ten, forms=100, max_exposure=0.04)
    overlap = assemble_individual(pool, ten, forms=2000, max_overlap=0)

    # 100 forms of 10 of 240 items use an item 4.17 times on average; two forms share 100 / 240 items.
    assert isinstance(exposure, OutOfReach)
    assert (exposure.what, exposure.least, exposure.proven) == ("exposure", 0.05, True)
    assert isinstance(overlap, OutOfReach)
    assert (overlap.what, overlap.least, overlap.proven) == ("overlap", 1, True)
    possible = assemble_individual(pool, ten, forms=100, max_exposure=exposure.least)
    assert isinstance(possible, Individual)
    assert possible.exposure.largest <= 0.05


def test_an_impossible_specification_is_explained_by_name() -> None:
    answer = draw(
        Specification([Count(name="too many", minimum=300), Count(name="cases", where=(Is("case", "c1"),))])
    )

    assert isinstance(answer, Infeasible)
    assert answer.clash == ("too many",)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"forms": 0}, "give 1 to 12000"),
        ({"forms": 12_001}, "give 1 to 12000"),
        ({"tolerance": 0.0}, "tolerance 0"),
        ({"max_exposure": 1.5}, "max_exposure 1.5"),
        ({"max_overlap": -1}, "max_overlap -1"),
        ({"processes": 65}, "processes 65"),
        ({"max_overlap": LENGTH}, "limits nothing"),
        ({"specification": Specification([Overlap(name="apart", maximum=3)])}, "'apart' is about several"),
        ({"specification": Specification([Count(name="soft", minimum=3, weight=1.0)])}, "'soft' is soft"),
        ({"specification": Specification([], [Maximise(name="most", theta=(0.0,))])}, "'most' has no goal"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(options: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        draw(**options)


def test_a_search_that_is_cancelled_stops() -> None:
    stages: list[str] = []

    with pytest.raises(Cancelled):
        draw(
            ten_items(),
            progress=lambda done, total, stage: stages.append(stage),
            cancelled=lambda: "draw" in stages,
        )

    assert stages[-1] == "draw"
