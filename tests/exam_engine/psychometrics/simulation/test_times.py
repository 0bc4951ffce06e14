"""Simulated response times follow the lognormal model."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.simulation.times import draw_speed, draw_times

N = 20_000


def test_log_times_have_mean_and_spread_of_the_model() -> None:
    speed = np.full(N, 0.3)

    times = draw_times(speed, intensity=[4.0, 3.0], discrimination=[2.0, 1.25], rng=np.random.default_rng(1))

    logs = np.log(times.seconds)
    assert logs.mean(axis=0) == pytest.approx([3.7, 2.7], abs=0.03)
    assert logs.std(axis=0) == pytest.approx([0.5, 0.8], rel=0.03)


def test_speed_goes_with_ability_as_asked() -> None:
    rng = np.random.default_rng(1)
    theta = rng.normal(2.0, 3.0, N)

    speed = draw_speed(theta, rng=rng, sd=0.25, correlation=-0.5)

    assert np.corrcoef(theta, speed)[0, 1] == pytest.approx(-0.5, abs=0.03)
    assert speed.std() == pytest.approx(0.25, rel=0.03)
    assert draw_speed([1.0, 1.0], rng=rng, correlation=1.0).tolist() == [0.0, 0.0]


def test_no_time_without_presentation() -> None:
    presented = np.array([[True, False]])

    times = draw_times(
        [0.0],
        intensity=[1.0, 1.0],
        discrimination=[1.0, 1.0],
        rng=np.random.default_rng(1),
        presented=presented,
    )

    assert np.isnan(times.seconds).tolist() == [[False, True]]


def test_what_is_out_of_range_is_refused() -> None:
    rng = np.random.default_rng(1)

    with pytest.raises(ValueError, match="correlation"):
        draw_speed([0.0], rng=rng, correlation=2.0)
    with pytest.raises(ValueError, match="one length"):
        draw_times([0.0], intensity=[1.0], discrimination=[1.0, 1.0], rng=rng)
    with pytest.raises(ValueError, match="positive"):
        draw_times([0.0], intensity=[1.0], discrimination=[0.0], rng=rng)
    with pytest.raises(ValueError, match="mask"):
        draw_times([0.0], intensity=[1.0], discrimination=[1.0], rng=rng, presented=np.ones((2, 1), np.bool_))
