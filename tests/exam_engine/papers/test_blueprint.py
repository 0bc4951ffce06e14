"""Blueprints are read exactly, and what is wrong in one is named by place and field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from exam_engine.papers.blueprint import (
    BlueprintSpec,
    BlueprintUnreadable,
    CurvePoint,
    Earlier,
    FieldMissing,
    FieldUnknown,
    FieldWrong,
    GoalTwice,
    InformationPoint,
    MeanDifficulty,
    MeanProportion,
    OnlyWhenShared,
    Row,
    RowContradicts,
    RowNameTwice,
    RowWithoutAmount,
    RowWithoutSelection,
    SectionTwice,
    TotalDiffers,
    problems_of,
    read_blueprint,
    read_toml,
    write_toml,
)
from itembank.base.errors import ExamError

TOML = """
name = "三级理论"
occupation = "4-04-05-05"
level = 3
minutes = 90

[[sections]]
type = "single_choice"
count = 140
marks = 0.5

[[sections]]
type = "multiple_choice"
count = 10
marks = 1

[[sections]]
type = "true_false"
count = 40
marks = 0.5

[[rows]]
name = "职业道德"
category = "职业道德"
share = 5
tolerance = 1
"""


def good(**changes: Any) -> dict[str, Any]:
    return {"sections": [{"type": "single_choice", "count": 50, "marks": 2}], **changes}


def test_a_file_is_read_with_exact_marks() -> None:
    file = read_toml(TOML)
    spec = file.spec

    assert (file.name, file.occupation, file.level) == ("三级理论", "4-04-05-05", "3")
    assert spec.length == 190
    assert spec.marks_of("single_choice") == Decimal("0.5")
    assert spec.total_marks == 100


def test_a_blueprint_survives_being_stored() -> None:
    spec = read_toml(TOML).spec

    assert BlueprintSpec.model_validate(spec.model_dump(mode="json")) == spec


@pytest.mark.parametrize(
    ("row", "bounds"),
    [
        ({"share": 5, "tolerance": 1}, (7, 12)),
        ({"share": 10}, (19, 19)),
        ({"share": 5}, (9, 10)),
        ({"share": 10, "type": "true_false"}, (4, 4)),
        ({"minimum": 3}, (3, None)),
        ({"minimum": 8, "maximum": 9, "share": 5, "tolerance": 1}, (8, 9)),
    ],
)
def test_a_share_becomes_whole_items(row: dict[str, Any], bounds: tuple[int, int | None]) -> None:
    spec = read_toml(TOML).spec

    assert spec.bounds_of(Row(name="r", category="c", **row)) == bounds


def test_what_is_written_is_read_back() -> None:
    file = read_toml(TOML)
    spec = file.spec.model_copy(
        update={
            "rows": (*file.spec.rows, Row(name='say "x"', node="A-B", difficulty=(1, 2), minimum=3)),
            "enemies": (("1", "2"), ("3", "4", "5")),
            "information": (InformationPoint(theta=0.5, goal=10, tolerance=1),),
            "mean_difficulty": MeanDifficulty(goal=2.7),
            "curve": (CurvePoint(theta=-1, goal=40.5),),
            "mean_p": MeanProportion(goal=0.65, tolerance=0.02),
            "earlier": Earlier(maximum=3, papers=2),
            "share_items": True,
            "max_use": 2,
            "unused_since": date(2026, 5, 1),
        }
    )

    assert read_toml(write_toml(replace(file, spec=spec))) == replace(file, spec=spec)


def test_a_day_may_be_written_as_toml_does() -> None:
    assert read_toml("unused_since = 2026-05-01\n" + TOML).spec.unused_since == date(2026, 5, 1)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    rows = [{"name": "a", "category": "x", "minimum": -1}, {"name": "b", "category": "x", "maximum": "many"}]

    found = [(p.facts["place"], p.facts["field"]) for p in problems_of(good(rows=rows))]

    assert found == [("rows[1]", "minimum"), ("rows[2]", "maximum")]


def test_one_difficulty_is_a_range_of_one() -> None:
    assert Row.model_validate({"name": "easy", "difficulty": 2}).difficulty == (2, 2)


@pytest.mark.parametrize(
    ("data", "refusal", "facts"),
    [
        ({}, FieldMissing, {"place": "blueprint", "field": "sections"}),
        (good(sectons=[]), FieldUnknown, {"place": "blueprint", "field": "sectons"}),
        (
            {"sections": [{"type": "essay", "count": 50, "marks": 2}]},
            FieldWrong,
            {"place": "sections[1]", "field": "type", "value": "'essay'"},
        ),
        (
            good(
                rows=[
                    {"name": "a", "category": "x", "minimum": 1},
                    {"name": "b", "category": "y", "minimum": -1},
                ]
            ),
            FieldWrong,
            {"place": "rows[2]", "field": "minimum", "expected": "≥ 0"},
        ),
        (good(total_marks=90), TotalDiffers, {"total": "100", "stated": "90"}),
        ({"sections": [good()["sections"][0]] * 2}, SectionTwice, {"kind": "single_choice"}),
        (good(rows=[{"name": "a", "category": "x", "minimum": 1}] * 2), RowNameTwice, {"name": "a"}),
        (good(rows=[{"name": "a", "minimum": 1}]), RowWithoutSelection, {"name": "a"}),
        (good(rows=[{"name": "a", "category": "x"}]), RowWithoutAmount, {"name": "a"}),
        (
            good(rows=[{"name": "a", "category": "x", "minimum": 3, "maximum": 2}]),
            RowContradicts,
            {"minimum": 3, "maximum": 2},
        ),
        (
            good(rows=[{"name": "a", "difficulty": [4, 2], "minimum": 3}]),
            FieldWrong,
            {"field": "difficulty", "value": "4–2"},
        ),
        (
            good(rows=[{"name": "a", "type": "true_false", "minimum": 3}]),
            FieldWrong,
            {"field": "type", "expected": "single_choice"},
        ),
        (good(max_use=3), OnlyWhenShared, {"field": "max_use"}),
        (
            good(curve=[{"theta": 0, "goal": 120}]),
            FieldWrong,
            {"place": "curve[1]", "field": "goal", "expected": "≤ 100"},
        ),
        (
            good(information=[{"theta": 0, "goal": 5}, {"theta": 0, "goal": 6}]),
            GoalTwice,
            {"place": "information[2]", "theta": "0"},
        ),
        (good(unused_since="yesterday"), FieldWrong, {"field": "unused_since"}),
        (good(min_points=51), FieldWrong, {"field": "min_points", "expected": "≤ 50"}),
        (
            good(rows=[{"name": "a", "category": "x", "maximum": 3, "points": 4}]),
            FieldWrong,
            {"place": "rows[1]", "field": "points", "expected": "≤ 3"},
        ),
        (good(enemies=[["x"]]), FieldWrong, {"place": "enemies", "field": "1"}),
    ],
)
def test_what_is_wrong_is_named(
    data: dict[str, Any], refusal: type[ExamError], facts: dict[str, Any]
) -> None:
    with pytest.raises(refusal) as caught:
        read_blueprint(data)

    assert facts.items() <= caught.value.facts.items()
    assert "{" not in str(caught.value)


def test_text_that_is_not_toml_is_refused_with_its_line() -> None:
    with pytest.raises(BlueprintUnreadable, match="line 1"):
        read_toml("name = \nx = 1")


def test_a_file_without_a_name_is_refused() -> None:
    with pytest.raises(FieldMissing, match="name"):
        read_toml("minutes = 3")
