"""Printed papers as Word documents, to be edited or printed where PDF does not serve."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from docx.shared import Mm, Pt

from exam_engine.papers.printing import rules, wordparts
from exam_engine.papers.printing.layout import PrintedItem, PrintedPaper, PrintedSection
from exam_engine.papers.printing.rules import Document, Variant
from exam_engine.papers.printing.sheet import (
    CARD_NOTES,
    FIELDS,
    TABLE_NOTE,
    TICKET_DIGITS,
    card_groups,
    letters_of,
)
from exam_engine.papers.printing.wordparts import CENTRE, add_line, add_table, add_text, fill_cell
from itembank.items.rules import ItemType

TEXT_WIDTH = 163.0
"""Millimetres between the margins of a paper."""
INDENT = 6.0
PER_ROW = 10
_LINE = "＿" * 14
_SEALING = ("…" * 8).join(["", *"密封线内不准答题", ""])


def as_word(paper: PrintedPaper, document: Document, *, timestamp: datetime) -> bytes:
    """Return a document of a paper as .docx."""
    makers = {Document.PAPER: _paper, Document.ANSWERS: _answers, Document.KEY: _key}
    made = makers[document](paper, timestamp)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def _new(paper: PrintedPaper, document: Document, timestamp: datetime, *, left: float, right: float) -> Any:
    head = paper.head
    made = wordparts.new_document(
        title=f"{rules.NAMES[document]} {head.label}{head.variant}",
        author=head.institution,
        timestamp=timestamp,
        left=left,
        right=right,
    )
    section = made.sections[0]
    section.different_first_page_header_footer = True
    for number, (header, footer) in enumerate(
        ((section.first_page_header, section.first_page_footer), (section.header, section.footer)), start=1
    ):
        header.is_linked_to_previous = False
        wordparts.fill_footer(footer, f"{head.label}　{head.variant} 卷", paper.footer)
        line = header.paragraphs[0]
        if document is Document.KEY:
            add_text(line, rules.CONFIDENTIAL, size=11, hei=True)
        if document is Document.PAPER and number > 1:
            wordparts.add_strip(line, [("", 10.5), (_SEALING, 9)], number=number)
        if head.is_draft:
            wordparts.add_watermark(line, rules.WATERMARK, number=number)
    return made


def _titles(made: Any, paper: PrintedPaper, title: str) -> None:
    head = paper.head
    add_line(made, title, align=CENTRE, space=3, size=18, hei=True)
    add_line(made, head.subject, align=CENTRE, space=3, size=15, hei=True)
    add_line(made, f"试卷编号：{head.label}　　（{head.variant} 卷）", align=CENTRE, space=6)


# --- the paper -----------------------------------------------------------------------------------------------


def _paper(paper: PrintedPaper, timestamp: datetime) -> Any:
    made = _new(paper, Document.PAPER, timestamp, left=31, right=16)
    _titles(made, paper, paper.head.title)
    # Anchored in the text: not every program places what a first page's header holds.
    fields = "　　　".join(f"{name}：{_LINE}" for name in FIELDS)
    wordparts.add_strip(made.paragraphs[0], [(fields, 10.5), (_SEALING, 9)], number=1)
    add_line(made, "注 意 事 项", align=CENTRE, space=3, size=12, hei=True)
    for number, note in enumerate(paper.notes, start=1):
        line = add_line(made, f"{number}. {note}")
        line.paragraph_format.left_indent = Mm(INDENT)
    add_line(made)
    numerals = [section.numeral for section in paper.sections]
    table = add_table(made, [20, *(16 for _ in numerals), 20, 24], 2)
    for row, words in zip(
        table.rows,
        (["题　号", *numerals, "总　分", "核分人"], ["得　分", *("" for _ in numerals), "", ""]),
        strict=True,
    ):
        row.height = Mm(8)
        for cell, text in zip(row.cells, words, strict=True):
            fill_cell(cell, text)
    for section in paper.sections:
        add_line(made)
        _section_head(made, section)
        for item in section.items:
            _item(made, section, item)
    add_line(made, "（以下空白）", align=CENTRE).paragraph_format.space_before = Pt(12)
    return made


def _section_head(made: Any, section: PrintedSection) -> None:
    """The box for the section's marks, and beside it the heading."""
    table = add_table(made, [16, 16, TEXT_WIDTH - 32], 2)
    for cell, text in zip(table.rows[0].cells[:2], ("得分", "评分人"), strict=True):
        fill_cell(cell, text, size=9)
    for row in table.rows:
        row.height = Mm(7)
        for cell in row.cells:  # the heading stays with its first item
            cell.paragraphs[0].paragraph_format.keep_with_next = True
    heading = table.cell(0, 2).merge(table.cell(1, 2))
    wordparts.without_borders([row._tr.tc_lst[2] for row in table.rows])
    fill_cell(heading, section.heading, align=None, hei=True)


