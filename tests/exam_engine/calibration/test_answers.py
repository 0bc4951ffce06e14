"""Answers become marks: all or nothing, open is wrong, another paper's item was not presented."""

from __future__ import annotations

from uuid import UUID

from exam_engine.calibration.answers import AnswerSheet, Key, mark_sheets, tabulate_options

ONE, MANY, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
FIRST = {ONE: Key(("B",), ("A", "B", "C")), MANY: Key(("A", "C"), ("A", "B", "C"))}
SECOND = {ONE: FIRST[ONE], OTHER: Key(("T",), ("T", "F"))}
SHEETS = [
    AnswerSheet(FIRST, {ONE: ["B"], MANY: ["A", "C"]}),
    AnswerSheet(FIRST, {ONE: ["A"], MANY: ["A"]}),
    AnswerSheet(FIRST, {ONE: ["B"]}),
    AnswerSheet(SECOND, {ONE: ["C"], OTHER: ["T"]}),
]


def test_marks() -> None:
    matrix = mark_sheets(SHEETS)

    assert matrix.items == tuple(map(str, (ONE, MANY, OTHER)))
    assert matrix.responses.tolist() == [[1, 1, -1], [0, 0, -1], [1, 0, -1], [0, -1, 1]]


def test_options_show_who_chose_what() -> None:
    tables = tabulate_options(SHEETS, mark_sheets(SHEETS))

    assert [(row["label"], row["count"], row["is_key"]) for row in tables[ONE]] == [
        ("A", 1, False),
        ("B", 2, True),
        ("C", 1, False),
    ]
    assert [row["share"] for row in tables[MANY]] == [2 / 3, 0.0, 1 / 3]
    assert [row["count"] for row in tables[OTHER]] == [1, 0]
