"""Why sets cannot be divided among the forms: the rules that clash, and a single bound that would give way.

The programme that divides sets takes seconds, so that its rules cannot be left out one by one. The clash grows instead:
what few rules allow is divided, the rules that it breaks most are taken in, until nothing is left. Only a few of the
rules are then spared, so that the clash names no rule that was never needed, but may name some that could be spared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.compile import Program
from exam_engine.assembly.explain import SHARING, restrict
from exam_engine.assembly.plan import is_worth_planning, plan_sets
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.relax import MAXIMUM, MINIMUM, Give
from exam_engine.assembly.result import Change
from exam_engine.assembly.rows import IntArray
from exam_engine.assembly.solver import Work

LARGE = 1_000
"""Columns of all forms from which on rules are not left out one by one."""

ROUNDS, TAKEN = 20, 8
"""How often rules are taken in, and how many at once."""

PARTS = 6
"""Parts of the clash of which each is left out as a whole, if it can be spared."""

PART_NODES = 20
"""Nodes to see whether a part can be spared: where it can, that is proven early."""

CHANGES = 6
"""Single bounds that are tried."""

STEPS = 2
"""How far a bound is moved: by so many of its steps at most."""

BROKEN = 1e-6


def is_explained_by_sets(program: Program, forms: int) -> bool:
    """Whether it is worth while to look at how sets are divided, and too slow to leave out rule by rule."""
    return is_worth_planning(program, forms) and program.width * forms > LARGE


def clash_of_sets(program: Program, forms: int, among: Sequence[int], work: Work) -> tuple[int, ...] | None:
    """Return rules that leave no way to divide sets among the forms; None when there is one, or that stayed open.

    Raises
    ------
    WorkExhausted
        If no work is left.
    """
    sets = _rules_of_sets(program)
    keep = [k for k in among if k == SHARING or k in sets or program.structural[k]]
    for _ in range(ROUNDS):
        plan = plan_sets(part := restrict(program, keep, forms), part.rows, forms, work)
        if plan.proven:
            return _thinned(program, forms, keep, work)
        broken = [] if plan.x is None else _broken(program, plan.x, [k for k in among if k not in keep])
        if not broken:
            return None
        keep += broken[:TAKEN]
    return None


def _rules_of_sets(program: Program) -> set[int]:
    """Return the rules that say what it means to use a set, or how many are used."""
    switches = sp.csc_array(program.rows.matrix)[:, [switch for switch, _ in program.bundles]]
    of_sets = set(program.rows.owner[np.unique(switches.indices)].tolist())
    covered: IntArray = np.flatnonzero(program.rows.give == 0.0)
    return of_sets | set(program.rows.owner[covered].tolist())


def _broken(program: Program, forms: FloatArray, among: Sequence[int]) -> list[int]:
    """Return those rules that any of the forms (n_forms, width) breaks, the one that is broken most first."""
    rows = program.rows
    value = rows.matrix @ forms.T
    off = np.maximum(rows.lower[:, None] - value, value - rows.upper[:, None]).max(axis=1)
    off = off / np.maximum(np.asarray(abs(rows.matrix).max(axis=1).toarray()).ravel(), BROKEN)
    worst = {k: float(off[rows.owner == k].max(initial=0.0)) for k in among if k != SHARING}
    return sorted((k for k, by in worst.items() if by > BROKEN), key=lambda k: -worst[k])


def _thinned(program: Program, forms: int, keep: list[int], work: Work) -> tuple[int, ...]:
    """Leave out parts of a clash that can be spared, of those rules first that were taken in last."""
    for part in np.array_split(np.array(keep[::-1]), PARTS):
        rest = [k for k in keep if k not in part]
        restricted = restrict(program, rest, forms)
        part_work = Work(min(PART_NODES, work.left), until=work.until)
        if plan_sets(restricted, restricted.rows, forms, part_work).proven:
            keep = rest
        work.spend(part_work.used, part_work.effort)
    return tuple(sorted(keep))


def change_of_sets(
    gives: Mapping[str, Give],
    clash: Sequence[str],
    allows: Callable[[tuple[Change, ...]], bool],
) -> tuple[Change, ...]:
    """Return a single move of a bound with which sets can be divided, or nothing; there may be smaller ones."""
    for number, change in enumerate(_single_changes(gives, clash)):
        if number == CHANGES:
            break
        if allows((change,)):
            return (change,)
    return ()


def _single_changes(gives: Mapping[str, Give], clash: Sequence[str]) -> Iterator[Change]:
    """Yield moves of one bound by few steps, those that are largest in proportion first: they give most room."""
    for steps in range(1, STEPS + 1):
        dials = [
            dial for name in clash if name in gives and gives[name].cost == 1 for dial in gives[name].dials
        ]
        for dial in sorted(dials, key=lambda dial: -abs(dial.step) / dial.unit):
            if dial.side in (MINIMUM, MAXIMUM) and dial.steps >= steps:
                yield dial.change(steps)
