"""Results of standard setting: to read, to print, to export."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.psychometrics.standard_setting.panel import MINIMUM_JUDGES
from exam_engine.standard_setting import export
from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting.result import canonical_bytes, is_unchanged
from exam_engine.standard_setting.rules import REGULATION_PASS_MARK
from itembank.base.errors import NotFound
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import LEVEL_LABELS
from web.deps import Context, requires
from web.standards.labels import CUTS, METHODS, OUTCOMES, STATUSES, WARNINGS
from web.standards.views import impact_figure

router = APIRouter(prefix="/standards")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/{workshop_id}/result")
def show_result(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_READ)) -> Response:
    """The frozen result, to read and to print."""
    view = standards.read_workshop(ctx.session, workshop_id)
    result = _result(view)
    figures = result["figures"]
    return ctx.page(
        "standards/result.html",
        view=view,
        workshop=view.workshop,
        result=result,
        figures=figures,
        last=figures["rounds"][-1],
        adopted=standards.adopted_by(ctx.session, workshop_id),
        unchanged=is_unchanged(result, view.workshop.digest or ""),
        occupation=taxonomy.find_occupation(ctx.session, view.workshop.occupation_id),
        levels=LEVEL_LABELS,
        methods=METHODS,
        statuses=STATUSES,
        cut_names=CUTS,
        warning_words=WARNINGS,
        outcomes=OUTCOMES,
        recommended=MINIMUM_JUDGES,
        regulation=REGULATION_PASS_MARK,
        chart=impact_figure(figures["impact"], ctx._),
    )


def _result(view: standards.WorkshopView) -> dict[str, Any]:
    if view.workshop.result is None:
        raise NotFound
    return view.workshop.result


@router.get("/{workshop_id}/result.json")
def export_json(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_READ)) -> Response:
    """The frozen result, byte for byte what its digest is of."""
    view = standards.read_workshop(ctx.session, workshop_id)
    content = canonical_bytes(_result(view))
    return ctx.download(content, f"{view.workshop.name}.json", "application/json")


@router.get("/{workshop_id}/result.csv")
def export_csv(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_READ)) -> Response:
    """All ratings and the cuts as CSV."""
    view = standards.read_workshop(ctx.session, workshop_id)
    # The mark makes spreadsheet programs read UTF-8.
    content = ("\ufeff" + export.to_csv(_result(view))).encode()
    return ctx.download(content, f"{view.workshop.name}.csv", "text/csv; charset=utf-8")


@router.get("/{workshop_id}/result.xlsx")
def export_xlsx(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_READ)) -> Response:
    """The result as a workbook: summary, judges, items, ratings, effect."""
    view = standards.read_workshop(ctx.session, workshop_id)
    return ctx.download(export.to_xlsx(_result(view), ctx._), f"{view.workshop.name}.xlsx", XLSX)
