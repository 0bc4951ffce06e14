"""What the invigilator sees: every seat of a room with its candidate's state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import service as delivery
from exam_engine.delivery.models import AttemptBreak
from exam_engine.delivery.service import AttemptProgress, AttemptStage
from exam_engine.invigilation import store
from exam_engine.invigilation.models import Attendance, Incident, RoomRecord
from exam_engine.invigilation.rules import AttendanceState
from exam_engine.papers import service as papers
from exam_engine.sittings import service as sittings
from exam_engine.sittings.accommodations import Accommodations
from exam_engine.sittings.models import Room, Sitting
from exam_engine.sittings.rules import Component, SittingStatus
from exam_engine.sittings.service import SeatView

SILENT_SECONDS = 120
"""A working candidate without a saved answer for this long is shown as quiet."""

_item_counts: dict[UUID, int] = {}
"""Items of a sealed paper, which never change."""


class SeatState(StrEnum):
    """What the candidate of a seat is doing."""

    NOT_LOGGED_IN = "not_logged_in"
    WAITING = "waiting"
    ANSWERING = "answering"
    PAUSED = "paused"
    RESTING = "resting"
    HANDED_IN = "handed_in"
    FORCED = "forced"
    TERMINATED = "terminated"
    PRESENT = "present"
    ABSENT = "absent"


_STAGES = {
    AttemptStage.WORKING: SeatState.ANSWERING,
    AttemptStage.PAUSED: SeatState.PAUSED,
    AttemptStage.HANDED_IN: SeatState.HANDED_IN,
    AttemptStage.FORCED: SeatState.FORCED,
    AttemptStage.TERMINATED: SeatState.TERMINATED,
}


@dataclass(frozen=True)
class WatchedSeat:
    """One seat as it is now."""

    view: SeatView
    state: SeatState
    attempt: AttemptProgress | None
    items: int
    attendance: Attendance | None
    incidents: Sequence[Incident]
    quiet: bool
    """Working, but nothing saved for SILENT_SECONDS."""
    given: Accommodations
    breaks: Sequence[AttemptBreak]
    """Taken so far."""

    @property
    def rests_until(self) -> datetime | None:
        """When the present break is over, one of the candidate's own or one between two parts."""
        return _rests_until(self.attempt, self.breaks)


@dataclass(frozen=True)
class WatchedRoom:
    """One room as it is now."""

    sitting: Sitting
    room: Room
    seats: Sequence[WatchedSeat]
    incidents: Sequence[Incident]
    record: RoomRecord | None

    @property
    def counts(self) -> dict[SeatState, int]:
        found = Counter(seat.state for seat in self.seats)
        return {state: found[state] for state in SeatState if found[state]}


def items_of(session: Session, paper_id: UUID | None) -> int:
    """Return how many items a sealed paper has."""
    if paper_id is None:
        return 0
    if paper_id not in _item_counts:
        if len(_item_counts) > 50_000:  # as many forms as candidates, where each gets their own
            _item_counts.clear()
        paper = papers.candidate_view(session, paper_id)
        _item_counts[paper_id] = sum(len(section.entries) for section in paper.sections)
    return _item_counts[paper_id]


def watch(
    session: Session, sitting_id: UUID, *, now: datetime, room_id: UUID | None = None
) -> list[WatchedRoom]:
    """Return the rooms of a sitting, or one of them, as they are now. Raises NotFound."""
    sitting = sittings.find_sitting(session, sitting_id)
    seats = sittings.list_seats(session, sitting_id, room_id)
    here = None if room_id is None else [view.seat.registration_id for view in seats]
    attempts = {row.registration_id: row for row in delivery.attempt_states(session, sitting_id, here)}
    attendance, incidents = store.attendance(session, sitting_id), store.incidents(session, sitting_id)
    opened = sittings.terms_of(sitting).opens_at
    logged_in = store.logged_in(session, sitting_id, since=opened, now=now)
    records = store.records(session, sitting_id)
    breaks = delivery.breaks_taken(session, sitting_id)
    rooms: dict[UUID, list[WatchedSeat]] = {}
    found: dict[UUID, Room] = {}
    for view in seats:
        key = view.seat.registration_id
        attempt, present = attempts.get(key), attendance.get(key)
        taken = breaks.get(key, ())
        state = _state(sitting, attempt, present, key in logged_in)
        if state in _MAY_REST and _rests_until(attempt, taken):
            state = SeatState.RESTING
        last = (attempt.last_saved_at or attempt.started_at) if attempt else now
        quiet = state is SeatState.ANSWERING and (now - last).total_seconds() > SILENT_SECONDS
        own = [incident for incident in incidents if incident.registration_id == key]
        items = (attempt.form_size or items_of(session, view.seat.paper_id)) if attempt else 0
        rooms.setdefault(view.room.id, []).append(
            WatchedSeat(
                view,
                state,
                attempt,
                items,
                present,
                own,
                quiet,
                Accommodations.from_json(view.seat.accommodations),
                taken,
            )
        )
        found[view.room.id] = view.room
    return [
        WatchedRoom(
            sitting, found[key], watched, [row for row in incidents if row.room_id == key], records.get(key)
        )
        for key, watched in rooms.items()
    ]


_MAY_REST = frozenset({SeatState.ANSWERING, SeatState.PAUSED})


def _rests_until(attempt: AttemptProgress | None, breaks: Sequence[AttemptBreak]) -> datetime | None:
    if attempt is None:
        return None
    last = breaks[-1] if breaks else None
    if last is not None and last.ended_at is None:
        return last.until
    return attempt.due_at if attempt.resting and attempt.stage is AttemptStage.WORKING else None


def _state(
    sitting: Sitting, attempt: AttemptProgress | None, attendance: Attendance | None, logged_in: bool
) -> SeatState:
    if attempt is not None:
        return _STAGES[attempt.stage]
    if attendance is not None and attendance.state is AttendanceState.ABSENT:
        return SeatState.ABSENT
    if sitting.component is not Component.THEORY or sitting.status is SittingStatus.CLOSED:
        return SeatState.PRESENT if attendance is not None else SeatState.NOT_LOGGED_IN
    return SeatState.WAITING if logged_in else SeatState.NOT_LOGGED_IN
