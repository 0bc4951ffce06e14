"""Latent regression: coefficients come back, the derivatives are the derivatives, bad covariates are refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.regression import _curves, _evaluate, latent_regression

ITEMS = Items.concatenate(
    [
        Items.dichotomous(np.full(12, 1.2), np.linspace(-1.5, 1.5, 12), c=0.1),
        Items.graded(np.full(3, 1.0), [[-0.5, 0.6]] * 3),
    ]
)


def simulate(n_persons: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.random(n_persons) < 0.4, rng.normal(size=n_persons)]).astype(float)
    theta = 0.3 + x @ [0.8, -0.5] + rng.normal(0, 0.9, n_persons)
    reached = ITEMS.probability(theta).cumsum(axis=2)[:, :, :-1]
    scores = (rng.random((n_persons, len(ITEMS), 1)) > reached).sum(axis=2).astype(float)
    scores[rng.random(scores.shape) < 0.1] = np.nan
    return scores, x


def test_coefficients_come_back_within_their_errors() -> None:
    scores, x = simulate(2000)

    found = latent_regression(scores, ITEMS, x)

    assert found.converged
    assert np.all(np.abs(found.coefficients - [0.3, 0.8, -0.5]) < 4 * found.se)
    assert abs(found.variance - 0.81) < 4 * found.se_variance
    explained = 0.64 * 0.24 + 0.25
    assert found.r_squared == pytest.approx(explained / (explained + 0.81), abs=0.06)
    assert np.corrcoef(found.theta, x[:, 1])[0, 1] < -0.3


def test_gradient_and_information_are_the_derivatives() -> None:
    scores, x = simulate(60)
    design = np.column_stack([np.ones(60), x])
    nodes = np.linspace(-8, 8, 161)
    curves = _curves(scores, ITEMS, nodes, 60)
    at, step = np.array([0.1, 0.4, -0.2, -0.3]), 1e-5

    state = _evaluate(curves, design, nodes, at)
    ahead = [_evaluate(curves, design, nodes, at + step * unit) for unit in np.eye(4)]
    behind = [_evaluate(curves, design, nodes, at - step * unit) for unit in np.eye(4)]

    slopes = [(a.log_likelihood - b.log_likelihood) / (2 * step) for a, b in zip(ahead, behind, strict=True)]
    bends = [(a.gradient - b.gradient) / (2 * step) for a, b in zip(ahead, behind, strict=True)]
    assert_allclose(state.gradient, slopes, atol=1e-5)
    assert_allclose(state.information, -np.array(bends), atol=1e-5)


def test_the_unit_of_a_covariate_changes_nothing_else() -> None:
    scores, x = simulate(300)

    plain, scaled = latent_regression(scores, ITEMS, x), latent_regression(scores, ITEMS, x * [1.0, 10.0])

    assert scaled.coefficients[2] * 10 == pytest.approx(plain.coefficients[2], abs=1e-7)
    assert scaled.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)


@pytest.mark.parametrize(
    ("covariates", "reason"),
    [
        (np.ones((50, 1)), "constant"),
        (np.full((50, 1), np.nan), "finite"),
        (np.arange(40.0)[:, None], "one row a person each"),
        (np.column_stack([np.arange(50.0), 2 * np.arange(50.0)]), "depend on each other"),
    ],
)
def test_unusable_covariates_are_refused(covariates: np.ndarray, reason: str) -> None:
    scores, _ = simulate(50)

    with pytest.raises(ValueError, match=reason):
        latent_regression(scores, ITEMS, covariates)


def test_a_residual_variance_that_vanishes_is_held_and_named() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=300)
    items = Items.dichotomous(np.ones(12), np.linspace(-2.0, 2.0, 12))
    responses = (rng.random((300, 12)) < items.probability(x)[:, :, 1]).astype(np.int8)

    found = latent_regression(responses, items, x)
    finer = latent_regression(responses, items, x, spacing=0.05)

    assert found.converged
    assert not found.has_residual
    assert_allclose([found.variance, finer.variance], [0.01, 0.0025])
    assert np.all(np.isfinite(found.se))
    assert np.isnan(found.se_variance)
    assert_allclose(found.coefficients, finer.coefficients, atol=0.01)
