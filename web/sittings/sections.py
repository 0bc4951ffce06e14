"""The page of a sitting's sections: own times, no way back, rest breaks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingStatus
from exam_engine.sittings.sections import SectionTerms
from itembank.base.errors import ExamError, NotFound
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import Form, parse_form
from web.sittings.common import FormDep, sitting_of
from web.sittings.forms import SectionsForm
from web.sittings.labels import COMPONENTS, SECTIONS

router = APIRouter(prefix="/plans/{plan_id}/sittings/{sitting_id}/sections")


@router.get("")
def show_sections(plan_id: UUID, sitting_id: UUID, ctx: Context = requires(Action.PLAN_READ)) -> Response:
    """What holds for each section of the sitting's papers."""
    return _page(ctx, plan_id, sitting_id, Form())


def _page(
    ctx: Context,
    plan_id: UUID,
    sitting_id: UUID,
    form: Form[Any],
    *,
    sent: list[SectionTerms] | None = None,
    status: int = 200,
) -> Response:
    sitting = sitting_of(ctx, plan_id, sitting_id)
    terms, refusal = sittings.terms_of(sitting), None
    try:
        found = sittings.paper_sections(ctx.session, sitting)
    except NotFound:
        raise
    except ExamError as error:
        found, refusal = [], _in_words(ctx, error)
    rows = [(sent[n] if sent and n < len(sent) else row.terms, row.items) for n, row in enumerate(found)]
    return ctx.page(
        "sittings/sections.html",
        plan=sittings.find_plan(ctx.session, plan_id),
        sitting=sitting,
        terms=terms,
        rows=rows,
        refusal=refusal,
        names=SECTIONS,
        components=COMPONENTS,
        is_draft=sitting.status is SittingStatus.DRAFT,
        form=form,
        status=status,
    )


def _in_words(ctx: Context, error: ExamError) -> ExamError:
    """Return the refusal with the sections' names in the reader's language."""
    for name in ("found", "expected"):
        if name in error.facts:
            kinds = str(error.facts[name]).split(", ")
            error.facts[name] = ", ".join(ctx._(SECTIONS.get(kind, kind)) for kind in kinds)
    return error


@router.post("")
def set_sections(
    plan_id: UUID, sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)
) -> Response:
    """Lay down what holds for the sections of a draft."""
    sitting_of(ctx, plan_id, sitting_id)
    form = parse_form(SectionsForm, data)
    if form.model is None:
        return _page(ctx, plan_id, sitting_id, form, status=422)
    sent = form.model.terms()
    try:
        with ctx.session.begin_nested():
            sittings.set_sections(ctx.session, actor=ctx.actor, sitting_id=sitting_id, sections=sent)
    except NotFound:
        raise
    except ExamError as error:
        form.add("", _in_words(ctx, error))
        return _page(ctx, plan_id, sitting_id, form, sent=sent, status=422)
    return ctx.redirect(
        f"/plans/{plan_id}/sittings/{sitting_id}", notice=ctx._("The rules of the sections were kept.")
    )
