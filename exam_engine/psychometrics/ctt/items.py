"""Items and the test they make: difficulty, discrimination, alpha.

Missing rule, one for the whole package: a response counts only where it was presented. The criterion of a
person is the proportion of the marks that could be had in the items that person saw (for complete data the same
ranking and correlations as the raw score); covariances behind alpha are taken over the persons who saw both items. A
response that was presented and left open is for the caller to score (as a rule: wrong; see `missing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from exam_engine.psychometrics.ctt.moments import (
    alpha_of,
    alphas_without,
    pair_covariance,
    person_blocks,
    tail_weights,
    wilson_interval,
)
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import check_responses

MINIMUM_PERSONS = 100
"""Persons below which an item's correlations are a rough guide: the standard error of a correlation near 0 is
``1 / sqrt(n)``, 0.10 at 100, so that below it an item of 0.2 cannot be told from one of 0.
"""

LEAST_VARIANCE = 1e-10
"""Variances below this are rounding: the smallest that a right answer among ten million persons gives is 1e-7."""

MINIMUM_TAIL = 10
"""Persons below which the upper and the lower group are too small for D: one person moves it by more than 0.1."""


class ItemWarning(StrEnum):
    """What limits the statistics of an item."""

    SMALL_SAMPLE = "small_sample"
    """Some item was seen by fewer than `MINIMUM_PERSONS`."""
    SMALL_GROUPS = "small_groups"
    """An upper or lower group of fewer than `MINIMUM_TAIL` persons saw an item."""
    CONSTANT_ITEMS = "constant_items"
    """Some items were answered alike by everybody: their correlations are NaN."""
    UNSEEN_ITEMS = "unseen_items"
    """Some items were seen by nobody: all of their statistics are NaN."""
    BISERIAL_ABOVE_ONE = "biserial_above_one"
    """A biserial above 1: the criterion is not normal, or the item very easy or very hard."""


@dataclass(frozen=True)
class ItemStatistics:
    """Classical statistics, one value an item; NaN where there is nothing to compute from.

    Attributes
    ----------
    n_responses : ndarray of float, shape (n_items,)
        Persons who saw the item.
    p_value : ndarray, shape (n_items,)
        Proportion correct, with several categories the mean score over the highest seen, in [0, 1].
    point_biserial : ndarray, shape (n_items,)
        Correlation of the item with the criterion, the item included, in [-1, 1].
    corrected_point_biserial : ndarray, shape (n_items,)
        The same with the item taken out of the criterion.
    alpha_without : ndarray, shape (n_items,)
        Cronbach's alpha of the other items.
    is_constant : ndarray of bool, shape (n_items,)
        Everybody who saw the item answered it alike: it discriminates nothing and cannot be calibrated.
    """

    n_responses: FloatArray
    p_value: FloatArray
    point_biserial: FloatArray
    corrected_point_biserial: FloatArray
    alpha_without: FloatArray
    is_constant: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class TestStatistics:
    """Classical statistics of a test.

    Attributes
    ----------
    n_persons, n_items : int
    mean, standard_deviation : float
        Of the raw score, in marks; with missing data implied by the item means and covariances, NaN where
        an item was seen by nobody.
    alpha : float
        Cronbach's alpha, at most 1; NaN where two items were never seen by the same persons, or where covariances
        over different persons contradict each other (they would give more than 1).
    standard_error : float
        Standard error of measurement, ``sd sqrt(1 - alpha)``, in marks.
    items : ItemStatistics
    """

    __test__ = False

    n_persons: int
    n_items: int
    mean: float
    standard_deviation: float
    alpha: float
    standard_error: float
    items: ItemStatistics


@dataclass(frozen=True)
class ItemAnalysis:
    """Everything that classical test theory says of each item; NaN where a warning says why.

    Attributes
    ----------
    n_responses : ndarray, shape (n_items,)
        Persons who saw the item.
    mean, standard_deviation : ndarray, shape (n_items,)
        Of the item score, in marks, divisor n − 1.
    p_value, p_lower, p_upper : ndarray, shape (n_items,)
        Mean score over the highest seen, in [0, 1], with its confidence interval.
    point_biserial, corrected_point_biserial : ndarray, shape (n_items,)
        Correlation with the criterion, the item in it or taken out, in [-1, 1].
    biserial, corrected_biserial : ndarray, shape (n_items,)
        Estimated correlation of the criterion with the normal variable behind the item; may exceed 1.
    discrimination : ndarray, shape (n_items,)
        D: p in the upper 27 % less p in the lower 27 % by criterion, in [-1, 1].
    alpha_without : ndarray, shape (n_items,)
        Cronbach's alpha of the other items.
    is_constant, is_thin : ndarray of bool, shape (n_items,)
        Everybody answered alike; fewer than `MINIMUM_PERSONS` saw it.
    level : float
        Confidence of the interval.
    alpha : float
        Cronbach's alpha of all items.
    warnings : tuple of ItemWarning
    """

    n_responses: FloatArray
    mean: FloatArray
    standard_deviation: FloatArray
    p_value: FloatArray
    p_lower: FloatArray
    p_upper: FloatArray
    point_biserial: FloatArray
    corrected_point_biserial: FloatArray
    biserial: FloatArray
    corrected_biserial: FloatArray
    discrimination: FloatArray
    alpha_without: FloatArray
    is_constant: NDArray[np.bool_]
    is_thin: NDArray[np.bool_]
    level: float
    alpha: float
    warnings: tuple[ItemWarning, ...]


def analyse(responses: ArrayLike, *, highest: int = 1) -> TestStatistics:
    """Return the classical statistics of a response matrix.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        1 correct, 0 wrong, or scores 0, 1, … ``highest``; negative or NaN not presented.
    highest : int, default 1
        Highest score that is taken, at most 100.

    Returns
    -------
    TestStatistics

    Raises
    ------
    ValueError
        If the responses are not usable.

    Notes
    -----
    ``alpha = I / (I - 1) (1 - Σ s_i² / s_X²)`` (Cronbach, 1951, Psychometrika 16, 297–334), with ``s_X²``
    the sum of the item covariance matrix. Corrected point-biserial: Henrysson (1963, Psychometrika 28,
    211–218) by taking the item out of the criterion.

    Examples
    --------
    >>> result = analyse([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]])
    >>> result.items.p_value
    array([0.75, 0.5 , 0.25])
    >>> round(result.alpha, 3), round(result.standard_error, 3)
    (0.75, 0.645)
    """
    matrix = check_responses(responses, highest=highest)
    most = np.maximum(matrix.max(axis=0), 1).astype(np.float64)
    n = (matrix >= 0).sum(axis=0).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.maximum(matrix, 0).sum(axis=0, dtype=np.int64) / n / most
        covariance, _ = pair_covariance(matrix)
        if matrix.min() >= 0 and len(matrix) > 1:
            whole, corrected = _complete_correlations(covariance)
        else:
            whole, corrected = _criterion_correlations(matrix, most)
        alpha, variance = alpha_of(covariance)
        items = ItemStatistics(
            n_responses=n,
            p_value=p,
            point_biserial=whole,
            corrected_point_biserial=corrected,
            alpha_without=alphas_without(covariance),
            is_constant=(n == 0) | (p == 0) | (p == 1),
        )
    deviation = float(np.sqrt(variance)) if variance >= 0 else float("nan")
    error = deviation * float(np.sqrt(1.0 - alpha)) if alpha <= 1 else float("nan")
    return TestStatistics(
        len(matrix), matrix.shape[1], float(np.sum(p * most)), deviation, alpha, error, items
    )


def _criterion_correlations(matrix: NDArray[np.int8], most: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Correlate each item with the criterion, the item in it and taken out; NaN where either does not vary.

    Means first and centred products after them, each in blocks of persons.
    """
    size = matrix.shape[1]
    # Rows: with the item, without it. Columns of the sums: persons, item, criterion.
    sums, products = np.zeros((2, 3, size)), np.zeros((2, 3, size))
    for rows in person_blocks(*matrix.shape):
        for at, (x, y, mask) in enumerate(_with_and_without(matrix[rows], most)):
            sums[at] += mask.sum(axis=0), (x * mask).sum(axis=0), (y * mask).sum(axis=0)
    means = sums[:, 1:] / sums[:, :1]
    for rows in person_blocks(*matrix.shape):
        for at, (x, y, mask) in enumerate(_with_and_without(matrix[rows], most)):
            dx, dy = (x - means[at, 0]) * mask, (y - means[at, 1]) * mask
            for place, (left, right) in enumerate(((dx, dx), (dy, dy), (dx, dy))):
                products[at, place] += np.einsum("pi,pi->i", left, right)
    spread = np.sqrt(products[:, 0] * products[:, 1])
    correlation = np.clip(np.where(spread > 1e-12, products[:, 2] / spread, np.nan), -1.0, 1.0)
    return correlation[0], correlation[1]


