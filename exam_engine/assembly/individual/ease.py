"""Forms walked a little further where they share too many items with others, or hold items used too often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exam_engine.assembly.individual.draw import INSIDE, LAG, Ground
from exam_engine.assembly.individual.exchange import Exchange
from exam_engine.assembly.individual.overlap import Membership, membership, pairs_above
from exam_engine.assembly.individual.walk import NONE, Heat, Walk
from exam_engine.assembly.individual.workers import Workers
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray

FORMS = 128
"""Forms that walk at once: few among all, so that they hardly disturb each other."""

ROUNDS, FEW = 30, 50
"""Rounds at most; where more than a few forms are left, only as long as their number falls."""

STEPS, LONG, GLANCE = 48, 150, 6
"""Steps of a walk, of a walk after the first rounds, and steps between two looks at the caps."""

FIRST = 5
"""Rounds in which forms are moved gently; later they go farther."""

WARM = Heat(row=4.0, target=0.3, looks=64, chance=0.5)
HOT = Heat(row=2.0, target=0.05, looks=64)
COLD = Heat(row=15.0, target=1.0, looks=96, chance=0.2, edge=30.0)

SHARED_PRICE = np.array([0.15, 0.5, 1.5])
"""Price of an item that is in another form which shares one item less than allowed, as many, or more."""

FULL_PRICE, OVER_PRICE, PULL = 1.5, 3.0, 1.0
"""Price of an item that is used as often as allowed, or more often, and of one that is half as often again in use as
its rate asks."""


@dataclass(frozen=True, eq=False)
class Caps:
    """Most uses of an item and most items that two forms share; None where there is no cap.

    ``capped`` (n_items,) says which items the cap on uses binds.
    """

    uses: int | None
    shared: int | None
    capped: BoolArray


class Ease:
    """All forms, and the caps that they have to keep.

    Parameters
    ----------
    workers : Workers
        Their material is the `Ground` that the forms were drawn on.
    held : ndarray of int, shape (n_forms, longest)
        Changed in place.
    switches : ndarray of bool, shape (n_forms, n_switches)
        Changed in place.
    caps : Caps
    size : int
        Number of items.
    seed : tuple of int
    """

    def __init__(
        self,
        workers: Workers,
        held: IntArray,
        switches: BoolArray,
        caps: Caps,
        size: int,
        seed: tuple[int, ...],
    ) -> None:
        self.workers, self.held, self.switches, self.caps, self.seed = workers, held, switches, caps, seed
        self.inside: Membership = membership(held, size)
        self.uses = self.inside.sum(axis=0, dtype=np.int64)
        self.rng = np.random.default_rng(seed)
        self.pairs = np.zeros((0, 2), dtype=np.int64)
        if caps.shared is not None:
            self.pairs = pairs_above(self.inside, caps.shared)

    def run(self, step: Callable[[int, int], None]) -> None:
        """Walk until both caps are kept, or nothing more is gained; ``step`` is called with (done, total)."""
        before = np.inf
        for round_ in range(ROUNDS):
            late = self._late(far=round_ >= FIRST)
            if not len(late) or (round_ > FIRST and len(late) > max(FEW, 0.97 * before)):
                return
            before = len(late)
            self._move(late, round_, step)

    def _move(self, late: IntArray, round_: int, step: Callable[[int, int], None]) -> None:
        parts = [late[begin : begin + FORMS] for begin in range(0, len(late), FORMS)]
        small = np.min_scalar_type(-self.inside.shape[1])

        def task(k: int) -> Further | None:
            if k >= len(parts):
                return None
            seed = (*self.seed, round_, k)
            switches = self.switches[parts[k]]
            return Further(self.held.astype(small), parts[k], switches, self.caps, round_ >= FIRST, seed)

        for k, (held, switches) in enumerate(self.workers.in_order(task, LAG)):
            forms = parts[k]
            now = membership(held, self.inside.shape[1])
            self.uses += now.sum(axis=0, dtype=np.int64) - self.inside[forms].sum(axis=0, dtype=np.int64)
            self.held[forms], self.switches[forms], self.inside[forms] = held, switches, now
            step(round_ * len(parts) + k, ROUNDS * len(parts))
        if self.caps.shared is not None:
            rest = self.pairs[~np.isin(self.pairs, late).any(axis=1)]
            self.pairs = np.concatenate([rest, pairs_above(self.inside, self.caps.shared, late)])

    def _late(self, *, far: bool) -> IntArray:
        """Return forms to be moved: one of each pair that shares too much, as many as hold an item too often.

        Of a pair first the one that is in more of them; later by chance, for it may be the one that cannot move.
        """
        chosen = np.zeros(len(self.held), dtype=bool)
        if self.caps.shared is not None:
            often = np.bincount(self.pairs.ravel(), minlength=len(self.held))
            rank = self.rng.random(len(often)) + (0 if far else often)
            for i, j in self.pairs.tolist():
                if not chosen[i] and not chosen[j]:
                    chosen[i if rank[i] > rank[j] else j] = True
        if self.caps.uses is not None:
            for item in np.flatnonzero(self.caps.capped & (self.uses > self.caps.uses)).tolist():
                holders = np.flatnonzero(self.inside[:, item])
                many = int(self.uses[item]) - self.caps.uses - int(chosen[holders].sum())
                if many > 0:
                    chosen[self.rng.choice(holders[~chosen[holders]], many, replace=False)] = True
        return self.rng.permutation(np.flatnonzero(chosen))


@dataclass(frozen=True, eq=False)
class Further:
    """Some forms to be walked further, ``forms`` (n,) of all that are ``held`` (n_forms, longest)."""

    held: IntArray
    forms: IntArray
    switches: BoolArray
    caps: Caps
    far: bool
    seed: tuple[int, ...]

    def run(self, material: Ground, step: Callable[[], None]) -> tuple[IntArray, BoolArray]:
        """Return the forms that came of it: items (n, longest) and switches (n, n_switches)."""
        walk = Walk(material.problem, material.steps, self.held[self.forms].astype(np.int64), self.switches)
        exchange = Exchange(walk) if material.problem.bundles else None
        others = Others(self, walk, material.rate)
        rng, everyone = np.random.default_rng(self.seed), np.arange(len(self.forms))
        best, prices = others.judge()
        saved = walk.saved(everyone)
        steps = LONG if self.far else STEPS
        for k in range(steps):
            step()
            heat = COLD if k >= steps // 3 else HOT if self.far else WARM
            walk.step(heat, prices, rng, everyone)
            if exchange is not None and k % GLANCE == 0 and heat is not COLD:
                exchange.step(heat, prices, rng, everyone)
            if k % GLANCE == GLANCE - 1:
                wrong, prices = others.judge()
                better = (wrong < best) & walk.good(everyone, INSIDE)
                best[better] = wrong[better]
                for kept, now in zip(saved, walk.saved(everyone), strict=True):
                    kept[better] = now[better]
        walk.restore(everyone, saved, np.ones(len(everyone), dtype=bool))
        return walk.held, walk.turned > 0


class Others:
    """What forms that walk have in common with all others, kept up to date as they walk."""

    def __init__(self, task: Further, walk: Walk, rate: FloatArray) -> None:
        self.walk, self.caps, self.forms = walk, task.caps, task.forms
        self.held = task.held.astype(np.int64)
        self.aim = rate * len(self.held)
        size = len(rate)
        resting = np.ones(len(self.held), dtype=bool)
        resting[self.forms] = False
        form, place = np.nonzero((self.held != NONE) & resting[:, None])
        # Items first: what a form shares with all others is a sum of as many lines as it has items.
        self.holders = np.zeros((size, len(self.held)), dtype=np.uint8)
        self.holders[self.held[form, place], form] = 1
        self.uses = self.holders.sum(axis=1, dtype=np.int64)
        self.seen = np.zeros((len(self.forms), size), dtype=bool)
        self.shared: npt.NDArray[np.int16] = np.zeros((len(self.forms), len(self.held)), dtype=np.int16)

    def judge(self) -> tuple[FloatArray, FloatArray]:
        """Return how far each form is beyond the caps, and the prices (n_forms, n_items) that lead it back."""
        uses = self.uses + self.walk.uses
        pull = PULL * np.clip(2.0 * (uses / np.maximum(self.aim, 1.0) - 1.0), -1.0, 1.0)
        wrong = np.zeros(len(self.forms))
        if self.caps.uses is not None:
            over, full = (self.caps.capped & (uses >= self.caps.uses + k) for k in (1, 0))
            pull += FULL_PRICE * full + OVER_PRICE * over
            wrong += self.walk.inside[:, over].sum(axis=1)
        prices = np.tile(pull, (len(self.forms), 1))
        if self.caps.shared is not None:
            self._look()
            over = self.shared - self.caps.shared
            wrong += np.maximum(over, 0).sum(axis=1)
            mine, other = np.nonzero(over >= -1)
            charge = SHARED_PRICE[np.minimum(over[mine, other] + 1, 2)]
            items = self.held[other]
            which, place = np.nonzero(items != NONE)
            cells = mine[which] * prices.shape[1] + items[which, place]
            prices += np.bincount(cells, charge[which], prices.size).reshape(prices.shape)
        return wrong, prices

    def _look(self) -> None:
        """Bring up to date what is shared."""
        inside = self.walk.inside
        for k, (now, before) in enumerate(zip(inside, self.seen, strict=True)):
            moved = np.flatnonzero(now != before)
            came = now[moved]
            self.shared[k] += self.holders[moved[came]].sum(axis=0, dtype=np.int16)
            self.shared[k] -= self.holders[moved[~came]].sum(axis=0, dtype=np.int16)
        self.seen = inside.copy()
        self.held[self.forms] = self.walk.held
        among = inside.astype(np.float32)
        self.shared[:, self.forms] = among @ among.T
        self.shared[np.arange(len(self.forms)), self.forms] = 0
