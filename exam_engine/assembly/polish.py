"""A last integer programme for forms that swaps cannot bring closer to their targets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.between import form_rows, item_limits
from exam_engine.assembly.compile import BoolArray, Program, Rows
from exam_engine.assembly.improve import CLOSE_ENOUGH
from exam_engine.assembly.solver import Model, Work, solve

POLISH_POOL = 1500
"""Largest number of usable items for which the programme of one form is worth its time."""

WORTH = 0.001
"""Deviation beyond `CLOSE_ENOUGH` that is worth a programme."""

POLISH_NODES = 60


def polish(
    program: Program, rows: Rows, forms: BoolArray, bound: float, work: Work, step: Callable[[int], None]
) -> None:
    """Re-choose, in place, each form (n_forms, width) that is too far off from what the others leave."""
    if not program.n_targets:
        return
    limit = item_limits(program, len(forms))
    switches = np.arange(program.width) >= program.size
    for f in range(len(forms)):
        off = program.deviation(program.weights @ forms[f])
        free = np.flatnonzero(forms[f] | (forms.sum(axis=0) < limit) | switches)
        if off <= bound + CLOSE_ENOUGH + WORTH or len(free) > POLISH_POOL or work.used >= work.limit:
            continue
        step(f)
        beside = rows.and_(form_rows(program, np.delete(forms, f, axis=0)))
        better = solve(_model(program, beside, free, bound, off), work, nodes=POLISH_NODES, gap=0.02)
        if better.x is not None:
            chosen = np.zeros(program.width, dtype=bool)
            chosen[free[np.round(better.x[:-1]) > 0.5]] = True
            if program.deviation(program.weights @ chosen) < off:
                forms[f] = chosen


def _model(program: Program, rows: Rows, free: npt.NDArray[np.intp], bound: float, off: float) -> Model:
    m, t = len(free), program.n_targets
    scaled, goal = program.weights[:, free] / program.scale[:, None], program.goal / program.scale
    matrix = sp.vstack(
        [
            sp.hstack([rows.matrix.tocsc()[:, free], sp.csr_array((rows.count, 1))]),
            sp.csr_array(np.hstack([scaled, -np.ones((t, 1))])),
            sp.csr_array(np.hstack([scaled, np.ones((t, 1))])),
        ]
    )
    return Model(
        np.r_[np.zeros(m), 1.0],
        sp.csr_array(matrix),
        np.r_[rows.lower, np.full(t, -np.inf), goal],
        np.r_[rows.upper, goal, np.full(t, np.inf)],
        np.r_[np.zeros(m), bound + CLOSE_ENOUGH / 2],
        np.r_[np.ones(m), off],
        np.r_[np.ones(m), 0.0],
    )
