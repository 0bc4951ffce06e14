"""Linking scales: the report's input from two scales, and its adoption as a new scale on the old metric."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration import store
from exam_engine.calibration.models import StatisticsReport
from exam_engine.calibration.reports.linking import Anchor, Figures, ScalePair
from exam_engine.calibration.reports.rules import (
    AlreadyAdopted,
    ReportKind,
    ReportNotFound,
    ScalesDoNotFit,
)
from exam_engine.calibration.service.reporting import ReportRequest, find_report, results_of, submit_report
from itembank.base import audit
from itembank.people.rules import Actor
from itembank.statistics import service as statistics
from itembank.statistics.models import ItemParameter, Scale
from itembank.statistics.rules import ScaleModel
from itembank.statistics.service import ItemFigures, ScaleDraft

KEPT_FIGURES = ("a", "b", "d", "se_a", "se_b", "se_d", "cov_ad", "c", "se_c", "cov_ac", "cov_dc")


def request_linking(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    name: str,
    new_scale_id: UUID,
    old_scale_id: UUID,
    method: str = "",
    now: datetime,
) -> StatisticsReport:
    """File a report that links a new scale to an old one; without a method the usual one is taken.

    Raises
    ------
    ScaleNotFound
        If a scale is not there.
    ScalesDoNotFit
        If they are one, of different banks, or hold no parameters.
    """
    new, old = statistics.find_scale(session, new_scale_id), statistics.find_scale(session, old_scale_id)
    banks = {(scale.occupation_id, scale.level) for scale in (new, old)}
    if new.id == old.id or len(banks) != 1 or not (new.model.has_parameters and old.model.has_parameters):
        raise ScalesDoNotFit
    request = ReportRequest(
        institution_id=institution_id,
        kind=ReportKind.LINKING,
        name=name,
        occupation_id=new.occupation_id,
        level=new.level,
        source={"kind": "scales", "new": str(new.id), "old": str(old.id)},
        settings={"method": method},
        content=_pair(session, new, old).to_bytes(),
    )
    return submit_report(session, request, actor=actor, now=now)


def _pair(session: Session, new: Scale, old: Scale) -> ScalePair:
    former = {row.item_id: _figures(row) for row in statistics.item_parameters(session, old.id)}
    rows = statistics.item_parameters(session, new.id)
    names = store.names_of(session, [row.item_id for row in rows])
    items = [
        Anchor(str(row.item_id), names.get(row.item_id, str(row.item_id)), figures, former.get(row.item_id))
        for row in rows
        if (figures := _figures(row)) is not None
    ]
    is_rasch = new.model is ScaleModel.RASCH and old.model is ScaleModel.RASCH
    return ScalePair(
        new.name,
        old.name,
        (new.model.value, old.model.value),
        is_rasch,
        tuple(items),
        (_mean_variance(new), _mean_variance(old)),
    )


def _mean_variance(scale: Scale) -> float:
    """Return the sampling variance of the persons' mean ability, on the scale's metric."""
    stretched = scale.summary.get("linked", {}).get("scale", 1.0)
    variance = scale.summary.get("latent_variance") or 1.0
    return float(variance * stretched**2 / max(scale.n_persons, 1))


def _figures(row: ItemParameter) -> Figures | None:
    if row.a is None or row.b is None:
        return None
    return Figures(
        row.a,
        row.b,
        se_a=row.se_a,
        se_b=row.se_b,
        se_d=row.se_d,
        cov_ad=row.cov_ad,
        c=row.c,
        se_c=row.se_c,
        cov_ac=row.cov_ac,
        cov_dc=row.cov_dc,
    )


def model_after(model: ScaleModel, scale: float) -> ScaleModel:
    """Return what a scale is once linked: items keep their model, but stretched Rasch items have a common slope.

    >>> model_after(ScaleModel.RASCH, 1.0).value, model_after(ScaleModel.RASCH, 1.2).value
    ('rasch', '1pl')
    """
    return ScaleModel.ONE_PL if model is ScaleModel.RASCH and scale != 1.0 else model


def adopt_link(session: Session, *, actor: Actor, report_id: UUID, name: str, now: datetime) -> Scale:
    """Keep the new scale's items on the old scale's metric, as a further scale; both scales stay as they are.

    Raises
    ------
    ReportNotFound, ReportNotReady
        If it is no computed link.
    AlreadyAdopted
        If the link has become a scale before.
    """
    report = find_report(session, report_id)
    if report.kind is not ReportKind.LINKING:
        raise ReportNotFound
    former = adopted_scale(session, report)
    if former is not None:
        raise AlreadyAdopted(name=former.name)
    results = results_of(session, report)
    new = statistics.find_scale(session, UUID(report.source["new"]))
    rows = {str(row.item_id): row for row in statistics.item_parameters(session, new.id)}
    line = results["line"]
    items = [
        ItemFigures(
            item_id=row.item_id,
            n_responses=row.n_responses,
            p_value=row.p_value,
            point_biserial=row.point_biserial,
            corrected_point_biserial=row.corrected_point_biserial,
            is_constant=row.is_constant,
            options=row.options,
            **{key: item.get(key) for key in KEPT_FIGURES},
        )
        for item in results["items"]
        if (row := rows.get(item["item_id"])) is not None
    ]
    scale = statistics.keep_scale(
        session,
        actor=actor,
        draft=ScaleDraft(
            institution_id=report.institution_id,
            occupation_id=report.occupation_id,
            level=report.level,
            name=name,
            model=model_after(new.model, line["scale"]),
            n_persons=new.n_persons,
            summary={
                **{key: value for key, value in new.summary.items() if key != "again"},
                "linked": {**line, "old": results["old"], "new": results["new"]},
            },
            source={**report.source, "kind": "linked", "report": str(report.id)},
            items=items,
        ),
        now=now,
    )
    audit.record(
        session,
        actor=actor,
        action="statistics_report.adopted",
        subject=("statistics_report", report.id),
        institution_id=report.institution_id,
        detail={"scale": str(scale.id), "shift": line["shift"], "slope": line["scale"]},
    )
    return scale


def adopted_scale(session: Session, report: StatisticsReport) -> Scale | None:
    """Return the scale that a link has become, if it has."""
    wanted = str(report.id)
    scales = statistics.list_scales(session, occupation_id=report.occupation_id, level=report.level)
    return next((scale for scale in scales if scale.source.get("report") == wanted), None)
