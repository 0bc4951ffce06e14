"""Response matrices as the likelihood needs them: distinct patterns, their counts, and who saw what.

For Rasch and the 2PL a person enters the likelihood through the weighted score ``Σ a_i x_i`` and the set of
items presented (the *booklet*) only, so persons are sorted by booklet and, where it pays, collapsed: under
Rasch to one row per booklet and raw score, under the 2PL to distinct patterns when the test is short enough
to repeat them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.models import FloatArray, Model

COLLAPSE_ITEMS = 24
"""Above this many dichotomous items patterns hardly repeat and sorting them costs more than it saves."""


@dataclass(frozen=True)
class Patterns:
    """Distinct response patterns, sorted by booklet.

    Attributes
    ----------
    x : ndarray, shape (n_rows, n_items)
        1 where correct, 0 where wrong or not presented. Under Rasch a row is a raw score, and its ``x`` the
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

    x: FloatArray
    count: FloatArray
    booklet: NDArray[np.intp]
    presented: NDArray[np.bool_]
    row_of_person: NDArray[np.intp]

    @property
    def n_items(self) -> int:
        return int(self.x.shape[1])

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


def check_responses(responses: ArrayLike) -> NDArray[np.int8]:
    """Return the matrix as int8 with -1 for every response that was not presented.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        1 correct, 0 wrong; negative or NaN means not presented.

    Raises
    ------
    ValueError
        If the array is not a matrix, is empty, or holds anything else.
    """
    matrix = np.asarray(responses)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError("responses must be a matrix with at least one person and one item")
    if matrix.dtype.kind == "f":
        matrix = np.where(np.isnan(matrix), -1, matrix)
    if matrix.dtype.kind not in "iufb":
        raise ValueError("responses must be numbers")
    if not np.all((matrix == 0) | (matrix == 1) | (matrix < 0)):
        raise ValueError("responses must be 0, 1, or negative for not presented")
    return np.where(matrix < 0, -1, matrix).astype(np.int8)


def collapse(responses: ArrayLike, model: Model, weights: ArrayLike | None = None) -> Patterns:
    """Sort persons by booklet and merge those the likelihood cannot tell apart.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        1 correct, 0 wrong, negative or NaN not presented.
    model : Model
        Decides what may be merged.
    weights : array-like, shape (n_persons,), optional
        How many persons a row stands for, positive.

    Raises
    ------
    ValueError
        If the responses or the weights are not usable.

    Examples
    --------
    >>> collapse([[1, 0], [0, 1], [1, 1]], Model.RASCH).count
    array([2., 1.])
    """
    matrix = check_responses(responses)
    weight = np.ones(matrix.shape[0]) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (matrix.shape[0],) or not np.all(weight > 0):
        raise ValueError("weights must be one positive number a row of the responses")
    seen = matrix >= 0
    booklet, presented = _booklets(seen)
    correct = matrix == 1
    if model is Model.RASCH:
        key = booklet * (matrix.shape[1] + 1) + correct.sum(axis=1)
        _, row = np.unique(key, return_inverse=True)
    elif matrix.shape[1] <= COLLAPSE_ITEMS:
        code = correct @ (1 << np.arange(matrix.shape[1], dtype=np.int64))
        _, row = np.unique((booklet << matrix.shape[1]) + code, return_inverse=True)
    else:
        order = np.argsort(booklet, kind="stable")
        row = np.empty(order.size, dtype=np.intp)
        row[order] = np.arange(order.size)
        if len(presented) == 1:
            return Patterns(correct.astype(np.float64), weight, booklet, presented, row)
        return Patterns(correct[order].astype(np.float64), weight[order], booklet[order], presented, row)
    n_rows = int(row.max()) + 1
    count: FloatArray = np.bincount(row, weights=weight, minlength=n_rows).astype(np.float64)
    first = np.zeros(n_rows, dtype=np.intp)
    first[row[::-1]] = np.arange(row.size)[::-1]
    x = correct[first].astype(np.float64)
    if model is Model.RASCH:
        x = np.stack(
            [np.bincount(row, weights=weight * column, minlength=n_rows) for column in correct.T], axis=1
        )
        x /= count[:, None]
    return Patterns(x, count, booklet[first], presented, row)


def _booklets(seen: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Number the distinct rows of ``seen``."""
    if seen.all():
        return np.zeros(len(seen), dtype=np.intp), seen[:1].copy()
    packed = np.packbits(seen, axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, first, booklet = np.unique(keys, return_index=True, return_inverse=True)
    return booklet.reshape(-1).astype(np.intp), seen[first]
