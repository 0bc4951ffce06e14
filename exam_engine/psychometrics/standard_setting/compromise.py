"""Hofstee and Beuk: a compromise between what judges ask of candidates and how many they would fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.standard_setting.conversion import score_counts
from exam_engine.psychometrics.standard_setting.panel import Warn, panel_warnings


class Outcome(StrEnum):
    """Whether the curves crossed."""

    CROSSED = "crossed"

    TOO_MANY_FAIL = "too_many_fail"
    """Even at the lowest cut more would fail than judges accept."""

    TOO_FEW_FAIL = "too_few_fail"
    """Even at the highest cut fewer would fail than judges expect."""


@dataclass(frozen=True)
class Compromise:
    """A cut that compromises.

    Attributes
    ----------
    outcome : Outcome
    cut : float
        In points, between scores as the line crosses; NaN without a crossing.
    fail_rate : float
        Where the line crosses; NaN without.
    nearest : float
        The cut itself, or the bound at which the curves come closest: no compromise, for the panel to discuss.
    standard_error : float
        Over judges, by leaving each out; NaN for one judge, without a crossing, or where leaving a judge out
        loses it.
    line : tuple of two (cut, fail rate) pairs
        Ends of the line that is crossed, in points and shares.
    warnings : tuple of Warn
    """

    outcome: Outcome
    cut: float
    fail_rate: float
    nearest: float
    standard_error: float
    line: tuple[tuple[float, float], tuple[float, float]]
    warnings: tuple[Warn, ...]


def hofstee(
    scores: ArrayLike,
    *,
    lowest_cut: ArrayLike,
    highest_cut: ArrayLike,
    lowest_fail_rate: ArrayLike,
    highest_fail_rate: ArrayLike,
    counts: ArrayLike | None = None,
) -> Compromise:
    """Cross the line between what judges accept with the share of candidates who would fail.

    Parameters
    ----------
    scores : array-like, shape (n_persons,) or (n_scores,)
        Scores of candidates, or the scores that `counts` counts.
    lowest_cut, highest_cut : array-like, shape (n_judges,)
        Lowest and highest cut each judge accepts, in points: even if all pass; even if nobody had learnt.
    lowest_fail_rate, highest_fail_rate : array-like, shape (n_judges,)
        Lowest and highest share of failures each judge accepts, in [0, 1].
    counts : array-like, shape (n_scores,), optional

    Returns
    -------
    Compromise

    Raises
    ------
    ValueError
        If a judge's lowest is above the highest, shares are outside [0, 1], or the arrays do not fit.

    Notes
    -----
    The line runs from (mean lowest cut, mean highest fail rate) to (mean highest cut, mean lowest fail rate); the
    curve is the share of scores below a cut, straight between the scores that occur (Hofstee, 1983, in Anderson &
    Helmick, On Educational Testing, 109–127).

    Examples
    --------
    >>> found = hofstee(
    ...     np.arange(40, 90), lowest_cut=[50], highest_cut=[60], lowest_fail_rate=[0.1], highest_fail_rate=[0.5]
    ... )
    >>> str(found.outcome), round(found.cut, 3), round(found.fail_rate, 3)
    ('crossed', 55.0, 0.3)
    """
    bounds = _judged(lowest_cut, highest_cut, lowest_fail_rate, highest_fail_rate)
    low, high, fewest, most = bounds
    if np.any(low >= high) or np.any(fewest > most) or np.any((fewest < 0) | (most > 1)):
        raise ValueError("a judge's lowest cut must lie below the highest, and so the fail rates, in [0, 1]")
    curve = _fail_curve(scores, counts)

    def line(rows: FloatArray) -> tuple[tuple[float, float], tuple[float, float]]:
        a, b, c, d = rows.mean(axis=1)
        return (float(a), float(d)), (float(b), float(c))

    return _compromise(bounds, line, curve)


def beuk(
    scores: ArrayLike,
    *,
    cut: ArrayLike,
    pass_rate: ArrayLike,
    highest: float,
    counts: ArrayLike | None = None,
) -> Compromise:
    """Move from judges' mean cut and pass rate to candidates' scores, further where judges agree less.

    Parameters
    ----------
    scores : array-like, shape (n_persons,) or (n_scores,)
    cut : array-like, shape (n_judges,)
        Cut each judge asks for, in points.
    pass_rate : array-like, shape (n_judges,)
        Share of candidates each judge expects to pass, in [0, 1].
    highest : float
        Points of the test.
    counts : array-like, shape (n_scores,), optional

    Returns
    -------
    Compromise

    Raises
    ------
    ValueError
        If there are fewer than two judges, or all agree on one of the two exactly (the line has no slope).

    Notes
    -----
    The line through (mean cut, mean pass rate) with slope ``s(pass rate) / s(cut)``, from 0 to all points
    (Beuk, 1984, Journal of Educational Measurement 21, 147–152).

    Examples
    --------
    >>> found = beuk(np.arange(40, 90), cut=[60, 70], pass_rate=[0.7, 0.9], highest=100)
    >>> round(found.cut, 2), round(1 - found.fail_rate, 2)
    (57.5, 0.65)
    """
    if not 0 < highest < np.inf:
        raise ValueError("there must be points")
    bounds = _judged(cut, pass_rate)
    if np.any((bounds[0] < 0) | (bounds[0] > highest)) or np.any((bounds[1] < 0) | (bounds[1] > 1)):
        raise ValueError("cuts must be scores of the test and pass rates shares from 0 to 1")
    if bounds.shape[1] < 2 or np.any(np.ptp(bounds, axis=1) == 0):
        raise ValueError("judges must differ in their cuts and in their pass rates: the line has no slope")
    curve = _fail_curve(scores, counts)

    def line(rows: FloatArray) -> tuple[tuple[float, float], tuple[float, float]]:
        centre, spread = rows.mean(axis=1), rows.std(axis=1, ddof=1)
        slope = spread[1] / spread[0] if spread[0] > 0 else np.inf
        ends = [centre[1] + slope * (at - centre[0]) for at in (0.0, highest)]
        return (0.0, float(1.0 - ends[0])), (float(highest), float(1.0 - ends[1]))

    return _compromise(bounds, line, curve)


def _judged(*columns: ArrayLike) -> FloatArray:
    """Return judges' numbers, one row a question."""
    rows = [np.atleast_1d(np.asarray(column, dtype=np.float64)) for column in columns]
    if any(row.ndim != 1 or row.shape != rows[0].shape for row in rows) or not rows[0].size:
        raise ValueError("every judge must answer every question")
    table = np.stack(rows)
    if not np.isfinite(table).all():
        raise ValueError("judges' answers must be finite")
    return table


