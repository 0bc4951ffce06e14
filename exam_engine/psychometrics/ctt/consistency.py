"""How often a pass mark decides as it should, and as it would on a parallel form."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr

from exam_engine.psychometrics.ctt.decisions import (
    Agreement,
    Classification,
    ClassificationWarning,
    agreement,
    check_decisions,
    classify,
)
from exam_engine.psychometrics.ctt.true_score import TrueScores, effective_length, fit_true_scores
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.sum_scores import score_distribution

MINIMUM_PERSONS = 500
"""Persons below which four moments are rough: the standard errors of skewness and kurtosis are ``sqrt(6 / n)`` and
``sqrt(24 / n)``, 0.11 and 0.22 at 500.
"""

MINIMUM_PERSONS_FOUR = 100
"""Persons below which only mean and variance are used unless asked otherwise: the standard error of the kurtosis
is then above 0.5.
"""


def livingston_lewis(
    scores: ArrayLike,
    cuts: ArrayLike,
    *,
    reliability: float,
    highest: float,
    lowest: float = 0.0,
    step: float = 1.0,
    true_cuts: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    n_moments: int | None = None,
    match_observed: bool = False,
) -> Classification:
    """Return accuracy and consistency of decisions from one administration, whatever the items.

    Parameters
    ----------
    scores : array-like, shape (n,)
        Raw scores, in marks, weighted and partial ones too.
    cuts : array-like, shape (n_cuts,)
        Lowest score of each category but the first, rising, above ``lowest`` and at most ``highest``.
    reliability : float
        Of the scores, in (0, 1): alpha, stratified alpha, omega.
    highest, lowest : float
        Largest and smallest score that the test allows (not those that occurred).
    step : float, default 1
        Smallest difference between two scores, in marks: the border lies half a step below the cut.
    true_cuts : array-like, shape (n_cuts,), optional
        Cuts for the true scores, in marks; by default the cuts.
    weights : array-like, shape (n,), optional
        Persons behind each score; 1 by default.
    n_moments : {4, 3, 2}, optional
        Moments of the scores to reproduce; by default 4, or 2 below `MINIMUM_PERSONS_FOUR` persons.
    match_observed : bool, default False
        Bring the shares of the observed categories to those that occurred, as Livingston and Lewis do at the end;
        programs since have mostly left that out.

    Returns
    -------
    Classification

    Raises
    ------
    ValueError
        If an argument is out of range, or the scores vary no more than errors do.

    Notes
    -----
    Scores are brought to ``0 … ñ`` with the effective length ñ, true proportions follow a four-parameter beta
    distribution with binomial errors over ñ trials, two forms are independent given the true score (Livingston &
    Lewis, 1995, Journal of Educational Measurement 32, 179–197). A border that falls within a score of the ñ scale
    splits it in proportion, as if a score k stood for ``k ± 1/2``; other programs round it. How the beta falls back
    to three and two parameters stands at `fit_true_scores`.

    Examples
    --------
    >>> found = livingston_lewis(np.arange(1, 40), [24], reliability=0.9, highest=40, weights=np.arange(39, 0, -1))
    >>> round(found.accuracy, 3), round(found.consistency, 3), round(found.kappa, 3)
    (0.941, 0.918, 0.715)
    """
    values, count, borders, true = check_decisions(scores, cuts, true_cuts, weights, lowest, highest)
    mean = float(count @ values / count.sum())
    variance = float(count @ (values - mean) ** 2 / count.sum())
    length = effective_length(
        mean=mean, variance=variance, reliability=reliability, highest=highest, lowest=lowest
    )
    warnings = [ClassificationWarning.LOW_RELIABILITY] if reliability < 0.5 else []
    fit = _fit(values, count, length, lowest, highest, n_moments, warnings)
    points, weight, true_category = fit.quadrature((true - lowest) / (highest - lowest))
    edge = length * (borders - step / 2 - lowest) / (highest - lowest)
    chances = _binomial_categories(points, edge, length)
    observed = np.bincount(
        np.searchsorted(borders, values, side="right"), weights=count, minlength=borders.size + 1
    )
    return classify(
        (borders, true),
        (points, weight, true_category, chances),
        fit,
        warnings,
        observed=observed / count.sum() if match_observed else None,
    )


def hanson_brennan(
    scores: ArrayLike,
    cuts: ArrayLike,
    *,
    n_items: int,
    true_cuts: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    n_moments: int | None = None,
) -> Classification:
    """Return accuracy and consistency for a number-right score of items scored 0 or 1.

    Parameters
    ----------
    scores : array-like, shape (n,)
        Right answers, 0 … ``n_items``.
    cuts : array-like, shape (n_cuts,)
        Lowest score of each category but the first.
    n_items : int
        At least 4.
    true_cuts, weights, n_moments
        As in `livingston_lewis`.

    Returns
    -------
    Classification

    Raises
    ------
    ValueError
        If an argument is out of range, or the scores vary no more than binomial errors do.

    Notes
    -----
    Beta-binomial model with binomial errors over the items themselves, Lord's k = 0 (Hanson & Brennan, 1990, Journal of
    Educational Measurement 27, 345–359): the reliability it implies is KR-21, so that items of unequal difficulty
    come out somewhat too unreliable; `livingston_lewis` takes the reliability as given.

    Examples
    --------
    >>> found = hanson_brennan(np.arange(1, 40), [24], n_items=40, weights=np.arange(39, 0, -1))
    >>> round(found.accuracy, 3), round(found.consistency, 3)
    (0.947, 0.926)
    """
    values, count, borders, true = check_decisions(scores, cuts, true_cuts, weights, 0.0, n_items)
    warnings: list[ClassificationWarning] = []
    fit = _fit(values, count, n_items, 0.0, n_items, n_moments, warnings)
    points, weight, true_category = fit.quadrature(true / n_items)
    chances = _binomial_categories(points, np.ceil(borders) - 0.5, n_items)
    return classify((borders, true), (points, weight, true_category, chances), fit, warnings)


def lee(
    items: Items,
    cuts: ArrayLike,
    *,
    theta: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    true_cuts: ArrayLike | None = None,
) -> Classification:
    """Return accuracy and consistency of raw-score decisions from item response theory.

    Parameters
    ----------
    items : Items
        Parameters of the form, models mixed.
    cuts : array-like, shape (n_cuts,)
        Lowest raw score of each category but the first, in marks.
    theta : array-like, shape (n_points,), optional
        Abilities in logits: quadrature points, or one for each person. By default 801 points from −6 to 6.
    weights : array-like, shape (n_points,), optional
        Their shares, brought to a sum of 1. By default equal, with the default points those of the standard normal
        distribution.
    true_cuts : array-like, shape (n_cuts,), optional
        Cuts for the expected raw score; by default the cuts.

    Returns
    -------
    Classification

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    The raw score given ability follows the Lord–Wingersky recursion; a person's true category is that of the
    expected raw score; two forms are independent given ability (Lee, 2010, Journal of Educational Measurement 47,
    1–17). With the distribution of ability this is Lee's D method, with one ability for each person his P method.
    The item parameters are taken as known: their errors, and misfit, are not in the figures.

    Examples
    --------
    >>> found = lee(Items.dichotomous(np.ones(40), np.linspace(-2, 2, 40)), [24])
    >>> round(found.accuracy, 3), round(found.consistency, 3)
    (0.897, 0.858)
    """
    most = int(items.highest.sum())
    _, _, borders, true = check_decisions([0.0], cuts, true_cuts, None, 0.0, most)
    if theta is None:
        points = np.linspace(-6.0, 6.0, 801)
        share = np.exp(-0.5 * points**2)
        if weights is not None:
            raise ValueError("weights need theta")
    else:
        points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
        share = np.ones_like(points) if weights is None else np.asarray(weights, dtype=np.float64)
    if points.ndim != 1 or share.shape != points.shape or not np.all(np.isfinite(points)):
        raise ValueError("theta and weights must be vectors of one length, finite")
    if not (np.all(share >= 0) and 0 < share.sum() < np.inf):
        raise ValueError("weights must not be negative, and their sum positive")
    probability = items.probability(points)
    distribution = score_distribution(probability, max_score=most)
    below = np.pad(np.cumsum(distribution, axis=1), ((0, 0), (1, 0)))
    edges = np.concatenate([[0], np.ceil(borders).astype(np.intp), [most + 1]])
    chances = np.diff(below[:, edges], axis=1)
    expected = distribution @ np.arange(most + 1.0)
    true_category = np.searchsorted(true, expected + 1e-12, side="right")
    return classify((borders, true), (points, share / share.sum(), true_category, chances), None, [])


def subkoviak(scores: ArrayLike, cuts: ArrayLike, *, n_items: int, reliability: float) -> Agreement:
    """Return the consistency of decisions on items scored 0 or 1, from each person's own score.

    Parameters
    ----------
    scores : array-like, shape (n_persons,)
        Right answers, 0 … ``n_items``.
    cuts : array-like, shape (n_cuts,)
        Lowest score of each category but the first.
    n_items : int
    reliability : float
        In [0, 1], as a rule KR-20.

    Returns
    -------
    Agreement

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Each person's proportion is drawn towards the mean, ``r x / n + (1 - r) x̄ / n``, and taken as the chance of a
    right answer of a binomial score (Subkoviak, 1976, Journal of Educational Measurement 13, 265–276). It serves small
    groups, for which no distribution of true scores can be fitted; it says nothing about accuracy.

    Examples
    --------
    >>> round(subkoviak([3, 5, 6, 7, 8, 9, 9, 10], [6], n_items=10, reliability=0.7).consistency, 3)
    0.796
    """
    values, _, borders, _ = check_decisions(scores, cuts, None, None, 0.0, n_items)
    if not 0 <= reliability <= 1:
        raise ValueError("reliability must lie between 0 and 1")
    share = (reliability * values + (1 - reliability) * values.mean()) / n_items
    chances = _binomial_categories(share, np.ceil(borders) - 0.5, n_items)
    joint = chances.T @ chances / values.size
    return Agreement(joint, *agreement(joint))


def _fit(
    values: FloatArray,
    count: FloatArray,
    length: int,
    lowest: float,
    highest: float,
    n_moments: int | None,
    warnings: list[ClassificationWarning],
) -> TrueScores:
    """Fit the true scores and add what limits them to the warnings."""
    n_persons = float(count.sum())
    wanted = n_moments or (2 if n_persons < MINIMUM_PERSONS_FOUR else 4)
    if n_persons < MINIMUM_PERSONS:
        warnings.append(ClassificationWarning.SMALL_SAMPLE)
    if n_moments is None and wanted == 2:
        warnings.append(ClassificationWarning.TWO_MOMENTS_SMALL_SAMPLE)
    fit = fit_true_scores(
        values, length=length, lowest=lowest, highest=highest, weights=count, n_moments=wanted
    )
    if fit.n_moments < wanted:
        warnings.append(ClassificationWarning.FEWER_MOMENTS)
    return fit


def _binomial_categories(share: FloatArray, edges: FloatArray, length: int) -> FloatArray:
    """Return the chance of each category given a proportion, shape (n_points, n_edges + 1).

    A score k stands for ``k ± 1/2``; an edge within it splits it.
    """
    score = np.clip(np.floor(edges + 0.5), 0, length)
    part = np.clip(edges + 0.5 - score, 0.0, 1.0)
    p = share[:, None]
    upto = bdtr(score, length, p)
    before = np.where(score > 0, bdtr(np.maximum(score - 1, 0), length, p), 0.0)
    below = before + part * (upto - before)
    return np.diff(np.pad(below, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1))), axis=1)
