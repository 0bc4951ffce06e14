"""Why there are no forms, and the smallest change with which there are some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exam_engine.assembly import explain
from exam_engine.assembly.compile import Program
from exam_engine.assembly.pool import Pool
from exam_engine.assembly.relax import apply_changes, smallest_change
from exam_engine.assembly.result import Change, Shortage
from exam_engine.assembly.solver import Work, WorkExhausted
from exam_engine.assembly.specification import Specification

EXPLAIN_WORK = 20_000
"""Work that finding the reason may cost beside the search itself."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What was found to be impossible; ``attempt`` tells whether forms are found with another specification."""

    pool: Pool
    specification: Specification
    program: Program
    forms: int
    attempt: Callable[[Specification], bool]


@dataclass(frozen=True)
class Reason:
    """The fields of Infeasible that tell why."""

    shortages: tuple[Shortage, ...]
    clash: tuple[str, ...]
    irreducible: bool
    changes: tuple[Change, ...]
    confirmed: bool
    forms_possible: int | None
    whole_numbers: bool


def find_reason(problem: Problem, rng: np.random.Generator, report: Callable[[int], None]) -> Reason:
    """Return the clash of rules and the smallest change; ``report`` is told how many of three steps are done."""
    program, forms, specification = problem.program, problem.forms, problem.specification
    work = Work(EXPLAIN_WORK)
    level: explain.Level = explain.possible_in_forms
    everything = explain.restrict(program, [*range(len(program.names)), explain.SHARING], forms)
    for candidate in (explain.possible_in_fractions, explain.possible_in_total):
        if candidate(everything, forms, rng, work) is False:
            level = candidate
            break
    clash, irreducible = explain.find_clash(program, forms, level, rng, work)
    if level is not explain.possible_in_forms and len(clash) > 1:
        # Rules that clash in fractions may hold one that no whole items meet on its own: 1 mark from items of 2.
        fewer, sure = explain.find_clash(
            program, forms, explain.possible_in_forms, rng, Work(EXPLAIN_WORK), among=clash
        )
        irreducible = irreducible and sure
        if sure and len(fewer) < len(clash):
            clash, level = fewer, explain.possible_in_forms
    report(1)
    changes, confirmed = _find_change(problem, together=level is explain.possible_in_forms)
    report(2)
    names = tuple(specification.sharing_name if k == explain.SHARING else program.names[k] for k in clash)
    return Reason(
        shortages=explain.find_shortages(program, forms),
        clash=tuple(sorted(names, key=_place(specification))),
        irreducible=irreducible,
        changes=changes,
        confirmed=confirmed,
        forms_possible=explain.most_forms(program, forms, rng, work)
        if explain.limits_use(program, clash)
        else None,
        whole_numbers=level is not explain.possible_in_fractions,
    )


def _find_change(problem: Problem, *, together: bool) -> tuple[tuple[Change, ...], bool]:
    """Return the smallest change, and whether forms were found with it."""
    changes: tuple[Change, ...] = ()
    try:
        for whole in (False, True) if not together else (True,):
            if whole and problem.forms == 1 and changes:
                break
            changes = smallest_change(
                problem.pool,
                problem.specification,
                problem.program,
                problem.forms,
                Work(EXPLAIN_WORK),
                together=whole,
            )
            if changes and problem.attempt(apply_changes(problem.specification, changes)):
                return changes, True
    except WorkExhausted:
        pass
    return changes, False


def _place(specification: Specification) -> Callable[[str], int]:
    """Sort names as the author wrote them, the limit on sharing last."""
    order = {n.name: k for k, n in enumerate((*specification.rules, *specification.targets))}
    return lambda name: order.get(name, len(order))
