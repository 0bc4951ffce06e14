"""Guttman's six lower bounds to reliability, with a search for the best split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.ctt.moments import check_covariance
from exam_engine.psychometrics.irt.models import FloatArray

EXACT_ITEMS = 12
"""Up to this many items every split is tried."""

REFINED = 100
"""Best splits that are improved by turning two items at once, beyond `EXACT_ITEMS`."""

SINGULAR = 1e-10
"""Smallest eigenvalue of a correlation matrix, relative to the largest, that counts as more than 0."""


@dataclass(frozen=True)
class GuttmanBounds:
    """Lower bounds to the reliability of the raw score; NaN where the covariances do not allow one.

    Attributes
    ----------
    lambda1, lambda2, lambda3, lambda4, lambda5, lambda6 : float
        ``lambda3`` is Cronbach's alpha; ``lambda4`` belongs to `split`; ``lambda6`` is NaN when the matrix is
        singular, as it is with fewer persons than items.
    split : ndarray of bool, shape (n_items,)
        The half that gave ``lambda4``; the rest is the other.
    is_exact : bool
        Whether all splits were tried, so that ``lambda4`` is the largest there is.
    """

    lambda1: float
    lambda2: float
    lambda3: float
    lambda4: float
    lambda5: float
    lambda6: float
    split: NDArray[np.bool_]
    is_exact: bool


def guttman_bounds(covariance: ArrayLike) -> GuttmanBounds:
    """Return Guttman's lower bounds from a covariance matrix of items.

    Parameters
    ----------
    covariance : array-like, shape (n_items, n_items)
        Finite and symmetric, at least 2 items.

    Returns
    -------
    GuttmanBounds

    Raises
    ------
    ValueError
        If the matrix is none, or the variance of the raw score is not positive.

    Notes
    -----
    With the variance ``V`` of the raw score and ``C_j = Σ_{i≠j} s_ij²`` (Guttman, 1945, Psychometrika 10, 255–282)::

        λ1 = 1 - Σ s_j² / V         λ2 = λ1 + sqrt(n / (n - 1) Σ C_j) / V     λ3 = n / (n - 1) λ1
        λ4 = 4 cov(A, B) / V        λ5 = λ1 + 2 sqrt(max C_j) / V             λ6 = 1 - Σ e_j² / V

    with the residual variance ``e_j²`` of the regression of an item on all others. λ4 is taken over all splits up
    to 12 items. Beyond, ``x' S x`` with ``x = ±1`` is minimised by turning single items from the signs of every
    eigenvector and from two alternating splits; the best hundred results are then improved by turning pairs. This finds
    a split that no pair improves, not provably the best. In samples of less than about 1,000 persons the best split
    profits from chance and may exceed the reliability (Ten Berge & Sočan, 2004, Psychometrika 69, 613–625).

    Examples
    --------
    >>> bounds = guttman_bounds([[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]])
    >>> round(bounds.lambda1, 3), round(bounds.lambda3, 3), round(bounds.lambda4, 3), bounds.is_exact
    (0.5, 0.75, 0.667, True)
    """
    matrix = check_covariance(covariance)
    total = float(matrix.sum())
    if total <= 0:
        raise ValueError("the variance of the raw score must be positive")
    size = len(matrix)
    own = np.diag(matrix)
    others = matrix - np.diag(own)
    squares = (others**2).sum(axis=0)
    first = 1.0 - float(own.sum()) / total
    signs = _all_splits(matrix) if size <= EXACT_ITEMS else _search_split(others)
    return GuttmanBounds(
        lambda1=first,
        lambda2=first + float(np.sqrt(size / (size - 1) * squares.sum())) / total,
        lambda3=size / (size - 1) * first,
        lambda4=(total - float(signs @ matrix @ signs)) / total,
        lambda5=first + 2 * float(np.sqrt(squares.max())) / total,
        lambda6=1.0 - _residual_variance(matrix) / total,
        split=signs > 0,
        is_exact=size <= EXACT_ITEMS,
    )


def _residual_variance(matrix: FloatArray) -> float:
    """Return the sum of the items' residual variances given all others; NaN if the matrix is singular.

    Constant items have none and are set aside.
    """
    varies = np.diag(matrix) > 0
    deviation = np.sqrt(np.diag(matrix)[varies])
    values, vectors = np.linalg.eigh(matrix[np.ix_(varies, varies)] / np.outer(deviation, deviation))
    if not values.size or values[0] <= SINGULAR * values[-1]:
        return float("nan")
    precision = (vectors**2 / values).sum(axis=1)
    return float((deviation**2 / precision).sum())


def _all_splits(matrix: FloatArray) -> FloatArray:
    size = len(matrix)
    codes = np.arange(1, 2 ** (size - 1))
    signs = np.where((codes[:, None] >> np.arange(size)) & 1, -1.0, 1.0)
    spread = np.einsum("si,si->s", signs @ matrix, signs)
    return np.asarray(signs[np.argmin(spread)], dtype=np.float64)


def _search_split(others: FloatArray) -> FloatArray:
    """Return signs whose ``x' S x`` neither turning an item nor a pair makes smaller."""
    size = len(others)
    alternating = np.ones((2, size))
    alternating[0, 1::2] = -1.0
    alternating[1, np.argsort(-others.sum(axis=0), kind="stable")[1::2]] = -1.0
    signs = np.concatenate([np.where(np.linalg.eigh(others)[1].T >= 0, 1.0, -1.0), alternating])
    rows = np.arange(len(signs))
    pull = signs @ others
    tolerance = 1e-12 * float(np.abs(others).sum())
    while True:
        gain = signs * pull
        best = np.argmax(gain, axis=1)
        turn = rows[gain[rows, best] > tolerance]
        if not turn.size:
            break
        at = best[turn]
        pull[turn] -= 2.0 * signs[turn, at, None] * others[at]
        signs[turn, at] *= -1.0
    chosen = np.argsort(np.einsum("si,si->s", signs, pull), kind="stable")[:REFINED]
    refined = [_turn_pairs(signs[row].copy(), others, tolerance) for row in chosen]
    return min(refined, key=lambda x: float(x @ others @ x))


def _turn_pairs(signs: FloatArray, others: FloatArray, tolerance: float) -> FloatArray:
    while True:
        single = signs * (others @ signs)
        gain = single[:, None] + single - 2.0 * signs[:, None] * signs * others
        np.fill_diagonal(gain, single)
        row, column = np.unravel_index(np.argmax(gain), gain.shape)
        if gain[row, column] <= tolerance:
            return signs
        signs[[row, column]] = -signs[[row, column]]
