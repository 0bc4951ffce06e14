"""Sums of independent events with unequal chances: the generalised binomial and trinomial, exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.models import FloatArray

BLOCK_CELLS = 100_000
"""Numbers held at a time by a recursion: small enough for a processor's cache."""

SAME_TAIL = 1.0 + 1e-9
"""Tails that differ by rounding only count as equal."""


def binomial_tail(chance: ArrayLike, at_least: ArrayLike, *, mid: bool = False) -> FloatArray:
    """Return the probability that at least so many of independent events happen, exactly.

    Parameters
    ----------
    chance : array-like, shape (n_events, n_cases)
        Chance of each event, in [0, 1]; 0 for an event that a case does not have.
    at_least : array-like of int, shape (n_cases,)
        Number of events.
    mid : bool, default False
        Whether the chance of exactly that number counts half only (the mid-p-value of Lancaster, 1961, Journal of the
        American Statistical Association 56, 223–234).

    Returns
    -------
    ndarray, shape (n_cases,)
        In [0, 1], with full relative precision in the upper tail.

    Raises
    ------
    ValueError
        If the shapes do not fit or a chance lies outside [0, 1].

    Notes
    -----
    The generalised (Poisson) binomial distribution by the recursion of Lord & Wingersky (1984, Applied
    Psychological Measurement 8, 453–461), as van der Linden & Sotaridona (2006) use it for matching answers.
    The tail is summed from its far end, so that nothing cancels.

    Examples
    --------
    >>> binomial_tail([[0.5], [0.5], [0.5]], [2])
    array([0.5])
    """
    p = np.asarray(chance, dtype=np.float64)
    least = np.asarray(at_least)
    if p.ndim != 2 or least.shape != (p.shape[1],):
        raise ValueError("chance must be events × cases and at_least hold one number a case")
    if not np.all((p >= 0) & (p <= 1)):
        raise ValueError("every chance must lie between 0 and 1")
    step = max(1, BLOCK_CELLS // (len(p) + 1))
    tail = np.empty(least.size)
    for start in range(0, least.size, step):
        block = slice(start, start + step)
        beyond = np.cumsum(_distribution(p[:, block])[::-1], axis=0)[::-1]
        wanted = np.clip(least[block], 0, len(p) + 1).astype(np.intp)
        padded = np.concatenate([beyond, np.zeros((2, beyond.shape[1]))])
        padded[0] = 1.0
        cases = np.arange(wanted.size)
        tail[block] = padded[wanted, cases]
        if mid:
            tail[block] = 0.5 * (tail[block] + padded[wanted + 1, cases])
    return np.asarray(np.clip(tail, 0.0, 1.0), dtype=np.float64)


def _distribution(p: FloatArray) -> FloatArray:
    """Return the probability of each number of events, shape (n_events + 1, n_cases)."""
    mass = np.zeros((len(p) + 1, p.shape[1]))
    mass[0] = 1.0
    for done, happens in enumerate(p, start=1):
        moved = mass[:done] * happens
        mass[:done] -= moved
        mass[1 : done + 1] += moved
    return mass


def trinomial_tail(
    chance_first: ArrayLike,
    chance_second: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    mid: bool = False,
) -> tuple[FloatArray, FloatArray]:
    """Return how extreme two counts are together, exactly.

    Each trial ends in the first kind, the second kind or neither, with its own chances.

    Parameters
    ----------
    chance_first, chance_second : array-like, shape (n_trials, n_cases)
        Chances of the two kinds, non-negative, together at most 1.
    first, second : array-like of int, shape (n_cases,)
        Counts observed.
    mid : bool, default False
        Whether counts with exactly the same tail count half only in the p-value.

    Returns
    -------
    tail : ndarray, shape (n_cases,)
        ``Q(x, y) = P(X ≥ x and Y ≥ y)`` at the counts observed.
    p_value : ndarray, shape (n_cases,)
        ``P(Q(X, Y) ≤ Q(x, y))``: the chance of counts whose tail is as small or smaller. The tail alone
        is no p-value: it falls below a level more often than the level says.

    Raises
    ------
    ValueError
        If the shapes do not fit, a chance is negative or two exceed 1.

    Examples
    --------
    >>> tail, p = trinomial_tail([[0.25], [0.25]], [[0.25], [0.25]], [1], [1])
    >>> tail, p
    (array([0.125]), array([0.25]))
    """
    p, q = np.asarray(chance_first, dtype=np.float64), np.asarray(chance_second, dtype=np.float64)
    x, y = np.asarray(first, dtype=np.intp), np.asarray(second, dtype=np.intp)
    if p.ndim != 2 or p.shape != q.shape or not x.shape == y.shape == (p.shape[1],):
        raise ValueError("chances must be trials × cases, alike, and counts hold one number a case")
    if not (np.all(p >= 0) and np.all(q >= 0) and np.all(p + q <= 1 + 1e-12)):
        raise ValueError("chances must not be negative and together at most 1")
    step = max(1, BLOCK_CELLS // (len(p) + 1) ** 2)
    tail, p_value = np.empty(x.size), np.empty(x.size)
    for start in range(0, x.size, step):
        block = slice(start, start + step)
        tail[block], p_value[block] = _joint_tail(p[:, block], q[:, block], x[block], y[block], mid)
    return tail, np.minimum(p_value, 1.0)


def _joint_tail(
    p: FloatArray, q: FloatArray, x: NDArray[np.intp], y: NDArray[np.intp], mid: bool
) -> tuple[FloatArray, FloatArray]:
    size = len(p) + 1
    mass = np.zeros((size, size, p.shape[1]))
    mass[0, 0] = 1.0
    for done, (one, two) in enumerate(zip(p, q, strict=True), start=1):
        now = mass[:done, :done]
        right, down = now * one, now * two
        now *= np.maximum(1.0 - one - two, 0.0)
        mass[1 : done + 1, :done] += right
        mass[:done, 1 : done + 1] += down
    beyond = np.cumsum(np.cumsum(mass[::-1], axis=0)[:, ::-1], axis=1)[::-1, ::-1]
    tail = beyond[x, y, np.arange(x.size)]
    p_value = np.where(beyond <= tail * SAME_TAIL, mass, 0.0).sum(axis=(0, 1))
    if mid:
        p_value -= 0.5 * np.where(np.abs(beyond - tail) <= tail * (SAME_TAIL - 1.0), mass, 0.0).sum(
            axis=(0, 1)
        )
    return tail, p_value
