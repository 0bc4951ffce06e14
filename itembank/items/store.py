"""All SQL of items."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, func, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from itembank.items.models import EnemyGroup, EnemyMember, Item, ItemCounter, ItemEvent, ItemVersion
from itembank.items.rules import ItemStatus, ItemType
from itembank.taxonomy.models import AssessmentPoint
from itembank.taxonomy.rules import Importance

CHUNK = 500
"""SQLite and PostgreSQL both bound the parameters of a statement."""


class Sort(StrEnum):
    """Orders of the item list."""

    NEWEST = "newest"
    NUMBER = "number"
    UPDATED = "updated"
    DIFFICULTY = "difficulty"
    POINT = "point"
    USED = "used"


@dataclass(frozen=True)
class ItemFilter:
    """Which items a list shows; empty conditions do not narrow."""

    statuses: frozenset[ItemStatus] = frozenset()
    types: frozenset[ItemType] = frozenset()
    occupation_id: UUID | None = None
    level: int | None = None
    outline_id: UUID | None = None
    node_ids: frozenset[UUID] = frozenset()
    """Points below any of these 鉴定范围."""
    point_id: UUID | None = None
    importance: Importance | None = None
    difficulties: frozenset[int] = frozenset()
    source: str = ""
    category: str = ""
    unclassified: bool = False
    created_by: UUID | None = None
    not_by: UUID | None = None
    """Leave out what this person wrote: their review queue."""
    text: str = ""
    """Searched in the opened content by the service, and in number and reference here when alone."""
    numbers: frozenset[int] = field(default=frozenset())


def chunks(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """Yield ``ids`` in pieces that a statement takes."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def _conditions(wanted: ItemFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (Item.occupation_id, wanted.occupation_id),
        (Item.level, wanted.level),
        (Item.point_id, wanted.point_id),
        (Item.created_by, wanted.created_by),
        (Item.source, wanted.source or None),
        (Item.category, wanted.category or None),
    ):
        if value is not None:
            found.append(column == value)
    for column, values in (
        (Item.status, wanted.statuses),
        (Item.type, wanted.types),
        (Item.difficulty, wanted.difficulties),
        (Item.number, wanted.numbers),
    ):
        if values:
            found.append(column.in_(sorted(values)))
    if wanted.unclassified:
        found.append(Item.point_id.is_(None))
    if wanted.node_ids or wanted.outline_id:
        points = select(AssessmentPoint.id)
        if wanted.node_ids:
            points = points.where(AssessmentPoint.node_id.in_(wanted.node_ids))
        if wanted.outline_id:
            points = points.where(AssessmentPoint.outline_id == wanted.outline_id)
        found.append(Item.point_id.in_(points))
    if wanted.importance is not None:
        of_point = select(AssessmentPoint.id).where(AssessmentPoint.importance == wanted.importance)
        found.append(
            (Item.importance == wanted.importance) | (Item.importance.is_(None) & Item.point_id.in_(of_point))
        )
    if wanted.not_by is not None:
        written = (
            select(ItemVersion.id)
            .where(ItemVersion.id == Item.current_version_id, ItemVersion.created_by == wanted.not_by)
            .correlate(Item)  # not to ItemVersion, which a text search joins as well
        )
        found += [Item.created_by.is_distinct_from(wanted.not_by), ~written.exists()]
    return found


_ORDERS: dict[Sort, tuple[Any, ...]] = {
    Sort.NEWEST: (Item.number.desc(),),
    Sort.NUMBER: (Item.number,),
    Sort.UPDATED: (Item.updated_at.desc(), Item.number.desc()),
    Sort.DIFFICULTY: (Item.difficulty, Item.number),
    Sort.USED: (Item.used.desc(), Item.number),
}


def _ordered(query: Any, sort: Sort) -> Any:
    if sort is Sort.POINT:
        query = query.outerjoin(AssessmentPoint, AssessmentPoint.id == Item.point_id)
        return query.order_by(AssessmentPoint.outline_id, AssessmentPoint.position, Item.number)
    return query.order_by(*_ORDERS[sort])


def count(session: Session, wanted: ItemFilter) -> int:
    query = select(func.count()).select_from(Item).where(*_conditions(wanted))
    return session.scalars(query).one()


def page(session: Session, wanted: ItemFilter, sort: Sort, *, offset: int, limit: int) -> Sequence[Item]:
    query = _ordered(select(Item).where(*_conditions(wanted)), sort)
    return session.scalars(query.offset(offset).limit(limit)).all()


