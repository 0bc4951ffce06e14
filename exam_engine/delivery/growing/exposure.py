"""How often items are shown: probabilities found beforehand by simulated candidates. No I/O.

Counting during a sitting would come too late: everybody begins in the same minute, when nothing has been counted yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exam_engine.assembly.pool import FloatArray
from exam_engine.delivery.growing.adaptive import AdaptiveTest, eligible

PERSONS, ROUNDS = 150, 6
"""Simulated candidates of a round, and rounds."""

MEMORY = 0.5
"""Part of the counts of earlier rounds that is kept with each new one."""

RISE = 1.25
"""How much a probability may rise in a round. All begin at the aim, where no rate can pass it, and rise while there is
room: so the rates come to the aim from below, and what they lack of it is lost precision only."""

SAFETY = 4.0
"""How many standard errors of a cohort's rate the probabilities stay below the cap."""

BIG = 2**62


@dataclass(frozen=True)
class Shown:
    """Probabilities of being shown, and what the last simulated round made of them.

    Attributes
    ----------
    probability : ndarray, shape (n_items,)
        In (0, 1].
    highest, lifted : float
        Largest exposure rate of an item, and share of candidates for whom an item held back had to be given, in the
        last round.
    """

    probability: FloatArray
    highest: float
    lifted: float


def aim_of(cap: float, cohort: int) -> float:
    """Return what rate to aim at, so that a cohort of that size is not likely to pass the cap by chance."""
    return max(cap - SAFETY * float(np.sqrt(cap * (1.0 - cap) / cohort)), 0.5 * cap)


def probabilities(
    test: AdaptiveTest,
    *,
    cap: float,
    cohort: int,
    rng: np.random.Generator,
    persons: int = PERSONS,
    rounds: int = ROUNDS,
    tell: Callable[[int, int], None] | None = None,
) -> Shown:
    """Find the probabilities with which items are shown, so that no exposure rate passes a cap.

    Parameters
    ----------
    test : AdaptiveTest
        Its own probabilities are replaced on the way and put back.
    cap : float
        Highest exposure rate, in (0, 1].
    cohort : int
        Size of the sittings that the cap is watched in.
    rng : Generator
        Draws abilities N(0, 1), answers and seeds.
    persons, rounds : int
    tell : callable, optional
        Told rounds done and all of them; what it raises ends the search.

    Raises
    ------
    ValueError
        If the collection is too small for the cap.

    Notes
    -----
    An item that a share ``r`` of those who may be given it is given is shown with probability ``k = min(1, aim / r)``
    (Sympson & Hetter, 1985; in the form for tests whose items are drawn before they begin, van der Linden & Veldkamp,
    2004, Journal of Educational and Behavioral Statistics 29, 273–291). Rounds of simulated candidates
    estimate ``r``: the larger of the last round's and of what all rounds tell, the earlier counting less.
    """
    size = test.pool.size
    if cap * size < test.length:
        raise ValueError(
            f"{size} items at an exposure of {cap:g} give {cap * size:g} items a candidate, fewer than {test.length}"
        )
    aim, before = aim_of(cap, cohort), test.shown
    k = np.full(size, aim)
    might, got = np.zeros(size), np.zeros(size)
    rate, lifted = np.zeros(size), 0
    try:
        for number in range(rounds):
            test.shown = k
            test.forget()
            seen, may, lifted = _round(test, persons, rng)
            might, got, rate = MEMORY * might + may, MEMORY * got + seen, seen / persons
            if number < rounds - 1:
                most = np.maximum(_share(got, might), _share(seen, may))
                k = np.minimum(np.minimum(RISE * k, 1.0), aim / np.maximum(most, aim))
            if tell is not None:
                tell(number + 1, rounds)
    finally:
        test.shown = before
        test.forget()
    return Shown(k, float(rate.max()), lifted / persons)


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.divide(part, whole, out=np.zeros(part.size), where=whole > 0)


def _round(test: AdaptiveTest, persons: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, int]:
    """Return how many simulated candidates were given each item, might have been, and had one lifted."""
    size, lifted = test.pool.size, 0
    seen, may = np.zeros(size), np.zeros(size)
    assert test.shown is not None
    for theta in rng.standard_normal(persons):
        chance, seed = test.pool.probability([theta])[0], int(rng.integers(BIG))
        given: list[int] = []
        right: list[bool] = []
        raised = False
        while (step := test.next(seed, given, right)).place is not None:
            given.append(step.place)
            right.append(bool(rng.random() < chance[step.place]))
            raised |= step.lifted
        seen[given] += 1
        may += eligible(test.pool.ids, test.shown, seed)
        lifted += raised
    return seen, may, lifted
