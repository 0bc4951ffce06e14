"""Placement: unclassified drafts get their assessment points, by selection or from a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from itembank.base.errors import ExamError, Invalid
from itembank.items import service as items
from itembank.items.rules import BulkOutcome, ItemStatus, NothingSelected
from itembank.items.service import Sort
from itembank.people.rules import Action
from itembank.taxonomy.rules import LEVEL_LABELS
from web.bank import labels
from web.bank.forms import ItemQuery, PlaceForm
from web.bank.selection import by_reason, filter_of, tree_in_use
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form

router = APIRouter(prefix="/bank")
FormDep = Annotated[FormData, Depends(form_data)]


class SeveralBanks(Invalid):
    """Items of several occupations or levels were chosen for one point."""

    code = "several_banks"
    message = (
        "Items of different occupations or levels cannot be given one assessment point. Choose one bank."
    )


class BankNeeded(Invalid):
    """No occupation and level was chosen for a sheet."""

    code = "bank_needed"
    message = "Choose the occupation and level first."


class FileNeeded(Invalid):
    """No file was chosen."""

    code = "file_needed"
    message = "Choose a file."


@router.get("/placement")
def show_placement(page: str = "1", ctx: Context = requires(Action.ITEM_PLACE)) -> Response:
    """Drafts without a point, of one bank."""
    number = int(page) if page.isdecimal() and len(page) < 8 else 1
    return _placement_page(ctx, ItemQuery.read(ctx.request.query_params), Form(), number)


def _placement_page(
    ctx: Context, query: ItemQuery, form: Form[Any], page: int = 1, status: int = 200, **values: Any
) -> Response:
    banks = items.list_banks(ctx.session)
    if not query.get("bank"):
        loose = _loose(ctx, query)
        first = items.search(ctx.session, loose, sort=Sort.NUMBER, page_size=1).rows
        if first:
            item = first[0].item
            query = ItemQuery({**query.values, "bank": f"{item.occupation_id}:{item.level}"})
    found = items.search(ctx.session, _loose(ctx, query), sort=Sort.NUMBER, page=page)
    return ctx.page(
        "bank/placement.html",
        block="results",
        found=found,
        query_=query,
        banks=banks,
        bank=next((bank for bank in banks if bank.key == query.get("bank")), None),
        tree=tree_in_use(ctx, query.occupation, query.level),
        levels=LEVEL_LABELS,
        labels=labels,
        form=form,
        status=status,
        **{"problems": (), **values},
    )


def _loose(ctx: Context, query: ItemQuery) -> items.ItemFilter:
    return replace(filter_of(ctx, query), unclassified=True, statuses=frozenset({ItemStatus.DRAFT}))


def choose_point_page(
    ctx: Context, chosen: Sequence[UUID], *, back: str, error: ExamError | None = None
) -> Response:
    """Ask for the point that the chosen items belong to."""
    found = items.find_items(ctx.session, chosen)
    banks = {(item.occupation_id, item.level) for item in found}
    if not banks:
        raise NothingSelected
    if len(banks) > 1:
        raise SeveralBanks
    occupation_id, level = banks.pop()
    form: Form[PlaceForm] = Form()
    if error is not None:
        form.add("point_id", error)
    return ctx.page(
        "bank/choose_point.html",
        rows=items.rows_of(ctx.session, found[:20]),
        chosen=[item.id for item in found],
        tree=tree_in_use(ctx, occupation_id, level),
        back=back.rstrip("?&"),
        form=form,
        labels=labels,
        status=422 if error else 200,
    )


@router.post("/placement")
def place_selected(data: FormDep, ctx: Context = requires(Action.ITEM_PLACE)) -> Response:
    """Give the selected items one point."""
    form = parse_form(PlaceForm, data)
    query = ItemQuery.read({"bank": data.text("bank"), "q": data.text("q")})
    back = query.url("/bank/placement").rstrip("?&")
    if form.model is None:
        form.errors.setdefault("", form.errors.get("point_id") or next(iter(form.errors.values())))
        return _placement_page(ctx, query, form, status=422)
    sent = form.model
    try:
        outcome = items.place_items(
            ctx.session, actor=ctx.actor, placements=dict.fromkeys(sent.item, sent.point_id), now=ctx.now
        )
    except ExamError as error:
        form.add("", error)
        return _placement_page(ctx, query, form, status=422)
    return _placed(ctx, outcome, back)


def _placed(ctx: Context, outcome: BulkOutcome, back: str) -> Response:
    done = len(outcome.done)
    if not outcome.refused:
        return ctx.redirect(back, notice=ctx._("{n} items were placed.", n=done))
    return ctx.page("bank/outcome.html", done=done, groups=by_reason(outcome), back=back)


@router.post("/placement/sheet")
def place_from_sheet(data: FormDep, ctx: Context = requires(Action.ITEM_PLACE)) -> Response:
    """Place items from a CSV: all rows, or none with every problem named."""
    query = ItemQuery.read({"bank": data.text("bank")})
    form: Form[PlaceForm] = Form()
    try:
        if query.occupation is None or query.level is None:
            raise BankNeeded
        sent = data.read("sheet")
        if sent is None:
            raise FileNeeded
        outcome = items.place_from_sheet(
            ctx.session,
            actor=ctx.actor,
            occupation_id=query.occupation,
            level=query.level,
            rows=items.read_placement_sheet(sent[1]),
            now=ctx.now,
        )
    except ExamError as error:
        form.add("sheet", error)
        return _placement_page(ctx, query, form, status=422)
    if outcome.problems:
        return _placement_page(ctx, query, form, status=422, problems=outcome.problems)
    return _placed(ctx, outcome.placed, query.url("/bank/placement").rstrip("?&"))


@router.get("/placement/template")
def placement_template(ctx: Context = requires(Action.ITEM_PLACE)) -> Response:
    """A sheet of the bank's unclassified items, ready for the codes to be filled in."""
    query = ItemQuery.read(ctx.request.query_params)
    lines = [",".join(items.PLACEMENT_HEADER)]
    ids = items.matching_ids(ctx.session, _loose(ctx, query), sort=Sort.NUMBER)
    for item in items.find_items(ctx.session, ids):
        reference = (item.reference or "").replace('"', '""')
        quoted = f'"{reference}"' if reference and not reference.isalnum() else reference
        lines.append(f"{quoted},{item.number},")
    return ctx.download("\r\n".join(lines).encode("utf-8-sig"), ctx._("placement") + ".csv", "text/csv")
