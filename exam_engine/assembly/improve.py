"""Swaps of items that bring finished forms closer to their targets and keep every rule.

The aim is the largest deviation; the search goes down the weighted sum of squares, which one matrix product gives for
all swaps at once, and where it is stuck the worst target gains weight.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from exam_engine.assembly.between import form_rows, item_limits, pairs_hold
from exam_engine.assembly.compile import BoolArray, IntArray, Program, Rows
from exam_engine.assembly.moves import Counts, Moves
from exam_engine.assembly.pairs import Changes, changes, first_kept
from exam_engine.assembly.pool import FloatArray

CLOSE_ENOUGH = 0.0037
"""Deviation above the bound, in units of scale, at which a form is left as it is."""

AS_LARGE_AS_CAN_BE = 0.005
"""The same where something is to be as large or small as can be: the bound itself is seldom reached by whole items."""

ROUNDS = 3
STEPS = 60
SWAPS = 6
"""Swaps made before the list of those that keep every rule is written anew."""

INCOMING, MORE_INCOMING = 500, 3000
PAIRS, MORE_PAIRS = 400, 800
BLOCK = 512
GAIN = 0.999
"""A step must bring the sum of squares below this part of what it was."""

STARTS, KICKS = 2, 3
"""How often a form is searched from, and swaps by chance before each but the first."""

SMALL = 1000
"""Items of a pool up to which a form is searched from once: it is sought anew later, which leads further."""

ENOUGH_PAIRS = 100

COMPOUNDS = 1500
"""Pairs of swaps that are paired again."""

REWEIGHTED = 8
HARD = 4
"""Every so many times that the search is stuck it looks at more pairs."""

WRONG, BEYOND = 1000.0, 100.0
"""Charge for a form beyond a tolerance, which no deviation within outweighs, and for how far beyond it is."""

ROUNDING = 1e-9


def close_enough(program: Program) -> float:
    """Return the deviation above the bound, in units of scale, at which a form is left as it is."""
    return AS_LARGE_AS_CAN_BE if program.aims.wishes else CLOSE_ENOUGH


class Improver:
    """Local search over the forms (n_forms, width) of a program; changes items in place, switches stay."""

    def __init__(
        self, program: Program, rows: Rows, forms: BoolArray, bound: float, rng: np.random.Generator
    ) -> None:
        self.program, self.forms, self.bound, self.rng, self.n = program, forms, bound, rng, program.size
        aims = program.aims
        tolerated = aims.owner[np.isfinite(aims.tolerance)]
        soft = np.isin(rows.owner, tolerated) & (rows.owner >= program.n_rules)  # part of the objective
        self.rows = rows.take(np.flatnonzero(~soft))
        self.moves = self.alone = Moves(self.rows, program.size)
        self.weights = np.ascontiguousarray(aims.weights.T / aims.scale)
        self.low, self.high = aims.low / aims.scale, aims.high / aims.scale
        self.all_goals = bool((aims.low == aims.high).all())
        self.tolerance = aims.tolerance / aims.scale
        self.importance = np.maximum(1.0, (CLOSE_ENOUGH / np.maximum(self.tolerance, 1e-6)) ** 2)
        self.found: tuple[IntArray, IntArray, Counts] | None = None
        self.max_use = item_limits(program, len(forms))[: self.n]
        self.uses = forms[:, : self.n].sum(axis=0)

    def run(self, step: Callable[[int], None]) -> None:
        """Improve until every form is close enough or nothing more is found."""
        if not self.program.aims.count:
            return
        aim = self.bound + close_enough(self.program)
        for round_ in range(ROUNDS):
            step(round_)
            costs = np.array([self._cost(self._off(g)) for g in range(len(self.forms))])
            late = [int(f) for f in np.argsort(-costs) if costs[f] > aim]
            better = False
            for f in late:
                step(round_)
                better |= self._improve(f, aim)
            if not better:
                return

    def from_another(self, f: int, g: int, form: BoolArray) -> bool:
        """Search from another form in the place of form ``g``; keep it where form ``f`` ends nearer.

        Every other form must be near enough as well, or no farther than it was. Tell whether it is kept.
        """
        kept, aim, every = self.forms.copy(), self.bound + close_enough(self.program), range(len(self.forms))
        before = [self._cost(self._off(k)) for k in every]
        self._begin(np.vstack([kept[:g], form[None], kept[g + 1 :]]))
        self._improve(g, aim)
        if g != f and self._cost(self._off(g)) <= max(aim, before[g]):
            self._improve(f, aim)
        after = [self._cost(self._off(k)) for k in every]
        # Items are exchanged with other forms on the way.
        if after[f] < before[f] and all(after[k] <= max(aim, before[k]) for k in every if k != f):
            return True
        self._begin(kept)
        return False

    def _begin(self, forms: BoolArray) -> None:
        self.forms[:] = forms
        self.uses = forms[:, : self.n].sum(axis=0)

    def _improve(self, f: int, aim: float) -> bool:
        """Search from one form; keep the best that was seen. Tell whether it is better than before."""
        self._look_beside(f)
        begun = best = self._cost(self._off(f))
        kept = self.forms.copy()
        for start in range(STARTS if self.n > SMALL else 1):
            if start:
                self._begin(kept)
                self._look_beside(f)
                self._kick(f)
            weight = self.importance.copy()
            reweighted = 0
            for _ in range(STEPS):
                if best <= aim or reweighted > REWEIGHTED:
                    break
                hard = reweighted % HARD == HARD - 1
                if self._step(f, weight, best, hard=hard):
                    now = self._cost(self._off(f))
                    if now < best - 1e-12:
                        best, kept = now, self.forms.copy()
                else:
                    reweighted += 1
                    size = np.abs(self._off(f))
                    weight[size >= 0.9 * size.max()] *= 2.0
            if best <= aim:
                break
        self._begin(kept)
        return best < begun - 1e-9

    def _look_beside(self, f: int) -> None:
        """Take in what the other forms, as they are now, ask of this one."""
        if self.program.across.binds_forms:
            beside = form_rows(self.program, np.delete(self.forms, f, axis=0))
            self.moves = Moves(self.rows.and_(beside), self.n)

    def _step(self, f: int, weight: FloatArray, best: float, *, hard: bool) -> bool:
        return (
            self._swap(f, weight, MORE_INCOMING if hard else INCOMING)
            or self._swap_pair(f, weight, MORE_PAIRS if hard else PAIRS)
            or self._exchange(f, weight, best)
        )

    def _off(self, f: int) -> FloatArray:
        return self._beyond(self._total(f))

    def _total(self, f: int) -> FloatArray:
        return np.asarray(self.weights[self.forms[f]].sum(axis=0))

    def _beyond(self, total: FloatArray) -> FloatArray:
        return np.asarray(total - np.clip(total, self.low, self.high))

    def _squares(self, first: FloatArray, second: FloatArray, weight: FloatArray) -> npt.NDArray[np.float32]:
        """Return the weighted sum of squared deviations of the totals ``first[i] + second[j]``, for all pairs.

        A range that all totals keep costs nothing. One that most of them miss on one side is a point there, so that one
        matrix product serves it with the goals; the others are looked at one by one.
        """
        if self.all_goals:
            root = np.sqrt(weight)
            return _squares((first - self.low) * root, second * root)
        least = first.min(axis=0) + second.min(axis=0)
        most = first.max(axis=0) + second.max(axis=0)
        middle = np.median(first, axis=0) + np.median(second, axis=0)
        under, over = middle < self.low, middle > self.high
        goal = np.where(over, self.high, self.low)
        kept = (least >= self.low) & (most <= self.high)
        as_points = (self.low == self.high) | ((under | over) & ~kept)
        at, root = np.flatnonzero(as_points), np.sqrt(weight)
        costs = _squares((first[:, at] - goal[at]) * root[at], second[:, at] * root[at])
        for t in np.flatnonzero(~as_points & ~kept).tolist():
            total = np.add.outer(first[:, t].astype(np.float32), second[:, t].astype(np.float32))
            off = total - np.clip(total, np.float32(self.low[t]), np.float32(self.high[t]))
            off *= off
            off *= np.float32(weight[t])
            costs += off
        return costs

    def _cost(self, off: FloatArray) -> float:
        """Largest deviation, with a heavy charge beyond a tolerance; ``off`` has shape (n_aims,)."""
        size = np.abs(off)
        beyond = float((size - self.tolerance).max())
        return float(size.max()) + (WRONG + BEYOND * beyond if beyond > ROUNDING else 0.0)

    def _inside(self, f: int) -> IntArray:
        return np.flatnonzero(self.forms[f, : self.n])

    def _outside(self, f: int, many: int = INCOMING) -> IntArray:
        free = np.flatnonzero(~self.forms[f, : self.n] & (self.uses < self.max_use))
        if len(free) > many:
            free = np.sort(self.rng.choice(free, many, replace=False))
        return free

    def _swap(self, f: int, weight: FloatArray, incoming: int) -> bool:
        """Exchange items for unused ones, one after the other, always the best that is left of those found at first."""
        gone, come = self._inside(f), self._outside(f, incoming)
        self.found = None
        if not len(come) or not len(gone):
            return False
        form = self.forms[f]
        broken = self.moves.broken(form, gone, come)
        self.found = (gone, come, broken)
        barred = np.where(broken == 0, np.float32(0.0), np.float32(np.inf))
        swapped = 0
        while swapped < SWAPS:
            total = self._total(f)
            off = self._beyond(total)
            costs = self._squares(total - self.weights[gone], self.weights[come], weight)
            costs += barred
            i, j = divmod(int(np.argmin(costs)), len(come))
            if costs[i, j] >= GAIN * float((weight * off**2).sum()):
                break
            if swapped:
                barred[i, j] = np.inf
                if not self.moves.fits(form, gone[[[i]]], come[[[j]]])[0]:
                    continue
            self._put(f, gone[[i]], come[[j]])
            barred[i], barred[:, j] = np.inf, np.inf
            swapped += 1
            self.found = None
        return swapped > 0

    def _put(self, f: int, gone: IntArray, come: IntArray) -> None:
        self.forms[f, gone], self.forms[f, come] = False, True
        self.uses[gone] -= 1
        self.uses[come] += 1

    def _swap_pair(self, f: int, weight: FloatArray, many: int) -> bool:
        """Exchange two items at once: finds steps where no single swap helps any more.

        Among them swaps that break a rule each and make it good together. ``many`` swaps of either kind are paired.
        """
        if self.found is None:
            return False
        gone, come, broken = self.found
        at = np.concatenate([self._some(np.flatnonzero(broken == k), many) for k in (0.0, 1.0)])
        if len(at) < 2:
            return False
        swaps = changes(self.moves, self.forms[f], gone[at // len(come)], come[at % len(come)])
        return self._best_pair(f, swaps, weight) or self._pair_of_pairs(f, swaps, weight)

    def _pair_of_pairs(self, f: int, swaps: Changes, weight: FloatArray) -> bool:
        """Exchange four items at once."""
        partners = np.flatnonzero(np.triu(swaps.partners(), 1))
        p, q = np.divmod(self._some(partners, 2 * COMPOUNDS), len(swaps.gone))
        pairs = swaps.take(p).with_(swaps.take(q))
        pairs = pairs.take(np.flatnonzero(pairs.keeps())[:COMPOUNDS])
        return len(pairs.gone) > 1 and self._best_pair(f, pairs, weight)

    def _pull(self, all_: Changes) -> FloatArray:
        """Return what each change does to the totals, shape (n, n_aims)."""
        return np.asarray(self.weights[all_.come].sum(axis=1) - self.weights[all_.gone].sum(axis=1))

    def _best_pair(self, f: int, all_: Changes, weight: FloatArray) -> bool:
        """Make the best two of some changes that keep every rule together and bring the form nearer."""
        total = self._total(f)
        now = GAIN * float((weight * self._beyond(total) ** 2).sum())
        pair = first_kept(all_, *self._near_pairs(total, self._pull(all_), weight, now))
        if pair is None:
            return False
        self._put(f, pair.gone[0], pair.come[0])
        return True

    def _kick(self, f: int) -> None:
        """Exchange a few items by chance, to leave a place where no step helps."""
        for _ in range(KICKS):
            gone, come = self._inside(f), self._outside(f)
            places = np.flatnonzero(self.moves.broken(self.forms[f], gone, come) == 0)
            if len(places):
                place = int(self.rng.choice(places))
                self._put(f, gone[[place // len(come)]], come[[place % len(come)]])

    def _some(self, places: IntArray, many: int) -> IntArray:
        return self.rng.choice(places, many, replace=False) if len(places) > many else places

    def _exchange(self, f: int, weight: FloatArray, worst: float) -> bool:
        """Give one item to another form for one of its own, when this one gains and the other stays below ``worst``."""
        total, items = self._total(f), self.forms[:, : self.n]
        now = float((weight * self._beyond(total) ** 2).sum())
        for g in self.rng.permutation(len(self.forms)).tolist():
            if g == f:
                continue
            give, take = np.flatnonzero(items[f] & ~items[g]), np.flatnonzero(items[g] & ~items[f])
            if not len(give) or not len(take):
                continue
            costs = self._squares(total - self.weights[give], self.weights[take], weight)
            ok = costs < GAIN * now
            if not ok.any():
                continue
            ok &= self.alone.broken(self.forms[f], give, take) == 0
            ok &= self.alone.broken(self.forms[g], take, give).T == 0
            at = np.flatnonzero(ok)
            at = at[np.argsort(costs.ravel()[at], kind="stable")]
            total_g = self._total(g)
            for place in at[:200].tolist():
                i, j = give[place // len(take)], take[place % len(take)]
                if self._cost(self._beyond(total_g + self.weights[i] - self.weights[j])) < worst:
                    self.forms[f, [i, j]] = [False, True]
                    self.forms[g, [i, j]] = [True, False]
                    if not pairs_hold(self.program, self.forms, (f, g)):
                        self.forms[f, [i, j]], self.forms[g, [i, j]] = [True, False], [False, True]
                        continue
                    self._look_beside(f)
                    return True
        return False

    def _near_pairs(
        self, total: FloatArray, move: FloatArray, weight: FloatArray, below: float
    ) -> tuple[IntArray, IntArray]:
        """Return pairs p < q of moves that make the cost small, best first."""
        n = len(move)
        starts = range(0, n, BLOCK)
        squares = [self._squares(total + move[k : k + BLOCK], move[k:], weight).ravel() for k in starts]
        for limit in (0.05 * below, 0.3 * below, below):
            places = [np.flatnonzero(square < limit) for square in squares]
            if sum(map(len, places)) >= ENOUGH_PAIRS:
                break
        cost = np.concatenate([square[at] for square, at in zip(squares, places, strict=True)])
        pairs = [np.stack(np.divmod(at, n - begin)) + begin for begin, at in zip(starts, places, strict=True)]
        first, second = np.hstack(pairs)[:, np.argsort(cost, kind="stable")]
        return first[first < second], second[first < second]


def _squares(first: FloatArray, second: FloatArray) -> npt.NDArray[np.float32]:
    """Return ``|first[i] + second[j]|²`` for all pairs, shape (n_first, n_second): one product, in single precision."""
    left = np.column_stack([2.0 * first, (first**2).sum(axis=1), np.ones(len(first))])
    right = np.column_stack([second, np.ones(len(second)), (second**2).sum(axis=1)])
    return np.asarray(left.astype(np.float32) @ right.astype(np.float32).T)
