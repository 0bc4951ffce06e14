"""Item–total plots: how the mean score of each item rises with the raw score of the test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import check_responses

MAX_POINTS = 201
"""Points at which smoothed curves are drawn when a test has more scores."""

MINIMUM_WEIGHT = 10.0
"""Persons near a point, as its smoothing counts them, below which a curve there is only a hint."""

LEAST_BANDWIDTH = 0.5
"""Half a mark: below that nothing is smoothed."""


@dataclass(frozen=True)
class ItemTotal:
    """Data of item–total plots.

    Attributes
    ----------
    score : ndarray, shape (n_scores,)
        Raw scores of the test that occurred, in marks.
    count : ndarray, shape (n_scores,)
        Persons with that score.
    proportion : ndarray, shape (n_scores, n_items)
        Their mean item score over the item's highest, in [0, 1].
    point : ndarray, shape (n_points,)
        Scores at which the smoothed curves are given, from the lowest that occurred to the highest.
    smoothed, standard_error : ndarray, shape (n_points, n_items)
        Smoothed proportion, in [0, 1], and its standard error.
    effective_count : ndarray, shape (n_points,)
        Persons that the smoothing counts at the point; below `MINIMUM_WEIGHT` the curve is a hint.
    bandwidth : float
        Standard deviation of the kernel, in marks.
    n_left_out : int
        Persons who did not see every item and so have no raw score.
    """

    score: FloatArray
    count: FloatArray
    proportion: FloatArray
    point: FloatArray
    smoothed: FloatArray
    standard_error: FloatArray
    effective_count: FloatArray
    bandwidth: float
    n_left_out: int


def item_total_curves(responses: ArrayLike, *, highest: int = 1, bandwidth: float | None = None) -> ItemTotal:
    """Return the mean score of each item by raw score, as it is and smoothed.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … ``highest``; negative or NaN not presented. Persons with such a response are left out.
    highest : int, default 1
        Highest score that is taken, at most 100.
    bandwidth : float, optional
        Standard deviation of the normal kernel, in marks, positive; by default ``1.1 sd n^(-1/5)``.

    Returns
    -------
    ItemTotal

    Raises
    ------
    ValueError
        If the responses or the bandwidth are not usable, or nobody saw every item.

    Notes
    -----
    Kernel regression (Nadaraya, 1964; Watson, 1964) with Ramsay's bandwidth (1991, Psychometrika 56, 611–630). The raw
    score holds the item itself, so that in a short test every curve rises somewhat by construction. The standard error
    ``sqrt(Σ w² s² / (Σ w)²)`` takes the spread of the item among persons near the point.

    Examples
    --------
    >>> curves = item_total_curves([[1, 1], [1, 0], [1, 0], [0, 0]], bandwidth=0.5)
    >>> curves.score, curves.count, curves.proportion[1]
    (array([0., 1., 2.]), array([1., 2., 1.]), array([1., 0.]))
    """
    matrix = check_responses(responses, highest=highest)
    if bandwidth is not None and not 0 < bandwidth < np.inf:
        raise ValueError("bandwidth must be positive")
    complete = (matrix >= 0).all(axis=1)
    if not complete.any():
        raise ValueError("nobody saw every item: there is no raw score to plot against")
    most = np.maximum(matrix.max(axis=0), 1).astype(np.float64)
    if not complete.all():
        matrix = matrix[complete]
    total = matrix.sum(axis=1, dtype=np.int64)
    score, group = np.unique(total, return_inverse=True)
    group = group.reshape(-1)
    count = np.bincount(group).astype(np.float64)
    sums = np.empty((score.size, matrix.shape[1]))
    squares = np.empty_like(sums)
    for item in range(matrix.shape[1]):
        column = matrix[:, item].astype(np.float64)
        sums[:, item] = np.bincount(group, weights=column) / most[item]
        squares[:, item] = np.bincount(group, weights=column**2) / most[item] ** 2
    h = bandwidth or max(LEAST_BANDWIDTH, 1.1 * float(total.std()) * total.size**-0.2)
    low, high = float(score[0]), float(score[-1])
    point = np.linspace(low, high, min(MAX_POINTS, int(high - low) + 1))
    # Distances from the nearest score keep the weights of a point far from everybody above zero.
    square = ((point[:, None] - score) / h) ** 2
    weight = np.exp(-0.5 * (square - square.min(axis=1, keepdims=True)))
    mass = weight @ count
    smoothed = weight @ sums / mass[:, None]
    spread = np.maximum(weight @ squares / mass[:, None] - smoothed**2, 0.0)
    effective = mass**2 / (weight**2 @ count)
    return ItemTotal(
        score=score.astype(np.float64),
        count=count,
        proportion=sums / count[:, None],
        point=point,
        smoothed=smoothed,
        standard_error=np.sqrt(spread / effective[:, None]),
        effective_count=effective,
        bandwidth=h,
        n_left_out=int((~complete).sum()),
    )
