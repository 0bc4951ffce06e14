"""The partial credit model: probabilities, expected score and information of items scored 0, 1, … m."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.categories import Columns, read_steps
from exam_engine.psychometrics.irt.models import FloatArray


def probability_pcm(theta: ArrayLike, steps: ArrayLike) -> FloatArray:
    """Return the probability of each score of each item under the partial credit model.

    Parameters
    ----------
    theta : array-like, shape (n_persons,)
        Ability, in logits.
    steps : array-like, shape (n_items, n_steps)
        Step difficulties in logits: where score k becomes likelier than score k − 1. NaN after the last step
        of an item that has fewer.

    Returns
    -------
    ndarray, shape (n_persons, n_items, n_steps + 1)
        Probabilities in [0, 1] that sum to 1 over the last axis; 0 for scores an item does not have.

    Raises
    ------
    ValueError
        If the steps are not finite, or have gaps.

    Notes
    -----
    ``P(k) = exp Σ_{j≤k} (theta - δ_j) / Σ_h exp Σ_{j≤h} (theta - δ_j)`` with an empty sum for score 0 (Masters,
    1982, Psychometrika 47, 149–174). With one step it is the Rasch model.

    Examples
    --------
    >>> probability_pcm([0.0], [[0.0, 0.0], [0.0, np.nan]]).round(3)
    array([[[0.333, 0.333, 0.333],
            [0.5  , 0.5  , 0.   ]]])
    """
    points, columns, right, none = _curves(theta, steps)
    found = np.zeros((points.size, columns.n_items, int(columns.category.max()) + 1))
    found[:, :, 0] = none.T
    found[:, columns.item, columns.category.astype(np.intp)] = right.T
    return found


def expected_score_pcm(theta: ArrayLike, steps: ArrayLike) -> FloatArray:
    """Return the expected score of each item, which never falls as ability rises.

    Parameters
    ----------
    theta : array-like, shape (n_points,)
        Ability, in logits.
    steps : array-like, shape (n_items, n_steps)
        Step difficulties in logits; NaN after the last step of an item that has fewer.

    Returns
    -------
    ndarray, shape (n_points, n_items)
        Between 0 and the number of steps of the item.

    Raises
    ------
    ValueError
        If the steps are not finite, or have gaps.

    Notes
    -----
    ``E = Σ_k k P(k)`` (Masters, 1982).

    Examples
    --------
    >>> expected_score_pcm([0.0], [[-1.0, 1.0]])
    array([[1.]])
    """
    _, columns, right, _ = _curves(theta, steps)
    return columns.total(right * columns.category[:, None]).T


def information_pcm(theta: ArrayLike, steps: ArrayLike) -> FloatArray:
    """Return the Fisher information of each item: the variance of its score.

    Parameters
    ----------
    theta : array-like, shape (n_points,)
        Ability, in logits.
    steps : array-like, shape (n_items, n_steps)
        Step difficulties in logits; NaN after the last step of an item that has fewer.

    Returns
    -------
    ndarray, shape (n_points, n_items)
        Per squared logit, at least 0; the slope of the expected score.

    Raises
    ------
    ValueError
        If the steps are not finite, or have gaps.

    Notes
    -----
    ``I = Σ_k (k - E)² P(k)`` (Masters, 1982).

    Examples
    --------
    >>> information_pcm([0.0], [[0.0, 0.0]]).round(3)
    array([[0.667]])
    """
    _, columns, right, none = _curves(theta, steps)
    mean = columns.total(right * columns.category[:, None])
    apart = columns.category[:, None] - mean[columns.item]
    return np.asarray((columns.total(right * apart**2) + none * mean**2).T, dtype=np.float64)


def _curves(theta: ArrayLike, steps: ArrayLike) -> tuple[FloatArray, Columns, FloatArray, FloatArray]:
    """Return points, columns, and the probabilities of scores above 0 and of score 0, items by points."""
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    if points.ndim != 1:
        raise ValueError("theta must be a vector")
    table = np.asarray(steps, dtype=np.float64)
    columns, slope, intercept = read_steps(np.ones(len(np.atleast_1d(table))), table)
    logits = (slope * columns.category)[:, None] * points + intercept[:, None]
    total = columns.log_total(logits)
    return points, columns, columns.probability(logits, total), np.asarray(np.exp(-total), dtype=np.float64)
