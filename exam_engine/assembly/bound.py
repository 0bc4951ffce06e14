"""The average form: a linear programme that bounds every set of forms and proves that none exists.

If F forms fulfil the rules, so does their average, with every item used at most ``use / F`` times; its
deviation from the targets is at most the worst form's. So one small programme, without copies of the forms,
gives a lower bound of the worst deviation, and where it has no solution there are no forms.

What is to be as large as can be has no goal of its own: the average form says how much is possible, and that is it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.aims import Wish
from exam_engine.assembly.between import average_rows
from exam_engine.assembly.compile import BoolArray, IntArray, Program, Rows
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import INFEASIBLE, LARGE, OPTIMAL, Model, Solution, Work, solve

PART = 0.3
"""Part of a large pool in which a form without deviation is sought first."""

EXACT = 1e-9


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
        Its wishes are settled: see `settle`.
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
    elif program.aims.count and n > LARGE:
        x = _on_some(program, model, rng, work)
        if x is not None:
            return Average(np.clip(x[:n], 0.0, 1.0), 0.0)
    solution = solve(model, work)
    if solution.status == INFEASIBLE:
        return Average(None, np.inf)
    x = _solved(solution, work)
    deviation = float(x[-1]) if program.aims.count else 0.0
    return Average(np.clip(x[:n], 0.0, 1.0), max(0.0, deviation))


def _on_some(program: Program, model: Model, rng: np.random.Generator, work: Work) -> FloatArray | None:
    """Look for an average form without any deviation among some of the items: then there is none better.

    Sets of items are looked at as a whole. None when it takes more items to say.
    """
    columns = rng.random(len(model.cost)) < max(PART, LARGE / len(model.cost))
    columns[program.size :] = True
    for _, items in program.bundles:
        columns[items] = True
    some = np.flatnonzero(columns)
    part = Model(
        model.cost[some],
        sp.csr_array(model.matrix[:, some]),
        model.lower,
        model.upper,
        model.least[some],
        model.most[some],
    )
    solution = solve(part, work)
    if solution.status != OPTIMAL or solution.x is None or solution.objective > EXACT:
        return None
    x = np.zeros(len(model.cost))
    x[some] = solution.x
    return x


def settle(program: Program, use_left: FloatArray, forms: int, work: Work) -> tuple[Program, Average | None]:
    """Return the program with a goal for each wish: what the average form could reach with nothing else in mind.

    Parameters
    ----------
    program : Program
    use_left : ndarray, shape (width,)
        How often each column may be used.
    forms : int
        Number of forms to average over.
    work : Work

    Returns
    -------
    program : Program
        Each wish is one side of a range, with its value as the scale (or one item's part, where that is more);
        unchanged where there is no average form.
    average : Average or None
        The average form, where the only wish found it already.

    Raises
    ------
    WorkExhausted
        If no work is left, or the solver gave no answer.
    """
    aims = program.aims
    low, high, scale = aims.low.copy(), aims.high.copy(), aims.scale.copy()
    rows, most = program.rows, np.minimum(1.0, use_left / forms)
    if aims.wishes:
        rows = rows.and_(average_rows(program, forms))
    average = None
    for wish in aims.wishes:
        solution = solve(_model_of_wish(program, rows, wish, most), work)
        if solution.status == INFEASIBLE:
            return program, Average(None, np.inf)
        x = _solved(solution, work)
        for row, part in zip(wish.rows, wish.parts, strict=True):
            goal, item = part * float(x[-1]), _part_of_an_item(aims.weights[row])
            (low if wish.sign > 0 else high)[row] = goal
            scale[row] = max(abs(goal), item)
        if len(wish.rows) == aims.count:
            average = Average(np.clip(x[:-1], 0.0, 1.0), 0.0)
    return replace(program, aims=replace(aims, low=low, high=high, scale=scale)), average


def _model_of_wish(program: Program, rows: Rows, wish: Wish, most: FloatArray) -> Model:
    """Columns: those of the form | the common value of the wish."""
    n, many = program.width, len(wish.rows)
    parts = sp.csr_array(-np.array(wish.parts)[:, None])
    weights = sp.csr_array(program.aims.weights[list(wish.rows)])
    matrix = sp.block_array([[rows.matrix, None], [weights, parts]], format="csr")
    zero, open_ = np.zeros(many), np.full(many, np.inf)
    lower, upper = (zero, open_) if wish.sign > 0 else (-open_, zero)
    return Model(
        np.r_[np.zeros(n), -wish.sign],
        sp.csr_array(matrix),
        np.r_[rows.lower, lower],
        np.r_[rows.upper, upper],
        np.r_[np.zeros(n), -np.inf],
        np.r_[most, np.inf],
    )


def _part_of_an_item(weights: FloatArray) -> float:
    """Return what an item adds on the average, of those that add anything."""
    used = np.abs(weights[weights != 0])
    return float(used.mean()) if used.size else 1.0


def _solved(solution: Solution, work: Work) -> FloatArray:
    if solution.status != OPTIMAL or solution.x is None:
        work.spend(work.limit)
        _ = work.left
        raise AssertionError  # the line above raises
    return solution.x


def _model(program: Program, rows: Rows, most: FloatArray, rng: np.random.Generator) -> tuple[Model, int]:
    n, aims = program.width, program.aims
    if not aims.count:
        return Model(rng.random(n), rows.matrix, rows.lower, rows.upper, np.zeros(n), most), n
    # No cost of items beside the deviation: breaking ties by chance would cost four times the time.
    near, low, high = aims.within()
    columns = sp.csr_array((rows.count, 1))
    matrix = sp.vstack([sp.hstack([rows.matrix, columns]), near], format="csr")
    costs = np.r_[np.zeros(n), 1.0]
    lower, upper = np.r_[rows.lower, low], np.r_[rows.upper, high]
    return Model(costs, sp.csr_array(matrix), lower, upper, np.zeros(n + 1), np.r_[most, np.inf]), n
