"""The table of filed scopes."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from itembank.base.db import Base, IdMixin, TenantMixin


class FilingScope(IdMixin, TenantMixin, Base):
    """One occupation and level an institution is filed for, with its validity."""

    __tablename__ = "filing_scope"

    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"), index=True)
    level: Mapped[int]
    number: Mapped[str] = mapped_column(String(60))
    """The filing number on the receipt (备案号)."""
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    authority_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    """The centre that wrote it."""
    withdrawn_on: Mapped[date | None]
    withdrawal_reason: Mapped[str] = mapped_column(String(400), default="")
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
