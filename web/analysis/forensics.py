"""The form that asks for a security report."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.calibration import service as calibration
from exam_engine.calibration.reports.rules import MarkedNothing, MarkedTooFew, MarkedUnknown, Marking
from itembank.base.errors import ExamError
from itembank.people.rules import Action
from web.analysis.asking import ask_page
from web.analysis.forensics_labels import MARKINGS
from web.analysis.forms import ForensicsForm
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form

router = APIRouter(prefix="/analysis/ask")
FormDep = Annotated[FormData, Depends(form_data)]


def _page(ctx: Context, form: Form[Any] | None = None) -> Response:
    return ask_page(
        ctx,
        "analysis/ask_forensics.html",
        form=form,
        pair_choices=[
            ("rooms", ctx._("Candidates of one room")),
            ("all", ctx._("All candidates with the same form")),
        ],
        level_choices=[("0.01", "1 %"), ("0.05", "5 %"), ("0.001", "0.1 %")],
        marking_choices=[(value, ctx._(text)) for value, text in MARKINGS.items()],
    )


@router.get("/forensics")
def ask_about_pairs(ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """The form for a security report."""
    return _page(ctx)


@router.post("/forensics")
def request_pairs(data: FormDep, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """File a security report of a sitting."""
    form = parse_form(ForensicsForm, data)
    if form.model is None or ctx.actor.institution_id is None:
        return _page(ctx, form)
    try:
        report = calibration.request_forensics(
            ctx.session,
            actor=ctx.actor,
            institution_id=ctx.actor.institution_id,
            name=form.model.report_name,
            sitting_id=form.model.sitting,
            level=float(form.model.error_level),
            within_rooms=form.model.pairs == "rooms",
            marking=Marking(form.model.marking),
            marked=re.split(r"[\s,;，；、]+", form.model.marked),
            now=ctx.now,
        )
    except (MarkedNothing, MarkedTooFew, MarkedUnknown) as error:
        form.add("marked", error)
        return _page(ctx, form)
    except ExamError as error:
        form.add("sitting", error)
        return _page(ctx, form)
    return ctx.redirect(f"/jobs/{report.job_id}")
