"""Decisions: against slow integration, simulation, and the limits that must be named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import beta, binom

from exam_engine.psychometrics.ctt.consistency import hanson_brennan, lee, livingston_lewis, subkoviak
from exam_engine.psychometrics.ctt.decisions import Classification, ClassificationWarning
from exam_engine.psychometrics.ctt.true_score import TrueScores, effective_length, fit_true_scores
from exam_engine.psychometrics.irt.items import Items

SHAPES = (3.0, 2.0, 0.2, 0.75)
"""Alpha, beta, lower limit, width of a true-score distribution."""


def beta_binomial(n: int, shapes: tuple[float, float, float, float] = SHAPES) -> np.ndarray:
    """Shares of the scores 0 … n, by numerical integration."""
    a, b, lower, width = shapes
    return np.array(
        [
            quad(
                lambda p, k=k: binom.pmf(k, n, lower + width * p) * beta.pdf(p, a, b),
                0,
                1,
                epsabs=1e-13,
                limit=200,
            )[0]
            for k in range(n + 1)
        ]
    )


def test_the_four_parameters_come_back_from_their_own_scores() -> None:
    fit = fit_true_scores(np.arange(21), length=20, highest=20, weights=beta_binomial(20))

    assert fit.n_moments == 4
    # The fourth moment amplifies the integration error of 1e-13 about a million times.
    assert_allclose([fit.alpha, fit.beta, fit.lower, fit.upper], [3, 2, 0.2, 0.95], rtol=1e-5)


def test_one_limit_and_then_both_are_held_when_the_range_is_left() -> None:
    three = fit_true_scores(np.arange(21), length=20, highest=20, weights=beta_binomial(20), n_moments=3)
    two = fit_true_scores(np.arange(21), length=20, highest=20, weights=beta_binomial(20), n_moments=2)

    assert three.n_moments == 3
    assert three.lower == 0 or three.upper == 1
    mean, variance, skewness = (
        float(value)
        for value in beta.stats(
            three.alpha, three.beta, three.lower, three.upper - three.lower, moments="mvs"
        )
    )
    assert_allclose(
        [mean, variance, skewness], [float(v) for v in beta.stats(3, 2, 0.2, 0.75, moments="mvs")], rtol=1e-6
    )
    assert (two.lower, two.upper) == (0, 1)
    assert_allclose(beta.stats(two.alpha, two.beta, moments="mv"), [two.mean, two.variance])


def test_the_tables_are_their_integrals() -> None:
    shares = beta_binomial(20)

    found = hanson_brennan(np.arange(21), [9, 14], n_items=20, weights=shares * 1e5)

    a, b, lower, width = SHAPES
    edges = [0, 9, 14, 21]

    def category(p: float) -> np.ndarray:
        pmf = binom.pmf(np.arange(21), 20, lower + width * p)
        return np.array([pmf[edges[k] : edges[k + 1]].sum() for k in range(3)])

    limits = [0, (9 / 20 - lower) / width, (14 / 20 - lower) / width, 1]
    for row in range(3):
        for column in range(3):
            exact = quad(
                lambda p, column=column: category(p)[column] * beta.pdf(p, a, b), limits[row], limits[row + 1]
            )[0]
            assert found.true_by_observed[row, column] == pytest.approx(exact, abs=1e-6)
            twice = quad(
                lambda p, row=row, column=column: category(p)[row] * category(p)[column] * beta.pdf(p, a, b),
                0,
                1,
            )[0]
            assert found.form_by_form[row, column] == pytest.approx(twice, abs=1e-6)
    assert found.warnings == ()


def test_the_figures_are_what_a_simulation_of_two_forms_shows() -> None:
    rng = np.random.default_rng(3)
    true = 0.2 + 0.75 * rng.beta(3, 2, 200_000)
    first, second = rng.binomial(60, true), rng.binomial(60, true)
    reliability = np.corrcoef(first, second)[0, 1]

    found = livingston_lewis(first, [40], reliability=reliability, highest=60)

    # 200,000 persons: standard error of a share 0.001; the length is estimated from the correlation.
    assert found.accuracy == pytest.approx(np.mean((true >= 40 / 60) == (first >= 40)), abs=0.003)
    assert found.consistency == pytest.approx(np.mean((first >= 40) == (second >= 40)), abs=0.003)
    assert found.false_positive == pytest.approx(np.mean((true < 40 / 60) & (first >= 40)), abs=0.003)
    assert found.true_scores is not None
    assert found.true_scores.length == pytest.approx(60, abs=2)


def test_weighted_scores_count_by_their_range() -> None:
    shares = beta_binomial(40)
    marks = np.arange(41) * 2.5

    once = livingston_lewis(np.arange(41), [24], reliability=0.8, highest=40, weights=shares * 1e4)
    other = livingston_lewis(marks, [60], reliability=0.8, highest=100, step=2.5, weights=shares * 1e4)

    assert other.accuracy == pytest.approx(once.accuracy)
    assert other.kappa == pytest.approx(once.kappa)


def test_the_observed_shares_can_be_matched() -> None:
    shares = beta_binomial(40)
    shares[10] += 0.05

    found = livingston_lewis(
        np.arange(41), [20, 30], reliability=0.8, highest=40, weights=shares * 1e4, match_observed=True
    )

    observed = np.array([shares[:20].sum(), shares[20:30].sum(), shares[30:].sum()]) / shares.sum()
    assert_allclose(found.true_by_observed.sum(axis=0), observed)
    assert_allclose(found.form_by_form.sum(axis=1), observed)


def check_bounds(found: Classification) -> None:
    assert found.true_by_observed.sum() == pytest.approx(1)
    assert found.form_by_form.sum() == pytest.approx(1)
    assert_allclose(found.form_by_form, found.form_by_form.T, atol=1e-14)
    assert found.accuracy + found.false_positive + found.false_negative == pytest.approx(1)
    assert found.chance - 1e-12 <= found.consistency <= 1
    assert_allclose(found.weights @ found.accuracy_given, found.accuracy)
    assert_allclose(found.weights @ found.consistency_given, found.consistency)
    assert np.all(found.accuracy_at >= found.accuracy - 1e-12)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 30), min_size=20, max_size=80), st.integers(1, 29), st.floats(0.3, 0.95))
def test_decisions_are_shares_whatever_the_scores(scores: list[int], cut: int, reliability: float) -> None:
    values = np.array([*scores, 3, 28])

    found = livingston_lewis(values, [cut, 30], reliability=reliability, highest=30)

    check_bounds(found)
    assert ClassificationWarning.SMALL_SAMPLE in found.warnings


def test_lee_is_the_enumeration_over_ability() -> None:
    items = Items.concatenate(
        [
            Items.dichotomous([1.0, 1.4], [-0.5, 0.5], c=[0.0, 0.2]),
            Items.partial_credit([0.9], [[-0.4, 0.8]]),
        ]
    )
    theta, weights = np.array([-1.0, 0.2, 1.5]), np.array([0.3, 0.5, 0.2])

    found = lee(items, [2, 4], theta=theta, weights=weights)

    chance = items.probability(theta)
    right, forms = np.zeros((3, 3)), np.zeros((3, 3))
    for point in range(3):
        share = np.zeros(3)
        for x in range(2):
            for y in range(2):
                for z in range(3):
                    total = x + y + z
                    share[(total >= 2) + (total >= 4)] += (
                        chance[point, 0, x] * chance[point, 1, y] * chance[point, 2, z]
                    )
        expected = items.expected_score([theta[point]]).sum()
        right[int(expected >= 2) + int(expected >= 4)] += weights[point] * share
        forms += weights[point] * np.outer(share, share)
    assert_allclose(found.true_by_observed, right, atol=1e-14)
    assert_allclose(found.form_by_form, forms, atol=1e-14)
    check_bounds(found)


def test_cuts_between_the_same_two_scores_leave_a_category_empty() -> None:
    items, scores = Items.dichotomous(np.ones(9), np.linspace(-2, 2, 9)), np.tile(np.arange(10), 50)

    for found in (
        lee(items, [5.2, 5.7]),
        hanson_brennan(scores, [5.2, 5.7], n_items=9),
        subkoviak(scores, [5.2, 5.7], n_items=9, reliability=0.7),
    ):
        assert found.form_by_form.sum() == pytest.approx(1.0)
        assert found.form_by_form[1] == pytest.approx(0.0)


def test_lee_is_what_a_simulation_shows() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.uniform(0.7, 1.6, 40), rng.normal(0, 1, 40)
    items = Items.dichotomous(a, b)
    theta = rng.normal(size=100_000)
    chance = 1 / (1 + np.exp(-a * (theta[:, None] - b)))
    first, second = ((rng.random(chance.shape) < chance).sum(axis=1) for _ in range(2))

    found = lee(items, [24])

    # 100,000 persons: three standard errors 0.003.
    assert found.consistency == pytest.approx(np.mean((first >= 24) == (second >= 24)), abs=0.003)
    assert found.accuracy == pytest.approx(np.mean((chance.sum(axis=1) >= 24) == (first >= 24)), abs=0.003)


def test_subkoviak_adds_up_the_persons() -> None:
    scores = np.array([3, 5, 6, 7, 8, 9, 9, 10])

    found = subkoviak(scores, [6], n_items=10, reliability=0.7)

    share = (0.7 * scores + 0.3 * scores.mean()) / 10
    passing = binom.sf(5, 10, share)
    assert found.consistency == pytest.approx(np.mean(passing**2 + (1 - passing) ** 2))
    chance = passing.mean() ** 2 + (1 - passing.mean()) ** 2
    assert found.kappa == pytest.approx((found.consistency - chance) / (1 - chance))


def test_thin_data_are_named_and_get_two_moments() -> None:
    scores = np.random.default_rng(2).binomial(40, 0.2 + 0.6 * np.random.default_rng(1).random(60))

    found = livingston_lewis(scores, [24], reliability=0.4, highest=40)

    assert set(found.warnings) >= {
        ClassificationWarning.SMALL_SAMPLE,
        ClassificationWarning.TWO_MOMENTS_SMALL_SAMPLE,
        ClassificationWarning.LOW_RELIABILITY,
    }
    assert found.true_scores is not None
    assert found.true_scores.n_moments == 2


def test_arguments_out_of_range_are_refused() -> None:
    scores = np.arange(41)
    for change, message in (
        ({"cuts": [50]}, "above 0 and not above 40"),
        ({"cuts": [20, 10]}, "rise"),
        ({"reliability": 1.0}, "reliability"),
        ({"scores": [41]}, "between 0 and 40"),
        ({"weights": [1]}, "one length"),
        ({"scores": [20, 20]}, "vary"),
    ):
        arguments = {"scores": scores, "cuts": [20], "reliability": 0.8, "highest": 40} | change
        with pytest.raises(ValueError, match=message):
            livingston_lewis(**arguments)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no more than binomial"):
        hanson_brennan([20, 21, 20, 19], [20], n_items=40)
    with pytest.raises(ValueError, match="weights need theta"):
        lee(Items.dichotomous([1.0], [0.0]), [1], weights=[1.0])
    with pytest.raises(ValueError, match="at least 4"):
        fit_true_scores([1, 2], length=3, highest=3)
    with pytest.raises(ValueError, match="mean"):
        effective_length(mean=50, variance=4, reliability=0.8, highest=40)


@pytest.mark.parametrize("shapes", [(0.05, 4.0), (0.3, 0.3), (1.0, 1.0), (30.0, 4.0), (30_000.0, 3_000.0)])
def test_the_points_carry_the_moments_of_any_beta(shapes: tuple[float, float]) -> None:
    scores = TrueScores(*shapes, 0.1, 0.9, 40, 4, 0.0, 0.0)

    points, weights, interval = scores.quadrature([0.3, 0.6])

    mean, variance = (float(value) for value in beta.stats(*shapes, 0.1, 0.8, moments="mv"))
    assert weights @ points == pytest.approx(mean, abs=1e-9)
    assert weights @ (points - mean) ** 2 == pytest.approx(variance, rel=1e-6)
    edges = np.array([0.1, 0.3, 0.6, 0.9])
    assert np.all((points >= edges[interval]) & (points <= edges[interval + 1]))
