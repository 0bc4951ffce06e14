"""The state of a bank, and an item over time: kept statistics put together, nothing computed anew but drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration.models import StatisticsReport
from exam_engine.calibration.reports import store
from exam_engine.calibration.reports.flags import Sign
from exam_engine.calibration.reports.rules import ReportKind
from exam_engine.calibration.reports.store import Use
from exam_engine.calibration.reports.watch import (
    BankItem,
    Calibrated,
    Concern,
    Drift,
    Found,
    Known,
    drift_between,
    watch,
)
from exam_engine.calibration.service.reporting import results_of
from exam_engine.papers import service as papers
from itembank.items import service as items
from itembank.items.models import Item
from itembank.statistics import service as statistics
from itembank.statistics.models import ItemParameter, Scale
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import OutlineStatus
from itembank.taxonomy.service import PointView

REPORTS_READ = 30
"""Latest sitting reports of a bank that are looked at; older ones are on their own pages."""


FIT_REPORTS_READ = 5


@dataclass(frozen=True)
class BankState:
    """A bank and what deserves attention in it.

    Attributes
    ----------
    n_items : int
        Active items.
    n_points : int
        Assessment points of the outlines in use.
    n_papers : int
        Sealed papers in which the use of items is counted.
    found : mapping of Concern to what was found, None where it cannot be told
    drift : Drift or None
    names : mapping of item id to reference or number
    points : mapping of point id to PointView
    """

    n_items: int
    n_points: int
    n_papers: int
    found: Mapping[Concern, Sequence[Found] | None]
    drift: Drift | None
    names: Mapping[UUID, str]
    points: Mapping[UUID, PointView]


@dataclass(frozen=True)
class InReport:
    """An item in a sitting report: its position there and its figures."""

    report: StatisticsReport
    number: int
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class ItemOverTime:
    """Everything kept of one item's statistics and use."""

    item: Item
    name: str
    scales: Sequence[tuple[Scale, ItemParameter]]
    """Newest first."""
    reports: Sequence[InReport]
    """Newest first."""
    uses: Sequence[Use]
    fits: Sequence[InReport]
    """In fit reports, newest first."""


def bank_state(session: Session, *, occupation_id: UUID, level: int) -> BankState:
    """Return what deserves attention among the active items of an occupation and level."""
    active = store.active_rows(session, occupation_id=occupation_id, level=level)
    points = [
        point
        for outline in taxonomy.list_outlines(session, occupation_id=occupation_id, level=level)
        if outline.status is OutlineStatus.ACTIVE
        for point in taxonomy.outline_tree(session, outline.id).points
    ]
    scales = list(statistics.list_scales(session, occupation_id=occupation_id, level=level))
    n_papers = papers.count_sealed(session, occupation_id=occupation_id, level=level)
    drift = _latest_drift(session, scales)
    found = watch(
        [BankItem(item.id, item.point_id, item.used) for item in active],
        [point.id for point in points],
        _latest_figures(session, occupation_id, level),
        n_papers=n_papers,
        drift=drift,
        misfits=_latest_misfits(session, occupation_id, level),
    )
    return BankState(
        n_items=len(active),
        n_points=len(points),
        n_papers=n_papers,
        found=found,
        drift=drift,
        names={item.id: item.name for item in active},
        points={point.id: point for point in points},
    )


def _latest_figures(session: Session, occupation_id: UUID, level: int) -> dict[UUID, Known]:
    """Return the newest classical figures of each item, from scales and sitting reports alike."""
    found: list[tuple[datetime, dict[UUID, Known]]] = [
        (row.made_at, {row.item_id: Known(row.n, row.p, row.r)})
        for row in store.parameter_rows(session, occupation_id=occupation_id, level=level)
    ]
    for report in _reports(session, occupation_id, level):
        figures = {
            UUID(item["item_id"]): Known(
                item["n"],
                item["p"],
                item["r"],
                any(sign["sign"] == Sign.KEY_SUSPECT and sign["firm"] for sign in item["signs"]),
            )
            for item in results_of(session, report)["items"]
            if item["item_id"]
        }
        found.append((report.created_at, figures))
    known: dict[UUID, Known] = {}
    for _, figures in sorted(found, key=lambda pair: pair[0]):
        known |= figures
    return known


def _latest_misfits(session: Session, occupation_id: UUID, level: int) -> list[Found] | None:
    """Return the items that do not follow their model by the latest fit report, if there is one."""
    latest = _fit_reports(session, occupation_id, level)[:1]
    if not latest:
        return None
    rows = results_of(session, latest[0])["items"]
    return [Found(UUID(row["item_id"]), row["rmsd"], row["n"]) for row in rows if row["misfits"]]


def _fit_reports(session: Session, occupation_id: UUID, level: int) -> Sequence[StatisticsReport]:
    return store.computed_reports(
        session, kind=ReportKind.FIT, occupation_id=occupation_id, level=level, limit=FIT_REPORTS_READ
    )


def _reports(session: Session, occupation_id: UUID, level: int) -> Sequence[StatisticsReport]:
    return store.computed_reports(
        session, kind=ReportKind.SITTING, occupation_id=occupation_id, level=level, limit=REPORTS_READ
    )


def _latest_drift(session: Session, scales: Sequence[Scale]) -> Drift | None:
    """Return the drift between the newest scale with parameters and the newest older one that shares items.

    A 3PL scale is compared with 3PL scales alone: difficulties above a lower asymptote are others than those above 0.
    """
    calibrated = [scale for scale in scales if scale.model.has_parameters]
    calibrated = [one for one in calibrated if one.model.has_asymptote == calibrated[0].model.has_asymptote]
    if len(calibrated) < 2:
        return None
    new = _calibrated(session, calibrated[0])
    for scale in calibrated[1:]:
        drift = drift_between(new, _calibrated(session, scale))
        if drift is not None:
            return drift
    return None


def _calibrated(session: Session, scale: Scale) -> Calibrated:
    return Calibrated(
        scale.name,
        {
            row.item_id: (row.a, row.b, row.se_b or 0.0, row.c or 0.0)
            for row in statistics.item_parameters(session, scale.id)
            if row.a is not None and row.b is not None
        },
    )


def item_over_time(session: Session, item_id: UUID) -> ItemOverTime:
    """Return everything kept of an item; raises NotFound."""
    item = items.find_item(session, item_id)
    wanted = str(item_id)
    reports = [
        InReport(report, number, figures)
        for report in _reports(session, item.occupation_id, item.level)
        for number, figures in enumerate(results_of(session, report)["items"], start=1)
        if figures["item_id"] == wanted
    ]
    return ItemOverTime(
        item=item,
        name=item.reference or f"#{item.number}",
        scales=list(statistics.item_history(session, item_id)),
        reports=reports,
        uses=store.uses(session, item_id),
        fits=[
            InReport(report, number, figures)
            for report in _fit_reports(session, item.occupation_id, item.level)
            for number, figures in enumerate(results_of(session, report)["items"], start=1)
            if figures["item_id"] == wanted
        ],
    )
