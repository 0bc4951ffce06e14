"""All SQL of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, bindparam, select, update
from sqlalchemy.orm import Session

from exam_engine.jobs.models import Job
from exam_engine.jobs.rules import LOST_AFTER, JobStatus
from itembank.base.db import UtcDateTime


def job(session: Session, job_id: UUID) -> Job | None:
    return session.get(Job, job_id)


def jobs(session: Session, *, kind: str | None = None, limit: int = 50) -> Sequence[Job]:
    query = select(Job).order_by(Job.id.desc()).limit(limit)
    return session.scalars(query.where(Job.kind == kind) if kind else query).all()


def claim(session: Session, now: datetime) -> Job | None:
    """Take the oldest waiting job, so that no other worker has it."""
    waiting = select(Job).where(Job.status == JobStatus.QUEUED).order_by(Job.id).limit(1)
    found = session.scalars(waiting.with_for_update(skip_locked=True)).one_or_none()
    if found is not None:
        found.status, found.started_at, found.reported_at = JobStatus.RUNNING, now, now
        found.attempts += 1
    return found


def lost(session: Session, now: datetime) -> Sequence[Job]:
    query = select(Job).where(Job.status == JobStatus.RUNNING, Job.reported_at < now - LOST_AFTER)
    return session.scalars(query.with_for_update(skip_locked=True)).all()


def report(session: Session, job_id: UUID, **values: Any) -> bool:
    """Write progress; returns whether the job is still to go on."""
    result = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status == JobStatus.RUNNING, Job.cancel_requested.is_(False))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


_WAITING_OR_LOST = (
    select(Job.id)
    .where(
        (Job.status == JobStatus.QUEUED)
        | ((Job.status == JobStatus.RUNNING) & (Job.reported_at < bindparam("lost", type_=UtcDateTime())))
    )
    .limit(1)
)
"""Asked again and again, so made once."""


def jobs_waiting_or_lost(session: Session, now: datetime) -> bool:
    """Tell, reading only, whether a worker has something to do."""
    return session.connection().execute(_WAITING_OR_LOST, {"lost": now - LOST_AFTER}).first() is not None