def _item(made: Any, section: PrintedSection, item: PrintedItem) -> None:
    judged = section.type is ItemType.TRUE_FALSE
    stem = add_line(made, f"（　　）{item.number}. " if judged else f"{item.number}. ")
    stem.paragraph_format.space_before = Pt(4)
    stem.paragraph_format.keep_together = True
    stem.paragraph_format.keep_with_next = bool(item.options)
    wordparts.add_rich(stem, item.stem)
    rows = [item.options[at : at + item.columns] for at in range(0, len(item.options), item.columns)]
    for row in rows:
        line = add_line(made)
        line.paragraph_format.left_indent = Mm(INDENT)
        line.paragraph_format.keep_together = True
        line.paragraph_format.keep_with_next = row is not rows[-1]
        for column, option in enumerate(row):
            if column:
                at = INDENT + (TEXT_WIDTH - INDENT) * column / item.columns
                line.paragraph_format.tab_stops.add_tab_stop(Mm(at))
            add_text(line, f"\t{option.letter}. " if column else f"{option.letter}. ")
            wordparts.add_rich(line, option.text)


# --- the answer sheet ----------------------------------------------------------------------------------------


def _answers(paper: PrintedPaper, timestamp: datetime) -> Any:
    made = _new(paper, Document.ANSWERS, timestamp, left=15, right=15)
    head = paper.head
    add_line(made, "职业技能等级认定理论知识考试答题卡", align=CENTRE, space=2, size=16, hei=True)
    add_line(made, head.subject, align=CENTRE, space=4, size=11)
    table = add_table(made, [58, *(6.3 for _ in range(TICKET_DIGITS))], 12)
    wordparts.set_cell_margins(table, 0.4)
    left = table.cell(0, 0).merge(table.cell(11, 0))
    title = table.cell(0, 1).merge(table.cell(0, TICKET_DIGITS))
    fill_cell(title, "准 考 证 号", size=9, hei=True)
    for cell in table.rows[1].cells[1:]:
        fill_cell(cell, "")
    table.rows[1].height = Mm(7)
    for digit in range(10):
        table.rows[digit + 2].height = Mm(4.8)
        for cell in table.rows[digit + 2].cells[1:]:
            fill_cell(cell, f"[{digit}]", size=7)
    variants = "　".join("■" if variant is head.variant else f"[{variant}]" for variant in Variant)
    lines = [f"{name}：{'＿' * 9}" for name in FIELDS]
    lines += [
        f"试卷编号：{head.label}",
        f"卷　　型：{variants}（{head.variant} 卷）",
        "缺考标记：[　]（监考员填涂）",
    ]
    for number, text in enumerate(lines):
        line = left.paragraphs[0] if number == 0 else left.add_paragraph()
        line.paragraph_format.line_spacing, line.paragraph_format.space_after = 1.0, Pt(3)
        add_text(line, text, size=9)
    for text in CARD_NOTES:
        line = left.add_paragraph()
        line.paragraph_format.line_spacing = 1.0
        add_text(line, text, size=7)
    for section in paper.sections:
        heading = add_line(made, f"{section.numeral}、{section.name}（{section.span}）", space=2, hei=True)
        heading.paragraph_format.space_before = Pt(6)
        heading.paragraph_format.keep_with_next = True
        _boxes(made, section)
    return made


