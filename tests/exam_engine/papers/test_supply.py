"""Live supply, warnings, whole numbers by weight, and the specification table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.papers.apportion import largest_remainder
from exam_engine.papers.bank import Node
from exam_engine.papers.blueprint import Row, read_blueprint
from exam_engine.papers.compile import BankItem
from exam_engine.papers.supply import Ask, Limits, Stock, asked_of_nodes, shortcomings_of
from exam_engine.papers.table import specification_table

NODES = ["A", "A-A", "A-B", "B"]


def stock() -> Stock:
    """Return 24 items: 8 below A-A, 4 below A-B, 12 below B; points of two items; types in turn."""
    places = [("A", "A-A")] * 8 + [("A", "A-B")] * 4 + [("B",)] * 12
    return Stock(
        [
            BankItem(
                item_id=UUID(int=k + 1),
                version_id=UUID(int=k + 101),
                type="single_choice" if k % 2 else "true_false",
                point=f"p{k // 2}",
                nodes=nodes,
                importance="XYZ"[k % 3],
                difficulty=k % 5 + 1,
            )
            for k, nodes in enumerate(places)
        ]
    )


def asks(*rows: dict[str, Any]) -> dict[int, Ask]:
    made = [Row(name=f"r{k}", **row) for k, row in enumerate(rows)]
    return {k: Ask(row, row.minimum or 0, row.maximum) for k, row in enumerate(made)}


def found(
    rows: dict[int, Ask], limits: Limits, sections: dict[str, int] | None = None
) -> set[tuple[str, str, int, int]]:
    wanted = sections or {"single_choice": 6, "true_false": 4}
    return {
        (s.place, s.kind, s.asked, s.available) for s in shortcomings_of(stock(), rows, wanted, NODES, limits)
    }


@pytest.mark.parametrize(
    ("limits", "most"),
    [
        (Limits(), 8),
        (Limits(per_point=1), 4),
        (Limits(forms=3), 2),  # 8 items over 3 forms
        (Limits(per_point=1, forms=2), 4),  # both items of each point, one in each form
        (Limits(per_point=1, forms=3), 2),
        (Limits(forms=3, uses=2), 5),
        (Limits(per_point=1, forms=3, uses=None), 4),
    ],
)
def test_forms_share_the_supply_of_a_node(limits: Limits, most: int) -> None:
    bank = stock()

    assert bank.most(bank.of("node", "A-A"), limits) == most


def test_a_row_that_asks_for_more_than_one_form_or_all_forms_can_have_is_told() -> None:
    rows = asks({"node": "A-A", "minimum": 9}, {"node": "B", "minimum": 5, "points": 7})

    assert found(rows, Limits(forms=3)) >= {
        ("row-0", "supply", 9, 8),
        ("row-1", "forms", 5, 4),
        ("row-1", "points", 7, 6),
    }


def test_rows_below_a_node_are_held_against_its_own_row_and_the_paper() -> None:
    rows = asks(
        {"node": "A", "maximum": 5},
        {"node": "A-A", "minimum": 4},
        {"node": "A-B", "minimum": 3},
        {"node": "B", "minimum": 4},
    )

    assert asked_of_nodes(rows, NODES) == {"A": 7, "A-A": 4, "A-B": 3, "B": 4}
    assert found(rows, Limits()) == {("row-0", "above", 7, 5), ("total", "above", 11, 10)}
    few = asks({"node": "A", "maximum": 5}, {"node": "B", "maximum": 4})
    assert found(few, Limits()) == {("total", "few", 9, 10)}


def test_rows_of_a_type_are_held_against_its_section() -> None:
    rows = asks(
        {"node": "A", "type": "true_false", "minimum": 3}, {"node": "B", "type": "true_false", "minimum": 2}
    )

    assert found(rows, Limits()) == {("section-true_false", "above", 5, 4)}


@given(st.integers(0, 500), st.lists(st.decimals(0, 100, places=2, allow_nan=False), min_size=1, max_size=12))
def test_whole_numbers_add_up_and_miss_their_share_by_less_than_one(
    total: int, weights: list[Decimal]
) -> None:
    counts = largest_remainder(total, weights)

    assert sum(counts) == total
    whole = sum(weights)
    if whole:
        assert all(abs(c - total * w / whole) < 1 for c, w in zip(counts, weights, strict=True))


def test_the_table_tells_counts_and_marks_of_units_by_type_and_adds_up_what_is_above() -> None:
    spec = read_blueprint(
        {
            "sections": [
                {"type": "single_choice", "count": 6, "marks": 10},
                {"type": "true_false", "count": 4, "marks": 10},
            ],
            "rows": [
                {"name": "a", "node": "A-A", "type": "single_choice", "minimum": 2, "maximum": 3},
                {"name": "b", "node": "A-A", "type": "true_false", "minimum": 1, "maximum": 1},
                {"name": "c", "node": "A-B", "minimum": 1, "maximum": 2},
                {"name": "d", "node": "B", "difficulty": [1, 2], "minimum": 1},
            ],
        }
    )
    nodes = [Node(path, path, path.count("-") + 1, Decimal(50)) for path in NODES]

    table = specification_table(spec, nodes, stock())

    lines = {line.code: line for line in table.lines}
    assert [line.code for line in table.lines] == NODES
    assert [(c.low, c.high, c.marks_high) for c in lines["A-A"].cells] == [(2, 3, 30), (1, 1, 10)]
    assert (lines["A-A"].total.low, lines["A-A"].total.high) == (3, 4)
    assert (lines["A"].total.low, lines["A"].total.high, lines["A"].total.marks_low) == (4, 6, 40)
    assert (lines["B"].total.low, lines["B"].total.supply) == (None, 12)
    assert [cell.marks_low for cell in table.bottom] == [60, 40]
    assert [row.name for row in table.others] == ["d"]
