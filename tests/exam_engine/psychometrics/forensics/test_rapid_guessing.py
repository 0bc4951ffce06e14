"""Rapid guessing: thresholds, effort, effort-moderated responses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.forensics.rapid_guessing import (
    effort,
    effort_moderated,
    mixture_thresholds,
    normative_thresholds,
)


def test_the_normative_threshold_is_a_tenth_of_the_mean_and_never_above_ten_seconds() -> None:
    seconds = np.array([[30.0, 200.0, np.nan], [50.0, 400.0, np.nan]] * 20)

    thresholds = normative_thresholds(seconds)

    assert thresholds.seconds[:2].tolist() == [4.0, 10.0]
    assert np.isnan(thresholds.seconds[2])
    assert thresholds.is_set.tolist() == [True, True, False]
    assert thresholds.cautions == (Caution.FEW_PERSONS,)
    assert normative_thresholds(seconds, share=0.2, cap=30.0).seconds[:2].tolist() == [8.0, 30.0]


def test_the_valley_between_two_modes_parts_guesses_from_solutions() -> None:
    rng = np.random.default_rng(1)
    guessed = rng.random((1_000, 3)) < [0.1, 0.3, 0.0]
    log_time = np.where(guessed, rng.normal(0.8, 0.4, guessed.shape), rng.normal(4.0, 0.5, guessed.shape))

    thresholds = mixture_thresholds(np.exp(log_time))

    assert thresholds.is_set.tolist() == [True, True, False]
    assert thresholds.cautions == (Caution.NOT_BIMODAL,)
    result = effort(np.exp(log_time), thresholds.seconds)
    assert np.mean(result.is_rapid[:, :2] == guessed[:, :2]) > 0.995
    assert not result.is_rapid[:, 2].any()


def test_one_mode_is_rarely_taken_for_two() -> None:
    rng = np.random.default_rng(2)
    skewed = np.log(rng.gamma(4.0, 15.0, (400, 20)))
    normal = rng.normal(4.0, 0.5, (400, 20))

    found = mixture_thresholds(np.exp(np.concatenate([skewed, normal], axis=1))).is_set

    assert found.sum() <= 1


def test_few_times_set_no_mixture() -> None:
    result = mixture_thresholds(np.exp(np.random.default_rng(3).normal(size=(50, 2))))

    assert not result.is_set.any()
    assert result.cautions == (Caution.FEW_PERSONS,)


@given(st.integers(0, 2**32 - 1))
def test_effort_is_a_share_and_falls_as_thresholds_rise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    seconds = rng.lognormal(3, 1, (8, 5))
    seconds[rng.random(seconds.shape) < 0.2] = np.nan
    bound = rng.lognormal(2, 1, 5)

    low, high = effort(seconds, bound), effort(seconds, bound * 2)

    some = low.n_times > 0
    assert np.all(
        (low.effort[some] >= high.effort[some]) & (high.effort[some] >= 0) & (low.effort[some] <= 1)
    )
    assert np.isnan(low.effort[~some]).all()
    assert not low.is_flagged[~some].any()
    expected = [np.mean([t >= b for t, b in zip(row, bound, strict=True) if t > 0]) for row in seconds[some]]
    assert low.effort[some] == pytest.approx(expected)


def test_rapid_guesses_leave_the_responses() -> None:
    responses = np.array([[1, 0, 2], [-1, 2, 1]])

    kept = effort_moderated(responses, responses == 0, highest=2)

    assert kept.tolist() == [[1, -1, 2], [-1, 2, 1]]


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="share"):
        normative_thresholds([[1.0]], share=0.0)
    with pytest.raises(ValueError, match="2 positive numbers"):
        effort([[1.0, 2.0]], [3.0])
    with pytest.raises(ValueError, match="limit"):
        effort([[1.0, 2.0]], [3.0, 3.0], limit=0.0)
    with pytest.raises(ValueError, match="boolean matrix"):
        effort_moderated([[1, 0]], [[1, 0]])
