"""Why a specification is impossible: which of its rules clash, found by leaving rules out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.aims import Aims
from exam_engine.assembly.between import average_rows, item_limits, use_limits
from exam_engine.assembly.bound import average_form
from exam_engine.assembly.compile import Program
from exam_engine.assembly.construct import cell_counts
from exam_engine.assembly.lattice import can_be_hit
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.result import Shortage
from exam_engine.assembly.solver import TINY, Model, Work, WorkExhausted, blame

SHARING = -1
"""Stands for the limit on the use of an item, beside the positions of the rules."""

ORDERS = 4
"""A clash is sought in this many orders of the rules and the smallest one is told."""

Level = Callable[[Sequence[int]], bool | None]
"""Tells whether the rules at some positions can be fulfilled; None when that stayed open."""


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


def in_fractions(program: Program, forms: int, rng: np.random.Generator, work: Work) -> Level:
    """Return the level that asks for the average form."""

    def level(keep: Sequence[int]) -> bool:
        return average_of(restrict(program, keep, forms), forms, rng, work) is not None

    return level


def in_total(program: Program, forms: int, rng: np.random.Generator, work: Work) -> Level:
    """Return the level that asks for whole items of all forms together, apart from dividing them."""

    def level(keep: Sequence[int]) -> bool | None:
        part = restrict(program, keep, forms)
        if not can_be_hit(part):
            return False
        counts, none = cell_counts(part, part.rows, forms, rng, work)
        return False if none else (True if counts is not None else None)

    return level


def on_lattice(program: Program, forms: int) -> Level:
    """Return the level that asks only that no sum between bounds is out of reach; else everything stays open."""

    def level(keep: Sequence[int]) -> bool | None:
        return None if can_be_hit(restrict(program, keep, forms)) else False

    return level


def average_of(program: Program, forms: int, rng: np.random.Generator, work: Work) -> FloatArray | None:
    """Return the average form; None when there is none."""
    return average_form(program, program.rows, use_limits(program, forms), forms, rng, work).x


def suspects(program: Program, keep: Sequence[int], forms: int, work: Work) -> tuple[int, ...]:
    """Return those of the rules ``keep`` that suffice to exclude the average form; all of them when that is open."""
    for content in (True, False):
        among = [k for k in keep if not (content and _is_structural(program, k) and k != SHARING)]
        part = restrict(program, among, forms)
        rows, most = (
            part.rows.and_(average_rows(part, forms)),
            np.minimum(1.0, use_limits(part, forms) / forms),
        )
        none = np.zeros(part.width)
        weights = blame(Model(none, rows.matrix, rows.lower, rows.upper, none, most), work)
        if weights is not None:
            named = {int(k) for k in rows.owner[weights > TINY]}
            caps = {SHARING, *(cap.owner for cap in part.across.caps)}
            return tuple(k for k in keep if k in named or k in caps)
    return tuple(keep)


def find_clash(
    program: Program,
    level: Level,
    rng: np.random.Generator,
    among: Sequence[int],
    *,
    orders: int = ORDERS,
) -> tuple[tuple[int, ...], bool]:
    """Return positions of rules that cannot hold together, and whether none of them can be spared.

    Divides the rules ``among``, which cannot hold together, as QuickXplain does (Junker, 2004), in several orders, and
    keeps the smallest clash; of equal ones that which names fewest structural rules.
    """
    best: tuple[int, ...] = tuple(among)
    sure = False

    def weight(clash: Sequence[int]) -> tuple[int, int]:
        return len(clash), sum(_is_structural(program, k) for k in clash)

    try:
        search = _Search(level)
        for order in range(orders):
            search.open = False
            # Rules at the end are spared first: structural ones stand there, so that content is blamed.
            mixed = [among[k] for k in rng.permutation(len(among))] if order else list(among)
            mixed.sort(key=lambda k: (_is_structural(program, k), 0 if order else k))
            found = tuple(sorted(search.clash([], False, mixed)))
            if not sure or weight(found) < weight(best):
                best, sure = found, not search.open
    except WorkExhausted:
        pass
    return best, sure


def _is_structural(program: Program, k: int) -> bool:
    return k == SHARING or bool(program.structural[k])


class _Search:
    def __init__(self, level: Level) -> None:
        self.level = level
        self.open = False
        self.known: dict[frozenset[int], bool | None] = {}

    def possible(self, keep: Sequence[int]) -> bool:
        key = frozenset(keep)
        if key not in self.known:
            self.known[key] = self.level(keep)
        self.open |= self.known[key] is None
        return self.known[key] is not False

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
    """Return the largest number below ``forms`` for which items suffice in total, if any."""
    everything = [*range(len(program.names)), SHARING]

    def possible(number: int, level: Callable[[Program, int, np.random.Generator, Work], Level]) -> bool:
        return level(restrict(program, everything, number), number, rng, work)(everything) is not False

    low, high = 0, forms - 1
    while low < high:
        middle = (low + high + 1) // 2
        if possible(middle, in_fractions):
            low = middle
        else:
            high = middle - 1
    while low and not possible(low, in_total):
        low -= 1
    return low or None
