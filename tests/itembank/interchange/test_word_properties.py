"""Random original questions in random layouts come back as they were meant."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itembank.interchange.marks import fold
from itembank.interchange.word.reading import Document, Line
from itembank.interchange.word.sheet import parse_document
from tests.strategies.sheets import (
    TRUTH_KEYS,
    Question,
    choice,
    layouts,
    statement,
    written,
    written_statement,
)

HEADINGS = {
    "single_choice": "一、单选题",
    "multiple_choice": "二、多项选择题（每题1分）",
    "true_false": "三、判断题",
}


def document(lines: list[str]) -> Document:
    read = tuple(Line(number, text, fold(text)) for number, text in enumerate(lines, start=1))
    return Document(read, len(lines), False)


def same(question: Question, item: object) -> None:
    stem = (
        item.stem.replace("（　）", "").replace("（）", "").replace("（　　）", "").replace("( )", "").strip()
    )  # type: ignore[attr-defined]
    assert (item.type, stem, item.key) == (question.type, question.stem, question.key)  # type: ignore[attr-defined]
    if question.options:
        assert tuple(option.text for option in item.options) == question.options  # type: ignore[attr-defined]


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(choice(multiple=False), layouts), min_size=1, max_size=5),
    st.lists(st.tuples(choice(multiple=True), layouts), max_size=4),
    st.lists(st.tuples(statement(), layouts, st.sampled_from(TRUTH_KEYS)), max_size=4),
    st.booleans(),
)
def test_questions_in_any_layout_are_read_as_they_were_meant(singles, multiples, statements, running) -> None:  # type: ignore[no-untyped-def]
    lines: list[str] = []
    number = 0
    for kind, entries in (
        ("single_choice", singles),
        ("multiple_choice", multiples),
        ("true_false", statements),
    ):
        if not entries:
            continue
        lines.append(HEADINGS[kind])
        number = number if running else 0
        layout = entries[0][1]  # a sheet numbers its questions in one way within a section
        for entry in entries:
            number += 1
            marked = layout.number if entry[0].stem[0] not in "2" else "{n}.{s}"  # 12号柜: 1 or 12?
            shaped = replace(entry[1], number=marked)
            lines += (
                written_statement(entry[0], number, shaped, entry[2])
                if kind == "true_false"
                else written(entry[0], number, shaped)
            )

    report = parse_document(document(lines))

    meant = [entry[0] for entry in (*singles, *multiples, *statements)]
    assert not report.rejected, (lines, [str(entry.reason) for entry in report.rejected])
    assert len(report.items) == len(meant), lines
    for question, item in zip(meant, report.items, strict=True):
        same(question, item)
