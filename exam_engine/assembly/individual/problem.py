"""A compiled specification as the walk over forms needs it: rows over the items alone.

Switches of the program follow from the items wherever a switch says "some item of these is in the form": it is on as
soon as one of them is. So a swap may cover another value or leave a set, and the rows that only tie a switch to its
items fall away. A switch of another meaning stays as it was in the form that the walk began with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.compile import Program
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray, Rows

SLACK = 1e-9
"""Rounding of sums that a bound forgives."""


SINGLE = 2
"""Of a set with a larger minimum no single swap makes a form enter or leave it."""

HELD_TOGETHER = 0.2
"""Unit of the row that holds a set together: small, so that it costs much to break."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """Items of a set of which at least ``least`` are in a form that uses it."""

    items: IntArray
    least: int


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows of one form over items and switches, in usual coefficients, and targets in units of their tolerance.

    ``items`` (n_items, n_rows) and ``switches`` (n_switches, n_rows) hold the coefficients, ``groups`` (n_items,
    n_switches) says which items turn a switch on. A row is kept when its sum is at most ``half`` (n_rows,) from
    ``middle`` (n_rows,), which forgives rounding. ``weights`` (n_items, n_targets) and ``goal`` (n_targets,) are
    divided by the tolerance: a form is near enough when ``|weights[form].sum(axis=0) - goal|`` is at most 1.
    ``bundles`` are the sets that no single swap enters or leaves; ``still`` (n_items,) items that no single swap moves.
    """

    items: sp.csr_array
    switches: sp.csr_array
    groups: sp.csr_array
    follows: BoolArray
    middle: FloatArray
    half: FloatArray
    weights: FloatArray
    goal: FloatArray
    bundles: tuple[Bundle, ...]
    still: BoolArray

    @property
    def size(self) -> int:
        """Number of items."""
        return int(self.items.shape[0])

    def excess(self, off: FloatArray, row: npt.NDArray[np.integer] | slice = slice(None)) -> FloatArray:
        """Return how far sums outside their rows are; ``off`` (…, n_rows) is what they are from the middle."""
        return np.asarray(np.maximum(np.abs(off) - self.half[row], 0.0))


def make_problem(program: Program, rows: Rows, n_rules: int) -> Problem:
    """Return the problem of a program whose targets all have a tolerance.

    Parameters
    ----------
    program : Program
    rows : Rows
        The program's rows, with the cells of parallel rules fixed.
    n_rules : int
        Rows of owners from here on are tolerances of targets.
    """
    n, matrix = program.size, rows.matrix
    groups, tying = _groups(program, rows)
    aims = program.aims
    least = np.asarray(matrix.minimum(0).sum(axis=1)).ravel()
    most = np.asarray(matrix.maximum(0).sum(axis=1)).ravel()
    open_ = (least < rows.lower - SLACK) | (most > rows.upper + SLACK)
    chosen = np.flatnonzero(open_ & ~tying & (rows.owner < n_rules))
    part = rows.take(chosen)
    by_column = sp.csr_array(part.matrix.T)
    entries = np.maximum(np.diff(part.matrix.indptr), 1)
    unit = np.asarray(abs(part.matrix).sum(axis=1)).ravel() / entries
    unit = np.where(_holds_together(part, n), HELD_TOGETHER, np.where(unit > 0, unit, 1.0))
    # Beyond what can be, a bound is as good as none, and a row with two bounds needs but one comparison.
    lower = np.maximum(part.lower, (least - 1.0)[chosen])
    upper = np.minimum(part.upper, (most + 1.0)[chosen])
    lower, upper = lower - SLACK * (1.0 + np.abs(lower)), upper + SLACK * (1.0 + np.abs(upper))
    in_units = sp.csr_array(by_column @ sp.diags_array(1.0 / unit))
    bundles = _bundles(program, rows)
    still = np.zeros(n, dtype=bool)
    for bundle in bundles:
        still[bundle.items] |= bundle.least == len(bundle.items)
    follows = np.asarray(groups.sum(axis=0)).ravel() > 0
    return Problem(
        items=sp.csr_array(in_units[:n]),
        switches=sp.csr_array(in_units[n:]),
        groups=groups,
        follows=follows,
        middle=(lower + upper) / 2.0 / unit,
        half=(upper - lower) / 2.0 / unit,
        weights=np.ascontiguousarray((aims.weights[:, :n] / aims.tolerance[:, None]).T),
        goal=aims.low / aims.tolerance,
        bundles=bundles,
        still=still,
    )


def _holds_together(rows: Rows, n: int) -> BoolArray:
    """Return which rows say that so many items of a set are there when its switch is on."""
    matrix = sp.csr_array(rows.matrix[:, n:])
    least = np.asarray(matrix.minimum(0).sum(axis=1)).ravel()
    return np.asarray((least < -SINGLE) & (rows.lower == 0.0) & (np.diff(matrix.indptr) == 1))


def _bundles(program: Program, rows: Rows) -> tuple[Bundle, ...]:
    columns = sp.csc_array(rows.matrix[:, program.size :])
    found = []
    for switch, items in program.bundles:
        least = -int(columns[:, [switch - program.size]].min())
        if least > SINGLE or least == len(items) > 1:
            found.append(Bundle(items, least))
    return tuple(found)


def _groups(program: Program, rows: Rows) -> tuple[sp.csr_array, BoolArray]:
    """Return which items turn which switch on, and the rows that say nothing else."""
    n, matrix = program.size, rows.matrix
    tying = np.zeros(rows.count, dtype=bool)
    turned_on_by: dict[int, set[int]] = {}
    covers: list[tuple[int, int, set[int]]] = []
    for r in np.flatnonzero(np.diff(matrix.indptr) > 1).tolist():
        span = slice(matrix.indptr[r], matrix.indptr[r + 1])
        places, values = matrix.indices[span], matrix.data[span]
        is_switch = places >= n
        if is_switch.sum() != 1 or values[is_switch][0] != -1.0 or not (values[~is_switch] == 1.0).all():
            continue
        switch, items = int(places[is_switch][0]) - n, set(places[~is_switch].tolist())
        if len(items) == 1 and rows.upper[r] == 0.0 and np.isneginf(rows.lower[r]):
            turned_on_by.setdefault(switch, set()).update(items)
            tying[r] = True
        elif rows.lower[r] == 0.0 and np.isposinf(rows.upper[r]):
            covers.append((r, switch, items))
    for r, switch, items in covers:
        tying[r] = turned_on_by.setdefault(switch, items) == items
    at = np.array([(i, s) for s, some in turned_on_by.items() for i in sorted(some)], dtype=np.int64)
    at = at.reshape(-1, 2)
    shape = (n, program.switches)
    return sp.csr_array((np.ones(len(at)), (at[:, 0], at[:, 1])), shape=shape), tying
