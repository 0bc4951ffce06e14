"""Tables of calibrations asked for, and of statistics reports with their dry runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Enum, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_engine.calibration.reports.rules import ReportKind
from exam_engine.calibration.rules import Method
from itembank.base.db import Base, IdMixin, TenantMixin


class CalibrationRun(IdMixin, TenantMixin, Base):
    """One calibration asked for."""

    __tablename__ = "calibration_run"

    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"), index=True)
    level: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    method: Mapped[Method] = mapped_column(
        Enum(Method, native_enum=False, length=12, values_callable=lambda kind: [one.value for one in kind])
    )
    source: Mapped[dict[str, Any]] = mapped_column(JSON)
    """``kind`` file (``filename``) or sittings (``sittings``: ids)."""
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    """How it is estimated, where that differs from the defaults: ``prior_c`` mean and standard deviation, or None."""
    items: Mapped[list[str]] = mapped_column(JSON)
    """Item ids in the order of the columns of ``data``; empty while the sittings have not been read."""
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The response matrix, int8 by rows, compressed; who the rows are is not kept."""
    n_persons: Mapped[int]
    scale_id: Mapped[UUID | None] = mapped_column(ForeignKey("scale.id"))
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class StatisticsReport(IdMixin, TenantMixin, Base):
    """One report of the statistics desk: what it was computed from, under which code, and its figures."""

    __tablename__ = "statistics_report"

    kind: Mapped[ReportKind] = mapped_column(
        Enum(
            ReportKind, native_enum=False, length=12, values_callable=lambda kind: [one.value for one in kind]
        )
    )
    name: Mapped[str] = mapped_column(String(120))
    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"), index=True)
    level: Mapped[int]
    source: Mapped[dict[str, Any]] = mapped_column(JSON)
    """``kind`` file (``filename``), sittings (``sittings``: ids) or scales (``scales``: ids)."""
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    input: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The answer book, compressed and sealed: it holds keys. None until the sittings have been read."""
    digest: Mapped[str] = mapped_column(String(64), default="")
    """SHA-256 of the answer book's canonical bytes, hexadecimal."""
    package_version: Mapped[str] = mapped_column(String(40), default="")
    kernel_version: Mapped[str] = mapped_column(String(16), default="")
    """Digest over the source of the kernels and reports."""
    results: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The figures as JSON, compressed and sealed: option tables tell the keys."""
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What the list shows: counts and coefficients."""
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id"))
    rerun_of: Mapped[UUID | None] = mapped_column(ForeignKey("statistics_report.id"))
    agreement: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Whether a run again gave the figures of its origin."""
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    computed_at: Mapped[datetime | None]


class WhatIf(IdMixin, TenantMixin, Base):
    """One dry run on a report: which items are treated how, and what it would do. Never changes a result."""

    __tablename__ = "statistics_what_if"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("statistics_report.id"), index=True)
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Treatments by column with their keys, and the effect, as JSON under the keyring."""
    created_by: Mapped[UUID | None]
    created_by_name: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    """When it was recorded as the decision; the latest of a report counts."""
    decided_by_name: Mapped[str] = mapped_column(String(60), default="")
    reason: Mapped[str] = mapped_column(String(400), default="")

    __table_args__ = (UniqueConstraint("report_id", "number"),)