def ids(session: Session, wanted: ItemFilter, sort: Sort, limit: int) -> Sequence[UUID]:
    query = _ordered(select(Item.id).where(*_conditions(wanted)), sort)
    return session.scalars(query.limit(limit)).all()


def sealed_texts(
    session: Session, wanted: ItemFilter, sort: Sort, limit: int
) -> Sequence[tuple[UUID, int, str | None, UUID, bytes]]:
    """Id, number, reference, version and sealed content of the filtered items, for a text search."""
    query = (
        select(Item.id, Item.number, Item.reference, ItemVersion.id, ItemVersion.sealed)
        .join(ItemVersion, ItemVersion.id == Item.current_version_id)
        .where(*_conditions(wanted))
    )
    rows = session.execute(_ordered(query, sort).limit(limit))
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def item(session: Session, item_id: UUID) -> Item | None:
    return session.scalars(select(Item).where(Item.id == item_id)).one_or_none()


def items(session: Session, item_ids: Sequence[UUID], *, lock: bool = False) -> list[Item]:
    """Items in the order of ``item_ids``; those out of scope are left out."""
    found: dict[UUID, Item] = {}
    for part in chunks(item_ids):
        query = select(Item).where(Item.id.in_(part)).order_by(Item.id)
        if lock:
            # What this session read before the lock may be out of date.
            query = query.with_for_update().execution_options(populate_existing=True)
        found |= {row.id: row for row in session.scalars(query)}
    return [found[item_id] for item_id in item_ids if item_id in found]


def items_by_reference(session: Session, references: Sequence[str]) -> Sequence[Item]:
    found: list[Item] = []
    for start in range(0, len(references), CHUNK):
        part = references[start : start + CHUNK]
        found += session.scalars(select(Item).where(Item.reference.in_(part)))
    return found


def items_by_number(session: Session, numbers: Sequence[int]) -> Sequence[Item]:
    found: list[Item] = []
    for start in range(0, len(numbers), CHUNK):
        part = numbers[start : start + CHUNK]
        found += session.scalars(select(Item).where(Item.number.in_(part)))
    return found


def version(session: Session, version_id: UUID) -> ItemVersion | None:
    return session.scalars(select(ItemVersion).where(ItemVersion.id == version_id)).one_or_none()


def versions(session: Session, version_ids: Sequence[UUID]) -> Sequence[ItemVersion]:
    found: list[ItemVersion] = []
    for part in chunks(version_ids):
        found += session.scalars(select(ItemVersion).where(ItemVersion.id.in_(part)))
    return found


def versions_of(session: Session, item_id: UUID) -> Sequence[ItemVersion]:
    query = select(ItemVersion).where(ItemVersion.item_id == item_id)
    return session.scalars(query.order_by(ItemVersion.number.desc())).all()


