"""Entry conditions: the generic ones, and those that centres have configured."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.sittings import service as sittings
from exam_engine.sittings.conditions import GENERIC_CONDITIONS
from itembank.base.errors import ExamError
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level
from web.deps import Context, requires
from web.forms import Form, parse_form
from web.sittings.common import FormDep
from web.sittings.forms import ConditionsForm

router = APIRouter(prefix="/filing/conditions")


@router.get("")
def list_conditions(ctx: Context = requires(Action.FILING_READ)) -> Response:
    """What applies here; centres can write a new generation."""
    return _page(ctx, Form())


def _page(ctx: Context, form: Form[Any], status: int = 200) -> Response:
    return ctx.page(
        "sittings/conditions.html",
        generic=GENERIC_CONDITIONS,
        configured=sittings.list_conditions(
            ctx.session, institution_id=ctx.actor.institution_id or UUID(int=0)
        ),
        occupations=[
            (row.id, f"{taxonomy.occupation_code(row)} {row.name}")
            for row in taxonomy.list_occupations(ctx.session)
        ],
        levels=[(level.value, level.label) for level in Level],
        labels={level.value: level.label for level in Level},
        form=form,
        status=status,
    )


@router.post("")
def configure(data: FormDep, ctx: Context = requires(Action.FILING_WRITE)) -> Response:
    """Write a generation of conditions for everything below the centre."""
    form = parse_form(ConditionsForm, data)
    if form.model is None:
        return _page(ctx, form, 422)
    try:
        with ctx.session.begin_nested():
            rows = sittings.configure_conditions(
                ctx.session,
                actor=ctx.actor,
                draft=sittings.ConditionsDraft(**form.model.model_dump()),
                now=ctx.now,
            )
    except ExamError as error:
        fields = {"condition_line_wrong": "text", "conditions_overlap": "effective_from"}
        form.add(fields.get(error.code, ""), error)
        return _page(ctx, form, 422)
    return ctx.redirect(
        "/filing/conditions", notice=ctx._("{count} entry conditions were written.", count=len(rows))
    )
