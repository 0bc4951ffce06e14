"""An adaptive test under the rules of its blueprint: what it gives next, and when it ends. No I/O."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import TypeVar

import numpy as np

from exam_engine.assembly import Pool, Specification, verify
from exam_engine.assembly.adaptive import Posterior, Shadow, ShadowTest, prepare
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.result import Infeasible, Undecided
from exam_engine.assembly.rows import BoolArray
from exam_engine.delivery.growing.limits import Balance, in_part
from exam_engine.delivery.growing.score import NODES, Ability, Measure

KEPT = 20_000
"""Forms kept in memory, two a candidate, of one to four kilobytes each; another's is worked out again."""


TOLERANCE = 0.05
"""How far a form may stay below the proven bound of its information: less costs twice the time a pick, and on the
demonstration's bank no standard error became smaller by it."""


Key = tuple[int, tuple[int, ...], tuple[bool, ...]]
"""Seed, items given, and whether each was answered right."""

V = TypeVar("V")


class End(StrEnum):
    """Why a test gives nothing more."""

    LENGTH = "length"
    STANDARD_ERROR = "standard_error"


@dataclass(frozen=True)
class Stopping:
    """When a test ends before its full length: never, or at a standard error.

    Attributes
    ----------
    standard_error : float, optional
        In logits; reached, the test ends as soon as it also keeps its rules in proportion.
    shortest : int, default 1
        Items that everybody is given.
    """

    standard_error: float | None = None
    shortest: int = 1

    def __post_init__(self) -> None:
        if self.standard_error is not None and not 0.0 < self.standard_error < 1.0:
            raise ValueError(
                f"a standard error of {self.standard_error:g}: the prior alone is 1, so it must lie between 0 and 1"
            )
        if self.shortest < 1:
            raise ValueError(f"a shortest test of {self.shortest} items: at least one is given")


@dataclass(frozen=True)
class Next:
    """What follows.

    Attributes
    ----------
    place : int or None
        Of the next item in the pool; None where the test ends.
    end : End or None
    ability : Ability
        As estimated from the answers so far.
    lifted : bool
        Whether the item is one that exposure control had held back: the rules left nothing else.
    """

    place: int | None
    end: End | None
    ability: Ability
    lifted: bool = False


def eligible(names: Sequence[str], shown: FloatArray, seed: int) -> BoolArray:
    """Return which items one candidate may be given: each with its own probability, drawn from the seed.

    The experiment of Sympson and Hetter (1985), made once for each item before the test. A digest instead of a
    generator of random numbers: it is the same on every machine and with every version of a library.
    """
    drawn = [hashlib.sha256(b"%d/%s" % (seed, name.encode())).digest()[:8] for name in names]
    return np.asarray(np.array([int.from_bytes(one) for one in drawn]) / 2.0**64 < shown)


