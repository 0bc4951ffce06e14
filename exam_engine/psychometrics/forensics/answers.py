"""The chosen options of a room, the key, and the seats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import check_responses

IntArray = NDArray[np.intp]

MAX_OPTIONS = 64
"""Options of an item that are read: enough for every selection from six."""


@dataclass(frozen=True)
class Room:
    """The answers of persons who could have seen each other's work.

    Attributes
    ----------
    answers : ndarray of int8, shape (n_persons, n_items)
        Position of the option chosen, from 0; -1 where the item was not presented or left open. To count two
        open answers as a match, give "left open" an option of its own; where several options may be selected, number
        the selections.
    key : ndarray of int, shape (n_items,)
        Position of the correct option.
    options : ndarray of int, shape (n_items,)
        Options of each item, at least 2.
    """

    answers: NDArray[np.int8]
    key: IntArray
    options: IntArray

    @classmethod
    def of(cls, answers: ArrayLike, key: ArrayLike, *, n_options: ArrayLike | None = None) -> Room:
        """Return the room after checking it.

        Parameters
        ----------
        answers : array-like, shape (n_persons, n_items)
            Option positions 0, 1, …; negative or NaN not presented or left open.
        key : array-like of int, shape (n_items,)
            Position of the correct option.
        n_options : int or array-like of int, shape (n_items,), optional
            Options of each item; by default all have as many as the highest position used tells, at least 2. Say
            how many where items differ: an option that does not exist takes chance from those that do.

        Raises
        ------
        ValueError
            If there are fewer than two persons, an answer or the key is no option, lengths differ, or an item has
            fewer than 2 or more than 64 options.

        Examples
        --------
        >>> Room.of([[0, 1], [0, 2]], key=[0, 1]).is_correct
        array([[ True,  True],
               [ True, False]])
        """
        matrix = check_responses(answers, highest=MAX_OPTIONS - 1)
        right = np.asarray(key)
        if right.shape != (matrix.shape[1],) or right.dtype.kind not in "iu":
            raise ValueError(f"key must hold {matrix.shape[1]} option positions, one an item")
        used = max(2, int(matrix.max()) + 1, int(right.max()) + 1)
        given = np.asarray(used if n_options is None else n_options)
        if given.dtype.kind not in "iu" or given.shape not in ((), right.shape):
            raise ValueError("n_options must be a whole number, or one an item")
        options = np.broadcast_to(given, right.shape).astype(np.intp)
        if options.min() < 2 or options.max() > MAX_OPTIONS:
            raise ValueError(f"an item has from 2 to {MAX_OPTIONS} options")
        beyond = np.flatnonzero((matrix.max(axis=0) >= options) | (right < 0) | (right >= options))
        if beyond.size:
            raise ValueError(
                "options are numbered from 0; an answer or the key is none of the item's, by position of the item: "
                f"{beyond.tolist()}"
            )
        if len(matrix) < 2:
            raise ValueError("a room needs at least two persons")
        return cls(matrix, right.astype(np.intp), options)

    @property
    def n_persons(self) -> int:
        return int(self.answers.shape[0])

    @property
    def n_items(self) -> int:
        return int(self.answers.shape[1])

    @property
    def n_options(self) -> int:
        """Options of the item that has most."""
        return int(self.options.max())

    @property
    def is_answered(self) -> NDArray[np.bool_]:
        """Which items each person answered, shape (n_persons, n_items)."""
        return self.answers >= 0

    @property
    def is_correct(self) -> NDArray[np.bool_]:
        """Which answers are the key, shape (n_persons, n_items)."""
        return np.asarray(self.answers == self.key)

    @property
    def scored(self) -> NDArray[np.int8]:
        """1 correct, 0 wrong, -1 not answered, shape (n_persons, n_items)."""
        return np.where(self.is_answered, self.is_correct, -1).astype(np.int8)

    @property
    def n_wrong(self) -> IntArray:
        """How many of the items answered each person got wrong, shape (n_persons,)."""
        return np.asarray((self.is_answered & ~self.is_correct).sum(axis=1), dtype=np.intp)

    def chosen(self) -> FloatArray:
        """Return 1 for the option chosen, shape (n_persons, n_items · n_options)."""
        marks = self.answers[:, :, None] == np.arange(self.n_options, dtype=np.int8)
        return np.asarray(marks.reshape(self.n_persons, -1), dtype=np.float64)


def check_option_probabilities(room: Room, probabilities: ArrayLike) -> FloatArray:
    """Return the probabilities of a room's options, 0 where the person did not answer.

    Parameters
    ----------
    room : Room
    probabilities : array-like, shape (n_persons, n_items, n_options)
        Rows sum to 1 wherever the person answered; anything elsewhere.

    Raises
    ------
    ValueError
        If the shape differs, a probability is negative or not finite, or a row does not sum to 1.
    """
    try:
        chance = np.asarray(probabilities, dtype=np.float64)
    except ValueError:
        raise ValueError("probabilities must be numbers: persons, items, options") from None
    shape = (room.n_persons, room.n_items, room.n_options)
    if chance.shape != shape:
        raise ValueError(f"probabilities must have shape {shape}: persons, items, options")
    chance = np.where(room.is_answered[:, :, None], chance, 0.0)
    total = chance.sum(axis=2)
    if not np.all(np.isfinite(total)) or np.any(chance < 0):
        raise ValueError("probabilities must be finite and not negative")
    if np.any(np.abs(total - room.is_answered) > 1e-6):
        raise ValueError("the probabilities of the options of an item must sum to 1")
    return chance


def neighbours(
    place: ArrayLike, row: ArrayLike, column: ArrayLike, *, reach_rows: int = 1, reach_columns: int = 1
) -> IntArray:
    """Return the pairs of persons who sat next to each other.

    Parameters
    ----------
    place : array-like, shape (n_persons,)
        Room of each person, any value that can be compared.
    row, column : array-like of int, shape (n_persons,)
        Seat within the room.
    reach_rows, reach_columns : int, default 1
        How many rows and columns away still counts; 1 and 1 are the eight seats around.

    Returns
    -------
    ndarray of int, shape (n_pairs, 2)
        Positions of the two persons, the smaller first, sorted, each pair once.

    Raises
    ------
    ValueError
        If lengths differ, a reach is negative, or two persons have one seat.

    Examples
    --------
    >>> neighbours(["A", "A", "A", "B"], row=[1, 1, 3, 1], column=[1, 2, 1, 1])
    array([[0, 1]])
    """
    rooms, y, x = np.asarray(place), np.asarray(row), np.asarray(column)
    if not rooms.shape == y.shape == x.shape or rooms.ndim != 1:
        raise ValueError("place, row and column must hold one value a person")
    if y.dtype.kind not in "iu" or x.dtype.kind not in "iu" or min(reach_rows, reach_columns) < 0:
        raise ValueError("rows, columns and reaches must be whole numbers, the reaches not negative")
    if not rooms.size:
        return np.empty((0, 2), dtype=np.intp)
    index = np.unique(rooms, return_inverse=True)[1].reshape(-1)
    high, wide = int(np.ptp(y)) + 2 * reach_rows + 1, int(np.ptp(x)) + 2 * reach_columns + 1
    seat = (index * high + (y - y.min() + reach_rows)) * wide + (x - x.min() + reach_columns)
    order = np.argsort(seat, kind="stable")
    taken = seat[order]
    if np.any(np.diff(taken) == 0):
        raise ValueError("two persons have the same seat")
    found: list[IntArray] = []
    for down in range(reach_rows + 1):
        for across in range(-reach_columns if down else 1, reach_columns + 1):
            wanted = seat + down * wide + across
            at = np.minimum(np.searchsorted(taken, wanted), taken.size - 1)
            hit = np.flatnonzero(taken[at] == wanted)
            found.append(np.sort(np.stack([hit, order[at[hit]]], axis=1), axis=1))
    pairs = np.concatenate(found) if found else np.empty((0, 2), dtype=np.intp)
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))], dtype=np.intp)
