"""What all methods share: warnings, the mean or median of judges, and its standard error."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_JUDGES = 10
"""Judges below which a panel's cut is rough: 10 to 15 are advised (Hurtz & Hertz, 1999, Educational and Psychological
Measurement 59, 885–897)."""

MEDIAN_ERROR = np.sqrt(np.pi / 2.0)
"""Standard error of a median in standard errors of the mean, under a normal distribution."""

OUTLYING = 3.5
"""Modified z from which a judge stands apart (Iglewicz & Hoaglin, 1993, How to Detect and Handle Outliers)."""


class Warn(StrEnum):
    """What a reader of a cut score must know."""

    FEW_JUDGES = "few_judges"
    """Fewer judges than `MINIMUM_JUDGES`."""

    NO_ERROR = "no_error"
    """One judge, or one group of judges: no standard error can be had."""

    INCOMPLETE = "incomplete"
    """Judges left items out; their cuts rest on the share of points of the items they rated."""

    OUTLYING_JUDGES = "outlying_judges"
    """A judge stands apart from the panel."""

    FEW_PERSONS = "few_persons"
    """A group of persons is smaller than the method asks for."""

    SEPARATED = "separated"
    """The groups' scores do not overlap: every cut between them sorts all persons rightly."""

    REVERSED = "reversed"
    """Those judged better did not score higher: there is no cut."""

    NO_CROSSING = "no_crossing"
    """The curves do not cross where they were asked to."""

    SEVERAL_CROSSINGS = "several_crossings"
    """The curves cross more than once; the crossing with the smallest loss was taken."""

    UNREACHED = "unreached"
    """A score point is nowhere as likely as the response probability asks, and is left out of the booklet."""

    OUT_OF_RANGE = "out_of_range"
    """A cut lies beyond the scores that anybody had: it is drawn from the line, not from persons."""


class Summary(StrEnum):
    """How judges' cuts become one."""

    MEAN = "mean"
    MEDIAN = "median"


def summarize(
    cuts: ArrayLike, *, summary: Summary | str = Summary.MEAN, groups: ArrayLike | None = None
) -> tuple[float, float]:
    """Return the mean or median of judges' cuts and its standard error over judges.

    Parameters
    ----------
    cuts : array-like, shape (n_judges,)
        Cut of each judge.
    summary : Summary, default mean
    groups : array-like, shape (n_judges,), optional
        Tables at which judges sat and talked: their cuts are not independent, so the tables count as the sample.

    Returns
    -------
    cut, standard_error : float
        The error is NaN for one judge, or one table.

    Raises
    ------
    ValueError
        If there is no judge, a cut is not finite, or groups do not fit.

    Notes
    -----
    ``SE² = G / (G - 1) · Σ_g (Σ_j∈g (x_j - mean))² / J²``, for judges on their own the usual ``s² / J`` (Kish,
    1965, Survey Sampling, section 6.4); for a median times ``π / 2``.

    Examples
    --------
    >>> summarize([60.0, 64.0, 68.0])
    (64.0, 2.309401076758503)
    >>> summarize([60.0, 60.0, 68.0, 68.0], groups=[1, 1, 2, 2])
    (64.0, 4.0)
    """
    values = np.asarray(cuts, dtype=np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError("cuts must be one finite number a judge")
    table = np.arange(values.size) if groups is None else np.asarray(groups)
    if table.shape != values.shape:
        raise ValueError("groups must be one label a judge")
    kind = Summary(summary)
    cut = float(np.mean(values) if kind is Summary.MEAN else np.median(values))
    number = np.unique(table, return_inverse=True)[1].reshape(-1)
    sums = np.bincount(number, weights=values - values.mean())
    if sums.size < 2:
        return cut, float("nan")
    error = np.sqrt(sums.size / (sums.size - 1) * (sums**2).sum()) / values.size
    return cut, float(error * (1.0 if kind is Summary.MEAN else MEDIAN_ERROR))


def distances(values: FloatArray) -> FloatArray:
    """Return modified z-scores: distances from the median in robust standard deviations.

    ``0.6745 (x - median) / MAD``; where more than half of the values are the same, the mean absolute deviation
    stands in for the MAD, and 0 for no spread at all (Iglewicz & Hoaglin, 1993).

    Examples
    --------
    >>> distances(np.array([1.0, 2.0, 3.0, 4.0, 20.0])).round(2)
    array([-1.35, -0.67,  0.  ,  0.67, 11.47])
    """
    apart = values - np.median(values)
    spread = float(np.median(np.abs(apart))) / 0.6745
    if spread == 0.0:
        spread = float(np.abs(apart).mean()) * 1.2533
    return apart / spread if spread > 0 else np.zeros_like(values)


def outlying(values: FloatArray) -> NDArray[np.bool_]:
    """Return who stands apart; nobody among fewer than five."""
    if values.size < 5:
        return np.zeros(values.size, dtype=np.bool_)
    return np.asarray(np.abs(distances(values)) > OUTLYING)


def panel_warnings(n_judges: int, standard_error: float) -> list[Warn]:
    """Warn of few judges and of a missing error."""
    found = []
    if n_judges < MINIMUM_JUDGES:
        found.append(Warn.FEW_JUDGES)
    if np.isnan(standard_error):
        found.append(Warn.NO_ERROR)
    return found
