"""Forms of filing, plans, sittings and registrations."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, field_validator, model_validator

from exam_engine.delivery.seb.rules import SebUse
from exam_engine.papers.drawing import MOST_RESERVES_PERCENT
from exam_engine.sittings.rules import (
    DEFAULT_EARLIEST_SUBMIT_MINUTES,
    DEFAULT_LATE_MINUTES,
    DEFAULT_LOGIN_MINUTES,
    DEFAULT_PASS_MARK,
    Component,
    Duty,
    Terms,
    Way,
)
from exam_engine.sittings.sections import SectionTerms
from web.i18n import N_, ZONE

EARLIEST_YEAR, LATEST_YEAR = 2000, 2199
"""A time outside these years is a slip, and so far out no calendar can count with it."""


class FilingForm(BaseModel):
    """A scope to be filed."""

    institution_id: UUID
    occupation_id: UUID
    levels: list[Annotated[int, Field(ge=1, le=5)]] = Field(min_length=1)
    number: str = Field(min_length=1, max_length=60)
    valid_from: date
    valid_until: date


class WithdrawalForm(BaseModel):
    """The end of a filing."""

    reason: str = Field("", max_length=400)


class ConditionsForm(BaseModel):
    """A generation of entry conditions."""

    occupation_id: UUID | None = None
    level: int = Field(ge=1, le=5)
    generation: str = Field(min_length=1, max_length=40)
    text: str = Field(min_length=1, max_length=8000)
    jurisdiction: str = Field(min_length=1, max_length=60)
    source: str = Field(min_length=1, max_length=200)
    effective_from: date


class PlanForm(BaseModel):
    """A plan to be made."""

    name: str = Field(min_length=2, max_length=120)
    occupation_id: UUID
    work_type_id: UUID | None = None
    level: int = Field(ge=1, le=5)
    examined_on: date
    components: list[Component] = Field(default_factory=list)


class SittingForm(BaseModel):
    """Times and rules of a sitting, as people at the site write them."""

    component: Component = Component.THEORY
    starts_at: datetime
    ends_at: datetime
    login_minutes: int = Field(DEFAULT_LOGIN_MINUTES, ge=0, le=1440)
    limit_minutes: int = Field(ge=1, le=1440)
    late_minutes: int = Field(DEFAULT_LATE_MINUTES, ge=0, le=1440)
    earliest_submit_minutes: int = Field(DEFAULT_EARLIEST_SUBMIT_MINUTES, ge=0, le=1440)
    pass_mark: Decimal = Field(DEFAULT_PASS_MARK, ge=0, le=100, max_digits=5, decimal_places=2)

    @field_validator("starts_at", "ends_at")
    @classmethod
    def _at_the_site(cls, value: datetime) -> datetime:
        if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
            raise ValueError(N_("Enter a date and time such as 2026-05-01T09:00."))
        return value.replace(tzinfo=ZONE) if value.tzinfo is None else value

    def terms(self) -> Terms:
        """Return the terms."""
        return Terms(
            self.starts_at - timedelta(minutes=self.login_minutes),
            self.starts_at,
            self.ends_at,
            self.limit_minutes,
            self.late_minutes,
            self.earliest_submit_minutes,
            self.pass_mark,
        )


class PapersForm(BaseModel):
    """The sealed papers of a sitting."""

    paper_ids: list[UUID] = Field(default_factory=list)


def _or_none(value: object) -> object:
    return None if value == "" else value


Minutes = Annotated[int | None, Field(ge=0, le=1440), BeforeValidator(_or_none)]


class SectionsForm(BaseModel):
    """What holds for each section, in the order of the papers."""

    types: list[Annotated[str, Field(max_length=40)]] = Field(min_length=1, max_length=40)
    minutes: list[Minutes] = Field(max_length=40)
    breaks: list[Minutes] = Field(max_length=40)
    forward: list[Annotated[int, Field(ge=0, le=40)]] = Field(default_factory=list)
    """Numbers, from 0, of the sections that cannot be opened again."""

    @model_validator(mode="after")
    def _as_many(self) -> SectionsForm:
        if not len(self.types) == len(self.minutes) == len(self.breaks):
            raise ValueError(N_("Every section needs its time and its break, which may be empty."))
        return self

    def terms(self) -> list[SectionTerms]:
        """Return what holds for each section."""
        return [
            SectionTerms(kind, minutes, number in self.forward, rest or 0)
            for number, (kind, minutes, rest) in enumerate(
                zip(self.types, self.minutes, self.breaks, strict=True)
            )
        ]


class WayForm(BaseModel):
    """How papers reach candidates."""

    way: Way


class DrawingForm(BaseModel):
    """What is asked of a drawing of individual forms."""

    blueprint_id: UUID
    reserves_percent: float = Field(5, ge=0, le=MOST_RESERVES_PERCENT)
    max_exposure_percent: Annotated[float | None, BeforeValidator(_or_none)] = Field(None, gt=0, le=100)
    max_overlap: Annotated[int | None, BeforeValidator(_or_none)] = Field(None, ge=0, le=1000)
    seed: Annotated[int | None, BeforeValidator(_or_none)] = Field(None, ge=0, lt=2**31)


class PassMarkForm(BaseModel):
    """A recorded result of standard setting."""

    workshop_id: UUID


class SebForm(BaseModel):
    """What a sitting wants of the Safe Exam Browser."""

    use: SebUse
    keys: str = Field("", max_length=8000)
    reason: str = Field("", max_length=400)


class ArrangeForm(BaseModel):
    """Rooms to be filled."""

    room_ids: list[UUID] = Field(default_factory=list)
    only_as_many_as_fit: bool = False


class StaffForm(BaseModel):
    """Somebody's duty."""

    room_id: UUID
    user_id: UUID
    duty: Duty = Duty.INVIGILATOR


class RoomForm(BaseModel):
    """A room."""

    name: str = Field(min_length=1, max_length=60)
    place: str = Field("", max_length=160)
    capacity: int = Field(ge=1, le=500)
    seats_per_row: int = Field(6, ge=1, le=30)


class RoomChangeForm(BaseModel):
    """What of a room can change."""

    place: str = Field("", max_length=160)
    capacity: int = Field(ge=1, le=500)
    seats_per_row: int = Field(6, ge=1, le=30)
    is_active: bool = False


class ReviewForm(BaseModel):
    """The decision of some claims."""

    registration_ids: list[UUID] = Field(default_factory=list)
    verdict: Literal["approve", "reject"]
    reason: str = Field("", max_length=400)
    everybody: bool = False


class ChangeForm(BaseModel):
    """Corrections of a registration."""

    name: str = Field(min_length=1, max_length=60)
    telephone: str = Field("", max_length=20)
    education: str = Field(min_length=1, max_length=20)
    source: str = Field(min_length=1, max_length=30)
    collection: str = Field(min_length=1, max_length=10)
    address: str = Field("", max_length=200)
    condition: str = Field(min_length=1, max_length=3)
    ground: str = Field("", max_length=400)
    started_work_on: str = Field("", max_length=20)
    trade: str = Field("", max_length=60)
    reason: str = Field("", max_length=400)


class CodesForm(BaseModel):
    """Which entry codes to issue, and how to hand them out."""

    registration_ids: list[UUID] = Field(default_factory=list)
    which: Literal["missing", "all", "chosen"] = "missing"
    output: Literal["page", "pdf", "csv"] = "page"
    as_csv: bool = False
