"""The statistics desk: ask for a calibration, read scales and item statistics."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.calibration import service as calibration
from exam_engine.calibration.export import COLUMNS, to_csv
from exam_engine.calibration.models import CalibrationRun
from exam_engine.calibration.rules import STORED_METHODS, AnswersNotKept, Method, ResponsesRefused
from exam_engine.calibration.settings import RunSettings, usual_range
from exam_engine.psychometrics.irt.priors import GUESSING
from exam_engine.psychometrics.sample_size import MINIMUM_PERSONS
from itembank.base.errors import ExamError
from itembank.people.rules import Action
from itembank.statistics import service as statistics
from itembank.statistics.models import Scale
from itembank.statistics.rules import ItemFlag, ScaleModel, ScaleNotFound
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level
from web.analysis import exports
from web.analysis.curves import information_figure, item_figure, items_of, option_figure
from web.analysis.forms import FileForm, SittingsForm
from web.analysis.labels import BAD_WARNINGS, FAULTS, FLAGS, MODELS, WARNINGS
from web.analysis.pictures import send_chart
from web.analysis.reports import DOWNLOADS
from web.deps import Context, requires
from web.forms import Form, FormData, PageNumber, form_data, parse_form
from web.i18n import N_

router = APIRouter(prefix="/analysis")
FormDep = Annotated[FormData, Depends(form_data)]

FIELDS_OF_ERRORS = {"calibration.sample_too_small": "method", "calibration.prior_refused": "prior_mean"}
"""Refusal → the field beside which it stands."""

PAGE_ROWS = 100
ORDERS = ("item", "p_value", "corrected_point_biserial", "a", "b", "c")
PRIOR_FIELDS = ("prior_c", "prior_mean", "prior_sd")


@router.get("")
def show_desk(ctx: Context = requires(Action.STATISTICS_READ)) -> Response:
    """The scales so far, and the forms to ask for another."""
    return _desk(ctx, Form())


def _desk(
    ctx: Context,
    form: Form[Any],
    status: int = 200,
    refused: ResponsesRefused | None = None,
    sittings_form: Form[Any] | None = None,
) -> Response:
    occupations = {occupation.id: occupation for occupation in taxonomy.list_occupations(ctx.session)}
    codes = {
        key: f"{occupation.major}-{occupation.middle}-{occupation.minor}-{occupation.detail} {occupation.name}"
        for key, occupation in occupations.items()
    }
    return ctx.page(
        "analysis/desk.html",
        status=status,
        form=form,
        refused=refused,
        sittings_form=sittings_form or Form(),
        sittings=calibration.finished_sittings(ctx.session, now=ctx.now),
        faults=FAULTS,
        methods=[
            (method.value, ctx._(MODELS[ScaleModel(method.value)])) for method in reversed(STORED_METHODS)
        ],
        default_prior=GUESSING,
        default_range=usual_range(GUESSING),
        minimums={model.value: minimum for model, minimum in MINIMUM_PERSONS.items()},
        occupations=occupations,
        occupation_options=list(codes.items()),
        level_labels={level.value: level.label for level in Level},
        levels=[(level.value, level.label) for level in Level],
        scales=statistics.list_scales(ctx.session),
        models=MODELS,
        jobs=calibration.list_jobs(ctx.session),
    )


@router.post("/files")
def calibrate_file(data: FormDep, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """Take a response file and file its calibration as a job."""
    form = parse_form(FileForm, data)
    upload = data.read("responses")
    if upload is None:
        form.add("responses", N_("Choose a file."))
    if form.model is None or upload is None or ctx.actor.institution_id is None:
        return _desk(ctx, form, 422)
    sent = form.model
    try:
        job = calibration.request_from_file(
            ctx.session,
            actor=ctx.actor,
            institution_id=ctx.actor.institution_id,
            occupation_id=sent.occupation_id,
            level=sent.level,
            name=sent.name,
            method=sent.method,
            settings=_settings(sent.method, *(getattr(sent, name) for name in PRIOR_FIELDS)),
            filename=upload[0],
            content=upload[1],
            now=ctx.now,
        )
    except ResponsesRefused as refused:
        form.add("responses", N_("The file was not taken over. Its problems are listed below."))
        return _desk(ctx, form, 422, refused)
    except ExamError as error:
        form.add(FIELDS_OF_ERRORS.get(error.code, "responses"), error)
        return _desk(ctx, form, 422)
    return ctx.redirect(f"/jobs/{job.id}")


@router.post("/sittings")
def calibrate_sittings(data: FormDep, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """File a calibration of the answers given in sittings."""
    form = parse_form(SittingsForm, data)
    if form.model is None or ctx.actor.institution_id is None:
        return _desk(ctx, Form(), 422, sittings_form=form)
    try:
        job = calibration.request_from_sittings(
            ctx.session,
            actor=ctx.actor,
            institution_id=ctx.actor.institution_id,
            name=form.model.sittings_name,
            method=form.model.sittings_method,
            settings=_settings(
                form.model.sittings_method,
                *(getattr(form.model, f"sittings_{name}") for name in PRIOR_FIELDS),
            ),
            sitting_ids=form.model.sittings,
            now=ctx.now,
        )
    except ExamError as error:
        named = FIELDS_OF_ERRORS.get(error.code)
        form.add(f"sittings_{named}" if named else "sittings", error)
        return _desk(ctx, Form(), 422, sittings_form=form)
    return ctx.redirect(f"/jobs/{job.id}")


def _settings(method: Method, prior_c: str, mean: float, sd: float) -> RunSettings:
    """Return the settings of a calibration; raises PriorRefused."""
    if method is not Method.THREE_PL:
        return RunSettings()
    return RunSettings(None) if prior_c == "none" else RunSettings.with_prior(mean, sd)


@router.get("/scales/{scale_id}")
def show_scale(
    scale_id: UUID,
    order: str = "item",
    flagged: bool = False,
    page: PageNumber = 1,
    ctx: Context = requires(Action.STATISTICS_READ),
) -> Response:
    """A scale: how it was made, what to beware of, its items and its information."""
    scale = statistics.find_scale(ctx.session, scale_id)
    rows = calibration.table_of(ctx.session, scale)
    items = items_of([row for row, _ in rows])
    run = calibration.run_of(ctx.session, scale_id)
    shown = [pair for pair in rows if pair[0].flags or not flagged]
    if order in ORDERS[1:]:
        shown.sort(key=lambda pair: (getattr(pair[1], order) is None, getattr(pair[1], order) or 0.0))
    pages = max(1, -(-len(shown) // PAGE_ROWS))
    page = min(max(page, 1), pages)
    return ctx.page(
        "analysis/scale.html",
        scale=scale,
        summary=scale.summary,
        level=Level(scale.level).label,
        occupation=taxonomy.find_occupation(ctx.session, scale.occupation_id),
        model=MODELS[scale.model],
        warnings=[(code, *WARNINGS[code]) for code in scale.summary["warnings"]],
        bad_warnings=BAD_WARNINGS,
        rows=shown[(page - 1) * PAGE_ROWS : page * PAGE_ROWS],
        flagged_count=sum(1 for row, _ in rows if row.flags),
        flags={flag.value: FLAGS[flag] for flag in ItemFlag},
        figure=information_figure(items, ctx._) if items else None,
        sources=calibration.sources_of_scale(ctx.session, scale),
        prior_c=_prior_of(ctx, run) if scale.model.has_asymptote else "",
        again=scale.summary.get("again"),
        code=scale.summary.get("code"),
        can_repeat=run is not None and run.data is not None,
        order=order,
        flagged=flagged,
        page=page,
        pages=pages,
        total=len(shown),
    )


def _prior_of(ctx: Context, run: CalibrationRun | None) -> str:
    """Return in words the prior on c that took part; empty for a scale without a calibration of its own."""
    if run is None:
        return ""
    prior = RunSettings.from_json(run.settings).prior_c
    if prior is None:
        return ctx._("none: maximum likelihood")
    low, high = usual_range(prior)
    return ctx._(
        "logit c normal, mean {mean}, standard deviation {sd}: c between {low} and {high}",
        mean=f"{prior.mean:g}",
        sd=f"{prior.sd:g}",
        low=f"{low:.2f}",
        high=f"{high:.2f}",
    )


@router.post("/scales/{scale_id}/again")
def calibrate_again(scale_id: UUID, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """Calibrate the kept answers again; where that is impossible the scale's page says why."""
    scale = statistics.find_scale(ctx.session, scale_id)
    if ctx.actor.institution_id is None:
        raise ScaleNotFound
    try:
        job = calibration.calibrate_again(
            ctx.session,
            actor=ctx.actor,
            institution_id=ctx.actor.institution_id,
            scale_id=scale_id,
            name=scale.name,
            now=ctx.now,
        )
    except AnswersNotKept as refused:
        return ctx.redirect(f"/analysis/scales/{scale_id}", notice=ctx._(refused.message, **refused.facts))
    return ctx.redirect(f"/jobs/{job.id}")


