"""The items an adaptive test draws from, and their curves on a grid of abilities. Pure arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.adaptive.terms import TINY, IntArray, Mask, TermsOf
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray


@dataclass(frozen=True)
class Pool:
    """Items of known parameters with what selection must know about them; make one with `Pool.of`.

    Attributes
    ----------
    items : Items
    area : ndarray of int, shape (n_items,)
        Content area of each item, from 0.
    enemies : ndarray of bool, shape (n_items, n_items), or None
        Which items must not appear together; symmetric.
    time_intensity, time_discrimination : ndarray, shape (n_items,), or None
        Of the lognormal response-time model, in log seconds; only simulation needs them.
    """

    items: Items
    area: IntArray
    enemies: Mask | None
    time_intensity: FloatArray | None
    time_discrimination: FloatArray | None

    @classmethod
    def of(
        cls,
        items: Items,
        *,
        area: ArrayLike | None = None,
        enemies: Sequence[Sequence[int]] = (),
        time_intensity: ArrayLike | None = None,
        time_discrimination: ArrayLike | None = None,
    ) -> Pool:
        """Return a pool.

        Parameters
        ----------
        items : Items
        area : array-like of int, shape (n_items,), optional
            By default all items are of one area.
        enemies : sequence of sequence of int
            Groups of positions of which a candidate meets at most one.
        time_intensity, time_discrimination : array-like, shape (n_items,), optional
            Both or none.

        Raises
        ------
        ValueError
            If something does not fit the items.

        Examples
        --------
        >>> Pool.of(Items.dichotomous([1.0, 1.0], [0.0, 1.0]), enemies=[(0, 1)]).enemies
        array([[False,  True],
               [ True, False]])
        """
        size = len(items)
        areas = np.zeros(size, dtype=np.intp) if area is None else np.asarray(area)
        if areas.shape != (size,) or areas.dtype.kind not in "iu" or np.any(areas < 0):
            raise ValueError("area must hold one whole number from 0 an item")
        if (time_intensity is None) != (time_discrimination is None):
            raise ValueError("time_intensity and time_discrimination belong together")
        times = [_one_each(value, size) for value in (time_intensity, time_discrimination)]
        if times[1] is not None and np.any(times[1] <= 0):
            raise ValueError("time_discrimination must be positive")
        return cls(items, areas.astype(np.intp), _enemies(enemies, size), times[0], times[1])

    def __len__(self) -> int:
        return len(self.items)

    @property
    def n_areas(self) -> int:
        return int(self.area.max()) + 1


def _one_each(values: ArrayLike | None, size: int) -> FloatArray | None:
    if values is None:
        return None
    vector = np.asarray(values, dtype=np.float64)
    if vector.shape != (size,) or not np.isfinite(vector).all():
        raise ValueError(f"response-time parameters must hold {size} finite numbers")
    return vector


def _enemies(groups: Sequence[Sequence[int]], size: int) -> Mask | None:
    if not groups:
        return None
    apart = np.zeros((size, size), dtype=np.bool_)
    for group in groups:
        members = np.asarray(group)
        if members.dtype.kind not in "iu" or members.size < 2 or members.min() < 0 or members.max() >= size:
            raise ValueError(f"a group of enemies must hold two or more positions below {size}")
        apart[np.ix_(members, members)] = True
    np.fill_diagonal(apart, False)
    return apart


class Curves:
    """The curves of a pool on equally spaced abilities, computed once for a test.

    Parameters
    ----------
    pool : Pool
    nodes : ndarray, shape (n_nodes,)
    """

    def __init__(self, pool: Pool, nodes: FloatArray) -> None:
        self.pool, self.nodes = pool, nodes
        self.terms = TermsOf(pool.items)
        self.n_scores = int(pool.items.highest.max()) + 1
        self._at: dict[tuple[float, ...], FloatArray] = {}

    @cached_property
    def chance(self) -> FloatArray:
        """Probability of each score of each item, shape (n_nodes, n_items · n_scores)."""
        return self.pool.items.probability(self.nodes).reshape(self.nodes.size, -1)

    @cached_property
    def log_chance(self) -> FloatArray:
        """Log probability, shape (n_items · n_scores, n_nodes): row ``item · n_scores + score``."""
        return np.ascontiguousarray(np.log(np.maximum(self.chance, TINY)).T)

    @cached_property
    def information(self) -> FloatArray:
        """Fisher information, shape (n_nodes, n_items)."""
        return self.terms.information(self.nodes)

    @cached_property
    def information_by_item(self) -> FloatArray:
        """Fisher information, shape (n_items, n_nodes)."""
        return np.ascontiguousarray(self.information.T)

    def log_chance_at(self, points: tuple[float, ...]) -> FloatArray:
        """Return log probabilities at other abilities, shape (n_items · n_scores, n_points)."""
        if points not in self._at:
            chance = self.pool.items.probability(np.array(points)).reshape(len(points), -1)
            self._at[points] = np.log(np.maximum(chance, TINY)).T
        return self._at[points]