def _complete_correlations(covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Correlate each item with the criterion where everybody saw every item: all of it is in the covariances.

    The criterion is then the raw score, whatever the item, and one pass over the data serves.
    """
    own, with_total = np.diag(covariance), covariance.sum(axis=0)
    total = float(with_total.sum())
    found = []
    for product, spread in (
        (with_total, own * total),
        (with_total - own, own * (total - 2.0 * with_total + own)),
    ):
        varies = (own > LEAST_VARIANCE) & (spread > LEAST_VARIANCE**2)
        root = np.sqrt(np.where(varies, spread, 1.0))
        found.append(np.clip(np.where(varies, product / root, np.nan), -1.0, 1.0))
    return found[0], found[1]


def _with_and_without(
    block: NDArray[np.int8], most: FloatArray
) -> tuple[tuple[FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray, FloatArray]]:
    """Return item score, criterion and who counts, first with the item in the criterion, then without."""
    seen = (block >= 0).astype(np.float64)
    score = np.maximum(block, 0).astype(np.float64)
    possible, gained = (seen @ most)[:, None], score.sum(axis=1)[:, None]
    others = possible - seen * most
    criterion = gained / np.where(possible > 0, possible, 1.0)
    rest = (gained - score) / np.where(others > 0, others, 1.0)
    return (score, criterion, seen), (score, rest, seen * (others > 0))


def analyse_items(responses: ArrayLike, *, highest: int = 1, level: float = 0.95) -> ItemAnalysis:
    """Return all classical statistics of each item, with the interval of p and what limits them.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … ``highest``; negative or NaN not presented.
    highest : int, default 1
        Highest score that is taken, at most 100.
    level : float, default 0.95
        Confidence of the interval of p, in (0, 1).

    Returns
    -------
    ItemAnalysis

    Raises
    ------
    ValueError
        If the responses or the level are not usable.

    Notes
    -----
    Interval of p: for items scored 0 or 1 Wilson (1927, Journal of the American Statistical Association 22,
    209–212); for several scores Student's interval of the mean, cut at 0 and 1. Biserial: ``r_pb s_x / φ(z_p)``
    with ``s_x = sqrt(p q)`` and the ordinate φ of the normal density at the cut (Pearson, 1909, Biometrika 7,
    96–105; Lord & Novick, 1968, 15.5). With several scores this is the ad hoc polyserial ``r s_x / Σ_k φ(τ_k)``,
    with the cuts ``τ_k`` from the proportions below score k (Olsson, Drasgow & Dorans, 1982, Psychometrika 47,
    337–347), not their maximum likelihood estimate. D: Kelley's 27 % groups; persons who tie at the border
    share the remaining places, so that their order in the file does not matter. Corrected: Henrysson (1963).

    Examples
    --------
    >>> found = analyse_items([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]])
    >>> found.p_value, found.p_lower.round(3), found.p_upper.round(3)
    (array([0.75, 0.5 , 0.25]), array([0.301, 0.15 , 0.046]), array([0.954, 0.85 , 0.699]))
    >>> found.discrimination.round(3), [warning.value for warning in found.warnings]
    (array([0.926, 1.   , 0.926]), ['small_sample', 'small_groups', 'biserial_above_one'])
    """
    if not 0 < level < 1:
        raise ValueError("level must lie between 0 and 1")
    matrix = check_responses(responses, highest=highest)
    test = analyse(matrix, highest=highest)
    found = test.items
    n = found.n_responses
    most = np.maximum(matrix.max(axis=0), 1).astype(np.float64)
    counts = _score_counts(matrix)
    scores = np.arange(counts.shape[1])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = counts @ scores / n
        squares = (counts * (scores - mean[:, None]) ** 2).sum(axis=1)
        spread = np.where(n > 1, np.sqrt(squares / (n - 1)), np.nan)
        lower, upper = _interval_of_p(found.p_value, spread / most, n, most == 1, level)
        beyond = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1][:, 1:] / n[:, None]
        ordinate = np.exp(-0.5 * ndtri(beyond) ** 2).sum(axis=1) / np.sqrt(2 * np.pi)
        stretch = np.where(ordinate > 0, np.sqrt(squares / n) / ordinate, np.nan)
        difference, smallest = _upper_less_lower(matrix, most)
    biserial = found.point_biserial * stretch
    warnings = {
        ItemWarning.SMALL_SAMPLE: bool(np.any(n < MINIMUM_PERSONS)),
        ItemWarning.SMALL_GROUPS: smallest < MINIMUM_TAIL,
        ItemWarning.CONSTANT_ITEMS: bool(np.any(found.is_constant & (n > 0))),
        ItemWarning.UNSEEN_ITEMS: bool(np.any(n == 0)),
        ItemWarning.BISERIAL_ABOVE_ONE: bool(np.any(np.abs(biserial) > 1)),
    }
    return ItemAnalysis(
        n_responses=n,
        mean=mean,
        standard_deviation=spread,
        p_value=found.p_value,
        p_lower=lower,
        p_upper=upper,
        point_biserial=found.point_biserial,
        corrected_point_biserial=found.corrected_point_biserial,
        biserial=biserial,
        corrected_biserial=found.corrected_point_biserial * stretch,
        discrimination=difference,
        alpha_without=found.alpha_without,
        is_constant=found.is_constant,
        is_thin=n < MINIMUM_PERSONS,
        level=level,
        alpha=test.alpha,
        warnings=tuple(warning for warning, holds in warnings.items() if holds),
    )


def _interval_of_p(
    p: FloatArray, spread: FloatArray, n: FloatArray, is_binary: NDArray[np.bool_], level: float
) -> tuple[FloatArray, FloatArray]:
    lower, upper = wilson_interval(p, n, level=level)
    half = stdtrit(np.maximum(n - 1, 1), 0.5 + level / 2) * spread / np.sqrt(n)
    return (
        np.where(is_binary, lower, np.clip(p - half, 0, 1)),
        np.where(is_binary, upper, np.clip(p + half, 0, 1)),
    )


def _score_counts(matrix: NDArray[np.int8]) -> FloatArray:
    """Count the persons with each score of each item, shape (n_items, highest + 1)."""
    width, size = int(matrix.max(initial=0)) + 1, matrix.shape[1]
    if width <= 2:
        ones = (matrix == 1).sum(axis=0)
        return np.stack([(matrix == 0).sum(axis=0), ones], axis=1).astype(np.float64)
    cells = (matrix.astype(np.int32) + 1) + np.arange(size, dtype=np.int32) * (width + 1)
    counts = np.bincount(cells.reshape(-1), minlength=size * (width + 1)).reshape(size, width + 1)
    return counts[:, 1:].astype(np.float64)


def _upper_less_lower(matrix: NDArray[np.int8], most: FloatArray) -> tuple[FloatArray, float]:
    """Return D of each item and the smallest group behind one."""
    size = matrix.shape[1]
    gained = np.maximum(matrix, 0).sum(axis=1, dtype=np.int64)
    criterion = gained / np.concatenate([(matrix[rows] >= 0) @ most for rows in person_blocks(*matrix.shape)])
    weights = np.stack([tail_weights(criterion), tail_weights(-criterion)])
    number, total = np.zeros((2, size)), np.zeros((2, size))
    for rows in person_blocks(*matrix.shape):
        number += weights[:, rows] @ (matrix[rows] >= 0)
        total += weights[:, rows] @ np.maximum(matrix[rows], 0)
    (n_upper, n_lower), (upper, lower) = number, total
    share = upper / n_upper - lower / n_lower
    smallest = np.minimum(n_upper, n_lower)
    return np.asarray(share / most, dtype=np.float64), float(
        smallest[matrix.max(axis=0) >= 0].min(initial=np.inf)
    )
