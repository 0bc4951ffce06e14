"""Summaries of scores, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kurtosis, skew

from exam_engine.psychometrics.ctt.distribution import summarise_scores


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
