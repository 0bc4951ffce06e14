"""Tables of attempts and their answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_engine.delivery.late.rules import LateFileState
from exam_engine.delivery.rules import EventKind
from exam_engine.delivery.seb.rules import SebUse
from exam_engine.delivery.steps.rules import StepKind
from itembank.base.db import Base, IdMixin, TenantMixin


class Attempt(IdMixin, TenantMixin, Base):
    """One candidate's work on one paper in one sitting."""

    __tablename__ = "attempt"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    paper_id: Mapped[UUID]
    form: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """What of the paper the candidate was given, as places (from 0) on the sealed paper; None for the whole."""
    seed: Mapped[int] = mapped_column(BigInteger)
    """Order of items and options; see ``delivery.paper``."""
    epoch: Mapped[int] = mapped_column(default=1)
    """Counts the devices that opened the attempt; only the newest may write."""
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """Deadline with all extra time, of the present step where there are steps; ``rules.SAVE_GRACE`` comes on top for
    answers in flight."""
    ends_at: Mapped[datetime | None]
    """Deadline of the whole, with all extra time, where there are steps; None where there are none."""
    step: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Number of the present step, from 0."""
    step_epoch: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Epoch with which it began: an older one is of a step that was left."""
    last_step: Mapped[bool] = mapped_column(default=True, server_default=true())
    """No step follows."""
    extra_seconds: Mapped[int] = mapped_column(default=0)
    paused_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    forced: Mapped[bool] = mapped_column(default=False)
    """Handed in by the server or an invigilator, not by the candidate."""
    terminated_reason: Mapped[str] = mapped_column(String(400), default="")
    """Why an invigilator ended it; empty otherwise."""
    receipt: Mapped[str] = mapped_column(String(64), default="")
    """Digest of the answers received, once handed in."""

    __table_args__ = (
        UniqueConstraint("sitting_id", "registration_id"),
        Index(
            "ix_attempt_open_due_at",
            "due_at",
            postgresql_where=text("submitted_at IS NULL"),
            sqlite_where=text("submitted_at IS NULL"),
        ),
    )


# Like answers: written under the attempt's lock, read through it.
class AttemptStep(Base):
    """One step of an attempt that goes through steps."""

    __tablename__ = "attempt_step"

    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[StepKind] = mapped_column(Enum(StepKind, native_enum=False, length=10))
    places: Mapped[list[int]] = mapped_column(JSON)
    """What is given in it, as places (from 0) on the sealed paper."""
    begun_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """Its deadline: as it began, and once it was left, with the extra time that was given in it."""
    left_at: Mapped[datetime | None]


class EntryBar(IdMixin, TenantMixin, Base):
    """A candidate who may not begin a sitting, such as after an incident at the door."""

    __tablename__ = "entry_bar"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    reason: Mapped[str] = mapped_column(String(400))
    barred_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("sitting_id", "registration_id"),)


# Answers belong to no institution of their own and carry no foreign key: every write has locked the attempt's
# row, every read joins it (and is narrowed there), and a key would look the row up again for each answer.
class Answer(Base):
    """The latest answer to one item."""

    __tablename__ = "answer"

    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    revision: Mapped[int] = mapped_column(BigInteger)
    response: Mapped[list[Any]] = mapped_column(JSON)
    """Sorted original option labels; empty when the candidate took the answer back."""
    flagged: Mapped[bool] = mapped_column(default=False)
    """Marked by the candidate to come back to."""
    saved_at: Mapped[datetime]


class AnswerHistory(Base):
    """Every answer that was acknowledged, unless a newer one of the same page arrived in the same instant."""

    __tablename__ = "answer_history"

    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    response: Mapped[list[Any]] = mapped_column(JSON)
    flagged: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime]

    # Consoles ask who has saved since they looked last.
    __table_args__ = (Index("ix_answer_history_saved_at", "saved_at"),)


class LateFile(IdMixin, TenantMixin, Base):
    """Answers that came as a file after the deadline; a second person decides whether they count."""

    __tablename__ = "late_answer_file"

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """Of the answers, so that a second copy of the same file is known."""
    answers: Mapped[list[Any]] = mapped_column(JSON)
    """(item, epoch, revision, sorted original labels) of each."""
    remaining_seconds: Mapped[float | None]
    """What the page's clock showed when it made the file."""
    state: Mapped[LateFileState] = mapped_column(Enum(LateFileState, native_enum=False, length=10))
    uploaded_by: Mapped[UUID | None]
    uploaded_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(400), default="")
    written: Mapped[int] = mapped_column(default=0)
    """Answers that count because of it."""


# Like answers: of the attempt's institution, read through the attempt.
class AttemptBreak(Base):
    """A break that a candidate took; while it lasts the attempt is paused."""

    __tablename__ = "attempt_break"

    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    began_at: Mapped[datetime]
    until: Mapped[datetime]
    """When the clock runs on at the latest."""
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_attempt_break_open_until",
            "until",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )


# Like answers: of the attempt's institution, read through the attempt.
class AttemptEvent(Base):
    """What a candidate's page reported of itself, as evidence."""

    __tablename__ = "attempt_event"

    attempt_id: Mapped[UUID] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[EventKind] = mapped_column(Enum(EventKind, native_enum=False, length=20))
    at: Mapped[datetime]
    lasted_seconds: Mapped[float] = mapped_column(default=0.0)


class SittingSeb(TenantMixin, Base):
    """What a sitting wants of the Safe Exam Browser; none is off."""

    __tablename__ = "sitting_seb"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), primary_key=True)
    use: Mapped[SebUse] = mapped_column(Enum(SebUse, native_enum=False, length=10))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Salt, passwords and Browser Exam Keys as JSON under the keyring."""


class SebCandidate(TenantMixin, Base):
    """How a candidate stands with the Safe Exam Browser of a sitting."""

    __tablename__ = "seb_candidate"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), primary_key=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), default="")
    """Of the login that was shown to be one; the next login has to show it anew."""
    version: Mapped[str] = mapped_column(String(80), default="")
    """As the browser names itself."""
    shown_at: Mapped[datetime | None]
    let_in_at: Mapped[datetime | None]
    """When an invigilator let the candidate in without."""
    let_in_by: Mapped[str] = mapped_column(String(80), default="")
    let_in_reason: Mapped[str] = mapped_column(String(400), default="")
