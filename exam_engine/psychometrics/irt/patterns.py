"""Response matrices as the likelihood needs them: distinct patterns, their counts, and who saw what.

For the Rasch family and the 2PL a person enters the likelihood through the weighted score ``Σ a_i x_i`` and the
set of items presented (the *booklet*) only, so persons are sorted by booklet and, where it pays, collapsed: under
Rasch to one row per booklet and raw score, under the 2PL to distinct patterns when the test is short enough
to repeat them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.categories import Columns
from exam_engine.psychometrics.irt.models import FloatArray, Model

COLLAPSE_COLUMNS = 24
"""Above this many columns patterns hardly repeat and sorting them costs more than it saves."""

MAX_SCORE = 100
"""Highest score of an item that is read."""


@dataclass(frozen=True)
class Patterns:
    """Distinct response patterns, sorted by booklet.

    Attributes
    ----------
    columns : Columns
        One for each item and score above 0.
    x : ndarray, shape (n_rows, n_columns)
        1 where the item got the column's score, else 0. Under Rasch a row is a raw score, and its ``x`` the
        mean pattern of the persons who have it.
    count : ndarray, shape (n_rows,)
        Persons (or weight) a row stands for.
    booklet : ndarray of int, shape (n_rows,)
        Row of ``presented``; not decreasing.
    presented : ndarray of bool, shape (n_booklets, n_items)
        Which items a booklet holds.
    row_of_person : ndarray of int, shape (n_persons,)
        Where each person went.
    """

    columns: Columns
    x: FloatArray
    count: FloatArray
    booklet: NDArray[np.intp]
    presented: NDArray[np.bool_]
    row_of_person: NDArray[np.intp]

    @property
    def n_items(self) -> int:
        return self.columns.n_items

    @property
    def n_rows(self) -> int:
        return int(self.x.shape[0])

    @property
    def n_responses(self) -> FloatArray:
        """Return how many persons saw each item."""
        persons = np.bincount(self.booklet, weights=self.count, minlength=len(self.presented))
        return np.asarray(persons @ self.presented, dtype=np.float64)

    @property
    def total(self) -> float:
        return float(self.count.sum())


def check_responses(responses: ArrayLike, *, highest: int = 1) -> NDArray[np.int8]:
    """Return the matrix as int8 with -1 for every response that was not presented.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … ``highest``; negative or NaN means not presented.
    highest : int, default 1
        Highest score that is taken, at most 100.

    Raises
    ------
    ValueError
        If the array is not a matrix, is empty, or holds anything else, infinity included.
    """
    try:
        matrix = np.asarray(responses)
    except ValueError:
        raise ValueError("responses must be a matrix: every person one value an item") from None
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError("responses must be a matrix with at least one person and one item")
    if matrix.dtype.kind == "f":
        matrix = np.where(np.isnan(matrix), -1, matrix)
    if matrix.dtype.kind not in "iufb":
        raise ValueError("responses must be numbers")
    allowed = matrix <= highest
    if matrix.dtype.kind == "f":
        allowed &= (matrix > -np.inf) & ((matrix < 0) | (matrix == np.floor(matrix)))
    if not np.all(allowed):
        scores = "0, 1" if highest == 1 else f"whole numbers from 0 to {highest}"
        raise ValueError(f"responses must be {scores}, or negative for not presented")
    return np.where(matrix < 0, -1, matrix).astype(np.int8)


def collapse(
    responses: ArrayLike,
    model: Model,
    weights: ArrayLike | None = None,
    *,
    highest: NDArray[np.integer] | None = None,
) -> Patterns:
    """Sort persons by booklet and merge those the likelihood cannot tell apart.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    model : Model
        Decides what may be merged.
    weights : array-like, shape (n_persons,), optional
        How many persons a row stands for, positive and finite.
    highest : ndarray of int, shape (n_items,), optional
        Highest score of each item; by default the highest in the responses, at least 1.

    Raises
    ------
    ValueError
        If the responses or the weights are not usable, or a score is above the item's highest.

    Examples
    --------
    >>> collapse([[1, 0], [0, 1], [1, 1]], Model.RASCH).count
    array([2., 1.])
    """
    matrix = check_responses(responses, highest=MAX_SCORE)
    found = np.maximum(matrix.max(axis=0), 1)
    top = found if highest is None else highest
    if np.any(found > top):
        raise ValueError(
            f"scores above the highest of the item, by position: {np.flatnonzero(found > top).tolist()}"
        )
    weight = np.ones(matrix.shape[0]) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (matrix.shape[0],) or not np.all((weight > 0) & np.isfinite(weight)):
        raise ValueError("weights must be one positive number a row of the responses")
    columns = Columns.of(top)
    booklet, presented = _booklets(matrix >= 0)
    marked = matrix == 1 if top.max() == 1 else matrix[:, columns.item] == columns.category.astype(np.int8)
    row = _merge(matrix, marked, booklet, model)
    if row is None:
        order = np.argsort(booklet, kind="stable")
        row = np.empty(order.size, dtype=np.intp)
        row[order] = np.arange(order.size)
        if len(presented) > 1:
            marked, weight, booklet = marked[order], weight[order], booklet[order]
        return Patterns(columns, marked.astype(np.float64), weight, booklet, presented, row)
    n_rows = int(row.max()) + 1
    count: FloatArray = np.bincount(row, weights=weight, minlength=n_rows).astype(np.float64)
    first = np.zeros(n_rows, dtype=np.intp)
    first[row[::-1]] = np.arange(row.size)[::-1]
    x = marked[first].astype(np.float64)
    if model is Model.RASCH:
        x = np.stack(
            [np.bincount(row, weights=weight * column, minlength=n_rows) for column in marked.T], axis=1
        )
        x /= count[:, None]
    return Patterns(columns, x, count, booklet[first], presented, row)


def _merge(
    matrix: NDArray[np.int8], marked: NDArray[np.bool_], booklet: NDArray[np.intp], model: Model
) -> NDArray[np.intp] | None:
    """Number the rows that may be merged; None where it does not pay."""
    if model is Model.RASCH:
        score = np.maximum(matrix, 0).sum(axis=1, dtype=np.int64)
        key = booklet * (int(score.max()) + 1) + score
    elif marked.shape[1] <= COLLAPSE_COLUMNS:
        key = (booklet << marked.shape[1]) + marked @ (1 << np.arange(marked.shape[1], dtype=np.int64))
    else:
        return None
    return np.unique(key, return_inverse=True)[1].reshape(-1)


def _booklets(seen: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Number the distinct rows of ``seen``."""
    if seen.all():
        return np.zeros(len(seen), dtype=np.intp), seen[:1].copy()
    packed = np.packbits(seen, axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, first, booklet = np.unique(keys, return_index=True, return_inverse=True)
    return booklet.reshape(-1).astype(np.intp), seen[first]
