"""Tables of standard-setting workshops: what is rated, by whom, in which rounds, and what came of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Enum, ForeignKey, Numeric, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exam_engine.standard_setting.rules import Method, WorkshopStatus
from itembank.base.db import Base, IdMixin, TenantMixin

MARK = Numeric(8, 2)


class Workshop(IdMixin, TenantMixin, Base):
    """One workshop: its basis is frozen when it is made, its result when it is closed."""

    __tablename__ = "standard_workshop"

    name: Mapped[str] = mapped_column(String(120))
    method: Mapped[Method] = mapped_column(Enum(Method, native_enum=False, length=16))
    status: Mapped[WorkshopStatus] = mapped_column(
        Enum(WorkshopStatus, native_enum=False, length=12), default=WorkshopStatus.DRAFT
    )
    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"), index=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    paper_id: Mapped[UUID | None] = mapped_column(ForeignKey("paper.id"), index=True)
    """None: a set of items of the bank."""
    scale_id: Mapped[UUID | None] = mapped_column(ForeignKey("scale.id"))
    """Where the bookmark method has its parameters from."""
    sitting_id: Mapped[UUID | None] = mapped_column(ForeignKey("sitting.id"))
    """Whose scores are the impact data, and whose candidates are put into classes."""
    response_probability: Mapped[float | None]
    rounds: Mapped[int] = mapped_column(SmallInteger)
    """How many are planned."""
    description: Mapped[str] = mapped_column(Text)
    """The minimally competent candidate 恰好合格的考生."""
    with_key: Mapped[bool]
    with_statistics: Mapped[bool]
    """Whether judges see proportions correct between rounds."""
    with_impact: Mapped[bool]
    """Whether judges see pass rates between rounds."""
    with_questions: Mapped[bool]
    """Whether the final questions (Hofstee) are asked."""
    leader_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    former_leaders: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    """Ids of those who led it before: they took part, and record nothing."""
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(400), default="")
    """Why it was abandoned."""
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The whole result with its inputs, see standard_setting.result; written once."""
    digest: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the result's canonical JSON."""
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime | None]


class WorkshopItem(IdMixin, TenantMixin, Base):
    """An item that is rated, without its content. In the bookmark method ``position`` is the page of the booklet."""

    __tablename__ = "standard_item"

    workshop_id: Mapped[UUID] = mapped_column(ForeignKey("standard_workshop.id"))
    position: Mapped[int]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), index=True)
    version_id: Mapped[UUID]
    """No foreign key: a sealed paper holds its versions itself."""
    marks: Mapped[Decimal] = mapped_column(MARK)
    p_value: Mapped[float | None]
    """Proportion correct on the newest scale that had the item, when the workshop was made."""
    n_responses: Mapped[int | None]
    a: Mapped[float | None]
    b: Mapped[float | None]
    c: Mapped[float | None]
    """Lower asymptote; 0 on scales of models without one."""
    location: Mapped[float | None]
    """Where the response probability is reached, in logits."""

    __table_args__ = (UniqueConstraint("workshop_id", "position"), UniqueConstraint("workshop_id", "item_id"))


class WorkshopCandidate(IdMixin, TenantMixin, Base):
    """A candidate who is put into a class."""

    __tablename__ = "standard_candidate"

    workshop_id: Mapped[UUID] = mapped_column(ForeignKey("standard_workshop.id"))
    position: Mapped[int]
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    score: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    """Out of 100, as marked when the workshop was made; judges do not see it."""

    __table_args__ = (
        UniqueConstraint("workshop_id", "position"),
        UniqueConstraint("workshop_id", "registration_id"),
    )


class Judge(IdMixin, TenantMixin, Base):
    """A member of the panel."""

    __tablename__ = "standard_judge"

    workshop_id: Mapped[UUID] = mapped_column(ForeignKey("standard_workshop.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    invited_at: Mapped[datetime]
    agreed_at: Mapped[datetime | None]
    """When they read the description and agreed to keep the items to themselves."""
    excluded_at: Mapped[datetime | None]
    exclusion_reason: Mapped[str] = mapped_column(String(400), default="")
    readmission_reason: Mapped[str] = mapped_column(String(400), default="", server_default="")
    """Why the last exclusion was withdrawn; its own reason stays beside it."""
    answers: Mapped[dict[str, float] | None] = mapped_column(JSON)
    """Their answers to the final questions."""
    answered_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("workshop_id", "user_id"),)


class Adoption(IdMixin, TenantMixin, Base):
    """Which recorded result the pass mark of a sitting was taken from; a later choice replaces it."""

    __tablename__ = "standard_adoption"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), unique=True)
    workshop_id: Mapped[UUID] = mapped_column(ForeignKey("standard_workshop.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    """Of the result, as it was when it was chosen."""
    cut: Mapped[float]
    pass_mark: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    adopted_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    adopted_at: Mapped[datetime]


class Round(IdMixin, TenantMixin, Base):
    """A round: ratings are taken while it is open and never change afterwards."""

    __tablename__ = "standard_round"

    workshop_id: Mapped[UUID] = mapped_column(ForeignKey("standard_workshop.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    digest: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 over all ratings, also in the audit chain."""

    __table_args__ = (UniqueConstraint("workshop_id", "number"),)


class Rating(IdMixin, TenantMixin, Base):
    """What one judge thinks of one item or candidate in one round."""

    __tablename__ = "standard_rating"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("standard_round.id"))
    judge_id: Mapped[UUID] = mapped_column(ForeignKey("standard_judge.id"), index=True)
    position: Mapped[int]
    """Of the item or candidate; 0 for a bookmark, whose value is the page."""
    value: Mapped[int] = mapped_column(SmallInteger)
    saved_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("round_id", "judge_id", "position"),)
