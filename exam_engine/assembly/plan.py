"""Which form gets which sets, decided for all forms at once before any of them is built.

Sets that appear whole are what leads later forms into a dead end: whole cases are few and large. The programme holds
all forms side by side, with whole numbers only for which sets are used; items are fractions. It is a relaxation: where
it has no solution there are no forms, and where it has none near the targets no forms are that near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.between import use_limits
from exam_engine.assembly.compile import Program
from exam_engine.assembly.counted import counted_rows, rows_of_many, with_whole_counts
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, Rows
from exam_engine.assembly.solver import INFEASIBLE, Model, Solution, Work, solve

COLUMNS = 3000
"""Size of the programme up to which it is worth its time."""

NODES = 200

LADDER = (0.004, 0.01, 0.03, 0.1)
"""Deviations above the bound within which sets are sought that leave room for it, one after the other. The first is
what parallel forms are asked for: where it is impossible, that is worth a proof."""

PLANS = 3
"""How many plans that do not look at the aims are filled at last."""

FILL_NODES = 60
"""Nodes for the items beside planned sets: where they can be found they are found early."""


@dataclass(frozen=True, eq=False)
class Plan:
    """``columns`` (width,) that switch sets, and which of them each form has, ``chosen`` (forms, width), or None.

    ``proven`` when there is no plan and hence no forms.
    """

    columns: BoolArray
    chosen: BoolArray | None
    proven: bool = False
    x: FloatArray | None = None
    """Columns of all forms (forms, width) that go with it, items in fractions."""


def is_worth_planning(program: Program, forms: int) -> bool:
    """Whether sets may lead into a dead end that a plan avoids, in useful time."""
    return bool(program.bundles) and 1 < forms <= COLUMNS // program.width


def plan_sets(
    program: Program,
    rows: Rows,
    forms: int,
    work: Work,
    *,
    within: float | None = None,
    rng: np.random.Generator | None = None,
    whole_counts: bool = False,
) -> Plan:
    """Divide the sets among the forms.

    Parameters
    ----------
    program : Program
    rows : Rows
        Rows of one form.
    forms : int
    work : Work
    within : float, optional
        Largest deviation from the aims, in units of scale; without it they do not count.
    rng : Generator, optional
        Chooses among plans; without it the first one will do, which is quicker.
    whole_counts : bool
        Whether counts that decide what a form is worth must be whole, too: see `counted_rows`.

    Raises
    ------
    WorkExhausted
        If no work is left.
    """
    if within is not None:
        rows = rows.and_(near_aims(program, within))
    whole = np.tile(np.arange(program.width) >= program.size, forms).astype(float)
    cost = np.zeros(len(whole)) if rng is None else rng.random(len(whole)) * whole
    most = np.tile(np.minimum(1.0, use_limits(program, forms)), forms)
    model = side_by_side(program, rows, forms, cost, np.zeros(len(whole)), most, whole)
    if whole_counts:
        model = with_whole_counts(model, program.rows, program.size, forms)
    solution = solve(model, work, nodes=NODES, gap=5.0)
    if solution.x is None:
        return Plan(_sets(program), None, proven=solution.status == INFEASIBLE)
    return plan_of(program, solution.x[: len(whole)].reshape(forms, program.width))


def _plan_for_items(program: Program, forms: int, work: Work, within: float) -> Plan:
    """Divide the sets, with whole counts where whole items cannot be found for the sets that come without."""
    plan = plan_sets(program, program.rows, forms, work, within=within)
    if plan.chosen is None or not len(counted_rows(program.rows, program.size)):
        return plan
    rough = rows_of_many(program.rows, program.size)
    if _fill(program, rough, plan.columns, plan.chosen, work).status != INFEASIBLE:
        return plan
    return plan_sets(program, program.rows, forms, work, within=within, whole_counts=True)


def near_plans(
    program: Program, forms: int, ladder: Sequence[float], work: Work, proven: Callable[[float], None]
) -> Iterator[Plan]:
    """Yield plans whose sets leave room to be within each deviation of ``ladder``.

    ``proven`` is told those that no forms can stay below.
    """
    for within in ladder:
        plan = _plan_for_items(program, forms, work, within)
        if plan.proven:
            proven(within)
        elif plan.chosen is not None:
            yield plan


def divide_sets(program: Program, forms: int, limits: FloatArray, within: float, work: Work) -> Plan:
    """Divide given sets among the forms: ``limits`` (width,) is how often all of them may use each column.

    Counts that decide what a form is worth are whole, too: beside few sets that costs little.

    Raises
    ------
    WorkExhausted
        If no work is left.
    """
    rows = program.rows.and_(near_aims(program, within))
    whole = np.tile(np.arange(program.width) >= program.size, forms).astype(float)
    most = np.tile(np.minimum(1.0, limits), forms)
    model = side_by_side(program, rows, forms, 0.0 * most, 0.0 * most, most, whole, limits=limits)
    model = with_whole_counts(model, program.rows, program.size, forms)
    solution = solve(model, work, nodes=NODES, gap=5.0)
    if solution.x is None:
        return Plan(_sets(program), None)
    return plan_of(program, solution.x[: len(whole)].reshape(forms, program.width))


def plan_of(program: Program, x: FloatArray) -> Plan:
    """Return the plan that goes with columns of all forms (forms, width)."""
    sets = _sets(program)
    return Plan(sets, (x > 0.5) & sets, x=x)


def other_plans(
    program: Program, forms: int, plan: Plan, rng: np.random.Generator, work: Work
) -> Iterator[Plan]:
    """Yield plans that do not look at the aims: ``plan``, and others by chance."""
    for _ in range(PLANS):
        if plan.chosen is not None:
            yield plan
        plan = plan_sets(program, program.rows, forms, work, rng=rng)


def fill_plan(program: Program, rows: Rows, plan: Plan, work: Work) -> BoolArray | None:
    """Return forms (n_forms, width) with the planned sets and no others, all found in one programme, or None.

    Raises
    ------
    WorkExhausted
        If no work is left.
    """
    if plan.chosen is None:
        return None
    solution = _fill(program, rows, plan.columns, plan.chosen, work)
    return None if solution.x is None else solution.x.reshape(plan.chosen.shape) > 0.5


def _fill(program: Program, rows: Rows, sets: BoolArray, chosen: BoolArray, work: Work) -> Solution:
    """Choose the items beside given sets in one programme."""
    forms = len(chosen)
    limit = np.minimum(1.0, use_limits(program, forms))
    most = np.where(sets & ~chosen, 0.0, limit).ravel()
    everything = np.ones(len(most))
    least = chosen.astype(float).ravel()
    model = side_by_side(program, rows, forms, 0.0 * everything, least, most, everything)
    return solve(model, work, nodes=FILL_NODES, gap=5.0)


def side_by_side(
    program: Program,
    rows: Rows,
    forms: int,
    cost: FloatArray,
    least: FloatArray,
    most: FloatArray,
    integer: FloatArray,
    *,
    limits: FloatArray | None = None,
) -> Model:
    """Return the programme of all forms: the columns of one after those of the other."""
    width = program.width
    uses = sp.hstack([sp.eye_array(width)] * forms)
    matrix = [sp.block_diag([rows.matrix] * forms), uses]
    lower = [np.tile(rows.lower, forms), np.full(width, -np.inf)]
    upper = [np.tile(rows.upper, forms), use_limits(program, forms) if limits is None else limits]
    return Model(
        cost,
        sp.csr_array(sp.vstack(matrix)),
        np.concatenate(lower),
        np.concatenate(upper),
        least,
        most,
        integer,
    )


def _sets(program: Program) -> BoolArray:
    sets = np.zeros(program.width, dtype=bool)
    sets[[switch for switch, _ in program.bundles]] = True
    return sets


def near_aims(program: Program, within: float) -> Rows:
    """Return rows that keep a form this near to its aims, in units of scale."""
    aims = program.aims
    return Rows(
        sp.csr_array(aims.weights / aims.scale[:, None]),
        aims.low / aims.scale - within,
        aims.high / aims.scale + within,
        aims.owner,
        np.zeros(aims.count),
    )
