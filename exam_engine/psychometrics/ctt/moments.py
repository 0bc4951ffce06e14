"""What the other modules share: correlations and covariances over the persons who saw an item, tails, intervals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from exam_engine.psychometrics.irt.models import FloatArray

ROUNDING = 1e-9

BLOCK = 200_000
"""Responses in a block of persons: 1.6 MB as float64."""

TAIL_SHARE = 0.27
"""Share of persons in the upper and the lower group (Kelley, 1939, Journal of Educational Psychology 30,
17–24).
"""


def masked_correlation(x: FloatArray, y: FloatArray, mask: FloatArray) -> FloatArray:
    """Correlate columns of ``x`` and ``y`` over the persons in the mask; NaN where either does not vary."""
    y = np.where(mask > 0, y, 0.0)
    n = mask.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        dx = (x - (x * mask).sum(axis=0) / n) * mask
        dy = (y - (y * mask).sum(axis=0) / n) * mask
        spread = np.sqrt((dx**2).sum(axis=0) * (dy**2).sum(axis=0))
        correlation = np.where(spread > 1e-12, (dx * dy).sum(axis=0) / spread, np.nan)
    return np.asarray(np.clip(correlation, -1.0, 1.0), dtype=np.float64)


def person_blocks(n_persons: int, n_items: int) -> Iterator[slice]:
    """Cut the persons into blocks whose matrices stay in the cache, so that memory does not grow with them."""
    rows = max(1, BLOCK // n_items)
    for start in range(0, n_persons, rows):
        yield slice(start, min(start + rows, n_persons))


def pair_covariance(matrix: NDArray[np.int8]) -> tuple[FloatArray, FloatArray]:
    """Return item covariances over the persons who saw both, with divisor n − 1, and the number of these persons.

    Parameters
    ----------
    matrix : ndarray of int8, shape (n_persons, n_items)
        Scores, −1 for not presented.

    Returns
    -------
    covariance : ndarray, shape (n_items, n_items)
        NaN where fewer than two persons saw both.
    together : ndarray, shape (n_items, n_items)
    """
    n_persons, size = matrix.shape
    products, sums = np.zeros((size, size)), np.zeros((size, size))
    together = np.zeros((size, size))
    complete = bool(matrix.min() >= 0)
    for rows in person_blocks(n_persons, size):
        score = np.maximum(matrix[rows], 0).astype(np.float64)
        products += score.T @ score
        if complete:
            sums += score.sum(axis=0)[:, None]
            together += len(score)
        else:
            seen = (matrix[rows] >= 0).astype(np.float64)
            sums += score.T @ seen
            together += seen.T @ seen
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / together
        covariance = (products - together * means * means.T) / (together - 1.0)
    return np.where(together > 1, covariance, np.nan), together


def alpha_of(covariance: FloatArray) -> tuple[float, float]:
    """Return Cronbach's alpha, NaN where there is none, and the variance of the raw score."""
    size = len(covariance)
    variance = float(covariance.sum())
    if size < 2 or not variance > 0:
        return float("nan"), variance
    return at_most_one(size / (size - 1.0) * (1.0 - float(np.trace(covariance)) / variance)), variance


def alphas_without(covariance: FloatArray) -> FloatArray:
    """Return alpha with each item left out, from sums of the one covariance matrix."""
    size = len(covariance) - 1
    if size < 2:
        return np.full(size + 1, np.nan)
    own = np.diag(covariance)
    total = covariance.sum() - 2.0 * covariance.sum(axis=0) + own
    alpha = size / (size - 1.0) * (1.0 - (own.sum() - own) / total)
    return np.array([at_most_one(value) for value in alpha], dtype=np.float64)


def at_most_one(alpha: float) -> float:
    """Return NaN for what rounding cannot explain: covariances over different persons contradict each other."""
    return float("nan") if alpha > 1.0 + ROUNDING else min(alpha, 1.0)


def wilson_interval(share: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's confidence interval of proportions; NaN where ``n`` is 0.

    Parameters
    ----------
    share : array-like, shape (...)
        Proportions observed, in [0, 1].
    n : array-like, broadcastable
        Persons behind each.
    level : float, default 0.95
        Confidence, in (0, 1).

    Returns
    -------
    lower, upper : ndarray, shape (...)
        In [0, 1].

    Notes
    -----
    ``(p + z²/2n ± z sqrt(p q / n + z²/4n²)) / (1 + z²/n)`` (Wilson, 1927).

    Examples
    --------
    >>> [bound.round(4).tolist() for bound in wilson_interval([0.0, 0.5], 10)]
    [[0.0, 0.2366], [0.2775, 0.7634]]
    """
    p, size = np.asarray(share, dtype=np.float64), np.asarray(n, dtype=np.float64)
    z = float(ndtri(0.5 + level / 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = p + z**2 / (2 * size)
        half = z * np.sqrt(p * (1 - p) / size + (z / (2 * size)) ** 2)
        shrink = 1 + z**2 / size
        lower, upper = (middle - half) / shrink, (middle + half) / shrink
    known = size > 0
    return np.where(known, np.clip(lower, 0, 1), np.nan), np.where(known, np.clip(upper, 0, 1), np.nan)


def tail_weights(criterion: FloatArray) -> FloatArray:
    """Return how much each person belongs to the upper 27 %, ties at the border sharing its places.

    Rounded keys keep persons of one criterion together whatever the order of summation; NaN belongs nowhere.
    """
    known = ~np.isnan(criterion)
    values, group = np.unique(-np.round(criterion[known], 12), return_inverse=True)
    count = np.bincount(group.reshape(-1), minlength=values.size)
    places = TAIL_SHARE * known.sum()
    before = np.cumsum(count) - count
    weights = np.zeros(criterion.size)
    weights[known] = np.clip((places - before) / np.maximum(count, 1), 0.0, 1.0)[group.reshape(-1)]
    return weights


def quantile_groups(criterion: FloatArray, n_groups: int) -> NDArray[np.intp]:
    """Number groups of about equal size from the lowest criterion up, those of one criterion together.

    A person belongs to the quantile in which the middle of those with the same criterion, rounding apart, lies;
    quantiles without anybody are passed over, so that there may be fewer groups.
    """
    values, tie = np.unique(np.round(criterion, 12), return_inverse=True)
    count = np.bincount(tie.reshape(-1), minlength=values.size)
    middle = (np.cumsum(count) - count / 2) / criterion.size
    quantile = np.minimum((middle * n_groups).astype(np.intp), n_groups - 1)
    return np.asarray(np.unique(quantile, return_inverse=True)[1].reshape(-1)[tie.reshape(-1)], dtype=np.intp)


def check_covariance(covariance: ArrayLike, *, least: int = 2) -> FloatArray:
    """Return an item covariance matrix as floats.

    Raises
    ------
    ValueError
        If it is not square, symmetric and finite, has a negative variance or fewer than ``least`` items.
    """
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < least:
        raise ValueError(f"the covariance must be a square matrix of at least {least} items")
    if not (np.all(np.isfinite(matrix)) and np.allclose(matrix, matrix.T, rtol=1e-8, atol=1e-12)):
        raise ValueError("the covariance must be finite and symmetric")
    if np.any(np.diag(matrix) < 0):
        raise ValueError("variances must be at least 0")
    return matrix
