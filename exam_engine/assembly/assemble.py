"""The way from a specification to forms, or to the reason why there are none."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from exam_engine.assembly.pool import Pool
from exam_engine.assembly.reason import Problem, find_reason
from exam_engine.assembly.result import (
    Assembled,
    Cancelled,
    Infeasible,
    Level,
    Run,
    Undecided,
)
from exam_engine.assembly.search import Found, Progress, Search, name_limit
from exam_engine.assembly.solver import SOLVER, OutOfTime, Work, WorkExhausted, solver_version
from exam_engine.assembly.specification import Specification

WORK_LIMIT = 20_000
"""Default work: linear programmes and search nodes."""

TIMED = ("bound", "build", "improve", "polish")
"""Stages that a time limit ends; forms are verified and reasons sought to the end."""


def assemble(
    pool: Pool,
    specification: Specification,
    *,
    forms: int,
    seed: int = 0,
    work_limit: int = WORK_LIMIT,
    time_limit: float | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    known: Callable[[str, float], None] | None = None,
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
    time_limit : float, optional
        Seconds after which the search ends with the forms it has by then; how near they are to their targets depends
        on the machine. Looked at between steps.
    progress : callable, optional
        Called with (done, total, stage).
    cancelled : callable, optional
        Asked between steps; True stops.
    known : callable, optional
        Called with ``"bound"`` and the proven least deviation, and with ``"best"`` and that of the forms so far.

    Returns
    -------
    Assembled
        Forms that passed the independent check of every rule.
    Infeasible
        When it is proven that there are none, with the clashing rules and the smallest change.
    Undecided
        When the work or time limit came first.

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
    if time_limit is not None and not time_limit > 0:
        raise ValueError(f"time limit {time_limit} allows nothing")
    started = time.perf_counter()

    def report(done: int, total: int, stage: str) -> None:
        if cancelled is not None and cancelled():
            raise Cancelled
        if progress is not None:
            progress(done, total, stage)
        if stage in TIMED and work.seconds <= 0:
            raise OutOfTime

    work = Work(work_limit, until=math.inf if time_limit is None else time.monotonic() + time_limit)
    task = Search(pool, specification, forms, seed, work, report)
    task.tell = known or task.tell

    def run() -> Run:
        seconds = time.perf_counter() - started
        return Run(seed, SOLVER, solver_version(), work.used, work_limit, seconds, task.ended_by)

    try:
        report(0, 1, "bound")
        task.bound = task.relaxed_bound()
        task.tell("bound", task.bound)
        found = Found(None, None, nothing=True) if np.isinf(task.bound) else task.search()
    except WorkExhausted as end:
        task.ended_by = name_limit(end)
        return Undecided(task.bound, run())
    if found.forms is not None and found.verification is not None:
        levels = task.levels(found.verification)
        first = levels[0] if levels else Level(1, 0.0, 0.0, 0.0)
        return Assembled(
            task.ids(found.forms),
            found.verification,
            first.deviation,
            first.bound,
            first.gap,
            run(),
            levels,
        )
    if not found.nothing:
        return Undecided(task.bound, run())
    report(0, 1, "explain")
    return _reason(task, run)


def _reason(task: Search, run: Callable[[], Run]) -> Infeasible:
    def attempt(changed: Specification, work: Work) -> bool | None:
        try:
            again = Search(task.pool, changed, task.forms, 0, work, lambda *_: None, any_will_do=True)
            again.bound = again.relaxed_bound()
            found = Found(None, None, nothing=True) if np.isinf(again.bound) else again.search()
            return True if found.forms is not None else (False if found.nothing else None)
        except WorkExhausted:
            return None

    problem = Problem(task.pool, task.specification, task.whole, task.forms, attempt)
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
