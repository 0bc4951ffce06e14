"""Response matrices from outside. Pure arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAX_SCORE = 100
"""Highest score of an item that is read."""


def check_responses(responses: ArrayLike, *, highest: int = 1) -> NDArray[np.int8]:
    """Return the matrix as int8 with -1 for every response that was not presented.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … ``highest``; negative, NaN or masked means not presented.
    highest : int, default 1
        Highest score that is taken, at most 100.

    Raises
    ------
    ValueError
        If the array is not a matrix, is empty, or holds anything else, infinity included.
    """
    if isinstance(responses, np.memmap) and responses.dtype == np.int8 and responses.ndim == 2:
        return _check_mapped(responses, highest)
    if isinstance(responses, np.ma.MaskedArray):
        responses = np.where(np.ma.getmaskarray(responses), np.nan, responses.data)
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


def _check_mapped(matrix: NDArray[np.int8], highest: int) -> NDArray[np.int8]:
    """Return a memory-mapped matrix as it is, looked through piece by piece."""
    step = max(1, 16_000_000 // max(1, matrix.shape[1]))
    for start in range(0, len(matrix), step):
        piece = matrix[start : start + step]
        if piece.max() > highest or piece.min() < -1:
            raise ValueError(
                f"mapped responses must be whole numbers from 0 to {highest}, or -1 for not presented"
            )
    return matrix
