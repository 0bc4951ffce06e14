"""An impossible specification is explained in its author's words, with the smallest change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exam_engine.assembly import (
    Assembled,
    Change,
    Count,
    Enemies,
    Include,
    Infeasible,
    Is,
    MeanTarget,
    Parallel,
    PerValue,
    Pool,
    Shortage,
    Specification,
    Sum,
    assemble,
    reason,
)
from exam_engine.assembly.solver import Work, WorkExhausted
from exam_engine.assembly.specification import Rule, Target


def pool_of(**counts: int) -> Pool:
    kinds = [kind for kind, n in counts.items() for _ in range(n)]
    return Pool(
        ids=[f"i{k}" for k in range(len(kinds))],
        numeric={"marks": [2.0] * len(kinds), "difficulty": [1.0 + k % 2 for k in range(len(kinds))]},
        categorical={"kind": kinds, "point": [str(k // 3) for k in range(len(kinds))]},
    )


def refuse(pool: Pool, rules: list[Rule], forms: int = 1, targets: tuple[Target, ...] = ()) -> Infeasible:
    answer = assemble(pool, Specification(rules, targets), forms=forms)
    assert isinstance(answer, Infeasible)
    return answer


def kind(name: str, value: str, low: int, high: int | None = None) -> Count:
    return Count(name=name, where=(Is("kind", value),), minimum=low, maximum=high)


def test_a_shortage_says_what_is_needed_and_what_there_is() -> None:
    answer = refuse(pool_of(safety=9, other=40), [kind("安全知识", "safety", 12)])

    assert answer.shortages == (Shortage("安全知识", 12, 9),)
    assert answer.clash == ("安全知识",)
    assert answer.changes == (Change("安全知识", "minimum", 12, 9),)
    assert answer.confirmed


def test_a_shortage_over_two_forms_involves_the_ban_on_sharing() -> None:
    answer = refuse(pool_of(safety=9, other=40), [kind("safety", "safety", 5)], forms=2)

    assert answer.shortages == (Shortage("safety", 10, 9),)
    assert answer.clash == ("safety", "no shared items")
    assert answer.changes == (Change("safety", "minimum", 5, 4),)
    assert answer.forms_possible == 1


def test_a_clash_blames_the_content_not_the_length() -> None:
    rules: list[Rule] = [
        Count(name="length", minimum=10, maximum=10, structural=True),
        kind("A", "a", 6),
        kind("B", "b", 7),
        kind("C", "c", 0, 5),
    ]

    answer = refuse(pool_of(a=20, b=20, c=20), rules)

    assert answer.clash == ("length", "A", "B")
    assert answer.irreducible
    assert not answer.shortages
    assert sum(c.before - c.after for c in answer.changes) == 3
    assert {c.rule for c in answer.changes} <= {"A", "B"}
    assert answer.confirmed


def test_a_clash_of_whole_numbers_is_found_though_fractions_would_do() -> None:
    rules: list[Rule] = [
        Sum(name="marks", attribute="marks", minimum=5, maximum=5, structural=True),
        Count(name="any", minimum=1),
    ]

    answer = refuse(pool_of(a=8), rules)

    assert answer.whole_numbers
    assert answer.clash == ("marks",)
    assert answer.changes[0].rule == "marks"
    assert answer.confirmed


def test_a_total_between_what_whole_marks_can_hit_is_refused_without_a_search() -> None:
    pool = Pool(ids=[f"i{k}" for k in range(600)], numeric={"marks": [1.0 + k % 3 for k in range(600)]})
    length = Count(name="length", minimum=100, maximum=100, structural=True)

    for total, nearest in ((160.5, 160.0), (160.1, 160.0), (160.8, 161.0)):
        marks = Sum(name="marks", attribute="marks", minimum=total, maximum=total, structural=True)
        answer = refuse(pool, [length, marks], forms=2)

        assert (answer.clash, answer.irreducible, answer.run.work) == (("marks",), True, 0)
        assert [change.after for change in answer.changes] == [nearest]
        assert answer.confirmed
        rule = replace(marks, **{answer.changes[0].side: nearest})
        assert isinstance(assemble(pool, Specification([length, rule]), forms=2), Assembled)


def test_so_many_items_of_marks_that_are_alike_hit_some_totals_only() -> None:
    pool = Pool(
        ids=[f"i{k}" for k in range(60)],
        numeric={"marks": [(1.5, 3.5, 5.5)[k % 3] for k in range(60)]},
        categorical={"kind": ["a" if k < 30 else "b" for k in range(60)]},
    )
    marks = Sum(name="marks", attribute="marks", minimum=30, maximum=30)

    # Ten items give 15 and a multiple of 2, so 30 is out of reach; eleven give 16.5 and a multiple of 2.
    answer = refuse(pool, [marks, kind("a", "a", 4, 4), kind("b", "b", 6, 7)])

    assert answer.clash == ("marks", "a", "b")
    assert answer.irreducible
    assert answer.confirmed
    assert isinstance(
        assemble(pool, Specification([marks, kind("a", "a", 4, 4), kind("b", "b", 4, 7)]), forms=1), Assembled
    )


def test_three_enemies_in_pairs_clash_only_as_whole_items() -> None:
    pool = Pool(ids=["i", "j", "k"], categorical={"kind": ["a"] * 3})
    rules: list[Rule] = [
        Count(name="length", minimum=2, maximum=3),
        Enemies(name="enemies", groups=(("i", "j"), ("j", "k"), ("i", "k"))),
    ]

    answer = refuse(pool, rules)

    assert answer.clash == ("length", "enemies")
    assert answer.changes == (Change("length", "minimum", 2, 1),)


def test_one_per_point_is_part_of_the_clash() -> None:
    answer = refuse(pool_of(a=9), [kind("A", "a", 4), PerValue(name="one per point", attribute="point")])

    assert answer.clash == ("A", "one per point")
    assert answer.changes == (Change("A", "minimum", 4, 3),)


def test_equal_counts_that_cannot_be_are_named() -> None:
    rules: list[Rule] = [
        Count(name="length", minimum=3, maximum=3, structural=True),
        Parallel(name="equal", by=("kind",)),
    ]

    answer = refuse(pool_of(a=3, b=3), rules, forms=2)

    assert answer.whole_numbers
    assert "equal" in answer.clash
    assert [change.rule for change in answer.changes] == ["length"]
    assert answer.confirmed


def test_an_item_in_every_form_clashes_with_the_ban_on_sharing() -> None:
    answer = refuse(pool_of(a=9), [Include(name="anchor", ids=("i0",))], forms=2)

    assert answer.clash == ("anchor", "no shared items")


def test_a_tolerance_out_of_reach_is_named_and_widened() -> None:
    target = MeanTarget(name="mean difficulty", attribute="difficulty", goal=3.0, length=4, tolerance=0.5)

    answer = refuse(
        pool_of(a=9), [Count(name="length", minimum=4, maximum=4, structural=True)], targets=(target,)
    )

    assert "mean difficulty" in answer.clash
    assert answer.changes == (Change("mean difficulty", "tolerance", 0.5, 1.0),)
    assert answer.confirmed


def test_without_work_left_for_forms_the_clash_is_told_and_the_change_is_not_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reason, "ALL_ATTEMPTS", 0.0)

    answer = refuse(pool_of(safety=9, other=40), [kind("安全知识", "safety", 12)])

    assert answer.clash == ("安全知识",)
    assert (answer.changes, answer.confirmed) == ((Change("安全知识", "minimum", 12, 9),), False)


def test_work_ends_by_the_size_of_programmes_too() -> None:
    work = Work(100, most_effort=1000.0)

    assert work.nodes(50) == 2
    work.spend(1, 990.0)
    assert work.nodes(50) == 1
    work.spend(1, 10.0)
    with pytest.raises(WorkExhausted):
        work.nodes(50)
