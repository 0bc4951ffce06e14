"""Counting false flags over simulated rooms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from exam_engine.psychometrics.forensics.errors.rates import Trial, error_rates, trial_of


def test_rates_and_their_errors_by_hand() -> None:
    rooms = iter([[0.01, 0.04, 0.5, np.nan], [0.2, 0.3, 0.4, 0.9], [0.03, 0.6, 0.7, 0.8]])
    told: list[tuple[int, int]] = []

    (rate,) = error_rates(
        lambda _: {"x": trial_of(next(rooms))},
        rng=np.random.default_rng(1),
        replications=3,
        progress=lambda done, total: told.append((done, total)),
    )

    assert (rate.n_rooms, rate.n_tests, rate.n_flags) == (3, 11, 1)
    assert rate.rate == 3 / 11
    assert rate.rate_error == pytest.approx(np.std([2 / 3, 0, 1 / 4], ddof=1) / np.sqrt(3))
    assert rate.flag_rate == 1 / 11
    assert rate.room_rate == 1 / 3
    interval = binomtest(1, 3).proportion_ci(0.95, method="exact")
    assert (rate.room_low, rate.room_high) == pytest.approx((interval.low, interval.high))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_only_the_small_p_values_are_needed() -> None:
    p = np.random.default_rng(2).random((20, 300)) ** 1.2

    def rates(cut: float, correction: str) -> object:
        rooms = iter(p)

        def trial(_: np.random.Generator) -> dict[str, Trial]:
            room = next(rooms)
            return {"x": Trial(room[room <= cut], 300)}

        return error_rates(trial, rng=np.random.default_rng(1), replications=20, correction=correction)

    for correction in ("none", "bonferroni", "benjamini_hochberg"):
        assert rates(0.05, correction) == rates(1.0, correction)


def test_the_error_says_how_far_the_rate_may_be_off() -> None:
    wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        (rate,) = error_rates(lambda rng: {"x": trial_of(rng.random(50))}, rng=rng, replications=30)
        wrong += abs(rate.rate - 0.05) > 1.96 * rate.rate_error

    # 40 intervals of 95 %: more than 7 misses have a chance of 0.2 %.
    assert wrong <= 7


def test_a_study_can_be_stopped_and_needs_two_rooms() -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    def trial(rng: np.random.Generator) -> dict[str, Trial]:
        return {"x": trial_of(rng.random(5))}

    rng = np.random.default_rng(1)
    with pytest.raises(InterruptedError):
        error_rates(trial, rng=rng, replications=5, progress=stop)
    with pytest.raises(ValueError, match="at least 2"):
        error_rates(trial, rng=rng, replications=1)
    with pytest.raises(ValueError, match="x made no test"):
        error_rates(lambda _: {"x": trial_of([np.nan])}, rng=rng, replications=2)
