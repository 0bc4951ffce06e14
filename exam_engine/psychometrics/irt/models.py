"""The logistic item response models: probabilities, information, expected score.

Slope–intercept and difficulty form are the same model, ``a (theta - b) = a theta + d`` with ``d = -a b``.
No 1.7 constant anywhere: slopes are per logit.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

FloatArray = NDArray[np.float64]


class Model(StrEnum):
    """An item response model."""

    RASCH = "rasch"
    ONE_PL = "1pl"
    TWO_PL = "2pl"
    THREE_PL = "3pl"
    FOUR_PL = "4pl"
    PCM = "pcm"
    GPCM = "gpcm"
    GRADED = "graded"
    NOMINAL = "nominal"


def probability_2pl(theta: ArrayLike, a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return the probability of a correct response under the two-parameter logistic model.

    Parameters
    ----------
    theta : array-like, shape (n_persons,)
        Ability, in logits.
    a, b : array-like, shape (n_items,)
        Discrimination (per logit) and difficulty (logits).

    Returns
    -------
    ndarray, shape (n_persons, n_items)
        Probabilities in [0, 1].

    Notes
    -----
    ``P = 1 / (1 + exp(-a (theta - b)))`` (Birnbaum, 1968, in Lord & Novick, chapter 17).

    Examples
    --------
    >>> probability_2pl([0.0, 1.0], a=[1.0, 2.0], b=[0.0, 1.0]).round(3)
    array([[0.5  , 0.119],
           [0.731, 0.5  ]])
    """
    points, slope, difficulty = _columns(theta, a, b)
    return np.asarray(expit(slope * (points[:, None] - difficulty)), dtype=np.float64)


def probability_rasch(theta: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return the probability of a correct response under the Rasch model.

    Parameters
    ----------
    theta : array-like, shape (n_persons,)
        Ability, in logits.
    b : array-like, shape (n_items,)
        Difficulty, in logits.

    Returns
    -------
    ndarray, shape (n_persons, n_items)
        Probabilities in [0, 1].

    Notes
    -----
    ``P = 1 / (1 + exp(-(theta - b)))`` (Rasch, 1960): the two-parameter model with every slope 1.

    Examples
    --------
    >>> probability_rasch([0.0], b=[0.0, -1.0]).round(3)
    array([[0.5  , 0.731]])
    """
    difficulty = np.atleast_1d(np.asarray(b, dtype=np.float64))
    return probability_2pl(theta, np.ones_like(difficulty), difficulty)


def item_information(theta: ArrayLike, a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return the Fisher information of each item at each ability.

    Parameters
    ----------
    theta : array-like, shape (n_points,)
        Ability, in logits.
    a, b : array-like, shape (n_items,)
        Discrimination (per logit) and difficulty (logits).

    Returns
    -------
    ndarray, shape (n_points, n_items)
        Information, per squared logit, at least 0; its largest value is ``a² / 4`` at ``theta = b``.

    Notes
    -----
    ``I = a² P (1 - P)`` (Birnbaum, 1968).

    Examples
    --------
    >>> item_information([1.0], a=[2.0], b=[1.0])
    array([[1.]])
    """
    slope = np.atleast_1d(np.asarray(a, dtype=np.float64))
    right = probability_2pl(theta, slope, b)
    return np.asarray(slope**2 * right * (1.0 - right), dtype=np.float64)


def test_information(theta: ArrayLike, a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return the information of the whole test: the sum over its items.

    Parameters
    ----------
    theta : array-like, shape (n_points,)
        Ability, in logits.
    a, b : array-like, shape (n_items,)
        Discrimination (per logit) and difficulty (logits).

    Returns
    -------
    ndarray, shape (n_points,)
        Information; the standard error of a maximum likelihood ability is ``1 / sqrt(information)``.

    Examples
    --------
    >>> test_information([0.0], a=[1.0, 1.0], b=[0.0, 0.0])
    array([0.5])
    """
    return np.asarray(item_information(theta, a, b).sum(axis=1), dtype=np.float64)


test_information.__test__ = False  # type: ignore[attr-defined]  # a formula, not a test for pytest to collect


def expected_score(theta: ArrayLike, a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return the test characteristic curve: the expected number of correct responses.

    Parameters
    ----------
    theta : array-like, shape (n_points,)
        Ability, in logits.
    a, b : array-like, shape (n_items,)
        Discrimination (per logit) and difficulty (logits).

    Returns
    -------
    ndarray, shape (n_points,)
        Expected score in [0, n_items].

    Examples
    --------
    >>> expected_score([0.0], a=[1.0, 1.0], b=[0.0, 0.0])
    array([1.])
    """
    return np.asarray(probability_2pl(theta, a, b).sum(axis=1), dtype=np.float64)


def _columns(theta: ArrayLike, a: ArrayLike, b: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    slope = np.atleast_1d(np.asarray(a, dtype=np.float64))
    difficulty = np.atleast_1d(np.asarray(b, dtype=np.float64))
    if points.ndim != 1 or slope.ndim != 1 or difficulty.shape != slope.shape:
        raise ValueError("theta must be a vector and a, b vectors of one length")
    return points, slope, difficulty
