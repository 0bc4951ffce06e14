"""Targets and soft rules as rows with a range: how far a form is from what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.pool import FloatArray, Pool
from exam_engine.assembly.select import positions, select
from exam_engine.assembly.targets import (
    CurveTarget,
    InformationTarget,
    Maximin,
    Maximise,
    MeanTarget,
    Minimise,
    Near,
    Reference,
    ScoreTarget,
    Target,
)

IntArray = npt.NDArray[np.int64]

LARGEST = 1e12
"""What one item may add to an aim, and units of scale that it may count: a solver's answer is wrong soon beyond."""


@dataclass(frozen=True)
class Wish:
    """Rows that are to be large (``sign`` 1) or small (−1), in these ``parts`` of a common value.

    Until `bound.settle` has found what is possible, their range is open.
    """

    rows: tuple[int, ...]
    sign: float
    parts: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Aims:
    """``weights @ x`` of a form wanted within [low, high]; what lies outside counts in units of ``scale``.

    Attributes
    ----------
    weights : ndarray, shape (n_aims, width)
    low, high, scale : ndarray, shape (n_aims,)
    tolerance : ndarray, shape (n_aims,)
        Distance from the range, not in units of scale, that is a rule as well; infinite without.
    owner, level : ndarray of int, shape (n_aims,)
        Position of the name of the rule or target; its priority.
    labels : tuple of str
        Name of each row: that of its target, with the ability where one target has several.
    wishes : tuple of Wish
    """

    weights: FloatArray
    low: FloatArray
    high: FloatArray
    scale: FloatArray
    tolerance: FloatArray
    owner: IntArray
    level: IntArray
    labels: tuple[str, ...] = ()
    wishes: tuple[Wish, ...] = ()

    @classmethod
    def none(cls, width: int) -> Aims:
        """Return no aims at all, over ``width`` columns."""
        empty, none = np.zeros(0), np.zeros(0, dtype=np.int64)
        return cls(np.zeros((0, width)), empty, empty, empty, empty, none, none)

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.low)

    @property
    def levels(self) -> tuple[int, ...]:
        """Priorities, the first one first."""
        return tuple(int(k) for k in np.unique(self.level))

    def off(self, totals: FloatArray) -> FloatArray:
        """Return signed distances of ``totals`` (…, n_aims) from the ranges, in units of scale; 0 inside."""
        return np.asarray((totals - np.clip(totals, self.low, self.high)) / self.scale)

    def deviation(self, totals: FloatArray) -> float:
        """Return the largest distance."""
        return float(np.abs(self.off(totals)).max()) if self.count else 0.0

    def take(self, index: npt.NDArray[np.intp]) -> Aims:
        """Return some of the rows, and the wishes about them."""
        new = {int(old): at for at, old in enumerate(index)}
        return Aims(
            self.weights[index],
            self.low[index],
            self.high[index],
            self.scale[index],
            self.tolerance[index],
            self.owner[index],
            self.level[index],
            tuple(self.labels[int(k)] for k in index),
            tuple(
                replace(wish, rows=tuple(new[r] for r in wish.rows))
                for wish in self.wishes
                if set(wish.rows) <= set(new)
            ),
        )

    def at_level(self, level: int) -> Aims:
        """Return the rows of one priority."""
        return self.take(np.flatnonzero(self.level == level))

    def within(
        self, columns: npt.NDArray[np.intp] | slice = slice(None)
    ) -> tuple[sp.csr_array, FloatArray, FloatArray]:
        """Return ``lower <= matrix @ (x, deviation) <= upper``: no aim is farther off than the deviation."""
        scaled, low, high = (
            self.weights[:, columns] / self.scale[:, None],
            self.low / self.scale,
            self.high / self.scale,
        )
        above, below = np.isfinite(high), np.isfinite(low)
        matrix = np.vstack(
            [
                np.hstack([scaled[above], -np.ones((int(above.sum()), 1))]),
                np.hstack([scaled[below], np.ones((int(below.sum()), 1))]),
            ]
        )
        lower = np.r_[np.full(above.sum(), -np.inf), low[below]]
        return sp.csr_array(matrix), lower, np.r_[high[above], np.full(below.sum(), np.inf)]


