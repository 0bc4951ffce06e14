"""All items dealt out to all forms at once, by a search that breaks rules on its way.

Where forms take nearly all of a pool, hardly any swap keeps every rule, and programmes of whole items find nothing in
useful time. Here the sets of each form are given by a plan; every other item may change places with one of another form
or one that no form uses. The best of all such exchanges of a form is made even where it makes things worse; what was
moved stays where it is for some steps (tabu search: Glover, 1989). Where no exchange helps, what is broken gains weight
(Morris, 1993). A broken rule costs by how much it is broken, a deviation from a goal by its square.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exam_engine.assembly.beside import BROKEN, Bounds, bounds_beside, places
from exam_engine.assembly.between import item_limits, use_limits
from exam_engine.assembly.compile import Program
from exam_engine.assembly.mend import Table, excess, mend
from exam_engine.assembly.moves import FEW_VALUES
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray, Rows
from exam_engine.assembly.solver import Work

STEPS, STEPS_OF_WORK = 4_500, 50
"""Exchanges of a search, and how many count as a unit of work."""

STAYS = (3, 8)
"""For how many steps, at least and below, an item that was moved stays."""

RULE_GAIN = 0.2
"""What the weight of a broken rule (1 at first) gains when nothing helps."""

LIGHTEST = 0.05
"""What the weight of a goal that is near enough falls to at least."""

FAR, MEAN = 0.02, 1.5
"""Deviation that is aimed at first, and that of the average of all forms that costs as much as the aim costs a form, in
units of it."""

STALE = 1_000
"""Exchanges that brought nothing nearer after which a search returns to the best forms, with first weights."""

MEND_OF_WORK = 10
"""Units of work of a few exchanges at once."""

FINISHED = 2
"""Searches of which the best forms are mended."""

ROUNDS, IN_VAIN = 40, 6
"""Rounds of mending the best forms, and rounds in vain after which it ends."""

AWAY, MORE = (0, 200, 600), 800
"""Exchanges that lead away from mended forms, in turn, and those in search of others from there."""

OTHERS, BESIDE = (1.3, 1.6, 2.0), 1e-5
"""How much farther off others may be, in parts and beside it, one after the other: the same would not lead on."""

BRIEF, BRIEF_STEPS = 2, 1_500
"""Searches of a look at a plan, and how many exchanges each has: it tells plans that lead somewhere from others."""

BY_CHANCE = 0.05
"""What chance adds to the fractions of the plan when items are dealt out first."""

Single = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Manner:
    """How one search goes about it."""

    weight: float = 0.1
    """Weight of a goal at first; of a rule it is 1."""
    gain: float = 0.05
    """What a goal that is not near enough gains when no exchange helps."""
    fades: float = 0.9
    """What part of its weight one keeps that is."""
    nearer: float = 0.8
    """What part of a deviation that was reached is aimed at next."""


MANNERS = (
    Manner(gain=0.1, fades=0.8, nearer=0.9),
    Manner(),
    Manner(gain=0.1, fades=0.8, nearer=0.9),
    Manner(gain=0.1, fades=0.8, nearer=0.9),
)
"""One search after the other, until one comes near enough."""


def is_for(program: Program, forms: int) -> bool:
    """Whether items can be dealt out: each to one form, with goals as the only aims, nothing asked of pairs."""
    aims, across = program.aims, program.across
    alone = bool((item_limits(program, forms)[: program.size] <= 1).all())
    goals = bool((aims.low == aims.high).all())
    return forms > 1 and alone and goals and not across.binds_forms and not program.cells.shape[0]


def deal(
    program: Program,
    rows: Rows,
    x: FloatArray,
    enough: float,
    rng: np.random.Generator,
    work: Work,
    look: Callable[[], None],
    *,
    brief: bool = False,
) -> BoolArray | None:
    """Return forms (n_forms, width) that keep every rule, as near to their goals as was seen; None when none was.

    Parameters
    ----------
    program : Program
        One for which `is_for` holds.
    rows : Rows
        Rows of one form.
    x : ndarray, shape (n_forms, width)
        A plan: whole switches, items in fractions. Forms keep the switches and the number of items.
    enough : float
        Deviation from the goals, in units of scale, at which the search ends.
    rng : Generator
    work : Work
        A unit for every `STEPS_OF_WORK` exchanges.
    look : callable
        Called that often.
    brief : bool
        Whether a look will do: the search is short, and does not mend what it found.
    """
    step = _Steps(work, look)
    found: list[_Deal] = []
    for manner in MANNERS[:BRIEF] if brief else MANNERS:
        found.append(_Deal(program, rows, x, enough, rng, manner))
        found[-1].run(BRIEF_STEPS if brief else STEPS, step)
        if found[-1].is_done or step.ended:
            break
    found.sort(key=_excess)
    for one in () if brief else found[:FINISHED]:
        if one.kept is not None and not found[0].is_done:
            one.finish(step)
            found.sort(key=_excess)
    return found[0].best()


def _excess(one: _Deal) -> float:
    return 0.0 if one.is_done else one.excess


@dataclass
class _Steps:
    """Counts exchanges and what they cost."""

    work: Work
    look: Callable[[], None]
    made: int = 0
    ended: bool = False

    def take(self) -> bool:
        """Whether there is work left for one more."""
        if self.made % STEPS_OF_WORK == 0:
            self.spend(1)
        self.made += 1
        return not self.ended

    def spend(self, units: int) -> None:
        """Count units of work."""
        self.ended = self.work.used >= self.work.limit or self.work.seconds <= 0
        if not self.ended:
            self.work.spend(units)
            self.look()


class _Deal:
    """The state of the search: ``at`` (n_movable,) is the form of each item, or the number of forms for those left."""

    def __init__(
        self,
        program: Program,
        rows: Rows,
        x: FloatArray,
        enough: float,
        rng: np.random.Generator,
        manner: Manner = MANNERS[0],
    ) -> None:
        self.n, self.forms, self.rng, self.enough = program.size, len(x), rng, max(enough, BROKEN)
        self.manner = manner
        self.switches = x[:, self.n :] > 0.5
        every = bounds_beside(rows, self.switches, self.n)
        allowed, self.given = places(every)
        allowed &= use_limits(program, self.forms)[: self.n] > 0
        held = self.given.any(axis=0)
        self.movable: IntArray = np.flatnonzero(~held & allowed.any(axis=0)).astype(np.int64)
        self.at = self._first(x[:, : self.n], allowed)[self.movable]
        self.parts = self._divide_rows(every, allowed)
        weights = (program.aims.weights[:, : self.n] / program.aims.scale[:, None]).T
        self.pulls = weights[self.movable]
        goals = program.aims.low / program.aims.scale - self.given @ weights
        self.goals = np.vstack([goals, self.pulls.sum(axis=0) - goals.sum(axis=0)])
        self._prepare()
        self.allowed = np.vstack([allowed, np.ones((1, self.n), dtype=bool)])[:, self.movable]
        self.stays = np.zeros(len(self.movable), dtype=np.int64)
        self.excess, self.lowest, self.is_done = np.inf, np.inf, False
        self.aim = max(self.enough, FAR)
        self.kept: IntArray | None = None
        self.latest = self.step = 0
        self._sum()
        self._keep_best()

    def _divide_rows(self, every: Bounds, allowed: BoolArray) -> tuple[Bounds, Bounds, Bounds]:
        """Return the rows that can be broken, over what is movable: counts, few values, many values."""
        most = allowed @ np.maximum(every.values, 0.0)
        least = allowed @ np.minimum(every.values, 0.0)
        risky = (most > every.upper + BROKEN) | (least < every.lower - BROKEN)
        rows = every.take(np.asarray(risky.any(axis=0)))
        given = self.given @ rows.values
        rows = Bounds(rows.values[self.movable], rows.lower - given, rows.upper - given)
        counts = ((rows.values == 0.0) | (rows.values == 1.0)).all(axis=0)
        many = np.array([len(np.unique(column)) for column in rows.values.T], dtype=np.int64)
        few, wide = ~counts & (many <= FEW_VALUES), ~counts & (many > FEW_VALUES)
        return rows.take(counts), rows.take(few).scaled(), rows.take(wide).scaled()

    def _prepare(self) -> None:
        """Write down what is the same for all steps: levels of rows of few values, columns of a product, weights."""
        counts, few, _ = self.parts
        levels = [np.unique(column) for column in few.values.T]
        self.level = np.concatenate([np.zeros(0), *levels])
        self.level_of = np.repeat(np.arange(len(levels)), [len(one) for one in levels])
        has = few.values[:, self.level_of] == self.level
        # Of a swap only the difference counts, so that single precision serves what is measured from the middle.
        pull = self.pulls - self.pulls.mean(axis=0) if len(self.pulls) else self.pulls
        self.pull: Single = pull.astype(np.float32)
        self.right: Single = np.column_stack([counts.values, has, pull]).astype(np.float32)
        self.weights = [np.ones(part.lower.shape) for part in self.parts]
        self.goal_weight = np.full(self.goals.shape, self.manner.weight)

    def _first(self, x: FloatArray, allowed: BoolArray) -> IntArray:
        """Deal items out as the fractions of the plan say, each form as many as it has there."""
        at = np.full(self.n, self.forms, dtype=np.int64)
        for f in range(self.forms):
            at[self.given[f]] = f
        left = np.round(x.sum(axis=1)).astype(np.int64) - self.given.sum(axis=1)
        liking = np.where(allowed, x + BY_CHANCE * self.rng.random(x.shape), -1.0)
        for place in np.argsort(-liking, axis=None, kind="stable").tolist():
            f, item = divmod(place, self.n)
            if liking[f, item] >= 0 and at[item] == self.forms and left[f] > 0:
                at[item] = f
                left[f] -= 1
        return at

    def _sum(self) -> None:
        held = np.stack([self.at == f for f in range(self.forms + 1)]).astype(np.float64)
        self.sums = [held[: self.forms] @ part.values for part in self.parts]
        self.totals = held @ self.pulls
        many = len(self.movable)
        self.leave: Single = np.zeros((self.forms + 1, many), dtype=np.float32)
        self.come = self.leave.copy()
        self.left: Single = np.zeros((self.forms + 1, *self.right.shape), dtype=np.float32)
        self._price_all()

    def _price_all(self) -> None:
        self.lowest = np.inf
        for f in range(self.forms + 1):
            self._price(f)

    def _price(self, f: int) -> None:
        """Write down what it costs a form when an item leaves, when one comes, and what of it a swap spares."""
        counts, few = self.parts[0], self.level_of.shape[0]
        charge = self._charge()[f]
        slope = 2.0 * charge * (self.totals[f] - self.goals[f])
        square, pulled = (self.pull**2) @ charge.astype(np.float32), self.pull @ slope.astype(np.float32)
        self.leave[f], self.come[f] = square - pulled, square + pulled
        left, pulls = self.left[f], self.right.shape[1] - self.pull.shape[1]
        np.multiply(self.pull, (-2.0 * charge).astype(np.float32), out=left[:, pulls:])
        if f == self.forms:
            return
        now, weight, a = self.sums[0][f], self.weights[0][f], counts.values.shape[1]
        broken = counts.broken(now, f)
        up = (counts.broken(now + 1.0, f) - broken) * weight
        down = (counts.broken(now - 1.0, f) - broken) * weight
        ends = self.right[:, :a] @ np.column_stack([down, up]).astype(np.float32)
        self.leave[f] += ends[:, 0]
        self.come[f] += ends[:, 1]
        np.multiply(self.right[:, :a], -(up + down).astype(np.float32), out=left[:, :a])
        np.matmul(self.right[:, a : a + few], self._price_of_few(f), out=left[:, a : a + few])

    def _charge(self) -> FloatArray:
        """Return what a squared deviation of each form, and of what is left over, costs."""
        aim = np.full((self.forms + 1, 1), self.aim)
        aim[self.forms] *= MEAN * self.forms
        return np.asarray(self.goal_weight / aim**2)

    def _price_of_few(self, f: int) -> Single:
        """Return the cost of an item of one level leaving a form for one of another level of the same row."""
        rows, of = self.parts[1], self.level_of
        now = self.sums[1][f]
        after = now[of][:, None] + self.level - self.level[:, None]
        low, high = rows.lower[f, of][:, None], rows.upper[f, of][:, None]
        cost = np.maximum(0.0, np.maximum(low - after, after - high)) - rows.broken(now, f)[of][:, None]
        cost *= self.weights[1][f, of][:, None] * (of[:, None] == of)
        return np.asarray(cost, dtype=np.float32)

    def _costs(self) -> FloatArray:
        """Return what each form costs, shape (n_forms,)."""
        total = (self._charge() * (self.totals - self.goals) ** 2).sum(axis=1)
        for part, sums, weight in zip(self.parts, self.sums, self.weights, strict=True):
            total[: self.forms] += (part.broken(sums) * weight).sum(axis=1)
        return np.asarray(total)

    def run(self, steps: int, step: _Steps) -> bool:
        """Make so many exchanges, unless forms are near enough before; tell whether they are."""
        for _ in range(steps):
            if self.is_done or not step.take() or not self.exchange():
                break
        return self.is_done

    def finish(self, step: _Steps) -> None:
        """Mend the best forms, search for others as good some way off, mend these, and so on."""
        best, kept, in_vain = self.excess, self.kept, 0
        for round_ in range(ROUNDS):
            self._mend(step)
            mended = self.kept
            in_vain = 0 if self.excess < best else in_vain + 1
            if self.excess < best:
                best, kept = self.excess, self.kept
            if self.is_done or step.ended or in_vain == IN_VAIN:
                break
            near, self.excess = self.excess, 0.0
            done = self.run(AWAY[round_ % len(AWAY)], step)
            for more in () if done else OTHERS:
                self.excess = more * near + BESIDE
                done = self.run(MORE, step)
                if self.kept is not mended:
                    break
            if self.excess < best and self.kept is not mended:
                best, kept = self.excess, self.kept
            if done:
                break
        self.excess, self.kept = best, kept

    def _mend(self, step: _Steps) -> None:
        """Bring the best forms nearer by several exchanges at once, until none are found; go on from there."""
        assert self.kept is not None
        values = np.hstack([part.values for part in self.parts])
        lower, upper = (np.hstack([getattr(part, end) for part in self.parts]) for end in ("lower", "upper"))
        goals = self.goals[: self.forms]
        table = Table(self.kept.copy(), values, lower, upper, self.pulls, goals, self.allowed)
        while not step.ended and mend(table, self.enough, self.rng):
            step.spend(MEND_OF_WORK)
        off = table.off()
        self.kept, self.excess = table.at, float(excess(off.ravel(), self.enough))
        self._return_to_best()
        self.is_done = self.excess <= 0.0
        self.aim = max(self.enough, self.manner.nearer * float(np.abs(off).max(initial=0.0)))
        self._price_all()

    def exchange(self) -> bool:
        """Make the best exchange of a form, chosen by what it costs; False when there is none to be made."""
        self.step += 1
        costs = self._costs()
        now = float(costs.sum())
        own = costs[: self.forms]
        f = int(self.rng.choice(self.forms, p=own / own.sum()))
        gone, come = np.flatnonzero(self.at == f), np.flatnonzero(self.at != f)
        change = self._changes(f, gone, come)
        tabu = (self.stays[gone] > self.step)[:, None] | (self.stays[come] > self.step)
        change[tabu & (now + change >= self.lowest - BROKEN)] = np.inf
        if not change.size or not np.isfinite(least := float(change.min())):
            return bool(change.size)
        i, j = divmod(int(change.argmin()), len(come))
        if least > -BROKEN:
            self._weigh()
        self._swap(f, int(gone[i]), int(come[j]))
        self.stays[[gone[i], come[j]]] = self.step + self.rng.integers(*STAYS, 2)
        self.lowest = min(self.lowest, now + least)
        self._keep_best()
        if self.kept is not None and self.step > self.latest + STALE:
            self._return_to_best()
        return True

    def _changes(self, f: int, gone: IntArray, come: IntArray) -> FloatArray:
        """Return what exchanges change in the costs of both forms, (n_gone, n_come); infinite for the forbidden."""
        g = self.at[come]
        change = self.left[f, gone] @ self.right[come].T
        change += (self.left[g, come] @ self.right[gone].T).T
        both = change + self.leave[f, gone][:, None] + (self.come[f, come] + self.leave[g, come])
        both += self.come[:, gone][g].T
        wide = self.parts[2]
        for k in range(wide.values.shape[1]):
            move = wide.values[come, k] - wide.values[gone, k][:, None]
            weight, low, high = self.weights[2][:, k], wide.lower[:, k], wide.upper[:, k]
            before = wide.broken(self.sums[2])[:, k] * weight
            after = self.sums[2][f, k] + move
            both += np.maximum(0.0, np.maximum(low[f] - after, after - high[f])) * weight[f] - before[f]
            other = np.flatnonzero(g < self.forms)
            h = g[other]
            after = self.sums[2][h, k] - move[:, other]
            beyond = np.maximum(0.0, np.maximum(low[h] - after, after - high[h]))
            both[:, other] += beyond * weight[h] - before[h]
        both[:, ~self.allowed[f, come]] = np.inf
        both[~self.allowed[:, gone][g].T] = np.inf
        return np.asarray(both)

    def _weigh(self) -> None:
        """Give weight to what is broken where no exchange helps."""
        far = np.abs(self.totals - self.goals)[: self.forms] > self.enough
        goals = self.goal_weight[: self.forms]
        goals[far] += self.manner.gain
        goals[~far] = np.maximum(LIGHTEST, goals[~far] * self.manner.fades)
        for part, sums, weight in zip(self.parts, self.sums, self.weights, strict=True):
            weight += RULE_GAIN * (part.broken(sums) > BROKEN)
        self._price_all()

    def _swap(self, f: int, i: int, j: int) -> None:
        g = int(self.at[j])
        self.at[i], self.at[j] = g, f
        for h, gone, come in ((f, i, j), (g, j, i)):
            self.totals[h] += self.pulls[come] - self.pulls[gone]
            for part, sums in zip(self.parts, self.sums, strict=True) if h < self.forms else ():
                sums[h] += part.values[come] - part.values[gone]
            self._price(h)

    def _keep_best(self) -> None:
        parts = zip(self.parts, self.sums, strict=True)
        if any((part.broken(sums) > BROKEN).any() for part, sums in parts):
            return
        off = (self.totals - self.goals)[: self.forms]
        beyond, most = float(excess(off.ravel(), self.enough)), float(np.abs(off).max(initial=0.0))
        if beyond < self.excess or beyond <= 0.0:
            self.excess, self.kept, self.latest = beyond, self.at.copy(), self.step
        self.is_done = most <= self.enough
        if most <= self.aim and not self.is_done:
            self.aim = max(self.enough, self.manner.nearer * most)
            self.goal_weight[:] = self.manner.weight
            self._price_all()

    def _return_to_best(self) -> None:
        assert self.kept is not None
        self.latest, self.at = self.step, self.kept.copy()
        for weight in self.weights:
            weight[:] = 1.0
        self.goal_weight[:] = self.manner.weight
        self._sum()

    def best(self) -> BoolArray | None:
        """Return the forms that kept every rule and were nearest to their goals."""
        if self.kept is None:
            return None
        held = self.given.copy()
        held[:, self.movable] |= self.kept == np.arange(self.forms)[:, None]
        return np.hstack([held, self.switches])
