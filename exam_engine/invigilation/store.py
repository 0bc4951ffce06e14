"""All SQL of invigilation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Executable,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    inspect,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from exam_engine.delivery.models import Answer, Attempt, AttemptBreak, AttemptStep
from exam_engine.delivery.steps.rules import StepKind
from exam_engine.invigilation.models import Attendance, Incident, RoomMessage, RoomRecord
from exam_engine.invigilation.rules import VOIDING, AttendanceState
from exam_engine.sittings.models import Registration, Seat, Sitting
from itembank.base.bulk import among
from itembank.base.db import UtcDateTime
from itembank.people.models import LoginSession


@dataclass(frozen=True)
class SeatRow:
    """What the tables say of one seat, without the answers."""

    registration_id: UUID
    room_id: UUID
    number: int
    attendance: AttendanceState | None
    logged_in: bool
    attempt_id: UUID | None
    paper_id: UUID | None
    form_size: int | None
    """Items of the candidate's own form; None for the whole paper."""
    epoch: int | None
    started_at: datetime | None
    due_at: datetime | None
    paused_at: datetime | None
    submitted_at: datetime | None
    forced: bool | None
    terminated_reason: str | None
    part: int
    """Steps begun, breaks not counted; 0 where there are none."""
    last_step: bool | None
    ends_at: datetime | None
    """End of the whole, where there are steps."""
    step_kind: StepKind | None
    rests_until: datetime | None
    """When the clock runs on after a break of the candidate's own."""


def _is_logged_in(since: Any, now: Any) -> ColumnElement[bool]:
    logged_in = exists().where(
        LoginSession.registration_id == Seat.registration_id,
        LoginSession.created_at >= since,
        LoginSession.expires_at > now,
    )
    return case((Attempt.id.is_not(None), True), else_=logged_in)


def _with_attempts(query: Select[Any], sitting_id: Any) -> Select[Any]:
    """Return a query over the seats of a sitting with attempt and attendance, if there are any."""
    here = and_(Attempt.sitting_id == sitting_id, Attempt.registration_id == Seat.registration_id)
    came = and_(Attendance.sitting_id == sitting_id, Attendance.registration_id == Seat.registration_id)
    return query.outerjoin(Attempt, here).outerjoin(Attendance, came).where(Seat.sitting_id == sitting_id)


def _part() -> ColumnElement[int]:
    rests = select(func.count()).where(
        AttemptStep.attempt_id == Attempt.id, AttemptStep.kind == StepKind.BREAK
    )
    begun = Attempt.step + 1 - rests.correlate(Attempt).scalar_subquery()
    return case((Attempt.ends_at.is_(None), 0), else_=begun)


def seat_rows(
    session: Session,
    sitting_id: UUID,
    room_id: UUID | None,
    *,
    since: datetime,
    now: datetime,
    only: Sequence[UUID] | None = None,
) -> list[SeatRow]:
    """Return the seats of a room, or of all rooms, with attendance, log-in and attempt: one statement, no answers.

    ``only`` names the registrations whose seats are asked for.
    """
    query = _with_attempts(
        select(
            Seat.registration_id,
            Seat.room_id,
            Seat.number,
            Attendance.state,
            _is_logged_in(since, now),
            Attempt.id,
            Attempt.paper_id,
            func.json_array_length(Attempt.form),
            Attempt.epoch,
            Attempt.started_at,
            Attempt.due_at,
            Attempt.paused_at,
            Attempt.submitted_at,
            Attempt.forced,
            Attempt.terminated_reason,
            _part(),
            Attempt.last_step,
            Attempt.ends_at,
            AttemptStep.kind,
            AttemptBreak.until,
        ),
        sitting_id,
    )
    present = and_(AttemptStep.attempt_id == Attempt.id, AttemptStep.number == Attempt.step)
    rests = and_(AttemptBreak.attempt_id == Attempt.id, AttemptBreak.ended_at.is_(None))
    query = query.outerjoin(AttemptStep, present).outerjoin(AttemptBreak, rests)
    query = query.order_by(Seat.room_id, Seat.number)
    if room_id is not None:
        query = query.where(Seat.room_id == room_id)
    if only is not None:
        query = query.where(Seat.registration_id.in_(only))
    return [SeatRow(*row) for row in session.execute(query)]


@cache
def _marks(dialect: str) -> Executable:
    now, since = (bindparam(name, type_=UtcDateTime()) for name in ("now", "since"))
    told = [
        Seat.number,
        Seat.registration_id,
        Sitting.status,
        Attendance.state,
        _is_logged_in(since, now),
        Attempt.id,
        Attempt.epoch,
        Attempt.due_at,
        Attempt.paused_at,
        Attempt.submitted_at,
        Attempt.terminated_reason,
        Attempt.step,
        Attempt.last_step,
        Attempt.ends_at,
    ]
    line = (func.printf if dialect == "sqlite" else func.format)("|".join(["%s"] * len(told)), *told)
    shown: list[Any] = [Seat.room_id, line.label("line")]
    lines = (
        _with_attempts(select(*shown).join_from(Seat, Sitting), bindparam("sitting", type_=Uuid()))
        .where(among(inspect(Seat).local_table.c.room_id, "rooms", dialect))
        .order_by(Seat.room_id, Seat.number)
        .subquery()
    )
    query = select(lines.c.room_id, func.aggregate_strings(lines.c.line, "\n"))
    return query.group_by(lines.c.room_id)


