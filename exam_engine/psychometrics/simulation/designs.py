"""Who is presented with which items: linked booklets, routed stages, missing at random. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Design:
    """Items presented, by booklet: small whatever the number of persons.

    Attributes
    ----------
    booklet : ndarray of int, shape (n_persons,)
        Row of ``table``.
    table : ndarray of bool, shape (n_booklets, n_items)
        Which items a booklet holds.
    """

    booklet: NDArray[np.intp]
    table: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.table.ndim != 2 or not self.table.any(axis=1).all():
            raise ValueError("every booklet must hold at least one item")
        if self.booklet.size and not (self.booklet.min() >= 0 and self.booklet.max() < len(self.table)):
            raise ValueError(f"booklets must be numbered from 0 to {len(self.table) - 1}")

    @property
    def presented(self) -> NDArray[np.bool_]:
        """Return the whole mask, shape (n_persons, n_items)."""
        return np.asarray(self.table[self.booklet])


def linked_booklets(n_items: int, *, n_booklets: int, size: int) -> NDArray[np.bool_]:
    """Return booklets that overlap in a ring, so that all items can be calibrated together.

    Parameters
    ----------
    n_items, n_booklets : int
        At least 1.
    size : int
        Items of a booklet, at most ``n_items``. The booklets are connected when ``size`` exceeds
        ``n_items / n_booklets``.

    Returns
    -------
    ndarray of bool, shape (n_booklets, n_items)

    Raises
    ------
    ValueError
        If the booklets cannot hold all items, or neighbours would not overlap.

    Notes
    -----
    Booklet ``g`` holds ``size`` successive items from position ``round(g n_items / n_booklets)``, around the end to
    the beginning: each item is in about ``n_booklets size / n_items`` booklets.

    Examples
    --------
    >>> linked_booklets(6, n_booklets=3, size=3).astype(int)
    array([[1, 1, 1, 0, 0, 0],
           [0, 0, 1, 1, 1, 0],
           [1, 0, 0, 0, 1, 1]])
    """
    if not (n_booklets >= 1 and 1 <= size <= n_items):
        raise ValueError("there must be at least one booklet, and size between 1 and n_items")
    if n_booklets > 1 and size * n_booklets <= n_items:
        raise ValueError(f"size must exceed {n_items / n_booklets:g}, or the booklets do not overlap")
    if n_booklets == 1 and size < n_items:
        raise ValueError("a single booklet must hold every item")
    first = np.round(np.arange(n_booklets) * n_items / n_booklets).astype(np.intp)
    return np.asarray((np.arange(n_items) - first[:, None]) % n_items < size)


def assign_at_random(n_persons: int, table: NDArray[np.bool_], *, rng: np.random.Generator) -> Design:
    """Deal booklets out in random order, each as often as the others but for one.

    Parameters
    ----------
    n_persons : int
        At least 1.
    table : ndarray of bool, shape (n_booklets, n_items)
    rng : numpy.random.Generator

    Returns
    -------
    Design

    Examples
    --------
    >>> table = linked_booklets(6, n_booklets=3, size=3)
    >>> np.bincount(assign_at_random(9, table, rng=np.random.default_rng(1)).booklet)
    array([3, 3, 3])
    """
    if n_persons < 1:
        raise ValueError("n_persons must be at least 1")
    return Design(rng.permutation(np.arange(n_persons) % len(table)), table)


def route(
    ability: ArrayLike, table: NDArray[np.bool_], *, rng: np.random.Generator, error: float = 0.5
) -> Design:
    """Deal booklets out by ability, the easiest first: the missing data of adaptive and multistage tests.

    Parameters
    ----------
    ability : array-like, shape (n_persons,)
        In logits.
    table : ndarray of bool, shape (n_booklets, n_items)
        Sorted from easy to difficult.
    rng : numpy.random.Generator
    error : float, default 0.5
        Standard error of the ability by which persons are routed, in logits, at least 0.

    Returns
    -------
    Design
        Equally many persons a booklet, but for one.

    Examples
    --------
    >>> table = linked_booklets(6, n_booklets=2, size=4)
    >>> route([2.0, -1.0, 1.0, -2.0], table, rng=np.random.default_rng(1), error=0.0).booklet
    array([1, 0, 1, 0])
    """
    theta = np.asarray(ability, dtype=np.float64)
    if theta.ndim != 1 or not theta.size or not np.isfinite(theta).all():
        raise ValueError("ability must be a vector of finite numbers")
    if not 0 <= error < np.inf:
        raise ValueError("error must be at least 0 and finite")
    rank = np.argsort(np.argsort(theta + error * rng.standard_normal(theta.size), kind="stable"))
    return Design(rank * len(table) // theta.size, table)


def missing_at_random(
    n_persons: int, n_items: int, *, share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return which items are presented when each is left out independently.

    Parameters
    ----------
    n_persons, n_items : int
        At least 1.
    share : float
        Probability that an item is not presented, in [0, 1).
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of bool, shape (n_persons, n_items)
        Nobody is left without any item: one chosen at random stays.

    Examples
    --------
    >>> missing_at_random(2, 3, share=0.5, rng=np.random.default_rng(1)).astype(int)
    array([[1, 1, 0],
           [1, 0, 0]])
    """
    if min(n_persons, n_items) < 1 or not 0.0 <= share < 1.0:
        raise ValueError("there must be persons and items, and share must lie in [0, 1)")
    presented = rng.random((n_persons, n_items)) >= share
    empty = np.flatnonzero(~presented.any(axis=1))
    presented[empty, rng.integers(n_items, size=empty.size)] = True
    return np.asarray(presented)
