"""Cumulative logistic regression of counts, for many items at once.

For items scored 0 or 1 it is ordinary logistic regression. Persons with the same predictors are one cell, which
changes no estimate: the cost depends on the number of matching scores, not of persons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from exam_engine.psychometrics.dif.outcome import BoolArray
from exam_engine.psychometrics.irt.models import FloatArray

MAX_STEPS = 60
DECREMENT = 1e-11
"""Squared length of the Newton step, in standard errors, at which a fit has converged."""

BOUNDLESS_ERROR = 1e3
"""Standard error, per standard deviation of a predictor, from which a coefficient counts as infinite: the
responses are separated by the predictors."""

SINGULAR = 1e-12
"""Ratio of the least to the largest eigenvalue of the information below which predictors say the same twice."""


@dataclass(frozen=True)
class Fit:
    """A regression of each item.

    Attributes
    ----------
    thresholds : ndarray, shape (n_items, n_scores − 1)
        Intercepts of reaching each score above the lowest.
    slopes : ndarray, shape (n_items, n_predictors)
    covariance : ndarray, shape (n_items, n_predictors, n_predictors)
        Of the slopes, by the expected information.
    log_likelihood : ndarray, shape (n_items,)
    converged : ndarray of bool, shape (n_items,)
    """

    thresholds: FloatArray
    slopes: FloatArray
    covariance: FloatArray
    log_likelihood: FloatArray
    converged: BoolArray


def fit_cumulative(counts: FloatArray, predictors: FloatArray) -> Fit:
    """Fit ``P(score >= j) = 1 / (1 + exp(-(threshold_j + predictors · slopes)))`` to each item.

    Parameters
    ----------
    counts : ndarray, shape (n_items, n_cells, n_scores)
        Persons; every score of an item must occur.
    predictors : ndarray, shape (n_cells, n_predictors)
        The same for all items.

    Returns
    -------
    Fit
        Not converging is a returned fact; so counts a predictor that is constant or follows from the others.

    Raises
    ------
    ValueError
        If the shapes do not fit or a score of an item has no counts.

    Notes
    -----
    Fisher scoring with halved steps; the model of McCullagh (1980, Journal of the Royal Statistical Society B 42,
    109–142). Predictors are standardised inside, and the slopes scaled back.

    Examples
    --------
    >>> fit = fit_cumulative(np.array([[[30.0, 10.0], [20.0, 20.0]]]), np.array([[0.0], [1.0]]))
    >>> fit.slopes.round(4), fit.converged
    (array([[1.0986]]), array([ True]))
    """
    if counts.ndim != 3 or predictors.ndim != 2 or counts.shape[1] != len(predictors) or counts.shape[2] < 2:
        raise ValueError("counts must be items × cells × scores and predictors cells × predictors")
    pooled = counts.sum(axis=1)
    if not np.all(pooled > 0):
        raise ValueError("every score of an item must occur")
    weight = counts.sum(axis=(0, 2))
    centre = weight @ predictors / weight.sum()
    scale = np.sqrt(weight @ (predictors - centre) ** 2 / weight.sum())
    scale[scale == 0] = 1.0
    X = (predictors - centre) / scale
    above = np.cumsum(pooled[:, ::-1], axis=1)[:, ::-1][:, 1:]
    start = np.log(above / (pooled.sum(axis=1, keepdims=True) - above))
    theta = np.concatenate([start, np.zeros((len(counts), X.shape[1]))], axis=1)
    theta, likelihood, information, converged = _climb(counts, X, theta)
    n_thresholds = start.shape[1]
    covariance = np.linalg.pinv(information, hermitian=True, rcond=1e-14)[:, n_thresholds:, n_thresholds:]
    error = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    known = np.linalg.eigvalsh(information)
    converged &= np.all(error < BOUNDLESS_ERROR, axis=1) & (known[:, 0] > SINGULAR * known[:, -1])
    slopes = theta[:, n_thresholds:] / scale
    thresholds = theta[:, :n_thresholds] - (slopes @ centre)[:, None]
    return Fit(thresholds, slopes, covariance / np.outer(scale, scale), likelihood, converged)


def _climb(
    counts: FloatArray, X: FloatArray, theta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    """Climb to the maximum; returns parameters, log-likelihood, information and who arrived."""
    likelihood = _log_likelihood(counts, X, theta)
    converged = np.zeros(len(counts), dtype=np.bool_)
    gradient, information = _slope(counts, X, theta)
    for _ in range(MAX_STEPS):
        step = np.einsum("nab,nb->na", np.linalg.pinv(information, hermitian=True, rcond=1e-14), gradient)
        converged = (gradient * step).sum(axis=1) < DECREMENT
        if converged.all():
            break
        step[converged] = 0.0
        factor = np.ones(len(counts))
        for _ in range(30):
            trial = theta + factor[:, None] * step
            reached = _log_likelihood(counts, X, trial)
            worse = ~(reached >= likelihood - 1e-12 * np.abs(likelihood))
            if not worse.any():
                break
            factor[worse] /= 2.0
        better = ~worse
        theta = np.where(better[:, None], trial, theta)
        likelihood = np.where(better, reached, likelihood)
        gradient, information = _slope(counts, X, theta)
    return theta, likelihood, information, converged


def _cumulative(X: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return P(score >= j) and P(score = j) of each item and cell."""
    n_slopes = X.shape[1]
    n_thresholds = theta.shape[1] - n_slopes
    linear = theta[:, None, :n_thresholds] + (theta[:, n_thresholds:] @ X.T)[:, :, None]
    above = expit(linear)
    high = np.pad(above, ((0, 0), (0, 0), (1, 0)), constant_values=1.0)
    low = np.pad(above, ((0, 0), (0, 0), (0, 1)))
    chance = high - low
    chance[..., 0] = expit(-linear[..., 0])  # keeps its digits near 0
    return above, chance


def _log_likelihood(counts: FloatArray, X: FloatArray, theta: FloatArray) -> FloatArray:
    chance = _cumulative(X, theta)[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(counts > 0, counts * np.log(chance), 0.0)
    return np.asarray(np.nan_to_num(terms.sum(axis=(1, 2)), nan=-np.inf), dtype=np.float64)


def _slope(counts: FloatArray, X: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return gradient and expected information of each item."""
    above, chance = _cumulative(X, theta)
    chance = np.maximum(chance, 1e-300)
    density = above * (1.0 - above)
    persons = counts.sum(axis=2)
    relative = counts / chance
    score = density * (relative[..., 1:] - relative[..., :-1])
    gradient = np.concatenate([score.sum(axis=1), score.sum(axis=2) @ X], axis=1)
    n_thresholds = above.shape[2]
    weight = np.zeros((*persons.shape, n_thresholds, n_thresholds))
    index = np.arange(n_thresholds)
    inverse = 1.0 / chance
    weight[..., index, index] = density**2 * (inverse[..., 1:] + inverse[..., :-1])
    if n_thresholds > 1:
        beside = -density[..., 1:] * density[..., :-1] * inverse[..., 1:-1]
        weight[..., index[1:], index[:-1]] = weight[..., index[:-1], index[1:]] = beside
    weight *= persons[..., None, None]
    line = weight.sum(axis=3)
    corner = np.einsum("ncj,cp->njp", line, X)
    block = np.einsum("nc,cp,cq->npq", line.sum(axis=2), X, X, optimize=True)
    top = np.concatenate([weight.sum(axis=1), corner], axis=2)
    bottom = np.concatenate([corner.transpose(0, 2, 1), block], axis=2)
    return gradient, np.concatenate([top, bottom], axis=1)
