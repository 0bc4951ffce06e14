"""The distribution of sum scores is that of all patterns, and its table of abilities agrees with them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.scoring import score_distribution, score_eap, sum_score_eap
from tests.exam_engine.psychometrics.irt.scoring.simulated import mixed


def ordered() -> Items:
    return mixed().take(np.arange(7))


def test_the_distribution_is_the_sum_over_all_patterns() -> None:
    items, theta = ordered(), np.array([-1.0, 0.7])

    chance = items.probability(theta)

    found = score_distribution(chance)

    naive = np.zeros((2, int(items.highest.sum()) + 1))
    for pattern in product(*(range(top + 1) for top in items.highest)):
        naive[:, sum(pattern)] += chance[:, np.arange(len(items)), list(pattern)].prod(axis=1)
    assert_allclose(found, naive, atol=1e-14)
    assert_allclose(found.sum(axis=1), 1, atol=1e-14)


def test_without_items_the_score_is_nought() -> None:
    assert score_distribution(np.empty((2, 0, 3))).tolist() == [[1.0], [1.0]]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_a_distribution_sums_to_one_and_has_the_mean_of_the_items(chances: list[float]) -> None:
    right = np.array(chances)

    found = score_distribution(np.stack([1 - right, right], axis=1)[None], max_score=right.size)

    assert found.shape == (1, right.size + 1)
    assert found.sum() == pytest.approx(1)
    assert found[0] @ np.arange(right.size + 1) == pytest.approx(right.sum())


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        score_distribution([[[0.5, 0.6]]])
    with pytest.raises(ValueError, match="shape"):
        score_distribution([[0.5, 0.5]])
    with pytest.raises(ValueError, match="at least 2"):
        score_distribution([[[0.5, 0.5], [0.5, 0.5]]], max_score=1)


def test_under_rasch_the_sum_says_all_that_the_pattern_says() -> None:
    items = Items.dichotomous(np.ones(4), [-1.0, 0.0, 0.5, 2.0])
    patterns = np.array([[0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 1], [1, 0, 1, 1], [1, 1, 1, 1]])

    table, scores = sum_score_eap(items, variance=1.3), score_eap(patterns, items, variance=1.3)

    assert_allclose(table.theta, scores.theta, atol=1e-12)
    assert_allclose(table.se, scores.se, atol=1e-12)


def test_the_table_rises_explains_part_of_the_variance_and_keeps_the_mean() -> None:
    table = sum_score_eap(ordered(), mean=0.4, variance=2.0)

    assert np.all(np.diff(table.theta) > 0)
    assert table.probability.sum() == pytest.approx(1)
    assert table.probability @ table.theta == pytest.approx(0.4, abs=1e-9)
    assert table.probability @ table.se**2 == pytest.approx(2.0 * (1 - table.reliability), abs=1e-8)
    assert 0 < table.reliability < 1


def test_nominal_items_have_no_sum() -> None:
    with pytest.raises(ValueError, match="nominal"):
        sum_score_eap(mixed())
