"""Tables of marking: runs of automatic marking, and practical tasks with the examiners' sheets."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Enum, ForeignKey, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_engine.marking.rules import MultipleMarking, SheetStatus, TaskStatus
from itembank.base.db import Base, IdMixin, TenantMixin

MARK = Numeric(8, 2)


class MarkingRun(IdMixin, TenantMixin, Base):
    """One automatic marking of a sitting: answers × the keys of its sealed papers. Never changed afterwards."""

    __tablename__ = "marking_run"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    number: Mapped[int]
    """First run of the sitting is 1; a regrade is the next one."""
    key_digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 over paper, item version, key and marks of everything that was marked."""
    multiple: Mapped[MultipleMarking] = mapped_column(Enum(MultipleMarking, native_enum=False, length=20))
    attempts: Mapped[int]
    marked_by: Mapped[str] = mapped_column(String(80))
    marked_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("sitting_id", "number"),)


class AttemptMark(IdMixin, TenantMixin, Base):
    """What one attempt earned in one run."""

    __tablename__ = "attempt_mark"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("marking_run.id"), index=True)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    answered: Mapped[int]
    earned: Mapped[Decimal] = mapped_column(MARK)
    total: Mapped[Decimal] = mapped_column(MARK)
    score: Mapped[Decimal | None] = mapped_column(MARK)
    """Out of 100, for an adaptive or two-stage test: the mark expected at the ability; None where marks add up."""
    score_se: Mapped[Decimal | None] = mapped_column(MARK)
    theta: Mapped[float | None]
    """The ability that the score stands for, in logits of the scale sealed with the collection."""
    theta_se: Mapped[float | None]

    __table_args__ = (UniqueConstraint("run_id", "attempt_id"),)


class ItemMark(IdMixin, TenantMixin, Base):
    """What one answer earned in one run, with the version of the key it was held against."""

    __tablename__ = "item_mark"

    attempt_mark_id: Mapped[UUID] = mapped_column(ForeignKey("attempt_mark.id"), index=True)
    item_id: Mapped[UUID] = mapped_column(index=True)
    version_id: Mapped[UUID]
    response: Mapped[Any] = mapped_column(JSON)
    marks: Mapped[Decimal] = mapped_column(MARK)
    maximum: Mapped[Decimal] = mapped_column(MARK)


class PracticalTask(IdMixin, TenantMixin, Base):
    """A task of a practical sitting or of a comprehensive review; a draft until its rubric adds up."""

    __tablename__ = "practical_task"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    instructions: Mapped[str] = mapped_column(Text, default="")
    total: Mapped[Decimal] = mapped_column(MARK)
    status: Mapped[TaskStatus] = mapped_column(
        Enum(TaskStatus, native_enum=False, length=12), default=TaskStatus.DRAFT
    )
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("sitting_id", "position"),)


class TaskLine(IdMixin, TenantMixin, Base):
    """One line of a task's score record."""

    __tablename__ = "practical_task_line"

    task_id: Mapped[UUID] = mapped_column(ForeignKey("practical_task.id"), index=True)
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text, default="")
    points: Mapped[Decimal] = mapped_column(MARK)


class ScoreSheet(IdMixin, TenantMixin, Base):
    """One examiner's scores of one candidate; only that examiner writes it, until it is submitted."""

    __tablename__ = "score_sheet"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    examiner_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    status: Mapped[SheetStatus] = mapped_column(
        Enum(SheetStatus, native_enum=False, length=12), default=SheetStatus.DRAFT
    )
    scores: Mapped[dict[str, str]] = mapped_column(JSON)
    """Line key (``task position.line code``) → points as text, so that no float touches a mark."""
    remark: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("sitting_id", "registration_id", "examiner_id"),)


class PracticalMark(IdMixin, TenantMixin, Base):
    """The closed practical score of one candidate: the mean of an odd number of sheets."""

    __tablename__ = "practical_mark"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    examiners: Mapped[int]
    earned: Mapped[Decimal] = mapped_column(MARK)
    total: Mapped[Decimal] = mapped_column(MARK)
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Per line: key, maximum, the examiners' scores and their mean, all as text."""
    closed_by: Mapped[str] = mapped_column(String(80))
    closed_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("sitting_id", "registration_id"),)
