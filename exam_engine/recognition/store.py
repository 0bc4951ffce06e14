"""All SQL of recognition."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_engine.recognition.models import Decision, Notice, NoticeEntry, Objection
from exam_engine.recognition.rules import OPEN_OBJECTIONS, ApprovalState
from exam_engine.sittings.models import Plan, Registration
from itembank.taxonomy.models import Occupation, WorkType


def plan(session: Session, plan_id: UUID) -> Plan | None:
    return session.scalars(select(Plan).where(Plan.id == plan_id)).one_or_none()


def plans(session: Session, plan_ids: Sequence[UUID]) -> dict[UUID, Plan]:
    return {row.id: row for row in session.scalars(select(Plan).where(Plan.id.in_(plan_ids)))}


def occupation(session: Session, occupation_id: UUID) -> Occupation | None:
    return session.scalars(select(Occupation).where(Occupation.id == occupation_id)).one_or_none()


def work_type(session: Session, work_type_id: UUID) -> WorkType | None:
    return session.scalars(select(WorkType).where(WorkType.id == work_type_id)).one_or_none()


def notice_of_plan(session: Session, plan_id: UUID) -> Notice | None:
    return session.scalars(select(Notice).where(Notice.plan_id == plan_id)).one_or_none()


def notice_by_slug(session: Session, slug: str) -> Notice | None:
    return session.scalars(select(Notice).where(Notice.slug == slug)).one_or_none()


def notices(session: Session, limit: int) -> Sequence[Notice]:
    return session.scalars(select(Notice).order_by(Notice.published_at.desc()).limit(limit)).all()


def entries(session: Session, notice_id: UUID) -> Sequence[NoticeEntry]:
    query = select(NoticeEntry).where(NoticeEntry.notice_id == notice_id).order_by(NoticeEntry.position)
    return session.scalars(query).all()


def entry(session: Session, entry_id: UUID) -> NoticeEntry | None:
    return session.scalars(select(NoticeEntry).where(NoticeEntry.id == entry_id)).one_or_none()


def entries_by_id(session: Session, entry_ids: Sequence[UUID]) -> dict[UUID, NoticeEntry]:
    query = select(NoticeEntry).where(NoticeEntry.id.in_(entry_ids))
    return {row.id: row for row in session.scalars(query)}


def decisions(session: Session, plan_id: UUID) -> Sequence[Decision]:
    query = select(Decision).where(Decision.plan_id == plan_id).order_by(Decision.id)
    return session.scalars(query).all()


def decisions_by_id(session: Session, ids: Sequence[UUID]) -> Sequence[Decision]:
    # Locked, so that an objection and an approval cannot pass each other.
    query = select(Decision).where(Decision.id.in_(ids)).order_by(Decision.id).with_for_update()
    return session.scalars(query).all()


def decision_of(session: Session, registration_id: UUID) -> Decision | None:
    return session.scalars(select(Decision).where(Decision.registration_id == registration_id)).one_or_none()


def waiting(session: Session) -> Sequence[Decision]:
    query = (
        select(Decision)
        .where(Decision.state == ApprovalState.WAITING)
        .order_by(Decision.plan_id, Decision.id)
    )
    return session.scalars(query).all()


def registrations(session: Session, ids: Sequence[UUID]) -> dict[UUID, Registration]:
    found: dict[UUID, Registration] = {}
    for start in range(0, len(ids), 500):
        query = select(Registration).where(Registration.id.in_(ids[start : start + 500]))
        found |= {row.id: row for row in session.scalars(query)}
    return found


def objections(session: Session, *, plan_id: UUID | None = None) -> Sequence[Objection]:
    query = select(Objection).order_by(Objection.filed_at.desc(), Objection.id.desc())
    return session.scalars(query.where(Objection.plan_id == plan_id) if plan_id else query).all()


def objection(session: Session, objection_id: UUID) -> Objection | None:
    query = select(Objection).where(Objection.id == objection_id).with_for_update()
    return session.scalars(query).one_or_none()


def objection_by_reference(session: Session, reference: str) -> Objection | None:
    return session.scalars(select(Objection).where(Objection.reference == reference)).one_or_none()


def count_open_objections(session: Session) -> int:
    query = select(func.count()).select_from(Objection).where(Objection.status.in_(OPEN_OBJECTIONS))
    return session.scalar(query) or 0
