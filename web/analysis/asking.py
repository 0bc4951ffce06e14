"""The forms that ask for reports of a response file, and for comparisons of groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.calibration import service as calibration
from exam_engine.calibration.models import StatisticsReport
from exam_engine.calibration.reports.rules import COMPARABLE, Attribute
from exam_engine.calibration.rules import ResponsesRefused
from exam_engine.calibration.service import PoolOffer, ResponseFile
from itembank.base.errors import ExamError
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level
from web.analysis.forms import DifFileForm, DifForm, ReportFileForm
from web.analysis.labels import FAULTS
from web.analysis.report_labels import ATTRIBUTES
from web.analysis.reports import offer_of, pooled_form
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form
from web.i18n import N_

router = APIRouter(prefix="/analysis/ask")
FormDep = Annotated[FormData, Depends(form_data)]


def ask_page(
    ctx: Context,
    template: str,
    *,
    form: Form[Any] | None = None,
    file_form: Form[Any] | None = None,
    refused: ResponsesRefused | None = None,
    offer: PoolOffer | None = None,
    **more: Any,
) -> Response:
    """Answer with a page that asks for a report; 422 where a form has errors."""
    form, file_form = form or Form(), file_form or Form()
    wrong = bool(form.errors or file_form.errors)
    occupations = taxonomy.list_occupations(ctx.session)
    return ctx.page(
        template,
        status=422 if wrong else 200,
        form=form,
        file_form=file_form,
        refused=refused,
        faults=FAULTS,
        sittings=offer.rows if offer else calibration.finished_sittings(ctx.session, now=ctx.now),
        shared=offer.shared if offer else None,
        occupations={one.id: one for one in occupations},
        occupation_options=[(str(one.id), f"{one.code} {one.name}") for one in occupations],
        level_labels={level.value: level.label for level in Level},
        levels=[(level.value, level.label) for level in Level],
        **more,
    )


def uploaded(form: Form[Any], data: FormData) -> ResponseFile | None:
    """Return the uploaded file with its bank, or note beside the field that there is none."""
    upload = data.read("responses")
    if upload is None:
        form.add("responses", N_("Choose a file."))
        return None
    if form.model is None:
        return None
    return ResponseFile(upload[0], upload[1], form.model.occupation_id, form.model.level)


def take_file(
    form: Form[Any], ask: Callable[[], StatisticsReport]
) -> tuple[StatisticsReport | None, ResponsesRefused | None]:
    """Ask for a report of a file; what is refused stands beside the field."""
    try:
        return ask(), None
    except ResponsesRefused as refused:
        form.add("responses", N_("The file was not taken over. Its problems are listed below."))
        return None, refused
    except ExamError as error:
        form.add("responses", error)
        return None, None


@router.get("/responses")
def ask_about_file(ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """The form for a report of a response file."""
    return ask_page(ctx, "analysis/ask_file.html")


@router.post("/responses")
def request_about_file(data: FormDep, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """File a sitting report of a response file."""
    form = parse_form(ReportFileForm, data)
    file = uploaded(form, data)
    sent, place = form.model, ctx.actor.institution_id
    if sent is None or file is None or place is None:
        return ask_page(ctx, "analysis/ask_file.html", file_form=form)
    report, refused = take_file(
        form,
        lambda: calibration.request_file_report(
            ctx.session,
            actor=ctx.actor,
            institution_id=place,
            name=sent.report_name,
            file=file,
            cut=sent.pass_mark,
            now=ctx.now,
        ),
    )
    if report is None:
        return ask_page(ctx, "analysis/ask_file.html", file_form=form, refused=refused)
    return ctx.redirect(f"/jobs/{report.job_id}")


def _dif_page(ctx: Context, **values: Any) -> Response:
    attributes = [(one.value, ctx._(ATTRIBUTES[one])) for one in COMPARABLE]
    return ask_page(ctx, "analysis/ask_dif.html", attributes=attributes, **values)


@router.get("/dif")
def ask_about_groups(pool: UUID | None = None, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """The forms for a comparison of groups; ``pool``: a report that is to have more sittings."""
    offer = offer_of(ctx, pool)
    form = pooled_form(ctx, offer)
    if offer:
        form.values["attribute"] = offer.report.settings.get("attribute", "")
    return _dif_page(ctx, form=form, offer=offer)


@router.post("/dif")
def request_dif(data: FormDep, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """File a comparison of the candidates of sittings."""
    form = parse_form(DifForm, data)
    if form.model is None or ctx.actor.institution_id is None:
        return _dif_page(ctx, form=form)
    try:
        report = calibration.request_dif_of_sittings(
            ctx.session,
            actor=ctx.actor,
            institution_id=ctx.actor.institution_id,
            name=form.model.report_name,
            sitting_ids=form.model.sittings,
            attribute=Attribute(form.model.attribute),
            now=ctx.now,
        )
    except ExamError as error:
        form.add("sittings", error)
        return _dif_page(ctx, form=form)
    return ctx.redirect(f"/jobs/{report.job_id}")


@router.post("/dif/columns")
def request_dif_of_file(data: FormDep, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """File a comparison of the groups that a column of a file names."""
    form = parse_form(DifFileForm, data)
    file = uploaded(form, data)
    sent, place = form.model, ctx.actor.institution_id
    if sent is None or file is None or place is None:
        return _dif_page(ctx, file_form=form)
    report, refused = take_file(
        form,
        lambda: calibration.request_dif_of_file(
            ctx.session,
            actor=ctx.actor,
            institution_id=place,
            name=sent.file_report_name,
            file=file,
            column=sent.column,
            now=ctx.now,
        ),
    )
    if report is None:
        return _dif_page(ctx, file_form=form, refused=refused)
    return ctx.redirect(f"/jobs/{report.job_id}")
