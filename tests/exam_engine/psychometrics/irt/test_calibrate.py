"""Calibration recovers what made the data, says when it did not converge, and can be stopped."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt.calibrate import CalibrationCancelled, UnlinkedItems, Warn, calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray


def simulate(n_persons: int, n_items: int, *, seed: int = 8, rasch: bool = False) -> tuple[FloatArray, ...]:
    rng = np.random.default_rng(seed)
    a = np.ones(n_items) if rasch else np.exp(rng.normal(0.1, 0.3, n_items))
    b, theta = rng.normal(0, 1, n_items), rng.normal(0, 1, n_persons)
    right = Items.dichotomous(a, b).probability(theta)[..., 1]
    return (rng.random((n_persons, n_items)) < right).astype(float), a, b


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


@pytest.mark.parametrize("bad", [[[0, 101]], [[0.5, 1.0]], [], [1, 0], [["a", "b"]]])
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


@pytest.mark.parametrize(("model", "n_items"), [("rasch", 1), ("2pl", 1), ("2pl", 2)])
def test_too_few_items_to_determine_the_parameters_is_no_convergence(model: str, n_items: int) -> None:
    matrix, *_ = simulate(500, n_items)

    result = calibrate(matrix, model=model)

    assert not result.converged
    assert Warn.NOT_A_MAXIMUM in result.warnings
    assert np.all(np.isnan(result.se_b))


@pytest.mark.parametrize("model", ["rasch", "2pl"])
def test_persons_who_each_saw_one_item_link_nothing(model: str) -> None:
    matrix = np.full((300, 10), np.nan)
    persons = np.arange(300)
    matrix[persons, persons % 10] = persons % 3 == 0

    with pytest.raises(UnlinkedItems, match=r"10 blocks of items .* by position: \[0\]; \[1\]"):
        calibrate(matrix, model=model)
    result = calibrate(matrix, model=model, equivalent_persons=True)

    assert not result.converged
    assert Warn.NOT_A_MAXIMUM in result.warnings


@pytest.mark.parametrize("model", ["rasch", "2pl"])
def test_weights_count_persons_whatever_their_scale(model: str) -> None:
    matrix, *_ = simulate(600, 8)

    plain = calibrate(matrix, model=model)
    twice = calibrate(np.repeat(matrix, 2, axis=0), model=model)
    weighted = calibrate(matrix, model=model, weights=np.full(600, 2.0))
    tiny = calibrate(matrix, model=model, weights=np.full(600, 1e-9))

    assert_allclose(weighted.b, twice.b, atol=1e-8)
    assert_allclose(weighted.se_b, twice.se_b, atol=1e-8)
    assert_allclose(weighted.se_b * np.sqrt(2), plain.se_b, atol=1e-6)
    assert tiny.converged
    assert_allclose(tiny.b, plain.b, atol=1e-5)


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, np.nan], [1.0, np.inf]])
def test_weights_that_count_nobody_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights must be one positive number"):
        calibrate([[0, 1], [1, 0]], model="rasch", weights=weights)


@pytest.mark.parametrize(
    "setting", [{"nodes": 2}, {"bound": 0.0}, {"bound": np.nan}, {"tolerance": 0.0}, {"tolerance": np.nan}]
)
def test_settings_out_of_range_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="nodes must be at least 3"):
        calibrate([[0, 1], [1, 0]], **setting)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["rasch", "2pl"])
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[0, 1, 1]], r"answered alike by everybody who saw them, by position: \[0, 1, 2\]"),
        ([[0, -1], [1, -1]], r"presented to nobody, by position: \[1\]"),
        ([[0, np.inf], [1, 0]], "or negative for not presented"),
        ([[0, -np.inf], [1, 0]], "or negative for not presented"),
        ([[0, 1], [1]], "must be a matrix"),
        ([[0, None], [1, 1]], "must be numbers"),
    ],
    ids=["one person", "unseen item", "infinite", "minus infinite", "ragged", "none"],
)
def test_data_without_a_solution_are_refused(model: str, matrix: list[list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        calibrate(matrix, model=model)


def test_a_grid_finer_than_the_usual_check_is_still_checked_against_a_finer_one() -> None:
    matrix, *_ = simulate(500, 20)

    result = calibrate(matrix, nodes=241, bound=9.0)

    assert result.converged
    assert result.grid.log_likelihood_change != 0
    assert result.grid.adequate
