"""How sure scores and passes are: reliability, standard errors, decisions at the cut. No I/O."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reports.rules import FEW_PERSONS_BELOW
from exam_engine.psychometrics.ctt.consistency import livingston_lewis
from exam_engine.psychometrics.ctt.error import MINIMUM_PERSONS, feldt_qualls_errors, keats_errors
from exam_engine.psychometrics.ctt.reliability import Reliability, analyse_reliability

UNKNOWN: dict[str, Any] = dict.fromkeys(
    ("alpha", "alpha_low", "alpha_high", "omega", "sem", "sem_at_cut", "decisions")
) | {"limits": []}

INCOMPLETE: dict[str, Any] = UNKNOWN | {"limits": ["individual_forms"]}
"""Where persons were given different parts of a form: coefficients of one form do not apply."""

PARTS = 5
"""Parts of like items for errors by score, where items have several points."""

ROUNDED = 0.005
"""Scores out of 100 are rounded half up to two decimals: so far below the cut still passes."""


def precision_of(points: NDArray[np.int32], *, possible: int, cut: float) -> dict[str, Any]:
    """Return the precision of one form's scores, errors in points of 100.

    ``decisions`` follows Livingston & Lewis (1995): None, the reason being among ``limits``, where that is impossible.

    Parameters
    ----------
    points : ndarray of int, shape (n_persons, n_items)
        Points of those who had the form; complete.
    possible : int
        Points of the whole form.
    cut : float
        Pass mark out of 100.
    """
    if len(points) < 2 or points.shape[1] < 2:
        return UNKNOWN | {"limits": ["too_few"]}
    found = analyse_reliability(points, highest=max(int(points.max()), 1))
    limits = [warning.value for warning in found.warnings]
    alpha = _known(found.alpha)
    if alpha is None:
        return UNKNOWN | {"limits": limits}
    scale = 100.0 / possible
    needed = points_to_pass(possible, cut)
    decisions, reason = _decisions(points.sum(axis=1), alpha, possible, needed)
    at_cut = _error_at(needed, points, possible, found)
    return {
        "alpha": alpha,
        "alpha_low": _known(found.alpha_lower),
        "alpha_high": _known(found.alpha_upper),
        "omega": _known(found.omega),
        "sem": _known(found.standard_error * scale),
        "sem_at_cut": at_cut * scale if at_cut is not None else None,
        "decisions": decisions,
        "limits": limits + reason,
    }


def points_to_pass(possible: int, cut: float) -> int:
    """Return the fewest points of ``possible`` that pass at ``cut`` out of 100."""
    return max(1, math.ceil((cut - ROUNDED) * possible / 100.0 - 1e-9))


def _decisions(
    totals: NDArray[np.int64], alpha: float, possible: int, needed: int
) -> tuple[dict[str, Any] | None, list[str]]:
    if totals.size < FEW_PERSONS_BELOW:
        return None, ["decisions_too_few"]
    values, counts = np.unique(totals, return_counts=True)
    try:
        found = livingston_lewis(values, [needed], reliability=alpha, highest=possible, weights=counts)
    except ValueError:  # as a rule the scores vary no more than errors do
        return None, ["no_decisions"]
    return {
        "accuracy": float(found.accuracy),
        "false_pass": float(found.false_positive),
        "false_fail": float(found.false_negative),
        "consistency": float(found.consistency),
        "kappa": _known(found.kappa),
    }, ["decisions_" + warning.value for warning in found.warnings]


def _error_at(needed: int, points: NDArray[np.int32], possible: int, found: Reliability) -> float | None:
    """Return the standard error of a score at the cut, in points of the form; None where nothing carries it.

    Items scored 0 or 1: Keats' correction of the binomial error. Others: Feldt and Qualls from parts of like items.
    """
    n_items = points.shape[1]
    if possible == n_items and np.isfinite(found.kr21) and found.kr21 <= found.alpha:
        return float(keats_errors(n_items, reliability=found.alpha, kr21=found.kr21)[min(needed, n_items)])
    if len(points) < MINIMUM_PERSONS or n_items < 2 * PARTS:
        return None
    order = np.argsort(-points.max(axis=0), kind="stable")
    by_part = np.stack([points[:, order[part::PARTS]].sum(axis=1) for part in range(PARTS)], axis=1)
    errors = feldt_qualls_errors(by_part)
    return float(np.interp(needed, errors.score, errors.smoothed))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
