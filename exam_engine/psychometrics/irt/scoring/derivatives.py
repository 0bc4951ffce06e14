"""Derivatives of the log-likelihood of each person at an ability of their own. Pure arrays.

Four kinds of items are worked apart, each in its leanest form: scored 0 or 1 without asymptotes; with asymptotes;
several categories that divide ``exp z`` (partial credit, nominal); graded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

LEAST = 1e-290
"""Below this probability a score adds nothing."""


@dataclass(frozen=True)
class Derivatives:
    """Sums over the items a person saw, shape (n_persons,) each.

    Attributes
    ----------
    gap : ndarray
        First derivative of the log-likelihood.
    information : ndarray
        Expected information ``Σ P'² / P``.
    bend : ndarray
        Warm's ``J = Σ P' P'' / P``.
    turn : ndarray
        Derivative of the expected information, ``Σ 2 P' P'' / P − P'³ / P²``; equal to ``bend`` but for items with
        asymptotes.
    observed : ndarray
        Minus the second derivative of the log-likelihood.
    """

    gap: FloatArray
    information: FloatArray
    bend: FloatArray
    turn: FloatArray
    observed: FloatArray


@dataclass(frozen=True)
class Kinds:
    """Which columns are of which kind, with the items cut to size.

    Attributes
    ----------
    single, bounded, divided, graded : ndarray of int
        Positions of the items of each kind.
    items : Items
    """

    single: NDArray[np.intp]
    bounded: NDArray[np.intp]
    divided: NDArray[np.intp]
    graded: NDArray[np.intp]
    items: Items

    @classmethod
    def of(cls, items: Items) -> Kinds:
        """Sort the items by kind."""
        bounded = (items.lower > 0) | (items.upper < 1)
        single = ~bounded & (items.highest == 1)
        graded = items.is_graded & ~single & ~bounded
        divided = ~(single | bounded | graded)
        return cls(
            np.flatnonzero(single),
            np.flatnonzero(bounded),
            np.flatnonzero(divided),
            np.flatnonzero(graded),
            items,
        )


def derivatives(kinds: Kinds, x: NDArray[np.int8], theta: FloatArray) -> Derivatives:
    """Return the derivatives for persons at their own abilities.

    Parameters
    ----------
    kinds : Kinds
        Of the items.
    x : ndarray of int8, shape (n, n_items)
        Scores, −1 where not presented.
    theta : ndarray, shape (n,)
        Ability of each person, in logits.
    """
    total = np.zeros((5, theta.size))
    for part, work in (
        (kinds.single, _single),
        (kinds.bounded, _bounded),
        (kinds.divided, _divided),
        (kinds.graded, _graded),
    ):
        if part.size:
            whole = part.size == len(kinds.items)
            items = kinds.items if whole else kinds.items.take(part)
            total += work(items, x if whole else x[:, part], theta)
    return Derivatives(*total)


def _single(items: Items, x: NDArray[np.int8], theta: FloatArray) -> FloatArray:
    a = items.slopes[:, 0]
    right, spread, tilt = _logistic(items, theta)
    gap = x - right
    if x.min() < 0:
        seen = x >= 0
        gap *= seen
        spread *= seen
    information = spread @ a**2
    third = (spread * tilt) @ a**3
    return np.stack([gap @ a, information, third, third, information])


def _bounded(items: Items, x: NDArray[np.int8], theta: FloatArray) -> FloatArray:
    chance, wrong, first, second, inverse = _bounded_terms(items, theta)
    seen = x >= 0
    own = np.where(x == 1, wrong, -chance) * inverse * seen
    rate = first * own
    return np.stack(
        [
            rate.sum(axis=1),
            (first**2 * inverse * seen).sum(axis=1),
            (first * second * inverse * seen).sum(axis=1),
            (_turn_of_bounded(chance, wrong, first, second, inverse) * seen).sum(axis=1),
            (rate**2 - second * own).sum(axis=1),
        ]
    )


def _bounded_terms(items: Items, theta: FloatArray) -> tuple[FloatArray, ...]:
    """Return ``P``, ``1 - P``, ``P'``, ``P''`` and ``1 / (P (1 - P))``, 0 where nothing moves any more."""
    a = items.slopes[:, 0]
    span = items.upper - items.lower
    right, spread, tilt = _logistic(items, theta)
    chance = items.lower + span * right
    wrong = (1.0 - items.upper) + span * _logistic_below(spread, right)
    first = span * a * spread
    both = chance * wrong
    inverse = np.where(both > LEAST, 1.0 / np.maximum(both, LEAST), 0.0)
    return chance, wrong, first, a * first * tilt, inverse