def marks(
    session: Session, sitting_id: UUID, room_ids: Sequence[UUID], *, since: datetime, now: datetime
) -> dict[UUID, str]:
    """Return what ``seat_rows`` reads of each room, and the sitting's status, as a text: to be compared, not read."""
    given = {"sitting": sitting_id, "rooms": room_ids, "since": since, "now": now}
    # Below the session, which is everybody's here: it would look at the statement each time.
    connection = session.connection()
    rows = connection.execute(_marks(connection.dialect.name), given)
    return {row[0]: row[1] for row in rows}


def _is_answered() -> ColumnElement[bool]:
    return cast(Answer.response, Text()) != "[]"


@cache
def _progress(dialect: str) -> Executable:
    attempt_id = inspect(Answer).local_table.c.attempt_id
    query = select(Answer.attempt_id, func.sum(case((_is_answered(), 1), else_=0)), func.max(Answer.saved_at))
    return query.where(among(attempt_id, "ids", dialect)).group_by(Answer.attempt_id)


def progress_of(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, tuple[int, datetime]]:
    """Return by attempt how many items are answered and when the last answer was kept; who has none is left out."""
    if not attempt_ids:
        return {}
    connection = session.connection()
    rows = connection.execute(_progress(connection.dialect.name), {"ids": attempt_ids})
    return {row[0]: (int(row[1]), row[2]) for row in rows}


@cache
def _answered_items(dialect: str) -> Executable:
    attempt_id = inspect(Answer).local_table.c.attempt_id
    query = select(Answer.attempt_id, func.aggregate_strings(cast(Answer.item_id, Text()), ","))
    return query.where(among(attempt_id, "ids", dialect), _is_answered()).group_by(Answer.attempt_id)


