"""The average form: a linear programme that bounds every set of forms and proves that none exists.

If F forms fulfil the rules, so does their average, with every item used at most ``use / F`` times; its
deviation from the targets is at most the worst form's. So one small programme, without copies of the forms,
gives a lower bound of the worst deviation, and where it has no solution there are no forms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.compile import Program, Rows
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import INFEASIBLE, OPTIMAL, Model, Work, solve

NOISE = 1e-6
"""Weight of the random cost beside the deviation: it chooses among equals and does not move the bound."""


@dataclass(frozen=True)
class Average:
    """The average form ``x`` (n_items,) and its worst deviation; ``x`` is None when there is no form."""

    x: FloatArray | None
    deviation: float


def average_form(
    program: Program, rows: Rows, use_left: FloatArray, forms: int, rng: np.random.Generator, work: Work
) -> Average:
    """Solve the average-form programme for ``forms`` more forms.

    Parameters
    ----------
    program : Program
    rows : Rows
        Rows of one form.
    use_left : ndarray, shape (n_items,)
        How often each item may still be used.
    forms : int
        Number of forms to average over.
    rng : Generator
        Chooses among equally good solutions.
    work : Work

    Raises
    ------
    WorkExhausted
        If no work is left, or the solver gave no answer.
    """
    model, n = _model(program, rows, np.minimum(1.0, use_left / forms), rng)
    solution = solve(model, work)
    if solution.status == INFEASIBLE:
        return Average(None, np.inf)
    if solution.status != OPTIMAL or solution.x is None:
        work.spend(work.limit)
        _ = work.left
        raise AssertionError  # the line above raises
    deviation = float(solution.x[n]) if program.n_targets else 0.0
    noise = float(model.cost[:n] @ solution.x[:n]) if program.n_targets else 0.0
    return Average(np.clip(solution.x[:n], 0.0, 1.0), max(0.0, deviation - noise))


def _model(program: Program, rows: Rows, most: FloatArray, rng: np.random.Generator) -> tuple[Model, int]:
    n, t = program.size, program.n_targets
    cost = rng.random(n)
    if not t:
        return Model(cost, rows.matrix, rows.lower, rows.upper, np.zeros(n), most), n
    scaled = program.weights / program.scale[:, None]
    goal = program.goal / program.scale
    minus, plus = -np.ones((t, 1)), np.ones((t, 1))
    matrix = sp.csr_array(
        sp.vstack(
            [
                sp.hstack([rows.matrix, sp.csr_array((rows.count, 1))]),
                sp.csr_array(np.hstack([scaled, minus])),
                sp.csr_array(np.hstack([scaled, plus])),
            ]
        )
    )
    lower = np.r_[rows.lower, np.full(t, -np.inf), goal]
    upper = np.r_[rows.upper, goal, np.full(t, np.inf)]
    costs = np.r_[cost * NOISE / max(1.0, n), 1.0]
    return Model(costs, matrix, lower, upper, np.zeros(n + 1), np.r_[most, np.inf]), n
