"""What every stage of the demonstration works with: the site, its clock, its organisations and actors."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.people.rules import Actor
from scripts.demonstration.ground import Ground

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class World:
    """The site while it is being built; its clock begins some weeks ago and ends at the present."""

    database: Database
    clock: ShiftedClock
    ground: Ground

    def session(self, *, centre: bool = False) -> AbstractContextManager[Session]:
        """One transaction in the scope of the institution, or of the centre with it."""
        reached = (self.ground.institution_id, *([self.ground.centre_id] if centre else []))
        return self.database.session(scope=Scope.of(reached))

    def actor(self, username: str) -> Actor:
        """Return who acts as an account of the cast."""
        return self.ground.actors[username]

    def now(self) -> datetime:
        return self.clock.now()

    def advance_to(self, moment: datetime) -> None:
        """Let time go on to a moment, but never past the present."""
        step = min(moment - self.now(), -self.clock.offset)
        if step > timedelta(0):
            self.clock.advance(step)
