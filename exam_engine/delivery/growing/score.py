"""What answers say of an ability, and the mark that stands for it on a paper everybody could have had. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exam_engine.assembly import Pool
from exam_engine.assembly.pool import FloatArray

REACH, STEPS = 5.0, 101
NODES = np.linspace(-REACH, REACH, STEPS)
"""Abilities of the grid, in logits of the bank's scale."""

MARKS = "marks"
"""Attribute of the pool: what an item earns on a paper."""

TINY = 1e-300


@dataclass(frozen=True)
class Ability:
    """Mean and standard deviation of a posterior, in logits."""

    theta: float
    se: float


@dataclass(frozen=True)
class Mark:
    """An ability told as the percentage of marks expected on the reference form, with its standard error."""

    percent: float
    se: float


def curve_of(pool: Pool, reference: Sequence[int]) -> FloatArray:
    """Return the percentage of its marks that a form is expected to earn at each ability of the grid.

    Parameters
    ----------
    pool : Pool
        Calibrated, with the attribute ``marks``.
    reference : sequence of int
        Places of a form that keeps the blueprint of the fixed papers.

    Returns
    -------
    ndarray, shape (n_nodes,)

    Raises
    ------
    ValueError
        If the form is empty, or the pool has no item parameters.
    """
    if not len(reference):
        raise ValueError("the reference form has no items")
    marks = pool.numbers(MARKS)[list(reference)]
    return np.asarray(100.0 * pool.probability(NODES)[:, list(reference)] @ marks / marks.sum())


class Measure:
    """The items of a collection on a grid of abilities, and the form whose marks abilities are told in.

    The prior is the standard normal distribution of the bank's scale, N(0, 1). Estimates are expected a posteriori
    (Bock & Mislevy, 1982, Applied Psychological Measurement 6, 431–444), so that somebody who has answered nothing, or
    everything alike, has one too; they are drawn towards the mean by the part of the variance that the test leaves
    open.

    Parameters
    ----------
    pool : Pool
        Calibrated, dichotomous.
    curve : array-like, shape (n_nodes,)
        Percentage of marks expected on the reference form at each ability of the grid: see `curve_of`.

    Raises
    ------
    ValueError
        If the pool has no item parameters, or the curve is of another grid.
    """

    def __init__(self, pool: Pool, curve: npt.ArrayLike) -> None:
        self.curve = np.asarray(curve, dtype=np.float64)
        if self.curve.shape != NODES.shape:
            raise ValueError(f"a curve of {self.curve.size} points, the grid has {NODES.size}")
        right = pool.probability(NODES)
        self._right = np.log(np.maximum(right, TINY))
        self._wrong = np.log(np.maximum(1.0 - right, TINY))

    def posterior(self, places: Sequence[int], right: Sequence[bool]) -> FloatArray:
        """Return the posterior weights of the grid.

        Parameters
        ----------
        places : sequence of int
            Items given, as places in the pool.
        right : sequence of bool
            Whether each was answered right; what was left open was not.

        Returns
        -------
        ndarray, shape (n_nodes,)
            Sums to 1.
        """
        log = -(NODES**2) / 2.0
        for place, is_right in zip(places, right, strict=True):
            log = log + (self._right if is_right else self._wrong)[:, place]
        weights = np.exp(log - log.max())
        return np.asarray(weights / weights.sum())

    def path(self, places: Sequence[int], right: Sequence[bool]) -> FloatArray:
        """Return the posterior weights before the first answer and after each, shape (n_items + 1, n_nodes)."""
        chosen = np.where(np.asarray(right, dtype=bool), self._right[:, places], self._wrong[:, places]).T
        log = np.concatenate([[-(NODES**2) / 2.0], chosen]).cumsum(axis=0)
        weights = np.exp(log - log.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def ability(self, weights: FloatArray) -> Ability:
        """Return mean and standard deviation of a posterior."""
        theta = float(weights @ NODES)
        return Ability(theta, float(np.sqrt(weights @ (NODES - theta) ** 2)))

    def mark(self, weights: FloatArray) -> Mark:
        """Return the mark at the estimated ability.

        Its standard error is the root of the posterior mean of the squared distance from it: near the ends of the
        curve, where that is not straight, it stays inside what marks can be.
        """
        percent = float(np.interp(self.ability(weights).theta, NODES, self.curve))
        return Mark(percent, float(np.sqrt(weights @ (self.curve - percent) ** 2)))
