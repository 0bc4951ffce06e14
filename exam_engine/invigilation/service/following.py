"""The picture of one room, kept up to date by what changed since it was looked at last.

What the tables say of the seats is read as one text and compared; only when it differs the seats are read anew. Of the
answers only those of attempts that saved meanwhile are counted. So a look costs little where little happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery.seb import service as seb
from exam_engine.delivery.seb.rules import Shown
from exam_engine.invigilation import store
from exam_engine.invigilation.service.picturing import Picture, SeatNow, seat_now
from exam_engine.invigilation.store import SeatRow
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Sitting
from exam_engine.sittings.rules import SittingStatus
from itembank.base.db import database_now

OVERLAP = timedelta(seconds=2)
"""An answer has the time at which its transaction began: what becomes visible so much later is still seen at once."""

WHOLE = timedelta(seconds=30)
"""So often everything is counted anew, for what became visible later still."""

JUDGED = timedelta(seconds=3)
"""So often the time alone may make a seat another one: quiet, late, overdue."""


class RoomFollower:
    """Looks at one room again and again; for one thread at a time."""

    def __init__(self, sitting_id: UUID, room_id: UUID) -> None:
        self.sitting_id, self.room_id = sitting_id, room_id
        self._sitting: Sitting | None = None
        self._marks = ""
        self._rows: list[SeatRow] = []
        self._places: dict[UUID, int] = {}
        """Where in the rows an attempt stands."""
        self._progress: dict[UUID, tuple[int, datetime]] = {}
        self._seats: list[SeatNow] = []
        self._standings: Mapping[UUID, seb.Standing] | None = None
        self._looked_at: datetime | None = None
        self._counted_at = self._judged_at = datetime.min.replace(tzinfo=UTC)

    def look(self, session: Session) -> Picture:
        """Return the room as it is now; what did not change, seats or all of them, is the same object as before.

        Raises NotFound.
        """
        if self._sitting is None:
            self._sitting = sittings.find_sitting(session, self.sitting_id)
        now = database_now(session)
        before, self._looked_at = self._looked_at, now
        whole = before is None or not before <= now < self._counted_at + WHOLE
        moved = self._read_seats(session, now) or whole
        if whole:
            self._progress, self._counted_at = {}, now
        saved = self._count(session, None if before is None or whole else before - OVERLAP, moved=moved)
        if moved or now >= self._judged_at + JUDGED:
            self._judged_at = now
            self._standings = seb.standings(session, self.sitting_id)
            self._judge_all(session, now)
        elif saved:
            self._judge_some(session, now, [self._places[attempt] for attempt in saved])
        return Picture(now, self._sitting.status is SittingStatus.CLOSED, self._seats)

    def _read_seats(self, session: Session, now: datetime) -> bool:
        """Read the seats if they are not what they were, and tell whether that is so."""
        assert self._sitting is not None
        since = sittings.terms_of(self._sitting).opens_at
        marks = store.marks(session, self.sitting_id, self.room_id, since=since, now=now)
        if marks == self._marks:
            return False
        self._sitting = sittings.find_sitting(session, self.sitting_id)
        self._rows = store.seat_rows(session, self.sitting_id, self.room_id, since=since, now=now)
        self._places = {row.attempt_id: place for place, row in enumerate(self._rows) if row.attempt_id}
        self._marks = marks
        return True

    def _count(
        self, session: Session, since: datetime | None, *, moved: bool
    ) -> Mapping[UUID, tuple[int, datetime]]:
        """Count the answers of whoever saved after ``since`` or is new in the room; return what changed."""
        found: dict[UUID, tuple[int, datetime]] = {}
        if self._places and since is not None:
            found |= store.progress_of(session, list(self._places), since=since)
        if moved:
            fresh = [attempt for attempt in self._places if attempt not in self._progress]
            found |= store.progress_of(session, fresh) if fresh else {}
        changed = {key: counted for key, counted in found.items() if self._progress.get(key) != counted}
        self._progress |= changed
        return changed

    def _judge_all(self, session: Session, now: datetime) -> None:
        """Make all seats anew; one that comes out the same stays."""
        known = {seat.registration_id: seat for seat in self._seats}
        seats = [self._judge(session, row, now, known.get(row.registration_id)) for row in self._rows]
        if len(seats) != len(self._seats) or any(a is not b for a, b in zip(seats, self._seats, strict=True)):
            self._seats = seats

    def _judge_some(self, session: Session, now: datetime, places: Iterable[int]) -> None:
        """Make the seats of those who saved anew."""
        seats = list(self._seats)
        for place in places:
            seats[place] = self._judge(session, self._rows[place], now, seats[place])
        self._seats = seats

    def _judge(self, session: Session, row: SeatRow, now: datetime, former: SeatNow | None) -> SeatNow:
        """Return a seat as it is now; the former one when it is the same."""
        assert self._sitting is not None
        begun = now > sittings.terms_of(self._sitting).starts_at
        seat = seat_now(session, self._sitting, row, now, begun, self._progress)
        if self._standings is not None:
            standing = self._standings.get(row.registration_id)
            seat = replace(seat, browser=standing.shown if standing else Shown.MISSING)
        return former if former is not None and former == seat else seat