@router.get("/scales/{scale_id}/items.csv")
def export_scale(scale_id: UUID, ctx: Context = requires(Action.STATISTICS_READ)) -> Response:
    """The item table of a scale as CSV."""
    scale = statistics.find_scale(ctx.session, scale_id)
    rows = calibration.table_of(ctx.session, scale)
    table = to_csv((outcome for _, outcome in rows), for_spreadsheet=True)
    # The mark makes spreadsheet programs read UTF-8.
    return ctx.download(("\ufeff" + table).encode(), f"{scale.name}.csv", "text/csv; charset=utf-8")


@router.get("/scales/{scale_id}/items.xlsx")
def export_workbook(scale_id: UUID, ctx: Context = requires(Action.STATISTICS_READ)) -> Response:
    """The item table of a scale and the test as a whole as a workbook."""
    scale = statistics.find_scale(ctx.session, scale_id)
    rows = [[getattr(item, name) for name in COLUMNS] for _, item in calibration.table_of(ctx.session, scale)]
    plain = [[name, value] for name, value in scale.summary.items() if not isinstance(value, dict | list)]
    book = exports.to_xlsx(
        [
            (ctx._("Items"), COLUMNS, rows),
            (ctx._("The test as a whole"), [ctx._("Figure"), ctx._("Value")], plain),
        ]
    )
    return ctx.download(book, f"{scale.name}.xlsx", DOWNLOADS["xlsx"])


