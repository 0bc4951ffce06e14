"""Tables of plans, sittings, rooms, registrations, seats and tickets."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Enum, ForeignKey, Index, LargeBinary, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from exam_engine.sittings.conditions import EntryCondition
from exam_engine.sittings.rules import Component, Duty, PlanStatus, RegistrationStatus, SittingStatus, Way
from itembank.base.db import Base, IdMixin, TenantMixin


class Plan(IdMixin, TenantMixin, Base):
    """One evaluation of an occupation at a level: what is examined, for whom people register."""

    __tablename__ = "plan"

    number: Mapped[str] = mapped_column(String(14), unique=True)
    """YY, province 2, site 6, serial 4."""
    name: Mapped[str] = mapped_column(String(120))
    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"), index=True)
    level: Mapped[int]
    work_type_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_type.id"))
    examined_on: Mapped[date]
    """The first day of examination; scope and entry conditions are judged as of it."""
    status: Mapped[PlanStatus] = mapped_column(
        Enum(PlanStatus, native_enum=False, length=16), default=PlanStatus.REGISTERING
    )
    has_theory: Mapped[bool]
    has_practical: Mapped[bool]
    has_review: Mapped[bool]
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]


class Sitting(IdMixin, TenantMixin, Base):
    """One component of a plan at one time."""

    __tablename__ = "sitting"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), index=True)
    component: Mapped[Component] = mapped_column(Enum(Component, native_enum=False, length=12))
    status: Mapped[SittingStatus] = mapped_column(
        Enum(SittingStatus, native_enum=False, length=12), default=SittingStatus.DRAFT
    )
    opens_at: Mapped[datetime] = mapped_column(index=True)
    """From when candidates can log in."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """The common end: no attempt lasts longer."""
    limit_minutes: Mapped[int]
    late_minutes: Mapped[int]
    earliest_submit_minutes: Mapped[int]
    pass_mark: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    way: Mapped[Way] = mapped_column(
        Enum(Way, native_enum=False, length=12), default=Way.FIXED, server_default=Way.FIXED.name
    )
    """How papers reach the candidates."""
    sections: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    """What is laid down for the sections of its papers (`sections.SectionTerms`); None for nothing."""
    rules: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The terms as frozen at publication; None before."""
    arrangement_seed: Mapped[int | None]
    published_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SittingPaper(IdMixin, TenantMixin, Base):
    """A sealed paper (form) used in a sitting, in the order in which forms are dealt out."""

    __tablename__ = "sitting_paper"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    paper_id: Mapped[UUID]
    position: Mapped[int]

    __table_args__ = (UniqueConstraint("sitting_id", "paper_id"),)


class Room(IdMixin, TenantMixin, Base):
    """A room of the institution, with its seats in rows."""

    __tablename__ = "room"

    name: Mapped[str] = mapped_column(String(60))
    place: Mapped[str] = mapped_column(String(160), default="")
    capacity: Mapped[int]
    seats_per_row: Mapped[int] = mapped_column(default=6)
    is_active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (UniqueConstraint("institution_id", "name"),)


