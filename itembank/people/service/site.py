"""Facts about this installation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from itembank.people import store
from itembank.people.models import SiteFact


def mark_demonstration(session: Session, *, now: datetime) -> None:
    """Mark the database as a demonstration, for good: its papers and certificates are worth nothing."""
    if not is_demonstration(session):
        session.add(SiteFact(name="demonstration", value={"is": "yes"}, set_on=now.date()))


def is_demonstration(session: Session) -> bool:
    """Tell whether the database was made as a demonstration."""
    return store.fact(session, "demonstration") is not None
