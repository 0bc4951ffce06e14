"""The table of calibrations asked for: what was to be done, on which responses, and the scale that came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Enum, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

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
    items: Mapped[list[str]] = mapped_column(JSON)
    """Item ids in the order of the columns of ``data``; empty while the sittings have not been read."""
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The response matrix, int8 by rows, compressed; who the rows are is not kept."""
    n_persons: Mapped[int]
    scale_id: Mapped[UUID | None] = mapped_column(ForeignKey("scale.id"))
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
