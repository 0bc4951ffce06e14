"""The picture of watched rooms, kept up to date by what changed since they were looked at last.

What the tables say of the seats is read as one text a room and compared; only of a room where it differs the seats are
read anew. Of the answers only those saved meanwhile are read (``tallying``). All rooms of a sitting that are watched
are looked at together. So a look costs little where little happens, and hardly more for many rooms than for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery.seb import service as seb
from exam_engine.delivery.seb.rules import Shown
from exam_engine.invigilation import store
from exam_engine.invigilation.service.picturing import Picture, SeatNow, seat_now
from exam_engine.invigilation.service.tallying import Tally
from exam_engine.invigilation.store import SeatRow
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Sitting
from exam_engine.sittings.rules import SittingStatus
from itembank.base.db import database_now

OVERLAP = timedelta(seconds=1)
"""An answer has the time at which its transaction began: what becomes visible so much later is still seen at once."""

WHOLE = timedelta(seconds=30)
"""So often everything is counted anew, for what became visible later still."""

JUDGED = timedelta(seconds=5)
"""So often the time alone may make a seat another one: quiet, late, overdue."""


@dataclass
class _Room:
    """What is known of one room."""

    marks: str | None = None
    rows: Sequence[SeatRow] = ()
    places: dict[UUID, int] = field(default_factory=dict)
    """Where in the rows an attempt stands."""
    seats: list[SeatNow] = field(default_factory=list)


class SittingFollower:
    """Looks at rooms of one sitting again and again; for one thread at a time."""

    def __init__(self, sitting_id: UUID) -> None:
        self.sitting_id = sitting_id
        self._sitting: Sitting | None = None
        self._opens_at = self._starts_at = datetime.max.replace(tzinfo=UTC)
        self._rooms: dict[UUID, _Room] = {}
        self._tally = Tally()
        self._standings: Mapping[UUID, seb.Standing] | None = None
        self._looked_at: datetime | None = None
        self._counted_at = self._judged_at = datetime.min.replace(tzinfo=UTC)

    def look(self, session: Session, room_ids: Sequence[UUID]) -> dict[UUID, Picture]:
        """Return rooms as they are now; what did not change, seats or all of them, is the same object as before.

        A room that is left out once is forgotten. Raises NotFound.
        """
        if self._sitting is None:
            self._read_sitting(session)
        now = database_now(session)
        before, self._looked_at = self._looked_at, now
        whole = before is None or not before <= now < self._counted_at + WHOLE
        left = self._rooms.keys() - set(room_ids)
        self._rooms = {room_id: self._rooms.get(room_id) or _Room() for room_id in room_ids}
        moved = self._read_seats(session, now)
        if left or moved:
            self._tally.follow(session, {attempt for room in self._rooms.values() for attempt in room.places})
        saved: set[UUID] = set()
        if before is not None and whole:
            self._tally.count_all(session)
        elif before is not None:
            saved = self._tally.catch_up(session, self.sitting_id, room_ids, before - OVERLAP)
        judged = whole or now >= self._judged_at + JUDGED
        if judged:
            self._judged_at = now
        if whole:
            self._counted_at = now
        if judged or moved:
            self._standings = seb.standings(session, self.sitting_id)
        for room_id, room in self._rooms.items():
            if judged or room_id in moved:
                self._judge_all(session, room, now)
            elif places := [room.places[attempt] for attempt in saved if attempt in room.places]:
                self._judge_some(session, room, now, places)
        assert self._sitting is not None
        closed = self._sitting.status is SittingStatus.CLOSED
        return {room_id: Picture(now, closed, room.seats) for room_id, room in self._rooms.items()}

    def _read_sitting(self, session: Session) -> None:
        self._sitting = sittings.find_sitting(session, self.sitting_id)
        terms = sittings.terms_of(self._sitting)
        self._opens_at, self._starts_at = terms.opens_at, terms.starts_at

    def _read_seats(self, session: Session, now: datetime) -> set[UUID]:
        """Read the seats of rooms that are not what they were; return which."""
        since = self._opens_at
        marks = store.marks(session, self.sitting_id, list(self._rooms), since=since, now=now)
        moved = {room_id for room_id, room in self._rooms.items() if room.marks != marks.get(room_id, "")}
        if moved:
            self._read_sitting(session)
        for room_id in moved:
            room = self._rooms[room_id]
            room.rows = store.seat_rows(session, self.sitting_id, room_id, since=since, now=now)
            room.places = {row.attempt_id: place for place, row in enumerate(room.rows) if row.attempt_id}
            room.marks = marks.get(room_id, "")
        return moved

    def _judge_all(self, session: Session, room: _Room, now: datetime) -> None:
        """Make all seats of a room anew; where all come out the same they stay."""
        known = {seat.registration_id: seat for seat in room.seats}
        seats = [self._judge(session, row, now, known.get(row.registration_id)) for row in room.rows]
        if len(seats) != len(room.seats) or any(a is not b for a, b in zip(seats, room.seats, strict=True)):
            room.seats = seats

    def _judge_some(self, session: Session, room: _Room, now: datetime, places: Iterable[int]) -> None:
        """Make the seats of those who saved anew."""
        seats = list(room.seats)
        for place in places:
            seats[place] = self._judge(session, room.rows[place], now, seats[place])
        room.seats = seats

    def _judge(self, session: Session, row: SeatRow, now: datetime, former: SeatNow | None) -> SeatNow:
        """Return a seat as it is now; the former one when it is the same."""
        assert self._sitting is not None
        seat = seat_now(session, self._sitting, row, now, now > self._starts_at, self._tally.progress)
        if self._standings is not None:
            standing = self._standings.get(row.registration_id)
            seat = replace(seat, browser=standing.shown if standing else Shown.MISSING)
        return former if former is not None and former == seat else seat
