"""Codes, levels, and the totals of an outline."""

from __future__ import annotations

from decimal import Decimal

import pytest

from itembank.taxonomy.rules import (
    Counts,
    Function,
    Importance,
    Level,
    LevelWrong,
    OccupationCodeWrong,
    Point,
    Scope,
    check_outline,
    read_level,
    split_occupation_code,
)


def leaf(weight: int, stated: Counts | None, *importances: str) -> Scope:
    points = tuple(Point(f"{n:03d}", f"点{n}", Importance(i)) for n, i in enumerate(importances, 1))
    return Scope("A", "范围", Decimal(weight), stated, points=points)


def test_an_occupation_code_is_kept_in_its_parts() -> None:
    assert split_occupation_code(" 4-04-05-05 ") == ("4", "04", "05", "05")


@pytest.mark.parametrize("text", ["", "4-4-5-5", "9-04-05-05", "4-04-05", "4-04-05-05-01", "X-04-05-05"])
def test_what_is_not_an_occupation_code_is_refused(text: str) -> None:
    with pytest.raises(OccupationCodeWrong):
        split_occupation_code(text)


@pytest.mark.parametrize("text", ["5", 5, "五级", "初级工", "五级/初级工", "五级／初级工"])
def test_a_level_is_read_as_figure_and_by_name(text: object) -> None:
    assert read_level(text) is Level.FIVE


@pytest.mark.parametrize("text", ["0", "6", "学徒工", ""])
def test_levels_that_are_not_examined_are_refused(text: str) -> None:
    with pytest.raises(LevelWrong):
        read_level(text)


def test_an_outline_that_adds_up_has_no_warning() -> None:
    below = leaf(100, Counts(2, 1, 0), "X", "X", "Y")

    assert check_outline([Scope("A", "上", Decimal(100), Counts(2, 1, 0), (below,))]) == []


def test_stated_counts_that_differ_from_the_listed_points_are_named_with_both_figures() -> None:
    found = check_outline([leaf(100, Counts(5, 2, 0), *"XXXXYYY")])

    assert [warning.code for warning in found] == ["counts_differ"]
    assert found[0].message.format(**found[0].facts) == "A 范围: stated 5:2:0 (X:Y:Z), listed 4:3:0."


def test_weights_are_recomputed_at_every_depth() -> None:
    found = check_outline([Scope("A", "上", Decimal(90), None, (leaf(60, None, "X"),))])

    assert [warning.code for warning in found] == ["weights_not_full", "weights_below_differ"]


def test_weights_that_differ_from_the_standards_table_are_named() -> None:
    table = (
        Function("范围", Decimal(70), Decimal(100)),
        Function("缺少的功能", Decimal(25), Decimal(0)),
    )
    found = check_outline([leaf(100, None, "X")], table)

    assert [warning.code for warning in found] == [
        "theory_not_full",
        "function_weight_differs",
        "function_not_in_outline",
    ]
