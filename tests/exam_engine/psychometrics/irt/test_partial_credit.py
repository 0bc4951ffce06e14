"""The partial credit model: probabilities sum to one, one step is Rasch, the expected score does not fall."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import expit

from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

abilities = st.lists(st.floats(-40, 40), min_size=2, max_size=20)
items = st.lists(st.lists(st.floats(-8, 8), min_size=1, max_size=5), min_size=1, max_size=6)


def of(steps: FloatArray) -> Items:
    return Items.partial_credit(np.ones(len(steps)), steps)


def padded(steps: list[list[float]]) -> FloatArray:
    width = max(map(len, steps))
    return np.array([row + [np.nan] * (width - len(row)) for row in steps])


def simulate(n_persons: int, steps: FloatArray, *, seed: int = 4) -> FloatArray:
    rng = np.random.default_rng(seed)
    reached = of(steps).probability(rng.normal(size=n_persons)).cumsum(axis=2)
    return (rng.random((n_persons, len(steps), 1)) > reached).sum(axis=2).astype(np.float64)


@given(abilities, items)
def test_probabilities_sum_to_one_and_the_expected_score_never_falls(
    theta: list[float], steps: list[list[float]]
) -> None:
    table, points = padded(steps), np.sort(theta)

    probability, expected = of(table).probability(points), of(table).expected_score(points)

    assert np.all((probability >= 0) & (probability <= 1))
    assert_allclose(probability.sum(axis=2), 1, rtol=1e-12)
    assert np.all(np.diff(expected, axis=0) >= -1e-12)
    assert np.all((expected >= 0) & (expected <= np.array([len(row) for row in steps]) + 1e-12))
    assert_allclose(expected, probability @ np.arange(probability.shape[2]), atol=1e-12)
    for item, row in enumerate(steps):
        assert np.all(probability[:, item, len(row) + 1 :] == 0)


@given(st.lists(st.floats(-8, 8), min_size=2, max_size=10), items)
def test_information_is_the_slope_of_the_expected_score(theta: list[float], steps: list[list[float]]) -> None:
    h, points, table = 1e-5, np.asarray(theta), padded(steps)

    slope = (of(table).expected_score(points + h) - of(table).expected_score(points - h)) / (2 * h)

    assert_allclose(of(table).information(points), slope, atol=1e-5)


@given(abilities, st.lists(st.floats(-8, 8), min_size=1, max_size=6))
def test_one_step_is_the_rasch_model(theta: list[float], b: list[float]) -> None:
    found = of(np.array(b)[:, None])
    right = expit(np.array(theta)[:, None] - b)

    assert_allclose(found.probability(theta)[:, :, 1], right, rtol=1e-12)
    assert_allclose(found.information(theta), right * (1.0 - right), atol=1e-14)


def test_a_step_lies_where_two_neighbouring_scores_are_equally_likely() -> None:
    steps = np.array([[-0.7, 1.2, 0.4]])

    probability = of(steps).probability(steps[0])[:, 0]

    for step in range(3):
        assert probability[step, step] == pytest.approx(probability[step, step + 1])


@pytest.mark.parametrize("steps", [[[0.0, np.inf]], [[np.nan, 0.0]], [[np.nan, np.nan]], [[]]])
def test_steps_with_gaps_are_refused(steps: object) -> None:
    with pytest.raises(ValueError, match=r"finite|NaN beyond|at least one step"):
        of(steps).probability([0.0])  # type: ignore[arg-type]


def test_calibration_recovers_the_steps_within_their_errors() -> None:
    steps = np.array([[-1.0, 0.3, np.nan], [0.2, np.nan, np.nan], [0.5, -0.5, 1.0], [-0.8, 0.0, 0.8]] * 4)
    scores = simulate(4000, steps)
    scores[:1500, :4] = np.nan
    scores[2500:, 12:] = np.nan

    result = calibrate(scores, model="rasch")

    given_steps = ~np.isnan(steps)
    assert result.converged
    assert result.warnings == ()
    assert result.highest.tolist() == [2, 1, 3, 3] * 4
    assert np.array_equal(np.isnan(result.steps), ~given_steps)
    assert np.mean((np.abs(result.steps - steps) < 2 * result.se_steps)[given_steps]) > 0.8
    assert abs(result.latent_variance - 1) < 3 * result.se_latent_variance
    assert_allclose(result.b, np.nanmean(result.steps, axis=1))


def test_standard_errors_match_the_spread_over_replications() -> None:
    steps = np.array([[-1.0, 0.5], [0.0, 0.2], [0.5, -0.5], [-0.3, 1.0]])

    runs = [calibrate(simulate(400, steps, seed=seed), model="rasch") for seed in range(60)]

    found = np.array([run.steps for run in runs]).std(axis=0, ddof=1)
    stated = np.mean([run.se_steps for run in runs], axis=0)
    locations = np.array([run.b for run in runs]).std(axis=0, ddof=1)
    assert np.all((found / stated > 0.7) & (found / stated < 1.35))
    assert_allclose(locations, np.mean([run.se_b for run in runs], axis=0), rtol=0.35)


def test_turning_the_scores_round_turns_the_steps_round() -> None:
    scores = simulate(500, np.array([[-1.0, 0.5], [0.0, 0.2], [0.5, -0.5]]))

    forward, backward = calibrate(scores, model="rasch"), calibrate(2 - scores, model="rasch")

    assert_allclose(backward.steps, -forward.steps[:, ::-1], atol=1e-7)
    assert_allclose(backward.se_steps, forward.se_steps[:, ::-1], atol=1e-7)
    assert_allclose(backward.se_b, forward.se_b, atol=1e-7)
    assert backward.latent_variance == pytest.approx(forward.latent_variance, abs=1e-7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({1: 0}, r"that nobody got, as \(position, score\): \[\(0, 1\)\]"),
        ({0: 1}, r"that nobody got, as \(position, score\): \[\(0, 0\)\]"),
        ({0: 2, 1: 2}, r"answered alike by everybody who saw them, by position: \[0\]"),
        ({0: np.nan, 1: np.nan, 2: np.nan}, r"presented to nobody, by position: \[0\]"),
        ({0: 101}, "whole numbers from 0 to 100"),
        ({0: 0.5}, "whole numbers from 0 to 100"),
        ({0: np.inf}, "whole numbers from 0 to 100"),
        ({0: -np.inf}, "whole numbers from 0 to 100"),
    ],
)
def test_items_without_a_finite_solution_are_refused_by_position(
    change: dict[float, float], message: str
) -> None:
    scores = simulate(200, np.zeros((3, 2)))
    column = scores[:, 0].copy()
    for old, new in change.items():
        scores[column == old, 0] = new

    with pytest.raises(ValueError, match=message):
        calibrate(scores, model="rasch")


def test_two_parameter_takes_two_categories_only() -> None:
    with pytest.raises(ValueError, match=r"2pl does not take, by position: \[0, 1, 2\]"):
        calibrate(simulate(200, np.zeros((3, 2))), model="2pl")
