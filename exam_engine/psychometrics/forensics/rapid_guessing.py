"""Answers too quick to have been thought about: thresholds, effort, and responses without them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.forensics.response_time import check_times
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import check_responses

SHARE_OF_MEAN = 0.10
"""The normative threshold: a tenth of an item's mean time (Wise & Ma, 2012, paper at the annual meeting of the
National Council on Measurement in Education; "NT10").
"""

CAP_SECONDS = 10.0
"""No normative threshold exceeds this (Wise & Ma, 2012)."""

LOW_EFFORT = 0.90
"""Response-time effort below which a score is suspect (Wise & Kong, 2005, Applied Measurement in Education 18, 163–183;
Wise, 2015, Applied Measurement in Education 28, 237–252).
"""

MINIMUM_PERSONS = 200
"""Times an item needs before two modes are looked for: of a tenth of rapid guesses that is twenty. Our own choice."""

MINIMUM_MEAN_TIMES = 20
"""Times an item needs for its mean to set a threshold without a caution. Our own choice."""

SEPARATION = 2.0
"""Ashman's D that two components need (Ashman, Bird & Zepf, 1994, Astronomical Journal 108, 2348–2361)."""

LOWEST_SD = 0.05
GRID = 200
STEPS = 500


class Method(StrEnum):
    """How a threshold between rapid guessing and solution behaviour is set."""

    NORMATIVE = "normative"
    MIXTURE = "mixture"


@dataclass(frozen=True)
class Thresholds:
    """Times below which a response is taken for a rapid guess.

    Attributes
    ----------
    seconds : ndarray, shape (n_items,)
        NaN where none could be set: nothing of that item counts as a rapid guess.
    method : Method
    is_set : ndarray of bool, shape (n_items,)
    cautions : tuple of Caution
        `Caution.FEW_PERSONS`: some item has too few times; `Caution.NOT_BIMODAL`: some item's times have no
        two modes.
    """

    seconds: FloatArray
    method: Method
    is_set: NDArray[np.bool_]
    cautions: tuple[Caution, ...]


@dataclass(frozen=True)
class Effort:
    """How much of a test was worked on rather than guessed through.

    Attributes
    ----------
    is_rapid : ndarray of bool, shape (n_persons, n_items)
        Responses below the item's threshold.
    effort : ndarray, shape (n_persons,)
        Response-time effort: share of the timed responses that are not rapid, in [0, 1]; NaN without times.
    is_flagged : ndarray of bool, shape (n_persons,)
        Effort below the limit.
    fidelity : ndarray, shape (n_items,)
        Share of the persons whose response was not rapid; NaN without times.
    n_times : ndarray of int, shape (n_persons,)
    """

    is_rapid: NDArray[np.bool_]
    effort: FloatArray
    is_flagged: NDArray[np.bool_]
    fidelity: FloatArray
    n_times: NDArray[np.intp]


def normative_thresholds(
    seconds: ArrayLike, *, share: float = SHARE_OF_MEAN, cap: float = CAP_SECONDS
) -> Thresholds:
    """Return a share of each item's mean time, capped.

    Parameters
    ----------
    seconds : array-like, shape (n_persons, n_items)
        Positive; NaN or negative where there is no time.
    share : float, default 0.10
        In (0, 1).
    cap : float, default 10
        In seconds, positive.

    Returns
    -------
    Thresholds

    Raises
    ------
    ValueError
        If the times are not usable, or share or cap out of range.

    Examples
    --------
    >>> normative_thresholds([[20.0, 300.0], [40.0, 100.0]]).seconds
    array([ 3., 10.])
    """
    if not (0.0 < share < 1.0 and 0.0 < cap < np.inf):
        raise ValueError("share must lie between 0 and 1 and cap be positive")
    matrix = check_times(seconds)
    count = (~np.isnan(matrix)).sum(axis=0)
    mean = np.where(count > 0, np.nansum(matrix, axis=0) / np.maximum(count, 1), np.nan)
    cautions = (Caution.FEW_PERSONS,) if count.min() < MINIMUM_MEAN_TIMES else ()
    return Thresholds(np.minimum(share * mean, cap), Method.NORMATIVE, count > 0, cautions)


def mixture_thresholds(seconds: ArrayLike) -> Thresholds:
    """Return the valley between the two modes of each item's times, where there are two.

    Parameters
    ----------
    seconds : array-like, shape (n_persons, n_items)
        Positive; NaN or negative where there is no time.

    Returns
    -------
    Thresholds
        NaN for items with fewer than 200 times or without two modes; use a normative threshold for those.

    Raises
    ------
    ValueError
        If the times are not usable.

    Notes
    -----
    A mixture of two lognormal distributions (Schnipke & Scrams, 1997, Journal of Educational Measurement 34, 213–232)
    by EM, in place of looking for the gap with the eye. Two modes are accepted if the mixture beats one lognormal by
    BIC, its components lie apart (Ashman's D above 2) and its density has a minimum between them: there the
    threshold stands.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> log_time = np.concatenate([rng.normal(0.5, 0.3, 100), rng.normal(4.0, 0.4, 900)])
    >>> bool(3.0 < mixture_thresholds(np.exp(log_time)[:, None]).seconds[0] < 20.0)
    True
    """
    matrix = check_times(seconds)
    found = np.full(matrix.shape[1], np.nan)
    enough = (~np.isnan(matrix)).sum(axis=0) >= MINIMUM_PERSONS
    for item in np.flatnonzero(enough):
        column = matrix[:, item]
        found[item] = _valley(np.log(column[~np.isnan(column)]))
    is_set = ~np.isnan(found)
    cautions = []
    if not enough.all():
        cautions.append(Caution.FEW_PERSONS)
    if np.any(enough & ~is_set):
        cautions.append(Caution.NOT_BIMODAL)
    return Thresholds(np.exp(found), Method.MIXTURE, is_set, tuple(cautions))


