"""The job table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Enum, String
from sqlalchemy.orm import Mapped, mapped_column

from exam_engine.jobs.rules import JobStatus
from itembank.base.db import Base, IdMixin, TenantMixin


class Job(IdMixin, TenantMixin, Base):
    """One piece of slow work."""

    __tablename__ = "job"

    kind: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    actor: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Who asked for it: kind, id, name."""
    status: Mapped[JobStatus] = mapped_column(
        Enum(JobStatus, native_enum=False, length=12), default=JobStatus.QUEUED, index=True
    )
    stage: Mapped[str] = mapped_column(String(120), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """``code``, ``message`` (English template) and ``facts`` of the refusal."""
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
