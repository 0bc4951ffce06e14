"""Cubic-spline smoothing of equipercentile equivalents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_smoothing_spline
from scipy.optimize import brentq

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.equating import Equating, EquatingMethod, EquatingWarning, curve
from exam_engine.psychometrics.linking.equipercentile import lord_errors
from exam_engine.psychometrics.linking.frequencies import Frequencies
from exam_engine.psychometrics.linking.sample_size import is_enough

LOWEST_RANK, HIGHEST_RANK = 0.005, 0.995
"""Scores of percentile ranks outside get no spline (Kolen & Brennan, 2014, chapter 3)."""

MINIMUM_POINTS = 5
"""Scores in that range below which there is no smoothing spline."""


@dataclass(frozen=True)
class _Spline:
    """Equivalents of one direction: a spline inside, straight lines to the ends of the scales."""

    knots: FloatArray
    values: FloatArray

    def at(self, points: FloatArray) -> FloatArray:
        return np.asarray(np.interp(points, self.knots, self.values))

    def inverse_at(self, points: FloatArray) -> FloatArray:
        return np.asarray(np.interp(points, self.values, self.knots))


def spline_equipercentile(new: Frequencies, old: Frequencies, *, smoothing: float = 0.3) -> Equating:
    """Equate scores of the same percentile rank, smoothed by cubic splines (random groups).

    Parameters
    ----------
    new, old : Frequencies
        Scores of equivalent groups on either form, as counted.
    smoothing : float, default 0.3
        S: mean squared distance of the spline from the equivalents in standard errors, at most; 0 none. Values from
        0.05 to 1 are usual; look at several.

    Returns
    -------
    Equating
        Standard errors by bootstrap only.

    Notes
    -----
    Among curves with ``Σ [(d(x) - e(x)) / se(x)]² / n ≤ S`` over the scores of percentile ranks 0.5 … 99.5 the one of
    least curvature (Reinsch, 1967, Numerische Mathematik 10, 177–183), with Lord's standard errors; straight lines
    lead from there to (−0.5, −0.5) and to (K_X + 0.5, K_Y + 0.5); the curve from new to old and the inverse of that
    from old to new are averaged, so that both forms are treated alike (Kolen & Jarjoura, 1987, Psychometrika 52, 43–59;
    Kolen & Brennan, 2014, chapter 3). Between whole scores the curve is followed by straight lines.

    Raises
    ------
    ValueError
        If ``smoothing`` is negative, frequencies are already smoothed, or fewer than five scores lie in the range.

    Examples
    --------
    >>> new = Frequencies(np.array([10.0, 31, 42, 55, 61, 48, 39, 30, 12]))
    >>> old = Frequencies(np.array([6.0, 22, 38, 50, 66, 52, 47, 33, 20]))
    >>> spline_equipercentile(new, old, smoothing=0.2).equivalents.round(2)
    array([0.39, 1.38, 2.37, 3.36, 4.35, 5.33, 6.32, 7.31, 8.22])
    """
    if not 0 <= smoothing < np.inf:
        raise ValueError("smoothing must be at least 0")
    if new.is_smoothed or old.is_smoothed:
        raise ValueError("smooth the frequencies or the equivalents, not both")
    there, back = _spline(new, old, smoothing), _spline(old, new, smoothing)
    scores = np.arange(new.highest + 1, dtype=np.float64)
    equivalents = (there.at(scores) + back.inverse_at(scores)) / 2.0
    method = EquatingMethod.SMOOTHED_EQUIPERCENTILE
    few = () if is_enough(method, new.n, old.n) else (EquatingWarning.FEW_PERSONS,)
    return curve(method, equivalents, highest_old=old.highest, n=(new.n, old.n), warnings=few)


def _spline(new: Frequencies, old: Frequencies, smoothing: float) -> _Spline:
    scores = np.arange(new.highest + 1, dtype=np.float64)
    rank = new.rank(scores)
    errors = lord_errors(new, old)
    inside = (rank >= LOWEST_RANK) & (rank <= HIGHEST_RANK) & (errors > 0)
    if inside.sum() < MINIMUM_POINTS:
        raise ValueError(f"a spline needs {MINIMUM_POINTS} scores of percentile ranks from 0.5 to 99.5")
    fitted = _smoothed(scores[inside], old.point(rank)[inside], errors[inside], smoothing)
    # A spline through rough equivalents may dip; an equating must rise, or it has no inverse.
    fitted = np.maximum.accumulate(np.clip(fitted, -0.5, old.highest + 0.5))
    knots = np.concatenate([[-0.5], scores[inside], [new.highest + 0.5]])
    return _Spline(knots, np.concatenate([[-0.5], fitted, [old.highest + 0.5]]))


def _smoothed(scores: FloatArray, values: FloatArray, errors: FloatArray, smoothing: float) -> FloatArray:
    """Return the smoothest values within the distance allowed."""
    weights = errors**-2.0

    def distance(values_now: FloatArray) -> float:
        return float(np.mean(weights * (values_now - values) ** 2))

    slope, intercept = np.polyfit(scores, values, 1, w=1.0 / errors)
    line = np.asarray(slope * scores + intercept)
    if smoothing == 0:
        return values
    if distance(line) <= smoothing:
        return line

    def fitted(log_penalty: float) -> FloatArray:
        spline = make_smoothing_spline(scores, values, w=weights, lam=float(np.exp(log_penalty)))
        return np.asarray(spline(scores), dtype=np.float64)

    low, high = -25.0, 25.0
    if distance(fitted(low)) >= smoothing:
        return values
    if distance(fitted(high)) <= smoothing:
        return line
    return fitted(float(brentq(lambda penalty: distance(fitted(penalty)) - smoothing, low, high, xtol=1e-8)))
