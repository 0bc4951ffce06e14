"""Forms that fulfil the rules, one after the other, or all at once where that leads into a dead end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.between import average_rows, form_rows, use_limits
from exam_engine.assembly.bound import average_form
from exam_engine.assembly.compile import BoolArray, IntArray, Program, Rows
from exam_engine.assembly.first_found import ANY, find_first
from exam_engine.assembly.plan import Plan
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import INFEASIBLE, Model, Solution, Work, solve
from exam_engine.assembly.together import is_too_large, joint_rows

SUBPOOL, SUBPOOL_SETS = 700, 40
"""A form is sought among this many items and sets first: quick, and the whole pool is tried when it fails."""

REFRESH = 0.2
"""Part of the pool that may be used up before the guide is computed again."""

SMALL, NEAR = 1000, 0.03
"""In a pool of at most this size a form is sought this near to its targets, in units of scale, beyond what the average
form reaches: swaps find few ways."""

FORM_GAP = ANY
"""Relative gap of one form's search: its cost only says which items to prefer, so that the first form found will do.

The solver's jump to a first form takes a twentieth of a second, is often a multiple of the best cost off, and what it
does after that takes a second."""

TOGETHER_NODES = 2000
"""Nodes for all forms in one programme: it is decided early or not in useful time."""


@dataclass(frozen=True)
class Build:
    """Forms found (n_forms, width), or None; ``proven`` when their absence is proven."""

    forms: BoolArray | None
    proven: bool = False


def build_in_turn(
    program: Program,
    rows: Rows,
    forms: int,
    rng: np.random.Generator,
    work: Work,
    *,
    shadow: bool,
    guide: FloatArray | None,
    step: Callable[[int], None],
    plan: Plan | None = None,
) -> BoolArray | None:
    """Construct one form after the other on what is left, shape (forms, width); None at a dead end.

    With ``shadow`` every form is found together with the average of those to come, so that it leaves them
    what they need (the shadow test of van der Linden, 2005). ``guide`` is the average form, when it is known already.
    A ``plan`` says which form has which sets.
    """
    use_left = use_limits(program, forms)
    built = np.zeros((forms, program.width), dtype=bool)
    columns = sp.csc_array(rows.matrix)
    taken = 0
    for f in range(forms):
        step(f)
        last = shadow and f < forms - 1
        for fresh in (False, True):
            if guide is None or fresh or taken > REFRESH * program.size:
                average = average_form(program, rows, use_left, forms - f, rng, work, built=built[:f])
                if average.x is None:
                    return None
                guide, taken = average.x, 0
            beside, here = form_rows(program, built[:f], forms - f), columns
            if beside.count:
                here = sp.csc_array(rows.and_(beside).matrix)
            given, open_ = np.zeros(program.width, dtype=bool), use_left
            if plan is not None and plan.chosen is not None:
                given = plan.chosen[f]
                open_ = np.where(plan.columns & ~given, 0.0, use_left)
            task = _Form(program, rows.and_(beside), here, open_, forms - f, guide, built[:f], given)
            found = task.find(rng, work, shadow=last, whole=fresh)
            if found is not None:
                break
        if found is None:
            return None
        built[f] = found
        use_left -= found
        taken += int(found[: program.size].sum())
    return built


def cell_counts(
    program: Program, rows: Rows, forms: int, rng: np.random.Generator, work: Work
) -> tuple[FloatArray | None, bool]:
    """Return how many items of each cell a form gets; when there is no answer, whether that is proven.

    Decided over the items used by all forms together: ``sum of uses = forms × count`` with whole counts.
    """
    n, cells = program.width, program.cells.shape[0]
    average = average_form(program, rows, use_limits(program, forms), forms, rng, work)
    if average.x is None:
        return None, True
    rows = rows.and_(average_rows(program, forms))
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
    n, cells, rows = program.width, program.cells.shape[0], program.rows
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
    if is_too_large(program, forms):
        return Build(None)
    joint = joint_rows(program, forms)
    extra = np.ones(joint.extra)
    across = joint.rows.matrix
    if cells:
        gap = sp.csr_array((joint.rows.count, cells))
        across = sp.hstack([across[:, : n * forms], gap, across[:, n * forms :]])
    matrix = sp.vstack([joint.columns(sp.csr_array(matrix)), across])
    model = Model(
        np.r_[rng.random(n * forms), np.zeros(cells), 0.0 * extra],
        sp.csr_array(matrix),
        np.concatenate([*lower, joint.rows.lower]),
        np.concatenate([*upper, joint.rows.upper]),
        np.zeros(matrix.shape[1]),
        np.r_[np.ones(n * forms), np.full(cells, float(n)), extra],
        np.r_[np.ones(n * forms + cells), 0.0 * extra],
    )
    solution = solve(model, work, nodes=TOGETHER_NODES, gap=0.5)
    if solution.x is None:
        return Build(None, proven=solution.status == INFEASIBLE)
    return Build(np.round(solution.x[: n * forms]).reshape(forms, n) > 0.5)


@dataclass(frozen=True, eq=False)
class _Form:
    """The search for one form."""

    program: Program
    rows: Rows
    columns: sp.csc_array
    use_left: FloatArray
    remaining: int
    guide: FloatArray
    built: BoolArray
    given: BoolArray
    """Columns that are in the form whatever else is."""

    def find(self, rng: np.random.Generator, work: Work, *, shadow: bool, whole: bool) -> BoolArray | None:
        usable: IntArray = np.flatnonzero(self.use_left > 0).astype(np.int64)
        cost = rng.random(len(self.use_left)) - 2.0 * self.guide / max(self.guide.max(), 1e-9)
        if shadow:
            return self._chosen(usable, self._with_shadow(cost, usable, work))
        if len(usable) > SUBPOOL:
            few = self._some(rng)
            found = self._chosen(few, self._alone(cost, few, rng, work))
            if found is not None or not whole:
                return found
        return self._chosen(usable, self._alone(cost, usable, rng, work))

    def _some(self, rng: np.random.Generator) -> IntArray:
        """Return columns worth a look: items that the guide likes, whole sets, all other switches."""
        n = self.program.size
        left = self.use_left > 0
        in_sets = np.zeros(n, dtype=bool)
        switches = np.arange(n, self.program.width)
        chosen = [switches]
        if self.program.bundles:
            weight = np.array([self.guide[switch] for switch, _ in self.program.bundles]) + 0.02
            for _, items in self.program.bundles:
                in_sets[items] = True
            whole = np.array([left[items].all() for _, items in self.program.bundles])
            weight = weight * whole
            many = min(SUBPOOL_SETS, int(whole.sum()))
            if many:
                at = rng.choice(len(weight), many, replace=False, p=weight / weight.sum())
                chosen += [self.program.bundles[int(k)][1] for k in at]
        free = np.flatnonzero(left[:n] & ~in_sets)
        if len(free):
            weight = self.guide[free] + 0.02 / self.remaining
            chosen.append(rng.choice(free, min(SUBPOOL, len(free)), replace=False, p=weight / weight.sum()))
            chosen.append(free[self.guide[free] > 0.99])
        return np.unique(np.concatenate(chosen)).astype(np.int64)

    def _alone(self, cost: FloatArray, usable: IntArray, rng: np.random.Generator, work: Work) -> Solution:
        m, rows, program = len(usable), self.rows, self.program
        part = sp.csr_array(self.columns[:, usable])
        aims = program.aims
        exact = np.flatnonzero(aims.low == aims.high)
        near = len(exact) > 0 and program.size <= SMALL
        if near:
            targets = sp.csr_array(aims.weights[exact][:, usable] / aims.scale[exact, None])
            goal = aims.low[exact] / aims.scale[exact]
            room = NEAR + aims.deviation(aims.weights @ self.guide)
            part = sp.csr_array(sp.vstack([part, targets]))
            rows = Rows(
                part, np.r_[rows.lower, goal - room], np.r_[rows.upper, goal + room], rows.owner, rows.give
            )
        least, most = _reach(part)
        open_ = np.flatnonzero((least < rows.lower) | (most > rows.upper))
        model = Model(
            cost[usable],
            sp.csr_array(part[open_]),
            rows.lower[open_],
            rows.upper[open_],
            self.given[usable].astype(float),
            np.ones(m),
            np.ones(m),
        )
        return find_first(model, rng, work, whole=True) if near else solve(model, work, gap=FORM_GAP)

    def _with_shadow(self, cost: FloatArray, usable: IntArray, work: Work) -> Solution:
        m, rows, later = len(usable), self.rows, self.remaining - 1
        columns = sp.csr_array(self.columns[:, usable])
        none, eye = sp.csr_array(columns.shape), sp.eye_array(m)
        all_left = average_rows(self.program, self.remaining, self.built)
        average = sp.csr_array(all_left.matrix[:, usable]) / self.remaining
        matrix = sp.vstack(
            [
                sp.hstack([columns, none]),
                sp.hstack([none, columns]),
                sp.hstack([eye, later * eye]),
                sp.hstack([average, later * average]),
            ]
        )
        model = Model(
            np.r_[cost[usable], np.zeros(m)],
            sp.csr_array(matrix),
            np.r_[rows.lower, rows.lower, np.full(m, -np.inf), all_left.lower],
            np.r_[rows.upper, rows.upper, self.use_left[usable], all_left.upper],
            np.zeros(2 * m),
            np.ones(2 * m),
            np.r_[np.ones(m), np.zeros(m)],
        )
        return solve(model, work, gap=FORM_GAP)

    def _chosen(self, usable: IntArray, solution: Solution) -> BoolArray | None:
        if solution.x is None:
            return None
        form = np.zeros(len(self.use_left), dtype=bool)
        form[usable[np.round(solution.x[: len(usable)]) > 0.5]] = True
        return form


def _reach(matrix: sp.csr_array) -> tuple[FloatArray, FloatArray]:
    """Return the least and the greatest value of each row over all zeros and ones."""
    negative = matrix.minimum(0).sum(axis=1)
    positive = matrix.maximum(0).sum(axis=1)
    return np.asarray(negative, dtype=np.float64).ravel(), np.asarray(positive, dtype=np.float64).ravel()
