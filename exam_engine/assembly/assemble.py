"""The way from a specification to forms, or to the reason why there are none."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exam_engine.assembly.anchors import anchored, common_items, with_common_items
from exam_engine.assembly.bound import average_form
from exam_engine.assembly.compile import BoolArray, Program, Rows, compile_program
from exam_engine.assembly.construct import build_in_turn, build_together, cell_counts, use_limits
from exam_engine.assembly.improve import ROUNDS, Improver
from exam_engine.assembly.polish import polish
from exam_engine.assembly.pool import FloatArray, Pool
from exam_engine.assembly.reason import EXPLAIN_WORK, Problem, find_reason
from exam_engine.assembly.result import Assembled, Cancelled, Infeasible, Run, Undecided, Verification
from exam_engine.assembly.solver import SOLVER, Work, WorkExhausted, solver_version
from exam_engine.assembly.specification import Specification
from exam_engine.assembly.verify import verify

WORK_LIMIT = 20_000
"""Default work: linear programmes and search nodes."""

ATTEMPTS = ((False, False), (False, True), (True, False), (True, True))
"""(tolerances as rows, shadow form) of the attempts to build forms in turn, the cheap one first."""

Progress = Callable[[int, int, str], None]
"""Called with done, total and the stage: bound, build, improve, polish, verify, explain."""


@dataclass(frozen=True)
class _Found:
    forms: BoolArray | None
    verification: Verification | None
    nothing: bool = False


class _Task:
    """One specification on one pool."""

    def __init__(
        self,
        pool: Pool,
        specification: Specification,
        forms: int,
        seed: int,
        work: Work,
        report: Progress,
        *,
        allow_empty: bool = False,
    ) -> None:
        self.pool, self.specification, self.forms = pool, specification, forms
        self.rng, self.work, self.report = np.random.default_rng(seed), work, report
        self.program: Program = compile_program(pool, specification, allow_empty=allow_empty)
        self.bound = 0.0
        self.guide: FloatArray | None = None

    def ids(self, built: BoolArray) -> tuple[tuple[str, ...], ...]:
        return tuple(
            tuple(self.pool.ids[int(k)] for k in np.flatnonzero(form[: self.pool.size])) for form in built
        )

    def relaxed_bound(self) -> float:
        """Deviation of the average form; infinite when there is none."""
        program, limits = self.program, use_limits(self.program, self.forms)
        average = average_form(program, program.rows, limits, self.forms, self.rng, self.work)
        self.guide = average.x
        return average.deviation

    def search(self) -> _Found:
        """Build forms in turn, in ever more careful ways, and at last all at once."""
        tolerances = bool((self.program.rows.owner >= len(self.specification.rules)).any())
        for program in anchored(self.program, self.forms, self.rng, self.work):
            for careful, shadow in ATTEMPTS:
                if careful and not tolerances:
                    continue
                found = self._in_turn(program, careful=careful, shadow=shadow)
                if found.forms is not None or (found.nothing and program is self.program):
                    return found
                if found.nothing:
                    break
        self.report(0, 1, "build")
        together = build_together(self.program, self.forms, self.rng, self.work)
        if together.forms is None:
            return _Found(None, None, nothing=together.proven)
        program = self.program
        if program.across.blocks:
            program = with_common_items(program, common_items(program, together.forms[0]), self.forms)
        counts = program.cells @ together.forms[0].astype(float)
        return self._finish(program, together.forms, program.with_cells(counts))

    def _in_turn(self, program: Program, *, careful: bool, shadow: bool) -> _Found:
        rows = program.rows if careful else _without_tolerances(program, len(self.specification.rules))
        counts = None
        if program.cells.shape[0] and self.forms > 1:
            counts, none = cell_counts(program, rows, self.forms, self.rng, self.work)
            if counts is None:
                return _Found(None, None, nothing=none)
        built = build_in_turn(
            program,
            program.with_cells(counts, rows),
            self.forms,
            self.rng,
            self.work,
            shadow=shadow,
            guide=self.guide if counts is None and program is self.program else None,
            step=lambda f: self.report(f, self.forms, "build"),
        )
        return (
            _Found(None, None) if built is None else self._finish(program, built, program.with_cells(counts))
        )

    def _finish(self, program: Program, built: BoolArray, rows: Rows) -> _Found:
        improver = Improver(program, rows, built, self.bound, self.rng)
        improver.run(lambda r: self.report(r, ROUNDS, "improve"))
        polish(program, rows, built, self.bound, self.work, lambda f: self.report(f, self.forms, "polish"))
        self.report(0, 1, "verify")
        verification = verify(self.pool, self.specification, self.ids(built))
        return _Found(built if verification.ok else None, verification)


def assemble(
    pool: Pool,
    specification: Specification,
    *,
    forms: int,
    seed: int = 0,
    work_limit: int = WORK_LIMIT,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Assembled | Infeasible | Undecided:
    """Assemble parallel forms.

    Parameters
    ----------
    pool : Pool
    specification : Specification
        Rules of each form, targets, and how often an item may be used.
    forms : int
        Number of forms, at least 1.
    seed : int, default 0
        Chooses among equally good forms. The same seed, solver version and work limit give the same answer.
    work_limit : int
        Linear programmes and search nodes that may be spent on the search.
    progress : callable, optional
        Called with (done, total, stage).
    cancelled : callable, optional
        Asked between steps; True stops.

    Returns
    -------
    Assembled
        Forms that passed the independent check of every rule.
    Infeasible
        When it is proven that there are none, with the clashing rules and the smallest change.
    Undecided
        When the work limit came first.

    Raises
    ------
    ValueError
        Naming the rule or item that makes no sense: see Pool, Specification and compile_program.
    Cancelled
        If ``cancelled`` answered True.

    Examples
    --------
    >>> from exam_engine.assembly import Count, Is, Pool, Specification, assemble
    >>> pool = Pool(ids=["a", "b", "c"], categorical={"type": ["single", "single", "multiple"]})
    >>> rule = Count(name="single", where=(Is("type", "single"),), minimum=3)
    >>> answer = assemble(pool, Specification([rule]), forms=1)
    >>> answer.shortages
    (Shortage(rule='single', needs=3.0, has=2.0),)
    """
    if forms < 1:
        raise ValueError(f"{forms} forms: at least one is needed")
    if work_limit < 1:
        raise ValueError(f"work limit {work_limit} allows nothing")
    started = time.perf_counter()

    def report(done: int, total: int, stage: str) -> None:
        if cancelled is not None and cancelled():
            raise Cancelled
        if progress is not None:
            progress(done, total, stage)

    work = Work(work_limit)
    task = _Task(pool, specification, forms, seed, work, report)

    def run() -> Run:
        seconds = time.perf_counter() - started
        return Run(seed, SOLVER, solver_version(), work.used, work_limit, seconds)

    try:
        report(0, 1, "bound")
        task.bound = task.relaxed_bound()
        found = _Found(None, None, nothing=True) if np.isinf(task.bound) else task.search()
    except WorkExhausted:
        return Undecided(task.bound, run())
    if found.forms is not None and found.verification is not None:
        worst = found.verification.worst_deviation
        return Assembled(
            task.ids(found.forms), found.verification, worst, task.bound, max(0.0, worst - task.bound), run()
        )
    if not found.nothing:
        return Undecided(task.bound, run())
    report(0, 1, "explain")
    return _reason(task, run)


def _reason(task: _Task, run: Callable[[], Run]) -> Infeasible:
    def attempt(changed: Specification) -> bool:
        try:
            work = Work(EXPLAIN_WORK)
            again = _Task(task.pool, changed, task.forms, 0, work, lambda *_: None, allow_empty=True)
            again.bound = again.relaxed_bound()
            return not np.isinf(again.bound) and again.search().forms is not None
        except WorkExhausted:
            return False

    problem = Problem(task.pool, task.specification, task.program, task.forms, attempt)
    found = find_reason(problem, task.rng, lambda done: task.report(done, 3, "explain"))
    return Infeasible(
        shortages=found.shortages,
        clash=found.clash,
        irreducible=found.irreducible,
        changes=found.changes,
        confirmed=found.confirmed,
        forms_possible=found.forms_possible,
        whole_numbers=found.whole_numbers,
        run=run(),
    )


def _without_tolerances(program: Program, n_rules: int) -> Rows:
    return program.rows.take(np.flatnonzero(program.rows.owner < n_rules))
