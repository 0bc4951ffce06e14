"""Tables of attendance, incidents and room records."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Enum, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_engine.invigilation.rules import VOIDING, AttendanceState, IncidentKind
from itembank.base.db import Base, IdMixin, TenantMixin


class Attendance(IdMixin, TenantMixin, Base):
    """Whether one candidate came to one sitting."""

    __tablename__ = "attendance"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    state: Mapped[AttendanceState] = mapped_column(Enum(AttendanceState, native_enum=False, length=10))
    recorded_by: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("sitting_id", "registration_id"),)


class Incident(IdMixin, TenantMixin, Base):
    """Something that happened, to one candidate or in a room."""

    __tablename__ = "incident"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registration.id"), index=True)
    room_id: Mapped[UUID | None] = mapped_column(ForeignKey("room.id"))
    kind: Mapped[IncidentKind] = mapped_column(Enum(IncidentKind, native_enum=False, length=20))
    note: Mapped[str] = mapped_column(String(1000))
    recorded_by: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    """When a second person confirmed a kind that voids; before, nothing is void."""
    confirmed_by: Mapped[str] = mapped_column(String(80), default="")
    holds: Mapped[bool] = mapped_column(default=False)
    """Whether it alone stops the clock or bars the entry: its withdrawal ends that, and nothing somebody else did."""
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str] = mapped_column(String(80), default="")
    withdrawal_reason: Mapped[str] = mapped_column(String(400), default="")

    @property
    def is_undecided(self) -> bool:
        """Whether it would void a component and waits for a second person."""
        return self.kind in VOIDING and self.confirmed_at is None and self.withdrawn_at is None


class RoomRecord(IdMixin, TenantMixin, Base):
    """The record of one room in one sitting 考场情况记录表."""

    __tablename__ = "room_record"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    room_id: Mapped[UUID] = mapped_column(ForeignKey("room.id"))
    video_reference: Mapped[str] = mapped_column(String(200), default="")
    substitute: Mapped[str] = mapped_column(String(400), default="")
    """The measure that replaced video."""
    substitute_reason: Mapped[str] = mapped_column(String(400), default="")
    notes: Mapped[str] = mapped_column(String(2000), default="")
    recorded_by: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("sitting_id", "room_id"),)


class RoomMessage(IdMixin, TenantMixin, Base):
    """What an invigilator tells one candidate, a room, or the whole sitting."""

    __tablename__ = "room_message"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    room_id: Mapped[UUID | None] = mapped_column(ForeignKey("room.id"))
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registration.id"))
    text: Mapped[str] = mapped_column(String(400))
    sent_by: Mapped[str] = mapped_column(String(80))
    sent_at: Mapped[datetime]
