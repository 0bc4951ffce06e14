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
import scipy.sparse as sp

from exam_engine.assembly.between import item_limits, use_limits
from exam_engine.assembly.compile import Program
from exam_engine.assembly.moves import FEW_VALUES
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray, Rows
from exam_engine.assembly.solver import Work

STEPS, STEPS_OF_WORK = 15_000, 50
"""Exchanges of a search, and how many count as a unit of work."""

STAYS = (3, 8)
"""For how many steps, at least and below, an item that was moved stays."""

GOAL_WEIGHT, GOAL_GAIN, RULE_GAIN = 0.3, 0.02, 0.2
"""Weight of a goal at first (of a rule it is 1), and what either gains when nothing helps."""

FAR, NEARER = 0.02, 0.8
"""Deviation that is usually aimed at first, and what part of one that was reached is aimed at next."""

BY_CHANCE = 0.05
"""What chance adds to the fractions of the plan when items are dealt out first."""

BROKEN = 1e-6

Single = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Manner:
    """How one search goes about it."""

    far: float = FAR
    """Deviation that is aimed at first."""
    mean: float = np.inf
    """Deviation of the average of all forms that costs as much as the aim costs a form, in units of it."""
    hopeless: int = 2_000
    """Exchanges without forms that keep every rule after which it is given up: the sets of a plan may leave no way."""
    patience: int = 4_000
    """Exchanges that brought nothing nearer after which it ends."""
    stale: int = 600
    """Exchanges that brought nothing nearer after which it returns to the best forms, with first weights."""


MANNERS = (
    Manner(hopeless=4_000, patience=STEPS, stale=STEPS),
    Manner(mean=1.5),
    Manner(far=3 * FAR),
    Manner(far=3 * FAR, mean=1.5),
)
"""One search after the other, until one comes near enough."""


