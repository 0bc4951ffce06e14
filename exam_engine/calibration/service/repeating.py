"""A calibration made again: the option tables it takes over, and whether it gave the figures of its origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration.models import CalibrationRun
from exam_engine.calibration.reports.agreement import compare
from itembank.statistics import service as statistics
from itembank.statistics.models import ItemParameter
from itembank.statistics.service import ItemFigures

OF_TEST = ("mean", "standard_deviation", "alpha", "standard_error", "log_likelihood", "latent_variance")
OF_ITEM = (
    *("item_id", "n_responses", "p_value", "point_biserial", "corrected_point_biserial", "is_constant"),
    *("a", "b", "d", "c", "se_a", "se_b", "se_d", "se_c", "cov_ad", "cov_ac", "cov_dc"),
)


def origin_of(run: CalibrationRun) -> UUID | None:
    """Return the scale whose answers a run takes again."""
    return UUID(run.source["scale"]) if run.source["kind"] == "again" else None


def options_of(session: Session, scale_id: UUID) -> dict[UUID, list[dict[str, Any]]]:
    """Return the option tables of a scale: they come from whole answers, of which marks alone are kept."""
    return {row.item_id: row.options for row in statistics.item_parameters(session, scale_id) if row.options}


def agreement_with(
    session: Session, scale_id: UUID, summary: Mapping[str, Any], items: Sequence[ItemFigures]
) -> dict[str, Any]:
    """Return whether a calibration gave the figures of an earlier scale, with that scale's id and name."""
    origin = statistics.find_scale(session, scale_id)
    before = _figures(origin.summary, statistics.item_parameters(session, scale_id))
    return {"scale": str(scale_id), "name": origin.name, **compare(before, _figures(summary, items))}


def _figures(summary: Mapping[str, Any], items: Sequence[ItemParameter | ItemFigures]) -> dict[str, Any]:
    return {
        "test": {name: summary.get(name) for name in OF_TEST},
        "items": [{name: getattr(item, name) for name in OF_ITEM} for item in items],
    }
