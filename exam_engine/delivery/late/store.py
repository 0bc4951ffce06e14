"""All SQL of late answer files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exam_engine.delivery.late.rules import LateFileState
from exam_engine.delivery.models import Attempt, LateFile


def late_file(session: Session, file_id: UUID) -> LateFile | None:
    return session.scalars(select(LateFile).where(LateFile.id == file_id)).one_or_none()


def late_file_of(session: Session, digest: str) -> LateFile | None:
    return session.scalars(select(LateFile).where(LateFile.digest == digest)).one_or_none()


def late_files(session: Session, sitting_id: UUID) -> Sequence[tuple[LateFile, Attempt]]:
    """Return the late answer files of a sitting with their attempts, the newest first."""
    query = (
        select(LateFile, Attempt)
        .join(Attempt, Attempt.id == LateFile.attempt_id)
        .where(Attempt.sitting_id == sitting_id)
        .order_by(LateFile.uploaded_at.desc(), LateFile.id)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def waiting_files(session: Session) -> Sequence[LateFile]:
    return session.scalars(select(LateFile).where(LateFile.state == LateFileState.WAITING)).all()


def waiting_by_sitting(session: Session, sitting_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many late answer files of which sittings nobody has decided."""
    query = (
        select(Attempt.sitting_id, func.count())
        .join(LateFile, LateFile.attempt_id == Attempt.id)
        .where(LateFile.state == LateFileState.WAITING, Attempt.sitting_id.in_(sitting_ids))
        .group_by(Attempt.sitting_id)
        .order_by(Attempt.sitting_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}