def answered_items(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return by attempt the items that are answered, named as the database writes them."""
    if not attempt_ids:
        return {}
    connection = session.connection()
    rows = connection.execute(_answered_items(connection.dialect.name), {"ids": attempt_ids})
    return {row[0]: row[1].split(",") for row in rows}


@cache
def _saved_since(dialect: str) -> Executable:
    rooms = "SELECT value FROM json_each(:rooms)"
    if dialect != "sqlite":
        rooms = "SELECT CAST(value AS uuid) FROM json_array_elements_text(CAST(:rooms AS json))"
    # SQLite takes what is joined so in this order: what anybody has saved lately first, not all that a room ever saved.
    query = text(f"""
        SELECT latest.attempt_id, CAST(latest.item_id AS TEXT) AS item,
            CAST(latest.response AS TEXT) <> '[]' AS answered, latest.saved_at
        FROM answer_history AS recent CROSS JOIN answer AS latest CROSS JOIN attempt CROSS JOIN seat
        WHERE recent.saved_at > :since
        AND latest.attempt_id = recent.attempt_id AND latest.item_id = recent.item_id
        AND attempt.id = latest.attempt_id AND attempt.sitting_id = :sitting
        AND seat.sitting_id = attempt.sitting_id AND seat.registration_id = attempt.registration_id
        AND seat.room_id IN ({rooms})
    """)  # noqa: S608  nothing of it comes from outside
    query = query.bindparams(bindparam("since", type_=UtcDateTime()), bindparam("sitting", type_=Uuid()))
    return query.columns(attempt_id=Uuid(), item=Text(), answered=Boolean(), saved_at=UtcDateTime())


def saved_since(
    session: Session, sitting_id: UUID, room_ids: Sequence[UUID], since: datetime
) -> Sequence[tuple[UUID, str, bool, datetime]]:
    """Return (attempt, item, whether it is answered now, when) of what was saved in some rooms after ``since``."""
    given = {"sitting": sitting_id, "rooms": json.dumps([room.hex for room in room_ids]), "since": since}
    # Below the session, which is everybody's here: it would look at the statement each time.
    connection = session.connection()
    rows = connection.execute(_saved_since(connection.dialect.name), given)
    return [(row[0], row[1], row[2], row[3]) for row in rows]


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


def incident(session: Session, incident_id: UUID, *, lock: bool = False) -> Incident | None:
    query = select(Incident).where(Incident.id == incident_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def standing(session: Session, sitting_id: UUID, registration_id: UUID) -> Sequence[Incident]:
    """Incidents of a candidate that void the component, or would: those that nobody has withdrawn."""
    query = select(Incident).where(
        Incident.sitting_id == sitting_id,
        Incident.registration_id == registration_id,
        Incident.kind.in_(VOIDING),
        Incident.withdrawn_at.is_(None),
    )
    return session.scalars(query.order_by(Incident.id)).all()


def undecided(session: Session, sitting_id: UUID | None = None) -> Sequence[Incident]:
    """Incidents that void a component once a second person confirms, of one sitting or of all."""
    query = select(Incident).where(
        Incident.kind.in_(VOIDING), Incident.confirmed_at.is_(None), Incident.withdrawn_at.is_(None)
    )
    if sitting_id is not None:
        query = query.where(Incident.sitting_id == sitting_id)
    return session.scalars(query.order_by(Incident.id)).all()


def open_attempts(
    session: Session, sitting_id: UUID, *, room_id: UUID | None = None, registration_id: UUID | None = None
) -> dict[UUID, UUID]:
    """Return by candidate, locked in key order, the attempts not handed in: all, of a room, or of one candidate."""
    query = select(Attempt.registration_id, Attempt.id).where(
        Attempt.sitting_id == sitting_id, Attempt.submitted_at.is_(None)
    )
    if room_id is not None:
        query = query.join(
            Seat, and_(Seat.sitting_id == sitting_id, Seat.registration_id == Attempt.registration_id)
        ).where(Seat.room_id == room_id)
    if registration_id is not None:
        query = query.where(Attempt.registration_id == registration_id)
    rows = session.execute(query.order_by(Attempt.id).with_for_update(of=Attempt))
    return {row[0]: row[1] for row in rows}


def lock_seat(session: Session, sitting_id: UUID, registration_id: UUID) -> None:
    """Let what concerns one candidate of a sitting happen one after the other."""
    query = select(Seat.id).where(Seat.sitting_id == sitting_id, Seat.registration_id == registration_id)
    session.execute(query.with_for_update())


def await_start(session: Session, registration_id: UUID) -> None:
    """Wait until an attempt that is being inserted is there: until its commit it holds its registration's key."""
    session.execute(select(Registration.id).where(Registration.id == registration_id).with_for_update())


def started(session: Session, sitting_id: UUID) -> frozenset[UUID]:
    """Registrations that have begun a sitting."""
    return frozenset(session.scalars(select(Attempt.registration_id).where(Attempt.sitting_id == sitting_id)))


def seat_at(session: Session, sitting_id: UUID, room_id: UUID, number: int) -> Seat | None:
    query = select(Seat).where(Seat.sitting_id == sitting_id, Seat.room_id == room_id, Seat.number == number)
    return session.scalars(query).one_or_none()


def messages(session: Session, sitting_id: UUID) -> Sequence[RoomMessage]:
    query = select(RoomMessage).where(RoomMessage.sitting_id == sitting_id).order_by(RoomMessage.id)
    return session.scalars(query).all()


def messages_since(session: Session, since: datetime) -> Sequence[RoomMessage]:
    query = select(RoomMessage).where(RoomMessage.sent_at >= since).order_by(RoomMessage.id)
    return session.scalars(query).all()


def rooms_of_attempts(session: Session, sitting_id: UUID) -> dict[UUID, tuple[UUID, int]]:
    """Return by attempt under way in a sitting the room where its candidate has a seat, and the epoch."""
    query = (
        select(Attempt.id, Seat.room_id, Attempt.epoch)
        .join(Seat, and_(Seat.sitting_id == sitting_id, Seat.registration_id == Attempt.registration_id))
        .where(Attempt.sitting_id == sitting_id, Attempt.submitted_at.is_(None))
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}


def messages_of(session: Session, attempt_id: UUID) -> Sequence[RoomMessage]:
    """Return what the candidate of an attempt was told: alone, in the room where the seat is, or with everybody."""
    query = (
        _to_seats()
        .join(
            Attempt,
            and_(Attempt.sitting_id == Seat.sitting_id, Attempt.registration_id == Seat.registration_id),
        )
        .where(Attempt.id == attempt_id)
    )
    return session.scalars(query).all()


def messages_to(session: Session, sitting_id: UUID, registration_id: UUID) -> Sequence[RoomMessage]:
    """Return what a candidate with a seat was told, begun or not."""
    query = _to_seats().where(Seat.sitting_id == sitting_id, Seat.registration_id == registration_id)
    return session.scalars(query).all()


def _to_seats() -> Select[RoomMessage]:
    """Messages, joined with the seats whose candidates they reach, in order."""
    to_all = and_(
        RoomMessage.registration_id.is_(None),
        or_(RoomMessage.room_id.is_(None), RoomMessage.room_id == Seat.room_id),
    )
    reached = or_(RoomMessage.registration_id == Seat.registration_id, to_all)
    query = select(RoomMessage).join(Seat, and_(Seat.sitting_id == RoomMessage.sitting_id, reached))
    return query.order_by(RoomMessage.id)


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
