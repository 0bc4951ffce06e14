"""Coefficients of reliability that are one formula: intervals of alpha, strata, KR-21, Spearman–Brown."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtri

from exam_engine.psychometrics.ctt.moments import alpha_of, at_most_one, check_covariance


def alpha_interval(alpha: float, *, n_persons: int, n_items: int, level: float = 0.95) -> tuple[float, float]:
    """Return Feldt's confidence interval of Cronbach's alpha.

    Parameters
    ----------
    alpha : float
        At most 1.
    n_persons, n_items : int
        At least 2 each.
    level : float, default 0.95
        Confidence, in (0, 1).

    Returns
    -------
    lower, upper : float

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    ``1 - (1 - alpha) F`` with the quantiles of F with ``N - 1`` and ``(N - 1)(n - 1)`` degrees of freedom (Feldt,
    1965, Psychometrika 30, 357–370; Feldt, Woodruff & Salih, 1987, Applied Psychological Measurement 11, 93–103).
    Exact for essentially tau-equivalent items with normal errors; with items scored 0 or 1 close to nominal.

    Examples
    --------
    >>> [round(bound, 3) for bound in alpha_interval(0.79, n_persons=41, n_items=26, level=0.9)]
    [0.705, 0.862]
    """
    if not (alpha <= 1 and n_persons >= 2 and n_items >= 2 and 0 < level < 1):
        raise ValueError("alpha must be at most 1, persons and items at least 2, level between 0 and 1")
    first, second = n_persons - 1, (n_persons - 1) * (n_items - 1)
    quantiles = fdtri(first, second, [0.5 + level / 2, 0.5 - level / 2])
    lower, upper = (1 - (1 - alpha) * float(quantile) for quantile in quantiles)
    return lower, upper


def standardised_alpha(covariance: ArrayLike) -> float:
    """Return alpha of the items brought to one variance; constant items are left out.

    Parameters
    ----------
    covariance : array-like, shape (n_items, n_items)

    Returns
    -------
    float
        NaN when fewer than two items vary.

    Raises
    ------
    ValueError
        If the matrix is none.

    Notes
    -----
    ``n r̄ / (1 + (n - 1) r̄)`` with the mean correlation ``r̄`` between items (Cronbach, 1951).

    Examples
    --------
    >>> round(standardised_alpha([[4, 1], [1, 1]]), 4)
    0.6667
    """
    matrix = check_covariance(covariance)
    varies = np.diag(matrix) > 0
    deviation = np.sqrt(np.diag(matrix)[varies])
    return alpha_of(matrix[np.ix_(varies, varies)] / np.outer(deviation, deviation))[0]


def stratified_alpha(covariance: ArrayLike, parts: Sequence[Hashable]) -> float:
    """Return the reliability of a test of several parts, each with its own alpha.

    Parameters
    ----------
    covariance : array-like, shape (n_items, n_items)
    parts : sequence, length n_items
        The part to which each item belongs.

    Returns
    -------
    float
        At most 1; NaN when the raw score does not vary.

    Raises
    ------
    ValueError
        If the matrix is none or the parts have another length.

    Notes
    -----
    ``1 - Σ_k s_k² (1 - alpha_k) / s_X²`` (Cronbach, Schönemann & McKie, 1965, Educational and Psychological
    Measurement 25, 291–312). A part of one item, or one whose score does not vary, has no alpha and counts as
    unreliable, so that the result stays a lower bound.

    Examples
    --------
    >>> round(stratified_alpha(np.eye(4) + np.kron(np.eye(2), np.ones((2, 2))), ["a", "a", "b", "b"]), 4)
    0.6667
    """
    matrix = check_covariance(covariance)
    if len(parts) != len(matrix):
        raise ValueError(f"parts must name the part of each of the {len(matrix)} items")
    total = float(matrix.sum())
    if total <= 0:
        return float("nan")
    error = 0.0
    for part in dict.fromkeys(parts):
        inside = np.array([one == part for one in parts])
        alpha, variance = alpha_of(matrix[np.ix_(inside, inside)])
        error += max(variance, 0.0) * (1.0 - (0.0 if np.isnan(alpha) else alpha))
    return at_most_one(1.0 - error / total)


def kuder_richardson_21(mean: float, variance: float, *, n_items: int) -> float:
    """Return KR-21: reliability from mean and variance alone, as if all items were equally difficult.

    Parameters
    ----------
    mean, variance : float
        Of the number of right answers; the variance with divisor n, as in KR-20.
    n_items : int
        Items scored 0 or 1, at least 2.

    Returns
    -------
    float
        NaN when the variance is not positive.

    Raises
    ------
    ValueError
        If there are fewer than 2 items or the mean lies outside ``0 … n_items``.

    Notes
    -----
    ``n / (n - 1) (1 - M (n - M) / (n s²))`` (Kuder & Richardson, 1937, Psychometrika 2, 151–160, formula 21); never
    above KR-20.

    Examples
    --------
    >>> round(kuder_richardson_21(40, 64, n_items=50), 4)
    0.8929
    """
    if n_items < 2 or not 0 <= mean <= n_items:
        raise ValueError("there must be at least 2 items, and the mean between 0 and their number")
    if not variance > 0:
        return float("nan")
    return n_items / (n_items - 1) * (1 - mean * (n_items - mean) / (n_items * variance))


def spearman_brown(reliability: float, *, factor: float) -> float:
    """Return the reliability of a test ``factor`` times as long.

    Parameters
    ----------
    reliability : float
        Of the test as it is, above −1 and at most 1.
    factor : float
        New length over old, positive.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    ``k r / (1 + (k - 1) r)`` (Spearman, 1910; Brown, 1910): the items added are parallel to those there.

    Examples
    --------
    >>> round(spearman_brown(0.6, factor=2), 4), round(lengthening(0.6, target=0.75), 4)
    (0.75, 2.0)
    """
    if not (-1 < reliability <= 1 and factor > 0):
        raise ValueError("reliability must be above -1 and at most 1, factor positive")
    return factor * reliability / (1 + (factor - 1) * reliability)


def lengthening(reliability: float, *, target: float) -> float:
    """Return how many times as long a test must be to reach a reliability: Spearman–Brown turned round.

    Raises
    ------
    ValueError
        If both do not lie between 0 and 1.
    """
    if not (0 < reliability < 1 and 0 < target < 1):
        raise ValueError("reliability and target must lie between 0 and 1")
    return target * (1 - reliability) / (reliability * (1 - target))
