"""The table of results."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Enum, ForeignKey, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_engine.results.rules import ResultState
from exam_engine.sittings.rules import Component
from itembank.base.db import Base, IdMixin, TenantMixin


class ComponentResult(IdMixin, TenantMixin, Base):
    """The result of one component of one registration; fixed once it is released."""

    __tablename__ = "component_result"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    component: Mapped[Component] = mapped_column(Enum(Component, native_enum=False, length=12))
    state: Mapped[ResultState] = mapped_column(Enum(ResultState, native_enum=False, length=12))
    score: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    """Out of 100; only in the state ``scored``."""
    pass_mark: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    """The sitting's, as it was published."""
    source: Mapped[str] = mapped_column(String(80), default="")
    """What it was computed from: ``marking_run/<id>`` or ``practical_mark/<id>``."""
    reason: Mapped[str] = mapped_column(Text, default="")
    computed_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(80))

    __table_args__ = (UniqueConstraint("registration_id", "component"),)