@dataclass(frozen=True, eq=False)
class _Bounds:
    """Values of the items in some rows (n_items, n_rows), and the bounds of each form (n_forms, n_rows)."""

    values: FloatArray
    lower: FloatArray
    upper: FloatArray

    def broken(self, sums: FloatArray, forms: int | slice = slice(None)) -> FloatArray:
        """Return by how much sums (…, n_rows) are outside the bounds of forms."""
        low, high = self.lower[forms], self.upper[forms]
        return np.asarray(np.maximum(0.0, np.maximum(low - sums, sums - high)))

    def take(self, rows: npt.NDArray[np.bool_]) -> _Bounds:
        return _Bounds(self.values[:, rows], self.lower[:, rows], self.upper[:, rows])

    def scaled(self) -> _Bounds:
        """Return the same rows in units of what an item adds to them."""
        size = np.abs(self.values)
        unit = size.sum(axis=0) / np.maximum((size > 0).sum(axis=0), 1)
        unit[unit == 0] = 1.0
        return _Bounds(self.values / unit, self.lower / unit, self.upper / unit)


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
    """
    best, least = None, np.inf
    for manner in MANNERS:
        search = _Deal(program, rows, x, enough, rng, manner)
        goes_on = True
        for step in range(STEPS):
            if step % STEPS_OF_WORK == 0:
                goes_on = work.used < work.limit and work.seconds > 0
                if not goes_on:
                    break
                work.spend(1)
                look()
            if search.is_done or search.is_late(step) or not search.exchange(step):
                break
        if search.least < least:
            best, least = search.best(), search.least
        if search.is_done or not goes_on:
            break
    return best


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
        every = _bounds_beside(rows, self.switches, self.n)
        allowed, self.given = _places(every)
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
        self.least, self.lowest, self.is_done = np.inf, np.inf, False
        self.aim = max(self.enough, manner.far)
        self.kept: IntArray | None = None
        self.latest = self.reached = 0
        self._sum()
        self._keep_best(0)

    def _divide_rows(self, every: _Bounds, allowed: BoolArray) -> tuple[_Bounds, _Bounds, _Bounds]:
        """Return the rows that can be broken, over what is movable: counts, few values, many values."""
        most = allowed @ np.maximum(every.values, 0.0)
        least = allowed @ np.minimum(every.values, 0.0)
        risky = (most > every.upper + BROKEN) | (least < every.lower - BROKEN)
        rows = every.take(np.asarray(risky.any(axis=0)))
        given = self.given @ rows.values
        rows = _Bounds(rows.values[self.movable], rows.lower - given, rows.upper - given)
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
        self.goal_weight = np.full(self.goals.shape, GOAL_WEIGHT)

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
        aim[self.forms] *= self.manner.mean * self.forms
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

    def exchange(self, step: int) -> bool:
        """Make the best exchange of a form, chosen by what it costs; False when there is none to be made."""
        costs = self._costs()
        now = float(costs.sum())
        own = costs[: self.forms]
        f = int(self.rng.choice(self.forms, p=own / own.sum()))
        gone, come = np.flatnonzero(self.at == f), np.flatnonzero(self.at != f)
        change = self._changes(f, gone, come)
        tabu = (self.stays[gone] > step)[:, None] | (self.stays[come] > step)
        change[tabu & (now + change >= self.lowest - BROKEN)] = np.inf
        if not change.size or not np.isfinite(least := float(change.min())):
            return bool(change.size)
        i, j = divmod(int(change.argmin()), len(come))
        if least > -BROKEN:
            self._weigh()
        self._swap(f, int(gone[i]), int(come[j]))
        self.stays[[gone[i], come[j]]] = step + self.rng.integers(*STAYS, 2)
        self.lowest = min(self.lowest, now + least)
        self._keep_best(step)
        if self.kept is not None and step > self.latest + self.manner.stale:
            self._return_to_best(step)
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
        self.goal_weight[: self.forms] += GOAL_GAIN * (
            np.abs(self.totals - self.goals)[: self.forms] > self.aim
        )
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

    def _keep_best(self, step: int) -> None:
        parts = zip(self.parts, self.sums, strict=True)
        if any((part.broken(sums) > BROKEN).any() for part, sums in parts):
            return
        off = float(np.abs(self.totals - self.goals)[: self.forms].max(initial=0.0))
        if off < self.least:
            self.least, self.kept, self.latest, self.reached = off, self.at.copy(), step, step
        self.is_done = off <= self.enough
        if off <= self.aim and not self.is_done:
            self.aim = max(self.enough, NEARER * off)
            self.goal_weight[:] = GOAL_WEIGHT
            self._price_all()

    def is_late(self, step: int) -> bool:
        """Whether nothing has come of it for so long that it is given up."""
        if self.kept is None:
            return step >= self.manner.hopeless
        return step >= self.reached + self.manner.patience

    def _return_to_best(self, step: int) -> None:
        assert self.kept is not None
        self.latest, self.at = step, self.kept.copy()
        for weight in self.weights:
            weight[:] = 1.0
        self.goal_weight[:] = GOAL_WEIGHT
        self._sum()

    def best(self) -> BoolArray | None:
        """Return the forms that kept every rule and were nearest to their goals."""
        if self.kept is None:
            return None
        held = self.given.copy()
        held[:, self.movable] |= self.kept == np.arange(self.forms)[:, None]
        return np.hstack([held, self.switches])


def _bounds_beside(rows: Rows, switches: BoolArray, n: int) -> _Bounds:
    """Return the rows over the items alone, beside the switches (n_forms, n_switches) of each form."""
    beside = (sp.csr_array(rows.matrix[:, n:]) @ switches.T.astype(np.float64)).T
    values = rows.matrix[:, :n].toarray().T
    return _Bounds(np.ascontiguousarray(values), rows.lower - beside, rows.upper - beside)


def _places(rows: _Bounds) -> tuple[BoolArray, BoolArray]:
    """Return which items each form may have, and which it must, as far as single rows say, shape (n_forms, n_items)."""
    counts = ((rows.values == 0.0) | (rows.values == 1.0)).all(axis=0)
    part = rows.take(counts)
    none = part.upper < 1.0 - BROKEN
    allowed = (none.astype(np.float64) @ part.values.T) == 0
    all_ = (part.lower > 0) & (allowed @ part.values <= part.lower + BROKEN)
    given = ((all_.astype(np.float64) @ part.values.T) > 0) & allowed
    return np.asarray(allowed), np.asarray(given)
