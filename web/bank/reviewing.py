"""The review queue: many at a glance, or one after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from itembank.base.errors import ExamError
from itembank.items import service as items
from itembank.items.rules import NothingSelected
from itembank.items.service import ItemFilter, Sort
from itembank.people.rules import Action
from itembank.review import service as review
from itembank.review.rules import Verdict
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import LEVEL_LABELS, Level
from web.bank import labels
from web.bank.forms import QUERY_FIELDS, BulkForm, ItemQuery, VerdictForm, versions_seen
from web.bank.listing import outcome_page
from web.bank.selection import Names, filter_of
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form

router = APIRouter(prefix="/bank")
FormDep = Annotated[FormData, Depends(form_data)]

PAGE_SIZE = 25


def _waiting(ctx: Context, query: ItemQuery) -> ItemFilter:
    """What waits for this reviewer, narrowed by the filters."""
    waiting = review.waiting_for(ctx.actor)
    return replace(filter_of(ctx, query), statuses=waiting.statuses, not_by=waiting.not_by)


@router.get("/review")
def show_queue(page: str = "1", ctx: Context = requires(Action.ITEM_REVIEW)) -> Response:
    """Items that wait for this reviewer, with their content."""
    number = int(page) if page.isdecimal() and len(page) < 8 else 1
    return _queue_page(ctx, ItemQuery.read(ctx.request.query_params), Form(), number)


def _queue_page(
    ctx: Context, query: ItemQuery, form: Form[Any], page: int = 1, status: int = 200
) -> Response:
    found = items.search(ctx.session, _waiting(ctx, query), sort=Sort.NUMBER, page=page, page_size=PAGE_SIZE)
    all_in_review = items.count_items(
        ctx.session, ItemFilter(statuses=review.waiting_for(ctx.actor).statuses)
    )
    return ctx.page(
        "bank/review.html",
        block="results",
        found=found,
        query_=query,
        own=all_in_review - items.count_items(ctx.session, review.waiting_for(ctx.actor)),
        banks=items.list_banks(ctx.session),
        levels=LEVEL_LABELS,
        labels=labels,
        form=form,
        status=status,
    )


@router.post("/review")
def decide_many(data: FormDep, ctx: Context = requires(Action.ITEM_REVIEW)) -> Response:
    """One verdict on the selected items, or on everything that the filters match."""
    query = ItemQuery.read({name: data.text(name) for name in QUERY_FIELDS})
    form = parse_form(BulkForm, data)
    if form.model is None or form.model.action not in ("approve", "send_back"):
        form.add("", NothingSelected())
        return _queue_page(ctx, query, form, status=422)
    sent = form.model
    everything = items.matching_ids(ctx.session, _waiting(ctx, query), sort=Sort.NUMBER)
    try:
        outcome = review.decide(
            ctx.session,
            actor=ctx.actor,
            item_ids=everything if sent.everything else sent.item,
            verdict=Verdict(sent.action),
            comment=sent.comment,
            now=ctx.now,
            seen=None if sent.everything else versions_seen(sent.seen),
        )
    except ExamError as error:
        form.add("comment" if error.code.startswith("comment") else "", error)
        return _queue_page(ctx, query, form, status=422)
    return outcome_page(ctx, outcome, back=query.url("/bank/review").rstrip("?&"))


@router.get("/review/{item_id}")
def show_one(item_id: UUID, ctx: Context = requires(Action.ITEM_REVIEW)) -> Response:
    """One item of the queue, with what stands before and after it."""
    return _one_page(ctx, item_id, ItemQuery.read(ctx.request.query_params), Form())


def _neighbours(ctx: Context, item_id: UUID, query: ItemQuery) -> tuple[list[UUID], int | None]:
    queue = items.matching_ids(ctx.session, _waiting(ctx, query), sort=Sort.NUMBER)
    return queue, queue.index(item_id) if item_id in queue else None


def _one_page(
    ctx: Context, item_id: UUID, query: ItemQuery, form: Form[VerdictForm], status: int = 200
) -> Response:
    item = items.find_item(ctx.session, item_id)
    versions = items.list_versions(ctx.session, item_id)
    queue, place = _neighbours(ctx, item_id, query)
    before = versions[1] if len(versions) > 1 else None
    return ctx.page(
        "bank/review_one.html",
        row=items.rows_of(ctx.session, [item])[0],
        version=versions[0],
        before=items.read_content(ctx.session, before.id) if before else None,
        verdicts=review.list_verdicts(ctx.session, item_id),
        request_=review.find_request(ctx.session, item_id),
        occupation=taxonomy.find_occupation(ctx.session, item.occupation_id),
        level=LEVEL_LABELS[Level(item.level)],
        place=place,
        waiting=len(queue),
        previous=queue[place - 1] if place else None,
        following=queue[place + 1] if place is not None and place + 1 < len(queue) else None,
        query_=query,
        suffix=query.url("").rstrip("&").rstrip("?"),
        names=Names(ctx),
        labels=labels,
        form=form,
        status=status,
    )


@router.post("/review/{item_id}")
def decide_one(item_id: UUID, data: FormDep, ctx: Context = requires(Action.ITEM_REVIEW)) -> Response:
    """Approve or send back one item and go on to the next."""
    query = ItemQuery.read(ctx.request.query_params)
    item = items.find_item(ctx.session, item_id)
    form = parse_form(VerdictForm, data)
    if form.model is None:
        return _one_page(ctx, item_id, query, form, status=422)
    queue, place = _neighbours(ctx, item_id, query)
    sent = form.model
    try:
        review.decide(
            ctx.session,
            actor=ctx.actor,
            item_ids=[item_id],
            verdict=sent.verdict,
            comment=sent.comment,
            now=ctx.now,
            seen={item_id: sent.version},
        ).check_all_done()
    except ExamError as error:
        form.add("comment" if error.code.startswith("comment") else "", error)
        return _one_page(ctx, item_id, query, form, status=422)
    left = [other for other in queue if other != item_id]
    suffix = query.url("").rstrip("&").rstrip("?")
    following = left[min(place or 0, len(left) - 1)] if left else None
    notice = ctx._(
        "Item {number}: {verdict}.", number=item.number, verdict=ctx._(labels.VERDICTS[sent.verdict])
    )
    return ctx.redirect(f"/bank/review/{following}{suffix}" if following else "/bank/review", notice=notice)
