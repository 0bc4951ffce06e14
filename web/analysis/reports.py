"""Statistics reports: the list, what every kind shares, and files of all."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.calibration import service as calibration
from exam_engine.calibration.models import StatisticsReport
from exam_engine.calibration.reports.rules import ABOUT_PERSONS, SOME_PERSONS_BELOW, ReportKind
from exam_engine.calibration.service import PoolOffer
from exam_engine.jobs.rules import JobStatus
from exam_engine.psychometrics.dif.outcome import MINIMUM_TOTAL
from itembank.base.errors import ExamError, NotFound
from itembank.people.rules import Action, check_may
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level
from web.analysis import exports
from web.analysis.forms import ReportForm
from web.analysis.pictures import send_chart
from web.analysis.report_labels import KINDS, caution_texts
from web.analysis.report_views import VIEWS, without_keys
from web.deps import Context, requires
from web.forms import Form, FormData, PageNumber, form_data, parse_form

router = APIRouter(prefix="/analysis")
FormDep = Annotated[FormData, Depends(form_data)]

POOLED_AT = {ReportKind.SITTING: "/analysis/reports", ReportKind.DIF: "/analysis/ask/dif"}
"""Where a report of more sittings is asked for."""

THIN_BELOW = {ReportKind.SITTING: SOME_PERSONS_BELOW, ReportKind.DIF: MINIMUM_TOTAL}
"""Candidates below which more sittings are offered."""

DOWNLOADS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


@router.get("/reports")
def list_reports(
    page: PageNumber = 1, pool: UUID | None = None, ctx: Context = requires(Action.STATISTICS_READ)
) -> Response:
    """The reports so far, and the form to ask for a sitting report; ``pool``: the report that needs more sittings."""
    offer = offer_of(ctx, pool)
    return _list_page(ctx, pooled_form(ctx, offer), page=page, offer=offer)


def offer_of(ctx: Context, report_id: UUID | None) -> PoolOffer | None:
    """Return what a report could be pooled with; raises what `readable` raises."""
    if report_id is None or not ctx.may(Action.CALIBRATION_RUN):
        return None
    return calibration.offer_pool(ctx.session, readable(ctx, report_id), now=ctx.now)


def pooled_form(ctx: Context, offer: PoolOffer | None) -> Form[Any]:
    """Return the form that asks for the pooled report, filled in; empty without an offer."""
    if offer is None:
        return Form()
    name = ctx._("{name} (pooled)", name=offer.report.name[:100])
    return Form(values={"sittings": offer.chosen, "report_name": name})


def _list_page(
    ctx: Context, form: Form[Any], *, page: int = 1, status: int = 200, offer: PoolOffer | None = None
) -> Response:
    hidden = frozenset() if ctx.may(Action.CALIBRATION_RUN) else ABOUT_PERSONS
    kinds = [kind for kind in ReportKind if kind not in hidden]
    found = calibration.list_reports(ctx.session, kinds=kinds, page=page)
    return ctx.page(
        "analysis/reports.html",
        status=status,
        found=found,
        jobs={
            report.id: calibration.job_of(ctx.session, report)
            for report in found.reports
            if report.summary is None
        },
        kinds=KINDS,
        occupations={one.id: one for one in taxonomy.list_occupations(ctx.session)},
        level_labels={level.value: level.label for level in Level},
        sittings=offer.rows if offer else calibration.finished_sittings(ctx.session, now=ctx.now),
        shared=offer.shared if offer else None,
        form=form,
    )


@router.post("/reports/sitting")
def request_report(data: FormDep, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """File a sitting report."""
    form = parse_form(ReportForm, data)
    if form.model is None or ctx.actor.institution_id is None:
        return _list_page(ctx, form, status=422)
    try:
        report = calibration.request_sitting_report(
            ctx.session,
            actor=ctx.actor,
            institution_id=ctx.actor.institution_id,
            name=form.model.report_name,
            sitting_ids=form.model.sittings,
            now=ctx.now,
        )
    except ExamError as error:
        form.add("sittings", error)
        return _list_page(ctx, form, status=422)
    return ctx.redirect(f"/jobs/{report.job_id}")


@router.get("/reports/{report_id}")
def show_report(report_id: UUID, ctx: Context = requires(Action.STATISTICS_READ)) -> Response:
    """A report: its figures, or how far its computation is."""
    return report_page(ctx, readable(ctx, report_id))


def readable(ctx: Context, report_id: UUID) -> StatisticsReport:
    """Return a report that this person may read; raises ReportNotFound or NotPermitted."""
    report = calibration.find_report(ctx.session, report_id)
    if report.kind in ABOUT_PERSONS:
        check_may(ctx.actor, Action.CALIBRATION_RUN)
    return report


def report_page(
    ctx: Context, report: StatisticsReport, *, form: Form[Any] | None = None, status: int = 200
) -> Response:
    """Answer with the page of a report's kind."""
    common = provenance(ctx, report)
    if report.results is None:
        has_failed = common["job"] is not None and common["job"].status == JobStatus.FAILED
        pool = offer_of(ctx, report.id) if has_failed and report.kind in POOLED_AT else None
        return ctx.page("analysis/report_waiting.html", **common, pool=pool, pooled_at=POOLED_AT)
    view = VIEWS[report.kind]
    results = shown_results(ctx, report)
    is_thin = results.get("persons", 0) < THIN_BELOW.get(report.kind, 0)
    return ctx.page(
        view.template,
        status=status,
        **common,
        results=results,
        cautions=caution_texts(results.get("cautions", []), ctx._),
        charts={name: chart(results, ctx._) for name, chart in view.charts.items()},
        form=form or Form(),
        pool=offer_of(ctx, report.id) if is_thin else None,
        pooled_at=POOLED_AT,
        may_run=ctx.may(Action.CALIBRATION_RUN),
        may_keys=ctx.may(Action.KEY_READ),
        **view.values(ctx, report, results),
    )


