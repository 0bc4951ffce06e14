"""Tables of blueprints, assembly requests and papers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Enum,
    ForeignKey,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from exam_engine.papers.rules import AssemblyStatus, PaperEventKind, PaperKind, PaperStatus
from itembank.base.db import Base, IdMixin, TenantMixin


class Blueprint(IdMixin, TenantMixin, Base):
    """One version of a blueprint; versions of a ``series`` follow each other and never change."""

    __tablename__ = "blueprint"

    series_id: Mapped[UUID] = mapped_column(index=True)
    number: Mapped[int]
    """1, 2, 3… within the series."""
    is_current: Mapped[bool] = mapped_column(default=True)
    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"), index=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str] = mapped_column(String(80))
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("series_id", "number"),)


class Assembly(IdMixin, TenantMixin, Base):
    """A request for forms of a blueprint, and what came of it."""

    __tablename__ = "paper_assembly"

    blueprint_id: Mapped[UUID] = mapped_column(ForeignKey("blueprint.id"), index=True)
    forms: Mapped[int]
    seed: Mapped[int]
    work_limit: Mapped[int]
    kind: Mapped[PaperKind] = mapped_column(
        Enum(PaperKind, native_enum=False, length=12),
        default=PaperKind.FORM,
        server_default=PaperKind.FORM.name,
    )
    """What it makes: papers, or one collection."""
    status: Mapped[AssemblyStatus] = mapped_column(
        Enum(AssemblyStatus, native_enum=False, length=12), default=AssemblyStatus.WAITING
    )
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id"))
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Report of the kernel, its rules recomputed after each edit: see papers.report."""
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What the running job knows: stage, done, total, and bound and best deviation once there are any."""
    paper_id: Mapped[UUID | None] = mapped_column(index=True)
    """The paper whose open places are filled anew; None for new papers. No foreign key: papers point here."""
    request: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """For such a paper: ``locked`` items, its ``revision`` when it was asked for, and the ``reason``."""
    requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    requested_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Paper(IdMixin, TenantMixin, Base):
    """One form. Sealed, its content is frozen and encrypted, and ``digest`` identifies it."""

    __tablename__ = "paper"

    blueprint_id: Mapped[UUID] = mapped_column(ForeignKey("blueprint.id"), index=True)
    assembly_id: Mapped[UUID] = mapped_column(ForeignKey("paper_assembly.id"), index=True)
    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"), index=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    form: Mapped[int]
    label: Mapped[str] = mapped_column(String(60))
    kind: Mapped[PaperKind] = mapped_column(
        Enum(PaperKind, native_enum=False, length=12),
        default=PaperKind.FORM,
        server_default=PaperKind.FORM.name,
    )
    collection: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """How a collection is divided, as it is sealed: ``way``, and what that way needs; None for a form."""
    status: Mapped[PaperStatus] = mapped_column(
        Enum(PaperStatus, native_enum=False, length=12), default=PaperStatus.DRAFT, index=True
    )
    total_marks: Mapped[Decimal] = mapped_column(Numeric(7, 2))
    minutes: Mapped[int]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    digest: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the canonical content, hexadecimal."""
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    """Number of its last event: a page of an earlier revision changes nothing."""
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    approved_at: Mapped[datetime | None]
    sealed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    sealed_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("institution_id", "label"),)


class PaperEntry(IdMixin, TenantMixin, Base):
    """Which item version stands where in a paper, without its content."""

    __tablename__ = "paper_entry"

    paper_id: Mapped[UUID] = mapped_column(ForeignKey("paper.id"), index=True)
    position: Mapped[int]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), index=True)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"))
    type: Mapped[str] = mapped_column(String(20))
    marks: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    is_locked: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Stays when the other places are filled anew."""

    __table_args__ = (UniqueConstraint("paper_id", "position"), UniqueConstraint("paper_id", "item_id"))


class PaperForm(IdMixin, TenantMixin, Base):
    """What one candidate receives of a collection."""

    __tablename__ = "paper_form"

    paper_id: Mapped[UUID] = mapped_column(ForeignKey("paper.id"))
    number: Mapped[int]
    """1, 2, 3… within the collection."""
    places: Mapped[list[int]] = mapped_column(JSON)
    """Places (from 0) on the collection, rising."""

    __table_args__ = (UniqueConstraint("paper_id", "number"),)


class PaperEvent(IdMixin, TenantMixin, Base):
    """One step in a paper's life: an edit by hand, a decision. Never changed."""

    __tablename__ = "paper_event"

    paper_id: Mapped[UUID] = mapped_column(ForeignKey("paper.id"))
    number: Mapped[int]
    """1, 2, 3… within the paper."""
    kind: Mapped[PaperEventKind] = mapped_column(Enum(PaperEventKind, native_enum=False, length=12))
    swaps: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """``position``, ``old``, ``old_version``, ``new``, ``new_version`` of each item that went."""
    reason: Mapped[str] = mapped_column(String(400), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What was known then: checks ticked, rules broken, deviation."""
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("paper_id", "number"),)
