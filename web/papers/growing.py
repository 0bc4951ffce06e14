"""Collections for adaptive and two-stage tests: their settings, and the job that makes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.delivery import service as delivery
from exam_engine.papers import service as papers
from exam_engine.sittings.rules import Way
from itembank.base.errors import ExamError, Invalid
from itembank.people.rules import Action
from web.deps import Context, requires
from web.errors import status_of
from web.forms import FormData, form_data
from web.i18n import N_
from web.papers.blueprints.editor import fraction, whole

router = APIRouter()
FormDep = Annotated[FormData, Depends(form_data)]

FIELDS = {
    "length": N_("Items of a whole test"),
    "standard_error": N_("End at a standard error of"),
    "shortest": N_("Items at least"),
    "cap": N_("Highest exposure of an item, %"),
    "cohort": N_("Candidates of a sitting"),
    "first": N_("Items of the first module"),
    "modules": N_("Modules of the second stage"),
}
STAGES = (
    N_("Looking for a form of the blueprint"),
    N_("Simulating candidates"),
    N_("Storing the collection"),
)
"""The words of exam_engine.delivery for its job, here so that they are translated."""


class NumberUnreadable(Invalid):
    """A field of the form holds no number."""

    code = "collection_number_unreadable"
    message = "{field}: “{value}” is not a number."


@router.get("/blueprints/{blueprint_id}/growing")
def show_form(blueprint_id: UUID, ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """What can be asked for."""
    length = papers.spec_of(papers.find_blueprint(ctx.session, blueprint_id)).length
    half = max(5, length // 2)
    values = {"way": Way.ADAPTIVE.value, "length": str(half), "shortest": str(max(1, half // 2))}
    values |= {"standard_error": "", "cap": "35", "cohort": "200", "first": str(half // 2), "modules": "3"}
    return _page(ctx, blueprint_id, values)


@router.post("/blueprints/{blueprint_id}/growing")
def ask(blueprint_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """File the job and show how far it is."""
    values = {name: data.text(name).strip()[:12] for name in ("way", *FIELDS)}
    try:
        assembly = delivery.request_collection(
            ctx.session, actor=ctx.actor, blueprint_id=blueprint_id, settings=_settings(values), now=ctx.now
        )
    except Invalid as refusal:
        return _page(ctx, blueprint_id, values, refusal)
    return ctx.redirect(f"/papers/assemblies/{assembly.id}")


def _settings(values: dict[str, str]) -> delivery.Settings:
    length = _whole(values, "length")
    if values["way"] == Way.MULTISTAGE:
        return delivery.Settings(
            Way.MULTISTAGE, length, first=_whole(values, "first"), modules=_whole(values, "modules")
        )
    cap = _number(values, "cap")
    error = _number(values, "standard_error")
    return delivery.Settings(
        Way.ADAPTIVE,
        length,
        standard_error=None if error is None else float(error),
        shortest=_whole(values, "shortest"),
        cap=None if cap is None else float(cap) / 100,
        cohort=_whole(values, "cohort"),
    )


def _whole(values: dict[str, str], name: str) -> int:
    found = whole(values[name])
    if found is None:
        raise NumberUnreadable(field=name, value=values[name])
    return found


def _number(values: dict[str, str], name: str) -> Decimal | None:
    if not values[name]:
        return None
    found = fraction(values[name])
    if found is None:
        raise NumberUnreadable(field=name, value=values[name])
    return found


def _page(
    ctx: Context, blueprint_id: UUID, values: dict[str, str], refusal: ExamError | None = None
) -> Response:
    blueprint = papers.find_blueprint(ctx.session, blueprint_id)
    facts: dict[str, Any] = dict(refusal.facts) if refusal else {}
    wrong = str(facts.get("field", ""))
    if wrong in FIELDS:
        facts["field"] = ctx._(FIELDS[wrong])
    return ctx.page(
        "papers/growing.html",
        blueprint=blueprint,
        length=papers.spec_of(blueprint).length,
        values=values,
        wrong=wrong,
        labels=FIELDS,
        error=ctx._(refusal.message, **facts) if refusal else "",
        status=status_of(refusal) if refusal else 200,
    )
