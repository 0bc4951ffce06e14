"""All SQL of results."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_engine.delivery.models import Attempt
from exam_engine.invigilation.models import Attendance, Incident
from exam_engine.invigilation.rules import VOIDING, AttendanceState
from exam_engine.results.models import ComponentResult
from exam_engine.sittings.models import Plan, Registration, Seat, Sitting
from exam_engine.sittings.rules import RegistrationStatus


def plan(session: Session, plan_id: UUID, *, lock: bool = False) -> Plan | None:
    query = select(Plan).where(Plan.id == plan_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def plans(session: Session, *, offset: int, limit: int) -> Sequence[Plan]:
    return session.scalars(select(Plan).order_by(Plan.id.desc()).offset(offset).limit(limit)).all()


def count_plans(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Plan)) or 0


def sittings(session: Session, plan_id: UUID) -> Sequence[Sitting]:
    query = select(Sitting).where(Sitting.plan_id == plan_id).order_by(Sitting.starts_at, Sitting.id)
    return session.scalars(query).all()


def candidates(session: Session, plan_id: UUID) -> Sequence[Registration]:
    """Approved registrations of a plan, by ticket."""
    query = (
        select(Registration)
        .where(Registration.plan_id == plan_id, Registration.status == RegistrationStatus.APPROVED)
        .order_by(Registration.ticket_number, Registration.id)
    )
    return session.scalars(query).all()


def attempted(session: Session, sitting_id: UUID) -> frozenset[UUID]:
    """Registrations with an attempt in a sitting."""
    return frozenset(session.scalars(select(Attempt.registration_id).where(Attempt.sitting_id == sitting_id)))


def seated(session: Session, sitting_id: UUID) -> frozenset[UUID]:
    """Registrations with a seat in a sitting."""
    return frozenset(session.scalars(select(Seat.registration_id).where(Seat.sitting_id == sitting_id)))


def absent(session: Session, sitting_id: UUID) -> frozenset[UUID]:
    """Registrations that were marked absent by hand."""
    query = select(Attendance.registration_id).where(
        Attendance.sitting_id == sitting_id, Attendance.state == AttendanceState.ABSENT
    )
    return frozenset(session.scalars(query))


def voiding_incidents(session: Session, sitting_id: UUID) -> Sequence[Incident]:
    """Incidents that count as cheating, confirmed by a second person and not withdrawn."""
    query = select(Incident).where(
        Incident.sitting_id == sitting_id,
        Incident.kind.in_(VOIDING),
        Incident.confirmed_at.is_not(None),
        Incident.withdrawn_at.is_(None),
    )
    return session.scalars(query.order_by(Incident.id)).all()


def results(session: Session, plan_id: UUID) -> Sequence[ComponentResult]:
    query = select(ComponentResult).where(ComponentResult.plan_id == plan_id).order_by(ComponentResult.id)
    return session.scalars(query).all()


def registration_by_ticket(session: Session, ticket_number: str) -> Registration | None:
    query = select(Registration).where(Registration.ticket_number == ticket_number)
    return session.scalars(query).one_or_none()


def result(session: Session, result_id: UUID) -> ComponentResult | None:
    return session.scalars(select(ComponentResult).where(ComponentResult.id == result_id)).one_or_none()
