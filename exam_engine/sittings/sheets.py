"""Sheets of an examination as archival PDF: attendance, seats, door list, tickets. Printed in Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from exam_engine.sittings.accommodations import Accommodations, short_words
from exam_engine.sittings.models import Room
from exam_engine.sittings.numbers import show_entry_code
from exam_engine.sittings.rules import Component, Terms, at_the_site
from exam_engine.sittings.service import IssuedCode, PlanView, SeatView
from itembank.base.documents import render_pdf
from itembank.base.fonts import FontSet

TEMPLATE = Path(__file__).with_name("sheets.typ")
COMPONENT_WORDS: Mapping[Component, str] = {
    Component.THEORY: "理论知识",
    Component.PRACTICAL: "操作技能",
    Component.REVIEW: "综合评审",
}
TITLES = {
    "attendance": "考生签到表",
    "seats": "考场座次表",
    "doors": "考场门贴",
    "needs": "考试便利安排表",
}
MOST_UPRIGHT = 8
"""Seats in a row of a seat plan on an upright page; more are drawn smaller, across."""
MOST_PHOTOS = 60
"""Photographs are drawn on tickets up to this many; larger batches leave room to paste one."""


def print_sheets(
    *,
    title: str,
    institution: str,
    sheets: Sequence[Mapping[str, Any]],
    fonts: FontSet,
    timestamp: datetime,
    images: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return sheets as one PDF.

    Raises GlyphMissing or ImageUnreadable.
    """
    data = {"title": title, "institution": institution, "sheets": list(sheets)}
    return render_pdf(TEMPLATE, data, fonts=fonts, images=images or {}, timestamp=timestamp)


def shorten_document(number: str) -> str:
    """Return a document number as sheets show it: the first six and last four characters."""
    return f"{number[:6]}********{number[-4:]}" if len(number) > 10 else number


def period(terms: Terms) -> str:
    """Return start and common end as sheets show them."""
    return f"{at_the_site(terms.starts_at)} — {at_the_site(terms.ends_at)[-5:]}"


def room_sheets(
    kind: str, view: PlanView, component: Component, terms: Terms, seats: Sequence[SeatView]
) -> list[dict[str, Any]]:
    """Return one sheet a room: ``attendance``, ``seats``, ``doors`` or ``needs``."""
    made = []
    for room, group in groupby(seats, key=lambda seat: seat.room):
        rows = list(group)
        sheet = {
            "title": TITLES[kind],
            "facts": [
                f"{view.occupation} {view.level.label}",
                COMPONENT_WORDS[component],
                period(terms),
                f"{room.name} {room.place}".strip(),
                f"{'共' if kind == 'needs' else '应到'} {len(rows)} 人",
            ],
            "foot": [],
            "running": f"{TITLES[kind]}　{room.name}",
        }
        made.append(sheet | _BODIES[kind](room, rows, terms.limit_minutes))
    return made


def shown(kind: str, seats: Sequence[SeatView]) -> list[SeatView]:
    """Return the seats that a sheet is about: those with accommodations for ``needs``, else all."""
    return [seat for seat in seats if kind != "needs" or seat.seat.accommodations]


def remark(row: SeatView, limit_minutes: int) -> str:
    """Return what sheets say of a candidate's accommodations; empty for nearly everybody."""
    return "、".join(short_words(Accommodations.from_json(row.seat.accommodations), limit_minutes))


def _attendance(_room: Room, rows: Sequence[SeatView], limit_minutes: int) -> dict[str, Any]:
    return {
        "kind": "list",
        "columns": ["座位", "准考证号", "姓名", "性别", "证件号码", "考生签名", "备注"],
        "widths": [5, 18, 11, 5, 18, 13, 10],
        "row_inset": 6,
        "rows": [
            [
                str(row.seat.number),
                row.candidate.registration.ticket_number or "",
                row.candidate.person.name,
                row.candidate.person.sex,
                shorten_document(row.candidate.person.document_number),
                "",
                remark(row, limit_minutes),
            ]
            for row in rows
        ],
        "foot": ["实到 ______ 人", "缺考 ______ 人", "监考员签名 ______________　______________"],
    }


