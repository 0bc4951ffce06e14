"""The live picture of a room: small enough to be made every second, and without anybody's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery.rules import SAVE_GRACE
from exam_engine.delivery.seb.rules import Shown
from exam_engine.delivery.steps.rules import StepKind, goes_on
from exam_engine.invigilation import store
from exam_engine.invigilation.models import RoomRecord
from exam_engine.invigilation.rules import AttendanceState
from exam_engine.invigilation.service.watching import SILENT_SECONDS, SeatState, items_of
from exam_engine.invigilation.store import SeatRow
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Room, Sitting
from exam_engine.sittings.rules import Component, SittingStatus
from itembank.base.db import database_now

NOT_BEGUN = frozenset({SeatState.NOT_LOGGED_IN, SeatState.WAITING})

_SILENT = timedelta(seconds=SILENT_SECONDS)
_NEVER = datetime.max.replace(tzinfo=UTC)

RoomProgress = Mapping[UUID, tuple[int, datetime]]
"""Items answered and last acknowledged save, by attempt."""


@dataclass(frozen=True)
class SeatNow:
    """One seat as it is now."""

    registration_id: UUID
    room_id: UUID
    number: int
    state: SeatState
    answered: int
    items: int
    last_saved_at: datetime | None
    epoch: int
    """Devices that opened the attempt so far; 0 before it began."""
    due_at: datetime | None
    """When the time runs out, while it runs; in a break, when that is over."""
    left_seconds: float | None
    """What is left while the clock stands."""
    quiet: bool
    attention: bool
    """Somebody should look: quiet, paused, or not begun although the examination has."""
    part: int = 0
    """Number, from 1, of the present step or of the one before the break; 0 where there are no steps."""
    resting: bool = False
    """In a break, one of the candidate's own or one between two parts."""
    browser: Shown | None = None
    """How the candidate stands with the Safe Exam Browser; None where the sitting does not use it."""


@dataclass(frozen=True)
class Picture:
    """The seats of one room, or of all, at one instant of the database's clock."""

    at: datetime
    closed: bool
    seats: Sequence[SeatNow]

    def counts(self) -> dict[UUID, Counter[SeatState]]:
        """Return how many seats are in which state, by room."""
        found: dict[UUID, Counter[SeatState]] = {}
        for seat in self.seats:
            found.setdefault(seat.room_id, Counter())[seat.state] += 1
        return found


@dataclass(frozen=True)
class RoomOverview:
    """One room among those of its sitting."""

    room: Room
    seats: int
    counts: Mapping[SeatState, int]
    incidents: int
    record: RoomRecord | None


def overview(session: Session, sitting_id: UUID) -> list[RoomOverview]:
    """Return the rooms of a sitting with their figures, by name; reads no answer and no name. Raises NotFound."""
    counts = picture(session, sitting_id).counts()
    incidents = Counter(row.room_id for row in store.incidents(session, sitting_id))
    records = store.records(session, sitting_id)
    return [
        RoomOverview(
            room,
            counts[room.id].total(),
            {state: counts[room.id][state] for state in SeatState if counts[room.id][state]},
            incidents[room.id],
            records.get(room.id),
        )
        for room in sittings.list_rooms(session)
        if room.id in counts
    ]


def picture(session: Session, sitting_id: UUID) -> Picture:
    """Return the picture of a whole sitting, without answers and browsers: nobody is quiet in it. Raises NotFound."""
    sitting = sittings.find_sitting(session, sitting_id)
    terms = sittings.terms_of(sitting)
    now = database_now(session)
    rows = store.seat_rows(session, sitting_id, None, since=terms.opens_at, now=now)
    seats = [seat_now(session, sitting, row, now, now > terms.starts_at, None) for row in rows]
    return Picture(now, sitting.status is SittingStatus.CLOSED, seats)


def seat_now(
    session: Session,
    sitting: Sitting,
    row: SeatRow,
    now: datetime,
    begun: bool,
    progress: RoomProgress | None,
) -> SeatNow:
    """Return what a seat's row means at an instant; without ``progress`` nothing is known of answers."""
    state = _state(sitting, row, now)
    answered, saved = (progress or {}).get(row.attempt_id, (0, None)) if row.attempt_id else (0, None)
    quiet = False
    if progress is not None and state is SeatState.ANSWERING and row.started_at:
        quiet = now - max(saved or row.started_at, row.started_at) > _SILENT
    left = None
    if state is SeatState.PAUSED and row.due_at and row.paused_at:
        left = (row.due_at - row.paused_at).total_seconds()
    late = begun and state in NOT_BEGUN and sitting.component is Component.THEORY
    return SeatNow(
        registration_id=row.registration_id,
        room_id=row.room_id,
        number=row.number,
        state=state,
        answered=answered,
        items=0 if progress is None else row.form_size or items_of(session, row.paper_id),
        last_saved_at=saved,
        epoch=row.epoch or 0,
        due_at=_runs_out(row, state),
        left_seconds=left,
        quiet=quiet,
        attention=quiet or late or state in (SeatState.PAUSED, SeatState.TERMINATED),
        part=row.part,
        resting=state is SeatState.RESTING,
    )


def turns_at(row: SeatRow, seat: SeatNow, now: datetime, starts_at: datetime) -> datetime:
    """Return until when the time alone leaves a seat what ``seat_now`` made of it: overdue, quiet or late after it."""
    moments = []
    if row.due_at is not None and row.submitted_at is None and row.paused_at is None:
        moments.append(row.due_at + SAVE_GRACE)
    if seat.state is SeatState.ANSWERING and row.started_at is not None:
        moments.append(max(seat.last_saved_at or row.started_at, row.started_at) + _SILENT)
    if seat.state in NOT_BEGUN:
        moments.append(starts_at)
    return min((moment for moment in moments if moment >= now), default=_NEVER)


def _runs_out(row: SeatRow, state: SeatState) -> datetime | None:
    if state is SeatState.RESTING and row.rests_until:
        return row.rests_until
    return row.due_at if state in (SeatState.ANSWERING, SeatState.RESTING) else None


def _state(sitting: Sitting, row: SeatRow, now: datetime) -> SeatState:
    if row.attempt_id is not None and row.due_at is not None:
        if row.terminated_reason:
            return SeatState.TERMINATED
        over = row.submitted_at is None and not row.paused_at and now > row.due_at + SAVE_GRACE
        last = row.last_step is not False
        if row.forced or (over and not goes_on(last=last, due_at=row.due_at, ends_at=row.ends_at)):
            return SeatState.FORCED
        if row.submitted_at is not None:
            return SeatState.HANDED_IN
        if row.paused_at:
            return SeatState.RESTING if row.rests_until else SeatState.PAUSED
        return SeatState.RESTING if row.step_kind is StepKind.BREAK else SeatState.ANSWERING
    if row.attendance is AttendanceState.ABSENT:
        return SeatState.ABSENT
    if sitting.component is not Component.THEORY or sitting.status is SittingStatus.CLOSED:
        return SeatState.NOT_LOGGED_IN if row.attendance is None else SeatState.PRESENT
    return SeatState.WAITING if row.logged_in else SeatState.NOT_LOGGED_IN
