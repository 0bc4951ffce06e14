"""Calibration against an independent, naive maximisation of the same likelihood on the same nodes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.models import FloatArray

NODES = np.linspace(-6.0, 6.0, 61)


def naive_log_likelihood(scores: FloatArray, a: FloatArray, d: FloatArray, variance: float) -> float:
    """Sum over persons and nodes, one person at a time; ``d`` holds a row an item, score 0 first."""
    weights = np.exp(-(NODES**2) / (2.0 * variance))
    weights /= weights.sum()
    total = 0.0
    for person in scores:
        likelihood = np.ones(NODES.size)
        for item, score in enumerate(person):
            if np.isnan(score):
                continue
            powers = np.exp(np.arange(d.shape[1])[:, None] * a[item] * NODES + d[item][:, None])
            likelihood *= powers[int(score)] / powers.sum(axis=0)
        total += np.log(likelihood @ weights)
    return total


def naive_fit(scores: FloatArray, *, rasch: bool) -> tuple[FloatArray, float]:
    """Return intercepts (and slopes) and the log-likelihood found by BFGS on numerical gradients."""
    rows, counts = np.unique(scores, axis=0, return_counts=True)
    n_items, highest = scores.shape[1], int(np.nanmax(scores))
    size = n_items * highest

    def unpack(vector: FloatArray) -> tuple[FloatArray, FloatArray, float]:
        d = np.column_stack([np.zeros(n_items), vector[:size].reshape(n_items, highest)])
        if rasch:
            return np.ones(n_items), d, float(np.exp(vector[size]))
        return vector[size:], d, 1.0

    def loss(vector: FloatArray) -> float:
        a, d, variance = unpack(vector)
        each = [naive_log_likelihood(row[None], a, d, variance) for row in rows]
        return -float(counts @ each)

    start = np.append(np.zeros(size), 0.0 if rasch else np.ones(n_items))
    found = minimize(loss, start, method="BFGS", options={"gtol": 1e-4})
    return found.x, -found.fun


def simulate(seed: int, n_items: int, highest: int, share_missing: float) -> FloatArray:
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 1.3, (400, 1, 1))
    logits = np.arange(highest + 1) * theta + rng.normal(0, 0.4, (1, n_items, highest + 1))
    reached = np.cumsum(np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True), axis=2)
    scores = (rng.random((400, n_items, 1)) > reached[:, :, :-1]).sum(axis=2).astype(np.float64)
    scores[rng.random(scores.shape) < share_missing] = np.nan
    return scores


@settings(max_examples=4, derandomize=True)
@given(st.integers(0, 10_000), st.sampled_from([(4, 1), (3, 2)]), st.sampled_from([0.0, 0.1]))
def test_rasch_and_partial_credit(seed: int, shape: tuple[int, int], share_missing: float) -> None:
    scores = simulate(seed, *shape, share_missing)

    result = calibrate(scores, model="rasch")
    vector, log_likelihood = naive_fit(scores, rasch=True)

    assert result.converged
    assert result.log_likelihood == pytest.approx(log_likelihood, abs=1e-5)
    assert_allclose(np.append(result.intercepts, np.log(result.latent_variance)), vector, atol=2e-3)


@settings(max_examples=3, derandomize=True)
@given(st.integers(0, 10_000))
def test_two_parameter(seed: int) -> None:
    scores = simulate(seed, 4, 1, 0.0)

    result = calibrate(scores, model="2pl")
    vector, log_likelihood = naive_fit(scores, rasch=False)

    assert result.log_likelihood >= log_likelihood - 1e-6
    if not result.warnings:
        assert result.log_likelihood == pytest.approx(log_likelihood, abs=1e-5)
        assert_allclose(np.concatenate([result.d, result.a]), vector, atol=5e-3)


def test_the_log_likelihood_is_the_naive_one_at_the_same_point() -> None:
    scores = simulate(11, 6, 3, 0.3)

    result = calibrate(scores, model="rasch")

    d = np.column_stack([np.zeros(6), result.intercepts])
    naive = naive_log_likelihood(scores, np.ones(6), d, result.latent_variance)
    assert result.log_likelihood == pytest.approx(naive, rel=1e-12)
