"""Which items a page shows or a bulk action takes: the filters of the address, made a query."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from itembank.base.errors import NotFound
from itembank.items import service as items
from itembank.items.models import Item
from itembank.items.rules import BULK_LIMIT, BulkOutcome, TooManyItems, check_bulk
from itembank.items.service import ItemFilter
from itembank.people import service as people
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.service import OutlineTree
from web.bank.forms import BulkForm, ItemQuery, read_uuid
from web.deps import Context


def filter_of(ctx: Context, query: ItemQuery) -> ItemFilter:
    """Return the database's side of the filters."""
    nodes: frozenset[UUID] = frozenset()
    node = read_uuid(query.get("node"))
    if node is not None:
        try:
            nodes = taxonomy.find_subtree(ctx.session, node)
        except NotFound:
            nodes = frozenset({node})  # not in reach: matches nothing
    return ItemFilter(
        statuses=frozenset({query.status} if query.status else ()),
        types=frozenset({query.type} if query.type else ()),
        occupation_id=query.occupation,
        level=query.level,
        node_ids=nodes,
        point_id=read_uuid(query.get("point")),
        importance=query.importance,
        difficulties=frozenset({query.difficulty} if query.difficulty else ()),
        source=query.get("source"),
        category=query.get("category"),
        unclassified=bool(query.get("unclassified")),
        created_by=ctx.actor.id if query.get("mine") else None,
        text=query.get("q"),
    )


def tree_in_use(ctx: Context, occupation_id: UUID | None, level: int | None) -> OutlineTree | None:
    """Return the outline in use of an occupation and level, None where there is none."""
    if occupation_id is None or level is None:
        return None
    try:
        outline = taxonomy.outline_in_use(ctx.session, occupation_id=occupation_id, level=level)
    except taxonomy.OutlineMissing:
        return None
    return taxonomy.outline_tree(ctx.session, outline.id)


def selected(ctx: Context, form: BulkForm, query: ItemQuery) -> list[UUID]:
    """Return the items of a bulk action; raises NothingSelected or TooManyItems."""
    if form.everything:
        wanted = filter_of(ctx, query)
        found = items.matching_ids(ctx.session, wanted, sort=query.sort)
        if len(found) > BULK_LIMIT and not wanted.text.strip():  # the list of ids is cut; say the true number
            raise TooManyItems(count=items.count_items(ctx.session, wanted), limit=BULK_LIMIT)
        return check_bulk(found)
    return check_bulk(form.item)


def by_reason(outcome: BulkOutcome) -> list[dict[str, Any]]:
    """Return the refusals of a bulk action grouped by their reason, with the numbers of the items."""
    groups: dict[str, dict[str, Any]] = {}
    for refused in outcome.refused:
        group = groups.setdefault(refused.error.code, {"error": refused.error, "items": []})
        group["items"].append(refused)
    return list(groups.values())


class Names:
    """Names of accounts by id, each looked up once."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._known: dict[UUID, str] = {}

    def __call__(self, user_id: UUID | None) -> str:
        if user_id is None:
            return self._ctx._("System")
        if user_id not in self._known:
            self._known[user_id] = people.find_user(self._ctx.session, user_id).name
        return self._known[user_id]


def bank_of(item: Item) -> str:
    """Return the occupation and level of an item as addresses name it."""
    return f"{item.occupation_id}:{item.level}"
