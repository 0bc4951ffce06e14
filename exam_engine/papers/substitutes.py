"""Which items can come for one of a form, and what each of them would break. No I/O.

All candidates are judged at once by the compiled rows of the form; those that are shown are then verified one by one,
by the check that does not know those rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from exam_engine.assembly.compile import BoolArray, IntArray, Program, Rows, compile_program
from exam_engine.assembly.moves import Moves
from exam_engine.assembly.pool import FloatArray
from exam_engine.papers.at_hand import FormsAtHand, broken_rules

SHOWN, SHOWN_BREAKING = 20, 10


@dataclass(frozen=True)
class Substitute:
    """An item that could come: the form's worst deviation then, and the rules that would break and hold now."""

    name: str
    deviation: float
    breaks: tuple[str, ...]


@dataclass(frozen=True)
class Substitutes:
    """Items that keep every rule, by deviation, and some of the others; ``deviation`` is the form's at present."""

    deviation: float
    keeping: tuple[Substitute, ...]
    breaking: tuple[Substitute, ...]
    candidates: int


def find_substitutes(
    at_hand: FormsAtHand,
    form: int,
    gone: str,
    *,
    wanted: Sequence[str] = (),
    most: int = SHOWN,
    others: int = SHOWN_BREAKING,
) -> Substitutes:
    """Return the best items of the same type to come for ``gone``.

    Parameters
    ----------
    at_hand : FormsAtHand
    form : int
        Place of the form, from 0.
    gone : str
        Id of an item of the form.
    wanted : sequence of str
        Ids that are judged whatever they would break.
    most, others : int
        How many that keep every rule, and how many that break one, are returned.
    """
    pool, held = at_hand.pool, at_hand.forms[form]
    program = compile_program(pool, at_hand.specification, allow_empty=True)
    kinds = pool.texts("type")
    out = pool.positions[gone]
    usable = np.array([name in at_hand.usable for name in pool.ids])
    usable[[pool.positions[name] for name in held]] = False
    candidates = np.flatnonzero(usable & (kinds == kinds[out]))
    x = np.zeros(program.width, dtype=bool)
    x[[pool.positions[name] for name in held]] = True
    totals = program.aims.weights @ x.astype(float)
    now = program.aims.deviation(totals)
    if not len(candidates):
        return Substitutes(now, (), (), 0)
    deviation = _deviations(program, totals, out, candidates)
    broken = _broken(at_hand, program, form, x, out, candidates)
    near = np.abs(pool.numbers("difficulty")[candidates] - pool.numbers("difficulty")[out])
    order = np.lexsort((candidates, near, deviation))
    good = [k for k in order if not broken[k]][:most]
    bad = [k for k in order if broken[k]][:others]
    asked = {pool.positions[name] for name in wanted if name in pool.positions}
    chosen = dict.fromkeys([*good, *bad, *(k for k, c in enumerate(candidates) if c in asked)])
    judged = [_judge(at_hand, form, gone, pool.ids[candidates[k]], float(deviation[k])) for k in chosen]
    judged.sort(key=lambda one: one.deviation)
    return Substitutes(
        now,
        tuple(one for one in judged if not one.breaks),
        tuple(one for one in judged if one.breaks),
        len(candidates),
    )


def swapped(held: Sequence[str], gone: str, come: str) -> tuple[str, ...]:
    """Return a form's ids with one in the place of another."""
    return tuple(come if name == gone else name for name in held)


def _deviations(program: Program, totals: FloatArray, out: int, candidates: IntArray) -> FloatArray:
    aims = program.aims
    if not aims.count:
        return np.zeros(len(candidates))
    after = totals - aims.weights[:, out] + aims.weights[:, candidates].T
    return np.asarray(np.abs(aims.off(after)).max(axis=1))


def _broken(
    at_hand: FormsAtHand, program: Program, form: int, x: BoolArray, out: int, candidates: IntArray
) -> FloatArray:
    """Count the rows that each candidate breaks; rows with switches are left to the verification."""
    rows = _plain_rows(at_hand, program, form)
    count = Moves(rows, program.size).broken(x, np.array([out]), candidates)[0].astype(float)
    most = at_hand.specification.max_use
    if most is not None:
        count += np.array([at_hand.uses.get(at_hand.pool.ids[c], 0) >= most for c in candidates])
    return np.asarray(count)


def _plain_rows(at_hand: FormsAtHand, program: Program, form: int) -> Rows:
    counts = None
    others = [names for f, names in enumerate(at_hand.forms) if f != form]
    if others and program.cells.shape[0]:
        reference = np.zeros(program.width)
        reference[[at_hand.pool.positions[name] for name in others[0]]] = 1.0
        counts = np.asarray(program.cells @ reference)
    rows = program.with_cells(counts)
    switched = np.diff(rows.matrix[:, program.size :].tocsr().indptr) > 0
    return rows.take(np.flatnonzero(~switched))


def _judge(at_hand: FormsAtHand, form: int, gone: str, come: str, deviation: float) -> Substitute:
    after = at_hand.with_form(form, swapped(at_hand.forms[form], gone, come))
    before = set(at_hand.broken(form))
    broken = broken_rules(after.specification, after.verification, form)
    return Substitute(come, deviation, tuple(name for name in broken if name not in before))
