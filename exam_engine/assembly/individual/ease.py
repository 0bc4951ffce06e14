"""Forms walked a little further where they share too many items with others, or hold items used too often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.individual.draw import INSIDE
from exam_engine.assembly.individual.exchange import Exchange
from exam_engine.assembly.individual.overlap import Membership, membership, pairs_above
from exam_engine.assembly.individual.problem import Problem
from exam_engine.assembly.individual.steps import Steps
from exam_engine.assembly.individual.walk import Heat, Walk
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray

FORMS = 128
"""Forms that walk at once: few among all, so that they hardly disturb each other."""

ROUNDS, FEW = 20, 50
"""Rounds at most; where more than a few forms are left, only as long as their number falls."""

STEPS, LONG, GLANCE = 60, 180, 6
"""Steps of a walk, of a walk after the first rounds, and steps between two looks at the caps."""

FIRST = 3
"""Rounds in which forms are moved gently; later they go farther."""

WARM = Heat(row=4.0, target=0.3, looks=96, chance=0.5)
HOT = Heat(row=2.0, target=0.05, looks=64)
COLD = Heat(row=15.0, target=1.0, looks=128, chance=0.2, edge=30.0)

SHARED_PRICE = np.array([0.15, 0.5, 1.5])
"""Price of an item that is in another form which shares one item less than allowed, as many, or more."""

FULL_PRICE, OVER_PRICE, PULL = 1.5, 3.0, 0.3
"""Price of an item that is used as often as allowed, or more often, and for each use beyond what its rate asks."""


@dataclass(eq=False)
class Ease:
    """All forms, and the caps that they have to keep.

    Parameters
    ----------
    problem : Problem
    steps : Steps
    held : ndarray of int, shape (n_forms, longest)
        Changed in place.
    switches : ndarray of bool, shape (n_forms, n_switches)
    capped : ndarray of bool, shape (n_items,)
        Items that the cap on uses binds.
    most_uses : int or None
    most_shared : int or None
    aim : ndarray, shape (n_items,)
        Uses that the rates ask for.
    rng : Generator
    """

    problem: Problem
    steps: Steps
    held: IntArray
    switches: BoolArray
    capped: BoolArray
    most_uses: int | None
    most_shared: int | None
    aim: FloatArray
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.inside: Membership = membership(self.held, self.problem.size)
        self.uses = self.inside.sum(axis=0, dtype=np.int64)

    def run(self, step: Callable[[int, int], None]) -> None:
        """Walk until both caps are kept, or nothing more is gained; ``step`` is called with (done, total)."""
        before = np.inf
        for round_ in range(ROUNDS):
            late = self._late()
            if not len(late) or (round_ > FIRST and len(late) > max(FEW, 0.97 * before)):
                return
            before = len(late)
            for begin in range(0, len(late), FORMS):
                step(round_ * len(late) + begin, ROUNDS * len(late))
                self._walk(late[begin : begin + FORMS], far=round_ >= FIRST)

    def _late(self) -> IntArray:
        """Return forms to be moved: one of each pair that shares too much, as many as hold an item too often."""
        chosen = np.zeros(len(self.held), dtype=bool)
        if self.most_uses is not None:
            for item in np.flatnonzero(self.capped & (self.uses > self.most_uses)).tolist():
                holders = np.flatnonzero(self.inside[:, item])
                many = int(self.uses[item]) - self.most_uses - int(chosen[holders].sum())
                if many > 0:
                    chosen[self.rng.choice(holders[~chosen[holders]], many, replace=False)] = True
        if self.most_shared is not None:
            pairs = pairs_above(self.inside, self.most_shared)
            often = np.bincount(pairs.ravel(), minlength=len(self.held))
            if len(pairs) > 10 * len(self.held):
                chosen |= often > 0
            else:
                rank = often + self.rng.random(len(often))
                for i, j in pairs.tolist():
                    if not chosen[i] and not chosen[j]:
                        chosen[i if rank[i] > rank[j] else j] = True
        return self.rng.permutation(np.flatnonzero(chosen))

    def _walk(self, forms: IntArray, *, far: bool) -> None:
        walk = Walk(self.problem, self.steps, self.held[forms], self.switches[forms])
        exchange = Exchange(walk) if self.problem.bundles else None
        everyone = np.arange(len(forms))
        wrong, prices = self._wrong(walk, forms)
        best, saved = wrong.copy(), walk.saved(everyone)
        steps = LONG if far else STEPS
        for k in range(steps):
            heat = COLD if k >= steps // 3 else HOT if far else WARM
            walk.step(heat, prices, self.rng, everyone)
            if exchange is not None and k % GLANCE == 0 and heat is not COLD:
                exchange.step(heat, prices, self.rng, everyone)
            if k % GLANCE == GLANCE - 1:
                wrong, prices = self._wrong(walk, forms)
                better = (wrong < best) & walk.good(everyone, INSIDE)
                best[better] = wrong[better]
                for kept, now in zip(saved, walk.saved(everyone), strict=True):
                    kept[better] = now[better]
        walk.restore(everyone, saved, np.ones(len(forms), dtype=bool))
        self.uses += walk.inside.sum(axis=0) - self.inside[forms].sum(axis=0, dtype=np.int64)
        self.held[forms], self.inside[forms] = walk.held, walk.inside
        self.switches[forms] = walk.turned > 0

    def _wrong(self, walk: Walk, forms: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return how far each form is beyond the caps, and the prices (n_forms, n_items) that lead it back."""
        prices = np.zeros((len(forms), self.problem.size))
        wrong = np.zeros(len(forms))
        if self.most_uses is not None:
            uses = self.uses + walk.inside.sum(axis=0) - self.inside[forms].sum(axis=0, dtype=np.int64)
            over, full = (self.capped & (uses >= self.most_uses + k) for k in (1, 0))
            prices += FULL_PRICE * full + OVER_PRICE * over + PULL * (uses - self.aim)
            wrong += walk.inside @ over.astype(np.float64)
        if self.most_shared is not None:
            now = walk.inside.astype(np.float32)
            shared = np.empty((len(forms), len(self.inside)), dtype=np.int64)
            for begin in range(0, len(self.inside), 1000):
                part = self.inside[begin : begin + 1000].astype(np.float32)
                shared[:, begin : begin + 1000] = now @ part.T
            shared[:, forms] = (now @ now.T).astype(np.int64)
            shared[np.arange(len(forms)), forms] = 0
            over = shared - self.most_shared
            wrong += np.maximum(over, 0).sum(axis=1)
            near_form, near = np.nonzero(over >= -1)
            charge = SHARED_PRICE[np.minimum(over[near_form, near] + 1, 2)]
            weights = sp.csr_array((charge, (near_form, near)), shape=shared.shape)
            some = np.unique(near)
            prices += np.asarray(
                weights[:, some] @ sp.csr_array(self.inside[some].astype(np.float64)).toarray()
            )
        return wrong, prices
