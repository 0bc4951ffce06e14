"""All SQL of delivery but that of its features, of the lean road and of the writer (``saving``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from exam_engine.delivery.models import (
    Answer,
    AnswerHistory,
    Attempt,
    AttemptBreak,
    AttemptEvent,
    AttemptStep,
    EntryBar,
)
from exam_engine.delivery.rules import SAVE_GRACE, AnswerRow, is_newer
from exam_engine.delivery.steps.rules import StepKind
from exam_engine.sittings.models import Plan, Registration, Room, Seat, Sitting
from exam_engine.sittings.rules import Component, SittingStatus
from itembank.base.db import UtcDateTime

_ATTEMPT = inspect(Attempt).local_table


def goes_on_in(c: Any) -> ColumnElement[bool]:
    """Return ``steps.rules.goes_on`` of an attempt's row."""
    return and_(c.last_step.is_(False), c.ends_at.is_not(None), c.due_at < c.ends_at)


def newest(rows: Iterable[AnswerRow]) -> list[AnswerRow]:
    """Return the newest row of each (attempt, item), in key order."""
    kept: dict[tuple[UUID, UUID], AnswerRow] = {}
    for row in rows:
        held = kept.get(row.key)
        if is_newer(row.epoch, row.revision, (held.epoch, held.revision) if held else None):
            kept[row.key] = row
    return [kept[key] for key in sorted(kept)]


@dataclass(frozen=True)
class Place:
    """Where one candidate sits for one theory sitting."""

    seat: Seat
    sitting: Sitting
    plan: Plan
    room: Room
    registration: Registration


def places(session: Session, registration_id: UUID, sitting_id: UUID | None = None) -> Sequence[Place]:
    """Return a registration's places in published or closed theory sittings, by their start."""
    query = (
        select(Seat, Sitting, Plan, Room, Registration)
        .join(Sitting, Sitting.id == Seat.sitting_id)
        .join(Plan, Plan.id == Sitting.plan_id)
        .join(Room, Room.id == Seat.room_id)
        .join(Registration, Registration.id == Seat.registration_id)
        .where(
            Seat.registration_id == registration_id,
            Sitting.component == Component.THEORY,
            Sitting.status != SittingStatus.DRAFT,
        )
        .order_by(Sitting.starts_at, Sitting.id)
    )
    if sitting_id is not None:
        query = query.where(Sitting.id == sitting_id)
    return [Place(*row) for row in session.execute(query)]


def share_seat(session: Session, seat: Seat) -> None:
    """Wait for whoever decides whether the candidate of a seat may begin, and with what; then read it again."""
    query = select(Seat).where(Seat.id == seat.id).with_for_update(read=True)
    session.execute(query.execution_options(populate_existing=True))


def lock_seats(session: Session, registration_ids: Sequence[UUID]) -> None:
    """Let none of these candidates begin until the transaction ends, and wait for who is just beginning."""
    wanted = sorted(set(registration_ids))
    for start in range(0, len(wanted), 500):  # both databases bound the parameters
        some = wanted[start : start + 500]
        seats = select(Seat.id).where(Seat.registration_id.in_(some)).order_by(Seat.id)
        session.execute(seats.with_for_update())
        keys = select(Registration.id).where(Registration.id.in_(some)).order_by(Registration.id)
        session.execute(keys.with_for_update())


