"""Rooms, keys, seats and the chance of each option."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.forensics.answers import (
    Room,
    check_option_probabilities,
    neighbours,
)


def test_open_answers_are_neither_right_nor_wrong() -> None:
    room = Room.of([[0, -1, 2], [0, 1, np.nan]], key=[0, 1, 1])

    assert room.scored.tolist() == [[1, -1, 0], [1, 1, -1]]
    assert room.n_wrong.tolist() == [1, 0]
    assert room.chosen().sum(axis=1).tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("answers", "key", "reason"),
    [
        ([[0, 1]], [0, 1], "two persons"),
        ([[0, 1], [0, 1]], [0], "key must hold 2"),
        ([[0, 1], [0, 1]], [0.0, 1.0], "key must hold 2"),
        ([[0, 1], [0, 1]], [0, -1], r"none of the item's, by position of the item: \[1\]"),
        ([[0, 1], [0, 99]], [0, 1], "whole numbers from 0 to 63"),
    ],
)
def test_what_is_no_room_is_refused(answers: object, key: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Room.of(answers, key)  # type: ignore[arg-type]


def test_options_beyond_those_stated_are_refused() -> None:
    with pytest.raises(ValueError, match=r"position of the item: \[1\]"):
        Room.of([[0, 3], [0, 1]], [0, 1], n_options=3)
    with pytest.raises(ValueError, match=r"position of the item: \[0\]"):
        Room.of([[2, 3], [0, 1]], [0, 1], n_options=[2, 4])
    with pytest.raises(ValueError, match="from 2 to 64"):
        Room.of([[0, 0], [0, 0]], [0, 0], n_options=1)
    with pytest.raises(ValueError, match="or one an item"):
        Room.of([[0, 0], [0, 0]], [0, 0], n_options=[4, 4, 4])


def test_probabilities_must_fit_and_sum_to_one_where_answered() -> None:
    room = Room.of([[0, 1], [0, -1]], [0, 1])
    good = np.full((2, 2, 2), 0.5)
    good[1, 1] = np.nan

    assert check_option_probabilities(room, good)[1, 1].tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="shape"):
        check_option_probabilities(room, good[:1])
    with pytest.raises(ValueError, match="must be numbers"):
        check_option_probabilities(room, [["a"]])
    with pytest.raises(ValueError, match="finite"):
        check_option_probabilities(room, np.full((2, 2, 2), np.nan))
    with pytest.raises(ValueError, match="sum to 1"):
        check_option_probabilities(room, np.full((2, 2, 2), 0.4))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (0, 1), (2, 0), (2, 3)])
def test_neighbours_are_those_within_reach_in_the_same_room(rows: int, columns: int) -> None:
    rng = np.random.default_rng(2)
    seats = rng.permutation([(place, y, x) for place in (3, 5) for y in range(5) for x in range(-2, 4)])[:40]
    expected = {
        (one, other)
        for one in range(40)
        for other in range(one + 1, 40)
        if seats[one, 0] == seats[other, 0]
        and abs(seats[one, 1] - seats[other, 1]) <= rows
        and abs(seats[one, 2] - seats[other, 2]) <= columns
    }

    pairs = neighbours(*seats.T, reach_rows=rows, reach_columns=columns)

    assert {tuple(pair) for pair in pairs.tolist()} == expected
    assert len(pairs) == len(expected)


def test_two_persons_on_one_seat_are_refused() -> None:
    with pytest.raises(ValueError, match="same seat"):
        neighbours([1, 1], [2, 2], [3, 3])
