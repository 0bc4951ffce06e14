"""What a job can be asked: submit, watch, cancel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session

from exam_engine.jobs import store
from exam_engine.jobs.models import Job
from exam_engine.jobs.rules import JobStatus
from itembank.base import audit
from itembank.base.errors import NotFound
from itembank.people.rules import Actor

listeners: set[Callable[[], None]] = set()
"""Called when a job was filed in this process; its workers need not look for it then."""


def submit(
    session: Session,
    *,
    actor: Actor,
    kind: str,
    payload: Mapping[str, Any],
    institution_id: UUID,
    now: datetime,
    total: int = 0,
) -> Job:
    """File a job; a worker begins it once this transaction is committed."""
    job = Job(
        kind=kind,
        payload=dict(payload),
        institution_id=institution_id,
        actor={"kind": actor.kind, "id": str(actor.id) if actor.id else None, "name": actor.name},
        total=total,
        created_at=now,
    )
    session.add(job)
    session.flush()
    event.listen(session, "after_commit", _call_listeners, once=True)
    audit.record(
        session,
        actor=actor,
        action="job.submitted",
        subject=("job", job.id),
        institution_id=institution_id,
        detail={"kind": kind},
    )
    return job


def _call_listeners(_session: Session) -> None:
    for call in tuple(listeners):
        call()


def find_job(session: Session, job_id: UUID) -> Job:
    """Return a job; raises NotFound."""
    job = store.job(session, job_id)
    if job is None:
        raise NotFound
    return job


def list_jobs(session: Session, *, kind: str | None = None) -> Sequence[Job]:
    """The institution's latest jobs, newest first."""
    return store.jobs(session, kind=kind)


def cancel(session: Session, *, actor: Actor, job_id: UUID, now: datetime) -> Job:
    """Ask a job to stop; a waiting one stops at once, a running one at its next report."""
    job = find_job(session, job_id)
    if job.status.is_final:
        return job
    job.cancel_requested = True
    if job.status is JobStatus.QUEUED:
        job.status, job.finished_at = JobStatus.CANCELLED, now
    audit.record(
        session,
        actor=actor,
        action="job.cancelled",
        subject=("job", job.id),
        institution_id=job.institution_id,
    )
    return job
