"""All SQL of marking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from exam_engine.delivery.models import Attempt
from exam_engine.marking.models import (
    AttemptMark,
    ItemMark,
    MarkingRun,
    PracticalMark,
    PracticalTask,
    ScoreSheet,
    TaskLine,
)
from exam_engine.marking.rules import SheetStatus
from exam_engine.sittings.models import Registration, RoomStaff, Seat, Sitting
from exam_engine.sittings.rules import Component, Duty, RegistrationStatus

CHUNK = 500
"""Rows a statement; SQLite and PostgreSQL both bound the parameters."""


def sitting(session: Session, sitting_id: UUID, *, lock: bool = False) -> Sitting | None:
    query = select(Sitting).where(Sitting.id == sitting_id)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def sittings(session: Session) -> Sequence[Sitting]:
    return session.scalars(select(Sitting).order_by(Sitting.starts_at.desc(), Sitting.id.desc())).all()


def count_unmarked(session: Session, now: datetime) -> int:
    """Theory sittings that are over, were sat, and have no run."""
    marked = select(MarkingRun.sitting_id)
    sat = select(Attempt.sitting_id)
    query = select(func.count()).select_from(Sitting)
    query = query.where(
        Sitting.component == Component.THEORY,
        Sitting.ends_at <= now,
        Sitting.id.in_(sat),
        Sitting.id.not_in(marked),
    )
    return session.scalar(query) or 0


def open_attempts(session: Session, sitting_id: UUID) -> int:
    query = select(func.count()).where(Attempt.sitting_id == sitting_id, Attempt.submitted_at.is_(None))
    return session.scalar(query.select_from(Attempt)) or 0


def count_attempts(session: Session, sitting_id: UUID) -> int:
    query = select(func.count()).select_from(Attempt).where(Attempt.sitting_id == sitting_id)
    return session.scalar(query) or 0


def forms(session: Session, sitting_id: UUID) -> Sequence[tuple[UUID, list[int] | None]]:
    query = select(Attempt.paper_id, Attempt.form).where(Attempt.sitting_id == sitting_id)
    return [(paper_id, form) for paper_id, form in session.execute(query)]


def runs(session: Session, sitting_id: UUID) -> Sequence[MarkingRun]:
    query = select(MarkingRun).where(MarkingRun.sitting_id == sitting_id).order_by(MarkingRun.number.desc())
    return session.scalars(query).all()


def latest_run(session: Session, sitting_id: UUID) -> MarkingRun | None:
    query = select(MarkingRun).where(MarkingRun.sitting_id == sitting_id).order_by(MarkingRun.number.desc())
    return session.scalars(query.limit(1)).one_or_none()


def attempt_marks(session: Session, run_id: UUID) -> Sequence[AttemptMark]:
    query = select(AttemptMark).where(AttemptMark.run_id == run_id).order_by(AttemptMark.id)
    return session.scalars(query).all()


def attempt_mark(session: Session, mark_id: UUID) -> tuple[AttemptMark, MarkingRun] | None:
    query = select(AttemptMark, MarkingRun).join(MarkingRun, MarkingRun.id == AttemptMark.run_id)
    found = session.execute(query.where(AttemptMark.id == mark_id)).one_or_none()
    return None if found is None else (found[0], found[1])


def item_marks(session: Session, attempt_mark_id: UUID) -> Sequence[ItemMark]:
    query = select(ItemMark).where(ItemMark.attempt_mark_id == attempt_mark_id).order_by(ItemMark.id)
    return session.scalars(query).all()


def add_item_marks(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), CHUNK):
        session.execute(insert(ItemMark), [dict(row) for row in rows[start : start + CHUNK]])


def tasks(session: Session, sitting_id: UUID) -> Sequence[PracticalTask]:
    query = (
        select(PracticalTask).where(PracticalTask.sitting_id == sitting_id).order_by(PracticalTask.position)
    )
    return session.scalars(query).all()


def task(session: Session, task_id: UUID) -> PracticalTask | None:
    return session.scalars(select(PracticalTask).where(PracticalTask.id == task_id)).one_or_none()


def lines(session: Session, task_ids: Sequence[UUID]) -> Sequence[TaskLine]:
    query = select(TaskLine).where(TaskLine.task_id.in_(task_ids)).order_by(TaskLine.position)
    return session.scalars(query).all()


def sheet(session: Session, sitting_id: UUID, registration_id: UUID, examiner_id: UUID) -> ScoreSheet | None:
    query = select(ScoreSheet).where(
        ScoreSheet.sitting_id == sitting_id,
        ScoreSheet.registration_id == registration_id,
        ScoreSheet.examiner_id == examiner_id,
    )
    return session.scalars(query).one_or_none()


def sheets_of_examiner(session: Session, sitting_id: UUID, examiner_id: UUID) -> Sequence[ScoreSheet]:
    query = select(ScoreSheet).where(
        ScoreSheet.sitting_id == sitting_id, ScoreSheet.examiner_id == examiner_id
    )
    return session.scalars(query).all()


def submitted_sheets(session: Session, sitting_id: UUID) -> Sequence[ScoreSheet]:
    query = (
        select(ScoreSheet)
        .where(ScoreSheet.sitting_id == sitting_id, ScoreSheet.status == SheetStatus.SUBMITTED)
        .order_by(ScoreSheet.id)
    )
    return session.scalars(query).all()


def has_sheets(session: Session, sitting_id: UUID) -> bool:
    query = select(ScoreSheet.id).where(ScoreSheet.sitting_id == sitting_id).limit(1)
    return session.execute(query).first() is not None


def practical_marks(session: Session, sitting_id: UUID) -> Sequence[PracticalMark]:
    return session.scalars(select(PracticalMark).where(PracticalMark.sitting_id == sitting_id)).all()


def practical_mark(session: Session, sitting_id: UUID, registration_id: UUID) -> PracticalMark | None:
    query = select(PracticalMark).where(
        PracticalMark.sitting_id == sitting_id, PracticalMark.registration_id == registration_id
    )
    return session.scalars(query).one_or_none()


def candidates(session: Session, sitting: Sitting) -> Sequence[Registration]:
    """Approved registrations with a seat in the sitting, by ticket."""
    query = (
        select(Registration)
        .join(Seat, Seat.registration_id == Registration.id)
        .where(Seat.sitting_id == sitting.id, Registration.status == RegistrationStatus.APPROVED)
        .order_by(Registration.ticket_number, Registration.id)
    )
    return session.scalars(query).all()


def examiner_rooms(session: Session, sitting_id: UUID) -> dict[UUID, set[UUID]]:
    """Rooms of a sitting by the examiners assigned to them."""
    query = select(RoomStaff.user_id, RoomStaff.room_id).where(
        RoomStaff.sitting_id == sitting_id, RoomStaff.duty == Duty.EXAMINER
    )
    rooms: dict[UUID, set[UUID]] = {}
    for user_id, room_id in session.execute(query):
        rooms.setdefault(user_id, set()).add(room_id)
    return rooms


def rooms_of(session: Session, sitting_id: UUID) -> dict[UUID, UUID]:
    """Room by registration."""
    query = select(Seat.registration_id, Seat.room_id).where(Seat.sitting_id == sitting_id)
    return {row.registration_id: row.room_id for row in session.execute(query)}
