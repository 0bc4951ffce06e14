"""Collections for adaptive and two-stage tests: their settings, and the job that makes them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.delivery import service as delivery
from exam_engine.papers import service as papers
from exam_engine.sittings.rules import Way
from itembank.base.errors import Invalid
from itembank.people.rules import Action
from web.deps import Context, requires
from web.errors import status_of
from web.forms import Form, FormData, form_data
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


MISSING = N_("This field is required.")
NOT_A_NUMBER = N_("“{value}” is not a number.")
OUT_OF_RANGE = N_("{value} is not between {least} and {most}.")
MOST_DIGITS = 12


@router.get("/blueprints/{blueprint_id}/growing")
def show_form(blueprint_id: UUID, ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """What can be asked for."""
    length = papers.spec_of(papers.find_blueprint(ctx.session, blueprint_id)).length
    half = max(5, length // 2)
    values = {"way": Way.ADAPTIVE.value, "length": str(half), "shortest": str(max(1, half // 2))}
    values |= {"standard_error": "", "cap": "35", "cohort": "200", "first": str(half // 2), "modules": "3"}
    return _page(ctx, blueprint_id, Form(values))


@router.post("/blueprints/{blueprint_id}/growing")
def ask(blueprint_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """File the job and show how far it is."""
    whole_length = papers.spec_of(papers.find_blueprint(ctx.session, blueprint_id)).length
    form: Form[Any] = Form({name: data.text(name).strip()[:MOST_DIGITS] for name in ("way", *FIELDS)})
    settings = _settings(form, whole_length)
    _check(form, settings, whole_length)
    if form.errors:
        return _page(ctx, blueprint_id, form, status=422)
    try:
        assembly = delivery.request_collection(
            ctx.session, actor=ctx.actor, blueprint_id=blueprint_id, settings=settings, now=ctx.now
        )
    except Invalid as refusal:
        form.add("", refusal)
        return _page(ctx, blueprint_id, form, status=status_of(refusal))
    return ctx.redirect(f"/papers/assemblies/{assembly.id}")


def _settings(form: Form[Any], whole_length: int) -> delivery.Settings:
    """Return the settings of the chosen way; for what cannot be read a value that does not hinder the others."""
    length = _whole(form, "length", whole_length)
    if form.values["way"] == Way.MULTISTAGE:
        first, modules = _whole(form, "first", 1), _whole(form, "modules", 3)
        return delivery.Settings(Way.MULTISTAGE, length, first=first, modules=modules)
    cap, error = _number(form, "cap"), _number(form, "standard_error")
    return delivery.Settings(
        Way.ADAPTIVE,
        length,
        standard_error=None if error is None else float(error),
        shortest=_whole(form, "shortest", 1),
        cap=None if cap is None else float(cap) / 100,
        cohort=_whole(form, "cohort", 200),
    )


def _whole(form: Form[Any], name: str, otherwise: int) -> int:
    text = form.values[name]
    found = whole(text)
    if found is None:
        form.add(name, NOT_A_NUMBER if text else MISSING, value=text)
    return otherwise if found is None else found


def _number(form: Form[Any], name: str) -> Decimal | None:
    text = form.values[name]
    found = fraction(text) if text else None
    if text and found is None:
        form.add(name, NOT_A_NUMBER, value=text)
    return found


def _check(form: Form[Any], settings: delivery.Settings, whole_length: int) -> None:
    """Put what is out of its range beside its field, all of it: each gives way to the most that it could be."""
    while True:
        try:
            settings.check(whole_length)
        except delivery.SettingOutOfRange as refusal:
            name, most = str(refusal.facts["field"]), float(str(refusal.facts["most"]))
            if name in form.errors:  # nothing would do, as for a blueprint that is too short for any test
                return
            form.add(name, OUT_OF_RANGE, **refusal.facts)
            instead: dict[str, Any] = {name: most / 100 if name == "cap" else most}
            settings = replace(settings, **instead)
        else:
            return


def _page(ctx: Context, blueprint_id: UUID, form: Form[Any], *, status: int = 200) -> Response:
    blueprint = papers.find_blueprint(ctx.session, blueprint_id)
    spec = papers.spec_of(blueprint)
    return ctx.page(
        "papers/growing.html",
        blueprint=blueprint,
        length=spec.length,
        minutes=spec.minutes,
        seconds=round(60 * spec.minutes / spec.length),
        labels=FIELDS,
        form=form,
        status=status,
    )
