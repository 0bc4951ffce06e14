"""Which swaps of items keep every rule of a form: all of them at once, with matrix products.

A swap changes a row of zeros and ones by −1, 0 or 1, so that only rows at a bound can forbid it; they do so for every
item that comes and is in the row unless the item that goes is in it, too, and the other way round at a lower bound.
Rows with other coefficients are compared pair by pair.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.compile import BoolArray, IntArray, Rows
from exam_engine.assembly.pool import FloatArray

SLACK = 1e-9

Counts = npt.NDArray[np.float32]


class Moves:
    """The rows of a form (width columns, of which the first ``n_items`` are items), ready for questions about swaps."""

    def __init__(self, rows: Rows, n_items: int) -> None:
        self.by_column = sp.csr_array(rows.matrix.T)
        items = sp.csr_array(rows.matrix[:, :n_items])
        self.lower, self.upper = rows.lower - SLACK, rows.upper + SLACK
        counts = np.diff(items.indptr)
        ones = np.add.reduceat(np.r_[items.data == 1.0, False], np.minimum(items.indptr[:-1], items.nnz))
        binary = (counts == 0) | (np.where(counts > 0, ones, 0) == counts)
        self.binary, self.other = np.flatnonzero(binary), np.flatnonzero(~binary)
        self.ones = sp.csr_array(items[self.binary].astype(np.float32))
        self.values = sp.csr_array(items[self.other])

    def activity(self, form: BoolArray) -> FloatArray:
        """Return the value of each row for a form, shape (n_rows,)."""
        return np.asarray(self.by_column[np.flatnonzero(form)].sum(axis=0), dtype=np.float64).ravel()

    def broken(self, form: BoolArray, gone: IntArray, come: IntArray) -> Counts:
        """Return how many rows each swap breaks, shape (n_gone, n_come)."""
        activity = self.activity(form)
        count = np.zeros((len(gone), len(come)), dtype=np.float32)
        now = activity[self.binary]
        full = np.flatnonzero(now + 1.0 > self.upper[self.binary])
        bare = np.flatnonzero(now - 1.0 < self.lower[self.binary])
        for tight, enters in ((full, True), (bare, False)):
            if not len(tight):
                continue
            out, into = sp.csr_array(self.ones[tight][:, gone]), sp.csr_array(self.ones[tight][:, come])
            # A full row is broken by what comes, unless something of it goes; a bare row the other way round.
            count += _sums(into)[None, :] if enters else _sums(out)[:, None]
            both = np.flatnonzero((np.diff(out.indptr) > 0) & (np.diff(into.indptr) > 0))
            count -= out[both].toarray().T @ into[both].toarray()
        self._compare(count, activity, gone, come)
        return count

    def _compare(self, count: Counts, activity: FloatArray, gone: IntArray, come: IntArray) -> None:
        """Count, in place, broken rows with coefficients other than 0 and 1."""
        if not len(self.other):
            return
        out, into = self.values[:, gone].toarray(), self.values[:, come].toarray()
        for r, row in enumerate(self.other.tolist()):
            low, high = self.lower[row] - activity[row], self.upper[row] - activity[row]
            if into[r].max() - out[r].min() > high or into[r].min() - out[r].max() < low:
                change = into[r] - out[r][:, None]
                count += (change < low) | (change > high)

    def fits(self, form: BoolArray, delta: sp.csr_array) -> BoolArray:
        """Return whether the form keeps its rows after each change of them, ``delta`` (n_changes, n_rows), sparse."""
        activity = self.activity(form)
        after = activity[delta.indices] + delta.data
        broken = (after < self.lower[delta.indices]) | (after > self.upper[delta.indices])
        change = np.repeat(np.arange(delta.shape[0]), np.diff(delta.indptr))
        return np.asarray(np.bincount(change[broken], minlength=delta.shape[0]) == 0)

    def delta(self, gone: IntArray, come: IntArray) -> sp.csr_array:
        """Return how the rows change when items come for others, shape (n_swaps, n_rows)."""
        return sp.csr_array(self.by_column[come] - self.by_column[gone])


def _sums(matrix: sp.csr_array) -> Counts:
    return np.asarray(matrix.sum(axis=0), dtype=np.float32).ravel()
