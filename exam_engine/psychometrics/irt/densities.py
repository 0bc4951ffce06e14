"""Densities of ability on quadrature nodes. Pure arrays.

A normal density with mean ``m`` and variance ``v`` is laid on the nodes and renormalised there, so that its weights
sum to 1; derivatives are those of the renormalised weights.
"""

from __future__ import annotations

import numpy as np

from exam_engine.psychometrics.irt.models import FloatArray


def normal_log_weights(nodes: FloatArray, mean: float = 0.0, log_variance: float = 0.0) -> FloatArray:
    """Return the logarithms of normal weights on the nodes, shape (n_nodes,); the weights sum to 1."""
    exponent = -((nodes - mean) ** 2) / (2.0 * np.exp(log_variance))
    largest = exponent.max()
    return np.asarray(exponent - largest - np.log(np.exp(exponent - largest).sum()), dtype=np.float64)


def normal_scores(nodes: FloatArray, mean: float, log_variance: float) -> FloatArray:
    """Return the derivatives of the log weights by mean and log variance, shape (2, n_nodes)."""
    raw, weights = _raw(nodes, mean, log_variance)
    return np.asarray(raw - (raw @ weights)[:, None], dtype=np.float64)


def normal_curvature(nodes: FloatArray, mean: float, log_variance: float, counts: FloatArray) -> FloatArray:
    """Return ``−Σ_q counts(q) ∂² log w(q)`` by mean and log variance, shape (2, 2)."""
    raw, weights = _raw(nodes, mean, log_variance)
    apart, precision = nodes - mean, float(np.exp(-log_variance))
    bends = np.stack([np.full_like(nodes, precision), apart * precision, 0.5 * apart**2 * precision])
    total = float(counts.sum())
    own = bends @ counts - total * (bends @ weights)
    centred = raw - (raw @ weights)[:, None]
    spread = total * (centred * weights) @ centred.T
    return np.asarray(spread + np.array([[own[0], own[1]], [own[1], own[2]]]), dtype=np.float64)


def fit_normal(
    nodes: FloatArray,
    counts: FloatArray,
    mean: float,
    log_variance: float,
    *,
    free_mean: bool,
    free_variance: bool,
) -> tuple[float, float]:
    """Return mean and log variance that raise ``Σ_q counts(q) log w(q)``, those that are free."""
    free = np.array([free_mean, free_variance])
    lowest, highest = variance_limits(nodes)
    for _ in range(3 if free.any() else 0):
        scores = normal_scores(nodes, mean, log_variance)
        weights = np.exp(normal_log_weights(nodes, mean, log_variance))
        slope = (scores @ counts)[free]
        bend = (float(counts.sum()) * (scores * weights) @ scores.T)[np.ix_(free, free)]
        step = np.zeros(2)
        step[free] = np.clip(np.linalg.solve(bend + 1e-12 * np.eye(len(bend)), slope), -1.0, 1.0)
        mean = float(np.clip(mean + step[0], nodes[0], nodes[-1]))
        log_variance = float(np.clip(log_variance + step[1], lowest, highest))
    return mean, log_variance


def variance_limits(nodes: FloatArray) -> tuple[float, float]:
    """Return the log variances the nodes can carry: standard deviations from half a spacing to the bound."""
    return 2.0 * float(np.log((nodes[1] - nodes[0]) / 2.0)), 2.0 * float(np.log(nodes[-1]))


def _raw(nodes: FloatArray, mean: float, log_variance: float) -> tuple[FloatArray, FloatArray]:
    apart, precision = nodes - mean, float(np.exp(-log_variance))
    raw = np.stack([apart * precision, 0.5 * apart**2 * precision])
    return raw, np.exp(normal_log_weights(nodes, mean, log_variance))
