"""The room record as a sheet to print and sign."""

from __future__ import annotations

from typing import Any

from exam_engine.invigilation.models import Incident
from exam_engine.invigilation.rules import IncidentKind
from exam_engine.invigilation.service import SeatState, WatchedRoom, WatchedSeat
from exam_engine.sittings.accommodations import NONE, short_words
from exam_engine.sittings.rules import Terms, at_the_site
from exam_engine.sittings.service import PlanView
from exam_engine.sittings.sheets import COMPONENT_WORDS, period

INCIDENT_WORDS = {
    IncidentKind.CHEATING: "舞弊",
    IncidentKind.IDENTICAL_PAPERS: "雷同试卷",
    IncidentKind.DISRUPTION: "扰乱秩序",
    IncidentKind.IDENTITY: "身份存疑",
    IncidentKind.EQUIPMENT: "设备故障",
    IncidentKind.ILLNESS: "突发疾病",
    IncidentKind.OTHER: "其他情况",
}
BLANK = "______"


def _seat_and_name(row: WatchedSeat) -> str:
    return f"{row.view.seat.number} {row.view.candidate.person.name}"


def _needs(watched: WatchedRoom, terms: Terms) -> str:
    return "\n".join(
        f"{row.view.seat.number}　{row.view.candidate.person.name}　{needs_line(row, terms)}"
        for row in watched.seats
        if row.given != NONE
    )


def needs_line(row: WatchedSeat, terms: Terms) -> str:
    """Return what a candidate was given, and which of the breaks were taken."""
    given = "、".join(short_words(row.given, terms.limit_minutes))
    taken = "、".join(
        f"{at_the_site(one.began_at)[-5:]}–{at_the_site(one.ended_at)[-5:] if one.ended_at else ''}"
        for one in row.breaks
    )
    return f"{given}（已休息 {taken}）" if taken else given


def standing(incident: Incident) -> str:
    """Return how far the two people are who void a component; empty for what voids nothing."""
    if incident.is_undecided:
        return "（待第二人确认）"
    if incident.confirmed_at is None:
        return ""
    return f"（{at_the_site(incident.confirmed_at)[-5:]} 经第二人确认，本科目成绩无效）"


def record_sheet(watched: WatchedRoom, view: PlanView, terms: Terms) -> dict[str, Any]:
    """Return the record of a room; what is not known yet is left to be filled in by hand."""
    record, room, closed = watched.record, watched.room, watched.sitting.closed_at is not None
    names = {row.view.seat.registration_id: row.view.candidate.person.name for row in watched.seats}
    absent = [row for row in watched.seats if row.state is SeatState.ABSENT]
    incidents = [
        f"{at_the_site(row.recorded_at)}　{INCIDENT_WORDS[row.kind]}　"
        f"{names.get(row.registration_id, '') if row.registration_id else ''}　{row.note}{standing(row)}"
        for row in watched.incidents
        if row.withdrawn_at is None
    ]
    came = f"{len(watched.seats) - len(absent)} / {len(absent)}" if closed else f"{BLANK} / {BLANK}"
    substitute = f"{record.substitute}（{record.substitute_reason}）" if record and record.substitute else "—"
    return {
        "kind": "record",
        "title": "考场情况记录表",
        "facts": [f"{view.occupation} {view.level.label}", COMPONENT_WORDS[watched.sitting.component]],
        "pairs": [
            ["认定计划", f"{view.plan.name}（{view.plan.number}）"],
            ["考场", f"{room.name} {room.place}".strip()],
            ["考试时间", period(terms)],
            ["应考人数", str(len(watched.seats))],
            ["实考 / 缺考", came],
            ["缺考考生", "、".join(_seat_and_name(row) for row in absent) or "—"],
            ["考试便利", _needs(watched, terms) or "无"],
            ["视频监控", record.video_reference if record and record.video_reference else "—"],
            ["替代监督措施及原因", substitute],
            ["违纪及异常情况", "\n".join(incidents) or "无"],
            ["考试过程记录", record.notes if record and record.notes else "\n\n\n"],
        ],
        "foot": ["监考员签名 ____________　____________", "质量督导员签名 ____________", "日期 ____________"],
    }