class AdaptiveTest:
    """A collection, its rules and its settings, ready for candidates; make one with `ready` and keep it.

    The next item follows from the seed and the answers given so far: asked again, or in another process, the answer is
    the same. What was given stays given: where the forms between cannot be found again (another version of a solver),
    a new one is sought that holds it.

    Attributes
    ----------
    length : int
        Items at most.
    """

    def __init__(
        self, shadow: ShadowTest, measure: Measure, stopping: Stopping, shown: FloatArray | None
    ) -> None:
        self.pool, self.specification = shadow.pool, shadow.specification
        self.measure, self.stopping, self.shown = measure, stopping, shown
        self.length = int(shadow.start.form[: self.pool.size].sum())
        self._test = shadow
        self._balance = None
        if stopping.standard_error is not None:
            self._balance = Balance(self.pool, self.specification, self.length)
        self._kept: OrderedDict[Key, Shadow] = OrderedDict()
        self._eligible: OrderedDict[int, BoolArray] = OrderedDict()
        self._told: OrderedDict[Key, Next] = OrderedDict()
        self._lock = Lock()

    def next(self, seed: int, given: Sequence[int], right: Sequence[bool]) -> Next:
        """Say what follows after the items given, as places in the pool, and whether each was answered right.

        Raises
        ------
        ValueError
            If items and answers are not equally many, or no form holds these items.
        """
        if len(given) != len(right):
            raise ValueError(f"{len(given)} items were given and {len(right)} answered")
        key = seed, tuple(given), tuple(bool(one) for one in right)
        with self._lock:
            told = self._told.get(key)
        if told is None:
            told = self._work_out(*key)
            self._remember(self._told, key, told)
        return told

    def _work_out(self, seed: int, given: tuple[int, ...], right: tuple[bool, ...]) -> Next:
        weights = self.measure.posterior(given, right)
        ability = self.measure.ability(weights)
        end = self._end(given, ability)
        if end is not None:
            return Next(None, end, ability)
        place, after, lifted = self._pick(seed, self._shadow(seed, given, right), weights)
        # The form before stays, too: an answer may be changed while its step is being left.
        with self._lock:
            self._kept.pop((seed, given[:-1], right[:-2]), None)
        self._remember(self._kept, (seed, (*given, place), right), after)
        return Next(place, None, ability, lifted)

    def forget(self) -> None:
        """Forget what was worked out for candidates: after other probabilities of being shown."""
        with self._lock:
            self._kept.clear()
            self._eligible.clear()
            self._told.clear()

    def keeps_rules(self, given: Sequence[int]) -> bool:
        """Whether a test that ends with these items keeps its rules, those of numbers in proportion."""
        asked = self.specification
        if len(given) < self.length:
            asked = in_part(asked, len(given), self.length)
        return verify(self.pool, asked, [[self.pool.ids[place] for place in given]]).ok

    def _end(self, given: Sequence[int], ability: Ability) -> End | None:
        if len(given) >= self.length:
            return End.LENGTH
        enough = self.stopping.standard_error
        if enough is None or len(given) < self.stopping.shortest or ability.se > enough:
            return None
        return End.STANDARD_ERROR if self.keeps_rules(given) else None

    def _pick(self, seed: int, shadow: Shadow, weights: FloatArray) -> tuple[int, Shadow, bool]:
        given = [self.pool.positions[name] for name in shadow.items]
        pick = self._test.next_item(
            shadow,
            Posterior(NODES, weights),
            rng=np.random.default_rng(0),  # draws nothing
            eligible=self._may(seed),
            due=None if self._balance is None else self._balance.due(given),
        )
        return self.pool.positions[pick.item], pick.shadow, pick.lifted

    def _may(self, seed: int) -> BoolArray | None:
        if self.shown is None:
            return None
        with self._lock:
            found = self._eligible.get(seed)
            if found is None:
                found = self._eligible[seed] = eligible(self.pool.ids, self.shown, seed)
                if len(self._eligible) > KEPT:
                    self._eligible.popitem(last=False)
        return found

    def _remember(self, kept: OrderedDict[Key, V], key: Key, value: V) -> None:
        with self._lock:
            kept[key] = value
            if len(kept) > KEPT:
                kept.popitem(last=False)

    def _shadow(self, seed: int, given: tuple[int, ...], right: tuple[bool, ...]) -> Shadow:
        """Return the form behind what was given, worked out from the last one that this process has seen."""
        count, shadow = self._latest(seed, given, right)
        for number in range(count, len(given)):
            weights = self.measure.posterior(given[:number], right[:number])
            found, shadow, _ = self._pick(seed, shadow, weights)
            if found != given[number]:
                return self._anew(given)
        return shadow

    def _latest(self, seed: int, given: tuple[int, ...], right: tuple[bool, ...]) -> tuple[int, Shadow]:
        """Return for how many items, from the first on, a form is kept, and that form."""
        with self._lock:
            for count in range(len(given), 0, -1):
                kept = self._kept.get((seed, given[:count], right[: count - 1]))
                if kept is not None:
                    return count, kept
        return 0, self._test.start

    def _anew(self, given: tuple[int, ...]) -> Shadow:
        names = tuple(self.pool.ids[place] for place in given)
        again = prepare(self.pool, self.specification, given=names, tolerance=self._test.tolerance)
        if not isinstance(again, ShadowTest):
            raise ValueError("no form of this collection holds the items given")
        return again.start


def ready(
    pool: Pool,
    specification: Specification,
    measure: Measure,
    *,
    stopping: Stopping = Stopping(),
    shown: FloatArray | None = None,
) -> AdaptiveTest | Infeasible | Undecided:
    """Prepare an adaptive test.

    Parameters
    ----------
    pool : Pool
        The collection, calibrated.
    specification : Specification
        Of one candidate: see `papers.growing.of_one_candidate`.
    measure : Measure
    stopping : Stopping
    shown : ndarray, shape (n_items,), optional
        Probability that an item is shown when it would be selected; see `exposure`.

    Returns
    -------
    AdaptiveTest
    Infeasible, Undecided
        When no form of the collection keeps the rules.

    Examples
    --------
    >>> from exam_engine.assembly import Count
    >>> from exam_engine.delivery.growing.score import curve_of
    >>> pool = Pool(ids=["i", "j", "k"], numeric={"marks": [1, 1, 1]}, a=[1, 1, 1], b=[-1, 0, 1])
    >>> two = Specification([Count(name="length", minimum=2, maximum=2)])
    >>> test = ready(pool, two, Measure(pool, curve_of(pool, [0, 1, 2])))
    >>> test.next(7, [], []).place, test.next(7, [1], [True]).place, test.next(7, [1], [False]).place
    (1, 2, 0)
    >>> test.next(7, [1, 2], [True, True]).end
    <End.LENGTH: 'length'>
    """
    prior = Posterior(NODES, measure.posterior([], []))
    found = prepare(pool, specification, ability=prior, tolerance=TOLERANCE)
    if not isinstance(found, ShadowTest):
        return found
    return AdaptiveTest(found, measure, stopping, shown)
