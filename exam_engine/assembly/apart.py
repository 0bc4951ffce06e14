"""Forms whose pairs share as many items as they may: built with items used evenly, then brought apart by swaps.

One form after the other runs into a dead end where a limit on common items leaves little room. Here each form keeps
its own rules from the start, and what pairs share too much or too little goes down, item by item; the swap just made
is not taken back for a while, so that the search leaves places where every step is one up (tabu search; Glover, 1989).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from exam_engine.assembly.across import Pairs
from exam_engine.assembly.between import form_rows, item_limits
from exam_engine.assembly.bound import average_form
from exam_engine.assembly.compile import BoolArray, IntArray, Program, Rows
from exam_engine.assembly.construct import build_in_turn
from exam_engine.assembly.moves import Moves
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import Work

STEPS = 150
"""Swaps for each form."""

TRIES = 2
"""How many limits on the use of an item are tried, from the most even use on."""

WORK_STEPS = 20
"""Swaps that count as one unit of work."""

INCOMING = 400
REST = 12
"""Steps for which an item that was moved stays where it is."""


def build_apart(
    program: Program,
    rows: Rows,
    forms: int,
    rng: np.random.Generator,
    work: Work,
    *,
    step: Callable[[int], None],
) -> BoolArray | None:
    """Return forms (n_forms, width) that fulfil ``rows`` and what is asked of pairs, or None when none were found."""
    alone = replace(program, across=replace(program.across, pairs=()))
    tried = 0
    for most in range(1, 1 + (forms if program.max_use is None else min(forms, program.max_use))):
        if tried == TRIES:
            break
        even = replace(program, max_use=most)
        if average_form(even, rows, item_limits(even, forms), forms, rng, work).x is None:
            continue
        tried += 1
        built = build_in_turn(
            replace(alone, max_use=most), rows, forms, rng, work, shadow=False, guide=None, step=step
        )
        if built is not None and bring_apart(program, rows, built, rng, work, step):
            return built
    return None


def bring_apart(
    program: Program,
    rows: Rows,
    forms: BoolArray,
    rng: np.random.Generator,
    work: Work,
    step: Callable[[int], None],
) -> bool:
    """Swap items of the forms, in place, until every pair has as many in common as it may; tell whether it has."""
    n = program.size
    alone = replace(program, across=replace(program.across, pairs=()))
    limits = item_limits(program, len(forms))[:n]
    moves = Moves(rows, n)
    resting = np.full((len(forms), n), -1)
    for at in range(STEPS * len(forms)):
        if at % WORK_STEPS == 0:
            step(min(at // STEPS, len(forms) - 1))
            work.spend(min(1, work.left))
        excess = _excess(program, forms[:, :n])
        if not excess.any():
            return True
        f = int(rng.choice(np.flatnonzero(excess if at % 2 else excess == excess.max())))
        if alone.across.totals:
            moves = Moves(rows.and_(form_rows(alone, np.delete(forms, f, axis=0))), n)
        own, still = forms[f, :n], resting[f] >= at
        gone = np.flatnonzero(own & ~still)
        come = np.flatnonzero(~own & ~still & (forms[:, :n].sum(axis=0) < limits))
        if len(come) > INCOMING:
            come = np.sort(rng.choice(come, INCOMING, replace=False))
        if not len(gone) or not len(come):
            continue
        change = np.where(moves.broken(forms[f], gone, come) == 0, 0.0, np.inf)
        for pairs in program.across.pairs:
            change += _change(pairs, forms[:, :n], f, gone, come)
        best = change.min()
        if np.isinf(best):
            continue
        i, j = divmod(int(rng.choice(np.flatnonzero(change == best))), len(come))
        forms[f, [gone[i], come[j]]] = [False, True]
        resting[f, [gone[i], come[j]]] = at + REST + int(rng.integers(0, len(forms) + 1))
    return not _excess(program, forms[:, :n]).any()


def _excess(program: Program, items: BoolArray) -> FloatArray:
    """Return how far the pairs of each form are from what they may share, squared and summed, shape (n_forms,)."""
    found = np.zeros(len(items))
    for pairs in program.across.pairs:
        counted = (items & pairs.items).astype(np.float32)
        off = _off(pairs, (counted @ counted.T).astype(np.float64))
        np.fill_diagonal(off, 0.0)
        found += off.sum(axis=1)
    return found


def _off(pairs: Pairs, common: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(common - pairs.upper, 0.0) ** 2 + np.maximum(pairs.lower - common, 0.0) ** 2)


def _change(pairs: Pairs, items: BoolArray, f: int, gone: IntArray, come: IntArray) -> FloatArray:
    """Return by how much the excess of form ``f`` grows with each swap, shape (n_gone, n_come)."""
    counted = (items & pairs.items).astype(np.float64)
    common = counted @ counted[f]
    now = _off(pairs, common)
    less, more = _off(pairs, common - 1.0) - now, _off(pairs, common + 1.0) - now
    less[f] = more[f] = 0.0
    leave, enter = counted[:, gone], counted[:, come]
    both = (leave * (less + more)[:, None]).T @ enter
    return np.asarray((less @ leave)[:, None] + (more @ enter)[None, :] - both)
