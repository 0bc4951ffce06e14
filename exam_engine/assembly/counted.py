"""Counts that must be whole although items are fractions: what a plan of sets overlooks where forms take nearly all.

Where the worth of a form is given exactly (its total marks), and the items of one type are all worth the same, the
numbers of items of each type solve an equation in whole numbers. Fractions of items solve it always, whole ones often
not. A programme with whole counts, a few for each form, tells at little cost; one of whole items in the rows of
many items tells it of given sets.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.rows import IntArray, Rows
from exam_engine.assembly.solver import Model

MANY = 12
"""Items of a row from which on it takes part: what rows of fewer ask for seldom stands in the way."""

ROUNDING = 1e-6


def rows_of_many(rows: Rows, n_items: int) -> Rows:
    """Return the rows of many items, and those that say what sets are."""
    items = np.diff(sp.csr_array(rows.matrix[:, :n_items]).indptr)
    with_switches = np.diff(rows.matrix.indptr) > items
    return rows.take(np.flatnonzero((items >= MANY) | with_switches))


def counted_rows(rows: Rows, n_items: int) -> IntArray:
    """Return the rows that count items which are all worth the same in every sum that is given exactly."""
    values = rows.matrix[:, :n_items].toarray()
    many = (values != 0).sum(axis=1) >= MANY
    many &= np.diff(rows.matrix.indptr) == (values != 0).sum(axis=1)
    counts = many & ((values == 0) | (values == 1)).all(axis=1)
    exact = values[many & ~counts & (rows.lower == rows.upper)]
    if not len(exact):
        return np.zeros(0, dtype=np.int64)
    alike = [bool((np.ptp(exact[:, row > 0], axis=1) == 0).all()) for row in values[counts]]
    return np.flatnonzero(counts)[alike].astype(np.int64)


def with_whole_counts(model: Model, rows: Rows, n_items: int, forms: int) -> Model:
    """Return a programme of all forms side by side with more columns: what rows count in each form, whole."""
    at = counted_rows(rows, n_items)
    more, width = len(at) * forms, model.matrix.shape[1]
    counts = sp.csr_array(sp.block_diag([sp.csr_array(rows.matrix[at])] * forms))
    blocks: list[list[sp.csr_array | None]] = [
        [model.matrix, None],
        [counts, sp.csr_array(-sp.eye_array(more))],
    ]
    whole = np.ones(width) if model.integer is None else model.integer
    return Model(
        np.r_[model.cost, np.zeros(more)],
        sp.block_array(blocks, format="csr"),
        np.r_[model.lower, np.zeros(more)],
        np.r_[model.upper, np.zeros(more)],
        np.r_[model.least, np.tile(np.maximum(0.0, np.ceil(rows.lower[at] - ROUNDING)), forms)],
        np.r_[model.most, np.tile(np.minimum(n_items, np.floor(rows.upper[at] + ROUNDING)), forms)],
        np.r_[whole, np.ones(more)],
    )
