"""Forms that fulfil the rules, one after the other, or all at once where that leads into a dead end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.bound import average_form
from exam_engine.assembly.compile import BoolArray, IntArray, Program, Rows
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import INFEASIBLE, Model, Solution, Work, solve

SUBPOOL = 900
"""A form is sought among this many items first: quick, and the whole pool is tried when it fails."""

FORM_GAP = 0.05
"""Relative gap of one form's search: its cost only says which items to prefer."""


TOGETHER_NODES = 2000
"""Nodes for all forms in one programme: it is decided early or not in useful time."""


@dataclass(frozen=True)
class Build:
    """Forms found (n_forms, n_items), or None; ``proven`` when their absence is proven."""

    forms: BoolArray | None
    proven: bool = False


def use_limits(program: Program, forms: int) -> FloatArray:
    """Return how often each item may be used over all forms, shape (n_items,)."""
    return np.full(program.size, float(forms if program.max_use is None else min(program.max_use, forms)))


def build_in_turn(
    program: Program,
    rows: Rows,
    forms: int,
    rng: np.random.Generator,
    work: Work,
    *,
    shadow: bool,
    step: Callable[[int], None],
) -> BoolArray | None:
    """Construct one form after the other on what is left, shape (forms, n_items); None at a dead end.

    With ``shadow`` every form is found together with the average of those to come, so that it leaves them
    what they need (the shadow test of van der Linden, 2005).
    """
    use_left = use_limits(program, forms)
    built = np.zeros((forms, program.size), dtype=bool)
    for f in range(forms):
        step(f)
        average = average_form(program, rows, use_left, forms - f, rng, work)
        if average.x is None:
            return None
        found = _one_form(rows, use_left, forms - f, average.x, rng, work, shadow=shadow and f < forms - 1)
        if found is None:
            return None
        built[f] = found
        use_left -= found
    return built


def cell_counts(
    program: Program, rows: Rows, forms: int, rng: np.random.Generator, work: Work
) -> tuple[FloatArray | None, bool]:
    """Return how many items of each cell a form gets; when there is no answer, whether that is proven.

    Decided over the items used by all forms together: ``sum of uses = forms × count`` with whole counts.
    """
    n, cells = program.size, program.cells.shape[0]
    average = average_form(program, rows, use_limits(program, forms), forms, rng, work)
    if average.x is None:
        return None, True
    matrix = sp.vstack(
        [
            sp.hstack([rows.matrix, sp.csr_array((rows.count, cells))]),
            sp.hstack([program.cells, -forms * sp.eye_array(cells)]),
        ]
    )
    model = Model(
        np.r_[rng.random(n) - 2.0 * average.x * forms, np.zeros(cells)],
        sp.csr_array(matrix),
        np.r_[rows.lower * forms, np.zeros(cells)],
        np.r_[rows.upper * forms, np.zeros(cells)],
        np.zeros(n + cells),
        np.r_[use_limits(program, forms), np.full(cells, np.inf)],
        np.ones(n + cells),
    )
    solution = solve(model, work, gap=FORM_GAP)
    if solution.x is None:
        return None, solution.status == INFEASIBLE
    return np.round(solution.x[n:]), False


def build_together(program: Program, forms: int, rng: np.random.Generator, work: Work) -> Build:
    """Solve all forms in one integer programme: slow, but it decides whether there are any."""
    n, cells, rows = program.size, program.cells.shape[0], program.rows
    blocks = [sp.block_diag([rows.matrix] * forms, format="csr")] if rows.count else []
    lower, upper = [np.tile(rows.lower, forms)], [np.tile(rows.upper, forms)]
    blocks.append(sp.hstack([sp.eye_array(n)] * forms, format="csr"))
    lower.append(np.full(n, -np.inf))
    upper.append(use_limits(program, forms))
    matrix = sp.vstack(blocks, format="csr")
    if cells:
        matrix = sp.hstack([matrix, sp.csr_array((matrix.shape[0], cells))], format="csr")
        same = sp.hstack(
            [
                sp.block_diag([program.cells] * forms, format="csr"),
                sp.vstack([-sp.eye_array(cells)] * forms, format="csr"),
            ],
            format="csr",
        )
        matrix = sp.vstack([matrix, same], format="csr")
        lower.append(np.zeros(cells * forms))
        upper.append(np.zeros(cells * forms))
    size = n * forms + cells
    model = Model(
        np.r_[rng.random(n * forms), np.zeros(cells)],
        sp.csr_array(matrix),
        np.concatenate(lower),
        np.concatenate(upper),
        np.zeros(size),
        np.r_[np.ones(n * forms), np.full(cells, float(n))],
        np.ones(size),
    )
    solution = solve(model, work, nodes=TOGETHER_NODES, gap=0.5)
    if solution.x is None:
        return Build(None, proven=solution.status == INFEASIBLE)
    return Build(np.round(solution.x[: n * forms]).reshape(forms, n) > 0.5)


def _one_form(
    rows: Rows,
    use_left: FloatArray,
    remaining: int,
    guide: FloatArray,
    rng: np.random.Generator,
    work: Work,
    *,
    shadow: bool,
) -> BoolArray | None:
    usable: IntArray = np.flatnonzero(use_left > 0).astype(np.int64)
    cost = rng.random(len(use_left)) - 2.0 * guide / max(guide.max(), 1e-9)
    if shadow:
        return _chosen(usable, _with_shadow(rows, use_left, remaining - 1, cost, usable, work), len(use_left))
    if len(usable) > SUBPOOL:
        weight = guide[usable] + 0.02 / remaining
        some = rng.choice(usable, SUBPOOL, replace=False, p=weight / weight.sum())
        few: IntArray = np.union1d(some, usable[guide[usable] > 0.99])
        found = _chosen(few, _alone(rows, cost, few, work), len(use_left))
        if found is not None:
            return found
    return _chosen(usable, _alone(rows, cost, usable, work), len(use_left))


def _columns(rows: Rows, usable: IntArray) -> sp.csr_array:
    return sp.csr_array(rows.matrix.tocsc()[:, usable])


def _alone(rows: Rows, cost: FloatArray, usable: IntArray, work: Work) -> Solution:
    m = len(usable)
    columns = _columns(rows, usable)
    model = Model(cost[usable], columns, rows.lower, rows.upper, np.zeros(m), np.ones(m), np.ones(m))
    return solve(model, work, gap=FORM_GAP)


def _with_shadow(
    rows: Rows, use_left: FloatArray, later: int, cost: FloatArray, usable: IntArray, work: Work
) -> Solution:
    m = len(usable)
    columns = _columns(rows, usable)
    none, eye = sp.csr_array(columns.shape), sp.eye_array(m)
    matrix = sp.vstack(
        [sp.hstack([columns, none]), sp.hstack([none, columns]), sp.hstack([eye, later * eye])]
    )
    model = Model(
        np.r_[cost[usable], np.zeros(m)],
        sp.csr_array(matrix),
        np.r_[rows.lower, rows.lower, np.full(m, -np.inf)],
        np.r_[rows.upper, rows.upper, use_left[usable]],
        np.zeros(2 * m),
        np.ones(2 * m),
        np.r_[np.ones(m), np.zeros(m)],
    )
    return solve(model, work, gap=FORM_GAP)


def _chosen(usable: IntArray, solution: Solution, size: int) -> BoolArray | None:
    if solution.x is None:
        return None
    form = np.zeros(size, dtype=bool)
    form[usable[np.round(solution.x[: len(usable)]) > 0.5]] = True
    return form
