"""Tables of scales and of item statistics on them. A scale is frozen once made."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Enum, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from itembank.base.db import Base, IdMixin, TenantMixin
from itembank.statistics.rules import ScaleModel


class Scale(IdMixin, TenantMixin, Base):
    """One calibration of items of one occupation and level: the metric their parameters share."""

    __tablename__ = "scale"

    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"), index=True)
    level: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    model: Mapped[ScaleModel] = mapped_column(
        Enum(
            ScaleModel, native_enum=False, length=12, values_callable=lambda kind: [one.value for one in kind]
        )
    )
    n_persons: Mapped[int]
    n_items: Mapped[int]
    summary: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Reliability, convergence, warnings: the outcome of the calibration without its items."""
    source: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Where the responses came from: ``kind`` file or sittings, and which."""
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class ItemParameter(IdMixin, TenantMixin, Base):
    """Statistics of one item on one scale; empty where the method does not give them."""

    __tablename__ = "item_parameter"

    scale_id: Mapped[UUID] = mapped_column(ForeignKey("scale.id"), index=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), index=True)
    n_responses: Mapped[int]
    p_value: Mapped[float | None]
    point_biserial: Mapped[float | None]
    corrected_point_biserial: Mapped[float | None]
    is_constant: Mapped[bool]
    a: Mapped[float | None]
    b: Mapped[float | None]
    d: Mapped[float | None]
    se_a: Mapped[float | None]
    se_b: Mapped[float | None]
    se_d: Mapped[float | None]
    cov_ad: Mapped[float | None]
    c: Mapped[float | None]
    """Lower asymptote; only 3PL items have one."""
    se_c: Mapped[float | None]
    cov_ac: Mapped[float | None]
    cov_dc: Mapped[float | None]
    flags: Mapped[list[str]] = mapped_column(JSON)
    """Values of `ItemFlag`, as they were when the scale was made."""
    options: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    """How each option drew weak and strong persons; only where whole answers were known."""

    __table_args__ = (UniqueConstraint("scale_id", "item_id"),)
