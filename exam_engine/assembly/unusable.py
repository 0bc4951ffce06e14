"""Sets of items that no single form can hold as a whole: what fractions of items cannot see.

Half a case of six items fits where at most four are allowed; the whole case does not. Leaving such sets out makes the
bound of the average form tighter, and often proves at once that there are no forms.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray, Rows

TINY = 1e-6


def unusable_columns(rows: Rows, bundles: Sequence[tuple[int, IntArray]]) -> BoolArray:
    """Return the columns of sets that appear whole or not at all and would break a row of any form, shape (width,).

    Parameters
    ----------
    rows : Rows
        Rows of one form.
    bundles : sequence of (int, ndarray)
        Switch and items of each set that is used together.
    """
    width = rows.matrix.shape[1]
    out = np.zeros(width, dtype=bool)
    sets = _whole_sets(rows, bundles)
    if not sets.shape[1] or not rows.count:
        return out
    # The set is in the form; of the rest of each row, the least and the most that it can add.
    negative, positive = sp.csr_array(rows.matrix.minimum(0)), sp.csr_array(rows.matrix.maximum(0))
    value = sp.coo_array(rows.matrix @ sets)
    touched = sp.csr_array((np.ones(value.nnz), (value.row, value.col)), shape=value.shape)
    below, above = negative @ sets, positive @ sets
    row, column = touched.nonzero()
    own = np.asarray(sp.csr_array(value)[row, column]).ravel()
    least = own + _sum(negative)[row] - np.asarray(below[row, column]).ravel()
    most = own + _sum(positive)[row] - np.asarray(above[row, column]).ravel()
    broken = (least > rows.upper[row] + TINY) | (most < rows.lower[row] - TINY)
    hopeless = np.unique(column[broken])
    out[np.flatnonzero(sets[:, hopeless].sum(axis=1))] = True
    return out


def _whole_sets(rows: Rows, bundles: Sequence[tuple[int, IntArray]]) -> sp.csc_array:
    """Return which columns, items and switch, belong to each set that is used as a whole, (width, n_sets)."""
    columns = sp.csc_array(rows.matrix)
    places, starts = [], [0]
    for switch, items in bundles:
        low, high = columns.indptr[switch], columns.indptr[switch + 1]
        if _holds_whole(rows, columns.indices[low:high], columns.data[low:high], len(items)):
            places.append(np.r_[items, switch])
            starts.append(starts[-1] + len(items) + 1)
    index = np.concatenate([np.zeros(0, dtype=np.int64), *places])
    return sp.csc_array((np.ones(len(index)), index, starts), shape=(columns.shape[1], len(places)))


def _holds_whole(rows: Rows, at: npt.NDArray[np.int32], values: FloatArray, size: int) -> bool:
    """Whether a row says that all ``size`` items come with the switch."""
    return bool(((values == -float(size)) & (rows.lower[at] == 0.0)).any())


def _sum(matrix: sp.csr_array) -> FloatArray:
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