def provenance(ctx: Context, report: StatisticsReport) -> dict[str, Any]:
    """Return what every report's page says of where it comes from."""
    occupation = taxonomy.find_occupation(ctx.session, report.occupation_id)
    return {
        "report": report,
        "kind": KINDS[report.kind],
        "job": calibration.job_of(ctx.session, report),
        "occupation": occupation,
        "level": Level(report.level).label,
        "origin": calibration.find_report(ctx.session, report.rerun_of) if report.rerun_of else None,
        "sources": calibration.sources_of(ctx.session, report),
        "present_kernel": calibration.kernel_version(),
    }


def shown_results(ctx: Context, report: StatisticsReport) -> dict[str, Any]:
    """Return the figures that this person may see."""
    results = calibration.results_of(ctx.session, report)
    return results if ctx.may(Action.KEY_READ) else without_keys(report.kind, results)


@router.post("/reports/{report_id}/again")
def run_report_again(report_id: UUID, ctx: Context = requires(Action.CALIBRATION_RUN)) -> Response:
    """File the same report under the present code."""
    report = calibration.run_again(ctx.session, actor=ctx.actor, report_id=report_id, now=ctx.now)
    return ctx.redirect(f"/jobs/{report.job_id}")


@router.get("/reports/{report_id}/chart/file")
def download_chart(
    report_id: UUID, name: str = "", form: str = "svg", ctx: Context = requires(Action.STATISTICS_READ)
) -> Response:
    """A chart as SVG or PNG; without a name the first."""
    report = readable(ctx, report_id)
    view, results = VIEWS[report.kind], shown_results(ctx, report)
    figure = view.find_chart(results, name or next(iter(view.charts)), ctx._)
    return send_chart(ctx, figure, name=f"{report.name}-{name or 'chart'}", form=form)


@router.get("/reports/{report_id}/items.csv")
def download_csv(
    report_id: UUID, sheet: int = 0, ctx: Context = requires(Action.STATISTICS_READ)
) -> Response:
    """The main table of a report as CSV, or another sheet of its workbook by position."""
    report = readable(ctx, report_id)
    view, results = VIEWS[report.kind], shown_results(ctx, report)
    table, name = view.main_table(results, ctx._), report.name
    if sheet:
        tables = view.tables(ctx, report, results)
        if not 0 < sheet < len(tables):
            raise NotFound
        table, name = tables[sheet], f"{report.name}-{tables[sheet][0]}"
    return ctx.download(exports.to_csv(table), f"{name}.csv", DOWNLOADS["csv"])


@router.get("/reports/{report_id}/report.xlsx")
def download_xlsx(report_id: UUID, ctx: Context = requires(Action.STATISTICS_READ)) -> Response:
    """Every table of a report as a workbook."""
    report = readable(ctx, report_id)
    tables = VIEWS[report.kind].tables(ctx, report, shown_results(ctx, report))
    return ctx.download(exports.to_xlsx(tables), f"{report.name}.xlsx", DOWNLOADS["xlsx"])


@router.get("/reports/{report_id}/report.json")
def download_json(report_id: UUID, ctx: Context = requires(Action.STATISTICS_READ)) -> Response:
    """Everything a report knows, with what it was computed from and by."""
    report = readable(ctx, report_id)
    content = {
        "report": {
            "id": str(report.id),
            "kind": report.kind.value,
            "name": report.name,
            "source": report.source,
            "settings": report.settings,
            "input_sha256": report.digest,
            "package_version": report.package_version,
            "kernel_version": report.kernel_version,
            "created_at": report.created_at.isoformat(),
            "rerun_of": str(report.rerun_of) if report.rerun_of else None,
            "agreement": report.agreement,
        },
        "results": shown_results(ctx, report),
        **VIEWS[report.kind].more(ctx, report),
    }
    return ctx.download(exports.to_json(content), f"{report.name}.json", DOWNLOADS["json"])
