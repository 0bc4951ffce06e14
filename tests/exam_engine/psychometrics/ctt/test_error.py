"""Errors of measurement: they average to the reliability, and are what repeated tests show."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.ctt import analyse
from exam_engine.psychometrics.ctt.error import (
    ability_errors,
    feldt_qualls_errors,
    keats_errors,
    lord_errors,
    standard_error_of_measurement,
)
from exam_engine.psychometrics.ctt.reliability import analyse_reliability
from exam_engine.psychometrics.irt.items import Items


def simulated(n: int = 500, size: int = 12) -> np.ndarray:
    rng = np.random.default_rng(5)
    b = np.linspace(-1.5, 1.5, size)
    return (rng.random((n, size)) < 1 / (1 + np.exp(b - rng.normal(size=(n, 1))))).astype(int)


def test_lord_and_keats_average_to_kr21_and_kr20() -> None:
    matrix = simulated()
    total = matrix.sum(axis=1)
    found = analyse_reliability(matrix)

    lord = np.mean(lord_errors(12)[total] ** 2)
    keats = np.mean(keats_errors(12, reliability=found.alpha, kr21=found.kr21)[total] ** 2)

    assert lord == pytest.approx(total.var() * (1 - found.kr21))
    assert keats == pytest.approx(total.var() * (1 - found.alpha))


def test_feldt_and_qualls_average_to_alpha_over_the_parts() -> None:
    matrix = simulated()
    parts = matrix.reshape(500, 4, 3).sum(axis=2)

    found = feldt_qualls_errors(parts)

    alpha = analyse(parts, highest=3).alpha
    assert found.overall**2 * 500 / 499 == pytest.approx(parts.sum(axis=1).var(ddof=1) * (1 - alpha))
    assert found.count @ found.standard_error**2 / 500 == pytest.approx(found.overall**2)
    assert not found.is_thin


def test_two_parts_give_the_differences_of_thorndike() -> None:
    parts = simulated().reshape(500, 2, 6).sum(axis=2).astype(float)

    found = feldt_qualls_errors(parts)

    difference = parts[:, 0] - parts[:, 1]
    difference -= difference.mean()
    for at, score in enumerate(found.score):
        of_score = difference[parts.sum(axis=1) == score]
        assert found.standard_error[at] == pytest.approx(np.sqrt(np.mean(of_score**2)))


def test_the_polynomial_is_the_weighted_least_squares_one() -> None:
    found = feldt_qualls_errors(simulated().reshape(500, 4, 3).sum(axis=2), degree=2)

    expected = np.polyval(
        np.polyfit(found.score, found.standard_error**2, 2, w=np.sqrt(found.count)), found.score
    )
    assert_allclose(found.smoothed, np.sqrt(np.maximum(expected, 0)), atol=1e-9)


def test_parts_without_any_difference_have_no_error() -> None:
    assert feldt_qualls_errors([[1, 1], [1, 1]]).smoothed.tolist() == [0]


def test_the_error_given_ability_is_the_spread_of_repeated_tests() -> None:
    items = Items.concatenate(
        [
            Items.dichotomous([1.0, 1.5], [0.0, -0.5], c=[0.0, 0.2]),
            Items.graded([1.2], [[-1.0, 0.3, 1.0]]),
        ]
    )
    rng = np.random.default_rng(1)

    found = ability_errors(items, [-1.0, 0.7])

    chance = items.probability([-1.0, 0.7])
    for point in range(2):
        draws = sum(
            rng.choice(4, p=chance[point, item] / chance[point, item].sum(), size=100_000)
            for item in range(3)
        )
        # 100,000 draws: standard error of a standard deviation of 1 about 0.003.
        assert found.standard_error[point] == pytest.approx(np.std(draws), abs=0.01)
        assert found.expected_score[point] == pytest.approx(np.mean(draws), abs=0.015)


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="2 items"):
        lord_errors(1)
    with pytest.raises(ValueError, match="kr21"):
        keats_errors(10, reliability=0.7, kr21=0.8)
    with pytest.raises(ValueError, match="at most 1"):
        standard_error_of_measurement(1, 1.1)
    with pytest.raises(ValueError, match="2 persons"):
        feldt_qualls_errors([[1, 2]])
    with pytest.raises(ValueError, match="finite"):
        feldt_qualls_errors([[1, np.nan], [1, 2]])
    with pytest.raises(ValueError, match="degree"):
        feldt_qualls_errors([[1, 2], [2, 1]], degree=0)