def effort(seconds: ArrayLike, thresholds: ArrayLike, *, limit: float = LOW_EFFORT) -> Effort:
    """Return which responses were rapid guesses and how much of the test each person worked on.

    Parameters
    ----------
    seconds : array-like, shape (n_persons, n_items)
        Positive; NaN or negative where there is no time.
    thresholds : array-like, shape (n_items,)
        In seconds, from `normative_thresholds`, `mixture_thresholds` or one's own; NaN for none.
    limit : float, default 0.90
        Effort below it is flagged.

    Returns
    -------
    Effort

    Raises
    ------
    ValueError
        If the times are not usable, lengths differ or a threshold is not positive.

    Notes
    -----
    ``RTE = mean of 1(time ≥ threshold)`` (Wise & Kong, 2005); the same over persons is response-time fidelity (Wise,
    2006, Applied Measurement in Education 19, 95–114).

    Examples
    --------
    >>> result = effort([[2.0, 40.0], [30.0, 50.0]], [5.0, 5.0])
    >>> result.effort, result.is_flagged
    (array([0.5, 1. ]), array([ True, False]))
    """
    matrix = check_times(seconds)
    bound = np.asarray(thresholds, dtype=np.float64)
    if bound.shape != (matrix.shape[1],) or np.any(bound <= 0):
        raise ValueError(f"thresholds must hold {matrix.shape[1]} positive numbers, NaN for none")
    if not 0.0 < limit <= 1.0:
        raise ValueError("limit must lie above 0 and not above 1")
    seen = ~np.isnan(matrix)
    rapid = seen & (matrix < bound)
    n_times = seen.sum(axis=1)
    with np.errstate(invalid="ignore"):
        share = 1.0 - rapid.sum(axis=1) / n_times
        fidelity = 1.0 - rapid.sum(axis=0) / seen.sum(axis=0)
    return Effort(rapid, share, share < limit, fidelity, np.asarray(n_times, dtype=np.intp))


def effort_moderated(responses: ArrayLike, is_rapid: ArrayLike, *, highest: int = 1) -> NDArray[np.int8]:
    """Return the responses with rapid guesses taken out as not presented.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … ``highest``; negative or NaN not presented.
    is_rapid : array-like of bool, shape (n_persons, n_items)
    highest : int, default 1

    Raises
    ------
    ValueError
        If the responses are not usable or the shapes differ.

    Notes
    -----
    The effort-moderated model gives a rapid guess a chance of success that does not depend on ability (Wise & DeMars,
    2006, Journal of Educational Measurement 43, 19–38); for the ability that is the same as not to count it.

    Examples
    --------
    >>> effort_moderated([[1, 0]], [[False, True]])
    array([[ 1, -1]], dtype=int8)
    """
    matrix = check_responses(responses, highest=highest)
    rapid = np.asarray(is_rapid)
    if rapid.shape != matrix.shape or rapid.dtype != np.bool_:
        raise ValueError(f"is_rapid must be a boolean matrix of shape {matrix.shape}")
    return np.where(rapid, -1, matrix).astype(np.int8)


def _valley(y: FloatArray) -> float:
    """Return the log time of the minimum between two modes; NaN where there are no two."""
    weight, mean, sd = _mixture(y)
    low, high = np.argsort(mean)
    one_sd = max(float(y.std()), LOWEST_SD)
    single = float(_log_normal(y, np.array([y.mean()]), np.array([one_sd])).sum())
    double = float(np.logaddexp.reduce(_log_normal(y, mean, sd) + np.log(weight), axis=1).sum())
    apart = np.sqrt(2.0) * (mean[high] - mean[low]) / np.sqrt(sd[low] ** 2 + sd[high] ** 2)
    if 2.0 * (double - single) <= 3.0 * np.log(y.size) or apart <= SEPARATION:
        return float("nan")
    grid = np.linspace(mean[low], mean[high], GRID)
    density = np.exp(_log_normal(grid, mean, sd)) @ weight
    lowest = int(np.argmin(density))
    return float(grid[lowest]) if 0 < lowest < GRID - 1 else float("nan")


def _mixture(y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return weights, means and standard deviations of two normal components."""
    weight = np.array([0.1, 0.9])
    mean = np.quantile(y, [0.02, 0.6])
    sd = np.full(2, max(0.5 * float(y.std()), LOWEST_SD))
    last = -np.inf
    for _ in range(STEPS):
        joint = _log_normal(y, mean, sd) + np.log(weight)
        total = np.logaddexp(joint[:, 0], joint[:, 1])
        share = np.exp(joint - total[:, None])
        size = np.maximum(share.sum(axis=0), 1e-9)
        weight, mean = size / size.sum(), (y @ share) / size
        sd = np.maximum(np.sqrt((share * (y[:, None] - mean) ** 2).sum(axis=0) / size), LOWEST_SD)
        likelihood = float(total.sum())
        if likelihood - last < 1e-7 * y.size:
            break
        last = likelihood
    return weight, mean, sd


def _log_normal(y: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * ((y[:, None] - mean) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2.0 * np.pi))
