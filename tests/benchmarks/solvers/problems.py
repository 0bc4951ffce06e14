"""The programmes that assembly solves, written to files that any solver reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly import CurveTarget, InformationTarget, Pool, Specification
from exam_engine.assembly.compile import Program, compile_program
from tests.benchmarks.bench_assembly import make_pool, make_specification

SUBPOOL = 700
NEAR = 0.004

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Problem:
    """``minimise cost @ x``, ``lower <= matrix @ x <= upper``, ``0 <= x <= most``; ``gap`` is good enough."""

    name: str
    cost: FloatArray
    matrix: sp.csr_array
    lower: FloatArray
    upper: FloatArray
    most: FloatArray
    integer: npt.NDArray[np.bool_]
    gap: float

    def write(self, folder: Path) -> Path:
        """Write ``problem.npz`` and, in free format, ``problem.mps``; return the folder."""
        csr = sp.csr_array(self.matrix)
        np.savez(
            folder / "problem.npz",
            cost=self.cost,
            data=csr.data,
            indices=csr.indices,
            indptr=csr.indptr,
            lower=self.lower,
            upper=self.upper,
            most=self.most,
            integer=self.integer,
        )
        (folder / "problem.mps").write_text(_mps(self), encoding="ascii")
        return folder

    def violation(self, x: FloatArray) -> float:
        """Return by how much a solution, whole where it must be, breaks a row at worst."""
        x = np.where(self.integer, np.round(x), x)
        value = self.matrix @ x
        outside = np.maximum(self.lower - value, value - self.upper)
        return float(max(outside.max(), (-x).max(), (x - self.most).max(), 0.0))


def problem_for(size: int, length: int, seed: int) -> tuple[Pool, Program, sp.csr_array, np.random.Generator]:
    """Return a pool of bench_assembly, its compiled rules, and the targets as parts of their goals."""
    rng = np.random.default_rng(seed)
    pool = make_pool(size, rng)
    specification = make_specification(pool, length, rng)
    program = compile_program(pool, Specification(specification.rules))
    near = np.zeros((len(specification.targets), program.width))
    for k, target in enumerate(specification.targets):
        if isinstance(target, InformationTarget):
            near[k, :size] = pool.information([target.theta])[0] / target.goal
        elif isinstance(target, CurveTarget):
            near[k, :size] = pool.probability([target.theta])[0] * pool.numbers("marks") / target.goal
    return pool, program, sp.csr_array(near), rng


def average_form(size: int, forms: int, length: int, seed: int) -> Problem:
    """The linear programme that bounds every set of forms."""
    _, program, near, _ = problem_for(size, length, seed)
    n, t = program.width, near.shape[0]
    goal = np.ones(t)
    ones = sp.csr_array(np.ones((t, 1)))
    most = np.r_[np.full(size, 1.0 / forms), np.ones(program.switches), np.inf]
    return Problem(
        f"average form, {size:,} × {forms}",
        np.r_[np.zeros(n), 1.0],
        sp.csr_array(sp.block_array([[program.rows.matrix, None], [near, -ones], [near, ones]])),
        np.r_[program.rows.lower, np.full(t, -np.inf), goal],
        np.r_[program.rows.upper, goal, np.full(t, np.inf)],
        most,
        np.zeros(n + 1, dtype=bool),
        0.0,
    )


def content(size: int, length: int, seed: int) -> Problem:
    """Any form within the rules from a part of a pool, sets left whole: the step that constructs forms."""
    pool, program, _, rng = problem_for(size, length, seed)
    grouped = np.flatnonzero(pool.texts("set") != "")
    single = np.setdiff1d(np.arange(size), grouped)
    some = rng.choice(single, SUBPOOL - len(grouped), replace=False)
    columns = np.sort(np.r_[some, grouped, np.arange(size, program.width)])
    matrix = sp.csr_array(program.rows.matrix.tocsc()[:, columns])
    m, rows = len(columns), program.rows
    return Problem(
        f"one form by content, {SUBPOOL} of {size:,}",
        rng.random(m),
        matrix,
        rows.lower,
        rows.upper,
        np.ones(m),
        np.ones(m, dtype=bool),
        5.0,
    )


def near_targets(size: int, length: int, seed: int) -> Problem:
    """A form whose ten targets all deviate by at most 0.4 %."""
    _, program, near, rng = problem_for(size, length, seed)
    n, goal = program.width, np.ones(near.shape[0])
    return Problem(
        f"one form within {NEAR:.1%}, {size:,}",
        rng.random(n),
        sp.csr_array(sp.vstack([program.rows.matrix, near])),
        np.r_[program.rows.lower, goal - NEAR],
        np.r_[program.rows.upper, goal + NEAR],
        np.ones(n),
        np.ones(n, dtype=bool),
        5.0,
    )


def most_information(size: int, length: int, seed: int) -> Problem:
    """The form that tells most at an ability, to 0.1 %: how a shadow test begins."""
    pool, program, _, _ = problem_for(size, length, seed)
    n = program.width
    return Problem(
        f"most information at 0, {size:,}",
        np.r_[-pool.information([0.0])[0], np.zeros(n - size)],
        program.rows.matrix,
        program.rows.lower,
        program.rows.upper,
        np.ones(n),
        np.ones(n, dtype=bool),
        0.001,
    )


def _mps(problem: Problem) -> str:
    lower, upper = problem.lower, problem.upper
    lines = ["NAME problem", "ROWS", " N cost"]
    kinds = np.where(
        lower == upper, "E", np.where(np.isfinite(lower), "G", np.where(np.isfinite(upper), "L", "N"))
    )
    lines += [f" {kind} r{r}" for r, kind in enumerate(kinds)]
    lines += ["COLUMNS"]
    csc = sp.csc_array(problem.matrix)
    whole = False
    for c in range(csc.shape[1]):
        if bool(problem.integer[c]) != whole:
            whole = not whole
            lines.append(
                f"    MARKER                 'MARKER'                 '{'INTORG' if whole else 'INTEND'}'"
            )
        if problem.cost[c]:
            lines.append(f" c{c} cost {problem.cost[c]:.17g}")
        part = slice(csc.indptr[c], csc.indptr[c + 1])
        lines += [f" c{c} r{r} {v:.17g}" for r, v in zip(csc.indices[part], csc.data[part], strict=True)]
    if whole:
        lines.append("    MARKER                 'MARKER'                 'INTEND'")
    lines += ["RHS"]
    right = np.where(np.isfinite(lower), lower, upper)
    lines += [f" rhs r{r} {v:.17g}" for r, v in enumerate(right) if v and np.isfinite(v)]
    both = np.flatnonzero(np.isfinite(lower) & np.isfinite(upper) & (lower < upper))
    lines += ["RANGES", *(f" rng r{r} {upper[r] - lower[r]:.17g}" for r in both)]
    lines += ["BOUNDS"]
    # CBC takes the first bound for fixed format unless it stands in the columns of that.
    for c, v in enumerate(problem.most):
        lines.append(f" PL BND       c{c:<8}" if np.isinf(v) else f" UP BND       c{c:<8} {v:.15g}")
    return "\n".join([*lines, "ENDATA", ""])
