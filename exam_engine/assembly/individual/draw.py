"""Draw forms in blocks: from forms that keep the rules, through a walk, to as many different ones near the targets."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exam_engine.assembly.compile import Program
from exam_engine.assembly.construct import build_in_turn
from exam_engine.assembly.individual.exchange import Exchange
from exam_engine.assembly.individual.problem import Problem
from exam_engine.assembly.individual.steps import Steps
from exam_engine.assembly.individual.walk import NONE, Heat, Walk
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray, Rows
from exam_engine.assembly.solver import Work

WALKS = 256
"""Forms that walk at once."""

BASES, FROM_EACH = 96, 4
"""Forms made by integer programmes, from which the walks begin, one for so many walks at most."""

LAG = 8
"""Blocks on their way at once: each makes good its part of what the items were used too often or too little before."""

LEAST_WALKS, USUAL = 64, 0.8
"""Forms of the smallest block, and the part of the walks that is expected to end well before any has."""

CARRY = 1.5
"""Uses of an item that a block makes good at most: what earlier ones could not do it would try in vain."""

LEAVE = 2.0
"""What it is worth to swap an item with which a walk began."""

PULL = 0.3
"""Price of an item for each form of its block by which it is used more than its rate asks."""

LEAST_PRICE, MOST_PRICE = -0.7, 2.5
"""Where a rate is out of reach of the walks, a price that fell on and on would keep them from ending well."""

LATE = 0.4
"""Part of the price that counts when a walk settles: then rules and targets come first."""

SHAKE, AGAIN = 120, 40
"""Steps away from where a form began, and steps of a further attempt."""

COOL, SETTLE = 60, 100
"""Steps in which prices rise, and steps at the end, until a form is good."""

EXCHANGE_EVERY = 4

YIELD = 0.3
"""Part of the walks that must end well; where it is less, others are walked on gently from those that did."""

INSIDE = 0.97
"""Part of a tolerance that counts as good: what is added up in another order must not lie outside."""

WARM = Heat(row=2.0, target=0.05, looks=32)
GENTLE = Heat(row=20.0, target=0.5, looks=64, edge=40.0)
GENTLE_STEPS, GLANCE = 120, 4


def cooling(part: float) -> Heat:
    """Return the heat after a ``part`` (0 to 1) of the cooling."""
    return Heat(row=2.0 * 4.0**part, target=0.05 * 10.0**part, looks=32, chance=0.3**part)


def settling(part: float) -> Heat:
    """Return the heat after a ``part`` (0 to 1) of the settling."""
    return Heat(row=8.0 * 2.5**part, target=1.0, looks=128, chance=0.5 * 0.6**part, edge=30.0)


@dataclass(frozen=True, eq=False)
class Bases:
    """Forms that keep the rules: items (n_bases, longest), then `NONE`, and switches (n_bases, n_switches)."""

    held: IntArray
    switches: BoolArray


def make_bases(
    program: Program,
    rows: Rows,
    first: IntArray,
    rate: FloatArray,
    forms: int,
    rng: np.random.Generator,
    work: Work,
    step: Callable[[int, int], None],
) -> Bases:
    """Construct forms that follow the rates; a form that is known already comes last.

    Parameters
    ----------
    program : Program
    rows : Rows
        Rules, without the tolerances of targets.
    first : ndarray of int
        Items of a form that keeps everything.
    rate : ndarray, shape (n_items,)
    forms : int
        How many are to be drawn.
    rng : Generator
    work : Work
    step : callable
        Called with (done, total).
    """
    n, many = program.size, min(BASES, math.ceil(forms / FROM_EACH))
    used = np.zeros(n)
    found: list[BoolArray] = []
    for k in range(many):
        step(k, many)
        guide = np.zeros(program.width)
        guide[:n] = np.maximum(rate * (k + 1) - used / 3.0, 0.0)
        built = build_in_turn(program, rows, 1, rng, work, shadow=False, guide=guide, step=lambda _: None)
        if built is not None:
            found.append(built[0])
            used += built[0, :n]
    lists = [np.flatnonzero(form[:n]) for form in found] + [first]
    held = np.full((len(lists), max(1, *(len(items) for items in lists))), NONE, dtype=np.int64)
    for k, items in enumerate(lists):
        held[k, : len(items)] = items
    switches = np.array([form[n:] for form in found] + [np.zeros(program.switches, bool)], dtype=bool)
    return Bases(held, switches.reshape(len(lists), -1))


@dataclass(frozen=True, eq=False)
class Ground:
    """What all blocks of walks need: ``rate`` (n_items,) is the rates of use to follow."""

    problem: Problem
    steps: Steps
    bases: Bases
    rate: FloatArray


@dataclass(frozen=True, eq=False)
class Block:
    """So many walks, which begin with random numbers of their own.

    ``beyond`` (n_items,) is how much more often than their rates ask items were used by what is known of earlier
    forms; it is made good here.
    """

    forms: int
    beyond: FloatArray
    seed: tuple[int, ...]

    def run(self, material: Ground, step: Callable[[], None]) -> tuple[IntArray, BoolArray]:
        """Walk and return the forms that end well: items (n_forms, longest) and switches (n_forms, n_switches)."""
        walks = Walks(material, self.forms, self.beyond, np.random.default_rng(self.seed), step)
        kept = walks.run()
        return walks.walk.held[kept], walks.walk.turned[kept] > 0


class Walks:
    """A block of walks under way."""

    def __init__(
        self,
        ground: Ground,
        forms: int,
        beyond: FloatArray,
        rng: np.random.Generator,
        tell: Callable[[], None],
    ) -> None:
        self.ground, self.rng, self.tell = ground, rng, tell
        bases = ground.bases
        many = len(bases.held)
        start = rng.permutation(np.arange(forms) + rng.integers(many)) % many
        self.walk = Walk(ground.problem, ground.steps, bases.held[start], bases.switches[start])
        self.exchange = Exchange(self.walk) if ground.problem.bundles else None
        self.everyone = np.arange(forms)
        self.aim = ground.rate * forms - beyond

    def run(self) -> IntArray:
        """Return which forms ended well."""
        walk, everyone = self.walk, self.everyone
        first = np.full(walk.held.shape, LEAVE)
        for shake in (SHAKE, AGAIN):
            active = everyone if shake == SHAKE else everyone[~walk.good(everyone, INSIDE)]
            for k in range(shake):
                self._step(WARM, active, first=first, exchange=k % EXCHANGE_EVERY == 0)
            self._cool(active, first)
            walk.count()
        good = walk.good(everyone, INSIDE)
        return everyone[good] if good.sum() >= YIELD * len(everyone) else self._beside(good)

    def _cool(self, active: IntArray, first: FloatArray) -> None:
        for k in range(COOL):
            exchange = k < COOL // 2 and k % EXCHANGE_EVERY == 0
            self._step(cooling(k / COOL), active, first=first, exchange=exchange)
        for k in range(SETTLE):
            if k % GLANCE == 0:
                active = active[~self.walk.good(active, INSIDE)]
                if not len(active):
                    return
            self._step(settling(k / SETTLE), active, part=LATE)

    def _step(
        self,
        heat: Heat,
        active: IntArray,
        *,
        part: float = 1.0,
        first: FloatArray | None = None,
        exchange: bool = False,
    ) -> None:
        """Let the active forms take a step; ``part`` of the price of items counts."""
        self.tell()
        self.walk.step(heat, part * self._price(), self.rng, active, first)
        if exchange and self.exchange is not None:
            self.exchange.step(heat, part * self._price(), self.rng, active)

    def _beside(self, good: BoolArray) -> IntArray:
        """Return the good forms, after the others, being too many, were walked on gently from them."""
        walk, everyone, ground = self.walk, self.everyone, self.ground
        kept, bad = everyone[good], everyone[~good]
        if not len(kept):
            first = Walk(ground.problem, ground.steps, ground.bases.held[-1:], ground.bases.switches[-1:])
            if not first.good(np.zeros(1, dtype=np.int64))[0]:
                return kept
            walk.restore(everyone[:1], first.saved(np.zeros(1, dtype=np.int64)), np.ones(1, dtype=bool))
            kept, bad = everyone[:1], everyone[1:]
        walk.restore(bad, walk.saved(self.rng.choice(kept, len(bad))), np.ones(len(bad), dtype=bool))
        for k in range(GENTLE_STEPS):
            if k % GLANCE == 0:
                saved = walk.saved(bad)
            self._step(GENTLE, bad)
            if k % GLANCE == GLANCE - 1:
                walk.restore(bad, saved, ~walk.good(bad, INSIDE))
        walk.count()
        return everyone[walk.good(everyone)]

    def _price(self) -> FloatArray:
        return np.asarray(np.clip(PULL * (self.walk.uses - self.aim), LEAST_PRICE, MOST_PRICE))


@dataclass
class Drawn:
    """Forms drawn so far: items and switches of each block, and uses of items (n_items,)."""

    wanted: int
    rate: FloatArray

    def __post_init__(self) -> None:
        self.held: list[IntArray] = []
        self.switches: list[BoolArray] = []
        self.uses = np.zeros(len(self.rate))
        self.done = self.walked = self.asked = 0

    def block(self, seed: tuple[int, ...]) -> Block | None:
        """Return the next block to be walked; None where enough are on their way."""
        part = (self.done + 1.0) / (self.walked + 1.0 / USUAL)
        missing = math.ceil((self.wanted - self.done) / part) - (self.asked - self.walked)
        if missing <= 0:
            return None
        forms = min(WALKS, max(missing, LEAST_WALKS))
        self.asked += forms
        beyond = np.clip((self.uses - self.rate * self.done) / LAG, -CARRY, CARRY)
        return Block(forms, beyond, seed)

    def add(self, block: Block, held: IntArray, switches: BoolArray) -> None:
        """Keep forms that ended well, until there are enough."""
        kept = min(len(held), self.wanted - self.done)
        self.held.append(held[:kept])
        self.switches.append(switches[:kept])
        self.uses += np.bincount(held[:kept][held[:kept] != NONE], minlength=len(self.uses))
        self.done += kept
        self.walked += block.forms
