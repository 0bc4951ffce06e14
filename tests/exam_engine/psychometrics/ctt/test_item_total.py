"""Item–total plots: shares by score, smoothed as the naive formula does."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.ctt.item_total import item_total_curves


def responses(n: int, size: int) -> np.ndarray:
    rng = np.random.default_rng(7)
    return (rng.random((n, size)) < 1 / (1 + np.exp(-rng.normal(size=(n, 1))))).astype(int)


def test_curves_are_the_naive_kernel_average() -> None:
    matrix = responses(60, 6)
    matrix[:, 5] *= 2
    total = matrix.sum(axis=1)

    found = item_total_curves(matrix, highest=2, bandwidth=1.3)

    for at, point in enumerate(found.point):
        weight = np.exp(-0.5 * ((total - point) / 1.3) ** 2)
        share = matrix / [1, 1, 1, 1, 1, 2]
        mean = weight @ share / weight.sum()
        error = np.sqrt((weight @ (share - mean) ** 2 / weight.sum()) * (weight @ weight) / weight.sum() ** 2)
        assert_allclose(found.smoothed[at], mean)
        assert_allclose(found.standard_error[at], error)
    for score, count, shares in zip(found.score, found.count, found.proportion, strict=True):
        assert count == np.sum(total == score)
        assert_allclose(shares, share[total == score].mean(axis=0))


def test_the_default_bandwidth_is_ramsays_and_long_tests_get_fewer_points() -> None:
    matrix = responses(400, 300)

    found = item_total_curves(matrix)

    assert found.bandwidth == pytest.approx(1.1 * matrix.sum(axis=1).std() * 400**-0.2)
    assert found.point.size == 201
    assert np.all((found.smoothed >= 0) & (found.smoothed <= 1))


def test_persons_without_a_raw_score_are_left_out_and_counted() -> None:
    found = item_total_curves([[1, 0], [1, -1], [1, 1]])

    assert found.n_left_out == 1
    assert found.count.tolist() == [1, 1]
    with pytest.raises(ValueError, match="every item"):
        item_total_curves([[1, -1]])
    with pytest.raises(ValueError, match="positive"):
        item_total_curves([[1, 1]], bandwidth=0)


def test_a_gap_without_persons_is_bridged() -> None:
    found = item_total_curves([[0, 0], [50, 50]], highest=50, bandwidth=0.5)

    assert np.all(np.isfinite(found.smoothed))
    assert found.smoothed[10].tolist() == [0, 0]
