"""Abilities of parts of a test against the scoring of whole tests and naive loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from exam_engine.psychometrics.forensics.ability import (
    Curves,
    check_scores,
    peak,
    score_moments,
    weighted_likelihood,
)
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray


def mixed() -> Items:
    """Ten items scored 0 or 1, some with guessing, and five with three scores."""
    rng = np.random.default_rng(1)
    steps = np.sort(rng.normal(0, 1, (5, 2)), axis=1)
    return Items.concatenate(
        [
            Items.dichotomous(rng.lognormal(0, 0.3, 10), rng.normal(0, 1, 10), c=[0.2] * 5 + [0.0] * 5),
            Items.graded(rng.lognormal(0, 0.3, 5), steps),
        ]
    )


def draw(items: Items, n_persons: int, *, missing: float = 0.0) -> FloatArray:
    rng = np.random.default_rng(2)
    chance = items.probability(rng.normal(0, 1, n_persons))
    scores = (rng.random((*chance.shape[:2], 1)) > chance.cumsum(axis=2)[:, :, :-1]).sum(axis=2)
    return np.where(rng.random(scores.shape) < missing, np.nan, scores)


def test_the_peak_of_the_likelihood_is_the_maximum_likelihood_ability() -> None:
    items = mixed()
    matrix = check_scores(items, draw(items, 30, missing=0.2))
    curves = Curves.of(items)

    best = peak(curves.nodes, curves.log_likelihood(matrix))

    for person, row in enumerate(matrix):
        seen = np.flatnonzero(row >= 0)

        def loss(theta: float) -> float:
            return -float(np.log(items.probability(theta)[0, seen, row[seen]]).sum())  # noqa: B023

        found = minimize_scalar(loss, bounds=(-6, 6), method="bounded", options={"xatol": 1e-9})
        # A parabola through nodes 0.05 apart.
        assert best.theta[person] == pytest.approx(found.x, abs=2e-3)
        assert best.value[person] == pytest.approx(-found.fun, abs=1e-4)


def test_weighted_likelihood_is_finite_for_perfect_scores() -> None:
    items = Items.dichotomous([1.0] * 10, np.linspace(-1, 1, 10))
    curves = Curves.of(items)

    theta, information = weighted_likelihood(curves, np.array([[1] * 10, [0] * 10, [-1] * 10], np.int8))

    assert 2 < theta[0] < 6
    assert theta[1] == pytest.approx(-theta[0])
    assert information[0] == pytest.approx(items.information(theta[:1]).sum(), rel=1e-2)
    assert np.isnan(theta[2])
    assert np.isnan(information[2])


def test_moments_of_a_score_by_loops() -> None:
    items = mixed()
    curves = Curves.of(items)
    theta, where = np.array([0.013, -1.31]), np.array([[True] * 15, [False, True, True] * 5])

    expected, variance, slope = score_moments(curves, where, theta)

    for person in range(2):
        part = items.take(where[person])
        chance = part.probability(theta[person])
        mass = np.array([1.0])
        for row in chance[0]:
            mass = np.convolve(mass, row)
        scores = np.arange(mass.size)
        mean = float(mass @ scores)
        assert expected[person] == pytest.approx(mean, abs=1e-3)
        assert variance[person] == pytest.approx(float(mass @ scores**2 - mean**2), abs=2e-3)
        rise = part.slope_of_probability(theta[person])[0] @ [0.0, 1.0, 2.0]
        assert slope[person] == pytest.approx(rise.sum(), abs=5e-3)


def test_scores_that_an_item_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match=r"by position: \[0\]"):
        check_scores(mixed(), [[2] + [0] * 14])
    with pytest.raises(ValueError, match="15 columns"):
        check_scores(mixed(), [[1, 0]])
