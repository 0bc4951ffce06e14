"""Ability from responses and known item parameters: EAP, MAP, maximum and weighted likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from exam_engine.psychometrics.irt.marginal import Density, Parameters, posterior
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.patterns import Patterns, collapse

THETA_LIMIT = 20.0
"""Abilities are searched within this many logits of 0."""

STEP_TOLERANCE = 1e-10


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
        1 correct, 0 wrong, negative or NaN not presented.
    a, b : array-like, shape (n_items,)
        Discrimination (per logit, not 0) and difficulty (logits).
    variance : float, default 1
        Variance of the normal prior with mean 0.
    nodes, bound
        The prior lies on this many equally spaced nodes from ``-bound`` to ``bound``, renormalised.

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
        1 correct, 0 wrong, negative or NaN not presented.
    a, b : array-like, shape (n_items,)
        Discrimination (per logit, not 0) and difficulty (logits).
    variance : float, default 1
        Variance of the normal prior with mean 0.

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
    patterns, parameters = _prepare(responses, a, b)

    def slope(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        gap, info, _ = _moments(patterns, parameters, theta)
        return gap - theta / variance, info + 1.0 / variance

    theta, info = _climb(slope, patterns.n_rows)
    return _by_person(patterns, theta, 1.0 / np.sqrt(info))


def score_ml(responses: ArrayLike, *, a: ArrayLike, b: ArrayLike) -> Scores:
    """Return the maximum likelihood ability.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        1 correct, 0 wrong, negative or NaN not presented.
    a, b : array-like, shape (n_items,)
        Discrimination (per logit, not 0) and difficulty (logits).

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
    score = patterns.x @ parameters.a
    top = presented @ np.maximum(parameters.a, 0.0)
    bottom = presented @ np.minimum(parameters.a, 0.0)
    slack = 1e-9 * np.maximum(top - bottom, 1e-300)
    high, low = score >= top - slack, score <= bottom + slack

    def slope(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        gap, info, _ = _moments(patterns, parameters, theta)
        return np.where(high | low, 0.0, gap), info

    theta, info = _climb(slope, patterns.n_rows)
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
        1 correct, 0 wrong, negative or NaN not presented.
    a, b : array-like, shape (n_items,)
        Discrimination (per logit, not 0) and difficulty (logits).

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
    Solves ``dl/dtheta + J / (2 I) = 0`` with ``J = Σ a³ P Q (1 - 2P)``, ``I = Σ a² P Q`` (Warm, 1989,
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

    theta, info = _climb(slope, patterns.n_rows)
    with np.errstate(divide="ignore"):
        se = 1.0 / np.sqrt(info)
    return _by_person(patterns, np.where(nothing, np.nan, theta), np.where(nothing, np.nan, se))


def _prepare(responses: ArrayLike, a: ArrayLike, b: ArrayLike) -> tuple[Patterns, Parameters]:
    patterns = collapse(responses, Model.TWO_PL)
    slope, difficulty = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if slope.shape != (patterns.n_items,) or difficulty.shape != slope.shape:
        raise ValueError(f"a and b must each hold {patterns.n_items} values, one an item")
    if not (np.all(np.isfinite(slope)) and np.all(np.isfinite(difficulty)) and np.all(slope != 0.0)):
        raise ValueError("a and b must be finite, and no discrimination 0")
    return patterns, Parameters(Model.TWO_PL, slope, -slope * difficulty, 0.0)


def _moments(
    patterns: Patterns, parameters: Parameters, theta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return score less its expectation, information and Warm's ``J`` of each row at its own ability."""
    a = parameters.a
    right = expit(theta[:, None] * a + parameters.d)
    seen: NDArray[np.bool_] = patterns.presented[patterns.booklet]
    spread = right * (1.0 - right) * seen
    gap = (patterns.x - right * seen) @ a
    return gap, spread @ a**2, (spread * (1.0 - 2.0 * right)) @ a**3


def _climb(
    slope: Callable[[FloatArray], tuple[FloatArray, FloatArray]], n_rows: int
) -> tuple[FloatArray, FloatArray]:
    """Find the zero of a falling slope for all rows at once: Fisher scoring inside a shrinking bracket."""
    low, high = np.full(n_rows, -THETA_LIMIT), np.full(n_rows, THETA_LIMIT)
    theta = np.zeros(n_rows)
    value, info = slope(theta)
    for _ in range(200):
        low, high = np.where(value > 0, theta, low), np.where(value < 0, theta, high)
        step = value / np.maximum(info, 1e-12)
        moved = theta + step
        middle = 0.5 * (low + high)
        moved = np.where((moved <= low) | (moved >= high), np.where(value == 0, theta, middle), moved)
        done = np.abs(moved - theta) <= STEP_TOLERANCE
        theta = moved
        value, info = slope(theta)
        if done.all():
            break
    return theta, info


def _by_person(patterns: Patterns, theta: FloatArray, se: FloatArray) -> Scores:
    return Scores(theta[patterns.row_of_person], se[patterns.row_of_person])
