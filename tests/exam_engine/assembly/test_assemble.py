"""Forms found are right, forms that exist are found, and none are claimed impossible that exist."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_engine.assembly import (
    Assembled,
    Cancelled,
    Count,
    Enemies,
    Exclude,
    Include,
    Infeasible,
    InformationTarget,
    Is,
    MeanTarget,
    Parallel,
    PerValue,
    Pool,
    Specification,
    Sum,
    Undecided,
    assemble,
    verify,
)
from exam_engine.assembly.specification import Rule


@st.composite
def small_problems(draw: st.DrawFn) -> tuple[Pool, Specification, int]:
    """Return a pool of 4–8 items, some rules, and one or two forms."""
    n = draw(st.integers(4, 8))
    ids = [f"i{k}" for k in range(n)]
    pool = Pool(
        ids=ids,
        numeric={"marks": draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))},
        categorical={
            "type": draw(st.lists(st.sampled_from(["s", "m"]), min_size=n, max_size=n)),
            "point": draw(st.lists(st.sampled_from(["", "1", "2", "3"]), min_size=n, max_size=n)),
        },
    )
    length = draw(st.integers(1, 4))
    rules: list[Rule] = [Count(name="length", minimum=length, maximum=length, structural=True)]
    kinds = draw(st.sets(st.sampled_from(["marks", "single", "point", "enemy", "in", "out", "parallel"])))
    if "marks" in kinds:
        low = draw(st.integers(length, 3 * length))
        rules.append(Sum(name="marks", attribute="marks", minimum=low, maximum=low + draw(st.integers(0, 1))))
    if "single" in kinds:
        rules.append(Count(name="single", where=(Is("type", "s"),), minimum=draw(st.integers(1, length))))
    if "point" in kinds:
        rules.append(PerValue(name="point", attribute="point"))
    if "enemy" in kinds:
        rules.append(Enemies(name="enemy", groups=(tuple(draw(st.permutations(ids))[:3]),)))
    if "in" in kinds:
        rules.append(Include(name="in", ids=(draw(st.sampled_from(ids)),)))
    if "out" in kinds:
        rules.append(Exclude(name="out", ids=(draw(st.sampled_from(ids)),)))
    if "parallel" in kinds:
        rules.append(Parallel(name="parallel", by=("type",)))
    return pool, Specification(rules, max_use=draw(st.sampled_from([1, None]))), draw(st.integers(1, 2))


def holds(pool: Pool, rule: Rule, chosen: tuple[int, ...]) -> bool:
    kind, point, marks = pool.texts("type"), pool.texts("point"), pool.numbers("marks")
    held = {pool.ids[k] for k in chosen}
    match rule:
        case Count(name="length"):
            return len(chosen) == rule.minimum
        case Count():
            return sum(kind[k] == "s" for k in chosen) >= rule.minimum
        case Sum():
            return rule.minimum <= sum(marks[k] for k in chosen) <= rule.maximum
        case PerValue():
            placed = [point[k] for k in chosen if point[k]]
            return len(set(placed)) == len(placed)
        case Enemies():
            return len(held & set(rule.groups[0])) <= 1
        case Include():
            return rule.ids[0] in held
        case Exclude():
            return rule.ids[0] not in held
        case _:
            return True


@settings(max_examples=60)
@given(small_problems(), st.data())
def test_the_verifier_agrees_with_a_plain_reading_of_the_rules(
    problem: tuple[Pool, Specification, int], data: st.DataObject
) -> None:
    pool, specification, _ = problem
    chosen = tuple(sorted(data.draw(st.sets(st.integers(0, pool.size - 1)))))

    found = verify(pool, specification, [[pool.ids[k] for k in chosen]])

    assert found.ok == all(holds(pool, rule, chosen) for rule in specification.rules)


def test_a_rule_that_no_whole_items_meet_is_blamed_alone() -> None:
    pool = Pool(
        ids=[f"i{k}" for k in range(5)],
        numeric={"marks": [2.0] * 5},
        categorical={"type": ["s"] * 5, "point": [""] * 5},
    )
    rules = [
        Count(name="length", minimum=1, maximum=1, structural=True),
        Sum(name="marks", attribute="marks", minimum=1, maximum=1),
    ]

    answer = assemble(pool, Specification(rules), forms=1)

    assert isinstance(answer, Infeasible)
    assert (answer.clash, answer.irreducible, answer.whole_numbers) == (("marks",), True, True)


def calibrated(size: int, seed: int) -> Pool:
    rng = np.random.default_rng(seed)
    return Pool(
        ids=[f"i{k}" for k in range(size)],
        numeric={"difficulty": rng.integers(1, 6, size)},
        categorical={"type": rng.choice(["s", "m", "t"], size).tolist()},
        a=rng.lognormal(0, 0.3, size),
        b=rng.normal(0, 1, size),
    )


def test_forms_come_close_to_the_information_target_and_the_bound_is_below() -> None:
    pool = calibrated(300, 3)
    goals = pool.information([-1, 0, 1]).mean(axis=1) * 40
    targets = [
        InformationTarget(name=f"θ={t}", theta=t, goal=float(g), tolerance=0.05 * float(g))
        for t, g in zip([-1, 0, 1], goals, strict=True)
    ]
    rules = [Count(name="length", minimum=40, maximum=40), Parallel(name="types", by=("type",))]

    answer = assemble(pool, Specification(rules, targets), forms=3, seed=5)

    assert isinstance(answer, Assembled)
    assert answer.bound <= answer.deviation <= 0.02
    assert answer.gap == pytest.approx(answer.deviation - answer.bound)
    assert len({name for form in answer.forms for name in form}) == 120


def test_mean_difficulty_is_met_without_calibration() -> None:
    pool = calibrated(120, 4)
    target = MeanTarget(name="difficulty", attribute="difficulty", goal=3.0, length=30, tolerance=0.05)

    answer = assemble(
        pool, Specification([Count(name="length", minimum=30, maximum=30)], [target]), forms=2, seed=1
    )

    assert isinstance(answer, Assembled)
    assert all(abs(check.actual - 3.0) <= 0.05 for check in answer.verification.targets)


def test_the_same_seed_gives_the_same_forms_and_another_seed_others() -> None:
    pool = calibrated(200, 1)
    specification = Specification([Count(name="length", minimum=30, maximum=30)])

    first, again, other = (assemble(pool, specification, forms=2, seed=s) for s in (7, 7, 8))

    assert isinstance(first, Assembled)
    assert isinstance(again, Assembled)
    assert isinstance(other, Assembled)
    assert first.forms == again.forms
    assert first.forms != other.forms


def test_a_pool_that_is_used_up_completely_meets_no_dead_end() -> None:
    rng = np.random.default_rng(2)
    kinds = ["a"] * 12 + ["b"] * 12 + ["c"] * 6
    pool = Pool(
        ids=[f"i{k}" for k in range(30)],
        numeric={"marks": rng.permutation(np.repeat([1, 2, 3], 10))},
        categorical={"kind": kinds},
    )
    rules: list[Rule] = [
        Count(name=k, where=(Is("kind", k),), minimum=n, maximum=n) for k, n in (("a", 4), ("b", 4), ("c", 2))
    ]
    rules.append(Sum(name="marks", attribute="marks", minimum=20, maximum=20))

    answer = assemble(pool, Specification(rules), forms=3, seed=0)

    assert isinstance(answer, Assembled)


def test_cancelling_stops() -> None:
    with pytest.raises(Cancelled):
        assemble(calibrated(50, 0), Specification([]), forms=1, cancelled=lambda: True)


def test_progress_tells_the_stages() -> None:
    stages: list[str] = []

    assemble(
        calibrated(50, 0),
        Specification([Count(name="length", minimum=5, maximum=5)]),
        forms=2,
        progress=lambda _done, _total, stage: stages.append(stage),
    )

    assert stages[0] == "bound"
    assert stages[-1] == "verify"


def test_what_is_there_when_time_is_over_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    late = False  # time stands still until forms are built

    def progress(_done: int, _total: int, stage: str) -> None:
        nonlocal late
        late = stage == "improve"

    pool = calibrated(60, 3)
    target = InformationTarget(name="information", theta=0.0, goal=5.0)
    length = Count(name="length", minimum=10, maximum=10)
    monkeypatch.setattr("exam_engine.assembly.solver.time.monotonic", lambda: 1e9 if late else 0.0)
    answer = assemble(pool, Specification([length], [target]), forms=2, time_limit=60.0, progress=progress)
    assert isinstance(answer, Assembled)
    assert answer.run.ended_by == "time limit"
    assert answer.verification.ok
    assert [len(form) for form in answer.forms] == [10, 10]


def test_too_little_work_is_undecided_not_impossible() -> None:
    answer = assemble(
        calibrated(50, 0), Specification([Count(name="length", minimum=5, maximum=5)]), forms=2, work_limit=1
    )

    assert isinstance(answer, Undecided)


def test_two_forms_of_190_from_the_900_item_bank(reference_data: Path) -> None:
    bank = json.loads((reference_data / "itembank-aitrainer-l3-theory.json").read_text(encoding="utf-8"))
    marks = {"single": 0.5, "multi": 1.0, "judge": 0.5}
    pool = Pool(
        ids=[str(item["id"]) for item in bank],
        numeric={"marks": [marks[item["type"]] for item in bank]},
        categorical={
            "type": [item["type"] for item in bank],
            "category": [item["category"] for item in bank],
            "point": [str((item["id"] - 1) % 300) for item in bank],
        },
    )
    rules: list[Rule] = [
        Count(name=kind, where=(Is("type", kind),), minimum=n, maximum=n)
        for kind, n in (("single", 140), ("multi", 10), ("judge", 40))
    ]
    rules += [
        Sum(name="marks", attribute="marks", minimum=100, maximum=100, structural=True),
        PerValue(name="point", attribute="point"),
        Parallel(name="type × category", by=("type", "category")),
    ]

    for seed in range(5):
        answer = assemble(pool, Specification(rules), forms=2, seed=seed)

        assert isinstance(answer, Assembled)
        assert not set(answer.forms[0]) & set(answer.forms[1])
        for form in answer.forms:
            assert len({(int(name) - 1) % 300 for name in form}) == len(form) == 190
