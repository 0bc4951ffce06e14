"""Counting scores, percentile ranks and their inverse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.psychometrics.linking.frequencies import Frequencies, JointFrequencies
from exam_engine.psychometrics.linking.score_moments import JointMoments, Moments

counts = st.lists(st.integers(0, 50), min_size=3, max_size=20).filter(lambda each: sum(each) > 0)


@given(counts)
def test_ranks_rise_from_nothing_to_all(each: list[int]) -> None:
    sample = Frequencies(np.array(each, dtype=np.float64))

    ranks = sample.rank(np.linspace(-0.5, sample.highest + 0.5, 50))

    assert ranks[[0, -1]] == pytest.approx([0.0, 1.0])
    assert np.all(np.diff(ranks) >= -1e-15)


@given(counts, st.floats(0, 1))
def test_the_point_of_a_rank_has_that_rank(each: list[int], rank: float) -> None:
    sample = Frequencies(np.array(each, dtype=np.float64))

    assert sample.rank(sample.point(rank)) == pytest.approx(rank, abs=1e-9)


def test_scores_that_nobody_got_leave_the_middle() -> None:
    sample = Frequencies(np.array([2.0, 0.0, 0.0, 2.0]))

    # Half the persons lie below every point from 0.5 to 2.5.
    assert sample.point([0.5]) == pytest.approx([1.5])
    assert sample.point([0.25, 0.75]) == pytest.approx([0.0, 3.0])


def test_counts_are_those_of_the_persons() -> None:
    rng = np.random.default_rng(1)
    x, v = rng.integers(0, 11, 200), rng.integers(0, 5, 200)

    sample = JointFrequencies.of(x, v, highest=10, highest_anchor=4)

    assert sample.n == 200
    assert [sample.form.mean, sample.form.variance] == pytest.approx([x.mean(), x.var()])
    assert sample.counts[3, 2] == np.sum((x == 3) & (v == 2))
    facts = JointMoments.of(JointFrequencies.of(x + v, v, highest=14, highest_anchor=4))
    assert facts.covariance == pytest.approx(np.cov(x + v, v, ddof=0)[0, 1])
    assert facts.correlation == pytest.approx(np.corrcoef(x + v, v)[0, 1])


def test_sampling_covariances_are_those_of_resamples() -> None:
    rng = np.random.default_rng(2)
    v = rng.binomial(8, rng.beta(4, 3, 500))
    sample = JointFrequencies.of(v + rng.binomial(12, 0.2 + 0.06 * v, 500), v, highest=20, highest_anchor=8)
    facts = JointMoments.of(sample)

    drawn = np.stack([JointMoments.of(sample.resampled(rng)).vector for _ in range(1500)])

    # 1,500 resamples: 1.8 % Monte Carlo error of a standard deviation; four of them.
    assert drawn.std(axis=0) == pytest.approx(np.sqrt(np.diag(facts.sampling)), rel=0.075)
    assert np.corrcoef(drawn.T) == pytest.approx(
        facts.sampling / np.sqrt(np.outer(np.diag(facts.sampling), np.diag(facts.sampling))), abs=0.11
    )


def test_normal_sampling_covariances_are_those_of_normal_scores() -> None:
    rng = np.random.default_rng(3)
    covariance = np.array([[4.0, 1.5], [1.5, 1.0]])
    facts = JointMoments.normal(
        n=400, highest=20, mean=10, sd=2.0, anchor_mean=5, anchor_sd=1.0, covariance=1.5
    )
    drawn = []
    for _ in range(1500):
        x, v = rng.multivariate_normal([10, 5], covariance, 400).T
        drawn.append([x.mean(), v.mean(), x.var(), v.var(), np.cov(x, v, ddof=0)[0, 1]])

    assert np.std(drawn, axis=0) == pytest.approx(np.sqrt(np.diag(facts.sampling)), rel=0.075)


def test_what_are_no_scores_is_refused() -> None:
    with pytest.raises(ValueError, match="whole numbers from 0 to 4"):
        Frequencies.of([1.5], highest=4)
    with pytest.raises(ValueError, match="whole numbers from 0 to 4"):
        Frequencies.of([5], highest=4)
    with pytest.raises(ValueError, match="whole numbers"):
        Frequencies.of([np.nan], highest=4)
    with pytest.raises(ValueError, match="at least one person"):
        Frequencies.of([], highest=4)
    with pytest.raises(ValueError, match="one entry a person"):
        JointFrequencies.of([1, 2], [1], highest=4, highest_anchor=2)
    with pytest.raises(ValueError, match="not negative"):
        Frequencies(np.array([1.0, -1.0]))
    with pytest.raises(ValueError, match="two persons who differ"):
        Moments.of(Frequencies.of([2, 2], highest=4))
    with pytest.raises(ValueError, match="correlate positively"):
        JointMoments.of(JointFrequencies.of([0, 1], [1, 0], highest=4, highest_anchor=2))
