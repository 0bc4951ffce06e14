"""Tables of imports: the batch, and one row for each question of its file."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Enum, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from itembank.base.db import Base, IdMixin, TenantMixin
from itembank.interchange.rules import RowStatus


class ImportBatch(IdMixin, TenantMixin, Base):
    """One imported file."""

    __tablename__ = "import_batch"

    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"))
    level: Mapped[int]
    format: Mapped[str] = mapped_column(String(16))
    filename: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(120))
    found: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Warnings that belong to no single question; they quote the file."""
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(index=True)


class ImportRow(IdMixin, TenantMixin, Base):
    """One question of the file; its text, place, reason and draft are sealed."""

    __tablename__ = "import_row"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("import_batch.id"))
    position: Mapped[int]
    status: Mapped[RowStatus] = mapped_column(Enum(RowStatus, native_enum=False, length=16))
    reason: Mapped[str] = mapped_column(String(40), default="")
    """Code of the refusal, empty where there was none."""
    warned: Mapped[bool]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("item.id"), index=True)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_import_row_batch", "batch_id", "position"),)
