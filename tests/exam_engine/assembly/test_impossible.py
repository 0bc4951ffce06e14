"""Impossible specifications of every kind: the named rules are at fault, each of them, and the change helps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from exam_engine.assembly import (
    Assembled,
    Between,
    Count,
    Distinct,
    Enemies,
    If,
    Include,
    Infeasible,
    InformationTarget,
    Is,
    Parallel,
    PerValue,
    Pool,
    Sets,
    Share,
    Specification,
    Sum,
    assemble,
    verify,
)
from exam_engine.assembly.relax import apply_changes

Case = tuple[Pool, Specification, int]


def pool_of(rows: Iterable[tuple[object, ...]], *columns: str, a: float | None = None) -> Pool:
    """Return a pool of a row an item; texts become labels and numbers numbers."""
    table = list(rows)
    values = {name: [row[k] for row in table] for k, name in enumerate(columns)}
    difficulty = values.get("b")
    return Pool(
        ids=[f"Q{k + 1}" for k in range(len(table))],
        numeric={n: v for n, v in values.items() if not isinstance(v[0], str)},  # type: ignore[misc]
        categorical={n: v for n, v in values.items() if isinstance(v[0], str)},  # type: ignore[misc]
        a=None if a is None else [a] * len(table),
        b=None if a is None else difficulty,  # type: ignore[arg-type]
    )


def length(n: int) -> Count:
    return Count(name="题量", minimum=n, maximum=n, structural=True)


def supply_of_one_row() -> Case:
    pool = pool_of([("安全",)] * 9 + [("其他",)] * 40, "unit")
    return (
        pool,
        Specification([length(30), Count(name="安全知识", where=(Is("unit", "安全"),), minimum=12)]),
        1,
    )


def marks_that_no_items_add_up_to() -> Case:
    pool = pool_of([("单选", 2.0)] * 30 + [("多选", 4.0)] * 20, "type", "marks")
    rules = [length(20), Sum(name="总分", attribute="marks", minimum=51, maximum=51, structural=True)]
    return pool, Specification([*rules, Count(name="多选题", where=(Is("type", "多选"),), minimum=3)]), 1


def enemies_that_leave_too_few() -> Case:
    pool = pool_of([("A",)] * 6 + [("B",)] * 20, "unit")
    pairs = tuple((f"Q{i}", f"Q{j}") for i in range(1, 7) for j in range(i + 1, 7))
    row = Count(name="单元A", where=(Is("unit", "A"),), minimum=2)
    return pool, Specification([length(10), row, Enemies(name="相斥题", groups=pairs)]), 1


def whole_sets_and_a_length_between() -> Case:
    pool = pool_of([(f"案例{k // 4}",) for k in range(40)], "case")
    return pool, Specification([length(10), Sets(name="整组使用", attribute="case")]), 1


def a_crossing_of_unit_and_difficulty() -> Case:
    rows = [(unit, band) for unit in "ABC" for band in ("易", "中", "难") for _ in range(6)]
    pool = pool_of([row for row in rows if row != ("C", "难")] + [("C", "难")] * 2, "unit", "band")
    rules = [
        length(18),
        *(Count(name=f"单元{u}", where=(Is("unit", u),), minimum=6, maximum=6) for u in "ABC"),
        Count(name="C难题", where=(Is("unit", "C"), Is("band", "难")), maximum=1),
        Count(name="难题", where=(Is("band", "难"),), minimum=8),
        Count(name="A难题", where=(Is("unit", "A"), Is("band", "难")), maximum=3),
        Count(name="B难题", where=(Is("unit", "B"), Is("band", "难")), maximum=3),
    ]
    return pool, Specification(rules), 1


def time_that_does_not_suffice_for_the_marks() -> Case:
    pool = pool_of([(1.0, 40.0)] * 40 + [(3.0, 150.0)] * 20, "marks", "seconds")
    rules = [
        Sum(name="总分", attribute="marks", minimum=40, maximum=40, structural=True),
        Sum(name="答题时间", attribute="seconds", maximum=1500),
        Count(name="至多25题", maximum=25),
    ]
    return pool, Specification(rules), 1


def filters_that_overlap() -> Case:
    rows = [(unit, kind) for unit in "ABCDE" for kind in ("单选", "判断") for _ in range(10)]
    rules = [
        length(20),
        *(Count(name=f"单元{u}", where=(Is("unit", u),), minimum=3) for u in "ABCDE"),
        Count(name="A或B或C", where=(Is("unit", "A", "B", "C"),), minimum=15),
    ]
    return pool_of(rows, "unit", "type"), Specification(rules), 1


def more_forms_than_the_pool_gives() -> Case:
    pool = pool_of([("A",)] * 14 + [("B",)] * 40, "unit")
    row = Count(name="单元A", where=(Is("unit", "A"),), minimum=5)
    return pool, Specification([length(12), row], sharing_name="试卷之间不重题"), 4


def a_cap_on_points() -> Case:
    pool = pool_of(
        [("A", f"点{k % 4}") for k in range(20)] + [("B", f"点{k}") for k in range(30)], "unit", "point"
    )
    row = Count(name="单元A", where=(Is("unit", "A"),), minimum=9)
    return (
        pool,
        Specification([length(15), row, PerValue(name="每点至多两题", attribute="point", maximum=2)]),
        1,
    )


def information_out_of_reach() -> Case:
    pool = pool_of([((k % 11 - 5) / 5,) for k in range(60)], "b", a=1.0)
    target = InformationTarget(name="及格线信息量", theta=0.0, goal=8.0, tolerance=0.4)
    return pool, Specification([length(20)], [target]), 1


def a_chain_of_conditions() -> Case:
    rows = [("案例",)] * 3 + [("图表",)] * 4 + [("计算",)] * 2 + [("其他",)] * 20
    rules = [
        length(12),
        Count(name="案例题", where=(Is("type", "案例"),), minimum=1),
        If(name="有案例则有图表", given=(Is("type", "案例"),), where=(Is("type", "图表"),), minimum=3),
        If(name="有图表则有计算", given=(Is("type", "图表"),), where=(Is("type", "计算"),), minimum=2),
        Count(name="计算题上限", where=(Is("type", "计算"),), maximum=1),
    ]
    return pool_of(rows, "type"), Specification(rules), 1


def more_points_than_items() -> Case:
    pool = pool_of([(f"点{k}",) for k in range(40)], "point")
    return pool, Specification([length(15), Distinct(name="覆盖考点", attribute="point", minimum=18)]), 1


def a_share_and_a_count() -> Case:
    pool = pool_of([("多选",)] * 20 + [("单选",)] * 30, "type")
    rules = [
        length(20),
        Share(name="多选题占比", where=(Is("type", "多选"),), minimum=0.3),
        Count(name="单选题", where=(Is("type", "单选"),), minimum=16),
    ]
    return pool, Specification(rules), 1


def equal_cells_that_cannot_be_divided() -> Case:
    pool = pool_of([("A",)] * 5 + [("B",)] * 5, "unit")
    return pool, Specification([length(5), Parallel(name="各卷单元分布相同", by=("unit",))]), 2


def an_item_of_every_form_that_no_form_may_have() -> Case:
    pool = pool_of([("A",)] * 20, "unit")
    rules = [
        length(10),
        Include(name="锚题", ids=("Q1", "Q2", "Q3")),
        Enemies(name="相斥题", groups=(("Q2", "Q9"), ("Q3", "Q1"), ("Q5", "Q6"))),
    ]
    return pool, Specification(rules), 1


def items_too_hard_for_the_mean() -> Case:
    pool = pool_of([("A", 0.2 + k % 5 / 10) for k in range(20)] + [("B", 0.9)] * 20, "unit", "p")
    rules = [
        length(10),
        Count(name="单元A", where=(Is("unit", "A"),), minimum=6),
        Count(name="易题", where=(Between("p", 0.7, 1.0),), minimum=5),
    ]
    return pool, Specification(rules), 2


CASES: dict[Callable[[], Case], set[str]] = {
    supply_of_one_row: {"安全知识"},
    marks_that_no_items_add_up_to: {"总分"},
    enemies_that_leave_too_few: {"单元A", "相斥题"},
    whole_sets_and_a_length_between: {"题量", "整组使用"},
    a_crossing_of_unit_and_difficulty: {"C难题", "难题", "A难题", "B难题"},
    time_that_does_not_suffice_for_the_marks: {"总分", "答题时间"},
    filters_that_overlap: {"题量", "单元D", "单元E", "A或B或C"},
    more_forms_than_the_pool_gives: {"单元A", "试卷之间不重题"},
    a_cap_on_points: {"单元A", "每点至多两题"},
    information_out_of_reach: {"题量", "及格线信息量"},
    a_chain_of_conditions: {"案例题", "有案例则有图表", "有图表则有计算", "计算题上限"},
    more_points_than_items: {"题量", "覆盖考点"},
    a_share_and_a_count: {"题量", "多选题占比", "单选题"},
    equal_cells_that_cannot_be_divided: {"题量", "各卷单元分布相同", "no shared items"},
    an_item_of_every_form_that_no_form_may_have: {"锚题", "相斥题"},
    items_too_hard_for_the_mean: {"题量", "单元A", "易题"},
}


def only(specification: Specification, names: set[str]) -> Specification:
    """Return the specification with nothing but the named rules."""
    return replace(
        specification,
        rules=tuple(rule for rule in specification.rules if rule.name in names),
        targets=tuple(target for target in specification.targets if target.name in names),
        max_use=specification.max_use if specification.sharing_name in names else None,
    )


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_the_named_rules_are_an_irreducible_clash_and_the_change_helps(make: Callable[[], Case]) -> None:
    pool, specification, forms = make()

    answer = assemble(pool, specification, forms=forms)

    assert isinstance(answer, Infeasible)
    assert set(answer.clash) == CASES[make]
    assert answer.irreducible
    assert isinstance(assemble(pool, only(specification, set(answer.clash)), forms=forms), Infeasible)
    for spared in answer.clash:
        rest = only(specification, set(answer.clash) - {spared})
        assert isinstance(assemble(pool, rest, forms=forms), Assembled), spared
    assert answer.confirmed
    changed = apply_changes(specification, answer.changes)
    found = assemble(pool, changed, forms=forms)
    assert isinstance(found, Assembled)
    assert verify(pool, changed, found.forms).ok
