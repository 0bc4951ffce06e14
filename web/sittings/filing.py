"""Filed scopes: written by the centre, read by the institution."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.filing import service as filing
from exam_engine.filing.rules import is_in_force
from itembank.base.errors import ExamError
from itembank.people import service as people
from itembank.people.rules import ASSESSORS, Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level
from web.deps import Context, requires
from web.forms import Form, parse_form
from web.i18n import ZONE
from web.sittings.common import FormDep
from web.sittings.forms import FilingForm, WithdrawalForm

router = APIRouter(prefix="/filing")
_FIELDS = {"validity_wrong": "valid_until", "scope_exists": "levels", "not_an_assessor": "institution_id"}


@router.get("")
def list_scopes(ctx: Context = requires(Action.FILING_READ)) -> Response:
    """Every filing in reach; centres can add one."""
    return _page(ctx, Form())


def _page(ctx: Context, form: Form[Any], status: int = 200) -> Response:
    today = ctx.now.astimezone(ZONE).date()
    rows = filing.list_scopes(ctx.session)
    scope = ctx.session.info["scope"]
    return ctx.page(
        "sittings/filing.html",
        rows=[
            (
                row,
                is_in_force(
                    valid_from=row.scope.valid_from,
                    valid_until=row.scope.valid_until,
                    withdrawn_on=row.scope.withdrawn_on,
                    on=today,
                ),
            )
            for row in rows
        ],
        institutions=[
            place
            for place in people.list_institutions(ctx.session)
            if scope.includes(place.id) and place.kind in ASSESSORS
        ],
        occupations=[
            (row.id, f"{taxonomy.occupation_code(row)} {row.name}")
            for row in taxonomy.list_occupations(ctx.session)
        ],
        levels=list(Level),
        chosen_levels={str(level) for level in form.values.get("levels", [])},
        form=form,
        today=today,
        status=status,
    )


@router.post("")
def file_scope(data: FormDep, ctx: Context = requires(Action.FILING_WRITE)) -> Response:
    """File an institution below for an occupation at some levels."""
    form = parse_form(FilingForm, data)
    if form.model is None:
        return _page(ctx, form, 422)
    sent = form.model
    try:
        with ctx.session.begin_nested():
            filing.file_scope(ctx.session, actor=ctx.actor, now=ctx.now, **sent.model_dump())
    except ExamError as error:
        form.add(_FIELDS.get(error.code, ""), error)
        return _page(ctx, form, 422)
    return ctx.redirect("/filing", notice=ctx._("The filing was written."))


@router.post("/{scope_id}/withdraw")
def withdraw_scope(scope_id: UUID, data: FormDep, ctx: Context = requires(Action.FILING_WRITE)) -> Response:
    """Withdraw a filing from today on."""
    form = parse_form(WithdrawalForm, data)
    if form.model is None:
        return _page(ctx, form, 422)
    today = ctx.now.astimezone(ZONE).date()
    try:
        filing.withdraw_scope(
            ctx.session, actor=ctx.actor, scope_id=scope_id, reason=form.model.reason, on=today, now=ctx.now
        )
    except ExamError as error:
        if error.code == "not_found":
            raise
        form.add("", error)
        return _page(ctx, form, 422)
    return ctx.redirect("/filing", notice=ctx._("The filing was withdrawn."))
