"""The one door to the solver: HiGHS as SciPy carries it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from exam_engine.assembly.pool import FloatArray

SOLVER = "HiGHS"
OPTIMAL, FEASIBLE, INFEASIBLE, UNDECIDED = "optimal", "feasible", "infeasible", "undecided"


LONGEST_SECONDS = 600.0
"""A safety net against a single call that does not end: a cancel is only seen between calls. It is far beyond what
forms need; where it is reached, an answer depends on the machine and is at worst undecided, never wrong."""


TINY = 1e-7
"""A sum of violations below this is rounding."""


LARGE = 5000
"""Columns beyond which linear programmes are solved by the interior point method."""


INTERIOR, NODE = 5, 10
"""What a solution by the interior point method, and a node of a search tree, cost in solutions by the simplex method:
typical, measured."""


ROOT, ROOT_SIZE = 3e5, 1e4
"""Effort of the first node of a search tree with its cuts and heuristics, in a programme of so many coefficients or
more; less by the square of the size in smaller ones. Few programmes take many times as long."""


NODES_ENDED = "Solution limit reached"
"""What HiGHS says, for want of a status, where the limit on nodes came before a solution."""


class WorkExhausted(Exception):
    """The work limit is used up before an answer was found."""


class OutOfTime(WorkExhausted):
    """The time limit came first."""


@dataclass
class Work:
    """What solving has cost: one unit a linear programme, one a node of a search tree.

    ``effort`` counts the same by the size of the programmes: coefficients times solutions of a linear programme.
    Neither depends on the machine.
    """

    limit: int
    used: int = 0
    until: float = math.inf
    """When it ends in any case, by ``time.monotonic``."""
    most_effort: float = math.inf
    effort: float = 0.0

    def spend(self, units: int, effort: float = 0.0) -> None:
        """Count work done."""
        self.used += units
        self.effort += effort

    @property
    def left(self) -> int:
        """Units left; WorkExhausted when none, OutOfTime when it is late."""
        if self.seconds <= 0:
            raise OutOfTime
        if self.used >= self.limit or self.effort >= self.most_effort:
            raise WorkExhausted
        return self.limit - self.used

    @property
    def seconds(self) -> float:
        """Seconds left."""
        return self.until - time.monotonic()

    def nodes(self, size: int) -> int:
        """Return how many nodes of a programme with so many coefficients are left, at least one; raises as `left`."""
        left, effort = self.left, (self.most_effort - self.effort) / max(size * NODE, 1)
        return left if effort >= left else max(1, int(effort))


@dataclass(frozen=True)
class Model:
    """``minimise cost @ x`` subject to ``lower <= matrix @ x <= upper`` and bounds of ``x``."""

    cost: FloatArray
    matrix: sp.csr_array
    lower: FloatArray
    upper: FloatArray
    least: FloatArray
    most: FloatArray
    integer: FloatArray | None = field(default=None)


@dataclass(frozen=True)
class Solution:
    """What the solver answered; ``x`` is None unless the status is optimal or feasible.

    ``bound`` is what no solution can go below, as proven so far.
    """

    status: str
    x: FloatArray | None
    objective: float
    bound: float = -np.inf


def solver_version() -> str:
    """Return the versions that a result depends on, such as ``1.12.0 (SciPy 1.17.1)``."""
    try:
        core = import_module("scipy.optimize._highspy._core")
        highs = ".".join(str(getattr(core, f"HIGHS_VERSION_{part}")) for part in ("MAJOR", "MINOR", "PATCH"))
    except (ImportError, AttributeError):  # a private module: it may move
        highs = "?"
    return f"{highs} (SciPy {version('scipy')})"


def solve(model: Model, work: Work, *, nodes: int | None = None, gap: float = 0.0) -> Solution:
    """Solve a linear or integer programme within what is left of the work.

    Parameters
    ----------
    model : Model
    work : Work
        Spent by the nodes used, at least one.
    nodes : int, optional
        Limit of this call, if lower than what is left.
    gap : float
        Relative gap at which an integer solution is good enough.

    Raises
    ------
    WorkExhausted
        If no work is left.
    """
    if not len(model.cost):
        work.spend(1)
        possible = bool((model.lower <= 0).all() and (model.upper >= 0).all())
        return Solution(OPTIMAL, np.zeros(0), 0.0) if possible else Solution(INFEASIBLE, None, np.inf)
    size = model.matrix.nnz
    left = work.nodes(size)
    options: dict[str, Any] = {"time_limit": min(LONGEST_SECONDS, max(work.seconds, 0.01))}
    if model.integer is not None:
        options |= {"node_limit": min(left, nodes or left), "mip_rel_gap": gap}
    elif len(model.cost) > LARGE:
        return _by_interior_point(model, work, options)
    constraints = [LinearConstraint(model.matrix, model.lower, model.upper)] if len(model.lower) else []
    for presolve in (True, False):
        result = milp(
            model.cost,
            integrality=None if model.integer is None else model.integer.astype(np.int64),
            bounds=Bounds(model.least, model.most),
            constraints=constraints,
            options={**options, "presolve": presolve},  # type: ignore[arg-type]
        )
        done = max(1, int(result.mip_node_count or 0))
        effort = float(size)
        if model.integer is not None:
            effort += size * NODE * (done - 1) + ROOT * min(1.0, size / ROOT_SIZE) ** 2
        work.spend(done, effort)
        if result.x is not None:
            status = OPTIMAL if result.status == 0 else FEASIBLE
            known = result.fun if model.integer is None else result.mip_dual_bound
            bound = -np.inf if known is None else float(known)
            return Solution(status, np.asarray(result.x, dtype=np.float64), float(result.fun), bound)
        if result.status == 2:
            return Solution(INFEASIBLE, None, np.inf)
        if result.status == 1 or NODES_ENDED in result.message:
            break
    return Solution(UNDECIDED, None, np.inf)


def _by_interior_point(model: Model, work: Work, options: dict[str, Any]) -> Solution:
    """Solve a linear programme by HiGHS's interior point method and crossover: much quicker for many columns."""
    same = model.lower == model.upper
    above, below = np.isfinite(model.upper) & ~same, np.isfinite(model.lower) & ~same
    result = linprog(  # type: ignore[call-overload]
        model.cost,
        A_ub=sp.vstack([model.matrix[above], -model.matrix[below]], format="csr"),
        b_ub=np.r_[model.upper[above], -model.lower[below]],
        A_eq=model.matrix[same],
        b_eq=model.lower[same],
        bounds=np.column_stack([model.least, model.most]),
        method="highs-ipm",
        options=options,
    )
    work.spend(1, model.matrix.nnz * INTERIOR)
    if result.status == 0:
        return Solution(OPTIMAL, np.asarray(result.x, dtype=np.float64), float(result.fun), float(result.fun))
    return Solution(INFEASIBLE if result.status == 2 else UNDECIDED, None, np.inf)


