"""Seats and forms: everybody sits, nobody twice, neighbours have different forms."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.sittings.arranging import RoomPlan, arrange, form_at
from exam_engine.sittings.rules import Component, Duty, SeatsMissing
from exam_engine.sittings.staffing import staffing_gaps


@given(
    st.integers(1, 120),
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 8)), min_size=1, max_size=6),
    st.integers(0, 6),
    st.integers(0, 99),
)
def test_everybody_has_one_seat_or_the_rooms_are_too_small(
    people: int, sizes: list[tuple[int, int]], forms: int, seed: int
) -> None:
    rooms = [RoomPlan(key, seats, per_row) for key, (seats, per_row) in enumerate(sizes)]
    capacity = sum(room.seats for room in rooms)
    if people > capacity:
        with pytest.raises(SeatsMissing):
            arrange(range(people), rooms, forms=forms, seed=seed)
        return

    places = arrange(range(people), rooms, forms=forms, seed=seed)

    assert sorted(place.candidate for place in places) == list(range(people))
    assert len({(place.room, place.seat) for place in places}) == people
    assert all(1 <= place.seat <= rooms[place.room].seats for place in places)
    assert places == arrange(range(people), rooms, forms=forms, seed=seed)


@given(st.integers(2, 8), st.integers(1, 10), st.integers(2, 60), st.integers(0, 8))
def test_neighbours_differ(forms: int, per_row: int, seats: int, offset: int) -> None:
    for seat in range(1, seats + 1):
        mine = form_at(seat, per_row, forms, offset)
        if seat % per_row != 0:
            assert form_at(seat + 1, per_row, forms, offset) != mine
        assert form_at(seat + per_row, per_row, forms, offset) != mine
        if forms >= 4 and seat % per_row != 0:
            assert form_at(seat + per_row + 1, per_row, forms, offset) != mine


def test_forms_are_dealt_out_evenly() -> None:
    places = arrange(range(30), [RoomPlan("a", 30, 6)], forms=2, seed=3)

    assert Counter(place.form for place in places) == {0: 15, 1: 15}


def test_rooms_are_staffed_by_the_published_ratios() -> None:
    enough = {Duty.INVIGILATOR: 2}

    assert staffing_gaps(Component.THEORY, 30, enough) == ()
    assert staffing_gaps(Component.THEORY, 31, enough)[0].needed == 3
    assert staffing_gaps(Component.PRACTICAL, 20, {Duty.EXAMINER: 4})[0].needed == 5
    assert staffing_gaps(Component.PRACTICAL, 10, {Duty.EXAMINER: 3}) == ()
    assert staffing_gaps(Component.THEORY, 0, {}) == ()
