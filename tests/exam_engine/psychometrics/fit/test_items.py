"""Infit and outfit of items: slow computation, expectation 1 over the posterior, and noisy items found."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.fit import Caution, item_mean_squares, item_mean_squares_over_posterior
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.scoring import score_eap
from tests.exam_engine.psychometrics.irt.scoring.simulated import answer, mixed


def test_mean_squares_agree_with_a_slow_computation() -> None:
    rng, items = np.random.default_rng(1), mixed()
    theta = rng.normal(size=30)
    answers = answer(items, theta, rng, missing=0.3)

    found = item_mean_squares(answers, items, theta).mean_squares

    for item in range(len(items)):
        ratios, squares, variances = [], [], []
        for person in np.flatnonzero(answers[:, item] >= 0):
            chance = items.probability([theta[person]])[0, item]
            scores = np.arange(chance.size)
            mean = chance @ scores
            squares.append((answers[person, item] - mean) ** 2)
            variances.append(chance @ (scores - mean) ** 2)
            ratios.append(squares[-1] / variances[-1])
        if items.is_nominal[item]:
            assert np.isnan(found.outfit[item])
            continue
        assert found.outfit[item] == pytest.approx(np.mean(ratios))
        assert found.infit[item] == pytest.approx(sum(squares) / sum(variances))
        assert found.n[item] == len(ratios)


def test_at_true_abilities_the_standardised_values_are_about_normal() -> None:
    rng, items = np.random.default_rng(2), mixed().take(np.arange(7))
    values = []
    for _ in range(60):
        theta = rng.normal(size=500)
        found = item_mean_squares(answer(items, theta, rng), items, theta).mean_squares
        values.append(np.append(found.z_outfit, found.z_infit))

    assert abs(np.mean(values)) < 0.12
    assert np.std(values) == pytest.approx(1, abs=0.12)


def test_over_the_posterior_the_expectation_is_one_where_at_eap_it_is_not() -> None:
    rng, items = np.random.default_rng(3), mixed().take(np.arange(7))
    answers = answer(items, rng.normal(size=20_000), rng, missing=0.2)

    found = item_mean_squares_over_posterior(answers, items).mean_squares
    at_eap = item_mean_squares(answers, items, score_eap(answers, items).theta).mean_squares

    assert_allclose(found.infit, 1, atol=0.03)
    assert_allclose(found.outfit, 1, atol=0.05)
    assert np.all(np.abs(found.z_infit) < 3.5)
    assert np.all(at_eap.infit < 0.97)


def test_over_the_posterior_z_is_about_normal() -> None:
    rng, items = np.random.default_rng(4), mixed().take(np.arange(7))
    values = [
        item_mean_squares_over_posterior(answer(items, rng.normal(size=400), rng), items).mean_squares.z_infit
        for _ in range(60)
    ]

    assert abs(np.mean(values)) < 0.15
    assert np.std(values) == pytest.approx(1, abs=0.12)


def test_an_item_that_everybody_guesses_is_noisy() -> None:
    rng = np.random.default_rng(5)
    items = Items.dichotomous(np.full(20, 1.5), np.linspace(-1, 1, 20))
    answers = answer(items, rng.normal(size=1000), rng)
    answers[:, 4] = rng.integers(0, 2, 1000)

    found = item_mean_squares_over_posterior(answers, items).mean_squares

    assert found.infit.argmax() == 4
    assert found.z_infit[4] > 5
    assert np.all(np.abs(np.delete(found.z_infit, 4)) < 4)


def test_few_persons_and_missing_abilities_are_named() -> None:
    items = Items.dichotomous([1.0, 1.0], [0.0, 0.5])

    found = item_mean_squares([[1, 0], [1, 1], [0, -1]], items, [0.3, np.inf, np.nan])

    assert list(found.mean_squares.n) == [1, 1]
    assert found.warnings == (Caution.FEW_PERSONS,)
    with pytest.raises(ValueError, match="theta must hold 1"):
        item_mean_squares([[1, 0]], items, [0.0, 1.0])
