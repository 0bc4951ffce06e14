"""All SQL of invigilation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from exam_engine.invigilation.models import Attendance, Incident, RoomRecord
from exam_engine.sittings.models import Seat
from itembank.people.models import LoginSession


def attendance(session: Session, sitting_id: UUID) -> dict[UUID, Attendance]:
    query = select(Attendance).where(Attendance.sitting_id == sitting_id)
    return {row.registration_id: row for row in session.scalars(query)}


def drop_attendance(session: Session, sitting_id: UUID, registration_id: UUID) -> None:
    session.execute(
        delete(Attendance).where(
            Attendance.sitting_id == sitting_id, Attendance.registration_id == registration_id
        )
    )


def incidents(session: Session, sitting_id: UUID) -> Sequence[Incident]:
    query = select(Incident).where(Incident.sitting_id == sitting_id).order_by(Incident.id)
    return session.scalars(query).all()


def incident(session: Session, incident_id: UUID) -> Incident | None:
    return session.get(Incident, incident_id)


def records(session: Session, sitting_id: UUID) -> dict[UUID, RoomRecord]:
    query = select(RoomRecord).where(RoomRecord.sitting_id == sitting_id)
    return {row.room_id: row for row in session.scalars(query)}


def logged_in(session: Session, sitting_id: UUID, *, since: datetime, now: datetime) -> frozenset[UUID]:
    """Registrations with a seat in the sitting whose candidate has a log-in that is still open."""
    query = (
        select(LoginSession.registration_id)
        .join(Seat, Seat.registration_id == LoginSession.registration_id)
        .where(
            Seat.sitting_id == sitting_id,
            LoginSession.created_at >= since,
            LoginSession.expires_at > now,
        )
    )
    return frozenset(found for found in session.scalars(query) if found is not None)
