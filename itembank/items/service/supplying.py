"""What papers take from the bank: active items, enemies, and the count of use."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base import audit
from itembank.base.errors import NotFound
from itembank.base.ids import new_id
from itembank.items import store
from itembank.items.models import EnemyGroup, EnemyMember, Item
from itembank.items.rules import ItemType, check_bulk
from itembank.people.rules import Actor
from itembank.taxonomy.models import AssessmentPoint


@dataclass(frozen=True)
class ActiveItem:
    """An active item as assembly sees it: attributes, no content."""

    id: UUID
    number: int
    current_version_id: UUID
    type: ItemType
    level: int
    point_id: UUID | None
    node_id: UUID | None
    """The 鉴定范围 its point stands in."""
    outline_id: UUID | None
    importance: str
    """The item's own, else its point's."""
    difficulty: int
    category: str | None
    source: str
    reference: str | None
    used: int
    last_used_at: datetime | None


def active_items(session: Session, occupation_id: UUID, level: int) -> list[ActiveItem]:
    """Return the active items of an occupation and level by number."""
    return _as_supplied(store.active(session, occupation_id, level))


def items_in_any_state(session: Session, item_ids: Collection[UUID]) -> list[ActiveItem]:
    """Return items as assembly would see them if they were active: of papers whose items were withdrawn since."""
    return _as_supplied(store.with_points(session, item_ids))


def _as_supplied(rows: Sequence[tuple[Item, AssessmentPoint | None]]) -> list[ActiveItem]:
    return [
        ActiveItem(
            item.id,
            item.number,
            item.current_version_id,
            item.type,
            item.level,
            item.point_id,
            point.node_id if point else None,
            point.outline_id if point else None,
            (item.importance or (point.importance if point else "")) or "",
            item.difficulty,
            item.category,
            item.source,
            item.reference,
            item.used,
            item.last_used_at,
        )
        for item, point in rows
    ]


def count_use(session: Session, *, item_ids: Collection[UUID], now: datetime) -> None:
    """Count one more sealed paper for each of the items."""
    store.count_use(session, item_ids, now)


def take_back_use(
    session: Session,
    *,
    item_ids: Collection[UUID],
    counted_at: datetime | None,
    others: Mapping[UUID, datetime | None],
) -> None:
    """Count one sealed paper less for each of the items.

    What was last used by it, at ``counted_at``, was last used when ``others`` says, or never.
    """
    by_date: dict[datetime | None, list[UUID]] = {}
    for item_id in item_ids:
        by_date.setdefault(others.get(item_id), []).append(item_id)
    for last, found in by_date.items():
        store.take_back_use(session, found, counted_at, last)


def enemies(session: Session, item_ids: Sequence[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Return the enemy groups that touch the items: group id → its members among them."""
    found: dict[UUID, set[UUID]] = {}
    for group_id, item_id in store.enemy_members(session, item_ids):
        found.setdefault(group_id, set()).add(item_id)
    return {group_id: frozenset(members) for group_id, members in found.items()}


@dataclass(frozen=True)
class EnemyView:
    """An enemy group with all its members."""

    group: EnemyGroup
    item_ids: tuple[UUID, ...]


def enemies_of(session: Session, item_id: UUID) -> list[EnemyView]:
    """Return the groups an item belongs to, with all their members."""
    groups = [group_id for group_id, _ in store.enemy_members(session, [item_id])]
    return [
        EnemyView(group, tuple(store.members_of(session, group.id)))
        for group in store.enemy_groups(session, groups)
    ]


def create_enemy_group(
    session: Session, *, actor: Actor, name: str, item_ids: Sequence[UUID], now: datetime
) -> EnemyGroup:
    """Make a group of items of which at most one may stand in a form.

    Raises NothingSelected, TooManyItems, or NotFound when an item is out of scope.
    """
    assert actor.institution_id is not None
    ids = check_bulk(list(item_ids))
    if len(store.items(session, ids)) != len(ids):
        raise NotFound
    group = EnemyGroup(
        id=new_id(), institution_id=actor.institution_id, name=name.strip()[:120], created_at=now
    )
    session.add(group)
    session.flush()
    session.add_all(
        EnemyMember(institution_id=actor.institution_id, group_id=group.id, item_id=item_id)
        for item_id in ids
    )
    audit.record(
        session,
        actor=actor,
        action="enemy_group.created",
        subject=("enemy_group", group.id),
        institution_id=actor.institution_id,
        detail={"count": len(ids)},
    )
    session.flush()
    return group


def create_enemy_groups(
    session: Session, *, actor: Actor, groups: Sequence[tuple[str, Sequence[UUID]]], now: datetime
) -> int:
    """Make many enemy groups at once (name, items); returns how many. Raises as ``create_enemy_group``."""
    assert actor.institution_id is not None
    everything = list(dict.fromkeys(item_id for _, members in groups for item_id in members))
    if len(store.items(session, everything)) != len(everything):
        raise NotFound
    made = [
        EnemyGroup(id=new_id(), institution_id=actor.institution_id, name=name.strip()[:120], created_at=now)
        for name, _ in groups
    ]
    session.add_all(made)
    session.flush()
    session.add_all(
        EnemyMember(institution_id=actor.institution_id, group_id=group.id, item_id=item_id)
        for group, (_, members) in zip(made, groups, strict=True)
        for item_id in dict.fromkeys(members)
    )
    if made:
        audit.record(
            session,
            actor=actor,
            action="enemy_group.created",
            subject=("enemy_group", made[0].id),
            institution_id=actor.institution_id,
            detail={"groups": len(made), "items": len(everything)},
        )
    session.flush()
    return len(made)


def remove_enemy_group(session: Session, *, actor: Actor, group_id: UUID) -> None:
    """Dissolve an enemy group; raises NotFound."""
    group = store.enemy_group(session, group_id)
    if group is None:
        raise NotFound
    store.remove_group(session, group_id)
    audit.record(
        session,
        actor=actor,
        action="enemy_group.removed",
        subject=("enemy_group", group_id),
        institution_id=group.institution_id,
    )
