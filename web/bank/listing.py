"""The item list: filters, search, bulk actions, export."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from itembank.base import audit
from itembank.base.errors import ExamError, Invalid
from itembank.items import service as items
from itembank.items.rules import BulkOutcome, Change, NothingSelected
from itembank.items.service import ItemRow
from itembank.people.rules import Action, check_may
from itembank.review import service as review
from itembank.review.rules import Verdict
from itembank.taxonomy.rules import LEVEL_LABELS, Level
from web.bank import labels
from web.bank.forms import QUERY_FIELDS, BulkForm, ItemQuery, versions_seen
from web.bank.placing import choose_point_page
from web.bank.selection import by_reason, filter_of, selected, tree_in_use
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form

router = APIRouter(prefix="/bank")
FormDep = Annotated[FormData, Depends(form_data)]

_NEEDS: dict[str, Action] = {
    "submit": Action.ITEM_WRITE,
    "enemies": Action.ITEM_WRITE,
    "place": Action.ITEM_PLACE,
    "approve": Action.ITEM_REVIEW,
    "send_back": Action.ITEM_REVIEW,
    "suspend": Action.ITEM_SUSPEND,
    "resume": Action.ITEM_SUSPEND,
    "retire": Action.ITEM_SUSPEND,
    "export": Action.ITEM_READ,
}


class EnemyNameNeeded(Invalid):
    """An enemy group without a name."""

    code = "enemy_name_needed"
    message = "Name the group, for example by what its items have in common."


@router.get("/items")
def list_items(page: str = "1", ctx: Context = requires(Action.ITEM_READ)) -> Response:
    """Items that match the filters, a page at a time."""
    query = ItemQuery.read(ctx.request.query_params)
    return _list_page(ctx, query, int(page) if page.isdecimal() and len(page) < 8 else 1)


def _list_page(
    ctx: Context, query: ItemQuery, page: int = 1, error: ExamError | None = None, status: int = 200
) -> Response:
    form: Form[BulkForm] = Form()
    if error is not None:
        form.add("", error)
    found = items.search(ctx.session, filter_of(ctx, query), sort=query.sort, page=page)
    return ctx.page(
        "bank/items.html",
        block="results",
        found=found,
        query_=query,
        banks=items.list_banks(ctx.session),
        tree=tree_in_use(ctx, query.occupation, query.level),
        sources=items.sources_in_use(ctx.session),
        categories=items.categories_in_use(ctx.session),
        form=form,
        labels=labels,
        levels=LEVEL_LABELS,
        status=status,
    )


@router.post("/items/bulk")
def act_on_items(data: FormDep, ctx: Context = requires(Action.ITEM_READ)) -> Response:
    """One action on the selected items; what it does not fit is named and left as it was."""
    query = ItemQuery.read({name: data.text(name) for name in QUERY_FIELDS})
    form = parse_form(BulkForm, data)
    if form.model is None:
        return _list_page(ctx, query, error=NothingSelected(), status=422)
    sent = form.model
    check_may(ctx.actor, _NEEDS[sent.action])
    try:
        chosen = selected(ctx, sent, query)
        if sent.action == "export":
            return _export(ctx, chosen)
        if sent.action == "place":
            return choose_point_page(ctx, chosen, back=query.url("/bank/items"))
        if sent.action == "enemies":
            return _make_enemies(ctx, sent, chosen, query)
        outcome = _apply(ctx, sent, chosen)
    except ExamError as error:
        return _list_page(ctx, query, error=error, status=422)
    return outcome_page(ctx, outcome, back=query.url("/bank/items").rstrip("?&"))


def _make_enemies(ctx: Context, sent: BulkForm, chosen: list[UUID], query: ItemQuery) -> Response:
    if not sent.name.strip():
        raise EnemyNameNeeded
    items.create_enemy_group(ctx.session, actor=ctx.actor, name=sent.name, item_ids=chosen, now=ctx.now)
    notice = ctx._("At most one of these {n} items will stand in a form.", n=len(chosen))
    return ctx.redirect(query.url("/bank/items").rstrip("?&"), notice=notice)


def _apply(ctx: Context, sent: BulkForm, chosen: list[UUID]) -> BulkOutcome:
    if sent.action == "submit":
        return review.submit_for_review(ctx.session, actor=ctx.actor, item_ids=chosen, now=ctx.now)
    if sent.action in ("approve", "send_back"):
        return review.decide(
            ctx.session,
            actor=ctx.actor,
            item_ids=chosen,
            verdict=Verdict(sent.action),
            comment=sent.comment,
            now=ctx.now,
            seen=None if sent.everything else versions_seen(sent.seen),
        )
    return items.change_status(
        ctx.session, actor=ctx.actor, item_ids=chosen, change=Change(sent.action), now=ctx.now
    )


def outcome_page(ctx: Context, outcome: BulkOutcome, *, back: str) -> Response:
    """Say what a bulk action did: a notice when all went through, else a page that names the rest."""
    done = len(outcome.done)
    if not outcome.refused:
        return ctx.redirect(back, notice=ctx._("Done: {n} items.", n=done))
    return ctx.page("bank/outcome.html", done=done, groups=by_reason(outcome), back=back)


def _export(ctx: Context, chosen: Sequence[UUID]) -> Response:
    """A CSV of the selection; keys only for those who judge content."""
    with_keys = ctx.may(Action.KEY_READ)
    rows = items.rows_of(ctx.session, items.find_items(ctx.session, chosen))
    text = io.StringIO()
    writer = csv.writer(text)
    header = [
        ctx._("Item no."),
        ctx._("Reference"),
        ctx._("Type"),
        ctx._("Stem"),
        ctx._("Options"),
        *([ctx._("Key"), ctx._("Explanation")] if with_keys else []),
        ctx._("Level"),
        ctx._("Assessment point"),
        ctx._("Importance"),
        ctx._("Difficulty"),
        ctx._("Category"),
        ctx._("Source"),
        ctx._("State"),
    ]
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value) for value in _exported(ctx, row, with_keys)])
    audit.record(
        ctx.session,
        actor=ctx.actor,
        action="item.exported",
        subject=("item", rows[0].item.id if rows else "-"),
        institution_id=ctx.actor.institution_id,
        detail={"count": len(rows), "with_keys": with_keys},
    )
    # Chinese spreadsheets read UTF-8 only with a byte order mark.
    return ctx.download(text.getvalue().encode("utf-8-sig"), ctx._("items") + ".csv", "text/csv")


def _exported(ctx: Context, row: ItemRow, with_keys: bool) -> list[str]:
    item, content = row.item, row.content
    return [
        str(item.number),
        item.reference or "",
        ctx._(labels.ITEM_TYPES[item.type]),
        content.stem,
        "\n".join(f"{option.label}. {option.text}" for option in content.options),
        *(["".join(content.key), content.explanation] if with_keys else []),
        LEVEL_LABELS[Level(item.level)],
        row.point.code if row.point else "",
        row.importance,
        str(item.difficulty),
        item.category or "",
        item.source,
        ctx._(labels.ITEM_STATUSES[item.status]),
    ]


def _cell(value: str) -> str:
    """Keep a spreadsheet from taking text for a formula."""
    return "'" + value if value[:1] in ("=", "+", "-", "@", "\t") else value
