"""Items and their content, opened for those who may see it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base.db import keyring_of
from itembank.base.errors import NotFound
from itembank.items import store
from itembank.items.models import Item, ItemEvent, ItemVersion
from itembank.items.rules import BULK_LIMIT, ItemContent, ItemStatus, same_text, unpack
from itembank.items.service.writing import PURPOSE
from itembank.items.store import ItemFilter, Sort
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.models import Occupation
from itembank.taxonomy.rules import Level
from itembank.taxonomy.service import PointView

PAGE_SIZE = 50
TEXT_SEARCH_LIMIT = 20_000
"""A text search opens the content of at most so many of the filtered items, in the order of the list."""


def find_item(session: Session, item_id: UUID) -> Item:
    """Return an item; raises NotFound."""
    found = store.item(session, item_id)
    if found is None:
        raise NotFound
    return found


def find_items(session: Session, item_ids: Sequence[UUID]) -> list[Item]:
    """Return items in the order asked for; those out of scope are left out."""
    return store.items(session, item_ids)


def read_contents(session: Session, version_ids: Collection[UUID]) -> dict[UUID, ItemContent]:
    """Return the opened content of versions by id; those out of scope are left out."""
    keyring = keyring_of(session)
    return {
        row.id: unpack(keyring.open(row.sealed, purpose=PURPOSE, context=f"item_version/{row.id}"))
        for row in store.versions(session, list(dict.fromkeys(version_ids)))
    }


def read_content(session: Session, version_id: UUID) -> ItemContent:
    """Return the opened content of a version; raises NotFound."""
    found = read_contents(session, [version_id])
    if version_id not in found:
        raise NotFound
    return found[version_id]


def list_versions(session: Session, item_id: UUID) -> Sequence[ItemVersion]:
    """Versions of an item, newest first."""
    return store.versions_of(session, item_id)


def list_events(session: Session, item_id: UUID) -> Sequence[ItemEvent]:
    """The item's history, newest first."""
    return store.events(session, item_id)


@dataclass(frozen=True)
class ItemRow:
    """An item as a list shows it."""

    item: Item
    content: ItemContent
    point: PointView | None

    @property
    def importance(self) -> str:
        """X, Y or Z: the item's own, else the point's; empty while unclassified."""
        if self.item.importance is not None:
            return self.item.importance.value
        return self.point.importance if self.point else ""


@dataclass(frozen=True)
class ItemPage:
    """One page of the filtered items."""

    rows: tuple[ItemRow, ...]
    total: int
    page: int
    pages: int
    searched: int | None = None
    """How many items a text search opened, when it did not reach all of the filtered ones."""


def rows_of(session: Session, items: Sequence[Item]) -> tuple[ItemRow, ...]:
    """Return items with their opened content and their points."""
    contents = read_contents(session, [item.current_version_id for item in items])
    points = taxonomy.point_views(session, [item.point_id for item in items if item.point_id])
    return tuple(
        ItemRow(item, contents[item.current_version_id], points.get(item.point_id) if item.point_id else None)
        for item in items
    )


def search(
    session: Session,
    wanted: ItemFilter,
    *,
    sort: Sort = Sort.NEWEST,
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> ItemPage:
    """Return one page of the items that match.

    All filters but the text run in the database. A text is searched in the opened content (stem, options,
    explanation), the number and the reference of at most ``TEXT_SEARCH_LIMIT`` filtered items.
    """
    if wanted.text.strip():
        found, searched = _search_text(session, wanted, sort)
        total = len(found)
        page, pages = _page_of(page, total, page_size)
        chosen = store.items(session, found[(page - 1) * page_size : page * page_size])
        return ItemPage(rows_of(session, chosen), total, page, pages, searched)
    total = store.count(session, wanted)
    page, pages = _page_of(page, total, page_size)
    chosen = list(store.page(session, wanted, sort, offset=(page - 1) * page_size, limit=page_size))
    return ItemPage(rows_of(session, chosen), total, page, pages)


def _page_of(page: int, total: int, page_size: int) -> tuple[int, int]:
    pages = max(1, math.ceil(total / page_size))
    return min(max(1, page), pages), pages


def _search_text(session: Session, wanted: ItemFilter, sort: Sort) -> tuple[list[UUID], int | None]:
    keyring = keyring_of(session)
    sought = same_text(wanted.text).casefold()
    rows = store.sealed_texts(session, wanted, sort, TEXT_SEARCH_LIMIT + 1)
    found = []
    for item_id, number, reference, version_id, sealed in rows[:TEXT_SEARCH_LIMIT]:
        if sought in {str(number), (reference or "").casefold()}:
            found.append(item_id)
            continue
        content = unpack(keyring.open(sealed, purpose=PURPOSE, context=f"item_version/{version_id}"))
        texts = [content.stem, content.explanation, *(option.text for option in content.options)]
        if sought in same_text("\n".join(texts)).casefold():
            found.append(item_id)
    return found, TEXT_SEARCH_LIMIT if len(rows) > TEXT_SEARCH_LIMIT else None


def matching_ids(session: Session, wanted: ItemFilter, *, sort: Sort = Sort.NEWEST) -> list[UUID]:
    """Return the ids of all items that match, for a bulk action; one more than the limit shows the excess."""
    if wanted.text.strip():
        return _search_text(session, wanted, sort)[0]
    return list(store.ids(session, wanted, sort, BULK_LIMIT + 1))


def current_authors(session: Session, item_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Return who wrote the present version of each item."""
    return store.current_authors(session, item_ids)


def count_items(session: Session, wanted: ItemFilter) -> int:
    """Return how many items match, the text left aside."""
    return store.count(session, wanted)


def status_counts(session: Session) -> dict[ItemStatus, int]:
    """Return the number of items in each state."""
    return store.status_counts(session)


@dataclass(frozen=True)
class Bank:
    """The items of one occupation and level."""

    occupation: Occupation
    level: Level
    count: int

    @property
    def key(self) -> str:
        """How addresses name it."""
        return f"{self.occupation.id}:{self.level.value}"


def list_banks(session: Session) -> list[Bank]:
    """Return the occupations and levels that hold items or an outline, by code and level."""
    counts = {(occupation, level): count for occupation, level, count in store.bank_counts(session)}
    for outline in taxonomy.list_outlines(session):
        counts.setdefault((outline.occupation_id, outline.level), 0)
    occupations = {row.id: row for row in taxonomy.list_occupations(session)}
    banks = [Bank(occupations[key[0]], Level(key[1]), count) for key, count in counts.items()]
    return sorted(banks, key=lambda bank: (bank.occupation.code, -bank.level))


def sources_in_use(session: Session) -> list[str]:
    """Sources that items name, for the filter."""
    return store.distinct(session, "source")


def categories_in_use(session: Session) -> list[str]:
    """Categories that items name, for the filter."""
    return store.distinct(session, "category")


def point_coverage(session: Session, outline_id: UUID) -> dict[UUID, dict[ItemStatus, int]]:
    """Return the number of items by point and state of an outline."""
    found: dict[UUID, dict[ItemStatus, int]] = {}
    for point_id, status, count in store.counts_by_point(session, outline_id):
        found.setdefault(point_id, {})[status] = count
    return found
