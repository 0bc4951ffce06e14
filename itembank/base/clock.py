"""What time it is. Injected at construction; nothing below the web reads the system clock.

Delivery asks the database instead (``Database.now``), so that every worker agrees on a deadline; the clock's
``offset`` is added there too. It is zero except under the test clock, which only tests and the headless
demonstration construct.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock."""

    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class ShiftedClock:
    """A clock that can be moved forward; for tests and the headless demonstration."""

    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, by: timedelta) -> None:
        """Move time forward by ``by``.

        Raises ValueError if ``by`` is negative: stored times must not lie in the future.
        """
        if by < timedelta(0):
            raise ValueError("time only moves forward")
        self.offset += by


Clock = SystemClock | ShiftedClock
