"""Logistic regression and SIBTEST."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from exam_engine.psychometrics.dif.design import Design
from exam_engine.psychometrics.dif.logistic import logistic
from exam_engine.psychometrics.dif.ordinal import fit_cumulative
from exam_engine.psychometrics.dif.outcome import Dif, Favours, Reason, Size, Warn
from exam_engine.psychometrics.dif.sibtest import sibtest
from tests.exam_engine.psychometrics.dif.simulated import answers


def naive_likelihood(parameters: NDArray[np.float64], y: NDArray[np.int64], X: NDArray[np.float64]) -> float:
    """Return minus the log-likelihood of a cumulative logistic regression, a loop over persons' scores."""
    n_thresholds = int(y.max())
    above = expit(parameters[:n_thresholds] + (X @ parameters[n_thresholds:])[:, None])
    chance = -np.diff(above, axis=1, prepend=1.0, append=0.0)
    return -float(np.log(np.maximum(chance[np.arange(y.size), y], 1e-12)).sum())


def observed_error(at: NDArray[np.float64], y: NDArray[np.int64], X: NDArray[np.float64]) -> float:
    """Return the standard error of the last parameter by second differences."""
    steps = 1e-3 * np.eye(at.size)
    curvature = [
        [
            sum(s * t * naive_likelihood(at + s * one + t * other, y, X) for s in (1, -1) for t in (1, -1))
            for one in steps
        ]
        for other in steps
    ]
    return float(np.linalg.inv(np.array(curvature) / 4e-6)[-1, -1] ** 0.5)


def test_a_regression_of_three_scores_is_the_maximum_an_optimiser_finds() -> None:
    responses, group = answers(seed=1, persons=400, highest=2, harder=0.7)
    score, y = responses.sum(axis=1) / 10.0, responses[:, 0]
    X = np.stack([score, group], axis=1)
    best = minimize(
        naive_likelihood, [1.0, -1.0, 0.0, 0.0], args=(y, X), method="BFGS", options={"gtol": 1e-6}
    )

    found = logistic(responses, group, design=Design(matching=score), question="uniform")

    np.testing.assert_allclose(found.thresholds[0], best.x[:2], atol=1e-4)
    np.testing.assert_allclose(found.coefficients[0], [*best.x[2:], 0.0], atol=1e-4)
    assert found.effect_error[0] == pytest.approx(observed_error(best.x, y, X), rel=0.03)


def test_collapsing_persons_to_cells_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    X = rng.integers(0, 4, (500, 2)).astype(float)
    y = rng.integers(0, 3, 500)
    cells, cell = np.unique(X, axis=0, return_inverse=True)
    counts = np.zeros((1, len(cells), 3))
    np.add.at(counts[0], (cell.reshape(-1), y), 1.0)

    persons, joined = fit_cumulative(np.eye(3)[y][None], X), fit_cumulative(counts, cells)

    np.testing.assert_allclose(joined.slopes, persons.slopes, atol=1e-8)
    np.testing.assert_allclose(joined.covariance, persons.covariance, rtol=1e-6)
    np.testing.assert_allclose(joined.log_likelihood, persons.log_likelihood, rtol=1e-12)


def test_items_with_other_numbers_of_scores_do_not_disturb_one_another() -> None:
    two, group = answers(seed=3, persons=600)
    three, _ = answers(seed=3, persons=600, highest=2)
    value = two.sum(axis=1).astype(float)
    mixed = np.concatenate([two, three], axis=1)

    together = logistic(mixed, group, design=Design(matching=value))
    alone = logistic(two, group, design=Design(matching=value))

    np.testing.assert_allclose(together.statistic[:15], alone.statistic, rtol=1e-8)
    assert np.isnan(together.thresholds[:15, 1]).all()
    assert not np.isnan(together.thresholds[15:]).any()


def test_a_difference_that_depends_on_ability_is_non_uniform() -> None:
    responses, group = answers(seed=4, persons=4000, steeper=0.2)

    found = logistic(responses, group, question="non_uniform")

    assert found.flagged[0]
    assert found.p_value[0] < 1e-8
    assert 0 < found.crossing[0] < 15


def test_a_uniform_difference_has_size_and_direction() -> None:
    responses, group = answers(seed=5, persons=4000, harder=1.5)

    found = logistic(responses, group, question="uniform")

    assert found.favours[0] is Favours.REFERENCE
    assert found.effect[0] == pytest.approx(-1.5, abs=0.3)
    assert found.sizes[0] in (Size.B, Size.C)
    assert found.zumbo_thomas[0] is Size.A
    assert found.coefficients[0, 2] == 0.0


