"""The worker: claims waiting jobs, runs their handlers, writes progress and results.

A handler is ``(JobContext) -> dict`` and opens its own short transactions, so that slow work never holds one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from exam_engine.jobs import service, store
from exam_engine.jobs.models import Job
from exam_engine.jobs.rules import MAX_ATTEMPTS, JobBroken, JobCancelled, JobLost, JobStatus
from itembank.base.db import Database, Scope
from itembank.base.errors import ExamError
from itembank.people.rules import Actor

log = structlog.get_logger(__name__)

REPORT_SECONDS = 0.3
HEARTBEAT_SECONDS = 30


@dataclass
class JobContext:
    """What a handler works with."""

    database: Database
    job_id: UUID
    institution_id: UUID
    actor: Actor
    payload: Mapping[str, Any]
    _reported: float = 0.0

    def session(self, *, writes: bool = True) -> AbstractContextManager[Session]:
        """One transaction in the scope of the job's institution."""
        return self.database.session(scope=Scope.of((self.institution_id,)), writes=writes)

    def progress(self, done: int, total: int, stage: str = "") -> None:
        """Report progress, at most a few times a second.

        Raises JobCancelled when somebody cancelled the job.
        """
        tick = time.monotonic()
        if tick - self._reported < REPORT_SECONDS and done < total:
            return
        self._reported = tick
        with self.session() as session:
            now = self.database.clock.now()
            goes_on = store.report(session, self.job_id, done=done, total=total, stage=stage, reported_at=now)
        if not goes_on:
            raise JobCancelled


Handler = Callable[[JobContext], dict[str, Any]]


def _as_facts(error: ExamError) -> dict[str, Any]:
    facts = {name: str(value) for name, value in error.facts.items()}
    return {"code": error.code, "message": error.message, "facts": facts}


class Runner:
    """A thread that works off the queue in this process.

    Parameters
    ----------
    handlers : mapping of job kind to handler
    poll_seconds : float
        How often to look for jobs that another process filed; those of this one begin at once.
    """

    def __init__(
        self, database: Database, handlers: Mapping[str, Handler], *, poll_seconds: float = 5.0
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._poll_seconds = poll_seconds
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        service.listeners.add(self._wake.set)
        self._thread.start()

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Finish the present job if it ends in time; what does not is taken up again later."""
        service.listeners.discard(self._wake.set)
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout_seconds)

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                worked = self.run_one()
            except Exception:
                log.exception("job_queue_unreachable")
                worked = False
            if not worked:
                self._wake.wait(self._poll_seconds)
                self._wake.clear()

    def run_one(self) -> bool:
        """Run the oldest waiting job, if any; returns whether there was one."""
        # The queue belongs to no institution; each handler is narrowed to its job's.
        with self._database.glance(scope=Scope.everything()) as session:
            if not store.jobs_waiting_or_lost(session, self._database.clock.now()):
                return False
        with self._database.session(scope=Scope.everything()) as session:
            self._requeue_lost(session)
            job = store.claim(session, self._database.clock.now())
        if job is None:
            return False
        self._run(job)
        return True

    def _requeue_lost(self, session: Session) -> None:
        now = self._database.clock.now()
        for job in store.lost(session, now):
            if job.attempts >= MAX_ATTEMPTS:
                job.status, job.finished_at, job.error = JobStatus.FAILED, now, _as_facts(JobLost())
            else:
                job.status = JobStatus.QUEUED

    def _run(self, job: Job) -> None:
        stored = job.actor
        actor = Actor(
            stored["kind"],
            UUID(stored["id"]) if stored["id"] else None,
            job.institution_id,
            name=stored["name"],
        )
        context = JobContext(self._database, job.id, job.institution_id, actor, job.payload)
        log.info("job_started", job_id=str(job.id), kind=job.kind)
        try:
            with self._heartbeat(job.id):
                result = self._handlers[job.kind](context)
        except JobCancelled:
            self._finish(job.id, JobStatus.CANCELLED)
        except ExamError as error:
            self._finish(job.id, JobStatus.FAILED, error=_as_facts(error))
        except Exception:
            log.exception("job_broken", job_id=str(job.id), kind=job.kind)
            self._finish(job.id, JobStatus.FAILED, error=_as_facts(JobBroken(reference=str(job.id))))
        else:
            self._finish(job.id, JobStatus.DONE, result=result)

    @contextmanager
    def _heartbeat(self, job_id: UUID) -> Iterator[None]:
        """Say every half minute that the job's process lives, however long one step of it takes."""
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(HEARTBEAT_SECONDS):
                try:
                    with self._database.session(scope=Scope.everything()) as session:
                        store.report(session, job_id, reported_at=self._database.clock.now())
                except Exception:
                    log.exception("job_heartbeat_missed", job_id=str(job_id))

        thread = threading.Thread(target=beat, name="job-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _finish(self, job_id: UUID, status: JobStatus, **values: Any) -> None:
        now = self._database.clock.now()
        with self._database.session(scope=Scope.everything()) as session:
            job = store.job(session, job_id)
            assert job is not None
            job.status, job.finished_at = status, now
            for name, value in values.items():
                setattr(job, name, value)
            if status is JobStatus.DONE:
                job.done = job.total
        log.info("job_finished", job_id=str(job_id), status=status.value)
