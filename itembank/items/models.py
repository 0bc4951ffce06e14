"""Tables of items, their sealed versions, their history and enemy groups."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Enum, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from itembank.base.db import Base, IdMixin, TenantMixin
from itembank.items.rules import ItemStatus, ItemType
from itembank.taxonomy.rules import Importance


class Item(IdMixin, TenantMixin, Base):
    """A question of the bank: where it belongs and how it stands; its content is in its versions."""

    __tablename__ = "item"

    number: Mapped[int]
    """Counted within the institution; what people call the item."""
    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupation.id"))
    level: Mapped[int]
    point_id: Mapped[UUID | None] = mapped_column(ForeignKey("assessment_point.id"), index=True)
    """None: an unclassified draft."""
    type: Mapped[ItemType] = mapped_column(Enum(ItemType, native_enum=False, length=24))
    status: Mapped[ItemStatus] = mapped_column(Enum(ItemStatus, native_enum=False, length=16))
    difficulty: Mapped[int]
    """1 easy to 5 hard, as the writer judges it."""
    importance: Mapped[Importance | None] = mapped_column(Enum(Importance, native_enum=False, length=1))
    """Only where it differs from the point's."""
    category: Mapped[str | None] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(120))
    reference: Mapped[str | None] = mapped_column(String(80))
    """Its number in the place it came from."""
    current_version_id: Mapped[UUID]
    """No foreign key: version and item are written together."""
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    """Who wrote or imported it first."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    used: Mapped[int] = mapped_column(default=0)
    """In how many sealed papers it stands."""
    last_used_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("institution_id", "number"),
        Index("ix_item_bank", "institution_id", "occupation_id", "level", "status"),
        Index("ix_item_status", "institution_id", "status"),
        Index("ix_item_reference", "institution_id", "reference"),
    )


class ItemVersion(IdMixin, TenantMixin, Base):
    """An immutable version of an item's content, sealed under the keyring."""

    __tablename__ = "item_version"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    number: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    """Keyed digest of type, stem and options, to find duplicates without opening anything."""
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("item_id", "number"),
        Index("ix_item_version_digest", "institution_id", "digest"),
    )


class ItemEvent(IdMixin, TenantMixin, Base):
    """One line of an item's history."""

    __tablename__ = "item_event"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    what: Mapped[str] = mapped_column(String(24))
    """``created``, ``placed``, ``reclassified`` or a Change."""
    status: Mapped[ItemStatus] = mapped_column(Enum(ItemStatus, native_enum=False, length=16))
    """The state after it."""


class ItemCounter(TenantMixin, Base):
    """The last item number of an institution; its row is the lock that keeps numbers apart."""

    __tablename__ = "item_counter"

    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    last: Mapped[int]


class EnemyGroup(IdMixin, TenantMixin, Base):
    """Items of which at most one may stand in a form."""

    __tablename__ = "enemy_group"

    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]


class EnemyMember(TenantMixin, Base):
    """An item's membership of an enemy group."""

    __tablename__ = "enemy_member"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("enemy_group.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), primary_key=True, index=True)