@pytest.mark.parametrize("test", ["likelihood_ratio", "wald"])
def test_logistic_regression_keeps_its_level(test: str) -> None:
    flagged = [
        logistic(*answers(seed=seed, persons=1000, items=20), question="both", test=test).flagged.mean()
        for seed in range(20)
    ]

    # 400 tests: Monte Carlo error 0.011.
    assert np.mean(flagged) == pytest.approx(0.05, abs=0.03)


def test_separated_answers_are_not_given_a_number() -> None:
    responses, group = answers(seed=6, persons=400)
    responses[:, 0] = group
    responses[:, 1] = 1

    found = logistic(responses, group, question="uniform")

    assert found.reasons[:2] == (Reason.NOT_CONVERGED, Reason.ALIKE)
    assert np.isnan(found.p_value[:2]).all()
    assert np.isnan(found.effect[:2]).all()
    assert Warn.NOT_COMPUTABLE in found.warnings


@pytest.mark.parametrize("question", ["both", "non_uniform"])
def test_a_score_without_spread_in_a_group_tells_nothing_of_slopes(question: str) -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 40)
    score = np.where(group == 0, rng.integers(0, 4, 80), 2)

    found = logistic(rng.integers(0, 2, (80, 3)), group, design=Design(matching=score), question=question)

    assert set(found.reasons) == {Reason.NOT_CONVERGED}
    assert np.isnan(found.statistic).all()


@pytest.mark.parametrize("method", [logistic, sibtest])
def test_somebody_without_an_answer_changes_nothing(method: Callable[..., Dif]) -> None:
    rng = np.random.default_rng(4)
    responses, group = rng.integers(0, 2, (200, 6)), np.repeat([0, 1], 100)

    found = method(np.concatenate([responses, np.full((1, 6), -1)]), np.append(group, 1))

    np.testing.assert_array_equal(found.statistic, method(responses, group).statistic)


def test_logistic_regression_refuses_scores_of_other_items_and_bands() -> None:
    responses, group = answers(seed=7, persons=400)
    responses[::2, 5:] = -1

    with pytest.raises(ValueError, match="different sets of items"):
        logistic(responses, group)
    with pytest.raises(ValueError, match="no score bands"):
        logistic(responses, group, design=Design(bands=5))
    assert not logistic(responses, group, design=Design(matching=np.arange(400.0) % 7)).reasons[0]


def test_sibtest_keeps_its_level_under_impact() -> None:
    flagged = [
        sibtest(*answers(seed=seed, persons=1500, items=25, impact=0.7)).flagged.mean() for seed in range(30)
    ]

    # 750 tests: Monte Carlo error 0.008; the regression correction holds the level where groups differ.
    assert np.mean(flagged) == pytest.approx(0.05, abs=0.03)


def test_sibtest_measures_a_planted_difference_in_score_points() -> None:
    responses, group = answers(seed=8, persons=4000, items=25, harder=1.0, highest=2)

    found = sibtest(responses, group)

    assert found.effect[0] > 0.2
    assert found.favours[0] is Favours.REFERENCE
    assert found.sizes[0] is None  # sizes are for items scored 0 or 1
    assert np.all(found.reliability > 0.8)


def test_sibtest_refuses_what_it_cannot_match() -> None:
    responses, group = answers(seed=9, persons=400)

    with pytest.raises(ValueError, match="given values"):
        sibtest(responses, group, design=Design(matching=np.zeros(400)))
    with pytest.raises(ValueError, match="presented to everybody"):
        responses[::2, 0] = -1
        sibtest(responses, group)


def test_sibtest_without_strata_says_so() -> None:
    responses, group = answers(seed=10, persons=60, items=30)

    found = sibtest(responses, group)

    assert Reason.FEW_STRATA in found.reasons
    assert np.isnan(found.p_value[[reason is Reason.FEW_STRATA for reason in found.reasons]]).all()


def test_sibtest_without_spread_on_the_other_items_says_so() -> None:
    responses, group = answers(seed=11, persons=200, items=3)
    responses[:, 1:] = 1

    found = sibtest(responses, group)

    assert found.reasons[0] is Reason.FEW_STRATA
    assert np.isnan(found.reliability[0]).all()
