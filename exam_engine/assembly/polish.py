"""A last integer programme for forms that swaps cannot bring closer to their targets, or that could spare soft rules.

The largest deviation alone counts, so that below it a soft rule could be broken for nothing: at the end what soft rules
are off by is made small in sum, with the largest deviation as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.between import form_rows, item_limits
from exam_engine.assembly.compile import BoolArray, Program, Rows
from exam_engine.assembly.first_found import find_first
from exam_engine.assembly.improve import Improver, close_enough
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import Model, Solution, Work, solve

POLISH_POOL = 1500
"""Largest number of usable items for which the programme of one form is worth its time."""

WORTH = 0.0002
"""Deviation beyond `close_enough` that is worth a programme."""

POLISH_NODES = 60

ANEW, NEAR, NEAR_POOL = 10, 0.03, 1000
"""How often, how near (units of scale, beyond the bound) and up to how many usable items a form is sought anew."""

EXACT_NODES = 2000
"""Nodes to prove that a single form is the best there is."""

EXACT = 1e-7

FEW = 300
"""Usable items among which soft rules are spared beside goals: more take too long."""


def polish(improver: Improver, rows: Rows, bound: float, work: Work, step: Callable[[int], None]) -> float:
    """Re-choose, in place, each form of a search that is too far off from what the others leave.

    Return the bound, which rises where a single form is proven to be the best, or nearly.
    """
    program, forms = improver.program, improver.forms
    aims = program.aims
    if not aims.count:
        return bound
    alone = len(forms) == 1 and bool((aims.low != aims.high).any())
    for f in range(len(forms)):
        off = aims.deviation(aims.weights @ forms[f])
        free = _free(program, forms, f)
        enough = bound + (EXACT if alone else close_enough(program) + WORTH)
        if off <= enough or len(free) > POLISH_POOL or work.used >= work.limit:
            continue
        step(f)
        beside = rows.and_(form_rows(program, np.delete(forms, f, axis=0)))
        if alone:
            best = solve(_model(program, beside, free, bound, off), work, nodes=EXACT_NODES)
            bound = max(bound, min(off, best.bound))
            _take(program, forms, f, free, best)
        elif not _found_anew(improver, f, rows, enough, work):
            off, free = aims.deviation(aims.weights @ forms[f]), _free(program, forms, f)
            beside = rows.and_(form_rows(program, np.delete(forms, f, axis=0)))
            model = _model(program, beside, free, bound + close_enough(program) / 2, off)
            _take(program, forms, f, free, solve(model, work, nodes=POLISH_NODES, gap=0.02))
    _spare_soft_rules(program, rows, forms, work, step)
    return bound


def _found_anew(improver: Improver, f: int, rows: Rows, enough: float, work: Work) -> bool:
    """Start the search of a form of a small pool from other forms, chosen by chance near its targets.

    Every other time another form is chosen anew, because what that one leaves may serve this one better.
    """
    program, forms, rng = improver.program, improver.forms, improver.rng
    aims = program.aims
    for at in range(ANEW):
        g = f if at % 2 == 0 or len(forms) == 1 else int(rng.choice(np.delete(np.arange(len(forms)), f)))
        free = _free(program, forms, g)
        if len(free) > NEAR_POOL or (aims.low != aims.high).any() or work.used >= work.limit:
            return False
        beside = rows.and_(form_rows(program, np.delete(forms, g, axis=0)))
        near = _model(program, beside, free, 0.0, improver.bound + NEAR)
        cost = np.r_[rng.random(len(free)), 0.0]
        other = find_first(replace(near, cost=cost), rng, work, whole=False)
        if other.x is None:
            continue
        improver.from_another(f, g, _chosen(program, free, other.x[:-1]))
        if aims.deviation(aims.weights @ forms[f]) <= enough:
            return True
    return False


def _free(program: Program, forms: BoolArray, f: int) -> npt.NDArray[np.intp]:
    """Return the columns that a form may have: its own, those that others leave, switches."""
    limit = item_limits(program, len(forms))
    switches = np.arange(program.width) >= program.size
    return np.flatnonzero(forms[f] | (forms.sum(axis=0) < limit) | switches)


def _spare_soft_rules(
    program: Program, rows: Rows, forms: BoolArray, work: Work, step: Callable[[int], None]
) -> None:
    """Re-choose, in place, forms that break more soft rules than their largest deviation makes them."""
    aims = program.aims
    soft = aims.owner < program.n_rules
    if not soft.any():
        return
    switches = np.arange(program.width) >= program.size
    for f in range(len(forms)):
        size = np.abs(aims.off(aims.weights @ forms[f]))
        if size[soft].sum() <= EXACT or work.used >= work.limit:
            continue
        free = _some(_free(program, forms, f), forms[f] | switches)
        if len(free) > FEW and (aims.low == aims.high).any():
            continue
        step(f)
        beside = rows.and_(form_rows(program, np.delete(forms, f, axis=0)))
        model = _model_of_sum(program, beside, free, soft, float(size.max()))
        found = solve(model, work, nodes=POLISH_NODES, gap=0.02)
        if found.x is None:
            continue
        chosen = _chosen(program, free, found.x[: len(free)])
        now = np.abs(aims.off(aims.weights @ chosen))
        if now.max() <= size.max() + EXACT and now[soft].sum() < size[soft].sum() - EXACT:
            forms[f] = chosen


def _some(free: npt.NDArray[np.intp], needed: BoolArray) -> npt.NDArray[np.intp]:
    """Return at most `POLISH_POOL` of the free columns, evenly spread, and all that are needed."""
    others = free[~needed[free]]
    if len(others) <= POLISH_POOL:
        return free
    picked = others[np.linspace(0, len(others) - 1, POLISH_POOL).astype(np.intp)]
    return np.sort(np.r_[free[needed[free]], picked])


def _chosen(program: Program, free: npt.NDArray[np.intp], x: FloatArray) -> BoolArray:
    chosen = np.zeros(program.width, dtype=bool)
    chosen[free[np.round(x) > 0.5]] = True
    return chosen


def _model_of_sum(
    program: Program, rows: Rows, free: npt.NDArray[np.intp], soft: BoolArray, most: float
) -> Model:
    """Columns: those that are free | the deviation of each aim, at most ``most``; those of soft rules cost."""
    m, aims = len(free), program.aims
    scaled = sp.csr_array(aims.weights[:, free] / aims.scale[:, None])
    eye = sp.csr_array(sp.eye_array(aims.count))
    matrix = sp.block_array(
        [[rows.matrix.tocsc()[:, free], None], [scaled, -eye], [scaled, eye]], format="csr"
    )
    open_ = np.full(aims.count, np.inf)
    return Model(
        np.r_[np.zeros(m), soft.astype(np.float64)],
        sp.csr_array(matrix),
        np.r_[rows.lower, -open_, aims.low / aims.scale],
        np.r_[rows.upper, aims.high / aims.scale, open_],
        np.zeros(m + aims.count),
        np.r_[np.ones(m), np.full(aims.count, most)],
        np.r_[np.ones(m), np.zeros(aims.count)],
    )


def _take(program: Program, forms: BoolArray, f: int, free: npt.NDArray[np.intp], solution: Solution) -> None:
    """Put a solution in the place of a form when it is nearer."""
    if solution.x is None:
        return
    aims, chosen = program.aims, _chosen(program, free, solution.x[:-1])
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
