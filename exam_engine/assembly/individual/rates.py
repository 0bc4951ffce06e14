"""How often each item should be used: rates as even as the rules allow, by linear programmes over the average form."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.compile import Program
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, Rows
from exam_engine.assembly.solver import INFEASIBLE, OPTIMAL, Model, Solution, Work, WorkExhausted, solve

STEPS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 8.0])
"""Where the tangents touch the square of a rate, in units of the rate at which all items are used alike."""

ROOM = 1.08
"""The largest rate aimed at, in units of the least possible: whole forms cannot follow an extreme point."""

INNER = (0.3, 0.7, 1.0)
"""Parts of each tolerance within which rates are aimed at, the first that is possible: at its edge there is no room."""


@dataclass(frozen=True)
class Rates:
    """Rates of use by which forms are drawn.

    ``rate`` (n_items,) is the aim, ``least_cap`` the smallest possible largest rate among the items that no rule
    puts into every form, ``shared`` the number of items that two forms share at least on average.
    """

    rate: FloatArray
    least_cap: float
    shared: float


def even_rates(
    program: Program,
    rows: Rows,
    fixed: Rows,
    n_rules: int,
    always: BoolArray,
    cap: float | None,
    forms: int,
    work: Work,
) -> Rates | None:
    """Return rates as even as the rules allow; None when there is no average form.

    Parameters
    ----------
    program : Program
    rows : Rows
        Rows of one form, tolerances of targets among them.
    fixed : Rows
        Those and what was decided for all forms: the aim keeps them, too; nothing is proven by them.
    n_rules : int
        Rows of owners from here on are tolerances.
    always : ndarray of bool, shape (n_items,)
        Items that rules put into every form: no cap binds them.
    cap : float, optional
        Largest rate asked for.
    forms : int
        Number of forms.
    work : Work

    Raises
    ------
    WorkExhausted
        If no work is left, or the solver gave no answer.

    Notes
    -----
    The mean number of shared items over all pairs of n forms is ``(n Σx² − Σx) / (n − 1)``. The second programme
    minimises Σx² from below, by tangents, so that its optimum bounds that number. Including the length in it costs
    nothing: Σx is a sum over the same items.
    """
    n, width = program.size, program.width
    matrix, free = rows.matrix, np.flatnonzero(~always)
    largest = sp.csr_array((np.ones(len(free)), (np.arange(len(free)), free)), shape=(len(free), width))
    stacked = sp.block_array(
        [[matrix, None], [largest, sp.csr_array(-np.ones((len(free), 1)))]], format="csr"
    )
    least = _solved(
        Model(
            np.r_[np.zeros(width), 1.0],
            sp.csr_array(stacked),
            np.r_[rows.lower, np.full(len(free), -np.inf)],
            np.r_[rows.upper, np.zeros(len(free))],
            np.zeros(width + 1),
            np.ones(width + 1),
        ),
        work,
    )
    if least.x is None:
        return None
    least_cap = float(least.x[-1])
    even = float(least.x[:n].sum()) / max(1, n)
    most = np.ones(width)
    most[free] = min(1.0, 1.0 if cap is None else max(cap, least_cap) * (1.0 + 1e-6))
    spread = _spread(program, rows, most, even, work)
    assert spread.x is not None  # the least largest rate keeps all of this
    length = float(spread.x[:n].sum())
    shared = max(0.0, (forms * spread.objective - length) / (forms - 1)) if forms > 1 else 0.0
    most[free] = np.minimum(most[free], min(1.0, ROOM * least_cap * (1.0 + 1e-6)))
    for part in INNER:
        aim = _spread(program, _inner(fixed, n_rules, part), most, even, work)
        if aim.x is not None:
            return Rates(np.clip(aim.x[:n], 0.0, 1.0), least_cap, shared)
    return Rates(np.clip(spread.x[:n], 0.0, 1.0), least_cap, shared)


def _inner(rows: Rows, n_rules: int, part: float) -> Rows:
    """Return rows with the tolerances of targets drawn together."""
    soft = np.flatnonzero(rows.owner >= n_rules)
    lower, upper = rows.lower.copy(), rows.upper.copy()
    off = (1.0 - part) * (upper[soft] - lower[soft]) / 2.0
    lower[soft] += off
    upper[soft] -= off
    return replace(rows, lower=lower, upper=upper)


def _spread(program: Program, rows: Rows, most: FloatArray, even: float, work: Work) -> Solution:
    """Minimise the sum of squared rates, each piecewise linear from below."""
    n, width = program.size, program.width
    touch = STEPS[STEPS * even < 1.0] * even
    ends = np.r_[(touch[1:] + touch[:-1]) / 2.0, 1.0]
    lengths = np.diff(np.r_[0.0, ends])
    pieces = len(touch)
    split = sp.hstack([sp.eye_array(n, width), sp.kron(-np.ones((1, pieces)), sp.eye_array(n))])
    matrix = sp.vstack([sp.hstack([rows.matrix, sp.csr_array((rows.count, n * pieces))]), split])
    return _solved(
        Model(
            np.r_[np.zeros(width), np.repeat(2.0 * touch, n)],
            sp.csr_array(matrix),
            np.r_[rows.lower, np.zeros(n)],
            np.r_[rows.upper, np.zeros(n)],
            np.zeros(width + n * pieces),
            np.r_[most, np.repeat(lengths, n)],
        ),
        work,
    )


def _solved(model: Model, work: Work) -> Solution:
    solution = solve(model, work)
    if solution.status not in (OPTIMAL, INFEASIBLE):
        raise WorkExhausted
    return solution
