"""Honest rooms, scores and times are rarely flagged, whatever the index; the same seed gives the same rates."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.forensics.errors.rates import ErrorRate
from exam_engine.psychometrics.forensics.errors.rooms import similarity_errors
from exam_engine.psychometrics.forensics.errors.scores import change_errors, jump_errors, preknowledge_errors
from exam_engine.psychometrics.forensics.errors.times import effort_errors, time_errors
from exam_engine.psychometrics.forensics.jumps import gain_line
from exam_engine.psychometrics.forensics.option_model import draw_answers, option_probabilities
from exam_engine.psychometrics.forensics.pairs import Index, Scope
from exam_engine.psychometrics.forensics.rapid_guessing import normative_thresholds
from exam_engine.psychometrics.forensics.response_time import TimeModel
from exam_engine.psychometrics.forensics.wrong_to_right import UsualChanges
from exam_engine.psychometrics.irt.items import Items


def dichotomous(n_items: int) -> Items:
    rng = np.random.default_rng(1)
    return Items.dichotomous(rng.lognormal(0.1, 0.3, n_items), rng.normal(-0.3, 1, n_items))


def room_of(n_persons: int, n_items: int) -> tuple[Room, Items]:
    """Return an honest room whose wrong answers share by popularity."""
    rng, items = np.random.default_rng(2), dichotomous(n_items)
    blank = Room.of(rng.integers(0, 4, (n_persons, n_items)), np.zeros(n_items, int))
    chance = option_probabilities(blank, items, rng.normal(0, 1, n_persons))
    return draw_answers(blank, chance, rng=rng), items


def check(rates: tuple[ErrorRate, ...], bounds: dict[str, tuple[float, float]]) -> None:
    """Assert that the rate of each index lies within its bounds, allowing three Monte Carlo errors."""
    assert [rate.index for rate in rates] == list(bounds)
    for rate in rates:
        low, high = bounds[rate.index]
        assert low - 3 * rate.rate_error < rate.rate < high + 3 * rate.rate_error, rate
        assert rate.room_low < 0.1, rate


def test_similarity_keeps_its_level_with_abilities_estimated_anew() -> None:
    room, items = room_of(60, 40)

    rates = similarity_errors(room, items, rng=np.random.default_rng(3), indices=list(Index), replications=12)

    # Estimating abilities from the same answers, and counts, make every index cautious at 40 items.
    check(rates, {str(index): (0.002, 0.05) for index in Index})


def test_similarity_uses_the_pairs_and_the_threshold_asked_for() -> None:
    room, items = room_of(40, 40)
    scope = Scope(pairs=[[0, 1], [2, 3], [4, 9]], level=0.2, correction="benjamini_hochberg")

    first, second = (
        similarity_errors(
            room, items, rng=np.random.default_rng(4), indices=["gbt", "omega"], scope=scope, replications=5
        )
        for _ in range(2)
    )

    assert first == second
    assert [rate.n_tests for rate in first] == [15, 30]
    assert first[0].level == 0.2


def test_pre_knowledge_keeps_its_level() -> None:
    rates = preknowledge_errors(
        dichotomous(60),
        np.full((300, 60), True),
        np.arange(60) < 20,
        rng=np.random.default_rng(5),
        mean=0.4,
        variance=0.8,
        replications=12,
    )

    check(
        rates,
        {
            "predictive": (0.02, 0.05),
            "score": (0.035, 0.07),
            "likelihood": (0.04, 0.065),
            "person_functioning": (0.04, 0.07),
        },
    )


def test_changed_answers_keep_their_level() -> None:
    rng = np.random.default_rng(6)
    scores = rng.integers(-1, 2, (400, 60))

    rates = change_errors(
        dichotomous(60),
        scores,
        rng.random((400, 60)) < 0.1,
        np.arange(400) // 25,
        rng=rng,
        usual=UsualChanges(0.05, 0.02, 400, 0.0, True, ()),
        replications=12,
    )

    names = ["erasure", "erasure_index", "group_erasure_index", "wrong_to_right", "group_wrong_to_right"]
    check(rates, dict.fromkeys(names, (0.005, 0.055)))


def time_model() -> TimeModel:
    zero = np.zeros(40)
    beta = np.linspace(3.5, 4.5, 40)
    return TimeModel(beta, zero, zero + 2.0, zero, 0.09, 0.0, np.full(40, 1), 0.0, True, 1, 0.0, ())


def test_times_keep_their_level() -> None:
    rng = np.random.default_rng(7)
    seconds = np.where(rng.random((300, 40)) < 0.1, np.nan, 60.0)

    rates = time_errors(
        time_model(),
        seconds,
        rng=rng,
        is_correct=rng.random((300, 40)) < 0.6,
        compromised=np.arange(40) < 15,
        replications=12,
    )

    near = (0.04, 0.06)
    check(rates, {"person_fit": near, "residual": near, "fast_and_correct": (0.005, 0.05)})


def test_working_persons_seldom_fall_below_the_limit_of_effort() -> None:
    rng = np.random.default_rng(8)
    seconds = np.full((200, 40), 60.0)

    (low,) = effort_errors(
        time_model(), seconds, normative_thresholds(seconds).seconds, rng=rng, replications=5
    )
    (high,) = effort_errors(time_model(), seconds, np.full(40, 50.0), rng=rng, replications=5)

    assert low.flag_rate < 0.001
    assert high.flag_rate > 0.5


@pytest.mark.parametrize("between_sd", [0.0, 0.15])
def test_gains_keep_their_level(between_sd: float) -> None:
    rng = np.random.default_rng(9)
    first = rng.normal(0, 1, 400)
    line = gain_line(first, 0.8 * first + rng.normal(0, 0.5, 400))

    rates = jump_errors(line, first, np.arange(400) // 20, rng=rng, between_sd=between_sd, replications=60)

    check(rates, {"gain": (0.045, 0.055), "group_gain": (0.03, 0.06)})


def test_times_of_other_items_are_refused() -> None:
    with pytest.raises(ValueError, match="40 columns"):
        time_errors(time_model(), np.full((20, 3), 5.0), rng=np.random.default_rng(1))
