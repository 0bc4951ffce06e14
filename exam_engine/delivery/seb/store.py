"""All SQL of the Safe Exam Browser; that of the lean road is in ``delivery.lean.store``."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from exam_engine.delivery.models import SebCandidate, SittingSeb
from exam_engine.delivery.seb.rules import SebUse
from itembank.people.models import LoginSession


def setting(session: Session, sitting_id: UUID, *, lock: bool = False) -> SittingSeb | None:
    query = select(SittingSeb).where(SittingSeb.sitting_id == sitting_id)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def candidate(session: Session, sitting_id: UUID, registration_id: UUID) -> SebCandidate | None:
    query = select(SebCandidate).where(
        SebCandidate.sitting_id == sitting_id, SebCandidate.registration_id == registration_id
    )
    return session.scalars(query.with_for_update()).one_or_none()


def wanted(session: Session, sitting_id: UUID, registration_id: UUID, session_digest: str) -> SebUse:
    """Return what the sitting still wants of this login: nothing once it was shown, or the candidate let in without."""
    here = and_(
        SebCandidate.sitting_id == SittingSeb.sitting_id, SebCandidate.registration_id == registration_id
    )
    query = (
        select(SittingSeb.use, SebCandidate.token_digest, SebCandidate.let_in_at)
        .outerjoin(SebCandidate, here)
        .where(SittingSeb.sitting_id == sitting_id)
    )
    found = session.execute(query).one_or_none()
    if found is None or found[1] == session_digest or found[2] is not None:
        return SebUse.OFF
    use: SebUse = found[0]
    return use


def candidates(session: Session, sitting_id: UUID) -> Sequence[tuple[SebCandidate, bool]]:
    """Return how candidates stand, and whether the login that was shown is still open."""
    is_open = LoginSession.token_digest.is_not(None)
    query = (
        select(SebCandidate, is_open)
        .outerjoin(
            LoginSession,
            and_(
                LoginSession.token_digest == SebCandidate.token_digest,
                LoginSession.registration_id == SebCandidate.registration_id,
            ),
        )
        .where(SebCandidate.sitting_id == sitting_id)
    )
    return [(row[0], bool(row[1])) for row in session.execute(query)]
