"""Which content area next: target shares, random shares, priorities. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.adaptive.pool import Pool
from exam_engine.psychometrics.adaptive.terms import IntArray, Mask
from exam_engine.psychometrics.irt.models import FloatArray


@dataclass(frozen=True)
class Turn:
    """Where candidates stand when their next area is chosen.

    Attributes
    ----------
    area : ndarray of int, shape (n_items,)
    given : ndarray of int, shape (n, n_areas)
        Items answered by area.
    length : int
        Longest test.
    rng : numpy.random.Generator
    """

    area: IntArray
    given: IntArray
    length: int
    rng: np.random.Generator


class Content(Protocol):
    """A rule of content.

    ``needs_information`` says whether it multiplies the criterion, which then must not be negative.
    """

    @property
    def needs_information(self) -> bool: ...

    def check(self, pool: Pool, length: int) -> None:
        """Raise ValueError if the rule cannot serve the pool or a test of that length."""

    def apply(self, criterion: FloatArray, turn: Turn) -> FloatArray:
        """Return the criterion with its priorities, −inf for items whose area has no turn.

        Parameters
        ----------
        criterion : ndarray, shape (n, n_items)
            −inf for items that are not to be had. Every row has something to be had.
        turn : Turn
        """


@dataclass(frozen=True)
class TargetShares:
    """The area that lags furthest behind its target share (Kingsbury & Zara, 1989).

    Applied Measurement in Education 2, 359–375. An area without items left is passed over.

    Attributes
    ----------
    shares : tuple of float, one an area
        At least 0, summing to 1.
    """

    shares: tuple[float, ...]
    needs_information = False

    def check(self, pool: Pool, length: int) -> None:
        check_shares(self.shares, pool, length)

    def apply(self, criterion: FloatArray, turn: Turn) -> FloatArray:
        target = np.array(self.shares)
        step = turn.given.sum(axis=1, keepdims=True)
        usable = open_areas(criterion, turn.area, target.size)
        lag = np.where(usable, target * (step + 1) - turn.given, -np.inf)
        return _only(criterion, turn.area, lag.argmax(axis=1))


@dataclass(frozen=True)
class RandomShares:
    """An area drawn by the target shares until its number is reached (Chen, Ankenmann & Spray, 2003).

    The modified multinomial method: the order of areas cannot be foreseen, the numbers are kept. Journal of
    Educational Measurement 40, 129–145.

    Attributes
    ----------
    shares : tuple of float, one an area
        At least 0, summing to 1.
    """

    shares: tuple[float, ...]
    needs_information = False

    def check(self, pool: Pool, length: int) -> None:
        check_shares(self.shares, pool, length)

    def apply(self, criterion: FloatArray, turn: Turn) -> FloatArray:
        target = np.array(self.shares)
        usable = open_areas(criterion, turn.area, target.size)
        chance = np.where(usable & (turn.given < target * turn.length - 1e-9), target, 0.0)
        none = chance.sum(axis=1) <= 0
        chance[none] = usable[none]
        running = np.cumsum(chance, axis=1)
        level = turn.rng.random((len(chance), 1)) * running[:, -1:]
        return _only(criterion, turn.area, (running <= level).sum(axis=1))


@dataclass(frozen=True)
class Priorities:
    """Information times a priority, by lower and upper bounds of areas (Cheng & Chang, 2009).

    The maximum priority index in two phases: ``(lower − given) / lower`` until every area has reached its lower
    bound, then ``(upper − given) / upper``. British Journal of Mathematical and Statistical Psychology 62, 369–383. An
    upper bound is exceeded only when nothing else is left.

    Attributes
    ----------
    lower, upper : tuple of int, one an area
        Fewest and most items; ``0 <= lower <= upper``.
    """

    lower: tuple[int, ...]
    upper: tuple[int, ...]
    needs_information = True

    def check(self, pool: Pool, length: int) -> None:
        low, high = np.array(self.lower), np.array(self.upper)
        if low.shape != (pool.n_areas,) or high.shape != low.shape:
            raise ValueError(f"lower and upper must hold {pool.n_areas} numbers, one an area")
        if not np.all((low >= 0) & (low <= high)):
            raise ValueError("bounds must be 0 <= lower <= upper")
        if not low.sum() <= length <= high.sum():
            raise ValueError(f"bounds allow {low.sum()} to {high.sum()} items, the longest test has {length}")
        stock = np.bincount(pool.area, minlength=pool.n_areas)
        if np.any(stock < low):
            raise ValueError(f"areas with fewer items than their lower bound: {np.flatnonzero(stock < low)}")

    def apply(self, criterion: FloatArray, turn: Turn) -> FloatArray:
        low, high = np.array(self.lower), np.array(self.upper)
        usable = open_areas(criterion, turn.area, low.size)
        short = np.maximum(low - turn.given, 0) / np.maximum(low, 1)
        room = np.maximum(high - turn.given, 0) / np.maximum(high, 1)
        first = (usable & (short > 0)).any(axis=1, keepdims=True)
        priority = np.where(first, short, room)
        priority[~(usable & (priority > 0)).any(axis=1)] = 1.0
        factor = priority[:, turn.area]
        return np.where(factor > 0, criterion * np.where(factor > 0, factor, 1.0), -np.inf)


def open_areas(criterion: FloatArray, area: IntArray, n_areas: int) -> Mask:
    """Return which areas have something to be had, shape (n, n_areas)."""
    to_be_had = criterion > -np.inf
    return np.stack([to_be_had[:, area == each].any(axis=1) for each in range(n_areas)], axis=1)


def check_shares(shares: ArrayLike, pool: Pool, length: int) -> None:
    """Raise ValueError unless the shares are those of the pool's areas, and the pool can fill them."""
    share = np.asarray(shares, dtype=np.float64)
    if share.shape != (pool.n_areas,):
        raise ValueError(f"shares must hold {pool.n_areas} numbers, one an area")
    if not np.all(share >= 0) or abs(share.sum() - 1.0) > 1e-9:
        raise ValueError("shares must be at least 0 and sum to 1")
    stock = np.bincount(pool.area, minlength=pool.n_areas)
    thin = np.flatnonzero(stock < np.floor(share * length))
    if thin.size:
        raise ValueError(f"areas with fewer items than their share of {length}: {thin.tolist()}")


def _only(criterion: FloatArray, area: IntArray, chosen: IntArray) -> FloatArray:
    return np.where(area == chosen[:, None], criterion, -np.inf)
