"""MAP, ML and WLE are the points they promise to be, and name what has no such point."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from scipy.special import expit, log_expit

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring import (
    Outcome,
    Scores,
    blocks,
    score_eap,
    score_map,
    score_ml,
    score_wle,
)
from tests.exam_engine.psychometrics.irt.scoring.simulated import NAN, answer, mixed, naive_log_likelihood

parameters = st.lists(st.tuples(st.floats(0.3, 2.5), st.floats(-3, 3)), min_size=2, max_size=12)


def test_the_mode_is_where_the_naive_derivative_vanishes_for_mixed_models_with_gaps() -> None:
    rng, items, step = np.random.default_rng(5), mixed(), 1e-5
    answers = answer(items, rng.normal(size=12), rng, missing=0.2)

    found = score_map(answers, items, mean=0.2, variance=1.5)

    for pattern, theta, se in zip(answers, found.theta, found.se, strict=True):

        def height(at: float, pattern: FloatArray = pattern) -> float:
            return naive_log_likelihood(items, pattern, at) - (at - 0.2) ** 2 / 3.0

        near, far, here = height(theta - step), height(theta + step), height(theta)
        assert (far - near) / (2 * step) == pytest.approx(0, abs=1e-6)
        assert -(far - 2 * here + near) / step**2 == pytest.approx(1 / se**2, abs=1e-3)
        assert here >= max(height(at) for at in np.linspace(-6, 6, 61))


def test_the_weighted_estimate_solves_warms_equation_for_mixed_models() -> None:
    rng, items, step = np.random.default_rng(6), mixed(), 1e-4
    answers = answer(items, rng.normal(size=6), rng)

    def equation(theta: float, pattern: FloatArray) -> float:
        low, here, high = (items.probability([at])[0] for at in (theta - step, theta, theta + step))
        first, second = (high - low) / (2 * step), (high - 2 * here + low) / step**2
        safe = np.where(here > 0, here, 1.0)
        gap = sum(first[item, score] / here[item, score] for item, score in enumerate(pattern))
        return float(gap + (first * second / safe).sum() / (2 * (first**2 / safe).sum()))

    found = score_wle(answers, items)

    for pattern, theta in zip(answers, found.theta, strict=True):
        solution = brentq(equation, theta - 0.05, theta + 0.05, args=(pattern,))
        assert theta == pytest.approx(solution, abs=1e-5)


def test_warms_weight_removes_most_of_the_bias_of_guessing_where_jeffreys_does_not() -> None:
    rng = np.random.default_rng(11)
    items = Items.dichotomous(np.full(30, 1.2), np.linspace(-2, 2, 30), c=0.2)
    theta = np.full(4000, -0.5)
    answers = answer(items, theta, rng)

    warm, jeffreys = (score_wle(answers, items, weight=weight).theta for weight in ("warm", "jeffreys"))

    noise = warm.std() / np.sqrt(theta.size)
    assert abs(warm.mean() + 0.5) < 3 * noise
    assert abs(jeffreys.mean() + 0.5) > 3 * noise


@settings(max_examples=50)
@given(parameters, st.data())
def test_one_more_right_answer_never_lowers_a_score(
    values: list[tuple[float, float]], data: st.DataObject
) -> None:
    items = Items.dichotomous(*zip(*values, strict=True))
    answers = data.draw(st.lists(st.integers(0, 1), min_size=len(items), max_size=len(items)))
    position = data.draw(st.integers(0, len(items) - 1))
    less, more = list(answers), list(answers)
    less[position], more[position] = 0, 1

    for score in (score_eap, score_map, score_ml):
        low, high = score([less, more], items).theta
        assert low <= high + 1e-9


@settings(max_examples=50)
@given(parameters)
def test_perfect_scores_are_infinite_only_for_maximum_likelihood(values: list[tuple[float, float]]) -> None:
    items = Items.dichotomous(*zip(*values, strict=True))
    extremes = [[0] * len(items), [1] * len(items)]

    endless = score_ml(extremes, items)

    assert list(endless.theta) == [-np.inf, np.inf]
    assert list(endless.se) == [np.inf, np.inf]
    assert list(endless.outcome) == [Outcome.BELOW_SCALE, Outcome.ABOVE_SCALE]
    for score in (score_eap, score_map, score_wle):
        low, high = score(extremes, items).theta
        assert -100 < low < high < 100


def test_full_and_no_marks_on_items_with_steps_are_infinite_only_for_maximum_likelihood() -> None:
    for items in (
        Items.partial_credit([1.0, 1.0], [[-1.0, 0.5], [0.3, NAN]]),
        Items.graded([1.0, 1.0], [[-1.0, 0.5], [0.3, NAN]]),
    ):
        assert list(score_ml([[0, 0], [2, 1]], items).theta) == [-np.inf, np.inf]
        for score in (score_eap, score_map, score_wle):
            low, high = score([[0, 0], [2, 1]], items).theta
            assert -10 < low < high < 10


def test_scores_worse_than_guessing_have_no_maximum() -> None:
    items = Items.dichotomous([1.0, 1.5, 2.0], [-1.0, 0.0, 1.0], c=0.25)

    found = score_ml([[0, 0, 1]], items)

    assert found.theta[0] == -np.inf
    assert found.outcome[0] == Outcome.BELOW_SCALE


def test_who_saw_nothing_gets_the_prior_or_nothing() -> None:
    items, nothing = Items.dichotomous([1.0, 1.0], [0.0, 1.0]), [[-1, -1]]

    mode = score_map(nothing, items, mean=0.5, variance=2.0)

    assert_allclose([mode.theta[0], mode.se[0]], [0.5, np.sqrt(2)], atol=1e-9)
    for scores in (mode, score_ml(nothing, items), score_wle(nothing, items)):
        assert scores.outcome[0] == Outcome.NOTHING_ANSWERED
    assert np.isnan(score_ml(nothing, items).theta[0])
    assert np.isnan(score_wle(nothing, items).theta[0])


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match="2 columns, but there are 1 items"):
        score_eap([[1, 0]], Items.dichotomous([1.0], [0.0]))
    with pytest.raises(ValueError, match=r"no discrimination may be 0.*\[1\]"):
        score_ml([[1, 0]], Items.dichotomous([1.0, 0.0], [0.0, 0.0]))
    with pytest.raises(ValueError, match=r"by position: \[1\]"):
        score_map([[2, 2]], Items.partial_credit([1.0, 1.0], [[-1.0, 0.5], [0.3, NAN]]))


@pytest.mark.parametrize("variance", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("score", [score_eap, score_map])
def test_a_prior_without_a_variance_is_refused(score: Callable[..., Scores], variance: float) -> None:
    with pytest.raises(ValueError, match="variance must be positive"):
        score([[1, 0]], Items.dichotomous([1.0, 1.0], [0.0, 0.0]), variance=variance)


@pytest.mark.parametrize("score", [score_ml, score_wle])
def test_abilities_far_from_zero_are_found(score: Callable[..., Scores]) -> None:
    far = score([[1, 0]], Items.dichotomous([1.0, 1.0], [50.0, 52.0]))
    flat = score([[1, 0]], Items.dichotomous([0.01, 0.01], [0.0, 1.0]))

    assert far.theta[0] == pytest.approx(51.0)
    assert flat.theta[0] == pytest.approx(0.5)


def test_no_right_answer_on_steep_easy_items_is_below_one() -> None:
    # Fisher scoring swings between -5 and 0 here and used to be cut off on the way.
    items = Items.dichotomous([2.5, 2.484375, 0.34375], [-2.5, -3.0, 0.0])

    low, high = score_map([[0, 0, 0], [1, 0, 0]], items).theta

    assert low < high
    assert low == pytest.approx(-2.706778, abs=1e-6)


@settings(max_examples=40)
@given(parameters, st.data())
def test_the_mode_and_the_weighted_estimate_are_the_highest_points(
    values: list[tuple[float, float]], data: st.DataObject
) -> None:
    a, b = (np.array(column) for column in zip(*values, strict=True))
    answers = np.array(data.draw(st.lists(st.integers(0, 1), min_size=a.size, max_size=a.size)))
    items = Items.dichotomous(a, b)

    def objectives(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        logits = a * (theta[:, None] - b)
        likelihood = log_expit(np.where(answers == 1, logits, -logits)).sum(axis=1)
        with np.errstate(divide="ignore"):
            spread = np.log((a**2 * expit(logits) * expit(-logits)).sum(axis=1))
        return likelihood - theta**2 / 2, likelihood + spread / 2

    points = np.linspace(-15, 15, 3001)
    found = np.array([score([answers], items).theta[0] for score in (score_map, score_wle)])

    for at, (everywhere, here) in enumerate(zip(objectives(points), objectives(found), strict=True)):
        assert here[at] >= everywhere.max() - 1e-9


def test_the_weighted_estimate_takes_the_highest_of_several_maxima() -> None:
    (theta,) = score_wle([[1, 1]], Items.dichotomous([100.0, 50.0], [0.0, 3.0])).theta

    assert theta == pytest.approx(3 + np.log(3) / 50, abs=1e-6)


@pytest.mark.parametrize("score", [score_eap, score_map, score_ml, score_wle])
@pytest.mark.parametrize("cost", [0, blocks.BOOKLET_COST])
def test_a_person_is_scored_alike_alone_in_a_booklet_and_in_a_crowd(
    score: Callable[..., Scores], cost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BOOKLET_COST", cost)
    rng, items = np.random.default_rng(3), mixed()
    answers = answer(items, rng.normal(size=90), rng)
    answers[:40, :3] = -1
    answers[40:80, 5:] = -1
    answers[89] = -1
    scattered = answer(items, rng.normal(size=10), rng, missing=0.5)
    whole = score(np.vstack([answers, scattered]), items)

    booklets, crowd = score(answers, items), score(scattered, items)
    alone = [score(answers[[row]], items).theta[0] for row in (0, 50, 85)]

    assert_allclose(whole.theta, np.append(booklets.theta, crowd.theta), atol=1e-7)
    assert_allclose(booklets.theta[[0, 50, 85]], alone, atol=1e-7)


def random_test(rng: np.random.Generator) -> Items:
    """A short test of odd items: guessing, slips, falling slopes, steps out of order, free categories."""
    size = 2
    sign = rng.choice([1, 1, 1, -1], size)
    parts = [
        Items.dichotomous(
            rng.lognormal(0, 0.6, size) * sign,
            rng.normal(0, 1.5, size),
            c=rng.uniform(0, 0.35, size) * (rng.random(size) < 0.6),
            u=1 - rng.uniform(0, 0.2, size) * (rng.random(size) < 0.3),
        ),
        Items.partial_credit(rng.lognormal(0, 0.5, size), rng.normal(0, 1.5, (size, 3))),
        Items.graded(rng.lognormal(0, 0.5, size), np.sort(rng.normal(0, 1.5, (size, 3)), axis=1)),
        Items.nominal(rng.normal(0, 1, (size, 3)), rng.normal(0, 1, (size, 3))),
    ]
    chosen = rng.random(4) < 0.5
    return Items.concatenate([part for part, take in zip(parts, chosen, strict=True) if take] or parts[:1])


def test_of_several_peaks_the_highest_is_found_whatever_the_items() -> None:
    rng, grid = np.random.default_rng(1), np.linspace(-60, 60, 6001)
    for _ in range(20):
        items = random_test(rng)
        answers = (rng.random((20, len(items))) * (items.highest + 1)).astype(np.int8)

        def heights(points: FloatArray, items: Items = items, answers: FloatArray = answers) -> FloatArray:
            logs = np.log(np.maximum(items.probability(points), 1e-300))
            return np.array([[logs[:, i, k] for i, k in enumerate(row)] for row in answers]).sum(axis=1)

        everywhere, prior = heights(grid), (grid - 0.3) ** 2 / 4
        likeliest, mode = (
            score_ml(answers, items).theta,
            score_map(answers, items, mean=0.3, variance=2).theta,
        )
        at_ml, at_map = np.diagonal(heights(np.clip(likeliest, -60, 60))), np.diagonal(heights(mode))
        assert np.all(at_ml >= everywhere.max(axis=1) - 1e-6)
        assert np.all(at_map - (mode - 0.3) ** 2 / 4 >= (everywhere - prior).max(axis=1) - 1e-6)


def test_the_weighted_estimate_stays_near_the_items_where_far_away_nothing_informs() -> None:
    # A nominal item's flat first category widens the search to where all information underflows.
    items = Items.concatenate(
        [
            Items.dichotomous([1.1], [0.2], c=0.2, u=0.9),
            Items.nominal([[0.02, -0.9, 0.8]], [[0.3, -0.5, 0.4]]),
        ]
    )

    for pattern in ([0, 0], [1, 1], [0, 2], [1, 3]):
        assert -20 < score_wle([pattern], items).theta[0] < 20
