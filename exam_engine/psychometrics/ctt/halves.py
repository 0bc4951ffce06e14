"""Split-half reliability: odd–even, first–second, random halves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.ctt.moments import check_covariance
from exam_engine.psychometrics.irt.models import FloatArray


@dataclass(frozen=True)
class SplitHalf:
    """Reliability from two halves of a test; NaN where a half does not vary.

    Attributes
    ----------
    in_first : ndarray of bool, shape (n_items,)
        Items of the first half.
    correlation : float
        Between the two half scores, in [-1, 1].
    spearman_brown : float
        Of the whole test, the halves taken as parallel.
    guttman : float
        Of the whole test, the halves free to differ in variance; the same number as Rulon's and as Guttman's λ4 of
        this split.
    """

    in_first: NDArray[np.bool_]
    correlation: float
    spearman_brown: float
    guttman: float


@dataclass(frozen=True)
class RandomHalves:
    """Split-half reliability over random halves.

    Attributes
    ----------
    n_splits : int
    spearman_brown, guttman : ndarray, shape (n_splits,)
        Of each split, as in `SplitHalf`.
    mean_spearman_brown, mean_guttman : float
        Over the splits; with an even number of items the mean of ``guttman`` over all equal splits is Cronbach's
        alpha.
    lower_guttman, upper_guttman : float
        5th and 95th percentile over the splits: how much the choice of halves matters, not a confidence interval.
    """

    n_splits: int
    spearman_brown: FloatArray
    guttman: FloatArray
    mean_spearman_brown: float
    mean_guttman: float
    lower_guttman: float
    upper_guttman: float


def split_half(covariance: ArrayLike, in_first: ArrayLike) -> SplitHalf:
    """Return the reliability of a test from the scores of two given halves.

    Parameters
    ----------
    covariance : array-like, shape (n_items, n_items)
        Of the items, finite and symmetric.
    in_first : array-like of bool, shape (n_items,)
        Items of the first half; both halves need one.

    Returns
    -------
    SplitHalf

    Raises
    ------
    ValueError
        If the matrix is none, or a half is empty.

    Notes
    -----
    Spearman–Brown ``2 r / (1 + r)`` (Spearman, 1910, British Journal of Psychology 3, 271–295; Brown,
    1910, the same, 296–322).
    Guttman ``4 cov(A, B) / s_X²`` (Guttman, 1945), which equals Rulon's ``1 - s_{A-B}² / s_X²`` (1939, Harvard
    Educational Review 9, 99–103). Halves of unequal length make Spearman–Brown too low.

    Examples
    --------
    >>> halves = split_half([[1, 0.5], [0.5, 1]], [True, False])
    >>> round(halves.spearman_brown, 4), round(halves.guttman, 4)
    (0.6667, 0.6667)
    """
    matrix = check_covariance(covariance)
    first = np.asarray(in_first, dtype=np.bool_)
    if first.shape != (len(matrix),) or first.all() or not first.any():
        raise ValueError(
            "in_first must say of every item whether it is in the first half, neither half empty"
        )
    correlation, brown, guttman = _coefficients(matrix, first[None].astype(np.float64))
    return SplitHalf(first, float(correlation[0]), float(brown[0]), float(guttman[0]))


def odd_even(n_items: int) -> NDArray[np.bool_]:
    """Return the split into the items at odd places (the first, the third …) and at even ones."""
    return np.asarray(np.arange(n_items) % 2 == 0)


def first_second(n_items: int) -> NDArray[np.bool_]:
    """Return the split into the first half, the longer one where the number is odd, and the second."""
    return np.asarray(np.arange(n_items) < (n_items + 1) // 2)


def random_halves(covariance: ArrayLike, *, rng: np.random.Generator, n_splits: int = 1000) -> RandomHalves:
    """Return the reliability over random halves of equal length (one item more in the first if the number is odd).

    Parameters
    ----------
    covariance : array-like, shape (n_items, n_items)
        Of the items, finite and symmetric.
    rng : numpy.random.Generator
        Draws the halves.
    n_splits : int, default 1000
        Halves drawn, at least 1.

    Returns
    -------
    RandomHalves

    Raises
    ------
    ValueError
        If the matrix is none or ``n_splits`` is below 1.

    Examples
    --------
    >>> found = random_halves(np.eye(4) + 0.5, rng=np.random.default_rng(1), n_splits=20)
    >>> round(found.mean_guttman, 4)
    0.6667
    """
    matrix = check_covariance(covariance)
    if n_splits < 1:
        raise ValueError("n_splits must be at least 1")
    order = np.tile(first_second(len(matrix)).astype(np.float64), (n_splits, 1))
    _, brown, guttman = _coefficients(matrix, rng.permuted(order, axis=1))
    lower, upper = np.quantile(guttman, [0.05, 0.95])
    return RandomHalves(
        n_splits, brown, guttman, float(brown.mean()), float(guttman.mean()), float(lower), float(upper)
    )


def _coefficients(matrix: FloatArray, first: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return correlation, Spearman–Brown and Guttman of each split (a row of 0 and 1)."""
    reach = first @ matrix
    one = np.einsum("si,si->s", reach, first)
    total = float(matrix.sum())
    between = reach.sum(axis=1) - one
    other = total - one - 2 * between
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where((one > 0) & (other > 0), between / np.sqrt(one * other), np.nan)
        return r, 2 * r / (1 + r), np.where(total > 0, 4 * between / total, np.nan)
