"""Linking scales, adopting a link as a scale, and the fit of a scale."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.calibration import service as calibration
from exam_engine.calibration.reports.rules import NoAnswersKept, ReportKind, ReportNotFound
from itembank.base.errors import ExamError
from itembank.people.rules import Action
from itembank.statistics import service as statistics
from itembank.statistics.rules import ScaleNotFound
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level
from web.analysis.forms import AdoptForm, LinkForm
from web.analysis.report_labels import LINK_METHODS
from web.analysis.reports import report_page
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form

router = APIRouter(prefix="/analysis")
FormDep = Annotated[FormData, Depends(form_data)]


@router.get("/ask/linking")
def ask_about_link(ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """The form that asks for a link."""
    return _page(ctx, Form())


def _page(ctx: Context, form: Form[Any]) -> Response:
    names = {one.id: one.name for one in taxonomy.list_occupations(ctx.session)}
    scales = [
        (
            str(scale.id),
            f"{scale.name} · {names.get(scale.occupation_id, '')} {Level(scale.level).label}",
        )
        for scale in statistics.list_scales(ctx.session)
        if scale.model.has_parameters
    ]
    return ctx.page(
        "analysis/ask_linking.html",
        status=422 if form.errors else 200,
        form=form,
        scales=scales,
        methods=[(value, ctx._(text)) for value, text in LINK_METHODS.items()],
    )


@router.post("/ask/linking")
def request_link(data: FormDep, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """File a link of two scales."""
    form = parse_form(LinkForm, data)
    if form.model is None or ctx.actor.institution_id is None:
        return _page(ctx, form)
    try:
        report = calibration.request_linking(
            ctx.session,
            actor=ctx.actor,
            institution_id=ctx.actor.institution_id,
            name=form.model.report_name,
            new_scale_id=form.model.new_scale,
            old_scale_id=form.model.old_scale,
            method=form.model.link_method,
            now=ctx.now,
        )
    except ExamError as error:
        form.add("new_scale", error)
        return _page(ctx, form)
    return ctx.redirect(f"/jobs/{report.job_id}")


@router.post("/scales/{scale_id}/fit")
def request_fit(scale_id: UUID, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """File a report on the fit of a scale; where that is impossible the scale's page says why."""
    scale = statistics.find_scale(ctx.session, scale_id)
    if ctx.actor.institution_id is None:
        raise ScaleNotFound
    try:
        report = calibration.request_fit(
            ctx.session,
            actor=ctx.actor,
            institution_id=ctx.actor.institution_id,
            scale_id=scale_id,
            name=scale.name,
            now=ctx.now,
        )
    except NoAnswersKept as refused:
        return ctx.redirect(f"/analysis/scales/{scale_id}", notice=ctx._(refused.message, **refused.facts))
    return ctx.redirect(f"/jobs/{report.job_id}")


@router.post("/reports/{report_id}/adopt")
def adopt_link(report_id: UUID, data: FormDep, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """Keep the new items on the old metric as a further scale."""
    report = calibration.find_report(ctx.session, report_id)
    if report.kind is not ReportKind.LINKING:
        raise ReportNotFound
    form = parse_form(AdoptForm, data)
    if form.model is None:
        return report_page(ctx, report, form=form, status=422)
    try:
        scale = calibration.adopt_link(
            ctx.session, actor=ctx.actor, report_id=report_id, name=form.model.scale_name, now=ctx.now
        )
    except ExamError as error:
        form.add("scale_name", error)
        return report_page(ctx, report, form=form, status=422)
    return ctx.redirect(f"/analysis/scales/{scale.id}", notice=ctx._("The linked scale is kept."))
