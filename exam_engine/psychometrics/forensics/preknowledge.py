"""Did a person know some of the items beforehand? Scores and likelihoods of parts of a test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr

from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.forensics.ability import (
    Curves,
    check_scores,
    peak,
    score_moments,
    weighted_likelihood,
)
from exam_engine.psychometrics.forensics.flags import LEVEL, Caution, check_level
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.sum_scores import score_distribution

MINIMUM_SECURE = 10
"""Secure items a person must have answered to be tested. Our own choice: an ability from fewer has a standard error
above 0.7 logit with items of slope 1, and predicts nearly any score.
"""

MINIMUM_COMPROMISED = 5
"""Compromised items a person must have answered. Our own choice: with fewer even a perfect score is no surprise."""

BLOCK_PERSONS = 4_096


@dataclass(frozen=True)
class Preknowledge:
    """What each person's compromised items say against the secure ones.

    Where ``is_tested`` is False (too few items of a kind) every statistic is NaN and nothing is flagged.

    Attributes
    ----------
    is_tested : ndarray of bool, shape (n_persons,)
    n_compromised, n_secure : ndarray of int, shape (n_persons,)
        Items answered.
    score, expected : ndarray, shape (n_persons,)
        Score on the compromised items, and expected from the ability on the secure ones.
    theta_compromised, theta_secure : ndarray, shape (n_persons,)
        Maximum likelihood abilities in logits, within -6 … 6.
    predictive_p_value : ndarray, shape (n_persons,)
        Chance of such a score or a higher one, given the secure items.
    score_z, score_p_value : ndarray, shape (n_persons,)
        Score less expected over its standard error; upper normal tail.
    likelihood_z, likelihood_p_value : ndarray, shape (n_persons,)
        Signed root of the likelihood ratio of two abilities against one; upper normal tail.
    adjusted_p_value : ndarray, shape (n_persons,)
        The predictive p-value after the correction for the number of persons.
    is_flagged : ndarray of bool, shape (n_persons,)
    level : float
    correction : Correction
    cautions : tuple of Caution
    """

    is_tested: NDArray[np.bool_]
    n_compromised: NDArray[np.intp]
    n_secure: NDArray[np.intp]
    score: FloatArray
    expected: FloatArray
    theta_compromised: FloatArray
    theta_secure: FloatArray
    predictive_p_value: FloatArray
    score_z: FloatArray
    score_p_value: FloatArray
    likelihood_z: FloatArray
    likelihood_p_value: FloatArray
    adjusted_p_value: FloatArray
    is_flagged: NDArray[np.bool_]
    level: float
    correction: Correction
    cautions: tuple[Caution, ...]


def preknowledge(
    items: Items,
    responses: ArrayLike,
    compromised: ArrayLike,
    *,
    mean: float = 0.0,
    variance: float = 1.0,
    level: float = LEVEL,
    correction: Correction | str = Correction.BONFERRONI,
) -> Preknowledge:
    """Compare each person's score on compromised items with what the secure items predict.

    Parameters
    ----------
    items : Items
        Parameters from before the compromise, or from the secure use of the items.
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    compromised : array-like of bool, shape (n_items,)
        Items held to be known.
    mean, variance : float, default 0 and 1
        Of ability in the population.
    level : float, default 0.05
    correction : Correction, default ``"bonferroni"``
        Over the persons tested.

    Returns
    -------
    Preknowledge

    Raises
    ------
    ValueError
        If the responses do not fit the items, no item or every item is compromised, or nobody answered at least
        10 secure and 5 compromised items.

    Notes
    -----
    Three indices. *Predictive*: ``Σ_θ p(θ | secure) P(X ≥ x | θ)`` with the exact distribution of the score; it keeps
    its level on average over the population, whatever the number of items, and decides the flag. *Score
    difference*: ``(x - Σ E_i) / sqrt(Σ V_i + (Σ E_i')² / I)`` at the weighted likelihood ability of the
    secure items, whose information is ``I``. *Likelihood ratio*: ``sign(θ_c - θ_s) sqrt(2 (l_c + l_s - l))`` with
    separate and common maximum likelihood abilities (Sinharay, 2017, Journal of Educational and Behavioral
    Statistics 42, 46–68). The last two are normal for long sets of items only.

    Examples
    --------
    >>> items = Items.dichotomous([1.0] * 40, [0.0] * 40)
    >>> responses = np.tile([1, 0], (3, 20)); responses[0, :15] = 1
    >>> result = preknowledge(items, responses, np.arange(40) < 15)
    >>> result.is_flagged, result.score
    (array([ True, False, False]), array([15.,  8.,  8.]))
    """
    matrix = check_scores(items, responses)
    known = check_marked(compromised, len(items))
    check_level(level)
    if not (np.isfinite(mean) and 0.0 < variance < np.inf):
        raise ValueError("mean must be finite and variance positive")
    seen = matrix >= 0
    n_known, n_secure = (seen & known).sum(axis=1), (seen & ~known).sum(axis=1)
    tested = (n_known >= MINIMUM_COMPROMISED) & (n_secure >= MINIMUM_SECURE)
    if not tested.any():
        raise ValueError(
            f"nobody answered at least {MINIMUM_SECURE} secure and {MINIMUM_COMPROMISED} compromised items"
        )
    curves = Curves.of(items)
    columns = np.full((7, len(matrix)), np.nan)
    chosen = np.flatnonzero(tested)
    for start in range(0, chosen.size, BLOCK_PERSONS):
        rows = chosen[start : start + BLOCK_PERSONS]
        columns[:, rows] = _compare(curves, matrix[rows], known, mean, variance)
    adjusted = adjusted_p_values(columns[4], correction=correction)
    with np.errstate(invalid="ignore"):
        flagged = adjusted <= level
    return Preknowledge(
        is_tested=tested,
        n_compromised=np.asarray(n_known, dtype=np.intp),
        n_secure=np.asarray(n_secure, dtype=np.intp),
        score=columns[0],
        expected=columns[1],
        theta_compromised=columns[2],
        theta_secure=columns[3],
        predictive_p_value=columns[4],
        score_z=columns[5],
        score_p_value=np.asarray(ndtr(-columns[5])),
        likelihood_z=columns[6],
        likelihood_p_value=np.asarray(ndtr(-columns[6])),
        adjusted_p_value=adjusted,
        is_flagged=flagged,
        level=level,
        correction=Correction(correction),
        cautions=() if tested.all() else (Caution.NOT_COMPUTED,),
    )


@dataclass(frozen=True)
class PersonFunctioning:
    """Whether persons show different abilities in different parts of a test.

    Attributes
    ----------
    parts : ndarray, shape (n_parts,)
        The labels of the parts, sorted.
    theta : ndarray, shape (n_persons, n_parts)
        Maximum likelihood ability in each part, logits, within -6 … 6; NaN where a part was not answered.
    statistic : ndarray, shape (n_persons,)
        Likelihood ratio of an ability for each part against one.
    degrees_of_freedom : ndarray of int, shape (n_persons,)
        Parts answered less one; with 0 there is no test.
    p_value : ndarray, shape (n_persons,)
        Upper chi-squared tail; NaN without a test.
    cautions : tuple of Caution
        `Caution.FEW_ITEMS`: somebody answered fewer than 10 items of a part, where the tail is rough.
    """

    parts: NDArray[np.generic]
    theta: FloatArray
    statistic: FloatArray
    degrees_of_freedom: NDArray[np.intp]
    p_value: FloatArray
    cautions: tuple[Caution, ...]


def person_functioning(items: Items, responses: ArrayLike, part: ArrayLike) -> PersonFunctioning:
    """Test whether each person has one ability in all parts of a test.

    Parameters
    ----------
    items : Items
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    part : array-like, shape (n_items,)
        Label of the part of each item: before and after a break, topics, exposed and new.

    Returns
    -------
    PersonFunctioning

    Raises
    ------
    ValueError
        If the responses do not fit the items or there are fewer than two parts.

    Notes
    -----
    ``2 (Σ_parts max l_part - max l)``, chi-squared with parts - 1 degrees of freedom for long parts: the differential
    person functioning of Johanson & Alsmadi (2002, Educational and Psychological Measurement 62, 435–443) as a
    likelihood ratio.

    Examples
    --------
    >>> items = Items.dichotomous([1.0] * 40, [0.0] * 40)
    >>> responses = [[1, 0] * 20, [1] * 18 + [0] * 22]
    >>> person_functioning(items, responses, np.arange(40) // 20).p_value < 0.05
    array([False,  True])
    """
    matrix = check_scores(items, responses)
    label = np.asarray(part)
    if label.shape != (len(items),):
        raise ValueError(f"part must hold {len(items)} labels, one an item")
    parts, index = np.unique(label, return_inverse=True)
    if parts.size < 2:
        raise ValueError("there must be at least two parts")
    curves = Curves.of(items)
    theta = np.full((len(matrix), parts.size), np.nan)
    statistic, degrees = np.zeros(len(matrix)), np.full(len(matrix), -1)
    fewest = len(items)
    for start in range(0, len(matrix), BLOCK_PERSONS):
        rows = slice(start, start + BLOCK_PERSONS)
        statistic[rows] -= peak(curves.nodes, curves.log_likelihood(matrix[rows])).value
        for at in range(parts.size):
            only = np.where(index.reshape(-1) == at, matrix[rows], np.int8(-1))
            n_seen = (only >= 0).sum(axis=1)
            best = peak(curves.nodes, curves.log_likelihood(only))
            theta[rows, at] = np.where(n_seen > 0, best.theta, np.nan)
            statistic[rows] += np.where(n_seen > 0, best.value, 0.0)
            degrees[rows] += n_seen > 0
            fewest = min(fewest, int(n_seen[n_seen > 0].min(initial=fewest)))
    degrees = np.maximum(degrees, 0)
    statistic = np.maximum(2.0 * statistic, 0.0)
    p_value = np.where(degrees > 0, chdtrc(np.maximum(degrees, 1), statistic), np.nan)
    cautions = (Caution.FEW_ITEMS,) if fewest < MINIMUM_SECURE else ()
    return PersonFunctioning(parts, theta, statistic, degrees.astype(np.intp), p_value, cautions)


def check_marked(compromised: ArrayLike, n_items: int) -> NDArray[np.bool_]:
    known = np.asarray(compromised)
    if known.shape != (n_items,) or known.dtype != np.bool_:
        raise ValueError(f"compromised must hold {n_items} truth values, one an item")
    if not known.any() or known.all():
        raise ValueError("some items must be compromised and some secure")
    return known


def _compare(
    curves: Curves, matrix: NDArray[np.int8], known: NDArray[np.bool_], mean: float, variance: float
) -> FloatArray:
    """Return score, expected, two abilities, predictive p-value and the two z of some persons."""
    on_known, on_secure = np.where(known, matrix, np.int8(-1)), np.where(known, np.int8(-1), matrix)
    like_known, like_secure = curves.log_likelihood(on_known), curves.log_likelihood(on_secure)
    score = np.maximum(on_known, 0).sum(axis=1, dtype=np.int64)
    theta, information = weighted_likelihood(curves, on_secure)
    expected, spread, rise = score_moments(curves, on_known >= 0, theta)
    score_z = (score - expected) / np.sqrt(spread + rise**2 / information)
    best_known, best_secure = peak(curves.nodes, like_known), peak(curves.nodes, like_secure)
    best = peak(curves.nodes, like_known + like_secure)
    ratio = np.maximum(2.0 * (best_known.value + best_secure.value - best.value), 0.0)
    likelihood_z = np.sign(best_known.theta - best_secure.theta) * np.sqrt(ratio)
    log_posterior = like_secure - 0.5 * (curves.nodes - mean) ** 2 / variance
    posterior = np.exp(log_posterior - log_posterior.max(axis=1, keepdims=True))
    posterior /= posterior.sum(axis=1, keepdims=True)
    tail = _predictive(curves, on_known >= 0, score, posterior)
    return np.stack([score, expected, best_known.theta, best_secure.theta, tail, score_z, likelihood_z])


def _predictive(
    curves: Curves, presented: NDArray[np.bool_], score: NDArray[np.int64], posterior: FloatArray
) -> FloatArray:
    """Return the chance of at least the score under the posterior, one set of items after the other."""
    result = np.empty(score.size)
    sets, index = np.unique(presented, axis=0, return_inverse=True)
    for at, members in enumerate(sets):
        rows = np.flatnonzero(index.reshape(-1) == at)
        top = int(curves.items.highest[members].sum())
        mass = score_distribution(curves.probability[:, members], max_score=top)
        beyond = np.cumsum(mass[:, ::-1], axis=1)[:, ::-1]
        result[rows] = np.einsum("pq,qp->p", posterior[rows], beyond[:, score[rows]])
    return np.minimum(result, 1.0)