def _largest(matrix: sp.csr_array) -> FloatArray:
    """Return the largest size of a coefficient of each row."""
    both = (matrix.maximum(0), (-matrix).maximum(0)) if matrix.shape[0] else ()
    ends = [np.asarray(part.max(axis=1).toarray(), dtype=np.float64).ravel() for part in both]
    return np.max(ends, axis=0) if ends else np.zeros(0)


def blame(model: Model, work: Work) -> FloatArray | None:
    """Return weights of the rows, shape (n_rows,): those of which it is not 0 cannot hold together.

    They are the dual solution of the programme that breaks all rows as little as it can (Farkas' lemma); the bounds of
    ``x`` hold beside them. None when all rows can hold, or when that stayed open.
    """
    parts, ends, places = [], [], []
    for bound, sign in ((model.lower, -1.0), (model.upper, 1.0)):
        rows = np.flatnonzero(np.isfinite(bound))
        part = sp.csr_array(model.matrix[rows])
        scale = sign / np.maximum(_largest(part), 1e-9)
        parts.append(sp.diags_array(scale) @ part)
        ends.append(scale * bound[rows])
        places.append(rows)
    matrix = sp.vstack(parts)
    count, n = matrix.shape
    work.spend(1, matrix.nnz)
    least, most = np.r_[model.least, np.zeros(count)], np.r_[model.most, np.full(count, np.inf)]
    result = linprog(
        np.r_[np.zeros(n), np.ones(count)],
        A_ub=sp.hstack([matrix, -sp.eye_array(count)], format="csr"),
        b_ub=np.concatenate(ends),
        bounds=np.c_[least, most],
        method="highs",
    )
    if result.status != 0 or result.fun is None or result.fun <= TINY:
        return None
    weights = np.zeros(len(model.lower))
    np.add.at(weights, np.concatenate(places), np.abs(result.ineqlin.marginals))
    return weights
