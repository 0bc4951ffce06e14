"""Observed beside expected curves: slow counts, small distances under the model, large ones for a wrong item."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.fit import (
    Caution,
    curve_distance,
    empirical_curves,
    item_fit_by_plausible_values,
)
from exam_engine.psychometrics.irt.items import Items
from tests.exam_engine.psychometrics.irt.scoring.simulated import answer, mixed


def test_groups_hold_what_a_slow_count_finds() -> None:
    rng, items = np.random.default_rng(1), mixed()
    theta = rng.normal(size=300)
    answers = answer(items, theta, rng, missing=0.2)

    found = empirical_curves(answers, items, theta=theta, groups=4)

    order = np.argsort(theta)
    for number in range(4):
        rows = order[number * 75 : (number + 1) * 75]
        assert found.theta[number] == pytest.approx(theta[rows].mean())
        for item in range(len(items)):
            own = rows[answers[rows, item] >= 0]
            chance = items.probability(theta[own])[:, item]
            scores = np.arange(chance.shape[1])
            variance = chance @ scores**2 - (chance @ scores) ** 2
            assert found.n[item, number] == own.size
            assert found.observed[item, number] == pytest.approx(answers[own, item].mean())
            assert found.expected[item, number] == pytest.approx((chance @ scores).mean())
            assert found.se[item, number] == pytest.approx(np.sqrt(variance.sum()) / own.size)
            assert_allclose(found.expected_shares[item, number], chance.mean(axis=0))
    assert_allclose(found.shares.sum(axis=2), 1)


def test_at_true_abilities_the_residuals_are_standard_normal() -> None:
    rng, items = np.random.default_rng(2), mixed()
    theta = rng.normal(size=20_000)

    found = empirical_curves(answer(items, theta, rng), items, theta=theta, groups=40)

    assert found.z.std() == pytest.approx(1, abs=0.12)
    assert abs(found.z.mean()) < 0.2
    assert found.warnings == ()


def test_persons_of_one_ability_stay_together_whatever_their_order() -> None:
    rng, items = np.random.default_rng(3), Items.dichotomous(np.ones(5), np.linspace(-1, 1, 5))
    answers = answer(items, rng.normal(size=200), rng)

    found = empirical_curves(answers, items)
    turned = empirical_curves(answers[np.lexsort(answers.T)], items)

    assert found.theta.size <= 6  # sums of five items
    assert_allclose(found.observed, turned.observed)


def test_thin_groups_have_no_error_and_few_persons_are_named() -> None:
    items = Items.dichotomous([1.0, 1.0], [0.0, 0.5])

    found = empirical_curves([[1, 0], [0, 0], [1, 1], [1, -1]], items, groups=2)

    assert np.all(np.isnan(found.se))
    assert found.warnings == (Caution.FEW_PERSONS,)
    with pytest.raises(ValueError, match="groups must be at least 2"):
        empirical_curves([[1, 0], [0, 0]], items, groups=3)
    with pytest.raises(ValueError, match="theta must hold 2"):
        empirical_curves([[1, 0], [0, 0]], items, theta=[0.0])


def test_the_distance_is_small_under_the_model_and_names_a_harder_item() -> None:
    rng = np.random.default_rng(3)
    items = Items.dichotomous(np.full(20, 1.2), np.linspace(-1, 1, 20))
    answers = answer(items, theta := rng.normal(size=4000), rng)
    answers[:, 5] = answer(Items.dichotomous([1.2], [items.b[5] + 0.8]), theta, rng)[:, 0]

    found = curve_distance(answers, items)

    assert found.rmsd.argmax() == 5
    assert found.rmsd[5] > 0.1
    assert found.deviation[5] < -0.08
    assert np.all(np.delete(found.rmsd, 5) < 0.05)


def test_an_item_nobody_took_has_no_distance() -> None:
    found = curve_distance([[1, -1], [0, -1]], Items.dichotomous([1.0, 1.0], [0.0, 0.0]))

    assert np.isnan(found.rmsd[1])
    assert not np.isnan(found.rmsd[0])
    assert list(found.n_persons) == [2, 0]


def test_plausible_groups_keep_the_error_rate_with_gaps_and_find_the_guessed_item() -> None:
    rng, items = np.random.default_rng(4), mixed()
    known = np.zeros(len(items), dtype=bool)

    p = [
        item_fit_by_plausible_values(
            answer(items, rng.normal(size=600), rng, missing=0.1), items, rng=rng, draws=3, estimated=known
        ).p
        for _ in range(40)
    ]
    answers = answer(items, rng.normal(size=1000), rng)
    answers[:, 0] = rng.integers(0, 2, 1000)

    assert np.mean(np.array(p) < 0.05) < 0.07
    assert item_fit_by_plausible_values(answers, items, rng=rng).p[0] < 1e-4
    with pytest.raises(ValueError, match="groups must be at least 2"):
        item_fit_by_plausible_values(answers[:3], items, rng=rng)
