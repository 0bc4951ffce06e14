"""Items of one model and one number of scores, as the estimation sees them. Pure arrays.

A family holds the free parameters of its items in rows (slope, intercepts, asymptotes) and gives, at the quadrature
nodes, log-probabilities and their derivatives by those parameters. Two kinds:

*Exponential* (Rasch, partial credit, 2PL, generalised partial credit, nominal): ``log P_k = ξ · D_k(theta) − log Z``.
The design ``D`` is the same for every item, and the likelihood of a person depends on ``theta`` through a weighted
score alone.

*General* (3PL, 4PL, graded): log-probabilities are what they are, and responses enter as indicators of categories.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from exam_engine.psychometrics.irt.models import FloatArray, Model

TINY = 1e-300


class Family(ABC):
    """Items of one model and one highest score.

    Attributes
    ----------
    model : Model
    highest : int
        Highest score ``m``.
    positions : ndarray of int, shape (n,)
        Where the items stand in the test.
    """

    is_exponential: ClassVar[bool]

    def __init__(self, model: Model, highest: int, positions: NDArray[np.intp]) -> None:
        self.model = model
        self.highest = highest
        self.positions = positions

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What the parameters of an item are called, in their order."""

    @property
    def n_parameters(self) -> int:
        return len(self.names)

    @abstractmethod
    def log_probability(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        """Return ``log P_k`` of the scores 0 … m, shape (n, m + 1, n_nodes)."""

    @abstractmethod
    def scores(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        """Return ``∂ log P_k / ∂ξ_j``, shape (n, n_parameters, m + 1, n_nodes)."""

    @abstractmethod
    def curvature(self, values: FloatArray, nodes: FloatArray, counts: FloatArray) -> FloatArray:
        """Return ``−Σ_kq counts_k(q) ∂² log P_k / ∂ξ ∂ξ'``, shape (n, n_parameters, n_parameters)."""

    def expected_information(self, values: FloatArray, nodes: FloatArray, persons: FloatArray) -> FloatArray:
        """Return ``Σ_q persons(q) Σ_k P_k s_k s_k'``, shape (n, n_parameters, n_parameters); never indefinite."""
        chance = np.exp(self.log_probability(values, nodes))
        score = self.scores(values, nodes)
        weighted = score * (chance * persons[:, None, :])[:, None]
        n, p = score.shape[:2]
        return np.asarray(weighted.reshape(n, p, -1) @ score.reshape(n, p, -1).transpose(0, 2, 1))


class Exponential(Family):
    """Rasch, partial credit, 2PL, generalised partial credit and nominal items."""

    is_exponential = True

    @property
    def n_slopes(self) -> int:
        """Free slopes an item: none, one, or one for each score above 0."""
        return {Model.RASCH: 0, Model.PCM: 0, Model.NOMINAL: self.highest}.get(self.model, 1)

    @property
    def names(self) -> tuple[str, ...]:
        steps = range(1, self.highest + 1)
        slopes = tuple(f"a{k}" for k in steps) if self.model is Model.NOMINAL else ("a",) * self.n_slopes
        return slopes + (("d",) if self.highest == 1 else tuple(f"d{k}" for k in steps))

    def design(self, nodes: FloatArray) -> FloatArray:
        """Return ``D_jk(theta)``, shape (n_parameters, m + 1, n_nodes)."""
        design = np.zeros((self.n_parameters, self.highest + 1, nodes.size))
        step = np.arange(1, self.highest + 1)
        if self.model is Model.NOMINAL:
            design[step - 1, step] = nodes
        elif self.n_slopes:
            design[0, 1:] = step[:, None] * nodes
        design[self.n_slopes + step - 1, step] = 1.0
        return design

    def slopes_by_score(self, values: FloatArray) -> FloatArray:
        """Return the slope of each score above 0, shape (n, m)."""
        step = np.arange(1, self.highest + 1, dtype=np.float64)
        if self.model is Model.NOMINAL:
            return np.asarray(values[:, : self.highest])
        if self.n_slopes:
            return np.asarray(values[:, :1] * step)
        return np.broadcast_to(step, (len(values), self.highest))

    def _logits(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        return np.asarray(self.slopes_by_score(values)[:, :, None] * nodes + values[:, self.n_slopes :, None])

    def log_probability(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        logits = self._logits(values, nodes)
        largest = np.maximum(logits.max(axis=1), 0.0)
        total = np.exp(-largest) + np.exp(logits - largest[:, None]).sum(axis=1)
        none = -(largest + np.log(total))
        return np.concatenate([none[:, None], logits + none[:, None]], axis=1)

    def _chances(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        """Return ``P_k`` of the scores above 0, shape (n, m, n_nodes)."""
        if self.highest == 1:
            return np.asarray(expit(self._logits(values, nodes)))
        return np.exp(self.log_probability(values, nodes)[:, 1:])

    def expected(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        """Return ``Σ_k P_k D_jk``, shape (n, n_parameters, n_nodes)."""
        chance = self._chances(values, nodes)
        if self.highest == 1:
            return np.concatenate([nodes * chance, chance], axis=1) if self.n_slopes else np.asarray(chance)
        return np.asarray(np.einsum("nkq,pkq->npq", chance, self.design(nodes)[:, 1:]))

    def scores(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        return np.asarray(self.design(nodes) - self.expected(values, nodes)[:, :, None])

    def curvature(self, values: FloatArray, nodes: FloatArray, counts: FloatArray) -> FloatArray:
        return self.expected_information(values, nodes, counts.sum(axis=1))

    def expected_information(self, values: FloatArray, nodes: FloatArray, persons: FloatArray) -> FloatArray:
        chance = self._chances(values, nodes)
        if self.highest == 1:
            variance = persons * chance[:, 0] * (1.0 - chance[:, 0])
            moments = variance @ np.stack([nodes**2, nodes, np.ones_like(nodes)], axis=1)
            if not self.n_slopes:
                return np.asarray(moments[:, 2, None, None])
            return np.asarray(moments[:, [0, 1, 1, 2]].reshape(-1, 2, 2))
        design = self.design(nodes)[:, 1:]
        mean = np.einsum("nkq,pkq->npq", chance, design)
        weighted = np.einsum("nkq,pkq,nq->npkq", chance, design, persons)
        square = np.einsum("npkq,rkq->npr", weighted, design)
        return np.asarray(square - (mean * persons[:, None]) @ mean.transpose(0, 2, 1))


class Asymptotic(Family):
    """3PL and 4PL items, the asymptotes as logits: ``a, d, logit c`` and ``logit u``."""

    is_exponential = False

    @property
    def names(self) -> tuple[str, ...]:
        return ("a", "d", "logit_c") if self.model is Model.THREE_PL else ("a", "d", "logit_c", "logit_u")

    def _parts(
        self, values: FloatArray, nodes: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return the asymptotes as columns, the logistic curve and its complement."""
        lower = expit(values[:, 2:3])
        upper = expit(values[:, 3:4]) if values.shape[1] > 3 else np.ones_like(lower)
        logits = values[:, :1] * nodes + values[:, 1:2]
        return lower, upper, expit(logits), expit(-logits)

    def _chances(self, values: FloatArray, nodes: FloatArray) -> tuple[FloatArray, FloatArray]:
        lower, upper, rise, fall = self._parts(values, nodes)
        right = lower + (upper - lower) * rise
        return np.maximum(right, TINY), np.maximum((1.0 - upper) + (upper - lower) * fall, TINY)

    def log_probability(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        right, wrong = self._chances(values, nodes)
        return np.log(np.stack([wrong, right], axis=1))

    def _slopes(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        """Return ``∂P / ∂ξ_j``, shape (n, n_parameters, n_nodes)."""
        lower, upper, rise, fall = self._parts(values, nodes)
        steep = (upper - lower) * rise * fall
        parts = [steep * nodes, steep, lower * (1.0 - lower) * fall]
        if values.shape[1] > 3:
            parts.append(upper * (1.0 - upper) * rise)
        return np.stack(parts, axis=1)

    def scores(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        right, wrong = self._chances(values, nodes)
        slopes = self._slopes(values, nodes)
        return np.stack([-slopes / wrong[:, None], slopes / right[:, None]], axis=2)

    def curvature(self, values: FloatArray, nodes: FloatArray, counts: FloatArray) -> FloatArray:
        right, wrong = self._chances(values, nodes)
        slopes = self._slopes(values, nodes)
        straight = counts[:, 1] / right - counts[:, 0] / wrong
        found = -self._bends(values, nodes, straight)
        for chance, count in ((right, counts[:, 1]), (wrong, counts[:, 0])):
            score = slopes / chance[:, None]
            found += (score * count[:, None]) @ score.transpose(0, 2, 1)
        return found

    def _bends(self, values: FloatArray, nodes: FloatArray, weight: FloatArray) -> FloatArray:
        """Return ``Σ_q weight(q) ∂²P / ∂ξ ∂ξ'``."""
        lower, upper, rise, fall = self._parts(values, nodes)
        spread = rise * fall
        bend = (upper - lower) * spread * (fall - rise)
        low, high = lower * (1.0 - lower), upper * (1.0 - upper)
        found = np.zeros((len(values), self.n_parameters, self.n_parameters))

        def put(row: int, column: int, cells: FloatArray) -> None:
            found[:, row, column] = found[:, column, row] = (weight * cells).sum(axis=1)

        put(0, 0, bend * nodes**2)
        put(0, 1, bend * nodes)
        put(1, 1, bend)
        put(0, 2, -low * spread * nodes)
        put(1, 2, -low * spread)
        put(2, 2, low * (1.0 - 2.0 * lower) * fall)
        if self.n_parameters > 3:
            put(0, 3, high * spread * nodes)
            put(1, 3, high * spread)
            put(3, 3, high * (1.0 - 2.0 * upper) * rise)
        return found


class Graded(Family):
    """Graded response items: ``a, d_1 > d_2 > …`` with ``P(score ≥ k) = 1 / (1 + exp(-(a theta + d_k)))``."""

    is_exponential = False

    @property
    def names(self) -> tuple[str, ...]:
        return ("a", *(f"d{k}" for k in range(1, self.highest + 1)))

    def _parts(self, values: FloatArray, nodes: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return ``P(score ≥ k)`` and its complement, k = 0 … m + 1, and ``e / (1 − e)``, ``e = exp(Δd)``."""
        logits = values[:, :1, None] * nodes + values[:, 1:, None]
        at_least = np.pad(expit(logits), ((0, 0), (1, 1), (0, 0)))
        at_least[:, 0] = 1.0
        below = np.pad(expit(-logits), ((0, 0), (1, 1), (0, 0)))
        below[:, -1] = 1.0
        gap = np.exp(np.diff(values[:, 1:], axis=1))
        return at_least, below, gap / np.maximum(1.0 - gap, TINY)

    def log_probability(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        logits = values[:, :1, None] * nodes + values[:, 1:, None]
        found = np.zeros((len(values), self.highest + 1, nodes.size))
        found[:, 1:] -= np.logaddexp(0.0, -logits)
        found[:, :-1] -= np.logaddexp(0.0, logits)
        gap = np.minimum(np.exp(np.diff(values[:, 1:], axis=1)), 1.0)
        with np.errstate(divide="ignore"):
            found[:, 1:-1] += np.log1p(-gap)[:, :, None]
        return found

    def scores(self, values: FloatArray, nodes: FloatArray) -> FloatArray:
        at_least, below, ratio = self._parts(values, nodes)
        m = self.highest
        found = np.zeros((len(values), m + 1, m + 1, nodes.size))
        found[:, 0] = nodes * (below[:, :-1] - at_least[:, 1:])
        step = np.arange(1, m + 1)
        found[:, step, step] = below[:, 1:-1]
        found[:, step, step - 1] = -at_least[:, 1:-1]
        inner = np.arange(1, m)
        found[:, inner, inner] += ratio[:, :, None]
        found[:, inner + 1, inner] -= ratio[:, :, None]
        return found

    def curvature(self, values: FloatArray, nodes: FloatArray, counts: FloatArray) -> FloatArray:
        at_least, below, ratio = self._parts(values, nodes)
        m = self.highest
        spread = (at_least * below)[:, 1:-1] * (counts[:, 1:] + counts[:, :-1])
        found = np.zeros((len(values), m + 1, m + 1))
        found[:, 0, 0] = (spread @ nodes**2).sum(axis=1)
        found[:, 0, 1:] = found[:, 1:, 0] = spread @ nodes
        step = np.arange(1, m + 1)
        found[:, step, step] = spread.sum(axis=2)
        inner = np.arange(1, m)
        between = counts[:, 1:-1].sum(axis=2) * ratio * (1.0 + ratio)
        found[:, inner, inner] += between
        found[:, inner + 1, inner + 1] += between
        found[:, inner, inner + 1] -= between
        found[:, inner + 1, inner] -= between
        return found


def family_of(model: Model, highest: int, positions: NDArray[np.intp]) -> Family:
    """Return the family of items with one model and one highest score."""
    if model in (Model.THREE_PL, Model.FOUR_PL):
        return Asymptotic(model, highest, positions)
    if model is Model.GRADED:
        return Graded(model, highest, positions)
    return Exponential(model, highest, positions)
