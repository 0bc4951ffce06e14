"""Filings, plans, sittings and registrations, made by the services that users reach."""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from openpyxl import Workbook
from PIL import Image
from sqlalchemy.orm import Session

from exam_engine.filing import service as filing
from exam_engine.sittings import service as sittings
from exam_engine.sittings.columns import COLUMNS
from exam_engine.sittings.models import Plan, Registration, Room, Sitting
from exam_engine.sittings.rules import Component, Terms
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.models import Occupation
from tests.factories.people import citizen_id

_serial = itertools.count(1)
HEADERS = [column.header for column in COLUMNS]
EXAM_DAY = date(2026, 7, 1)
NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
STARTS = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)


def officer_of(institution: Institution) -> Actor:
    """Return an exam officer of the institution, without an account."""
    return Actor("user", None, institution.id, frozenset({Role.EXAM_OFFICER}), "考务员")


def centre_officer(session: Session, institution: Institution) -> Actor:
    """Return an officer of the centre above the institution."""
    return Actor("user", None, institution.parent_id, frozenset({Role.CENTRE_OFFICER}), "中心经办人")


def make_occupation(session: Session) -> Occupation:
    taxonomy.seed_occupations(session)
    return taxonomy.occupation_by_code(session, "6-31-01-03")


def file_levels(session: Session, institution: Institution, levels: Sequence[int] = (4,)) -> Occupation:
    """File the institution for 电工 at some levels, all of 2026."""
    occupation = make_occupation(session)
    filing.file_scope(
        session,
        actor=centre_officer(session, institution),
        institution_id=institution.id,
        occupation_id=occupation.id,
        levels=levels,
        number="备〔2026〕001号",
        valid_from=date(2026, 1, 1),
        valid_until=date(2028, 12, 31),
        now=NOW,
    )
    return occupation


def make_plan(
    session: Session,
    institution: Institution,
    *,
    components: Sequence[Component] = (Component.THEORY,),
    level: int = 4,
    examined_on: date = EXAM_DAY,
    filed: bool = True,
) -> Plan:
    occupation = file_levels(session, institution, (level,)) if filed else make_occupation(session)
    draft = sittings.PlanDraft("电工四级认定", occupation.id, level, examined_on, frozenset(components))
    return sittings.create_plan(session, actor=officer_of(institution), draft=draft, now=NOW)


def document_of(number: int) -> str:
    """Return a citizen ID of its own for every number."""
    return citizen_id(number % 500, born=date(1990, 1, 1) + timedelta(days=number // 500))


def candidate_row(number: int, **cells: str) -> list[str]:
    """Return one row of a registration list; ``cells`` replaces columns by header."""
    row = dict.fromkeys(HEADERS, "")
    row |= {
        "序号": str(number),
        "姓名": "考生" + "甲乙丙丁戊己庚辛壬癸"[number % 10] + "一二三四五六七八九十"[number // 10 % 10],
        "证件类型": "身份证",
        "证件号": document_of(number),
        "文化程度": "高中",
        "考生来源": "国有企业",
        "证书领取": "自取",
        "职业名称": "电工",
        "级别": "四级/中级工",
        "申报条件": "1",
        "手机号码": "13800000000",
        "参加工作时间": "2012-07-01",
    }
    row |= cells
    return [row[header] for header in HEADERS]


def list_file(rows: Sequence[Sequence[str]], headers: Sequence[str] = HEADERS) -> bytes:
    """Return an XLSX registration list."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (headers, *rows):
        sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def register(
    session: Session, plan: Plan, actor: Actor, count: int = 3, changes: Mapping[int, Mapping[str, str]] = {}
) -> list[Registration]:
    """Import ``count`` candidates into the plan."""
    # Far above the numbers that tests choose themselves, whatever ran before in this process.
    start = 500_000 + next(_serial) * 100
    rows = [candidate_row(start + i, **{"序号": str(i), **changes.get(i, {})}) for i in range(1, count + 1)]
    preview = sittings.preview_list(
        session, actor=actor, plan_id=plan.id, filename="名单.xlsx", content=list_file(rows), now=NOW
    )
    assert not preview.errors, preview.errors
    assert preview.upload_id is not None
    return sittings.confirm_list(session, actor=actor, plan_id=plan.id, upload_id=preview.upload_id, now=NOW)


def approve(session: Session, plan: Plan, actor: Actor, registrations: Sequence[Registration]) -> None:
    sittings.review_registrations(
        session,
        actor=actor,
        plan_id=plan.id,
        registration_ids=[row.id for row in registrations],
        approve=True,
        reason="",
        now=NOW,
    )


def make_terms(starts: datetime = STARTS, minutes: int = 90) -> Terms:
    return Terms(starts - timedelta(minutes=30), starts, starts + timedelta(minutes=minutes), minutes)


def make_sitting(
    session: Session,
    plan: Plan,
    actor: Actor,
    *,
    component: Component = Component.PRACTICAL,
    terms: Terms | None = None,
) -> Sitting:
    return sittings.create_sitting(
        session, actor=actor, plan_id=plan.id, component=component, terms=terms or make_terms(), now=NOW
    )


def make_room(session: Session, actor: Actor, *, capacity: int = 30, name: str = "") -> Room:
    return sittings.create_room(
        session, actor=actor, name=name or f"第{next(_serial)}考场", capacity=capacity
    )


def arranged_sitting(
    session: Session, institution: Institution, *, count: int = 3, starts: datetime = STARTS
) -> tuple[Plan, Sitting, list[Registration]]:
    """Return a published practical sitting whose candidates have seats and tickets."""
    actor = officer_of(institution)
    day = starts.date()
    plan = make_plan(session, institution, components=(Component.PRACTICAL,), examined_on=day)
    registrations = register(session, plan, actor, count)
    approve(session, plan, actor, registrations)
    sitting = make_sitting(session, plan, actor, terms=make_terms(starts))
    room = make_room(session, actor, capacity=max(count, 1))
    sittings.arrange_sitting(session, actor=actor, sitting_id=sitting.id, room_ids=[room.id], now=NOW, seed=1)
    sittings.publish_sitting(session, actor=actor, sitting_id=sitting.id, now=NOW)
    return plan, sitting, registrations


def make_picture(width: int = 413, height: int = 579, kind: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), (200, 220, 240)).save(stream, kind)
    return stream.getvalue()


def parent_of(session: Session, institution: Institution) -> Institution:
    assert institution.parent_id is not None
    return people.find_institution(session, institution.parent_id)


def ids(rows: Sequence[Registration]) -> list[UUID]:
    return [row.id for row in rows]
