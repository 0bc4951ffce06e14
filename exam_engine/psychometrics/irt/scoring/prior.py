"""The density of ability that scores are weighted with: normal, or any nodes with weights. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

REACH = 8.0
"""Nodes of a normal density lie within this many standard deviations of its mean: the posterior of a perfect
score may lie five of them away."""

SPACING = 0.6
"""Nodes lie at most this many standard errors apart, where the test is sharpest: the sum over nodes then agrees
with the integral to about 1e-12 (the error falls as ``exp(-2 (pi / 0.6)²)``)."""

MOST_NODES = 4001


@dataclass(frozen=True)
class Prior:
    """A density of ability on nodes.

    Attributes
    ----------
    nodes : ndarray, shape (n_nodes,)
        Ability, in logits.
    log_weights : ndarray, shape (n_nodes,)
        Logarithm of weights that sum to 1.
    """

    nodes: FloatArray
    log_weights: FloatArray

    @property
    def weights(self) -> FloatArray:
        """Weights that sum to 1, shape (n_nodes,)."""
        return np.exp(self.log_weights)

    @property
    def mean(self) -> float:
        return float(self.weights @ self.nodes)

    @property
    def variance(self) -> float:
        return float(self.weights @ (self.nodes - self.mean) ** 2)


def check_normal(mean: float, variance: float) -> None:
    """Raise ValueError unless mean and variance describe a normal density."""
    if not np.isfinite(mean):
        raise ValueError("mean must be finite")
    if not 0.0 < variance < np.inf:
        raise ValueError("variance must be positive and finite")


def make_prior(
    items: Items,
    *,
    mean: float = 0.0,
    variance: float = 1.0,
    nodes: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    spacing: float = SPACING,
    longest: int | None = None,
) -> Prior:
    """Return the density of ability on nodes that are fine enough for the items.

    Parameters
    ----------
    items : Items
        Those that were presented.
    mean, variance : float, default 0 and 1
        Of the normal density.
    nodes : array-like, shape (n_nodes,), optional
        Own nodes, rising; by default as many as the items need, within eight standard deviations.
    weights : array-like, shape (n_nodes,), optional
        Own weights of those nodes (an empirical density), not negative; by default the normal density's, renormalised.
    spacing : float, default 0.6
        Largest distance of the default nodes, in standard errors.
    longest : int, optional
        How many of the items a person saw at most; by default all.

    Raises
    ------
    ValueError
        If nodes do not rise, weights are negative or without nodes, or variance is not positive.

    Examples
    --------
    >>> prior = make_prior(Items.dichotomous([1.0], [0.0]), mean=1.0, variance=4.0)
    >>> round(prior.mean, 6), round(prior.variance, 4)
    (1.0, 4.0)
    """
    check_normal(mean, variance)
    if nodes is None:
        if weights is not None:
            raise ValueError("weights need the nodes they belong to")
        points = _normal_nodes(items, mean, float(np.sqrt(variance)), spacing, longest or len(items))
    else:
        points = np.asarray(nodes, dtype=np.float64)
        if (
            points.ndim != 1
            or points.size < 2
            or not (np.isfinite(points).all() and np.all(np.diff(points) > 0))
        ):
            raise ValueError("nodes must be at least two finite abilities in rising order")
    if weights is None:
        logs = -((points - mean) ** 2) / (2.0 * variance)
    else:
        given = np.asarray(weights, dtype=np.float64)
        if given.shape != points.shape or not (
            np.isfinite(given).all() and np.all(given >= 0) and given.any()
        ):
            raise ValueError("weights must be one number a node, not negative, and not all 0")
        points, given = points[given > 0], given[given > 0]
        logs = np.log(given)
    logs = logs - logs.max()
    return Prior(points, logs - np.log(np.exp(logs).sum()))


def _normal_nodes(items: Items, mean: float, deviation: float, spacing: float, longest: int) -> FloatArray:
    """Return equally spaced nodes, their distance set by the sharpest posterior that the items can give."""
    width = REACH * deviation
    low, high = mean - width, mean + width
    places = items.intercepts / np.where(items.slopes == 0.0, np.nan, -items.slopes)
    probe = np.append(np.linspace(low, high, 121), places[(places > low) & (places < high)])
    information = np.sort(items.information(probe), axis=1)[:, -longest:]
    precision = float(information.sum(axis=1).max()) + 1.0 / deviation**2
    apart = min(0.2 * deviation, spacing / np.sqrt(precision))
    half = min(int(np.ceil(width / apart - 1e-9)), MOST_NODES // 2)
    return np.linspace(low, high, 2 * half + 1)
