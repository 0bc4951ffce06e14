"""Items and tests: difficulty, discrimination, reliability, distractors.

Missing rule, one for the whole module: a response counts only where it was presented. The criterion of a
person is the proportion of the marks that could be had in the items that person saw (for complete data the same
ranking and correlations as the raw score); covariances behind alpha are taken over the persons who saw both items. A
response that was presented and left open is for the caller to score (as a rule: wrong).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import check_responses

ROUNDING = 1e-9

TAIL_SHARE = 0.27
"""Share of persons in the upper and the lower group (Kelley, 1939, Journal of Educational Psychology 30,
17–24).
"""


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
class OptionTable:
    """How the options of one item drew the persons.

    Attributes
    ----------
    count : ndarray of int, shape (n_options,)
        Persons who chose the option.
    share : ndarray, shape (n_options,)
        Proportion of those who saw the item, in [0, 1].
    share_by_group : ndarray, shape (3, n_options)
        The same within the lower 27 %, the middle and the upper 27 % by criterion.
    mean_criterion : ndarray, shape (n_options,)
        Mean criterion of those who chose it; NaN for nobody.
    point_biserial : ndarray, shape (n_options,)
        Correlation of choosing it with the criterion: positive for a key, negative for a working distractor.
    n_persons : int
        Persons who saw the item.
    """

    count: FloatArray
    share: FloatArray
    share_by_group: FloatArray
    mean_criterion: FloatArray
    point_biserial: FloatArray
    n_persons: int


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
    seen = (matrix >= 0).astype(np.float64)
    score = np.maximum(matrix, 0).astype(np.float64)
    most = np.maximum(matrix.max(axis=0), 1).astype(np.float64)
    n = seen.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = score.sum(axis=0) / n / most
        possible, gained = seen @ most, score.sum(axis=1)
        criterion = gained / possible
        whole = _masked_correlation(score, np.broadcast_to(criterion[:, None], seen.shape), seen)
        others = possible[:, None] - seen * most
        rest = (gained[:, None] - score) / others
        corrected = _masked_correlation(score, rest, seen * (others > 0))
        covariance = _covariance(score, seen)
        alpha, variance = _alpha(covariance)
        items = ItemStatistics(
            n_responses=n,
            p_value=p,
            point_biserial=whole,
            corrected_point_biserial=corrected,
            alpha_without=_alpha_without(covariance),
            is_constant=(n == 0) | (p == 0) | (p == 1),
        )
    deviation = float(np.sqrt(variance)) if variance >= 0 else float("nan")
    error = deviation * float(np.sqrt(1.0 - alpha)) if alpha <= 1 else float("nan")
    return TestStatistics(
        len(matrix), matrix.shape[1], float(np.sum(p * most)), deviation, alpha, error, items
    )


def option_table(chosen: ArrayLike, criterion: ArrayLike, *, n_options: int) -> OptionTable:
    """Return how each option of a single-choice item drew the persons, weak to strong.

    Parameters
    ----------
    chosen : array-like of int, shape (n_persons,)
        Position of the option chosen, a whole number from 0; negative where the item was seen and left open.
    criterion : array-like, shape (n_persons,)
        Score to order the persons by, higher is better, finite.
    n_options : int
        Options of the item.

    Returns
    -------
    OptionTable

    Raises
    ------
    ValueError
        If the lengths differ, a criterion is not finite or an option lies outside ``0 … n_options - 1``.

    Examples
    --------
    >>> table = option_table([0, 0, 1, 1], [4.0, 3.0, 2.0, 1.0], n_options=2)
    >>> table.share, table.point_biserial.round(3)
    (array([0.5, 0.5]), array([ 0.894, -0.894]))
    """
    choice = np.asarray(chosen)
    if choice.ndim != 1:
        raise ValueError("chosen must be a vector")
    if n_options < 1 or not np.all((choice < n_options) & (choice == np.floor(choice))):
        raise ValueError(f"options are numbered 0 to {n_options - 1}")
    return picked_table(choice[:, None] == np.arange(n_options), criterion)


def picked_table(picked: ArrayLike, criterion: ArrayLike) -> OptionTable:
    """Return how each option of an item drew the persons, where a person may pick several.

    Parameters
    ----------
    picked : array-like of bool, shape (n_persons, n_options)
        Whether the person picked the option.
    criterion : array-like, shape (n_persons,)
        Score to order the persons by, higher is better, finite.

    Returns
    -------
    OptionTable

    Raises
    ------
    ValueError
        If the lengths differ, there is nobody, or a criterion is not finite.

    Examples
    --------
    >>> picked_table([[True, True], [False, True]], [2.0, 1.0]).share
    array([0.5, 1. ])
    """
    marks = np.asarray(picked, dtype=np.float64)
    score = np.asarray(criterion, dtype=np.float64)
    if marks.ndim != 2 or score.shape != (len(marks),) or not len(marks):
        raise ValueError("picked must be a matrix and criterion a vector of one length, not empty")
    if not np.all(np.isfinite(score)):
        raise ValueError("criterion must be finite")
    tail = max(1, round(TAIL_SHARE * score.size))
    order = np.argsort(score, kind="stable")
    groups = (order[:tail], order[tail:-tail], order[-tail:])
    with np.errstate(invalid="ignore", divide="ignore"):
        count = marks.sum(axis=0)
        scores = np.broadcast_to(score[:, None], marks.shape)
        return OptionTable(
            count=count,
            share=count / score.size,
            share_by_group=np.stack([marks[group].sum(axis=0) / np.float64(group.size) for group in groups]),
            mean_criterion=(score @ marks) / count,
            point_biserial=_masked_correlation(marks, scores, np.ones_like(marks)),
            n_persons=int(score.size),
        )


def _masked_correlation(x: FloatArray, y: FloatArray, mask: FloatArray) -> FloatArray:
    """Correlate columns of ``x`` and ``y`` over the persons in the mask; NaN where either does not vary."""
    y = np.where(mask > 0, y, 0.0)
    n = mask.sum(axis=0)
    dx = (x - (x * mask).sum(axis=0) / n) * mask
    dy = (y - (y * mask).sum(axis=0) / n) * mask
    spread = np.sqrt((dx**2).sum(axis=0) * (dy**2).sum(axis=0))
    correlation = np.where(spread > 1e-12, (dx * dy).sum(axis=0) / spread, np.nan)
    return np.asarray(np.clip(correlation, -1.0, 1.0), dtype=np.float64)


def _covariance(score: FloatArray, seen: FloatArray) -> FloatArray:
    """Return item covariances over the persons who saw both, with divisor n − 1."""
    together = seen.T @ seen
    means = (score.T @ seen) / together
    products = score.T @ score - together * means * means.T
    return np.asarray(np.where(together > 1, products / (together - 1.0), np.nan), dtype=np.float64)


def _alpha(covariance: FloatArray) -> tuple[float, float]:
    size = len(covariance)
    variance = float(covariance.sum())
    if size < 2 or not variance > 0:
        return float("nan"), variance
    return _at_most_one(size / (size - 1.0) * (1.0 - float(np.trace(covariance)) / variance)), variance


def _alpha_without(covariance: FloatArray) -> FloatArray:
    """Return alpha with each item left out, from sums of the one covariance matrix."""
    size = len(covariance) - 1
    if size < 2:
        return np.full(size + 1, np.nan)
    own = np.diag(covariance)
    total = covariance.sum() - 2.0 * covariance.sum(axis=0) + own
    alpha = size / (size - 1.0) * (1.0 - (own.sum() - own) / total)
    return np.array([_at_most_one(value) for value in alpha], dtype=np.float64)


def _at_most_one(alpha: float) -> float:
    return float("nan") if alpha > 1.0 + ROUNDING else min(alpha, 1.0)
