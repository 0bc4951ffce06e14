"""The average form: a linear programme that bounds every set of forms and proves that none exists.

If F forms fulfil the rules, so does their average, with every item used at most ``use / F`` times; its
deviation from the targets is at most the worst form's. So one small programme, without copies of the forms,
gives a lower bound of the worst deviation, and where it has no solution there are no forms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.between import average_rows
from exam_engine.assembly.compile import BoolArray, IntArray, Program, Rows
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import INFEASIBLE, OPTIMAL, Model, Work, solve


@dataclass(frozen=True)
class Average:
    """The average form ``x`` (width,) and its worst deviation; ``x`` is None when there is no form."""

    x: FloatArray | None
    deviation: float


def average_form(
    program: Program,
    rows: Rows,
    use_left: FloatArray,
    forms: int,
    rng: np.random.Generator,
    work: Work,
    *,
    built: BoolArray | None = None,
    whole: IntArray | None = None,
) -> Average:
    """Solve the average-form programme for ``forms`` more forms.

    Parameters
    ----------
    program : Program
    rows : Rows
        Rows of one form.
    use_left : ndarray, shape (width,)
        How often each column may still be used.
    forms : int
        Number of forms to average over.
    rng : Generator
        Chooses among equally good solutions.
    work : Work
    built : ndarray, shape (n_built, width), optional
        Forms that are there already.
    whole : ndarray, optional
        Columns that must be 0 or 1.

    Raises
    ------
    WorkExhausted
        If no work is left, or the solver gave no answer.
    """
    rows = rows.and_(average_rows(program, forms, built))
    model, n = _model(program, rows, np.minimum(1.0, use_left / forms), rng)
    if whole is not None:
        integer = np.zeros(len(model.cost))
        integer[whole] = 1.0
        model = replace(model, integer=integer)
    solution = solve(model, work)
    if solution.status == INFEASIBLE:
        return Average(None, np.inf)
    if solution.status != OPTIMAL or solution.x is None:
        work.spend(work.limit)
        _ = work.left
        raise AssertionError  # the line above raises
    deviation = float(solution.x[-1]) if program.n_targets else 0.0
    return Average(np.clip(solution.x[:n], 0.0, 1.0), max(0.0, deviation))


def _model(program: Program, rows: Rows, most: FloatArray, rng: np.random.Generator) -> tuple[Model, int]:
    n, t = program.width, program.n_targets
    if not t:
        return Model(rng.random(n), rows.matrix, rows.lower, rows.upper, np.zeros(n), most), n
    # No cost of items beside the deviation: breaking ties by chance would cost four times the time.
    scaled = sp.csr_array(program.weights / program.scale[:, None])
    goal = program.goal / program.scale
    ones = sp.csr_array(np.ones((t, 1)))
    matrix = sp.block_array([[rows.matrix, None], [scaled, -ones], [scaled, ones]], format="csr")
    lower = np.r_[rows.lower, np.full(t, -np.inf), goal]
    upper = np.r_[rows.upper, goal, np.full(t, np.inf)]
    costs = np.r_[np.zeros(n), 1.0]
    return Model(costs, matrix, lower, upper, np.zeros(n + 1), np.r_[most, np.inf]), n
