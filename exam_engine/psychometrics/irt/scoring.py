"""Ability from responses and known item parameters: EAP, MAP, maximum and weighted likelihood.

Items may be scored 0 or 1, or 0, 1, … m with a difficulty for each step: the partial credit model (Masters, 1982,
Psychometrika 47, 149–174), with slopes the generalised one (Muraki, 1992, Applied Psychological Measurement 16,
159–176).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.categories import read_steps
from exam_engine.psychometrics.irt.marginal import CHUNK_CELLS, Density, Parameters, curves, posterior
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.patterns import MAX_SCORE, Patterns, check_responses, collapse

THETA_LIMIT = 20.0
"""Abilities are searched at least within this many logits of 0."""

STEP_TOLERANCE = 1e-10

MAX_STEPS = 400
"""More than halving the widest bracket down to the tolerance can take."""


@dataclass(frozen=True)
class Scores:
    """Ability estimates with their standard errors.

    Attributes
    ----------
    theta, se : ndarray, shape (n_persons,)
        In logits.
    """

    theta: FloatArray
    se: FloatArray


def score_eap(
    responses: ArrayLike,
    *,
    a: ArrayLike,
    b: ArrayLike,
    variance: float = 1.0,
    nodes: int = 61,
    bound: float = 6.0,
) -> Scores:
    """Return the posterior mean and standard deviation of ability.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        1 correct, 0 wrong, or scores 0, 1, … m; negative or NaN not presented.
    a : array-like, shape (n_items,)
        Discrimination (per logit, not 0).
    b : array-like, shape (n_items,) or (n_items, n_steps)
        Difficulty, or step difficulties with NaN after an item's last (logits).
    variance : float, default 1
        Variance of the normal prior with mean 0, positive.
    nodes, bound
        The prior lies on this many equally spaced nodes from ``-bound`` to ``bound``, renormalised. Take a bound
        of six standard deviations of the prior or more.

    Returns
    -------
    Scores
        Who answered nothing gets the prior's mean and standard deviation.

    Raises
    ------
    ValueError
        If the responses and the parameters do not fit together.

    Notes
    -----
    Expected a posteriori (Bock & Mislevy, 1982, Applied Psychological Measurement 6, 431–444).

    Examples
    --------
    >>> score_eap([[1, 0], [1, 1]], a=[1.0, 1.0], b=[0.0, 0.0]).theta.round(3) + 0.0
    array([0.   , 0.704])
    """
    if not (nodes >= 3 and 0.0 < bound < np.inf):
        raise ValueError("nodes must be at least 3, and bound positive and finite")
    _check_variance(variance)
    patterns, parameters = _prepare(responses, a, b)
    grid = np.linspace(-bound, bound, nodes)
    theta, se = np.empty(patterns.n_rows), np.empty(patterns.n_rows)
    for rows, weights, _ in posterior(patterns, parameters, Density.normal(grid, variance)):
        theta[rows] = weights @ grid
        se[rows] = np.sqrt(np.maximum(weights @ grid**2 - theta[rows] ** 2, 0.0))
    return _by_person(patterns, theta, se)


def score_map(responses: ArrayLike, *, a: ArrayLike, b: ArrayLike, variance: float = 1.0) -> Scores:
    """Return the mode of the posterior of ability.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        1 correct, 0 wrong, or scores 0, 1, … m; negative or NaN not presented.
    a : array-like, shape (n_items,)
        Discrimination (per logit, not 0).
    b : array-like, shape (n_items,) or (n_items, n_steps)
        Difficulty, or step difficulties with NaN after an item's last (logits).
    variance : float, default 1
        Variance of the normal prior with mean 0, positive.

    Returns
    -------
    Scores
        Standard errors are ``1 / sqrt(information + 1 / variance)``.

    Raises
    ------
    ValueError
        If the responses and the parameters do not fit together.

    Examples
    --------
    >>> score_map([[1, 1]], a=[1.0, 1.0], b=[0.0, 0.0]).theta.round(3)
    array([0.675])
    """
    _check_variance(variance)
    patterns, parameters = _prepare(responses, a, b)

    def slope(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        gap, info, _ = _moments(patterns, parameters, theta)
        return gap - theta / variance, info + 1.0 / variance

    limit = np.full(patterns.n_rows, _limit(parameters, patterns))
    theta, info = _climb(slope, -limit, np.zeros_like(limit), limit)
    return _by_person(patterns, theta, 1.0 / np.sqrt(info))


def score_ml(responses: ArrayLike, *, a: ArrayLike, b: ArrayLike) -> Scores:
    """Return the maximum likelihood ability.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        1 correct, 0 wrong, or scores 0, 1, … m; negative or NaN not presented.
    a : array-like, shape (n_items,)
        Discrimination (per logit, not 0).
    b : array-like, shape (n_items,) or (n_items, n_steps)
        Difficulty, or step difficulties with NaN after an item's last (logits).

    Returns
    -------
    Scores
        Where every response is the one a higher (lower) ability makes likelier, there is no maximum: theta is
        ``inf`` (``-inf``) and the standard error ``inf``. Who answered nothing gets NaN. Else the standard
        error is ``1 / sqrt(information)``.

    Raises
    ------
    ValueError
        If the responses and the parameters do not fit together.

    Examples
    --------
    >>> score_ml([[1, 0], [1, 1]], a=[1.0, 1.0], b=[0.0, 1.0]).theta
    array([0.5, inf])
    """
    patterns, parameters = _prepare(responses, a, b)
    presented = patterns.presented[patterns.booklet]
    weight = parameters.a * patterns.columns.category
    score = patterns.x @ weight
    top = presented @ np.maximum(weight[patterns.columns.last], 0.0)
    bottom = presented @ np.minimum(weight[patterns.columns.last], 0.0)
    slack = 1e-9 * np.maximum(top - bottom, 1e-300)
    high, low = score >= top - slack, score <= bottom + slack

    def slope(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        gap, info, _ = _moments(patterns, parameters, theta)
        return np.where(high | low, 0.0, gap), info

    limit = np.full(patterns.n_rows, _limit(parameters, patterns))
    theta, info = _climb(slope, -limit, np.zeros_like(limit), limit)
    theta = np.where(high, np.inf, np.where(low, -np.inf, theta))
    theta = np.where(high & low, np.nan, theta)
    with np.errstate(divide="ignore"):
        se = np.where(high & low, np.nan, np.where(high | low, np.inf, 1.0 / np.sqrt(info)))
    return _by_person(patterns, theta, se)


def score_wle(responses: ArrayLike, *, a: ArrayLike, b: ArrayLike) -> Scores:
    """Return the weighted likelihood ability: nearly unbiased, and finite for perfect scores.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        1 correct, 0 wrong, or scores 0, 1, … m; negative or NaN not presented.
    a : array-like, shape (n_items,)
        Discrimination (per logit, not 0).
    b : array-like, shape (n_items,) or (n_items, n_steps)
        Difficulty, or step difficulties with NaN after an item's last (logits).

    Returns
    -------
    Scores
        Standard errors are ``1 / sqrt(information)`` at the estimate. Who answered nothing gets NaN.

    Raises
    ------
    ValueError
        If the responses and the parameters do not fit together.

    Notes
    -----
    Solves ``dl/dtheta + J / (2 I) = 0`` with ``J`` and ``I`` the sums of the third central moments and of the
    variances of ``a x``: for items scored 0 or 1 ``J = Σ a³ P Q (1 - 2P)``, ``I = Σ a² P Q`` (Warm, 1989,
    Psychometrika 54, 427–450).

    Examples
    --------
    >>> score_wle([[1, 0], [1, 1]], a=[1.0, 1.0], b=[0.0, 0.0]).theta.round(3) + 0.0
    array([0.   , 1.609])
    """
    patterns, parameters = _prepare(responses, a, b)
    nothing = ~patterns.presented[patterns.booklet].any(axis=1)

    def slope(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        gap, info, third = _moments(patterns, parameters, theta)
        return gap + np.where(nothing, 0.0, third / (2.0 * np.where(nothing, 1.0, info))), info

    theta, info = _climb(slope, *_summit(patterns, parameters, _limit(parameters, patterns)))
    with np.errstate(divide="ignore"):
        se = 1.0 / np.sqrt(info)
    return _by_person(patterns, np.where(nothing, np.nan, theta), np.where(nothing, np.nan, se))


def _prepare(responses: ArrayLike, a: ArrayLike, b: ArrayLike) -> tuple[Patterns, Parameters]:
    matrix = check_responses(responses, highest=MAX_SCORE)
    if not len(np.atleast_1d(a)) == len(np.atleast_1d(b)) == matrix.shape[1]:
        raise ValueError(f"a and b must each hold {matrix.shape[1]} values, one an item")
    columns, slope, intercept = read_steps(a, b)
    if np.any(slope == 0.0):
        raise ValueError("a and b must be finite, and no discrimination 0")
    patterns = collapse(matrix, Model.TWO_PL, highest=columns.highest)
    return patterns, Parameters(Model.TWO_PL, slope, intercept, 0.0)


def _check_variance(variance: float) -> None:
    if not 0.0 < variance < np.inf:
        raise ValueError("variance must be positive and finite")


def _limit(parameters: Parameters, patterns: Patterns) -> float:
    """Return how far from 0 abilities are searched: beyond every step by 20 units of the flattest item."""
    steps = np.diff(parameters.d, prepend=0.0)
    steps[patterns.columns.starts] = parameters.d[patterns.columns.starts]
    slope = np.abs(parameters.a)
    return max(THETA_LIMIT, float((np.abs(steps) / slope).max() + THETA_LIMIT / slope.min()))


def _moments(
    patterns: Patterns, parameters: Parameters, theta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return score less its expectation, information and Warm's ``J`` of each row at its own ability."""
    columns = patterns.columns
    weight = parameters.a * columns.category
    gap, info, third = np.empty(theta.size), np.empty(theta.size), np.empty(theta.size)
    step = max(1, CHUNK_CELLS // columns.n_columns)
    for start in range(0, theta.size, step):
        rows = slice(start, start + step)
        seen = patterns.presented[patterns.booklet[rows]].T
        _, mean, square, cube = _item_moments(patterns, parameters, theta[rows])
        gap[rows] = patterns.x[rows] @ weight - (mean * seen).sum(axis=0)
        info[rows] = (square * seen).sum(axis=0)
        third[rows] = (cube * seen).sum(axis=0)
    return gap, info, third


def _item_moments(
    patterns: Patterns, parameters: Parameters, theta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return ``log(1 + Σ exp z)``, mean, variance and third central moment of ``a x``, items by abilities."""
    columns = patterns.columns
    weight = (parameters.a * columns.category)[:, None]
    right, log_total = curves(patterns, parameters, theta)
    none = np.exp(-log_total)
    mean = columns.total(right * weight)
    apart = weight - mean[columns.item]
    square = columns.total(right * apart**2) + none * mean**2
    return log_total, mean, square, columns.total(right * apart**3) - none * mean**3


def _climb(
    slope: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    low: FloatArray,
    start: FloatArray,
    high: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Find where the slope falls through zero, for all rows at once, between ``low`` and ``high``.

    Fisher scoring inside a shrinking bracket; a step that is not at most half the one before is replaced by
    halving the bracket, because scoring alone may swing from side to side for ever.
    """
    theta, last = start, high - low
    value, info = slope(theta)
    for _ in range(MAX_STEPS):
        low, high = np.where(value > 0, theta, low), np.where(value < 0, theta, high)
        step = value / np.maximum(info, 1e-300)
        moved = theta + step
        settled = np.abs(step) <= STEP_TOLERANCE
        swift = (low < moved) & (moved < high) & (np.abs(step) <= 0.5 * np.abs(last))
        moved = np.where(settled, theta, np.where(swift, moved, 0.5 * (low + high)))
        last = moved - theta
        theta = moved
        value, info = slope(theta)
        if np.all(np.abs(last) <= STEP_TOLERANCE):
            break
    return theta, info


def _summit(
    patterns: Patterns, parameters: Parameters, limit: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bracket the highest point of the weighted likelihood of each row, which may have several maxima."""
    spacing = max(0.25 / max(1.0, float(np.abs(parameters.a).max())), limit / 2000.0)
    half = int(np.ceil(limit / spacing))
    grid = np.linspace(-limit, limit, 2 * half + 1)
    log_total, _, spread, _ = _item_moments(patterns, parameters, grid)
    with np.errstate(divide="ignore"):
        base = 0.5 * np.log(patterns.presented @ spread) - patterns.presented @ log_total
    score = patterns.x @ (parameters.a * patterns.columns.category)
    best = np.empty(patterns.n_rows, dtype=np.intp)
    step = max(1, CHUNK_CELLS // grid.size)
    for start in range(0, patterns.n_rows, step):
        rows = slice(start, start + step)
        best[rows] = (score[rows, None] * grid + base[patterns.booklet[rows]]).argmax(axis=1)
    return grid[np.maximum(best - 1, 0)], grid[best], grid[np.minimum(best + 1, grid.size - 1)]


def _by_person(patterns: Patterns, theta: FloatArray, se: FloatArray) -> Scores:
    return Scores(theta[patterns.row_of_person], se[patterns.row_of_person])
