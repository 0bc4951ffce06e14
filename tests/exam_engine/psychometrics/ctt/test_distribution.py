"""Score distributions: equal to enumeration, sums of one, summaries by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import kurtosis, skew

from exam_engine.psychometrics.ctt.distribution import score_distribution, summarise_scores
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


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60))
def test_a_summary_agrees_with_counting(scores: list[int]) -> None:
    values = np.array(scores)

    found = summarise_scores(values, highest=12)

    assert found.count.tolist() == [scores.count(score) for score in range(13)]
    for score in range(13):
        rank = 100 * (np.sum(values < score) + np.sum(values == score) / 2) / values.size
        assert found.percentile_rank[score] == pytest.approx(rank)
    assert found.mean == pytest.approx(values.mean())
    if len(set(scores)) == 1:
        assert np.isnan([found.skewness, found.kurtosis]).all()
        return
    assert found.skewness == pytest.approx(skew(values), nan_ok=True)
    assert found.kurtosis == pytest.approx(kurtosis(values, fisher=False), nan_ok=True)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.floats(0.5, 99.5))
def test_the_percentile_undoes_the_share_below(scores: list[int], percent: float) -> None:
    found = summarise_scores(scores, highest=12)

    point = float(found.percentile([percent])[0])

    # The share below a point when every score k is spread evenly over k ± 1/2.
    below = np.mean(np.clip(point - (np.array(scores) - 0.5), 0, 1))
    assert 100 * below == pytest.approx(percent, abs=1e-6)


def test_scores_out_of_range_are_refused() -> None:
    for bad in ([5], [-1], [0.5], [np.nan], []):
        with pytest.raises(ValueError, match=r"whole numbers from 0 to 4|not empty"):
            summarise_scores(bad, highest=4)
    with pytest.raises(ValueError, match="sum positive"):
        summarise_scores([1], highest=4, weights=[0])
    with pytest.raises(ValueError, match="between 0 and 100"):
        summarise_scores([1], highest=4).percentile([100])
    one = summarise_scores([2], highest=4)
    assert np.isnan(one.standard_deviation)
    assert one.is_thin
