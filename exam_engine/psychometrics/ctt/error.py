"""Errors of measurement of the raw score: one for all, and by score or ability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_PERSONS = 200
"""Persons below which the smoothed Feldt–Qualls errors are rough: a variance from m persons of k parts has a relative
standard error of ``sqrt(2 / (m (k - 1)))``, and few persons share a score.
"""


@dataclass(frozen=True)
class ConditionalError:
    """Standard errors of measurement by raw score.

    Attributes
    ----------
    score : ndarray, shape (n_scores,)
        Raw score, in marks.
    count : ndarray, shape (n_scores,)
        Persons behind it.
    standard_error : ndarray, shape (n_scores,)
        From the persons with just that score, in marks.
    smoothed : ndarray, shape (n_scores,)
        Root of a polynomial in the score fitted to the error variances, at least 0.
    overall : float
        Root mean square over all persons, in marks; times ``sqrt(n / (n - 1))`` it is ``sd sqrt(1 - alpha)`` with alpha
        over the parts.
    is_thin : bool
        Fewer than `MINIMUM_PERSONS` in all.
    """

    score: FloatArray
    count: FloatArray
    standard_error: FloatArray
    smoothed: FloatArray
    overall: float
    is_thin: bool


@dataclass(frozen=True)
class AbilityError:
    """Standard errors of measurement by ability.

    Attributes
    ----------
    theta : ndarray, shape (n_points,)
        Ability, in logits.
    expected_score : ndarray, shape (n_points,)
        Expected raw score, in marks.
    standard_error : ndarray, shape (n_points,)
        Standard deviation of the raw score given ability, in marks.
    """

    theta: FloatArray
    expected_score: FloatArray
    standard_error: FloatArray


def standard_error_of_measurement(standard_deviation: float, reliability: float) -> float:
    """Return the standard error of measurement of a score.

    Parameters
    ----------
    standard_deviation : float
        Of the score, in marks, at least 0.
    reliability : float
        At most 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    ``s_X sqrt(1 - r)`` (Lord & Novick, 1968, 3.5).

    Examples
    --------
    >>> standard_error_of_measurement(10.0, 0.75)
    5.0
    """
    if not (standard_deviation >= 0 and reliability <= 1):
        raise ValueError("the standard deviation must be at least 0 and the reliability at most 1")
    return standard_deviation * float(np.sqrt(1 - reliability))


def lord_errors(n_items: int) -> FloatArray:
    """Return Lord's binomial standard error of each number-right score.

    Parameters
    ----------
    n_items : int
        Items scored 0 or 1, at least 2.

    Returns
    -------
    ndarray, shape (n_items + 1,)
        For the scores 0 … n_items, in marks; 0 at both ends.

    Raises
    ------
    ValueError
        If there are fewer than 2 items.

    Notes
    -----
    ``sqrt(x (n - x) / (n - 1))`` (Lord, 1955, 1957): the error over random samples of items from a pool, so that
    differences of difficulty between items count as error. It needs no sample.

    Examples
    --------
    >>> lord_errors(10).round(2)
    array([0.  , 1.  , 1.33, 1.53, 1.63, 1.67, 1.63, 1.53, 1.33, 1.  , 0.  ])
    """
    if n_items < 2:
        raise ValueError("there must be at least 2 items")
    x = np.arange(n_items + 1.0)
    return np.asarray(np.sqrt(x * (n_items - x) / (n_items - 1)), dtype=np.float64)


def keats_errors(n_items: int, *, reliability: float, kr21: float) -> FloatArray:
    """Return the standard error of each number-right score, brought to a given reliability.

    Parameters
    ----------
    n_items : int
        Items scored 0 or 1, at least 2.
    reliability : float
        Of the scores, at most 1: as a rule KR-20.
    kr21 : float
        KR-21 of the same scores, below 1 and not above the reliability.

    Returns
    -------
    ndarray, shape (n_items + 1,)
        For the scores 0 … n_items, in marks.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Lord's error times ``sqrt((1 - r) / (1 - KR21))`` (Keats, 1957, Psychometrika 22, 29–41): averaged over the group
    the error variances then give the reliability.

    Examples
    --------
    >>> keats_errors(4, reliability=0.8, kr21=0.75).round(3)
    array([0.   , 0.894, 1.033, 0.894, 0.   ])
    """
    if not (kr21 < 1 and kr21 <= reliability + 1e-9 and reliability <= 1):
        raise ValueError("kr21 must be below 1 and not above the reliability, which is at most 1")
    return np.asarray(lord_errors(n_items) * np.sqrt((1 - reliability) / (1 - kr21)), dtype=np.float64)


def feldt_qualls_errors(part_scores: ArrayLike, *, degree: int = 3) -> ConditionalError:
    """Return standard errors by raw score from the differences between parallel parts of a test.

    Parameters
    ----------
    part_scores : array-like, shape (n_persons, n_parts)
        Scores of each person on at least 2 parts alike in content and difficulty, in marks; items themselves, when they
        are alike.
    degree : int, default 3
        Degree of the polynomial that smooths the variances, from 1 to 5; less where few scores occurred.

    Returns
    -------
    ConditionalError

    Raises
    ------
    ValueError
        If the matrix or the degree is not usable, or a score is missing.

    Notes
    -----
    A person's error variance is ``k / (k - 1) Σ_i (d_pi - d̄_p)²`` with the deviations ``d_pi = X_pi - X̄_i`` from the
    part means, averaged over the persons of a score (Feldt & Qualls, 1996, Journal of Educational Measurement 33,
    141–156; with two parts Thorndike's differences). The polynomial is weighted by the number of persons.

    Examples
    --------
    >>> found = feldt_qualls_errors([[2, 1], [1, 2], [0, 1], [1, 0]], degree=1)
    >>> found.score, found.standard_error
    (array([1., 3.]), array([1., 1.]))
    """
    parts = np.asarray(part_scores, dtype=np.float64)
    if parts.ndim != 2 or len(parts) < 2 or parts.shape[1] < 2:
        raise ValueError("part_scores must be a matrix of at least 2 persons and 2 parts")
    if not np.all(np.isfinite(parts)):
        raise ValueError("part_scores must be finite: leave out persons who did not sit every part")
    if not 1 <= degree <= 5:
        raise ValueError("degree must be from 1 to 5")
    n_parts = parts.shape[1]
    deviation = parts - parts.mean(axis=0)
    deviation -= deviation.mean(axis=1, keepdims=True)
    variance = n_parts / (n_parts - 1) * np.einsum("pi,pi->p", deviation, deviation)
    score, group = np.unique(np.round(parts.sum(axis=1), 9), return_inverse=True)
    count = np.bincount(group.reshape(-1)).astype(np.float64)
    mean = np.bincount(group.reshape(-1), weights=variance) / count
    if score.size > 1:
        place = 2 * (score - score[0]) / (score[-1] - score[0]) - 1
        powers = np.polynomial.chebyshev.chebvander(place, min(degree, score.size - 1))
        root = np.sqrt(count)
        fitted = powers @ np.linalg.lstsq(powers * root[:, None], mean * root, rcond=None)[0]
    else:
        fitted = mean
    return ConditionalError(
        score=score,
        count=count,
        standard_error=np.sqrt(mean),
        smoothed=np.sqrt(np.maximum(fitted, 0.0)),
        overall=float(np.sqrt(variance.mean())),
        is_thin=len(parts) < MINIMUM_PERSONS,
    )


def ability_errors(items: Items, theta: ArrayLike) -> AbilityError:
    """Return the standard error of the raw score at each ability, from item response theory.

    Parameters
    ----------
    items : Items
        Parameters, models mixed.
    theta : array-like, shape (n_points,)
        Ability, in logits.

    Returns
    -------
    AbilityError

    Notes
    -----
    ``sqrt(Σ_i Var(X_i | θ))``: items are independent given ability (Lord, 1980, Applications of Item Response
    Theory, chapter 4). The items are fixed here, so that it lies below Lord's binomial error.

    Examples
    --------
    >>> ability_errors(Items.dichotomous([1.0, 1.0], [0.0, 0.0]), [0.0]).standard_error.round(4)
    array([0.7071])
    """
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    chance = items.probability(points)
    score = np.arange(chance.shape[2], dtype=np.float64)
    mean = chance @ score
    variance = np.einsum("pik,pik->pi", chance, (score - mean[:, :, None]) ** 2).sum(axis=1)
    return AbilityError(points, mean.sum(axis=1), np.sqrt(variance))
