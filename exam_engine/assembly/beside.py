"""Rows of items alone, with bounds of their own for each form: what is left of them beside given switches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, Rows

BROKEN = 1e-6


@dataclass(frozen=True, eq=False)
class Bounds:
    """Values of the items in some rows (n_items, n_rows), and the bounds of each form (n_forms, n_rows)."""

    values: FloatArray
    lower: FloatArray
    upper: FloatArray

    def broken(self, sums: FloatArray, forms: int | slice = slice(None)) -> FloatArray:
        """Return by how much sums (…, n_rows) are outside the bounds of forms."""
        low, high = self.lower[forms], self.upper[forms]
        return np.asarray(np.maximum(0.0, np.maximum(low - sums, sums - high)))

    def take(self, rows: npt.NDArray[np.bool_]) -> Bounds:
        """Return some of the rows."""
        return Bounds(self.values[:, rows], self.lower[:, rows], self.upper[:, rows])

    def scaled(self) -> Bounds:
        """Return the same rows in units of what an item adds to them."""
        size = np.abs(self.values)
        unit = size.sum(axis=0) / np.maximum((size > 0).sum(axis=0), 1)
        unit[unit == 0] = 1.0
        return Bounds(self.values / unit, self.lower / unit, self.upper / unit)


def bounds_beside(rows: Rows, switches: BoolArray, n: int) -> Bounds:
    """Return the rows over the items alone, beside the switches (n_forms, n_switches) of each form."""
    beside = (sp.csr_array(rows.matrix[:, n:]) @ switches.T.astype(np.float64)).T
    values = rows.matrix[:, :n].toarray().T
    return Bounds(np.ascontiguousarray(values), rows.lower - beside, rows.upper - beside)


def places(rows: Bounds) -> tuple[BoolArray, BoolArray]:
    """Return which items each form may have, and which it must, as far as single rows say, shape (n_forms, n_items)."""
    counts = ((rows.values == 0.0) | (rows.values == 1.0)).all(axis=0)
    part = rows.take(counts)
    none = part.upper < 1.0 - BROKEN
    allowed = (none.astype(np.float64) @ part.values.T) == 0
    all_ = (part.lower > 0) & (allowed @ part.values <= part.lower + BROKEN)
    given = ((all_.astype(np.float64) @ part.values.T) > 0) & allowed
    return np.asarray(allowed), np.asarray(given)