class RoomStaff(IdMixin, TenantMixin, Base):
    """Somebody's duty in a room during a sitting."""

    __tablename__ = "room_staff"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    room_id: Mapped[UUID] = mapped_column(ForeignKey("room.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    duty: Mapped[Duty] = mapped_column(Enum(Duty, native_enum=False, length=16))

    __table_args__ = (UniqueConstraint("sitting_id", "room_id", "user_id"),)


class Registration(IdMixin, TenantMixin, Base):
    """One person's registration for one plan."""

    __tablename__ = "registration"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    row_number: Mapped[int]
    """The ordinal (序号) in the list it came from."""
    name_index: Mapped[str] = mapped_column(String(64))
    """Blind index of the name, for looking somebody up."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """What else was stated — address, telephone, start of work, trade — as JSON under the keyring."""
    education: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(30))
    """考生来源."""
    collection: Mapped[str] = mapped_column(String(10))
    """证书领取: 自取 or 快递到付."""
    condition: Mapped[int]
    """Ordinal of the claimed entry condition."""
    condition_text: Mapped[str] = mapped_column(String(400))
    """Its text on the day of registration."""
    ground: Mapped[str] = mapped_column(String(400), default="")
    """What the claim rests on."""
    photo_ref: Mapped[UUID | None]
    status: Mapped[RegistrationStatus] = mapped_column(
        Enum(RegistrationStatus, native_enum=False, length=12), default=RegistrationStatus.CLAIMED
    )
    reviewed_by: Mapped[str] = mapped_column(String(80), default="")
    reviewed_at: Mapped[datetime | None]
    review_reason: Mapped[str] = mapped_column(String(400), default="")
    ticket_number: Mapped[str | None] = mapped_column(String(19), unique=True)
    """YYMMDD, province 2, site 6, serial 5."""
    entry_code_hash: Mapped[str | None] = mapped_column(String(64))
    """Keyed hash of ticket number and entry code."""
    entry_code_issued_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("plan_id", "person_id"),
        Index("ix_registration_plan_id_status", "plan_id", "status"),
        Index("ix_registration_plan_id_name_index", "plan_id", "name_index"),
    )


class RegistrationEvent(IdMixin, TenantMixin, Base):
    """One event in a registration's life; a change keeps field, old and new value, reason, who and when."""

    __tablename__ = "registration_event"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    field: Mapped[str] = mapped_column(String(40), default="")
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Old and new value as JSON under the keyring: they can be personal."""
    reason: Mapped[str] = mapped_column(String(400), default="")
    actor: Mapped[str] = mapped_column(String(80))
    actor_name: Mapped[str] = mapped_column(String(60), default="")
    at: Mapped[datetime]


class RegistrationUpload(IdMixin, TenantMixin, Base):
    """An uploaded registration list between preview and confirmation."""

    __tablename__ = "registration_upload"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), index=True)
    filename: Mapped[str] = mapped_column(String(200))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    uploaded_by: Mapped[str] = mapped_column(String(80))
    uploaded_at: Mapped[datetime]


class Photo(IdMixin, TenantMixin, Base):
    """A registration's photograph, re-encoded and sealed."""

    __tablename__ = "photo"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]
    uploaded_at: Mapped[datetime]


class Seat(IdMixin, TenantMixin, Base):
    """One candidate's place and form in one sitting."""

    __tablename__ = "seat"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    room_id: Mapped[UUID] = mapped_column(ForeignKey("room.id"))
    number: Mapped[int]
    paper_id: Mapped[UUID | None]
    """The sealed paper of this candidate; None where there is none yet, or never (practical)."""
    form: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """What of it the candidate receives, as places (from 0) on the sealed paper; None for the whole."""
    form_number: Mapped[int | None]
    """Which drawn form that is (`papers.models.PaperForm`); None for a fixed paper."""
    accommodations: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What applies of ``Accommodation``, so that a start need not look for it; NULL for nearly everybody."""

    __table_args__ = (
        UniqueConstraint("sitting_id", "registration_id"),
        UniqueConstraint("sitting_id", "room_id", "number"),
        UniqueConstraint("sitting_id", "form_number"),
    )


class Accommodation(IdMixin, TenantMixin, Base):
    """What one candidate is given beyond the ordinary, in one sitting or in all of the plan."""

    __tablename__ = "accommodation"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    sitting_id: Mapped[UUID | None] = mapped_column(ForeignKey("sitting.id"), index=True)
    """None: in every sitting of the plan that has none of its own for the candidate."""
    given: Mapped[dict[str, Any]] = mapped_column(JSON)
    """``accommodations.Accommodations`` as JSON."""
    sealed_reason: Mapped[bytes] = mapped_column(LargeBinary)
    """Under the keyring: it is mostly about somebody's health."""
    given_by: Mapped[str] = mapped_column(String(80))
    given_by_name: Mapped[str] = mapped_column(String(60), default="")
    given_at: Mapped[datetime]
    withdrawn_by: Mapped[str] = mapped_column(String(80), default="")
    withdrawn_at: Mapped[datetime | None]
    sealed_withdrawal: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        Index(
            "uq_accommodation_standing_of_plan",
            "registration_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL AND sitting_id IS NULL"),
            sqlite_where=text("withdrawn_at IS NULL AND sitting_id IS NULL"),
        ),
        Index(
            "uq_accommodation_standing_of_sitting",
            "registration_id",
            "sitting_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
            sqlite_where=text("withdrawn_at IS NULL"),
        ),
    )


class EntryConditionRow(IdMixin, Base):
    """A configured entry condition 申报条件; where none is configured the generic ones apply."""

    __tablename__ = "entry_condition"

    authority_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    """It applies to this institution and everything below it."""
    occupation_id: Mapped[UUID | None] = mapped_column(ForeignKey("occupation.id"), index=True)
    level: Mapped[int]
    generation: Mapped[str] = mapped_column(String(40))
    ordinal: Mapped[int]
    text: Mapped[str] = mapped_column(String(400))
    minimum_age: Mapped[int | None]
    minimum_work_years: Mapped[int | None]
    jurisdiction: Mapped[str] = mapped_column(String(60))
    source: Mapped[str] = mapped_column(String(200))
    effective_from: Mapped[date]
    expires_on: Mapped[date | None]
    created_at: Mapped[datetime]

    def as_condition(self) -> EntryCondition:
        """Return the condition as the rules know it."""
        return EntryCondition(
            self.level,
            self.ordinal,
            self.text,
            self.generation,
            self.jurisdiction,
            self.source,
            self.effective_from,
            self.expires_on,
            self.minimum_age,
            self.minimum_work_years,
        )


class Serial(Base):
    """The last serial used after a prefix; its row is the lock that keeps numbers unique."""

    __tablename__ = "sitting_serial"

    prefix: Mapped[str] = mapped_column(String(20), primary_key=True)
    last: Mapped[int]
