"""Likelihood terms of single responses, each at the ability of its own person. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

IntArray = NDArray[np.intp]
Mask = NDArray[np.bool_]

TINY = 1e-300


@dataclass(frozen=True)
class Terms:
    """What responses say about the ability they are taken at.

    Attributes
    ----------
    gradient : ndarray
        ``P'(x) / P(x)``: slope of the log-likelihood.
    information : ndarray
        ``Σ_k P'(k)² / P(k)``: Fisher information.
    bias : ndarray
        ``J = Σ_k P'(k) P''(k) / P(k)``, from which the bias of maximum likelihood follows (Warm, 1989; Samejima, 1993,
        Psychometrika 58, 119–138).
    """

    gradient: FloatArray
    information: FloatArray
    bias: FloatArray


class TermsOf:
    """Evaluates items pair by pair, and their information everywhere.

    Parameters
    ----------
    items : Items
    """

    def __init__(self, items: Items) -> None:
        beyond = np.isnan(items.slopes)
        self._slopes = np.where(beyond, 0.0, items.slopes)
        self._intercepts = np.where(beyond, -np.inf, items.intercepts)
        self._lower, self._upper = items.lower, items.upper
        self._kind = np.where(items.highest == 1, 0, np.where(items.is_graded, 2, 1))
        self._single = np.flatnonzero(self._kind == 0)
        self._several = np.flatnonzero(self._kind > 0)
        self._rest = items.take(self._several) if self._several.size else None
        self._plain = not np.any((items.lower > 0) | (items.upper < 1))
        self._size = len(items)

    def information(self, theta: FloatArray) -> FloatArray:
        """Return the Fisher information of every item at each ability, shape (n_points, n_items)."""
        if self._rest is None:
            return self._information_of_single(theta)
        values = np.empty((theta.size, self._size))
        values[:, self._several] = self._rest.information(theta)
        values[:, self._single] = self._information_of_single(theta)
        return values

    def _information_of_single(self, theta: FloatArray) -> FloatArray:
        part = self._single
        slope = self._slopes[part, 0]
        right = slope * theta[:, None]
        right += self._intercepts[part, 0]
        expit(right, out=right)
        spread: FloatArray = right * (1.0 - right)
        if self._plain:
            spread *= slope**2
            return spread
        span = self._upper[part] - self._lower[part]
        chance = self._lower[part] + span * right
        return np.asarray((span * slope * spread) ** 2 / np.maximum(chance * (1.0 - chance), TINY))

    def pairs(self, index: IntArray, scores: NDArray[np.int8], theta: FloatArray) -> Terms:
        """Return the terms of responses, all three arguments of one shape (n_pairs,)."""
        kind = self._kind[index]
        found = Terms(*(np.empty(index.size) for _ in range(3)))
        for each, method in enumerate((self._one, self._divided, self._cumulative)):
            at = slice(None) if self._several.size == 0 and each == 0 else np.flatnonzero(kind == each)
            if isinstance(at, slice) or at.size:
                terms = method(index[at], scores[at].astype(np.intp), theta[at])
                found.gradient[at], found.information[at], found.bias[at] = terms
            if isinstance(at, slice):
                break
        return found

    def _one(
        self, index: IntArray, score: IntArray, theta: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        slope = self._slopes[index, 0]
        logit = slope * theta + self._intercepts[index, 0]
        right, wrong = expit(logit), expit(-logit)
        span = self._upper[index] - self._lower[index]
        pass_, fail = self._lower[index] + span * right, 1.0 - self._upper[index] + span * wrong
        rise = span * slope * right * wrong
        gradient = np.where(score == 1, rise / np.maximum(pass_, TINY), -rise / np.maximum(fail, TINY))
        both = np.maximum(pass_ * fail, TINY)
        return gradient, rise**2 / both, rise**2 * slope * (wrong - right) / both

    def _divided(
        self, index: IntArray, score: IntArray, theta: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        rates = np.pad(self._slopes[index], ((0, 0), (1, 0)))
        logits = np.pad(self._slopes[index] * theta[:, None] + self._intercepts[index], ((0, 0), (1, 0)))
        weight = np.exp(logits - logits.max(axis=1, keepdims=True))
        chance = weight / weight.sum(axis=1, keepdims=True)
        mean = (chance * rates).sum(axis=1)
        apart = rates - mean[:, None]
        got = np.take_along_axis(rates, score[:, None], axis=1)[:, 0]
        return got - mean, (chance * apart**2).sum(axis=1), (chance * apart**3).sum(axis=1)

    def _cumulative(
        self, index: IntArray, score: IntArray, theta: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        slope = self._slopes[index, :1]
        logits = slope * theta[:, None] + self._intercepts[index]
        ends = ((0, 0), (1, 1))
        above = np.pad(expit(logits), ends)
        above[:, 0] = 1.0
        below = np.pad(expit(-logits), ends)
        below[:, -1] = 1.0
        # Taken from the nearer end, a difference keeps its digits.
        chance = np.where(above[:, :-1] < 0.5, above[:, :-1] - above[:, 1:], below[:, 1:] - below[:, :-1])
        first = slope * above * below
        second = slope * first * (below - above)
        rise, bend = first[:, :-1] - first[:, 1:], second[:, :-1] - second[:, 1:]
        safe = np.maximum(chance, TINY)
        gradient = np.take_along_axis(rise / safe, score[:, None], axis=1)[:, 0]
        return gradient, (rise**2 / safe).sum(axis=1), (rise * bend / safe).sum(axis=1)
