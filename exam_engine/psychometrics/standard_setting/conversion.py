"""A cut from percent to points to ability and back, and whom it would pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

BOUND = 40.0
"""Abilities are looked for from −40 to 40 logits."""

STEPS = 60
"""Halvings of that interval: more than float64 can tell apart."""


@dataclass(frozen=True)
class Impact:
    """Whom cuts would pass.

    Attributes
    ----------
    cuts : ndarray, shape (n_cuts,)
        Lowest score that passes.
    passed : ndarray of int, shape (n_cuts,)
        Persons with that score or more.
    pass_rate, pass_rate_error : ndarray, shape (n_cuts,)
        Their share, and its standard error for other candidates of this kind.
    n_persons : int
    """

    cuts: FloatArray
    passed: NDArray[np.intp]
    pass_rate: FloatArray
    pass_rate_error: FloatArray
    n_persons: int


def impact(scores: ArrayLike, cuts: ArrayLike, *, counts: ArrayLike | None = None) -> Impact:
    """Return how many persons would pass at each cut.

    Parameters
    ----------
    scores : array-like, shape (n_persons,) or (n_scores,)
        Scores of persons, or the scores that `counts` counts.
    cuts : array-like, shape (n_cuts,) or a number
        A person with this score or more passes; a cut that is no score is the same as the next score above it.
    counts : array-like, shape (n_scores,), optional
        Persons with each score.

    Returns
    -------
    Impact

    Raises
    ------
    ValueError
        If scores or cuts are not finite, counts do not fit, or there is nobody.

    Examples
    --------
    >>> found = impact([40, 55, 60, 61, 75], [60, 60.5])
    >>> found.passed, found.pass_rate
    (array([3, 2]), array([0.6, 0.4]))
    """
    values, number = score_counts(scores, counts)
    places = np.atleast_1d(np.asarray(cuts, dtype=np.float64))
    if places.ndim != 1 or np.isnan(places).any():
        raise ValueError("cuts must be a vector of numbers")
    total = int(number.sum())
    above = np.concatenate([np.cumsum(number[::-1])[::-1], [0]])
    passed = above[np.searchsorted(values, places - 1e-9)]
    rate = passed / total
    return Impact(places, passed.astype(np.intp), rate, np.sqrt(rate * (1.0 - rate) / total), total)


def score_counts(scores: ArrayLike, counts: ArrayLike | None = None) -> tuple[FloatArray, NDArray[np.intp]]:
    """Return the distinct scores, rising, and how many persons have each.

    Raises
    ------
    ValueError
        If a score is not finite, counts are not whole numbers one a score, or there is nobody.

    Examples
    --------
    >>> score_counts([2, 1, 2])
    (array([1., 2.]), array([1, 2]))
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError("scores must be a vector of finite numbers, of one person at least")
    number = np.ones(values.size) if counts is None else np.asarray(counts, dtype=np.float64)
    if number.shape != values.shape or not np.all((number >= 0) & (number == np.floor(number))):
        raise ValueError("counts must be one whole number a score")
    if number.sum() < 1:
        raise ValueError("there must be one person at least")
    found, place = np.unique(values, return_inverse=True)
    return found, np.bincount(place.reshape(-1), weights=number).astype(np.intp)


def score_of_percent(percent: ArrayLike, highest: float) -> FloatArray:
    """Return the points that a percentage of all points is.

    Raises
    ------
    ValueError
        If percentages are outside 0 to 100 or there are no points.

    Examples
    --------
    >>> score_of_percent([60.0], 85)
    array([51.])
    """
    share = np.atleast_1d(np.asarray(percent, dtype=np.float64))
    if not np.all((share >= 0) & (share <= 100)) or not 0 < highest < np.inf:
        raise ValueError("percentages must lie between 0 and 100, and there must be points")
    return np.asarray(share * highest / 100.0, dtype=np.float64)


def lowest_passing(cut: ArrayLike, *, unit: float = 1.0) -> FloatArray:
    """Return the lowest score that a candidate can have and pass.

    Parameters
    ----------
    cut : array-like, shape (n_cuts,) or a number
        Cut in points.
    unit : float, default 1
        Smallest step between scores, 0.5 where half points are given.

    Raises
    ------
    ValueError
        If the unit is not positive.

    Notes
    -----
    The next score at or above the cut. A cut that is a score but for rounding errors stays: 60.0000000001 is 60.

    Examples
    --------
    >>> lowest_passing([59.2, 60.0, 60.0000000001])
    array([60., 60., 60.])
    """
    if not 0 < unit < np.inf:
        raise ValueError("the unit must be positive")
    steps = np.atleast_1d(np.asarray(cut, dtype=np.float64)) / unit
    return np.asarray(np.ceil(steps - 1e-9) * unit, dtype=np.float64)


def score_of_theta(items: Items, theta: ArrayLike) -> FloatArray:
    """Return the expected test score at abilities, in points.

    Examples
    --------
    >>> score_of_theta(Items.dichotomous([1.0, 1.0], [0.0, 0.0]), [0.0])
    array([1.])
    """
    return np.asarray(items.expected_score(theta).sum(axis=1), dtype=np.float64)


def theta_of_score(items: Items, score: ArrayLike) -> FloatArray:
    """Return the abilities at which the expected test score is the one given.

    Parameters
    ----------
    items : Items
        With curves that rise.
    score : array-like, shape (n_scores,)
        In points.

    Returns
    -------
    ndarray, shape (n_scores,)
        In logits; ``-inf`` for a score at or below the sum of the lower asymptotes, ``inf`` for one at or above
        the highest expected score: no ability has it.

    Raises
    ------
    ValueError
        If a score is not finite, or expected scores do not rise with ability.

    Examples
    --------
    >>> theta_of_score(Items.dichotomous([1.0, 1.0], [0.5, 0.5]), [1.0, 2.0])
    array([0.5, inf])
    """
    wanted = np.atleast_1d(np.asarray(score, dtype=np.float64))
    if wanted.ndim != 1 or not np.isfinite(wanted).all():
        raise ValueError("scores must be a vector of finite numbers")
    if np.any(np.diff(score_of_theta(items, np.linspace(-10.0, 10.0, 81))) < -1e-12):
        raise ValueError("the expected score does not rise with ability: negative discriminations")
    low, high = np.full(wanted.shape, -BOUND), np.full(wanted.shape, BOUND)
    lowest, top = score_of_theta(items, [-BOUND, BOUND])
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        below = score_of_theta(items, middle) < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found = np.where(wanted <= lowest, -np.inf, (low + high) / 2.0)
    return np.where(wanted >= top, np.inf, found)