def _fail_curve(scores: ArrayLike, counts: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    """Return scores and the share of candidates below each, and below the score above the highest."""
    values, number = score_counts(scores, counts)
    below = np.concatenate([[0], np.cumsum(number)]) / number.sum()
    step = float(np.diff(values).min()) if values.size > 1 else 1.0
    return np.append(values, values[-1] + step), below


Line = tuple[tuple[float, float], tuple[float, float]]


def _compromise(
    bounds: FloatArray, line: Callable[[FloatArray], Line], curve: tuple[FloatArray, FloatArray]
) -> Compromise:
    ends = line(bounds)
    outcome, cut, rate, nearest = _cross(ends, curve)
    n_judges = bounds.shape[1]
    error = float("nan")
    if n_judges > 2 and outcome is Outcome.CROSSED:
        without = np.array(
            [_cross(line(np.delete(bounds, judge, axis=1)), curve)[1] for judge in range(n_judges)]
        )
        error = float(np.sqrt((n_judges - 1) / n_judges * ((without - without.mean()) ** 2).sum()))
    notes = panel_warnings(n_judges, error)
    if outcome is not Outcome.CROSSED:
        notes.append(Warn.NO_CROSSING)
    return Compromise(outcome, cut, rate, nearest, error, ends, tuple(notes))


def _cross(line: Line, curve: tuple[FloatArray, FloatArray]) -> tuple[Outcome, float, float, float]:
    """Return outcome, cut, fail rate and nearest cut of a falling line and the rising share of failures."""
    (low, most), (high, fewest) = line
    if not np.isfinite([most, fewest]).all():
        return Outcome.CROSSED, float("nan"), float("nan"), float("nan")
    inside = curve[0][(curve[0] > low) & (curve[0] < high)]
    at = np.concatenate([[low], inside, [high]])
    fail = np.interp(at, curve[0], curve[1], left=0.0, right=1.0)
    gap = fail - (most + (fewest - most) * (at - low) / (high - low))
    if gap[0] > 0:
        return Outcome.TOO_MANY_FAIL, float("nan"), float("nan"), low
    if gap[-1] < 0:
        return Outcome.TOO_FEW_FAIL, float("nan"), float("nan"), high
    after = int(np.argmax(gap >= 0))
    if gap[after] == 0 or after == 0:
        cut, rate = at[after], fail[after]
    else:
        share = gap[after - 1] / (gap[after - 1] - gap[after])
        cut = at[after - 1] + share * (at[after] - at[after - 1])
        rate = fail[after - 1] + share * (fail[after] - fail[after - 1])
    return Outcome.CROSSED, float(cut), float(rate), float(cut)
