"""Many forms moved at once by swaps: away from each other, towards items used too little, and back to their targets.

Each form walks on its own, but all of a block take a step together, so that a step is a handful of array operations.
A walk may break rules at a price, as it may leave the targets; what it must end with is a form that keeps all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.individual.problem import Problem
from exam_engine.assembly.individual.steps import Steps
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray

NONE = -1
"""Fills the places of a form that is shorter than the longest."""


EDGE = 0.8
"""Part of a tolerance from which on a deviation costs more."""

SWAPS = 4096
"""Swaps judged at once: what they need stays near the processor."""


@dataclass(frozen=True)
class Heat:
    """How a walk judges: price of a broken unit of a row and of a squared tolerance, swaps looked at, and chance."""

    row: float
    target: float
    looks: int
    chance: float = 1.0
    edge: float = 0.0


@dataclass
class Moves:
    """Moves that may be made, sorted by form, and what each does.

    ``form`` (n_moves,), ``toward`` (n_moves, n_targets), ``broken`` (n_moves,) units of rows that are broken more than
    before, ``price`` (n_moves,); so much that is broken as ``lenience`` says is forgiven.
    """

    form: IntArray
    toward: FloatArray
    broken: FloatArray
    price: FloatArray
    lenience: float = 0.0


class Walk:
    """A block of forms in motion.

    Parameters
    ----------
    problem : Problem
    steps : Steps
    held : ndarray of int, shape (n_forms, longest)
        Items of each form, then `NONE`.
    switches : ndarray of bool, shape (n_forms, n_switches)
        Switches; those that follow from the items are computed anew.
    """

    def __init__(self, problem: Problem, steps: Steps, held: IntArray, switches: BoolArray) -> None:
        self.problem, self.steps = problem, steps
        self.held, self.length = held.copy(), (held != NONE).sum(axis=1)
        self.fixed = switches & ~problem.follows
        self.inside = np.zeros((len(held), problem.size), dtype=bool)
        form, _ = np.nonzero(held != NONE)
        self.inside[form, held[held != NONE]] = True
        self.half = np.append(problem.half, np.inf).astype(np.float32)
        self.count()

    def count(self) -> None:
        """Compute all sums anew from the items."""
        problem = self.problem
        inside = sp.csr_array(self.inside.astype(np.float64))
        self.turned = np.asarray((inside @ problem.groups).toarray()) + self.fixed
        switches = sp.csr_array((self.turned > 0).astype(np.float64))
        self.sums = (inside @ problem.items + switches @ problem.switches).toarray() - problem.middle
        self.near = np.zeros((len(self.held), len(problem.middle) + 1), dtype=np.float32)
        self.near[:, :-1] = self.sums
        self.off = np.asarray(inside @ problem.weights) - problem.goal
        self.uses = self.inside.sum(axis=0, dtype=np.int64)

    def good(self, forms: IntArray, within: float = 1.0) -> BoolArray:
        """Return which of the forms keep every row and have every target within so many tolerances."""
        near = np.abs(self.off[forms]).max(axis=1, initial=0.0) <= within
        near[near] = (self.problem.excess(self.sums[forms[near]]) == 0.0).all(axis=1)
        return np.asarray(near)

    def saved(self, forms: IntArray) -> tuple[npt.NDArray[np.generic], ...]:
        """Return all that is known about some forms, to be given to `restore`."""
        return tuple(part[forms].copy() for part in self._parts())

    def restore(self, forms: IntArray, saved: tuple[npt.NDArray[np.generic], ...], which: BoolArray) -> None:
        """Put back those of the forms that are meant by ``which`` (n_forms,)."""
        for part, old in zip(self._parts(), saved, strict=True):
            part[forms[which]] = old[which]
        self.uses = self.inside.sum(axis=0, dtype=np.int64)

    def _parts(self) -> tuple[npt.NDArray[np.generic], ...]:
        return self.held, self.length, self.fixed, self.inside, self.turned, self.sums, self.near, self.off

    def step(
        self,
        heat: Heat,
        price: FloatArray,
        rng: np.random.Generator,
        active: IntArray,
        first: FloatArray | None = None,
    ) -> None:
        """Let each active form take the swap that looks best of some that chance proposes, or stay.

        ``price`` (n_items,) is what holding an item costs; prices (n_forms, n_items) differ between forms. ``first``
        (n_forms, longest) is added to what the item of a place costs, until it is swapped.
        """
        problem, steps = self.problem, self.steps
        row = np.repeat(active, heat.looks)
        at = (rng.random(len(row)) * self.length[row]).astype(np.int64)
        gone = self.held[row, at]
        swap = gone * steps.many + rng.integers(steps.many, size=len(row))
        come = steps.partners.ravel()[swap]
        open_ = np.flatnonzero(~(self.inside[row, come] | problem.still[gone] | (gone == NONE)))
        row, at, gone, swap, come = row[open_], at[open_], gone[open_], swap[open_], come[open_]
        charge = _charge(price, row, come) - _charge(price, row, gone)
        if first is not None:
            charge -= first[row, at]
        moves = Moves(
            row, problem.weights[come] - problem.weights[gone], self._judged(row, swap, gone, come), charge
        )
        best = self.choose(moves, heat, rng)
        form, out, into = row[best], gone[best], come[best]
        self.held[form, at[best]] = into
        self.inside[form, out], self.inside[form, into] = False, True
        self.uses += np.bincount(into, minlength=problem.size) - np.bincount(out, minlength=problem.size)
        if first is not None:
            first[form, at[best]] = 0.0
        self.take(form, moves.toward[best], *self._changes(out, into))

    def choose(self, moves: Moves, heat: Heat, rng: np.random.Generator) -> npt.NDArray[np.intp]:
        """Return the moves to make, one a form at most: the best but for some chance, when it is good enough."""
        row, toward = moves.form, moves.toward
        off = self.off[row]
        cost = heat.target * np.einsum("pt,pt->p", toward, 2.0 * off + toward)
        if heat.edge:
            now = np.maximum(np.abs(off) - EDGE, 0.0)
            then = np.maximum(np.abs(off + toward) - EDGE, 0.0)
            cost += heat.edge * (np.einsum("pt,pt->p", then, then) - np.einsum("pt,pt->p", now, now))
        cost += heat.row * moves.broken
        cost += moves.price - np.clip(cost, 0.0, moves.lenience)
        best = _first_least(row, cost + heat.chance * np.log(rng.standard_exponential(len(cost))))
        return np.asarray(best[cost[best] < heat.chance * rng.standard_exponential(len(best))])

    def take(self, form: IntArray, toward: FloatArray, rows: sp.csr_array, groups: sp.csr_array) -> None:
        """Keep the sums up to date with moves that are made, one a form at most."""
        self.off[form] += toward
        rows = self._with_switches(form, rows, groups)
        for sums, change in ((self.sums, rows), (self.turned, groups)):
            sums[np.repeat(form, np.diff(change.indptr)), change.indices] += change.data
        self.near[form, :-1] = self.sums[form]

    def broken(self, form: IntArray, rows: sp.csr_array, groups: sp.csr_array) -> FloatArray:
        """Return by how many units more each move breaks the rows of its form."""
        change = self._with_switches(form, rows, groups)
        which = np.repeat(np.arange(len(form)), np.diff(change.indptr))
        before, row = self.sums[form[which], change.indices], change.indices
        more = self.problem.excess(before + change.data, row) - self.problem.excess(before, row)
        return np.asarray(np.bincount(which, weights=more, minlength=len(form)), dtype=np.float64)

    def _judged(self, row: IntArray, swap: IntArray, gone: IntArray, come: IntArray) -> FloatArray:
        """Return by how many units more each swap breaks the rows of its form."""
        steps, half = self.steps, self.half
        broken = np.empty(len(row))
        for begin in range(0, len(row), SWAPS):
            part = slice(begin, begin + SWAPS)
            rows = steps.rows[swap[part]].astype(np.intp)
            width = half.take(rows)
            rows += row[part, None] * self.near.shape[1]
            before = self.near.ravel().take(rows)
            more = steps.change[swap[part]]
            more += before
            np.abs(more, out=more)
            more -= width
            np.maximum(more, 0.0, out=more)
            np.abs(before, out=before)
            before -= width
            np.maximum(before, 0.0, out=before)
            more -= before
            broken[part] = more.sum(axis=1)
        turns = np.flatnonzero(steps.turns[swap])
        if len(turns):
            broken[turns] = self.broken(row[turns], *self._changes(gone[turns], come[turns]))
        return broken

    def _changes(self, gone: IntArray, come: IntArray) -> tuple[sp.csr_array, sp.csr_array]:
        """Return what swaps add to rows, switches aside, and to the numbers of items that turn a switch on."""
        items, groups = self.problem.items, self.problem.groups
        return sp.csr_array(items[come] - items[gone]), sp.csr_array(groups[come] - groups[gone])

    def _with_switches(self, row: IntArray, rows: sp.csr_array, groups: sp.csr_array) -> sp.csr_array:
        """Return what each move adds to the rows of its form, switches included."""
        if not groups.nnz:
            return rows
        flips = self._flips(row, groups)
        return sp.csr_array(rows + flips @ self.problem.switches) if flips.nnz else rows

    def _flips(self, row: IntArray, turn: sp.csr_array) -> sp.csr_array:
        """Return which switches go on (1) or off (-1) when the numbers behind them change."""
        which = np.repeat(np.arange(turn.shape[0]), np.diff(turn.indptr))
        before = self.turned[row[which], turn.indices]
        flip = ((before + turn.data) > 0).astype(np.float64) - (before > 0)
        at = np.flatnonzero(flip)
        return sp.csr_array((flip[at], (which[at], turn.indices[at])), shape=turn.shape)


def _charge(price: FloatArray, row: IntArray, item: IntArray) -> FloatArray:
    return np.asarray(price[item] if price.ndim == 1 else price[row, item])


def _first_least(row: IntArray, value: FloatArray) -> npt.NDArray[np.intp]:
    """Return the place of the least value of each run of equal rows; ``row`` is sorted."""
    if not len(row):
        return np.zeros(0, dtype=np.intp)
    starts = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])
    least = np.minimum.reduceat(value, starts)
    hits = np.flatnonzero(value == np.repeat(least, np.diff(np.r_[starts, len(row)])))
    _, first = np.unique(row[hits], return_index=True)
    return np.asarray(hits[first])
