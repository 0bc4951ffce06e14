"""Changes of a form that keep every rule only together: pairs of swaps, and pairs of such pairs.

A swap that breaks a rule is paired with those that make it good. Pairs are looked at where no single swap helps any
more, pairs of pairs where no pair does: millions of changes at the cost of some matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exam_engine.assembly.moves import Moves
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray

FIRST_LOOK, LATER_LOOK = 32, 256
"""Pairs checked together until one keeps all rows."""

MOST_CHECKS = 5000

Costs = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Changes:
    """Changes of one form: the items that go and come, (n, n_swaps), and what that does to the rows of ``at``.

    ``room`` says what these rows may change by, (2, n_rows); ``change`` is (n, n_rows).
    """

    gone: IntArray
    come: IntArray
    change: FloatArray
    room: FloatArray

    def take(self, index: npt.NDArray[np.integer]) -> Changes:
        """Return some of the changes."""
        return Changes(self.gone[index], self.come[index], self.change[index], self.room)

    def with_(self, other: Changes) -> Changes:
        """Return each change together with one of another list."""
        return Changes(
            np.hstack([self.gone, other.gone]),
            np.hstack([self.come, other.come]),
            self.change + other.change,
            self.room,
        )

    def keeps(self) -> BoolArray:
        """Whether all rows are kept and no item is named twice, shape (n,)."""
        kept = ((self.change >= self.room[0]) & (self.change <= self.room[1])).all(axis=1)
        for items in (self.gone, self.come):
            ordered = np.sort(items, axis=1)
            kept &= (ordered[:, 1:] != ordered[:, :-1]).all(axis=1)
        return np.asarray(kept)

    def partners(self) -> BoolArray:
        """Whether two changes together keep the row that either breaks first, shape (n, n)."""
        good = np.ones((len(self.gone), len(self.gone)), dtype=bool)
        broken = (self.change < self.room[0]) | (self.change > self.room[1])
        one = np.flatnonzero(broken.any(axis=1))
        if not len(one):
            return good
        row = np.argmax(broken[one], axis=1)
        after = self.change[one, row][:, None] + self.change[:, row].T
        good[one] = (after >= self.room[0, row][:, None]) & (after <= self.room[1, row][:, None])
        return good & good.T


def changes(moves: Moves, form: BoolArray, gone: IntArray, come: IntArray) -> Changes:
    """Return swaps of items of a form, (n,), as changes; rows that four of them keep, whichever they are, left out."""
    rows, change = moves.changes(gone[:, None], come[:, None])
    room = np.stack([moves.lower[rows], moves.upper[rows]]) - moves.activity(form)[rows]
    tight = np.flatnonzero((4 * change.min(axis=0) < room[0]) | (4 * change.max(axis=0) > room[1]))
    return Changes(gone[:, None], come[:, None], change[:, tight], room[:, tight])


def first_kept(all_: Changes, first: IntArray, second: IntArray) -> Changes | None:
    """Return the first of the pairs that keeps all rows."""
    begin, end = 0, FIRST_LOOK
    while begin < min(len(first), MOST_CHECKS):
        pair = all_.take(first[begin:end]).with_(all_.take(second[begin:end]))
        kept = np.flatnonzero(pair.keeps())
        if len(kept):
            return pair.take(kept[:1])
        begin, end = end, end + LATER_LOOK
    return None