def _turn_of_bounded(
    chance: FloatArray, wrong: FloatArray, first: FloatArray, second: FloatArray, inverse: FloatArray
) -> FloatArray:
    return first * inverse * (2.0 * second - first**2 * (wrong - chance) * inverse)


def _logistic_below(spread: FloatArray, right: FloatArray) -> FloatArray:
    """Return ``1 - s`` with all its digits."""
    return np.where(right > 0.5, spread / np.maximum(right, 0.5), 1.0 - right)


def _logistic(items: Items, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return ``s = 1 / (1 + exp -z)``, ``s (1 - s)`` and ``1 - 2 s``, exact in both tails."""
    logit = np.multiply.outer(theta, items.slopes[:, 0])
    logit += items.intercepts[:, 0]
    small = np.exp(-np.abs(logit))
    total = 1.0 / (1.0 + small)
    right = np.where(logit > 0, total, small * total)
    return right, small * total**2, np.copysign((1.0 - small) * total, -logit)


def _divided(items: Items, x: NDArray[np.int8], theta: FloatArray) -> FloatArray:
    chance, apart = _divided_terms(items, theta)
    seen = x >= 0
    information = ((chance * apart**2).sum(axis=2) * seen).sum(axis=1)
    third = ((chance * apart**3).sum(axis=2) * seen).sum(axis=1)
    return np.stack([(_own(apart, x) * seen).sum(axis=1), information, third, third, information])


def _divided_terms(items: Items, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the probabilities and the weights of the scores less their mean."""
    chance = items.probability(theta)
    weight = np.pad(np.nan_to_num(items.slopes), ((0, 0), (1, 0)))
    return chance, weight - (chance * weight).sum(axis=2, keepdims=True)


def _graded(items: Items, x: NDArray[np.int8], theta: FloatArray) -> FloatArray:
    first, second, inverse = _graded_terms(items, theta)
    seen = x >= 0
    rate, curve = _own(first * inverse, x) * seen, _own(second * inverse, x) * seen
    return np.stack(
        [
            rate.sum(axis=1),
            ((first**2 * inverse).sum(axis=2) * seen).sum(axis=1),
            ((first * second * inverse).sum(axis=2) * seen).sum(axis=1),
            ((first * inverse * (2.0 * second - first**2 * inverse)).sum(axis=2) * seen).sum(axis=1),
            (rate**2 - curve).sum(axis=1),
        ]
    )


def _graded_terms(items: Items, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return ``P'``, ``P''`` and ``1 / P`` of each score."""
    chance = items.probability(theta)
    above = np.cumsum(chance[..., :0:-1], axis=2)[..., ::-1]
    below = np.cumsum(chance, axis=2)[..., :-1]
    rise = np.nan_to_num(items.slopes * above * below)
    turn = items.slopes[:, :1] * rise * (below - above)
    inverse = np.where(chance > LEAST, 1.0 / np.maximum(chance, LEAST), 0.0)
    return _between(rise), _between(turn), inverse


def _between(cumulative: FloatArray) -> FloatArray:
    """Return what belongs to each score from what belongs to each score or more."""
    return np.diff(np.pad(-cumulative, ((0, 0), (0, 0), (1, 1))), axis=2)


def bend(items: Items, theta: FloatArray) -> FloatArray:
    """Return Warm's ``J = Σ P' P'' / P`` of each item at abilities, shape (n_points, n_items)."""
    kinds = Kinds.of(items)
    table = np.empty((theta.size, len(items)))
    plain = np.sort(np.append(kinds.single, kinds.divided))
    if plain.size:
        chance, apart = _divided_terms(items.take(plain), theta)
        table[:, plain] = (chance * apart**3).sum(axis=2)
    if kinds.bounded.size:
        _, _, first, second, inverse = _bounded_terms(items.take(kinds.bounded), theta)
        table[:, kinds.bounded] = first * second * inverse
    if kinds.graded.size:
        first, second, inverse = _graded_terms(items.take(kinds.graded), theta)
        table[:, kinds.graded] = (first * second * inverse).sum(axis=2)
    return table


def _own(values: FloatArray, x: NDArray[np.int8]) -> FloatArray:
    """Return the entry of each person's own score, shape (n, n_items)."""
    place = np.maximum(x, 0).astype(np.intp)[..., None]
    return np.asarray(np.take_along_axis(values, place, axis=2)[..., 0], dtype=np.float64)
