"""The picture of watched rooms, kept up to date by what changed since they were looked at last.

What the tables say of the seats is read as one text a room, a line each, and compared; only seats whose lines differ
are read anew. Of the answers only those saved meanwhile are read (``tallying``), and of each seat it is known when the
time alone may make it another one. All rooms of a sitting that are watched are looked at together. So a look costs what
has changed, and hardly more for many rooms than for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery.seb import service as seb
from exam_engine.delivery.seb.rules import Shown
from exam_engine.invigilation import store
from exam_engine.invigilation.service.picturing import Picture, SeatNow, seat_now, turns_at
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

SEATS = timedelta(seconds=10)
"""So often the seats are compared although this process has written nothing but answers: another one may have."""

BROWSERS = timedelta(seconds=5)
"""So often it is read who uses the Safe Exam Browser."""


@dataclass
class _Room:
    """What is known of one room, seat by seat."""

    marks: str | None = None
    rows: list[SeatRow] = field(default_factory=list)
    places: dict[UUID, int] = field(default_factory=dict)
    """Where in the rows an attempt stands."""
    known: dict[UUID, SeatNow] = field(default_factory=dict)
    """The seats by registration."""
    seats: list[SeatNow] = field(default_factory=list)
    turns: list[datetime] = field(default_factory=list)
    """Until when the time alone leaves a seat what it is."""


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
        self._counted_at = self._browsers_at = self._compared_at = datetime.min.replace(tzinfo=UTC)
        self._written: object | None = None

    def look(
        self, session: Session, room_ids: Sequence[UUID], *, written: object | None = None
    ) -> dict[UUID, Picture]:
        """Return rooms as they are now; what did not change, seats or all of them, is the same object as before.

        A room that is left out once is forgotten. ``written`` is ``Database.written``, taken before the session was
        opened: while it is the same object nobody has moved. Raises NotFound.
        """
        if self._sitting is None:
            self._read_sitting(session)
        now = database_now(session)
        before, self._looked_at = self._looked_at, now
        forwards = before is not None and before <= now
        left = self._rooms.keys() - set(room_ids)
        self._rooms = {room_id: self._rooms.get(room_id) or _Room() for room_id in room_ids}
        moved = self._read_seats(session, now, written)
        if left or moved:
            self._tally.follow(session, {attempt for room in self._rooms.values() for attempt in room.places})
        if before is None or not forwards or now >= self._counted_at + WHOLE:
            self._counted_at = now
            saved = self._tally.count_all(session)
        else:
            saved = self._tally.catch_up(session, self.sitting_id, room_ids, before - OVERLAP)
        everybody = self._read_browsers(session, now, anew=bool(moved)) or not forwards
        for room_id, room in self._rooms.items():
            places: Iterable[int] = range(len(room.rows))
            if not everybody:
                due = {place for place, turn in enumerate(room.turns) if turn < now}
                due.update(room.places[attempt] for attempt in saved if attempt in room.places)
                places = due | moved.get(room_id, set())
            self._judge(session, room, now, places)
        assert self._sitting is not None
        closed = self._sitting.status is SittingStatus.CLOSED
        return {room_id: Picture(now, closed, room.seats) for room_id, room in self._rooms.items()}

    def _read_sitting(self, session: Session) -> None:
        self._sitting = sittings.find_sitting(session, self.sitting_id)
        terms = sittings.terms_of(self._sitting)
        self._opens_at, self._starts_at = terms.opens_at, terms.starts_at

    def _read_seats(self, session: Session, now: datetime, written: object | None) -> dict[UUID, Set[int]]:
        """Read the seats that are not what they were; return by room at which places they stand."""
        is_same = written is not None and written is self._written
        is_known = all(room.marks is not None for room in self._rooms.values())
        if is_same and is_known and self._compared_at <= now < self._compared_at + SEATS:
            return {}
        marks = store.marks(session, self.sitting_id, list(self._rooms), since=self._opens_at, now=now)
        moved = [room_id for room_id, room in self._rooms.items() if room.marks != marks.get(room_id, "")]
        if moved:
            self._read_sitting(session)
        read = {room_id: self._read_room(session, room_id, marks.get(room_id, ""), now) for room_id in moved}
        self._written, self._compared_at = written, now
        return read

    def _read_room(self, session: Session, room_id: UUID, marks: str, now: datetime) -> Set[int]:
        room, since = self._rooms[room_id], self._opens_at
        places = _others(room.marks, marks)
        if places is not None:
            ids = [room.rows[place].registration_id for place in places]
            rows = store.seat_rows(session, self.sitting_id, room_id, since=since, now=now, only=ids)
            if [row.registration_id for row in rows] == ids:
                for place, row in zip(places, rows, strict=True):
                    room.rows[place] = row
                    if row.attempt_id is not None:
                        room.places[row.attempt_id] = place
                room.marks = marks
                return set(places)
        room.rows = store.seat_rows(session, self.sitting_id, room_id, since=since, now=now)
        room.places = {row.attempt_id: place for place, row in enumerate(room.rows) if row.attempt_id}
        room.seats, room.turns, room.marks = [], [now] * len(room.rows), marks
        return set(range(len(room.rows)))

    def _read_browsers(self, session: Session, now: datetime, *, anew: bool) -> bool:
        """Read, when it is time, how candidates stand with the browser; return whether anybody stands otherwise."""
        if not anew and self._browsers_at <= now < self._browsers_at + BROWSERS:
            return False
        self._browsers_at = now
        before, self._standings = self._standings, seb.standings(session, self.sitting_id)
        return before != self._standings

    def _judge(self, session: Session, room: _Room, now: datetime, places: Iterable[int]) -> None:
        """Make seats anew; where all come out the same they stay."""
        assert self._sitting is not None
        changed = len(room.seats) != len(room.rows)
        for place in places:
            row = room.rows[place]
            seat = seat_now(session, self._sitting, row, now, now > self._starts_at, self._tally.progress)
            if self._standings is not None:
                standing = self._standings.get(row.registration_id)
                seat = replace(seat, browser=standing.shown if standing else Shown.MISSING)
            room.turns[place] = turns_at(row, seat, now, self._starts_at)
            if room.known.get(row.registration_id) != seat:
                room.known[row.registration_id], changed = seat, True
        if changed:
            room.seats = [room.known[row.registration_id] for row in room.rows]


def _others(before: str | None, after: str) -> list[int] | None:
    """Return at which places lines of marks differ; None where others sit, or at other seats."""
    if before is None:
        return None
    former, lines = before.split("\n"), after.split("\n")
    places = [place for place, (a, b) in enumerate(zip(former, lines, strict=False)) if a != b]
    same = all(former[place].split("|", 2)[:2] == lines[place].split("|", 2)[:2] for place in places)
    return places if same and len(former) == len(lines) else None
