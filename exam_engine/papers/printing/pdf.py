"""Printed papers as archival PDF."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import typst

from exam_engine.papers.printing import rules
from exam_engine.papers.printing.formulas import as_json
from exam_engine.papers.printing.layout import PrintedItem, PrintedPaper, PrintedSection
from exam_engine.papers.printing.rules import Document, Format, SignUndrawable, Variant
from exam_engine.papers.printing.sheet import (
    CARD_NOTES,
    FIELDS,
    TABLE_NOTE,
    TICKET_DIGITS,
    card_groups,
    letters_of,
)
from itembank.base.documents import render_pdf
from itembank.base.fonts import FontSet
from itembank.items.rules import ItemType

FOLDER = Path(__file__).parent


def as_pdf(paper: PrintedPaper, document: Document, *, fonts: FontSet, timestamp: datetime) -> bytes:
    """Return a document of a paper as PDF; the same paper, fonts and time give the same bytes.

    Raises
    ------
    GlyphMissing
        If no installed font can draw a character.
    SignUndrawable
        If none can draw a sign of a formula.
    """
    try:
        return render_pdf(
            FOLDER / f"{document.value}.typ", _data(paper, document), fonts=fonts, timestamp=timestamp
        )
    except typst.TypstError as error:
        reason = str(error).splitlines()[0][:120] if str(error) else Format.PDF.value
        raise SignUndrawable(label=paper.head.label, reason=reason) from None


def _data(paper: PrintedPaper, document: Document) -> dict[str, Any]:
    head = paper.head
    data: dict[str, Any] = {
        "title": head.title,
        "card_title": "职业技能等级认定理论知识考试答题卡",
        "subject": head.subject,
        "institution": head.institution,
        "label": head.label,
        "variant": head.variant.value,
        "variants": [variant.value for variant in Variant],
        "footer": paper.footer,
        "watermark": rules.WATERMARK if head.is_draft else "",
        "fields": list(FIELDS),
        "notes": list(paper.notes),
        "sections": [_section(section, document) for section in paper.sections],
    }
    if document is Document.ANSWERS:
        return data | {"card_notes": list(CARD_NOTES), "ticket_digits": TICKET_DIGITS}
    if document is Document.KEY:
        return data | {
            "confidential": rules.CONFIDENTIAL,
            "items": sum(len(section.items) for section in paper.sections),
            "total": rules.plain(head.total_marks),
            "rearranged": paper.is_rearranged,
            "table_note": TABLE_NOTE,
        }
    return data


def _section(section: PrintedSection, document: Document) -> dict[str, Any]:
    common: dict[str, Any] = {"numeral": section.numeral, "name": section.name}
    if document is Document.PAPER:
        return common | {
            "heading": section.heading,
            "judged": section.type is ItemType.TRUE_FALSE,
            "items": [_item(item) for item in section.items],
        }
    if document is Document.KEY:
        return common | {
            "marking": section.marking,
            "each": rules.plain(section.marks_each),
            "total": rules.plain(section.total),
            "items": [
                {"number": item.number, "answer": item.answer, "source": item.source, "moves": item.moves}
                for item in section.items
            ],
        }
    columns, groups = card_groups(section)
    return common | {
        "card_heading": f"{section.numeral}、{section.name}（{section.span}）",
        "card_columns": columns,
        "groups": [
            [{"number": item.number, "letters": letters_of(section, item)} for item in group]
            for group in groups
        ],
    }


def _item(item: PrintedItem) -> dict[str, Any]:
    return {
        "number": item.number,
        "stem": as_json(item.stem),
        "columns": item.columns,
        "options": [{"letter": option.letter, "text": as_json(option.text)} for option in item.options],
    }
