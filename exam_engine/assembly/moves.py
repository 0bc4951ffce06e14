"""Which swaps of items keep every rule of a form: all of them at once, with one matrix product.

A swap changes a row of zeros and ones by −1, 0 or 1, so that only rows at a bound can forbid it; they do so for every
item that comes and is in the row unless the item that goes is in it, too, and the other way round at a lower bound.
Rows of few other values, such as marks, are compared value by value, the rest pair by pair.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.compile import BoolArray, IntArray, Rows
from exam_engine.assembly.pool import FloatArray

SLACK = 1e-9

FEW_VALUES = 16
"""Different values of a row up to which it is compared value by value."""

Counts = npt.NDArray[np.float32]


class Moves:
    """The rows of a form (width columns, of which the first ``n_items`` are items), ready for questions about swaps."""

    def __init__(self, rows: Rows, n_items: int) -> None:
        self.by_column = sp.csr_array(rows.matrix.T)
        self.lower, self.upper = rows.lower - SLACK, rows.upper + SLACK
        items = sp.csr_array(rows.matrix[:, :n_items])
        self.other = np.unique(np.repeat(np.arange(rows.count), np.diff(items.indptr))[items.data != 1.0])
        self.binary = np.ones(rows.count, dtype=bool)
        self.binary[self.other] = False
        levels = [
            np.unique(np.r_[0.0, items.data[items.indptr[r] : items.indptr[r + 1]]]) for r in self.other
        ]
        few = [k for k, values in enumerate(levels) if len(values) <= FEW_VALUES]
        self.wide = np.setdiff1d(np.arange(len(levels)), few)
        self.level = np.concatenate([np.zeros(0), *(levels[k] for k in few)])
        """Values of the rows of few, one row after the other, and which of the other rows each belongs to."""
        self.level_of = np.repeat(np.array(few, dtype=np.int64), [len(levels[k]) for k in few])

    def activity(self, form: BoolArray) -> FloatArray:
        """Return the value of each row for a form, shape (n_rows,)."""
        _, row, value = self._entries(np.flatnonzero(form))
        return np.asarray(np.bincount(row, value, len(self.lower)), dtype=np.float64)

    def broken(self, form: BoolArray, gone: IntArray, come: IntArray) -> Counts:
        """Return how many rows each swap breaks, shape (n_gone, n_come)."""
        activity = self.activity(form)
        full = self.binary & (activity + 1.0 > self.upper)
        bare = self.binary & (activity - 1.0 < self.lower)
        leaving, coming = self._entries(gone), self._entries(come)
        # A full row is broken by what comes, unless something of it goes; a bare row the other way round.
        tight = full.astype(np.float64) + bare
        shared = np.flatnonzero((tight > 0) & self._touched(leaving[1]) & self._touched(coming[1]))
        goes, comes = self._dense(leaving, shared, len(gone)), self._dense(coming, shared, len(come))
        left = [
            -goes * tight[shared],
            np.bincount(leaving[0], bare[leaving[1]], len(gone))[:, None],
            np.ones((len(gone), 1)),
        ]
        right = [
            comes,
            np.ones((len(come), 1)),
            np.bincount(coming[0], full[coming[1]], len(come))[:, None],
        ]
        out = self._dense(leaving, self.other, len(gone))
        into = self._dense(coming, self.other, len(come))
        low, high = (end[self.other] - activity[self.other] for end in (self.lower, self.upper))
        if len(gone) and len(come):
            risky = (into.max(axis=0) - out.min(axis=0) > high) | (into.min(axis=0) - out.max(axis=0) < low)
        else:
            risky = np.zeros(len(self.other), dtype=bool)
        at = np.flatnonzero(risky[self.level_of])
        row, value = self.level_of[at], self.level[at]
        change = value - out[:, row]
        left.append((change < low[row]) | (change > high[row]))
        right.append(into[:, row] == value)
        product = np.column_stack(left).astype(np.float32) @ np.column_stack(right).astype(np.float32).T
        count: Counts = np.asarray(product)
        for r in self.wide[risky[self.wide]].tolist():
            count += into[:, r] > (out[:, r] + high[r])[:, None]
            count += into[:, r] < (out[:, r] + low[r])[:, None]
        return count

    def fits(self, form: BoolArray, gone: IntArray, come: IntArray) -> BoolArray:
        """Return whether the form keeps its rows after each of some exchanges of items, (n_changes, n_swaps)."""
        rows, change = self.changes(gone, come)
        after = self.activity(form)[rows] + change
        kept = (after >= self.lower[rows]) & (after <= self.upper[rows])
        return np.asarray((kept | (change == 0)).all(axis=1))

    def changes(self, gone: IntArray, come: IntArray) -> tuple[IntArray, FloatArray]:
        """Return the rows that some exchanges of items touch, and how each changes them, shape (n_changes, n_rows)."""
        many, at_once = gone.shape
        item, row, value = self._entries(np.concatenate([gone.ravel(), come.ravel()]))
        rows = np.flatnonzero(self._touched(row))
        place = np.zeros(len(self.lower), dtype=np.int64)
        place[rows] = np.arange(len(rows))
        at = item % gone.size // at_once * len(rows) + place[row]
        change = np.bincount(at, np.where(item < gone.size, -value, value), many * len(rows))
        return rows, np.asarray(change, dtype=np.float64).reshape(many, len(rows))

    def _entries(self, columns: npt.NDArray[np.integer]) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the entries of some columns: place of the column among them, row, value."""
        matrix = self.by_column
        starts, counts = matrix.indptr[columns], matrix.indptr[columns + 1] - matrix.indptr[columns]
        which = np.repeat(np.arange(len(columns)), counts)
        at = np.arange(len(which)) + np.repeat(starts - np.cumsum(counts) + counts, counts)
        return which, matrix.indices[at], matrix.data[at]

    def _touched(self, rows: IntArray) -> BoolArray:
        touched = np.zeros(len(self.lower), dtype=bool)
        touched[rows] = True
        return touched

    def _dense(self, entries: tuple[IntArray, IntArray, FloatArray], rows: IntArray, many: int) -> FloatArray:
        """Return the values of some columns in some rows, shape (many, n_rows)."""
        which, row, value = entries
        place = np.full(len(self.lower), -1)
        place[rows] = np.arange(len(rows))
        at = np.flatnonzero(place[row] >= 0)
        dense = np.zeros((many, len(rows)))
        dense[which[at], place[row[at]]] = value[at]
        return dense
