"""An empirical density of ability on the nodes, with mean 0 and variance 1. Pure arrays."""

from __future__ import annotations

import numpy as np

from exam_engine.psychometrics.irt.models import FloatArray

SMALLEST = 1e-12


def fit_weights(nodes: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the log weights that raise ``Σ_q counts(q) log w(q)`` most, with mean 0 and variance 1.

    Parameters
    ----------
    nodes : ndarray, shape (n_nodes,)
        In logits.
    counts : ndarray, shape (n_nodes,)
        Expected number of persons at each node, not negative.

    Returns
    -------
    ndarray, shape (n_nodes,)
        Logarithms of weights that sum to 1, have mean 0 and variance 1.

    Notes
    -----
    The constrained maximum is ``w = counts / (N + λ_1 theta + λ_2 (theta² − 1))``; two Lagrange multipliers are
    found by damped Newton steps. Fixing the moments identifies the scale of the items (Woods, 2007,
    standardises after each step instead).

    Examples
    --------
    >>> nodes = np.linspace(-6, 6, 61)
    >>> weights = np.exp(fit_weights(nodes, np.exp(-(nodes - 0.1) ** 2 / 2)))
    >>> (abs(weights @ nodes) < 1e-9, round(float(weights @ nodes**2), 9))
    (np.True_, 1.0)
    """
    share = np.maximum(counts / counts.sum(), SMALLEST)
    share /= share.sum()
    moments = np.stack([nodes, nodes**2 - 1.0])
    multiplier = np.zeros(2)
    for _ in range(100):
        scale = 1.0 + multiplier @ moments
        weights = share / scale
        gap = moments @ weights
        if np.abs(gap).max() < 1e-13:
            break
        bend = (moments * (weights / scale)) @ moments.T
        step = np.linalg.solve(bend, gap)
        length = 1.0
        # Stay where every weight is positive, and where the dual rises.
        while np.any(1.0 + (multiplier + length * step) @ moments <= 0.0) or _dual(
            share, moments, multiplier + length * step
        ) < _dual(share, moments, multiplier):
            length *= 0.5
            if length < 1e-12:
                break
        multiplier = multiplier + length * step
    weights = share / (1.0 + multiplier @ moments)
    return np.asarray(np.log(weights / weights.sum()), dtype=np.float64)


def _dual(share: FloatArray, moments: FloatArray, multiplier: FloatArray) -> float:
    return float(share @ np.log1p(multiplier @ moments))
