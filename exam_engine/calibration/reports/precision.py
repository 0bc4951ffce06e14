"""How sure scores and passes are: reliability, standard errors, decisions at the cut. No I/O."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.ctt.consistency import livingston_lewis
from exam_engine.psychometrics.ctt.reliability import Reliability, reliability

UNKNOWN: dict[str, Any] = dict.fromkeys(
    ("alpha", "alpha_low", "alpha_high", "omega", "sem", "sem_at_cut", "decisions")
) | {"limits": []}

ROUNDED = 0.005
"""Scores out of 100 are rounded half up to two decimals: so far below the cut still passes."""


def precision_of(points: NDArray[np.int32], *, possible: int, cut: float) -> dict[str, Any]:
    """Return the precision of one form's scores, errors in points of 100.

    ``sem_at_cut`` is the binomial error of a score at the cut (Lord, 1955, Educational and Psychological Measurement
    15, 325–336) brought to the reliability of the form (Keats, 1957, Psychometrika 22, 29–41); ``decisions`` follows
    Livingston & Lewis (1995), None with its reason among ``limits`` where it cannot be computed.

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
    found = reliability(points, highest=max(int(points.max()), 1))
    limits = [warning.value for warning in found.warnings]
    alpha = _known(found.alpha)
    if alpha is None:
        return UNKNOWN | {"limits": limits}
    scale = 100.0 / possible
    decisions, reason = _decisions(points.sum(axis=1), alpha, possible, cut)
    return {
        "alpha": alpha,
        "alpha_low": _known(found.alpha_lower),
        "alpha_high": _known(found.alpha_upper),
        "omega": _known(found.omega),
        "sem": _known(found.standard_error * scale),
        "sem_at_cut": _error_at(cut, points, found),
        "decisions": decisions,
        "limits": limits + reason,
    }


def points_to_pass(possible: int, cut: float) -> int:
    """Return the fewest points of ``possible`` that pass at ``cut`` out of 100."""
    return max(1, math.ceil((cut - ROUNDED) * possible / 100.0 - 1e-9))


def _decisions(
    totals: NDArray[np.int64], alpha: float, possible: int, cut: float
) -> tuple[dict[str, Any] | None, list[str]]:
    values, counts = np.unique(totals, return_counts=True)
    try:
        found = livingston_lewis(
            values, [points_to_pass(possible, cut)], reliability=alpha, highest=possible, weights=counts
        )
    except ValueError:  # as a rule the scores vary no more than errors do
        return None, ["no_decisions"]
    return {
        "accuracy": float(found.accuracy),
        "false_pass": float(found.false_positive),
        "false_fail": float(found.false_negative),
        "consistency": float(found.consistency),
        "kappa": _known(found.kappa),
    }, ["decisions_" + warning.value for warning in found.warnings]


def _error_at(cut: float, points: NDArray[np.int32], found: Reliability) -> float | None:
    """Return the standard error of a score at the cut, in points of 100."""
    n_items = points.shape[1]
    share = cut / 100.0
    whole = points.sum(axis=1) / max(int(points.max(axis=0).sum()), 1)
    binomial = whole.mean() * (1.0 - whole.mean()) - whole.var()
    if binomial <= 0 or n_items < 2:
        return None
    kr21 = 1.0 - binomial / (n_items - 1) / max(float(whole.var()), 1e-12)
    if kr21 >= 1:
        return None
    return _known(100.0 * math.sqrt(share * (1 - share) / (n_items - 1) * (1 - found.alpha) / (1 - kr21)))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
