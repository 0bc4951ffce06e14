"""States of a job and which changes are allowed. No I/O."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from itembank.base.errors import ExamError


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


LOST_AFTER = timedelta(minutes=2)
"""A running job whose worker has not reported for this long was lost with its process and is queued again."""

MAX_ATTEMPTS = 2


class JobCancelled(ExamError):
    """Somebody cancelled the job while it ran."""

    code = "job_cancelled"
    message = "The job was cancelled."


class JobLost(ExamError):
    """The process that ran the job ended, more than once."""

    code = "job_lost"
    message = "The job was interrupted more than once and was given up. Start it again."


class JobBroken(ExamError):
    """The job failed for a reason nobody expected; the log has it."""

    code = "job_broken"
    message = "The job failed unexpectedly. The log has the details under {reference}."
