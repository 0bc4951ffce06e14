"""Guttman's bounds and the factor: definitions, and the search against all splits."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.ctt import guttman
from exam_engine.psychometrics.ctt.guttman import guttman_bounds
from exam_engine.psychometrics.ctt.halves import random_halves, split_half
from exam_engine.psychometrics.ctt.one_factor import fit_one_factor


def covariance(size: int, seed: int, n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.asarray(np.cov((rng.normal(size=(n, size)) + rng.normal(size=(n, 1))).T))


def test_the_bounds_are_their_definitions() -> None:
    matrix = covariance(6, 1)
    total, own = matrix.sum(), np.diag(matrix)

    found = guttman_bounds(matrix)

    best = max(
        4 * matrix[np.ix_(half, [i for i in range(6) if i not in half])].sum() / total
        for length in (1, 2, 3)
        for half in combinations(range(6), length)
    )
    residual = [
        own[j] - matrix[j, k] @ np.linalg.solve(matrix[np.ix_(k, k)], matrix[j, k])
        for j in range(6)
        for k in [[i for i in range(6) if i != j]]
    ]
    squares = (matrix**2).sum(axis=0) - own**2
    assert found.lambda1 == pytest.approx(1 - own.sum() / total)
    assert found.lambda2 == pytest.approx(found.lambda1 + np.sqrt(6 / 5 * squares.sum()) / total)
    assert found.lambda4 == pytest.approx(best)
    assert found.lambda4 == pytest.approx(split_half(matrix, found.split).guttman)
    assert found.lambda5 == pytest.approx(found.lambda1 + 2 * np.sqrt(squares.max()) / total)
    assert found.lambda6 == pytest.approx(1 - sum(residual) / total)


def test_the_search_finds_the_best_split_where_all_can_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    matrices = [covariance(12, seed) for seed in range(30)]
    exact = [guttman_bounds(matrix).lambda4 for matrix in matrices]

    monkeypatch.setattr(guttman, "EXACT_ITEMS", 2)
    searched = [guttman_bounds(matrix).lambda4 for matrix in matrices]

    assert_allclose(searched, exact)


def test_a_long_test_gets_a_split_that_random_ones_do_not_beat() -> None:
    matrix = covariance(60, 3, n=500)

    found = guttman_bounds(matrix)

    assert not found.is_exact
    assert found.lambda4 > random_halves(matrix, rng=np.random.default_rng(1)).guttman.max()


def test_a_singular_matrix_has_no_sixth_bound() -> None:
    matrix = np.cov(np.random.default_rng(1).normal(size=(5, 8)).T)
    matrix[np.ix_([0, 1], [0, 1])] += 1.0

    assert np.isnan(guttman_bounds(matrix).lambda6)


def test_what_is_no_covariance_is_refused() -> None:
    for bad in ([[1, 2], [3, 1]], [[1]], [[1, np.nan], [np.nan, 1]], [[-1, 0], [0, 1]]):
        with pytest.raises(ValueError, match=r"covariance|variances"):
            guttman_bounds(bad)
    with pytest.raises(ValueError, match="positive"):
        guttman_bounds([[1, -1], [-1, 1]])


def test_a_factor_is_recovered_from_its_own_covariances() -> None:
    loadings, unique = np.array([0.5, 1.0, 2.0, 0.7, 1.3]), np.array([1.0, 0.4, 2.0, 0.3, 0.9])

    found = fit_one_factor(np.outer(loadings, loadings) + np.diag(unique))

    assert_allclose(found.loadings, loadings, atol=1e-5)
    assert_allclose(found.uniquenesses, unique, atol=1e-5)
    assert found.omega == pytest.approx(loadings.sum() ** 2 / (loadings.sum() ** 2 + unique.sum()))
    assert found.converged
    assert found.discrepancy == pytest.approx(0, abs=1e-9)


def test_the_slope_of_the_discrepancy_is_zero_at_the_solution_of_a_slow_formula() -> None:
    matrix = covariance(5, 9)
    fit = fit_one_factor(matrix)

    def slow(loadings: np.ndarray, unique: np.ndarray) -> float:
        implied = np.outer(loadings, loadings) + np.diag(unique)
        return float(np.linalg.slogdet(implied)[1] + np.trace(matrix @ np.linalg.inv(implied)))

    best = slow(fit.loadings, fit.uniquenesses)
    assert fit.discrepancy == pytest.approx(best - np.linalg.slogdet(matrix)[1] - 5, abs=1e-10)
    for item in range(5):
        for step in (-1e-3, 1e-3):
            moved = fit.loadings.copy()
            moved[item] += step
            assert slow(moved, fit.uniquenesses) > best
            other = fit.uniquenesses.copy()
            other[item] += step
            assert slow(fit.loadings, other) > best


def test_an_item_without_a_variance_of_its_own_is_named() -> None:
    # Correlations .9, .9 and .5: the first item would need a loading above 1.
    found = fit_one_factor([[1, 0.9, 0.9], [0.9, 1, 0.7], [0.9, 0.7, 1]])

    assert found.is_heywood
    assert found.uniquenesses.min() == pytest.approx(0.005)


def test_what_has_no_factor_is_refused() -> None:
    with pytest.raises(ValueError, match="positive definite"):
        fit_one_factor(np.ones((4, 4)))
    with pytest.raises(ValueError, match="at least 3"):
        fit_one_factor(np.diag([1.0, 1.0, 0.0]))


def test_halves_must_both_hold_an_item() -> None:
    with pytest.raises(ValueError, match="half"):
        split_half(np.eye(2), [True, True])
    with pytest.raises(ValueError, match="n_splits"):
        random_halves(np.eye(2), rng=np.random.default_rng(1), n_splits=0)
