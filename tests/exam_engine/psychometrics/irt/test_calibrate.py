"""Calibration recovers what made the data, says when it did not converge, and can be stopped."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt.calibrate import CalibrationCancelled, Warn, calibrate
from exam_engine.psychometrics.irt.models import FloatArray, probability_2pl


def simulate(n_persons: int, n_items: int, *, seed: int = 8, rasch: bool = False) -> tuple[FloatArray, ...]:
    rng = np.random.default_rng(seed)
    a = np.ones(n_items) if rasch else np.exp(rng.normal(0.1, 0.3, n_items))
    b, theta = rng.normal(0, 1, n_items), rng.normal(0, 1, n_persons)
    return (rng.random((n_persons, n_items)) < probability_2pl(theta, a, b)).astype(float), a, b


def test_two_parameter_recovers_the_truth_within_its_errors() -> None:
    matrix, a, b = simulate(4000, 30)

    result = calibrate(matrix)

    assert result.converged
    assert result.warnings == ()
    assert np.mean(np.abs(result.a - a) < 2 * result.se_a) > 0.8
    assert np.mean(np.abs(result.b - b) < 2 * result.se_b) > 0.8


def test_rasch_estimates_the_variance() -> None:
    matrix, _, b = simulate(3000, 30, rasch=True)

    result = calibrate(matrix, model="rasch")

    assert result.converged
    assert abs(result.latent_variance - 1) < 3 * result.se_latent_variance
    assert np.corrcoef(result.b, b)[0, 1] > 0.99
    assert np.all(result.a == 1)
    assert np.all(result.se_a == 0)


def test_items_not_presented_tell_nothing_of_the_others() -> None:
    matrix, a, b = simulate(4000, 30)
    matrix[:2000, :10] = np.nan
    matrix[2000:, 20:] = np.nan

    result = calibrate(matrix)

    assert result.converged
    assert_allclose(result.n_responses, [2000] * 10 + [4000] * 10 + [2000] * 10)
    assert np.sqrt(np.mean((result.b - b) ** 2)) < 0.15
    assert np.sqrt(np.mean((result.a - a) ** 2)) < 0.15


def test_order_of_persons_does_not_matter() -> None:
    matrix, *_ = simulate(500, 26)

    forward, backward = calibrate(matrix), calibrate(matrix[::-1])

    assert_allclose(forward.a, backward.a, atol=1e-8)


def test_an_item_everybody_solved_is_refused_by_position() -> None:
    matrix, *_ = simulate(100, 5)
    matrix[:, 3] = 1

    with pytest.raises(ValueError, match=r"by position: \[3\]"):
        calibrate(matrix)


@pytest.mark.parametrize("bad", [[[0, 2]], [[0.5, 1.0]], [], [1, 0], [["a", "b"]]])
def test_what_is_not_a_response_matrix_is_refused(bad: list[object]) -> None:
    with pytest.raises(ValueError, match="responses must be"):
        calibrate(bad)


def test_not_converging_is_stated() -> None:
    matrix, *_ = simulate(500, 20)

    result = calibrate(matrix, max_iterations=1)

    assert not result.converged
    assert Warn.NOT_CONVERGED in result.warnings
    assert result.gradient_norm > 1e-6


def test_a_grid_that_is_too_coarse_is_stated() -> None:
    matrix, *_ = simulate(2000, 60)

    assert Warn.GRID_TOO_COARSE in calibrate(matrix, nodes=15).warnings
    assert Warn.GRID_TOO_COARSE not in calibrate(matrix).warnings


def test_an_item_that_runs_backwards_is_stated() -> None:
    matrix, *_ = simulate(2000, 20)
    matrix[:, 0] = 1 - matrix[:, 0]

    result = calibrate(matrix)

    assert result.a[0] < 0
    assert Warn.NEGATIVE_SLOPE in result.warnings


@pytest.mark.parametrize("model", ["rasch", "2pl"])
def test_answers_without_a_trait_end_with_a_warning(model: str) -> None:
    matrix = (np.random.default_rng(5).random((60, 10)) < 0.5).astype(float)

    result = calibrate(matrix, model=model)

    assert np.isfinite(result.log_likelihood)
    assert result.warnings


@pytest.mark.parametrize("model", ["rasch", "2pl"])
def test_a_perfect_staircase_ends_with_a_warning(model: str) -> None:
    staircase = np.tril(np.ones((11, 10)), -1)

    result = calibrate(np.repeat(staircase, 10, axis=0), model=model)

    assert result.warnings


def test_progress_is_reported_and_stopping_obeyed() -> None:
    matrix, *_ = simulate(500, 20)
    seen: list[float] = []

    with pytest.raises(CalibrationCancelled):
        calibrate(
            matrix, progress=lambda _, value, __: seen.append(value), should_stop=lambda: len(seen) == 3
        )

    assert seen == sorted(seen)
    assert len(seen) == 3
