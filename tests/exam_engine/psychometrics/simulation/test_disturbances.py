"""Disturbances touch whom and what they say, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.simulation.disturbances import (
    answer_carelessly,
    copy_answers,
    guess_blindly,
    hurry,
    know_beforehand,
    leave_unreached,
)

N, M = 4_000, 20


def matrix(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.random((N, M)) < 0.1, -1, rng.integers(0, 2, (N, M)))


def test_only_the_end_is_not_reached_and_one_response_stays() -> None:
    before = matrix()

    late = leave_unreached(before, share=0.4, mean_left=5.0, rng=np.random.default_rng(2))

    assert late.persons.mean() == pytest.approx(0.4, abs=0.04)
    assert late.cells[late.persons].sum(axis=1).mean() == pytest.approx(5.0, abs=0.4)
    assert np.all((late.responses >= 0).any(axis=1))
    assert np.array_equal(late.responses[~late.cells], before[~late.cells])
    position = np.arange(M)
    last = np.where(late.responses >= 0, position, -1).max(axis=1)
    first_left = np.where(late.cells, position, M).min(axis=1)
    assert np.all(last < first_left)


def test_guesses_are_right_by_chance() -> None:
    before = matrix()

    guessed = guess_blindly(before, persons=0.5, items=0.6, chance=0.25, rng=np.random.default_rng(2))

    assert guessed.responses[guessed.cells].mean() == pytest.approx(0.25, abs=0.015)
    assert guessed.cells[guessed.persons].mean() == pytest.approx(0.6 * 0.9, abs=0.02)
    assert np.array_equal(guessed.responses[~guessed.cells], before[~guessed.cells])
    assert np.array_equal(guessed.responses < 0, before < 0)


def test_careless_persons_lose_points_and_nobody_else() -> None:
    before = matrix()

    careless = answer_carelessly(before, persons=0.3, slip=0.2, rng=np.random.default_rng(2))

    assert np.all(careless.responses <= before)
    assert np.array_equal(careless.responses[~careless.persons], before[~careless.persons])
    assert careless.cells[careless.persons].mean() == pytest.approx(0.2 * 0.9, abs=0.02)


def test_leaked_items_are_known() -> None:
    before, leaked = matrix(), np.arange(M) < 5

    known = know_beforehand(before, persons=0.2, leaked=leaked, success=0.9, rng=np.random.default_rng(2))

    assert not known.cells[:, ~leaked].any()
    assert np.all(known.responses[known.cells] == 1)
    seen = known.persons[:, None] & leaked & (before >= 0)
    assert known.responses[seen].mean() == pytest.approx(0.95, abs=0.02)


def test_copiers_agree_with_their_source_where_they_copied() -> None:
    before, theta = matrix(), np.random.default_rng(3).normal(size=N)

    copied = copy_answers(before, n_pairs=500, share=0.5, rng=np.random.default_rng(2), ability=theta)

    everybody = np.concatenate([copied.source, copied.copier])
    assert np.unique(everybody).size == 1000
    assert np.all(theta[copied.source] >= theta[copied.copier])
    taken = copied.cells[copied.copier]
    assert np.array_equal(copied.responses[copied.copier][taken], before[copied.source][taken])
    assert np.array_equal(copied.responses[~copied.cells], before[~copied.cells])
    assert taken.mean() == pytest.approx(0.5 * 0.81, abs=0.02)


def test_disturbed_responses_are_quick() -> None:
    seconds = np.full((200, 10), 60.0)
    seconds[0] = np.nan
    cells = np.zeros(seconds.shape, dtype=np.bool_)
    cells[:100] = True

    times = hurry(seconds, cells, rng=np.random.default_rng(2), typical=3.0)

    assert np.median(times[1:100]) == pytest.approx(3.0, rel=0.1)
    assert np.all(np.isnan(times[0]))
    assert np.all(times[100:] == 60.0)


def test_what_is_out_of_range_is_refused() -> None:
    rng, small = np.random.default_rng(1), [[0, 1], [1, 0]]

    with pytest.raises(ValueError, match="share"):
        leave_unreached(small, share=1.5, mean_left=2.0, rng=rng)
    with pytest.raises(ValueError, match="mean_left"):
        leave_unreached(small, share=0.5, mean_left=0.5, rng=rng)
    with pytest.raises(ValueError, match="chance"):
        guess_blindly(small, persons=0.5, items=0.5, chance=2.0, rng=rng)
    with pytest.raises(ValueError, match="one value an item"):
        know_beforehand(small, persons=0.5, leaked=[True], rng=rng)
    with pytest.raises(ValueError, match="need 4 persons, there are 2"):
        copy_answers(small, n_pairs=2, share=0.5, rng=rng)
    with pytest.raises(ValueError, match="shape of seconds"):
        hurry([[1.0]], np.ones((1, 2), dtype=np.bool_), rng=rng)
