"""A sitting report before release: items one by one, dry runs side by side, the recorded decision."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.calibration import service as calibration
from exam_engine.calibration.reports.rules import ReportKind, ReportNotFound
from itembank.base.errors import ExamError
from itembank.people.rules import Action
from web.analysis.forms import DecisionForm, WhatIfForm
from web.analysis.report_labels import sign_texts
from web.analysis.reports import provenance, report_page, shown_results
from web.analysis.sitting_figures import item_curve, option_curves
from web.analysis.sitting_view import treated_of
from web.deps import Context, requires
from web.forms import FormData, form_data, parse_form

router = APIRouter(prefix="/analysis")
FormDep = Annotated[FormData, Depends(form_data)]


@router.get("/reports/{report_id}/item")
def show_item_of_report(
    report_id: UUID, number: str = "1", ctx: Context = requires(Action.STATISTICS_READ)
) -> Response:
    """One item of a sitting report: its figures, its options, its curves."""
    report = calibration.find_report(ctx.session, report_id)
    if report.kind is not ReportKind.SITTING:
        raise ReportNotFound
    results = shown_results(ctx, report)
    items = results["items"]
    at = min(max(int(number), 1), len(items)) if number.isdecimal() and len(number) < 6 else 1
    item = items[at - 1]
    return ctx.page(
        "analysis/report_item.html",
        **provenance(ctx, report),
        item=item,
        number_=at,
        count=len(items),
        signs=[sign_texts(sign, ctx._) for sign in item["signs"]],
        option_chart=option_curves(item, ctx._) if item["options"] else None,
        curve=item_curve(item, ctx._),
    )


@router.post("/reports/{report_id}/what-ifs")
def try_what_if(report_id: UUID, data: FormDep, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """Compute what dropping or rekeying items would do; nothing else changes."""
    report = calibration.find_report(ctx.session, report_id)
    if report.kind is not ReportKind.SITTING:
        raise ReportNotFound
    form = parse_form(WhatIfForm, data)
    if form.model is None:
        return report_page(ctx, report, form=form, status=422)
    results = calibration.results_of(ctx.session, report)
    try:
        calibration.try_treatments(
            ctx.session,
            actor=ctx.actor,
            report_id=report_id,
            name=form.model.what_if_name,
            treated=treated_of(data, len(results["items"])),
            now=ctx.now,
        )
    except ExamError as error:
        form.add("what_if_name", error)
        return report_page(ctx, report, form=form, status=422)
    return ctx.redirect(f"/analysis/reports/{report_id}#what-ifs")


@router.post("/reports/{report_id}/decision")
def record_decision(
    report_id: UUID, data: FormDep, ctx: Context = requires(Action.CALIBRATION_RUN)
) -> Response:
    """Record which dry run was decided on, with the reason."""
    report = calibration.find_report(ctx.session, report_id)
    form = parse_form(DecisionForm, data)
    if report.kind is not ReportKind.SITTING:
        raise ReportNotFound
    if form.model is None:
        return report_page(ctx, report, form=form, status=422)
    calibration.decide(
        ctx.session,
        actor=ctx.actor,
        report_id=report_id,
        number=form.model.number,
        reason=form.model.reason,
        now=ctx.now,
    )
    notice = ctx._("The decision is recorded. Results stay as they are.")
    return ctx.redirect(f"/analysis/reports/{report_id}#what-ifs", notice=notice)
