"""How many items the attempts of watched rooms have answered, kept up to date by what was saved since.

Of each attempt that saves it is remembered which items are answered, one bit each; so a look reads what was saved since
the last one, and not all that those who saved have ever answered. Counts of the whole, made now and then, correct what
was missed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.invigilation import store


class Tally:
    """Counts for the attempts of one sitting; for one thread at a time."""

    def __init__(self) -> None:
        self.progress: dict[UUID, tuple[int, datetime]] = {}
        """Items answered and last acknowledged save, by attempt; who has saved nothing is left out."""
        self._followed: Set[UUID] = frozenset()
        self._answered: dict[UUID, int] = {}
        self._bits: dict[str, int] = {}

    def follow(self, session: Session, attempts: Set[UUID]) -> None:
        """Count those of ``attempts`` that were not followed before; forget all others."""
        for attempt in self._followed - attempts:
            self.progress.pop(attempt, None)
            self._answered.pop(attempt, None)
        self.progress |= store.progress_of(session, list(attempts - self._followed))
        self._followed = attempts

    def count_all(self, session: Session) -> set[UUID]:
        """Count anew; return whose count or time is another now."""
        counted = store.progress_of(session, list(self._followed))
        for attempt, (number, _) in counted.items():
            if self._answered.get(attempt, 0).bit_count() != number:
                self._answered.pop(attempt, None)
        return self._note(counted)

    def catch_up(
        self, session: Session, sitting_id: UUID, room_ids: Sequence[UUID], since: datetime
    ) -> set[UUID]:
        """Take in what was saved in some rooms after ``since``; return whose count or time is another now."""
        rows = [
            row for row in store.saved_since(session, sitting_id, room_ids, since) if row[0] in self._followed
        ]
        self._remember(session, {row[0] for row in rows if row[0] not in self._answered})
        found: dict[UUID, tuple[int, datetime]] = {}
        for attempt, item, answered, saved_at in rows:
            bit = self._bit(item)
            mask = self._answered[attempt]
            self._answered[attempt] = mask = mask | bit if answered else mask & ~bit
            _, before = found.get(attempt) or self.progress.get(attempt) or (0, saved_at)
            found[attempt] = mask.bit_count(), max(before, saved_at)
        return self._note(found)

    def _note(self, found: Mapping[UUID, tuple[int, datetime]]) -> set[UUID]:
        changed = {attempt for attempt, known in found.items() if self.progress.get(attempt) != known}
        self.progress |= found
        return changed

    def _remember(self, session: Session, attempts: Collection[UUID]) -> None:
        """Read which items of some attempts are answered."""
        items = store.answered_items(session, list(attempts))
        for attempt in attempts:
            self._answered[attempt] = sum(self._bit(item) for item in items.get(attempt, ()))

    def _bit(self, item: str) -> int:
        return self._bits.setdefault(item, 1 << len(self._bits))
