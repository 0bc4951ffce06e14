"""Simulated responses of items of any model, models mixed, complete or missing by design. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.simulation.abilities import Persons
from exam_engine.psychometrics.simulation.designs import Design

BLOCK_CELLS = 1 << 18
"""Cells drawn at once: they stay in the cache of the processor."""

Scores = NDArray[np.int8]


@dataclass(frozen=True)
class SimulatedTest:
    """Responses, and the truth behind them.

    Attributes
    ----------
    responses : ndarray of int8, shape (n_persons, n_items)
        Scores 0 … m; −1 not presented.
    items : Items
    persons : Persons
    """

    responses: Scores
    items: Items
    persons: Persons


class Sampler:
    """Draws scores of given items.

    One uniform number decides a response. Without asymptotes, and for graded items, score ``k`` or more comes out
    when ``z_k`` exceeds the logit of the uniform number, which takes no exponential; with asymptotes the
    probability is compared; items that divide ``exp z`` are drawn by their running sum.

    Parameters
    ----------
    items : Items
    """

    def __init__(self, items: Items) -> None:
        self._slopes = np.nan_to_num(items.slopes, nan=0.0)
        self._intercepts = np.where(np.isnan(items.intercepts), -np.inf, items.intercepts)
        self._lower, self._span = items.lower, items.upper - items.lower
        self._highest = items.highest
        ordered = items.is_graded | (items.highest == 1)
        self._kind = np.where(~ordered, 2, np.where(self._span < 1.0, 1, 0))

    def block(self, theta: FloatArray, index: NDArray[np.intp], rng: np.random.Generator) -> Scores:
        """Draw the items of ``index`` for every person: shape (n_persons, n_chosen)."""
        drawn = np.empty((theta.size, index.size), dtype=np.int8)
        step = max(1, BLOCK_CELLS // index.size)
        kind = self._kind[index]
        parts = [np.flatnonzero(kind == each) for each in range(3)]
        for start in range(0, theta.size, step):
            rows = slice(start, start + step)
            for each, part in enumerate(parts):
                if part.size:
                    wide = theta[rows, None]
                    uniform = rng.random((wide.size, part.size))
                    drawn[rows, part] = self._draw(each, index[part], wide, uniform)
        return drawn

    def pairs(self, theta: FloatArray, index: NDArray[np.intp], rng: np.random.Generator) -> Scores:
        """Draw one response of each pair of ability and item, both of shape (n_pairs,)."""
        drawn = np.empty(theta.size, dtype=np.int8)
        for start in range(0, theta.size, BLOCK_CELLS):
            rows = slice(start, start + BLOCK_CELLS)
            chosen, points, uniform = index[rows], theta[rows], rng.random(theta[rows].size)
            kind, part = self._kind[chosen], np.empty(points.size, dtype=np.int8)
            for each in np.unique(kind).tolist():
                at = np.flatnonzero(kind == each)
                part[at] = self._draw(each, chosen[at], points[at], uniform[at])
            drawn[rows] = part
        return drawn

    def _draw(self, kind: int, index: NDArray[np.intp], theta: FloatArray, uniform: FloatArray) -> Scores:
        """Turn uniform numbers into scores; the items stand along the last axis."""
        width = int(self._highest[index].max())
        if kind == 2:
            return self._divide(index, theta, uniform, width)
        if kind == 1:
            right = expit(self._logit(index, 0, theta))
            return np.asarray(uniform < self._lower[index] + self._span[index] * right).astype(np.int8)
        with np.errstate(divide="ignore"):
            level = np.log(uniform) - np.log1p(-uniform)
        score = (self._logit(index, 0, theta) > level).astype(np.int8)
        for k in range(1, width):
            score += self._logit(index, k, theta) > level
        return score

    def _divide(self, index: NDArray[np.intp], theta: FloatArray, uniform: FloatArray, width: int) -> Scores:
        logits = [self._logit(index, k, theta) for k in range(width)]
        largest = np.maximum(0.0, np.maximum.reduce(logits))
        running = [np.exp(-largest)]
        for logit in logits:
            running.append(running[-1] + np.exp(logit - largest))
        level = uniform * running[-1]
        score = np.zeros(level.shape, dtype=np.int8)
        for total in running[:-1]:
            score += level >= total
        return score

    def _logit(self, index: NDArray[np.intp], k: int, theta: FloatArray) -> FloatArray:
        return np.asarray(self._slopes[index, k] * theta + self._intercepts[index, k])


def draw_responses(
    items: Items,
    theta: ArrayLike,
    *,
    rng: np.random.Generator,
    presented: Design | NDArray[np.bool_] | None = None,
) -> Scores:
    """Return a random response of each person to each item presented.

    Parameters
    ----------
    items : Items
        Of any models.
    theta : array-like, shape (n_persons,)
        Abilities, in logits.
    rng : numpy.random.Generator
    presented : Design or ndarray of bool, shape (n_persons, n_items), optional
        By default everybody meets everything. Only presented cells cost time.

    Returns
    -------
    ndarray of int8, shape (n_persons, n_items)
        Scores 0 … m; −1 not presented.

    Raises
    ------
    ValueError
        If an ability is not finite or the design does not fit.

    Notes
    -----
    Responses are independent given ability, drawn from ``items.probability``.

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0], [-20.0, 20.0])
    >>> draw_responses(items, [0.0, 1.0], rng=np.random.default_rng(1))
    array([[1, 0],
           [1, 0]], dtype=int8)
    """
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    if points.ndim != 1 or not points.size or not np.isfinite(points).all():
        raise ValueError("theta must be a vector of finite numbers")
    sampler, shape = Sampler(items), (points.size, len(items))
    if presented is None:
        return sampler.block(points, np.arange(len(items)), rng)
    responses = np.full(shape, -1, dtype=np.int8)
    if isinstance(presented, Design):
        if (presented.booklet.size, presented.table.shape[1]) != shape:
            raise ValueError(f"the design must hold {shape[0]} persons and {shape[1]} items")
        order = np.argsort(presented.booklet, kind="stable")
        ends = np.cumsum(np.bincount(presented.booklet, minlength=len(presented.table)))
        for rows, seen in zip(np.split(order, ends[:-1]), presented.table, strict=True):
            columns = np.flatnonzero(seen)
            if rows.size:
                responses[rows[:, None], columns] = sampler.block(points[rows], columns, rng)
        return responses
    if presented.shape != shape or presented.dtype != np.bool_:
        raise ValueError(f"presented must be a mask of shape {shape}")
    step = max(1, 4 * BLOCK_CELLS // len(items))
    for start in range(0, points.size, step):
        person, item = np.nonzero(presented[start : start + step])
        person = person + start
        responses[person, item] = sampler.pairs(points[person], item, rng)
    return responses


def simulate(
    items: Items,
    persons: Persons,
    *,
    rng: np.random.Generator,
    presented: Design | NDArray[np.bool_] | None = None,
    items_of_group: dict[int, Items] | None = None,
) -> SimulatedTest:
    """Simulate a test of persons drawn before.

    Parameters
    ----------
    items : Items
    persons : Persons
    rng : numpy.random.Generator
    presented : Design or ndarray of bool, shape (n_persons, n_items), optional
    items_of_group : dict of int to Items, optional
        Items as other groups meet them, such as ``{1: add_dif(...).focal}``.

    Returns
    -------
    SimulatedTest

    Raises
    ------
    ValueError
        If the parts do not fit together.

    Examples
    --------
    >>> from exam_engine.psychometrics.simulation.abilities import draw_normal
    >>> from exam_engine.psychometrics.simulation.parameters import draw_items
    >>> rng = np.random.default_rng(1)
    >>> test = simulate(draw_items(5, model="rasch", rng=rng), draw_normal(4, rng=rng), rng=rng)
    >>> test.responses.shape
    (4, 5)
    """
    special = items_of_group or {}
    for number, other in special.items():
        if len(other) != len(items):
            raise ValueError(f"group {number} must have {len(items)} items")
    if not special:
        return SimulatedTest(
            draw_responses(items, persons.theta, rng=rng, presented=presented), items, persons
        )
    responses = np.empty((len(persons), len(items)), dtype=np.int8)
    for number in np.unique(persons.group).tolist():
        rows = np.flatnonzero(persons.group == number)
        own = special.get(number, items)
        part = _rows_of(presented, rows)
        responses[rows] = draw_responses(own, persons.theta[rows], rng=rng, presented=part)
    return SimulatedTest(responses, items, persons)


def _rows_of(
    presented: Design | NDArray[np.bool_] | None, rows: NDArray[np.intp]
) -> Design | NDArray[np.bool_] | None:
    if isinstance(presented, Design):
        return Design(presented.booklet[rows], presented.table)
    return None if presented is None else presented[rows]
