"""Prices of rows: a proven bound on what a form can be worth, and which columns are worth a look.

For any prices ``λ`` of the rows, ``max worth @ x`` is at most ``Σ max(r l, r u) + Σ λ⁺ upper + Σ λ⁻ lower`` with the
reduced worth ``r = worth − Aᵀ λ`` (Lagrangian bound; weak duality). Prices of an earlier pick serve a later one: the
bound stays true, and costs one product.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from exam_engine.assembly.compile import Program
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray

Column: TypeAlias = tuple[IntArray, FloatArray]
"""Rows and coefficients."""

SLACK = 1e-9


class Prices:
    """The rows of a program: their values for a form, and what they are worth."""

    def __init__(self, program: Program) -> None:
        rows = program.rows
        self.matrix, self.transposed = sp.csc_array(rows.matrix), sp.csr_array(rows.matrix.T)
        self.lower, self.upper = rows.lower, rows.upper
        self.index, self.coefficient = self.matrix.indices.astype(np.int64), self.matrix.data
        self.equal = np.flatnonzero(self.lower == self.upper)
        apart = self.lower < self.upper
        self.high = np.flatnonzero(apart & np.isfinite(self.upper))
        self.low = np.flatnonzero(apart & np.isfinite(self.lower))

    def column(self, k: int) -> Column:
        """Return the rows of a column, and its coefficients there."""
        part = slice(self.matrix.indptr[k], self.matrix.indptr[k + 1])
        return self.index[part], self.coefficient[part]

    def hold(self, value: FloatArray, rows: IntArray | slice = slice(None)) -> bool:
        """Whether rows keep their bounds; ``value`` (n_rows,) holds those of all rows."""
        now = value[rows]
        return bool(((now >= self.lower[rows] - SLACK) & (now <= self.upper[rows] + SLACK)).all())

    def reduced(self, worth: FloatArray, prices: FloatArray) -> FloatArray:
        """Return what each column is worth beyond the rows it uses, shape (width,)."""
        return np.asarray(worth - self.transposed @ prices)

    def bound(self, reduced: FloatArray, prices: FloatArray, least: FloatArray, most: FloatArray) -> float:
        """Return the most that any form between ``least`` and ``most`` (width,) can be worth."""
        up, down = prices > 0, prices < 0
        rows = float(prices[up] @ self.upper[up] + prices[down] @ self.lower[down])
        return rows + float(np.maximum(reduced * least, reduced * most).sum())

    def solve(self, worth: FloatArray, least: FloatArray, most: FloatArray) -> FloatArray | None:
        """Return the best prices (n_rows,), those of the linear programme; None when it has no solution."""
        open_: IntArray = np.flatnonzero(least < most)
        base = self.matrix @ least
        part = sp.csr_array(self.matrix[:, open_])
        reach = (
            np.asarray(part.maximum(0).sum(axis=1)).ravel(),
            np.asarray(part.minimum(0).sum(axis=1)).ravel(),
        )
        high = self.high[(base + reach[0] > self.upper)[self.high]]
        low = self.low[(base + reach[1] < self.lower)[self.low]]
        found = linprog(  # type: ignore[call-overload]  # the stubs know no sparse matrices
            -worth[open_],
            A_ub=sp.vstack([part[high], -part[low]]),
            b_ub=np.r_[(self.upper - base)[high], (base - self.lower)[low]],
            A_eq=part[self.equal],
            b_eq=(self.lower - base)[self.equal],
            bounds=(0.0, 1.0),
            method="highs-ds",
        )
        if found.status != 0:
            return None
        prices = np.zeros(len(self.lower))
        prices[high] -= found.ineqlin.marginals[: len(high)]
        prices[low] += found.ineqlin.marginals[len(high) :]
        prices[self.equal] -= found.eqlin.marginals
        # Rounding may leave a price of the wrong sign where there is no such bound.
        prices[(prices > 0) & ~np.isfinite(self.upper)] = 0.0
        prices[(prices < 0) & ~np.isfinite(self.lower)] = 0.0
        return prices


def core(
    program: Program, form: BoolArray, reduced: FloatArray, free: BoolArray, slack: float, most: int
) -> IntArray:
    """Return the columns among which a better form is sought.

    A column whose reduced worth speaks by more than ``slack``, the gap, for what it is now keeps its value in every
    better form. Of the others the ``most`` doubtful are taken, and all of a set whose switch is among them.
    """
    doubt = np.where(form, reduced, -reduced)
    near = np.flatnonzero(free & (doubt <= slack))
    if len(near) > most:
        near = near[np.argpartition(doubt[near], most - 1)[:most]]
    chosen = np.zeros(len(form), dtype=bool)
    chosen[near] = True
    for switch, items in program.bundles:
        if chosen[switch]:
            chosen[items] = True
    return np.flatnonzero(chosen & free)
