"""The item bank: items, authoring, review, placement and the taxonomy behind them."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from itembank.items import service as items
from itembank.items.rules import ItemStatus
from itembank.items.service import ItemFilter
from itembank.people.rules import Action
from itembank.review import service as review
from web.bank import authoring, item, listing, placing, reviewing, taxonomy
from web.i18n import N_
from web.navigation import Area, NavItem, Todo

PARTS = [
    listing,
    authoring,
    item,
    reviewing,
    placing,
    taxonomy,
]
"""Modules with a router; authoring stands before item, whose addresses begin with an id."""

router = APIRouter()
for part in PARTS:
    router.routes.extend(part.router.routes)


def _todos(ctx: Any) -> Sequence[Todo]:
    waiting = []
    if ctx.may(Action.ITEM_REVIEW):
        count = items.count_items(ctx.session, review.waiting_for(ctx.actor))
        waiting.append(Todo(count, ctx._("Items to review"), "/bank/review"))
    if ctx.may(Action.ITEM_PLACE):
        loose = ItemFilter(unclassified=True, statuses=frozenset({ItemStatus.DRAFT}))
        waiting.append(
            Todo(items.count_items(ctx.session, loose), ctx._("Drafts without a point"), "/bank/placement")
        )
    return [todo for todo in waiting if todo.count]


AREA = Area(
    "bank",
    router,
    nav=[
        NavItem(Action.ITEM_READ, "/bank/items", N_("Items"), "Item bank"),
        NavItem(Action.ITEM_REVIEW, "/bank/review", N_("Item review"), "Item bank"),
        NavItem(Action.ITEM_PLACE, "/bank/placement", N_("Placement"), "Item bank"),
        NavItem(Action.TAXONOMY_READ, "/bank/taxonomy", N_("Occupations and outlines"), "Item bank"),
    ],
    todos=_todos,
)