def _doors(_room: Room, rows: Sequence[SeatView], _limit_minutes: int) -> dict[str, Any]:
    return {
        "kind": "list",
        "columns": ["座位", "准考证号", "姓名"],
        "widths": [10, 40, 30],
        "row_inset": 5,
        "rows": [
            [str(row.seat.number), row.candidate.registration.ticket_number or "", row.candidate.person.name]
            for row in rows
        ],
    }


def _seats(room: Room, rows: Sequence[SeatView], limit_minutes: int) -> dict[str, Any]:
    return {
        "kind": "plan",
        "per_row": room.seats_per_row,
        "wide": room.seats_per_row > MOST_UPRIGHT,
        "seats": [
            {
                "number": str(row.seat.number),
                "name": row.candidate.person.name,
                "note": (row.candidate.registration.ticket_number or "")[-5:]
                + (f" 卷{row.form}" if row.form else ""),
                "needs": remark(row, limit_minutes),
            }
            for row in rows
        ],
    }


def _needs(_room: Room, rows: Sequence[SeatView], limit_minutes: int) -> dict[str, Any]:
    return {
        "kind": "list",
        "columns": ["座位", "准考证号", "姓名", "便利", "执行情况"],
        "widths": [5, 20, 11, 27, 17],
        "row_inset": 8,
        "rows": [
            [
                str(row.seat.number),
                row.candidate.registration.ticket_number or "",
                row.candidate.person.name,
                remark(row, limit_minutes),
                "",
            ]
            for row in rows
        ],
        "foot": ["监考员签名 ______________　______________"],
    }


_BODIES = {"attendance": _attendance, "seats": _seats, "doors": _doors, "needs": _needs}


def entry_rule(late_minutes: int, earliest_submit_minutes: int) -> str:
    """Return what a ticket says of coming late and leaving early."""
    said = f"开考{late_minutes}分钟后不得入场"
    return said + (f"；开考{earliest_submit_minutes}分钟后方可交卷。" if earliest_submit_minutes else "。")


def ticket_sheet(
    code: IssuedCode,
    view: PlanView,
    institution: str,
    person: Any,
    sittings: Sequence[tuple[Component, Terms, Room | None, int]],
) -> dict[str, Any]:
    """Return one admission ticket with its entry code."""
    late, earliest = (
        (sittings[0][1].late_minutes, sittings[0][1].earliest_submit_minutes) if sittings else (30, 30)
    )
    work_type = f"（{view.work_type}）" if view.work_type else ""
    return {
        "kind": "ticket",
        "title": "职业技能等级认定准考证",
        "photo": str(code.registration_id),
        "pairs": [
            ["准考证号", code.ticket_number],
            ["入场码", show_entry_code(code.entry_code)],
            ["姓名", f"{person.name}　　{person.sex}"],
            ["证件号码", person.document_number],
            ["职业（工种）", f"{view.occupation}{work_type}　{view.level.label}"],
            ["认定机构", institution],
        ],
        "columns": ["科目", "考试时间", "考场", "座位"],
        "widths": [12, 30, 26, 6],
        "row_inset": 4,
        "rows": [
            [
                COMPONENT_WORDS[component],
                period(terms),
                f"{room.name} {room.place}".strip() if room else "—",
                str(number),
            ]
            for component, terms, room, number in sittings
        ],
        "notes": [
            "1. 凭本准考证和有效身份证件原件入场，登录时输入准考证号和入场码。",
            f"2. {entry_rule(late, earliest)}",
            "3. 入场码仅供本人使用，请勿告知他人；遗失须由考务人员重新发放。",
        ],
    }