def current_authors(session: Session, item_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Who wrote the present version of each item, without reading its content."""
    found: dict[UUID, UUID | None] = {}
    for part in chunks(item_ids):
        query = (
            select(Item.id, ItemVersion.created_by)
            .join(ItemVersion, ItemVersion.id == Item.current_version_id)
            .where(Item.id.in_(part))
        )
        found |= {row[0]: row[1] for row in session.execute(query)}
    return found


def current_with_digests(session: Session, digests: Sequence[str]) -> Sequence[tuple[str, UUID]]:
    """Digest and item of the items whose present content has one of ``digests``, the retired left out."""
    found: list[tuple[str, UUID]] = []
    for start in range(0, len(digests), CHUNK):
        query = (
            select(ItemVersion.digest, Item.id)
            .join(Item, Item.current_version_id == ItemVersion.id)
            .where(ItemVersion.digest.in_(digests[start : start + CHUNK]), Item.status != ItemStatus.RETIRED)
        )
        found += [(row[0], row[1]) for row in session.execute(query.order_by(Item.number))]
    return found


def next_numbers(session: Session, institution_id: UUID, count: int) -> range:
    """Take ``count`` item numbers; the counter's row is locked until the transaction ends."""
    query = select(ItemCounter).where(ItemCounter.institution_id == institution_id).with_for_update()
    counter = session.scalars(query).one_or_none()
    if counter is None:
        try:
            with session.begin_nested():
                session.add(ItemCounter(institution_id=institution_id, last=0))
        except IntegrityError:
            pass  # the institution's first item is being written by somebody else as well
        counter = session.scalars(query).one()
    counter.last += count
    session.flush()
    return range(counter.last - count + 1, counter.last + 1)


def events(session: Session, item_id: UUID) -> Sequence[ItemEvent]:
    query = select(ItemEvent).where(ItemEvent.item_id == item_id)
    return session.scalars(query.order_by(ItemEvent.id.desc())).all()


def status_counts(session: Session) -> dict[ItemStatus, int]:
    rows = session.execute(select(Item.status, func.count()).group_by(Item.status))
    return {row[0]: row[1] for row in rows}


def bank_counts(session: Session) -> Sequence[tuple[UUID, int, int]]:
    query = select(Item.occupation_id, Item.level, func.count()).group_by(Item.occupation_id, Item.level)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def distinct(session: Session, column: str) -> list[str]:
    """Values in use of ``source`` or ``category``."""
    chosen = {"source": Item.source, "category": Item.category}[column]
    query = select(chosen).where(chosen.is_not(None)).distinct().order_by(chosen).limit(200)
    return [value for value in session.scalars(query) if value]


def active(
    session: Session, occupation_id: UUID, level: int
) -> Sequence[tuple[Item, AssessmentPoint | None]]:
    query = (
        select(Item, AssessmentPoint)
        .outerjoin(AssessmentPoint, AssessmentPoint.id == Item.point_id)
        .where(Item.occupation_id == occupation_id, Item.level == level, Item.status == ItemStatus.ACTIVE)
        .order_by(Item.number)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def with_points(
    session: Session, item_ids: Collection[UUID]
) -> Sequence[tuple[Item, AssessmentPoint | None]]:
    found: list[tuple[Item, AssessmentPoint | None]] = []
    for part in chunks(list(item_ids)):
        query = (
            select(Item, AssessmentPoint)
            .outerjoin(AssessmentPoint, AssessmentPoint.id == Item.point_id)
            .where(Item.id.in_(part))
        )
        found += [(row[0], row[1]) for row in session.execute(query)]
    return found


def counts_by_point(session: Session, outline_id: UUID) -> Sequence[tuple[UUID, ItemStatus, int]]:
    query = (
        select(AssessmentPoint.id, Item.status, func.count())
        .join(Item, Item.point_id == AssessmentPoint.id)
        .where(AssessmentPoint.outline_id == outline_id)
        .group_by(AssessmentPoint.id, Item.status)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def count_use(session: Session, item_ids: Collection[UUID], now: datetime) -> None:
    for part in chunks(list(item_ids)):
        session.execute(
            update(Item).where(Item.id.in_(part)).values(used=Item.used + 1, last_used_at=now),
            execution_options={"synchronize_session": False},
        )


def take_back_use(
    session: Session, item_ids: Collection[UUID], counted_at: datetime | None, last: datetime | None
) -> None:
    """Count one use less; ``last`` is when items were used before that were last used at ``counted_at``."""
    before = case(
        (Item.last_used_at == counted_at, literal(last, Item.last_used_at.type)), else_=Item.last_used_at
    )
    for part in chunks(list(item_ids)):
        session.execute(
            update(Item)
            .where(Item.id.in_(part), Item.used > 0)
            .values(used=Item.used - 1, last_used_at=before),
            execution_options={"synchronize_session": False},
        )


def enemy_members(session: Session, item_ids: Sequence[UUID]) -> Sequence[tuple[UUID, UUID]]:
    """Group and item of every membership of the items."""
    found: list[tuple[UUID, UUID]] = []
    for part in chunks(item_ids):
        query = select(EnemyMember.group_id, EnemyMember.item_id).where(EnemyMember.item_id.in_(part))
        found += [(row[0], row[1]) for row in session.execute(query)]
    return found


def enemy_groups(session: Session, group_ids: Sequence[UUID]) -> Sequence[EnemyGroup]:
    query = select(EnemyGroup).where(EnemyGroup.id.in_(group_ids)).order_by(EnemyGroup.id)
    return session.scalars(query).all()


def enemy_group(session: Session, group_id: UUID) -> EnemyGroup | None:
    return session.scalars(select(EnemyGroup).where(EnemyGroup.id == group_id)).one_or_none()


def members_of(session: Session, group_id: UUID) -> Sequence[UUID]:
    return session.scalars(select(EnemyMember.item_id).where(EnemyMember.group_id == group_id)).all()


def remove_group(session: Session, group_id: UUID) -> None:
    session.execute(delete(EnemyMember).where(EnemyMember.group_id == group_id))
    session.execute(delete(EnemyGroup).where(EnemyGroup.id == group_id))
