"""One item: content, versions, history, and changes of its state."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from itembank.base.errors import ExamError, NotFound
from itembank.items import service as items
from itembank.items.models import Item
from itembank.items.rules import TRANSITIONS, Change, ItemStatus
from itembank.people.rules import Action, check_may
from itembank.review import service as review
from itembank.review.rules import Verdict
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import LEVEL_LABELS, Level
from web.bank import labels
from web.bank.forms import StatusForm
from web.bank.selection import Names
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form

router = APIRouter(prefix="/bank")
FormDep = Annotated[FormData, Depends(form_data)]

_NEEDS = {
    Change.SUBMIT: Action.ITEM_WRITE,
    Change.EDIT: Action.ITEM_WRITE,
    Change.SUSPEND: Action.ITEM_SUSPEND,
    Change.RESUME: Action.ITEM_SUSPEND,
    Change.RETIRE: Action.ITEM_SUSPEND,
}


def _may_change(ctx: Context, item: Item, change: Change) -> bool:
    if (item.status, change) not in TRANSITIONS:
        return False
    if change is Change.RETIRE and item.status is ItemStatus.DRAFT:
        return ctx.may(Action.ITEM_WRITE) or ctx.may(Action.ITEM_SUSPEND)
    return ctx.may(_NEEDS[change])


@router.get("/items/{item_id}")
def show_item(item_id: UUID, version: str = "", ctx: Context = requires(Action.ITEM_READ)) -> Response:
    """An item with its content, its versions and its history."""
    return _item_page(ctx, item_id, Form(), version=version)


def _item_page(
    ctx: Context, item_id: UUID, form: Form[Any], *, version: str = "", status: int = 200
) -> Response:
    item = items.find_item(ctx.session, item_id)
    versions = items.list_versions(ctx.session, item_id)
    shown = next((row for row in versions if str(row.number) == version), None)
    if shown is None:
        shown = next(row for row in versions if row.id == item.current_version_id)
    verdicts = review.list_verdicts(ctx.session, item_id)
    sent_back = next((verdict for verdict in verdicts[:1] if verdict.verdict is Verdict.SEND_BACK), None)
    enemies = items.enemies_of(ctx.session, item_id)
    numbers = {
        row.id: row.number
        for row in items.find_items(ctx.session, [member for view in enemies for member in view.item_ids])
    }
    return ctx.page(
        "bank/item.html",
        row=items.rows_of(ctx.session, [item])[0],
        content=items.read_content(ctx.session, shown.id),
        shown=shown,
        versions=versions,
        timeline=_timeline(ctx, item_id, verdicts),
        sent_back=sent_back if item.status is ItemStatus.DRAFT else None,
        occupation=taxonomy.find_occupation(ctx.session, item.occupation_id),
        level=LEVEL_LABELS[Level(item.level)],
        enemies=enemies,
        numbers=numbers,
        changes={change for change in Change if change in _NEEDS and _may_change(ctx, item, change)},
        Change=Change,
        names=Names(ctx),
        labels=labels,
        form=form,
        status=status,
    )


def _timeline(ctx: Context, item_id: UUID, verdicts: list[review.VerdictView]) -> list[dict[str, Any]]:
    """Events newest first, each verdict's comment beside the event it made."""
    comments = {(verdict.at, verdict.verdict.value): verdict.comment for verdict in verdicts}
    return [
        {"event": event, "comment": comments.get((event.at, event.what), "")}
        for event in items.list_events(ctx.session, item_id)
    ]


@router.post("/items/{item_id}/status")
def change_status(item_id: UUID, data: FormDep, ctx: Context = requires(Action.ITEM_READ)) -> Response:
    """Submit, suspend, put up for review again, or retire an item."""
    item = items.find_item(ctx.session, item_id)
    form = parse_form(StatusForm, data)
    if form.model is None:
        return _item_page(ctx, item_id, form, status=422)
    change = Change(form.model.change)
    if change is Change.RETIRE and item.status is ItemStatus.DRAFT and ctx.may(Action.ITEM_WRITE):
        check_may(ctx.actor, Action.ITEM_WRITE)
    else:
        check_may(ctx.actor, _NEEDS[change])
    try:
        if change is Change.SUBMIT:
            outcome = review.submit_for_review(ctx.session, actor=ctx.actor, item_ids=[item_id], now=ctx.now)
        else:
            outcome = items.change_status(
                ctx.session, actor=ctx.actor, item_ids=[item_id], change=change, now=ctx.now
            )
        outcome.check_all_done()
    except ExamError as error:
        form.add("", error)
        return _item_page(ctx, item_id, form, status=409)
    what = ctx._(labels.EVENTS[change.value])
    notice = ctx._("Item {number}: {verdict}.", number=item.number, verdict=what)
    return ctx.redirect(f"/bank/items/{item_id}", notice=notice)


@router.post("/items/{item_id}/enemies/{group_id}/remove")
def remove_enemies(item_id: UUID, group_id: UUID, ctx: Context = requires(Action.ITEM_WRITE)) -> Response:
    """Dissolve an enemy group of this item."""
    if group_id not in {view.group.id for view in items.enemies_of(ctx.session, item_id)}:
        raise NotFound
    items.remove_enemy_group(ctx.session, actor=ctx.actor, group_id=group_id)
    return ctx.redirect(f"/bank/items/{item_id}", notice=ctx._("The group was dissolved."))
