"""A last integer programme for forms that swaps cannot bring closer to their targets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.between import form_rows, item_limits
from exam_engine.assembly.compile import BoolArray, Program, Rows
from exam_engine.assembly.improve import close_enough
from exam_engine.assembly.solver import Model, Solution, Work, solve

POLISH_POOL = 1500
"""Largest number of usable items for which the programme of one form is worth its time."""

WORTH = 0.001
"""Deviation beyond `close_enough` that is worth a programme."""

POLISH_NODES = 60

EXACT_NODES = 2000
"""Nodes to prove that a single form is the best there is."""

EXACT = 1e-7


def polish(
    program: Program, rows: Rows, forms: BoolArray, bound: float, work: Work, step: Callable[[int], None]
) -> float:
    """Re-choose, in place, each form (n_forms, width) that is too far off from what the others leave.

    Return the bound, which rises where a single form is proven to be the best, or nearly.
    """
    aims = program.aims
    if not aims.count:
        return bound
    alone = len(forms) == 1 and bool((aims.low != aims.high).any())
    limit = item_limits(program, len(forms))
    switches = np.arange(program.width) >= program.size
    for f in range(len(forms)):
        off = aims.deviation(aims.weights @ forms[f])
        free = np.flatnonzero(forms[f] | (forms.sum(axis=0) < limit) | switches)
        enough = bound + (EXACT if alone else close_enough(program) + WORTH)
        if off <= enough or len(free) > POLISH_POOL or work.used >= work.limit:
            continue
        step(f)
        beside = rows.and_(form_rows(program, np.delete(forms, f, axis=0)))
        if alone:
            better = solve(_model(program, beside, free, bound, off), work, nodes=EXACT_NODES)
            bound = max(bound, min(off, better.bound))
        else:
            aim = bound + close_enough(program) / 2
            better = solve(_model(program, beside, free, aim, off), work, nodes=POLISH_NODES, gap=0.02)
        _take(program, forms, f, free, better)
    return bound


def _take(program: Program, forms: BoolArray, f: int, free: npt.NDArray[np.intp], solution: Solution) -> None:
    """Put a solution in the place of a form when it is nearer."""
    if solution.x is None:
        return
    aims = program.aims
    chosen = np.zeros(program.width, dtype=bool)
    chosen[free[np.round(solution.x[:-1]) > 0.5]] = True
    if aims.deviation(aims.weights @ chosen) < aims.deviation(aims.weights @ forms[f]):
        forms[f] = chosen


def _model(program: Program, rows: Rows, free: npt.NDArray[np.intp], least: float, most: float) -> Model:
    """Columns: those that are free | the largest deviation."""
    m = len(free)
    near, low, high = program.aims.within(free)
    matrix = sp.vstack([sp.hstack([rows.matrix.tocsc()[:, free], sp.csr_array((rows.count, 1))]), near])
    return Model(
        np.r_[np.zeros(m), 1.0],
        sp.csr_array(matrix),
        np.r_[rows.lower, low],
        np.r_[rows.upper, high],
        np.r_[np.zeros(m), least],
        np.r_[np.ones(m), most],
        np.r_[np.ones(m), 0.0],
    )
