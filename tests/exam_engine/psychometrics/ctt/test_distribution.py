"""Score distributions: equal to enumeration, sums of one, summaries by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from exam_engine.psychometrics.ctt.distribution import score_distribution
from exam_engine.psychometrics.irt.items import Items

NAN = np.nan


def mixed() -> Items:
    return Items.concatenate(
        [
            Items.dichotomous([1.0, 1.5, 0.7], [0.0, 0.5, -1.0], c=[0.0, 0.2, 0.0]),
            Items.partial_credit([0.8], [[-1.0, 0.0, 1.2]]),
            Items.graded([1.3], [[-0.5, 0.9]]),
            Items.nominal([[0.4, 1.1]], [[0.2, -0.3]]),
        ]
    )


def test_the_recursion_equals_enumeration_of_all_patterns() -> None:
    items, theta = mixed(), np.array([-2.0, 0.3, 1.7])
    chance = items.probability(theta)
    expected = np.zeros((3, int(items.highest.sum()) + 1))
    for pattern in product(*(range(most + 1) for most in items.highest)):
        expected[:, sum(pattern)] += np.prod([chance[:, i, k] for i, k in enumerate(pattern)], axis=0)

    found = score_distribution(chance)

    assert_allclose(found, expected, rtol=0, atol=1e-15)
    assert_allclose(found @ np.arange(found.shape[1]), items.expected_score(theta).sum(axis=1))


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
