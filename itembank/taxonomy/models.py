"""Tables of occupations, weight tables, outlines and their assessment points."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Enum, ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from itembank.base.db import Base, IdMixin, TenantMixin
from itembank.taxonomy.rules import Importance, OutlineStatus, occupation_code


class Occupation(IdMixin, Base):
    """An occupation 职业 of the classification; the same for all institutions."""

    __tablename__ = "occupation"

    major: Mapped[str] = mapped_column(String(1))
    """大类."""
    middle: Mapped[str] = mapped_column(String(2))
    """中类."""
    minor: Mapped[str] = mapped_column(String(2))
    """小类."""
    detail: Mapped[str] = mapped_column(String(2))
    """细类."""
    name: Mapped[str] = mapped_column(String(80))
    effective_from: Mapped[date]
    """When the code came into force; codes moved between the classifications of 2015 and 2022."""
    effective_until: Mapped[date | None]
    aliases: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Former codes and names: ``{"code": …, "name": …}``."""

    __table_args__ = (UniqueConstraint("major", "middle", "minor", "detail", "effective_from"),)

    @property
    def code(self) -> str:
        """The code as it is printed."""
        return occupation_code(self)


class WorkType(IdMixin, Base):
    """A work type 工种 or direction 职业方向 of an occupation: a name without a code."""

    __tablename__ = "work_type"

    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))

    __table_args__ = (UniqueConstraint("occupation_id", "name"),)


class Standard(IdMixin, TenantMixin, Base):
    """The weight table 权重表 of an occupation's standard for one level, as an institution entered it."""

    __tablename__ = "standard"

    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"))
    level: Mapped[int]
    updated_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("institution_id", "occupation_id", "level"),)


class StandardFunction(IdMixin, TenantMixin, Base):
    """One 职业功能 of a weight table."""

    __tablename__ = "standard_function"

    standard_id: Mapped[UUID] = mapped_column(ForeignKey("standard.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    theory: Mapped[Decimal] = mapped_column(Numeric(7, 2))
    """Per cent of the theory examination."""
    skill: Mapped[Decimal] = mapped_column(Numeric(7, 2))
    """Per cent of the practical assessment."""


class Outline(IdMixin, TenantMixin, Base):
    """An outline of assessment points 鉴定要素细目表: one occupation, one level, one version."""

    __tablename__ = "outline"

    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"), index=True)
    level: Mapped[int]
    version: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[OutlineStatus] = mapped_column(Enum(OutlineStatus, native_enum=False, length=16))
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("institution_id", "occupation_id", "level", "version"),)


class OutlineNode(IdMixin, TenantMixin, Base):
    """A 鉴定范围 at one of three depths."""

    __tablename__ = "outline_node"

    outline_id: Mapped[UUID] = mapped_column(ForeignKey("outline.id"), index=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("outline_node.id"), index=True)
    depth: Mapped[int]
    code: Mapped[str] = mapped_column(String(8))
    """Its own part only: ``A``, or ``01`` where a region numbers 章.节.目.点."""
    name: Mapped[str] = mapped_column(String(120))
    weight: Mapped[Decimal] = mapped_column(Numeric(7, 2))
    """鉴定比重, per cent."""
    stated_x: Mapped[int | None]
    stated_y: Mapped[int | None]
    stated_z: Mapped[int | None]
    position: Mapped[int]


class AssessmentPoint(IdMixin, TenantMixin, Base):
    """An assessment point 鉴定点."""

    __tablename__ = "assessment_point"

    outline_id: Mapped[UUID] = mapped_column(ForeignKey("outline.id"), index=True)
    node_id: Mapped[UUID] = mapped_column(ForeignKey("outline_node.id"), index=True)
    code: Mapped[str] = mapped_column(String(8))
    """Its own part only, usually three digits."""
    name: Mapped[str] = mapped_column(String(200))
    importance: Mapped[Importance] = mapped_column(Enum(Importance, native_enum=False, length=1))
    position: Mapped[int]

    __table_args__ = (UniqueConstraint("node_id", "code"),)
