"""Response matrices in blocks of persons that share their items where that pays. Pure arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.patterns import check_responses

CELLS = 400_000
"""A block holds about this many numbers, so that it stays in the cache and memory stays bounded."""

BOOKLET_COST = 20_000
"""Booklets are worked one by one where each spares at least this many responses that were not presented on the
average: about what the work on a block costs besides its responses."""


@dataclass(frozen=True)
class Block:
    """Some persons and the items that any of them saw.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Positions of the persons.
    columns : ndarray of int, shape (k,)
        Positions of the items.
    x : ndarray of int8, shape (n, k)
        Scores, −1 where not presented.
    complete : bool
        Whether everybody here saw every item here.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    x: NDArray[np.int8]
    complete: bool

    @property
    def seen(self) -> NDArray[np.float64]:
        """1 where an item was presented, shape (n, k)."""
        return (self.x >= 0).astype(np.float64)


def read_scores(responses: ArrayLike, items: Items) -> NDArray[np.int8]:
    """Return the checked responses, −1 for every one that was not presented.

    Raises
    ------
    ValueError
        If the responses are no matrix with one column an item, hold a score above an item's highest, or an
        item without any discrimination.
    """
    matrix = check_responses(responses, highest=int(items.highest.max()))
    if matrix.shape[1] != len(items):
        raise ValueError(f"responses have {matrix.shape[1]} columns, but there are {len(items)} items")
    over = np.flatnonzero(matrix.max(axis=0) > items.highest)
    if over.size:
        raise ValueError(f"scores above the highest of the item, by position: {over.tolist()}")
    flat = np.flatnonzero(np.nanmax(np.abs(items.slopes), axis=1) == 0.0)
    if flat.size:
        raise ValueError(f"no discrimination may be 0, but it is at the positions {flat.tolist()}")
    return matrix


def booklets(seen: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Number the distinct sets of items presented.

    Returns
    -------
    booklet : ndarray of int, shape (n_persons,)
    presented : ndarray of bool, shape (n_booklets, n_items)

    Examples
    --------
    >>> booklets(np.array([[True, False], [True, True], [True, False]]))[0]
    array([0, 1, 0])
    """
    if seen.all():
        return np.zeros(len(seen), dtype=np.intp), seen[:1].copy()
    packed = np.ascontiguousarray(np.packbits(seen, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, first, booklet = np.unique(keys, return_index=True, return_inverse=True)
    return booklet.reshape(-1).astype(np.intp), seen[first]


def split(matrix: NDArray[np.int8], *, width: int) -> Iterator[Block]:
    """Yield the persons in blocks.

    Parameters
    ----------
    matrix : ndarray of int8, shape (n_persons, n_items)
        From `read_scores`.
    width : int
        How many numbers a person needs, so that a block holds about `CELLS`.
    """
    every = np.arange(matrix.shape[1])
    step = max(1, CELLS // width)
    seen = matrix >= 0
    if seen.all():
        for rows in _slices(np.arange(len(matrix)), step):
            yield Block(rows, every, matrix[rows[0] : rows[-1] + 1], True)
        return
    booklet, presented = booklets(seen)
    if len(presented) * BOOKLET_COST > np.count_nonzero(~seen):
        for rows in _slices(np.arange(len(matrix)), step):
            yield Block(rows, every, matrix[rows[0] : rows[-1] + 1], False)
        return
    order = np.argsort(booklet, kind="stable")
    bounds = np.searchsorted(booklet[order], np.arange(len(presented) + 1))
    for number, held in enumerate(presented):
        # Who saw nothing still needs a block, and a block an item.
        columns = np.flatnonzero(held) if held.any() else every[:1]
        for rows in _slices(order[bounds[number] : bounds[number + 1]], step):
            yield Block(rows, columns, matrix[np.ix_(rows, columns)], bool(held.any()))


def _slices(rows: NDArray[np.intp], step: int) -> Iterator[NDArray[np.intp]]:
    for start in range(0, rows.size, step):
        yield rows[start : start + step]