@router.get("/scales/{scale_id}/scale.json")
def export_json(scale_id: UUID, ctx: Context = requires(Action.STATISTICS_READ)) -> Response:
    """A scale with its items, settings and code version as JSON."""
    scale = statistics.find_scale(ctx.session, scale_id)
    run = calibration.run_of(ctx.session, scale_id)
    items = [vars(item) for _, item in calibration.table_of(ctx.session, scale)]
    content = {
        "name": scale.name,
        "model": scale.model.value,
        "persons": scale.n_persons,
        "made": scale.created_at.isoformat(),
        "settings": run.settings if run else None,
        "source": scale.source,
        "summary": scale.summary,
        "items": items,
    }
    return ctx.download(exports.to_json(content), f"{scale.name}.json", DOWNLOADS["json"])


@router.get("/scales/{scale_id}/chart/file")
def download_information(
    scale_id: UUID, form: str = "svg", ctx: Context = requires(Action.STATISTICS_READ)
) -> Response:
    """The information of all items of a scale as SVG or PNG."""
    scale = statistics.find_scale(ctx.session, scale_id)
    items = items_of(statistics.item_parameters(ctx.session, scale_id))
    figure = information_figure(items, ctx._).chart if items else None
    return send_chart(ctx, figure, name=scale.name, form=form)


@router.get("/scales/{scale_id}/items/{item_id}")
def show_item(scale_id: UUID, item_id: UUID, ctx: Context = requires(Action.STATISTICS_READ)) -> Response:
    """An item on a scale: its curves, its options, and what other scales know of it."""
    scale = statistics.find_scale(ctx.session, scale_id)
    row = statistics.item_parameter(ctx.session, scale_id, item_id)
    curves = item_figure(row, ctx._)
    return ctx.page(
        "analysis/item.html",
        scale=scale,
        row=row,
        name=calibration.name_of(ctx.session, item_id),
        curves=curves,
        option_chart=option_figure(row.options, ctx._) if row.options else None,
        flags={flag.value: FLAGS[flag] for flag in ItemFlag},
        history=_history(ctx, item_id),
        models=MODELS,
    )


def _history(ctx: Context, item_id: UUID) -> list[tuple[Scale, Any]]:
    return list(statistics.item_history(ctx.session, item_id))
