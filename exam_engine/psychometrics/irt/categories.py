"""Items with several scored categories as columns, one for each score above 0. Pure arrays.

The partial credit model gives score k of an item the weight ``exp(k a theta + d_k)`` and score 0 the weight 1;
an item scored 0 or 1 is the case of a single column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.models import FloatArray


@dataclass(frozen=True)
class Columns:
    """Which item and which score each column stands for.

    Attributes
    ----------
    item : ndarray of int, shape (n_columns,)
        Position of the item; the columns of an item stand together, in the order of their scores.
    category : ndarray, shape (n_columns,)
        The score, from 1.
    starts : ndarray of int, shape (n_items,)
        First column of each item.
    """

    item: NDArray[np.intp]
    category: FloatArray
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, highest: NDArray[np.integer]) -> Columns:
        """Return the columns of items with scores from 0 to ``highest``, at least 1.

        >>> Columns.of(np.array([1, 2])).category
        array([1., 1., 2.])
        """
        sizes = highest.astype(np.intp)
        starts = np.cumsum(sizes) - sizes
        item = np.repeat(np.arange(sizes.size), sizes)
        return cls(item, (np.arange(item.size) - starts[item] + 1).astype(np.float64), starts)

    @property
    def n_columns(self) -> int:
        return int(self.item.size)

    @property
    def n_items(self) -> int:
        return int(self.starts.size)

    @property
    def last(self) -> NDArray[np.intp]:
        """Return the column of each item's highest score."""
        return np.append(self.starts[1:], self.n_columns) - 1

    @property
    def highest(self) -> NDArray[np.intp]:
        """Return the highest score of each item."""
        return np.bincount(self.item, minlength=self.n_items)

    def log_total(self, logits: FloatArray) -> FloatArray:
        """Return ``log(1 + Σ_k exp logit_k)`` of each item: (n_columns, n) to (n_items, n)."""
        return np.asarray(np.logaddexp(0.0, np.logaddexp.reduceat(logits, self.starts, axis=0)))

    def probability(self, logits: FloatArray, log_total: FloatArray) -> FloatArray:
        """Return the probability of each column's score, shape (n_columns, n)."""
        return np.asarray(np.exp(logits - log_total[self.item]), dtype=np.float64)

    def total(self, values: FloatArray) -> FloatArray:
        """Sum over the columns of each item: (n_columns, …) to (n_items, …)."""
        return np.asarray(np.add.reduceat(values, self.starts, axis=0), dtype=np.float64)

    def padded(self, values: FloatArray) -> FloatArray:
        """Lay the columns out as (n_items, highest score), NaN beyond an item's highest."""
        table = np.full((self.n_items, int(self.category.max())), np.nan)
        table[self.item, self.category.astype(np.intp) - 1] = values
        return table


def read_steps(a: ArrayLike, b: ArrayLike) -> tuple[Columns, FloatArray, FloatArray]:
    """Return the columns of items given by slope and difficulties, with slope and intercept of each column.

    Parameters
    ----------
    a : array-like, shape (n_items,)
        Discrimination, per logit.
    b : array-like, shape (n_items,) or (n_items, n_steps)
        Difficulty, or the difficulty of each step; NaN after the last step of an item that has fewer.

    Returns
    -------
    columns : Columns
    slope, intercept : ndarray, shape (n_columns,)
        Slope of the column's item, and ``d_k = -a (b_1 + … + b_k)``.

    Raises
    ------
    ValueError
        If the shapes differ, an item has no step or a gap among its steps, or a number is not finite.

    Examples
    --------
    >>> read_steps([1.0, 1.0], [[-1.0, 0.5], [0.3, np.nan]])[2]
    array([ 1. ,  0.5, -0.3])
    """
    slope, steps = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    steps = steps[:, None] if steps.ndim == 1 else steps
    if slope.ndim != 1 or steps.ndim != 2 or len(steps) != slope.size or 0 in steps.shape:
        raise ValueError("a and b must hold one value, or one row of steps, an item")
    given = ~np.isnan(steps)
    highest = given.sum(axis=1)
    in_order = given == (np.arange(steps.shape[1]) < highest[:, None])
    if not (
        np.all(np.isfinite(slope)) and np.all(highest > 0) and in_order.all() and not np.isinf(steps).any()
    ):
        raise ValueError("a and b must be finite; NaN may only follow the last step of an item")
    columns = Columns.of(highest)
    intercept = (-slope[:, None] * np.nancumsum(steps, axis=1))[given]
    return columns, slope[columns.item], intercept
