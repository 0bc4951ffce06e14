"""Swaps of items that bring finished forms closer to their targets and keep every rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.compile import BoolArray, IntArray, Program, Rows
from exam_engine.assembly.pool import FloatArray

CLOSE_ENOUGH = 0.002
"""Deviation above the bound, in units of scale, at which a form is left as it is."""

ROUNDS = 40
TRIES = 4000
INCOMING = 4000
PAIR_SAMPLE = 1500
PAIR_DRAWS = 8
PAIRS = 700
PAIR_TRIES = 4
SLACK = 1e-9
BEYOND = 100.0
"""Charge for a deviation beyond a tolerance."""


class Improver:
    """Local search over the forms (n_forms, n_items) of a program; changes them in place."""

    def __init__(
        self, program: Program, rows: Rows, forms: BoolArray, bound: float, rng: np.random.Generator
    ) -> None:
        self.program, self.forms, self.bound, self.rng = program, forms, bound, rng
        soft = rows.owner >= len(program.structural) - program.n_targets  # tolerances: part of the objective
        hard = np.flatnonzero(~soft)
        self.columns = sp.csr_array(rows.matrix[hard].T)
        self.lower, self.upper = rows.lower[hard] - SLACK, rows.upper[hard] + SLACK
        self.weights = np.ascontiguousarray(program.weights.T / program.scale)
        self.goal = program.goal / program.scale
        self.tolerance = np.full(program.n_targets, np.inf)
        for r in np.flatnonzero(soft):
            t = int(rows.owner[r]) - (len(program.structural) - program.n_targets)
            self.tolerance[t] = (rows.upper[r] - rows.lower[r]) / 2 / program.scale[t]
        self.max_use = len(forms) if program.max_use is None else program.max_use

    def run(self, step: Callable[[int], None]) -> None:
        """Improve until every form is close enough or nothing more is found."""
        if not self.program.n_targets:
            return
        for round_ in range(ROUNDS):
            step(round_)
            changed = False
            for f in np.argsort([-self._cost(self._off(g)) for g in range(len(self.forms))]):
                changed |= self._improve(int(f))
            if not changed or self._worst() <= self.bound + CLOSE_ENOUGH:
                return

    def _improve(self, f: int) -> bool:
        changed = False
        while self._cost(self._off(f)) > self.bound + CLOSE_ENOUGH:
            if not (self._swap(f) or self._exchange(f) or any(self._swap_pair(f) for _ in range(PAIR_TRIES))):
                return changed
            changed = True
        return changed

    def _worst(self) -> float:
        return max(self._cost(self._off(f)) for f in range(len(self.forms)))

    def _off(self, f: int) -> FloatArray:
        return np.asarray(self.weights[self.forms[f]].sum(axis=0) - self.goal)

    def _cost(self, off: FloatArray) -> float:
        """Largest deviation, with a heavy charge beyond a tolerance; ``off`` has shape (n_targets,)."""
        size = np.abs(off)
        return float(size.max() + BEYOND * np.maximum(size - self.tolerance, 0.0).max())

    def _costs(self, off: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
        """Costs of ``off + first + second`` for all pairs, shape (n_first, n_second); target by target for speed."""
        worst = np.zeros((len(first), len(second)))
        beyond = np.zeros_like(worst) if np.isfinite(self.tolerance).any() else None
        for t, tolerance in enumerate(self.tolerance):
            size = np.abs((off[t] + first[:, t])[:, None] + second[:, t])
            np.maximum(worst, size, out=worst)
            if beyond is not None and np.isfinite(tolerance):
                np.maximum(beyond, size - tolerance, out=beyond)
        return worst if beyond is None else worst + BEYOND * beyond

    def _outside(self, f: int) -> IntArray:
        free = np.flatnonzero(~self.forms[f] & (self.forms.sum(axis=0) < self.max_use))
        if len(free) > INCOMING:
            free = np.sort(self.rng.choice(free, INCOMING, replace=False))
        return free

    def _fits(self, f: int, delta: sp.csr_array) -> BoolArray:
        """Whether the form keeps its rows after each change of activity, delta (n_changes, n_rows), sparse.

        Rows that a change does not touch hold as they do now, so only what changes is looked at.
        """
        activity = self.columns[np.flatnonzero(self.forms[f])].sum(axis=0)
        after = activity[delta.indices] + delta.data
        broken = (after < self.lower[delta.indices]) | (after > self.upper[delta.indices])
        change = np.repeat(np.arange(delta.shape[0]), np.diff(delta.indptr))
        return np.asarray(np.bincount(change[broken], minlength=delta.shape[0]) == 0)

    def _delta(self, gone: IntArray, come: IntArray) -> sp.csr_array:
        return sp.csr_array(self.columns[come] - self.columns[gone])

    def _swap(self, f: int) -> bool:
        """Exchange one item for an unused one."""
        gone, come = np.flatnonzero(self.forms[f]), self._outside(f)
        if not len(come):
            return False
        off = self._off(f)
        costs = self._costs(off, -self.weights[gone], self.weights[come])
        for tries in _best_first(costs, self._cost(off)):
            i, j = gone[tries // len(come)], come[tries % len(come)]
            fits = np.flatnonzero(self._fits(f, self._delta(i, j)))
            if len(fits):
                self.forms[f, i[fits[0]]], self.forms[f, j[fits[0]]] = False, True
                return True
        return False

    def _exchange(self, f: int) -> bool:
        """Give one item to another form for one of its own, when the worse of both gets better."""
        off_f = self._off(f)
        now_f = self._cost(off_f)
        for g in self.rng.permutation(len(self.forms)):
            off_g = self._off(int(g))
            if g == f or self._cost(off_g) > now_f:
                continue
            give = np.flatnonzero(self.forms[f] & ~self.forms[g])
            take = np.flatnonzero(self.forms[g] & ~self.forms[f])
            if not len(give) or not len(take):
                continue
            gives, takes = self.weights[give], self.weights[take]
            costs = np.maximum(self._costs(off_f, -gives, takes), self._costs(off_g, gives, -takes))
            for tries in _best_first(costs, now_f):
                i, j = give[tries // len(take)], take[tries % len(take)]
                delta = self._delta(i, j)
                fits = np.flatnonzero(self._fits(f, delta) & self._fits(int(g), -delta))
                if len(fits):
                    i0, j0 = i[fits[0]], j[fits[0]]
                    self.forms[f, [i0, j0]] = [False, True]
                    self.forms[g, [i0, j0]] = [True, False]
                    return True
        return False

    def _swap_pair(self, f: int) -> bool:
        """Exchange two items at once: finds steps where no single swap helps any more."""
        gone, come = np.flatnonzero(self.forms[f]), self._outside(f)
        if len(come) < 2 or len(gone) < 2:
            return False
        i, j = self._possible_swaps(f, gone, come)
        if len(i) < 2:
            return False
        off = self._off(f)
        move = self.weights[j] - self.weights[i]
        costs = self._costs(off, move, move)
        costs[np.tril_indices(len(i))] = np.inf
        delta = self._delta(i, j)
        for tries in _best_first(costs, self._cost(off)):
            p, q = tries // len(i), tries % len(i)
            apart = (i[p] != i[q]) & (j[p] != j[q])
            fits = np.flatnonzero(apart & self._fits(f, delta[p] + delta[q]))
            if len(fits):
                p0, q0 = p[fits[0]], q[fits[0]]
                self.forms[f, [i[p0], i[q0]]] = False
                self.forms[f, [j[p0], j[q0]]] = True
                return True
        return False

    def _possible_swaps(self, f: int, gone: IntArray, come: IntArray) -> tuple[IntArray, IntArray]:
        """Draw single swaps that keep every row, up to PAIRS of them."""
        found: list[tuple[IntArray, IntArray]] = []
        count = 0
        for _ in range(PAIR_DRAWS):
            i, j = self.rng.choice(gone, PAIR_SAMPLE), self.rng.choice(come, PAIR_SAMPLE)
            keep = np.flatnonzero(self._fits(f, self._delta(i, j)))
            found.append((i[keep], j[keep]))
            count += len(keep)
            if count >= PAIRS:
                break
        return np.concatenate([i for i, _ in found])[:PAIRS], np.concatenate([j for _, j in found])[:PAIRS]


def _best_first(costs: FloatArray, now: float) -> list[IntArray]:
    """Flat positions of changes that lower the cost, best first, in portions that grow."""
    flat = costs.ravel()
    better = np.flatnonzero(flat < now - 1e-9)
    if len(better) > TRIES:
        better = better[np.argpartition(flat[better], TRIES)[:TRIES]]
    better = better[np.argsort(flat[better], kind="stable")]
    return [part for part in np.split(better, [50, 400, 1500]) if len(part)]
