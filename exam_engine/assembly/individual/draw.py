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

PULL = 0.3
"""Price of an item for each form by which it is used more than its rate asks, in the first block; less later, when
a form more is a smaller part of the uses."""

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

WARM = Heat(row=2.0, target=0.05, looks=64)
GENTLE = Heat(row=20.0, target=0.5, looks=64, edge=40.0)
GENTLE_STEPS, GLANCE = 120, 4


def cooling(part: float) -> Heat:
    """Return the heat after a ``part`` (0 to 1) of the cooling."""
    return Heat(row=2.0 * 4.0**part, target=0.05 * 10.0**part, looks=64, chance=0.3**part)


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


class Draw:
    """Forms drawn so far, and how often items are used by them.

    Parameters
    ----------
    problem : Problem
    steps : Steps
    bases : Bases
    rate : ndarray, shape (n_items,)
        Rates of use to follow.
    rng : Generator
    """

    def __init__(
        self, problem: Problem, steps: Steps, bases: Bases, rate: FloatArray, rng: np.random.Generator
    ) -> None:
        self.problem, self.steps, self.bases, self.rate, self.rng = problem, steps, bases, rate, rng
        self.uses = np.zeros(problem.size)
        self.done = 0

    def block(self, forms: int, wanted: int, step: Callable[[], None]) -> tuple[IntArray, BoolArray] | None:
        """Walk ``forms`` forms and keep those that end well, ``wanted`` at most; None when there is none.

        Returns
        -------
        held : ndarray of int, shape (n_forms, longest)
        switches : ndarray of bool, shape (n_forms, n_switches)
        """
        many = len(self.bases.held)
        start = self.rng.permutation(np.arange(forms) + self.rng.integers(many)) % many
        walk = Walk(self.problem, self.steps, self.bases.held[start], self.bases.switches[start])
        exchange = Exchange(walk) if self.problem.bundles else None
        everyone = np.arange(forms)
        for shake in (SHAKE, AGAIN):
            active = everyone if shake == SHAKE else everyone[~walk.good(everyone, INSIDE)]
            for k in range(shake):
                step()
                walk.step(WARM, self._price(walk), self.rng, active)
                if exchange is not None and k % EXCHANGE_EVERY == 0:
                    exchange.step(WARM, self._price(walk), self.rng, active)
            for k in range(COOL + SETTLE):
                step()
                if k >= COOL and k % GLANCE == 0:
                    active = active[~walk.good(active, INSIDE)]
                    if not len(active):
                        break
                heat = cooling(k / COOL) if k < COOL else settling((k - COOL) / SETTLE)
                price = self._price(walk) * (1.0 if k < COOL else LATE)
                walk.step(heat, price, self.rng, active)
                if exchange is not None and k < COOL // 2 and k % EXCHANGE_EVERY == 0:
                    exchange.step(heat, price, self.rng, active)
            walk.count()
        kept = self._kept(walk, everyone, step)[:wanted]
        self.uses += walk.inside[kept].sum(axis=0)
        self.done += len(kept)
        return (walk.held[kept], walk.turned[kept] > 0) if len(kept) else None

    def _kept(self, walk: Walk, everyone: IntArray, step: Callable[[], None]) -> IntArray:
        """Return the good forms; where they are few, after others were walked on gently from them."""
        good = walk.good(everyone, INSIDE)
        kept, bad = everyone[good], everyone[~good]
        if not len(bad) or len(kept) >= YIELD * len(everyone):
            return kept
        if not len(kept):
            first = Walk(self.problem, self.steps, self.bases.held[-1:], self.bases.switches[-1:])
            if not first.good(np.zeros(1, dtype=np.int64))[0]:
                return kept
            walk.restore(everyone[:1], first.saved(np.zeros(1, dtype=np.int64)), np.ones(1, dtype=bool))
            kept, bad = everyone[:1], everyone[1:]
        walk.restore(bad, walk.saved(self.rng.choice(kept, len(bad))), np.ones(len(bad), dtype=bool))
        for k in range(GENTLE_STEPS):
            step()
            if k % GLANCE == 0:
                saved = walk.saved(bad)
            walk.step(GENTLE, self._price(walk), self.rng, bad)
            if k % GLANCE == GLANCE - 1:
                walk.restore(bad, saved, ~walk.good(bad, INSIDE))
        walk.count()
        return everyone[walk.good(everyone)]

    def _price(self, walk: Walk) -> FloatArray:
        uses = self.uses + walk.inside.sum(axis=0)
        beyond = uses - self.rate * (self.done + len(walk.held))
        pull = PULL * min(1.0, math.sqrt(WALKS / max(1, self.done)))
        return np.asarray(np.clip(pull * beyond, LEAST_PRICE, MOST_PRICE))