@dataclass
class AimsBuilder:
    """Aims as they are written down: coefficients of items, and of switches for soft rules about values."""

    pool: Pool
    places: list[IntArray] = field(default_factory=list)
    values: list[FloatArray] = field(default_factory=list)
    ranges: list[tuple[float, float, float, float]] = field(default_factory=list)
    owners: list[tuple[int, int]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)

    def add(
        self,
        label: str,
        owner: int,
        level: int,
        places: npt.ArrayLike,
        values: npt.ArrayLike,
        low: float,
        high: float,
        *,
        scale: float,
        tolerance: float = np.inf,
    ) -> int:
        """Append a row with ``values`` at the columns ``places``; return its position.

        Raises
        ------
        ValueError
            If an item adds more than a solver can tell from what others add.
        """
        at = np.asarray(places, dtype=np.int64)
        sizes = np.abs(np.broadcast_to(np.asarray(values, dtype=np.float64), at.shape))
        most = float(sizes.max(initial=0.0))
        if not max(most, most / scale) <= LARGEST:
            name = next(
                (f"item {self.pool.ids[k]!r}" for k in at[sizes == most] if k < self.pool.size), "a value"
            )
            raise ValueError(
                f"{name} adds {most:g}, {most / scale:g} units of scale: above {LARGEST:g} no sum can be told"
            )
        self.places.append(at)
        self.values.append(np.broadcast_to(np.asarray(values, dtype=np.float64), at.shape))
        self.ranges.append((low, high, scale, tolerance))
        self.owners.append((owner, level))
        self.labels.append(label)
        return len(self.labels) - 1

    def target(self, target: Target, owner: int) -> None:
        """Append the rows of a target.

        Raises
        ------
        ValueError
            If the pool lacks an attribute, an item or the item parameters that it takes.
        """
        if isinstance(target, Near):
            scale, tolerance = target.scale or abs(target.goal) or 1.0, target.tolerance or np.inf
            self._row(target, owner, coefficients(self.pool, target), target.goal, scale, tolerance)
        elif isinstance(target, Reference):
            self._reference(target, owner)
        elif isinstance(target, Maximin):
            rows = [
                self._row(target, owner, values, None, 1.0, label=at_ability(target.name, theta))
                for theta, values in zip(target.theta, self.pool.information(target.theta), strict=True)
            ]
            parts = target.weights or (1.0,) * len(rows)
            self.wishes.append(Wish(tuple(rows), 1.0, tuple(parts)))
        else:
            row = self._row(target, owner, coefficients(self.pool, target), None, 1.0)
            self.wishes.append(Wish((row,), -1.0 if isinstance(target, Minimise) else 1.0, (1.0,)))

    def _row(
        self,
        target: Target,
        owner: int,
        values: FloatArray,
        goal: float | None,
        scale: float,
        tolerance: float = np.inf,
        *,
        label: str | None = None,
    ) -> int:
        low, high = (-np.inf, np.inf) if goal is None else (goal, goal)
        items = np.arange(self.pool.size)
        name = label or target.name
        return self.add(
            name, owner, target.priority, items, values, low, high, scale=scale, tolerance=tolerance
        )

    def _reference(self, target: Reference, owner: int) -> None:
        form = positions(self.pool, target.ids)
        for word, wanted, rows in (
            ("information", target.information, self.pool.information(target.theta)),
            ("score", target.curve, expected_marks(self.pool, target.theta, target.marks)),
        ):
            for theta, values in zip(target.theta, rows, strict=True):
                if wanted:
                    goal = float(values[form].sum())
                    label = at_ability(f"{target.name}: {word}", theta)
                    self._row(target, owner, values, goal, abs(goal) or 1.0, label=label)

    def build(self, width: int) -> Aims:
        """Return the aims over ``width`` columns."""
        weights = np.zeros((len(self.labels), width))
        for row, (at, values) in enumerate(zip(self.places, self.values, strict=True)):
            weights[row, at] = values
        low, high, scale, tolerance = np.array(self.ranges, dtype=np.float64).reshape(-1, 4).T
        owner, level = np.array(self.owners, dtype=np.int64).reshape(-1, 2).T
        return Aims(
            weights,
            low,
            high,
            scale,
            tolerance,
            owner,
            level,
            tuple(self.labels),
            tuple(self.wishes),
        )


def at_ability(name: str, theta: float) -> str:
    """Return the name of one row of a target with several abilities.

    >>> at_ability("width", -0.5)
    'width (θ = -0.5)'
    """
    return f"{name} (θ = {theta:g})"


def coefficients(pool: Pool, target: Near | Maximise | Minimise) -> FloatArray:
    """Return what each item adds to a target, shape (n_items,)."""
    if isinstance(target, InformationTarget):
        return np.asarray(pool.information([target.theta])[0])
    if isinstance(target, CurveTarget):
        return np.asarray(expected_marks(pool, [target.theta], target.marks)[0])
    if isinstance(target, ScoreTarget):
        p = pool.numbers(target.p)
        return p if target.marks is None else p * pool.numbers(target.marks)
    if isinstance(target, MeanTarget):
        return pool.numbers(target.attribute) / target.length
    if isinstance(target, Maximise | Minimise):
        if target.theta:
            values = pool.information(target.theta).sum(axis=0)
        else:
            values = np.ones(pool.size) if target.attribute is None else pool.numbers(target.attribute)
        return np.asarray(np.where(select(pool, target.where), values, 0.0))
    return pool.numbers(target.attribute)


def expected_marks(pool: Pool, theta: Sequence[float], marks: str | None) -> FloatArray:
    """Return each item's expected score, or expected marks, at each ability, shape (n_theta, n_items)."""
    score = pool.expected_score(theta)
    return score if marks is None else np.asarray(score / pool.highest * pool.numbers(marks))
