"""Why a specification is impossible: which of its rules clash, found by leaving rules out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.aims import Aims
from exam_engine.assembly.between import item_limits
from exam_engine.assembly.bound import average_form
from exam_engine.assembly.compile import Program
from exam_engine.assembly.construct import build_together, cell_counts
from exam_engine.assembly.result import Shortage
from exam_engine.assembly.solver import Work, WorkExhausted
from exam_engine.assembly.unusable import use_limits

SHARING = -1
"""Stands for the limit on the use of an item, beside the positions of the rules."""

ORDERS = 4
"""A clash is sought in this many orders of the rules and the smallest one is told."""

ORDERS_WHOLE = 2

Level = Callable[[Program, int, np.random.Generator, Work], bool | None]
"""Tells whether a restricted program is possible; None when that stayed open."""


def find_shortages(program: Program, forms: int) -> tuple[Shortage, ...]:
    """Return the rules that ask for more than all items of their selection give, over all forms."""
    rows, limits = program.rows, item_limits(program, forms)
    has = np.asarray(rows.matrix.maximum(0) @ limits)
    needs = rows.lower * forms
    found = [
        Shortage(program.names[rows.owner[r]], float(needs[r]), float(has[r]))
        for r in np.flatnonzero((rows.lower > 0) & (needs > has + 1e-9 * np.maximum(1.0, np.abs(has))))
    ]
    for total in program.across.totals:
        often = limits[: program.size]
        most = float(np.maximum(total.weight, 0.0) @ (np.minimum(often, 1.0) if total.different else often))
        if total.lower > most + 1e-9 * max(1.0, most):
            found.append(Shortage(program.names[total.owner], total.lower, most))
    return tuple(found)


def restrict(program: Program, keep: Sequence[int], forms: int) -> Program:
    """Return the program with only the rules ``keep``, and without targets."""
    wanted = np.array(sorted(k for k in keep if k != SHARING), dtype=np.int64)
    r, c = np.isin(program.rows.owner, wanted), np.isin(program.cell_owner, wanted)
    rows = program.rows
    return replace(
        program,
        rows=rows.take(np.flatnonzero(r)),
        cells=sp.csr_array(program.cells[np.flatnonzero(c)]),
        cell_owner=program.cell_owner[c],
        aims=Aims.none(program.width),
        max_use=program.max_use if SHARING in keep else forms,
        across=program.across.keep(frozenset(keep)),
    )


def possible_in_fractions(program: Program, forms: int, rng: np.random.Generator, work: Work) -> bool | None:
    """Whether the average form exists."""
    return average_form(program, program.rows, use_limits(program, forms), forms, rng, work).x is not None


def possible_in_total(program: Program, forms: int, rng: np.random.Generator, work: Work) -> bool | None:
    """Whether whole items can be chosen for all forms together, apart from dividing them."""
    counts, none = cell_counts(program, program.rows, forms, rng, work)
    return False if none else (True if counts is not None else None)


def possible_in_forms(program: Program, forms: int, rng: np.random.Generator, work: Work) -> bool | None:
    """Whether the forms exist."""
    built = build_together(program, forms, rng, work)
    return False if built.proven else (True if built.forms is not None else None)


def find_clash(
    program: Program,
    forms: int,
    level: Level,
    rng: np.random.Generator,
    work: Work,
    *,
    among: Sequence[int] | None = None,
) -> tuple[tuple[int, ...], bool]:
    """Return positions of rules that cannot hold together, and whether none of them can be spared.

    Divides the rules as QuickXplain does (Junker, 2004), in several orders, and keeps the smallest clash. ``among``
    are the rules to look at, by default all.
    """
    candidates = [
        *range(len(program.names)),
        *([SHARING] if forms > 1 and program.max_use is not None else []),
    ]
    if among is not None:
        candidates = list(among)
    best: tuple[int, ...] = tuple(candidates)
    sure = False
    orders = ORDERS if level is possible_in_fractions else ORDERS_WHOLE
    try:
        for order in range(orders):
            search = _Search(program, forms, level, rng, work)
            # Rules at the end are spared first: structural ones stand there, so that content is blamed.
            mixed = sorted(candidates, key=lambda k: (k != SHARING and bool(program.structural[k]), k))
            if order:
                mixed = [candidates[k] for k in rng.permutation(len(candidates))]
            found = tuple(sorted(search.clash([], False, mixed)))
            if not sure or len(found) < len(best):
                best, sure = found, not search.open
    except WorkExhausted:
        pass
    return best, sure


class _Search:
    def __init__(
        self, program: Program, forms: int, level: Level, rng: np.random.Generator, work: Work
    ) -> None:
        self.program, self.forms, self.level, self.rng, self.work = program, forms, level, rng, work
        self.open = False
        self.known: dict[frozenset[int], bool] = {}

    def possible(self, keep: Sequence[int]) -> bool:
        key = frozenset(keep)
        if key not in self.known:
            answer = self.level(restrict(self.program, keep, self.forms), self.forms, self.rng, self.work)
            self.open |= answer is None
            self.known[key] = answer is not False
        return self.known[key]

    def clash(self, fixed: list[int], grown: bool, candidates: list[int]) -> list[int]:
        if grown and not self.possible(fixed):
            return []
        if len(candidates) == 1:
            return candidates
        first, second = candidates[: len(candidates) // 2], candidates[len(candidates) // 2 :]
        from_second = self.clash([*fixed, *first], bool(first), second)
        from_first = self.clash([*fixed, *from_second], bool(from_second), first)
        return [*from_first, *from_second]


def limits_use(program: Program, clash: Sequence[int]) -> bool:
    """Whether fewer forms could be the way out: something in the clash limits what forms share."""
    pairs, caps = program.across.pairs, program.across.caps
    return bool({SHARING, *(p.owner for p in pairs), *(c.owner for c in caps)} & set(clash))


def most_forms(program: Program, forms: int, rng: np.random.Generator, work: Work) -> int | None:
    """Return the largest number below ``forms`` for which the average form exists, if any."""
    everything = [*range(len(program.names)), SHARING]
    low, high = 0, forms - 1
    while low < high:
        middle = (low + high + 1) // 2
        if possible_in_fractions(restrict(program, everything, middle), middle, rng, work):
            low = middle
        else:
            high = middle - 1
    if low and possible_in_fractions(restrict(program, everything, low), low, rng, work):
        return low
    return None
