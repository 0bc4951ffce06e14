"""Posterior means agree with the integral, whatever the prior, and plausible values with the posterior."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.scoring import (
    Outcome,
    log_likelihood,
    plausible_values,
    score_eap,
)
from exam_engine.psychometrics.irt.scoring.prior import make_prior
from tests.exam_engine.psychometrics.irt.scoring.simulated import answer, mixed, naive_log_likelihood


def test_the_posterior_mean_is_the_integral_for_mixed_models_with_gaps() -> None:
    rng, items = np.random.default_rng(2), mixed()
    answers = answer(items, rng.normal(size=4), rng, missing=0.2)

    found = score_eap(answers, items, mean=0.3, variance=1.7)

    for pattern, theta, se in zip(answers, found.theta, found.se, strict=True):

        def joint(at: float, power: int, pattern=pattern) -> float:
            prior = -((at - 0.3) ** 2) / 3.4
            return at**power * float(np.exp(naive_log_likelihood(items, pattern, at) + prior))

        total, first, second = (quad(joint, -13, 13, args=(power,), epsabs=1e-12)[0] for power in (0, 1, 2))
        assert theta == pytest.approx(first / total, abs=1e-8)
        assert se == pytest.approx(np.sqrt(second / total - (first / total) ** 2), abs=1e-8)


def test_a_long_sharp_test_gets_the_nodes_it_needs() -> None:
    items = Items.dichotomous(np.full(400, 3.0), np.linspace(-2, 2, 400))
    answers = (np.arange(400) < 230)[None].astype(np.int8)

    found = score_eap(answers, items)
    finer = score_eap(answers, items, nodes=np.linspace(-6, 6, 6001))

    assert found.theta == pytest.approx(finer.theta, abs=1e-9)
    assert found.se == pytest.approx(finer.se, abs=1e-9)


def test_an_empirical_density_replaces_the_normal() -> None:
    items = Items.dichotomous([1.0, 2.0], [0.0, 0.5])
    nodes, weights = np.array([-1.0, 0.5, 2.0]), np.array([2.0, 5.0, 0.0])

    found = score_eap([[1, 0]], items, nodes=nodes, weights=weights)

    likelihood = np.exp([naive_log_likelihood(items, np.array([1, 0], np.int8), at) for at in nodes])
    posterior = likelihood * weights / (likelihood @ weights)
    assert found.theta[0] == pytest.approx(posterior @ nodes, abs=1e-12)
    with pytest.raises(ValueError, match="need the nodes"):
        score_eap([[1, 0]], items, weights=weights)
    with pytest.raises(ValueError, match="rising order"):
        score_eap([[1, 0]], items, nodes=nodes[::-1])
    with pytest.raises(ValueError, match="not negative"):
        score_eap([[1, 0]], items, nodes=nodes, weights=-weights)


def test_who_saw_nothing_gets_the_prior() -> None:
    found = score_eap([[-1, -1]], Items.dichotomous([1.0, 1.0], [0.0, 1.0]), mean=-1.0, variance=2.0)

    assert_allclose([found.theta[0], found.se[0]], [-1, np.sqrt(2)], atol=1e-9)
    assert found.outcome[0] == Outcome.NOTHING_ANSWERED


def test_the_likelihood_is_that_of_the_items_one_by_one() -> None:
    rng, items, nodes = np.random.default_rng(8), mixed(), np.array([-30.0, -1.0, 0.4, 30.0])
    answers = answer(items, rng.normal(size=20), rng, missing=0.3)

    found = np.empty((20, 4))
    for rows, values in log_likelihood(answers, items, nodes):
        found[rows] = values

    naive = [[naive_log_likelihood(items, pattern, at) for at in nodes] for pattern in answers]
    assert_allclose(found, naive, rtol=1e-12, atol=1e-12)


def test_plausible_values_have_the_moments_of_the_posterior() -> None:
    rng, items = np.random.default_rng(9), mixed()
    answers = answer(items, rng.normal(size=3), rng)
    eap = score_eap(answers, items, mean=0.5, variance=2.0)

    values = plausible_values(answers, items, rng=rng, draws=40_000, mean=0.5, variance=2.0)

    assert values.shape == (3, 40_000)
    assert_allclose(values.mean(axis=1), eap.theta, atol=0.02)
    assert_allclose(values.std(axis=1), eap.se, rtol=0.015)


def test_plausible_values_of_an_empirical_density_are_its_nodes_and_repeat_with_the_seed() -> None:
    items, nodes = Items.dichotomous([1.0], [0.0]), np.array([-1.0, 0.0, 2.0])

    first, second = (
        plausible_values(
            [[1], [0]], items, rng=np.random.default_rng(1), draws=50, nodes=nodes, weights=[1, 1, 1]
        )
        for _ in range(2)
    )

    assert set(first.ravel()) <= set(nodes)
    assert np.array_equal(first, second)
    with pytest.raises(ValueError, match="at least 1"):
        plausible_values([[1]], items, rng=np.random.default_rng(1), draws=0)


def test_a_prior_has_the_moments_asked_for() -> None:
    prior = make_prior(mixed(), mean=1.0, variance=3.0)

    assert prior.mean == pytest.approx(1.0, abs=1e-12)
    assert prior.variance == pytest.approx(3.0, abs=1e-9)
