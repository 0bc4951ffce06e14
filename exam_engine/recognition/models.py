"""Tables of recognition: decisions, public notices, objections."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Enum, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_engine.recognition.rules import ApprovalState, ObjectionStatus, Verdict
from itembank.base.db import Base, IdMixin, TenantMixin


class Decision(IdMixin, TenantMixin, Base):
    """What was decided about one registration, on which results, and who approved it."""

    __tablename__ = "recognition_decision"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), unique=True)
    verdict: Mapped[Verdict] = mapped_column(Enum(Verdict, native_enum=False, length=12))
    grounds: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """The outcomes it rests on, as they were: component, state, score, pass mark."""
    state: Mapped[ApprovalState] = mapped_column(Enum(ApprovalState, native_enum=False, length=12))
    comment: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(String(80))
    approved_at_institution_id: Mapped[UUID | None] = mapped_column(ForeignKey("institution.id"))
    """The centre for which the officer acted."""
    approved_at: Mapped[datetime | None]


class Notice(IdMixin, TenantMixin, Base):
    """The public notice of one plan's passed candidates."""

    __tablename__ = "public_notice"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), unique=True)
    authority_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    """The filing authority, to which later complaints go."""
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(200), default="")
    published_on: Mapped[date]
    last_day: Mapped[date]
    working_days: Mapped[int]
    published_by: Mapped[str] = mapped_column(String(80))
    published_at: Mapped[datetime]


class NoticeEntry(IdMixin, TenantMixin, Base):
    """One line of a notice: masked, and as it was published."""

    __tablename__ = "public_notice_entry"

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("public_notice.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    position: Mapped[int]
    masked_name: Mapped[str] = mapped_column(String(80))
    masked_document: Mapped[str] = mapped_column(String(40))
    scores: Mapped[dict[str, str]] = mapped_column(JSON)
    """Component → score as published."""

    __table_args__ = (UniqueConstraint("notice_id", "position"),)


class Objection(IdMixin, TenantMixin, Base):
    """An objection to a notice, from the public or from a candidate."""

    __tablename__ = "objection"

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("public_notice.id"), index=True)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), index=True)
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("public_notice_entry.id"))
    """The line objected to; None means the notice as a whole."""
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    """Given to the objector, who can ask with it what became of the objection."""
    filed_by: Mapped[str] = mapped_column(String(80))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Ground, objector's name and telephone, findings: JSON under the keyring."""
    status: Mapped[ObjectionStatus] = mapped_column(Enum(ObjectionStatus, native_enum=False, length=16))
    filed_at: Mapped[datetime]
    investigated_by: Mapped[str | None] = mapped_column(String(80))
    investigated_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
