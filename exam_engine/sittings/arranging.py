"""Who sits where with which form. Pure: the same seed gives the same arrangement."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from exam_engine.sittings.rules import SeatsMissing

Candidate = TypeVar("Candidate", bound=Hashable)
RoomKey = TypeVar("RoomKey", bound=Hashable)


@dataclass(frozen=True)
class RoomPlan(Generic[RoomKey]):
    """A room to fill: its key, its seats, and how many stand in a row."""

    key: RoomKey
    seats: int
    seats_per_row: int


@dataclass(frozen=True)
class Place(Generic[Candidate, RoomKey]):
    """One candidate's seat (from 1) in a room, and the number of the form (from 0)."""

    candidate: Candidate
    room: RoomKey
    seat: int
    form: int | None


def form_at(seat: int, seats_per_row: int, forms: int, offset: int = 0) -> int:
    """Return the form (from 0) of a seat (from 1), so that neighbours differ.

    With two or three forms the seats to the left and right and in front and behind differ; with four or more
    the diagonal ones do too.
    """
    row, column = divmod(seat - 1, seats_per_row)
    step = 2 if forms >= 4 else 1
    return (column + step * row + offset) % forms


def spread(candidates: int, rooms: Sequence[RoomPlan[RoomKey]]) -> list[int]:
    """Return how many candidates each room takes: filled in order.

    Raises SeatsMissing.
    """
    seats = sum(room.seats for room in rooms)
    if candidates > seats:
        raise SeatsMissing(candidates=candidates, seats=seats)
    counts = []
    left = candidates
    for room in rooms:
        counts.append(min(left, room.seats))
        left -= counts[-1]
    return counts


def arrange(
    candidates: Sequence[Candidate], rooms: Sequence[RoomPlan[RoomKey]], *, forms: int, seed: int
) -> list[Place[Candidate, RoomKey]]:
    """Seat the candidates in random order, room after room, and deal out the forms.

    Parameters
    ----------
    forms : int
        How many forms there are; 0 where there is no paper.
    seed : int
        Kept with the sitting, so that the arrangement can be made again.

    Raises SeatsMissing.
    """
    random = Random(seed)  # noqa: S311  an arrangement needs no secrecy, it needs to be repeatable
    order = list(candidates)
    random.shuffle(order)
    places: list[Place[Candidate, RoomKey]] = []
    start = 0
    for room, count in zip(rooms, spread(len(order), rooms), strict=True):
        offset = random.randrange(forms) if forms else 0
        for seat, candidate in enumerate(order[start : start + count], 1):
            form = form_at(seat, room.seats_per_row, forms, offset) if forms else None
            places.append(Place(candidate, room.key, seat, form))
        start += count
    return places
