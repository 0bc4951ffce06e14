"""Interim and final ability of many candidates at once: EAP, MAP, maximum and weighted likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.adaptive.pool import Curves
from exam_engine.psychometrics.adaptive.terms import IntArray, Mask
from exam_engine.psychometrics.irt.models import FloatArray

STEP_TOLERANCE = 1e-9
"""Abilities are refined until they move by less than this, in logits."""

MAX_STEPS = 100


class Estimator(StrEnum):
    """How ability is estimated.

    ``EAP``: posterior mean and standard deviation (Bock & Mislevy, 1982). ``MAP``: mode of the posterior, standard
    error ``1 / sqrt(I + 1 / variance)``. ``MLE``: maximum likelihood, ``1 / sqrt(I)``; while the likelihood has no
    maximum inside the grid the EAP stands in. ``WLE``: weighted likelihood (Warm, 1989), ``1 / sqrt(I)``; with
    asymptotes it solves Warm's equation with ``J / (2 I)``, which is not the maximum of ``log likelihood + ½ log I``
    that some programs report.
    """

    EAP = "eap"
    MAP = "map"
    MLE = "mle"
    WLE = "wle"


@dataclass(frozen=True)
class Prior:
    """Normal prior of ability.

    Attributes
    ----------
    mean, variance : float, default 0 and 1
        In logits and squared logits.
    """

    mean: float = 0.0
    variance: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.mean) and 0.0 < self.variance < np.inf):
            raise ValueError("the prior must have a finite mean and a positive, finite variance")


@dataclass(frozen=True)
class Evidence:
    """What candidates in lock-step have answered, and what it says on the grid.

    Attributes
    ----------
    items : ndarray of int, shape (n, length)
    scores : ndarray of int8, shape (n, length)
    log_likelihood : ndarray, shape (n, n_nodes)
    prior_mean : ndarray, shape (n,)
    prior_variance : float
    """

    items: IntArray
    scores: NDArray[np.int8]
    log_likelihood: FloatArray
    prior_mean: FloatArray
    prior_variance: float

    def log_posterior(self, nodes: FloatArray) -> FloatArray:
        """Return the log posterior on the nodes but for a constant, shape (n, n_nodes)."""
        apart = nodes - self.prior_mean[:, None]
        return np.asarray(self.log_likelihood - apart**2 / (2.0 * self.prior_variance))

    def posterior(self, nodes: FloatArray) -> FloatArray:
        """Return the posterior weights of the nodes, shape (n, n_nodes); rows sum to 1."""
        return normalised(self.log_posterior(nodes))

    def take(self, rows: Mask) -> Evidence:
        """Return some of the candidates."""
        return Evidence(
            self.items[rows],
            self.scores[rows],
            self.log_likelihood[rows],
            self.prior_mean[rows],
            self.prior_variance,
        )


@dataclass(frozen=True)
class Estimate:
    """Abilities.

    Attributes
    ----------
    theta, se : ndarray, shape (n,)
        In logits.
    fell_back : ndarray of bool, shape (n,)
        Where the EAP stands in for a maximum likelihood or weighted likelihood that lies at or beyond the ends
        of the grid.
    """

    theta: FloatArray
    se: FloatArray
    fell_back: Mask


def normalised(logs: FloatArray) -> FloatArray:
    """Return weights proportional to the exponentials, rows summing to 1."""
    weight = np.exp(logs - logs.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    return np.asarray(weight)


def estimate(curves: Curves, evidence: Evidence, how: Estimator) -> Estimate:
    """Return the abilities of candidates who have answered equally many items, at least one.

    Parameters
    ----------
    curves : Curves
        Grid and items.
    evidence : Evidence
    how : Estimator

    Returns
    -------
    Estimate

    Notes
    -----
    The grid shows where the highest maximum lies; scoring steps inside a shrinking bracket find it to 1e-9. EAPs are
    sums over the grid.
    """
    if how is Estimator.EAP:
        return _eap(curves.nodes, evidence)
    if how is Estimator.MAP:
        objective = evidence.log_posterior(curves.nodes)
    elif how is Estimator.MLE:
        objective = evidence.log_likelihood
    else:
        total = sum(curves.information_by_item[column] for column in evidence.items.T)
        objective = evidence.log_likelihood + 0.5 * np.log(np.maximum(total, 1e-300))
    best = objective.argmax(axis=1)
    inside = (best > 0) & (best < curves.nodes.size - 1)
    if inside.all():
        return _refine(curves, evidence, how, best)
    found = _eap(curves.nodes, evidence)
    if inside.any():
        part = _refine(curves, evidence.take(inside), how, best[inside])
        found.theta[inside], found.se[inside] = part.theta, part.se
        found.fell_back[inside] = part.fell_back
    found.fell_back[~inside] = True
    return found


def _eap(nodes: FloatArray, evidence: Evidence) -> Estimate:
    weight = evidence.posterior(nodes)
    theta = weight @ nodes
    variance = np.maximum(weight @ nodes**2 - theta**2, 0.0)
    return Estimate(theta, np.sqrt(variance), np.zeros(theta.size, dtype=np.bool_))


def _refine(curves: Curves, evidence: Evidence, how: Estimator, best: IntArray) -> Estimate:
    shape, n = evidence.items.shape, len(best)
    index, scores = evidence.items.reshape(-1), evidence.scores.reshape(-1)

    def slope(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        terms = curves.terms.pairs(index, scores, np.repeat(theta, shape[1]))
        gradient = terms.gradient.reshape(shape).sum(axis=1)
        total = terms.information.reshape(shape).sum(axis=1)
        if how is Estimator.MAP:
            gap = evidence.prior_mean - theta
            return gradient + gap / evidence.prior_variance, total + 1.0 / evidence.prior_variance
        if how is Estimator.WLE:
            bias = terms.bias.reshape(shape).sum(axis=1)
            gradient = gradient + bias / (2.0 * np.maximum(total, 1e-300))
        return gradient, total

    low, high = curves.nodes[best - 1], curves.nodes[best + 1]
    if how is Estimator.WLE and not _grid_is_exact(curves):
        low, high = _bracket(slope, curves.nodes, best)
    theta, information = climb(slope, low, curves.nodes[best], high)
    with np.errstate(divide="ignore"):
        se = 1.0 / np.sqrt(information)
    lost = (theta <= curves.nodes[0]) | (theta >= curves.nodes[-1])
    if lost.any():
        stand_in = _eap(curves.nodes, evidence)
        theta, se = np.where(lost, stand_in.theta, theta), np.where(lost, stand_in.se, se)
    return Estimate(theta, se, lost if n else np.zeros(0, dtype=np.bool_))


def _grid_is_exact(curves: Curves) -> bool:
    """Whether ``log likelihood + ½ log I`` is what weighted likelihood maximises: where no item has asymptotes.

    There ``J = dI / d theta``, for graded items too, whose extra terms cancel in the sum over scores.
    """
    items = curves.pool.items
    return not np.any((items.lower > 0) | (items.upper < 1))


def _bracket(
    slope: Callable[[FloatArray], tuple[FloatArray, FloatArray]], nodes: FloatArray, best: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Widen the bracket about a node until the slope falls through zero in it, or the grid ends."""
    low, high = best - 1, best + 1
    for _ in range(nodes.size):
        short = (slope(nodes[low])[0] <= 0) & (low > 0)
        tall = (slope(nodes[high])[0] >= 0) & (high < nodes.size - 1)
        if not (short.any() or tall.any()):
            break
        low, high = low - short, high + tall
    return nodes[low], nodes[high]


def climb(
    slope: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    low: FloatArray,
    start: FloatArray,
    high: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Find where a slope falls through zero between ``low`` and ``high``, for all candidates at once.

    Parameters
    ----------
    slope : callable
        Takes abilities, returns slope and information.
    low, start, high : ndarray, shape (n,)

    Returns
    -------
    theta, information : ndarray, shape (n,)
    """
    theta, last = start, high - low
    for _ in range(MAX_STEPS):
        value, information = slope(theta)
        low, high = np.where(value > 0, theta, low), np.where(value < 0, theta, high)
        step = value / np.maximum(information, 1e-300)
        # Scoring may swing from side to side: a step that does not shrink gives way to halving.
        good = (low < theta + step) & (theta + step < high) & (np.abs(step) <= 0.5 * np.abs(last))
        settled = np.abs(step) <= STEP_TOLERANCE
        moved = np.where(settled, theta, np.where(good, theta + step, 0.5 * (low + high)))
        last, theta = moved - theta, moved
        if np.all(np.abs(last) <= STEP_TOLERANCE):
            break
    return theta, information