def _boxes(made: Any, section: PrintedSection) -> None:
    columns, groups = card_groups(section)
    columns = min(columns, 6)
    table = add_table(made, [180 / columns] * columns, -(-len(groups) // columns))
    for at, group in enumerate(groups):
        cell = table.cell(at // columns, at % columns)
        for number, item in enumerate(group):
            line = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
            line.paragraph_format.line_spacing = 1.0
            letters = " ".join(f"[{letter}]" for letter in letters_of(section, item))
            line.paragraph_format.tab_stops.add_tab_stop(Mm(7))
            add_text(line, f"{item.number}\t{letters}", size=8)


# --- the key -------------------------------------------------------------------------------------------------


def _key(paper: PrintedPaper, timestamp: datetime) -> Any:
    made = _new(paper, Document.KEY, timestamp, left=20, right=20)
    _titles(made, paper, rules.NAMES[Document.KEY])
    sections = paper.sections
    rows: list[list[str]] = [
        ["题　号", *(section.numeral for section in sections), "总　分"],
        [
            "题　数",
            *(str(len(section.items)) for section in sections),
            str(sum(len(s.items) for s in sections)),
        ],
        ["每题分值", *(rules.plain(section.marks_each) for section in sections), ""],
        [
            "满　分",
            *(rules.plain(section.total) for section in sections),
            rules.plain(paper.head.total_marks),
        ],
    ]
    _fill(add_table(made, [24] * len(rows[0]), 4), rows)
    for section in sections:
        heading = add_line(made, section.marking, space=3, hei=True)
        heading.paragraph_format.space_before = Pt(10)
        heading.paragraph_format.keep_with_next = True
        _answer_table(made, section)
    if paper.is_rearranged:
        title = add_line(made, "题序与选项对照表", align=CENTRE, space=4, size=13, hei=True)
        title.paragraph_format.page_break_before = True
        add_line(made, TABLE_NOTE, space=4, size=9)
        for section in sections:
            _cross_table(made, section)
    return made


def _answer_table(made: Any, section: PrintedSection) -> None:
    chunks = [section.items[at : at + PER_ROW] for at in range(0, len(section.items), PER_ROW)]
    table = add_table(made, [14, *([15.6] * PER_ROW)], 2 * len(chunks))
    grid = list(table.rows)
    for number, chunk in enumerate(chunks):
        upper, lower = grid[2 * number].cells, grid[2 * number + 1].cells
        for at, (above, below) in enumerate(zip(upper, lower, strict=True)):
            item = chunk[at - 1] if 0 < at <= len(chunk) else None
            words = ("题号", "答案") if at == 0 else (str(item.number), item.answer) if item else ("", "")
            fill_cell(above, words[0], size=9).paragraph_format.keep_with_next = True
            fill_cell(below, words[1], size=10.5 if at else 9, bold=at > 0)
            wordparts.shade(above)


def _cross_table(made: Any, section: PrintedSection) -> None:
    heading = add_line(made, f"{section.numeral}、{section.name}", space=3, hei=True)
    heading.paragraph_format.keep_with_next = True
    blocks = 4
    cells = [[str(item.number), str(item.source), item.moves or "—"] for item in section.items]
    rows = [["卷面题号", "原题号", "选项"] * blocks]
    for at in range(0, len(cells), blocks):
        here = [word for cell in cells[at : at + blocks] for word in cell]
        rows.append(here + [""] * (3 * blocks - len(here)))
    table = add_table(made, [170 / len(rows[0])] * len(rows[0]), len(rows))
    wordparts.set_cell_margins(table, 0.4)
    _fill(table, rows, size=8)
    wordparts.repeat_header(table.rows[0])
    for cell in table.rows[0].cells:
        wordparts.shade(cell)


def _fill(table: Any, rows: Sequence[Sequence[str]], **words: Any) -> None:
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            fill_cell(cell, text, **words)
