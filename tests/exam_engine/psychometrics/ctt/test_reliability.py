"""Reliability: identities between the coefficients, and what limits them by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from exam_engine.psychometrics.ctt import analyse
from exam_engine.psychometrics.ctt.coefficients import (
    alpha_interval,
    kuder_richardson_21,
    lengthening,
    spearman_brown,
    stratified_alpha,
)
from exam_engine.psychometrics.ctt.reliability import ReliabilityWarning, analyse_reliability

matrices = hnp.arrays(np.int8, st.tuples(st.integers(2, 30), st.integers(2, 8)), elements=st.integers(-1, 1))


def simulated(n: int = 400, size: int = 9, seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    b = np.linspace(-1.5, 1.5, size)
    return (rng.random((n, size)) < 1 / (1 + np.exp(b - rng.normal(size=(n, 1))))).astype(int)


def test_the_coefficients_agree_with_scores_added_by_hand() -> None:
    matrix = simulated()
    total, odd, even = matrix.sum(axis=1), matrix[:, ::2].sum(axis=1), matrix[:, 1::2].sum(axis=1)

    found = analyse_reliability(matrix, parts=["a"] * 5 + ["b"] * 4)

    assert found.alpha == pytest.approx(analyse(matrix).alpha)
    p = matrix.mean(axis=0)
    kr20 = 9 / 8 * (1 - (p * (1 - p)).sum() / total.var())
    kr21 = 9 / 8 * (1 - total.mean() * (9 - total.mean()) / (9 * total.var()))
    assert found.alpha == pytest.approx(kr20)
    assert found.kr21 == pytest.approx(kr21)
    assert found.odd_even is not None
    r = np.corrcoef(odd, even)[0, 1]
    assert found.odd_even.correlation == pytest.approx(r)
    assert found.odd_even.spearman_brown == pytest.approx(2 * r / (1 + r))
    rulon = 1 - (odd - even).var() / total.var()
    assert found.odd_even.guttman == pytest.approx(rulon)
    error = sum(
        part.sum(axis=1).var(ddof=1) * (1 - analyse(part).alpha) for part in (matrix[:, :5], matrix[:, 5:])
    )
    assert found.stratified_alpha == pytest.approx(1 - error / total.var(ddof=1))
    assert found.standard_error == pytest.approx(total.std(ddof=1) * np.sqrt(1 - kr20))


@given(matrices)
def test_coefficients_are_in_order_or_their_absence_is_named(matrix: np.ndarray) -> None:
    found = analyse_reliability(matrix)

    if found.bounds is None:
        assert np.isnan(found.alpha)
        assert {ReliabilityWarning.UNSEEN_PAIRS, ReliabilityWarning.NO_VARIANCE} & set(found.warnings)
        return
    bounds = found.bounds
    assert found.alpha_lower <= found.alpha <= found.alpha_upper + 1e-12
    assert bounds.lambda3 == pytest.approx(found.alpha)
    assert bounds.lambda2 >= bounds.lambda3 - 1e-12
    # The mean of λ4 over all splits, the empty one included, is λ1.
    n_splits = 2 ** (matrix.shape[1] - 1)
    assert bounds.lambda4 >= bounds.lambda1 * n_splits / (n_splits - 1) - 1e-9
    assert not np.isnan(found.omega) or {
        ReliabilityWarning.SINGULAR,
        ReliabilityWarning.NO_FACTOR,
    } & set(found.warnings)


def test_the_mean_of_random_halves_is_alpha() -> None:
    matrix = simulated(size=10)

    found = analyse_reliability(matrix, rng=np.random.default_rng(3))

    assert found.random is not None
    # Alpha is the mean of Guttman's coefficient over all equal halves; 1,000 draws.
    error = found.random.guttman.std() / np.sqrt(found.random.n_splits)
    assert found.random.mean_guttman == pytest.approx(found.alpha, abs=4 * error)
    assert found.random.lower_guttman < found.alpha < found.random.upper_guttman


def test_the_interval_of_alpha_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    hits, truth = 0, 5 * 0.5 / (5 * 0.5 + 0.5)
    for _ in range(1000):
        scores = rng.normal(size=(40, 1)) + rng.normal(size=(40, 5))
        covariance = np.cov(scores.T)
        alpha = 5 / 4 * (1 - np.trace(covariance) / covariance.sum())
        lower, upper = alpha_interval(alpha, n_persons=40, n_items=5)
        hits += lower <= truth <= upper

    # 1,000 draws at 0.95: three standard errors 0.021.
    assert hits / 1000 == pytest.approx(0.95, abs=0.021)


def test_missing_responses_are_named_and_take_the_smallest_number_of_persons() -> None:
    matrix = simulated(200)
    matrix[:150, 0] = -1

    found = analyse_reliability(matrix)

    assert ReliabilityWarning.PAIRWISE in found.warnings
    assert np.isnan(found.kr21)
    assert (found.alpha_lower, found.alpha_upper) == alpha_interval(found.alpha, n_persons=50, n_items=9)


def test_thin_constant_and_degenerate_data_are_named() -> None:
    few = analyse_reliability(simulated(12))
    constant = analyse_reliability(np.column_stack([simulated(200, 4), np.ones(200)]))
    alike = analyse_reliability(np.ones((50, 3)))

    assert ReliabilityWarning.SMALL_SAMPLE in few.warnings
    assert ReliabilityWarning.CONSTANT_ITEMS in constant.warnings
    assert constant.factor is not None
    assert constant.factor.loadings[4] == 0
    assert alike.warnings[-1] is ReliabilityWarning.NO_VARIANCE
    assert np.isnan(alike.alpha)
    with pytest.raises(ValueError, match="at least 2 items"):
        analyse_reliability([[1], [0]])
    with pytest.raises(ValueError, match="each of the 2 items"):
        analyse_reliability([[1, 0], [0, 1]], parts=["a"])


def test_as_many_persons_as_items_leave_no_factor() -> None:
    found = analyse_reliability(simulated(6, 9))

    assert ReliabilityWarning.SINGULAR in found.warnings
    assert np.isnan(found.omega)


def test_a_single_item_of_a_part_counts_as_unreliable() -> None:
    covariance = np.eye(3) + 1

    found = stratified_alpha(covariance, [1, 1, 2])

    within = 2 * (1 - 2 / 6)  # alpha of the first two: 2 / 3, variance of their sum 6
    assert found == pytest.approx(1 - (6 * (1 - within / 2) + 2) / 12)


@given(st.floats(0.01, 0.99), st.floats(0.2, 5))
def test_lengthening_undoes_spearman_brown(r: float, factor: float) -> None:
    longer = spearman_brown(r, factor=factor)

    assert lengthening(r, target=longer) == pytest.approx(factor)


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="alpha"):
        alpha_interval(1.2, n_persons=10, n_items=5)
    with pytest.raises(ValueError, match="mean"):
        kuder_richardson_21(12, 3, n_items=10)
    with pytest.raises(ValueError, match="factor"):
        spearman_brown(0.5, factor=0)
    with pytest.raises(ValueError, match="target"):
        lengthening(0.5, target=1)
    assert np.isnan(kuder_richardson_21(5, 0, n_items=10))