def working_by_ticket(session: Session, ticket_number: str) -> Sequence[tuple[Registration, Attempt]]:
    """Return the registration of a ticket with its attempts that are not handed in."""
    query = (
        select(Registration, Attempt)
        .join(Attempt, Attempt.registration_id == Registration.id)
        .where(Registration.ticket_number == ticket_number, Attempt.submitted_at.is_(None))
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def is_barred(session: Session, sitting_id: UUID, registration_id: UUID) -> bool:
    return bar(session, sitting_id, registration_id) is not None


def bar(session: Session, sitting_id: UUID, registration_id: UUID) -> EntryBar | None:
    query = select(EntryBar).where(
        EntryBar.sitting_id == sitting_id, EntryBar.registration_id == registration_id
    )
    return session.scalars(query).one_or_none()


def attempt(session: Session, attempt_id: UUID, *, lock: bool = False) -> Attempt | None:
    query = select(Attempt).where(Attempt.id == attempt_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def locked(session: Session, attempt_ids: Sequence[UUID]) -> list[Attempt]:
    """Return attempts, locked in key order, so that two who act on many do not wait for each other for ever."""
    found: list[Attempt] = []
    wanted = sorted(set(attempt_ids))
    for start in range(0, len(wanted), 500):  # both databases bound the parameters
        query = select(Attempt).where(Attempt.id.in_(wanted[start : start + 500])).order_by(Attempt.id)
        found += session.scalars(query.with_for_update().execution_options(populate_existing=True))
    return found


def attempt_at(session: Session, sitting_id: UUID, registration_id: UUID) -> Attempt | None:
    query = select(Attempt).where(
        Attempt.sitting_id == sitting_id, Attempt.registration_id == registration_id
    )
    return session.scalars(query).one_or_none()


def open_attempts(session: Session, registration_id: UUID) -> Sequence[Attempt]:
    """Return, locked, the attempts of a registration that are not handed in."""
    query = (
        select(Attempt)
        .where(Attempt.registration_id == registration_id, Attempt.submitted_at.is_(None))
        .order_by(Attempt.id)
        .with_for_update()
    )
    return session.scalars(query).all()


def attempts(
    session: Session, sitting_id: UUID, registration_ids: Sequence[UUID] | None = None
) -> Sequence[Attempt]:
    query = select(Attempt).where(Attempt.sitting_id == sitting_id).order_by(Attempt.id)
    if registration_ids is not None:
        query = query.where(Attempt.registration_id.in_(registration_ids))
    return session.scalars(query).all()


def steps(session: Session, attempt_id: UUID) -> Sequence[AttemptStep]:
    """Return the steps that an attempt has begun, in order."""
    query = select(AttemptStep).where(AttemptStep.attempt_id == attempt_id).order_by(AttemptStep.number)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def break_steps(session: Session, sitting_id: UUID) -> set[tuple[UUID, int]]:
    """Return attempt and number of the steps of a sitting that are breaks."""
    query = (
        select(AttemptStep.attempt_id, AttemptStep.number)
        .join(Attempt, Attempt.id == AttemptStep.attempt_id)
        .where(Attempt.sitting_id == sitting_id, AttemptStep.kind == StepKind.BREAK)
    )
    return {(attempt_id, number) for attempt_id, number in session.execute(query)}


def answers(session: Session, attempt_id: UUID) -> Sequence[Answer]:
    query = select(Answer).where(Answer.attempt_id == attempt_id).order_by(Answer.item_id)
    return session.scalars(query).all()


def answers_of(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, list[Answer]]:
    """Return the answers of many attempts, by attempt."""
    found: dict[UUID, list[Answer]] = {attempt_id: [] for attempt_id in attempt_ids}
    for start in range(0, len(attempt_ids), 500):  # both databases bound the parameters
        query = select(Answer).where(Answer.attempt_id.in_(attempt_ids[start : start + 500]))
        for answer in session.scalars(query.order_by(Answer.attempt_id, Answer.item_id)):
            found[answer.attempt_id].append(answer)
    return found


def sitting_answers(session: Session, sitting_id: UUID) -> Sequence[tuple[UUID, UUID, list[str]]]:
    """Return (attempt, item, response) of a whole sitting."""
    query = (
        select(Answer.attempt_id, Answer.item_id, Answer.response)
        .join(Attempt, Attempt.id == Answer.attempt_id)
        .where(Attempt.sitting_id == sitting_id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def history_of(session: Session, attempt_ids: Sequence[UUID]) -> Sequence[AnswerHistory]:
    """Return all versions of all answers of some attempts."""
    return session.scalars(select(AnswerHistory).where(AnswerHistory.attempt_id.in_(attempt_ids))).all()


def receipts_of(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the receipts of those of the attempts that are handed in."""
    query = select(Attempt.id, Attempt.receipt).where(
        Attempt.id.in_(attempt_ids), Attempt.submitted_at.is_not(None)
    )
    return {row[0]: row[1] for row in session.execute(query)}


@dataclass(frozen=True)
class Progress:
    """How far an attempt has come."""

    answered: int
    last_saved_at: datetime


def progress(
    session: Session, sitting_id: UUID, registration_ids: Sequence[UUID] | None = None
) -> dict[UUID, Progress]:
    """Return how many items each attempt has answered, and when it last saved."""
    answered = case((cast(Answer.response, Text()) != "[]", 1), else_=0)
    query = (
        select(Answer.attempt_id, func.sum(answered), func.max(Answer.saved_at))
        .join(Attempt, Attempt.id == Answer.attempt_id)
        .where(Attempt.sitting_id == sitting_id)
        .group_by(Answer.attempt_id)
    )
    if registration_ids is not None:
        query = query.where(Attempt.registration_id.in_(registration_ids))
    return {row[0]: Progress(int(row[1]), row[2]) for row in session.execute(query)}


def something_due(session: Session, now: datetime) -> tuple[bool, bool]:
    """Tell whether any break has lasted as long as it may, and whether any attempt is overdue; reads only."""
    row = session.connection().execute(_SOMETHING_DUE, {"now": now, "closed": now - SAVE_GRACE}).one()
    return bool(row[0]), bool(row[1])


def overdue(session: Session, now: datetime, *, limit: int) -> Sequence[Attempt]:
    """Return, locked, attempts whose time and grace are over; those another worker holds are left to it."""
    query = (
        select(Attempt).where(_is_overdue(now - SAVE_GRACE)).order_by(Attempt.due_at, Attempt.id).limit(limit)
    )
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def _is_overdue(closed: Any) -> ColumnElement[bool]:
    return and_(Attempt.submitted_at.is_(None), Attempt.paused_at.is_(None), Attempt.due_at < closed)


def _is_break_over(now: Any) -> ColumnElement[bool]:
    return and_(AttemptBreak.ended_at.is_(None), AttemptBreak.until <= now)


_SOMETHING_DUE = select(
    exists().where(_is_break_over(bindparam("now", type_=UtcDateTime()))),
    exists().where(_is_overdue(bindparam("closed", type_=UtcDateTime()))),
)
"""Asked again and again, so made once."""


def breaks(session: Session, attempt_id: UUID) -> Sequence[AttemptBreak]:
    query = select(AttemptBreak).where(AttemptBreak.attempt_id == attempt_id).order_by(AttemptBreak.number)
    return session.scalars(query).all()


def open_break(session: Session, attempt_id: UUID) -> AttemptBreak | None:
    query = select(AttemptBreak).where(AttemptBreak.attempt_id == attempt_id, AttemptBreak.ended_at.is_(None))
    return session.scalars(query).one_or_none()


def breaks_over(session: Session, now: datetime, *, limit: int) -> Sequence[UUID]:
    """Return the attempts whose break has lasted as long as it may."""
    query = select(AttemptBreak.attempt_id).where(_is_break_over(now))
    return session.scalars(query.order_by(AttemptBreak.until).limit(limit)).all()


def sitting_breaks(session: Session, sitting_id: UUID) -> Sequence[tuple[UUID, AttemptBreak]]:
    """Return (registration, break) of a sitting, in order."""
    query = (
        select(Attempt.registration_id, AttemptBreak)
        .join(Attempt, Attempt.id == AttemptBreak.attempt_id)
        .where(Attempt.sitting_id == sitting_id)
        .order_by(AttemptBreak.attempt_id, AttemptBreak.number)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def count_events(session: Session, attempt_id: UUID, epoch: int) -> int:
    query = select(func.count()).select_from(AttemptEvent)
    query = query.where(AttemptEvent.attempt_id == attempt_id, AttemptEvent.epoch == epoch)
    return session.scalars(query).one()


def add_events(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add events; those that are there already stay as they are."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(AttemptEvent).on_conflict_do_nothing(), list(rows))


def attempt_events(session: Session, attempt_id: UUID) -> Sequence[AttemptEvent]:
    query = select(AttemptEvent).where(AttemptEvent.attempt_id == attempt_id)
    return session.scalars(query.order_by(AttemptEvent.at, AttemptEvent.number)).all()


def sitting_events(session: Session, sitting_id: UUID) -> Sequence[AttemptEvent]:
    query = (
        select(AttemptEvent)
        .join(Attempt, Attempt.id == AttemptEvent.attempt_id)
        .where(Attempt.sitting_id == sitting_id)
        .order_by(AttemptEvent.at, AttemptEvent.number)
    )
    return session.scalars(query).all()
