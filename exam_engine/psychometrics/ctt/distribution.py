"""Raw scores: their summary in a group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_PERSONS = 100
"""Persons below which percentiles are rough: one person is more than a hundredth of the group."""


@dataclass(frozen=True)
class ScoreSummary:
    """The raw scores of a group.

    Attributes
    ----------
    score : ndarray of int, shape (highest - lowest + 1,)
        Every score that the test allows.
    count : ndarray of float, shape (n_scores,)
        Persons with that score.
    cumulative : ndarray, shape (n_scores,)
        Share of persons at or below it, in [0, 1].
    percentile_rank : ndarray, shape (n_scores,)
        Share below it plus half the share at it, in percent.
    n_persons : float
    mean, standard_deviation : float
        In marks; the standard deviation with divisor n − 1, NaN for one person.
    skewness, kurtosis : float
        ``m_3 / m_2^1.5`` and ``m_4 / m_2²`` with divisor n (normal: 0 and 3); NaN when all scores are alike.
    skewness_error, kurtosis_error : float
        Their standard errors under a normal distribution; NaN below 4 persons.
    is_thin : bool
        Fewer than `MINIMUM_PERSONS`: a percentile rests on less than one person in its hundredth.
    """

    score: NDArray[np.intp]
    count: FloatArray
    cumulative: FloatArray
    percentile_rank: FloatArray
    n_persons: float
    mean: float
    standard_deviation: float
    skewness: float
    kurtosis: float
    skewness_error: float
    kurtosis_error: float
    is_thin: bool

    def percentile(self, percent: ArrayLike) -> FloatArray:
        """Return the score below which that percentage of the persons lies.

        Parameters
        ----------
        percent : array-like
            In (0, 100).

        Returns
        -------
        ndarray
            In marks, between scores too: each score k stands for ``k ± 1/2``, evenly filled (Kolen & Brennan, 2014,
            Test Equating, Scaling, and Linking, 2.5).

        Raises
        ------
        ValueError
            If a percentage is not between 0 and 100.
        """
        share = np.asarray(percent, dtype=np.float64) / 100.0
        if not np.all((share > 0) & (share < 1)):
            raise ValueError("percentages must lie between 0 and 100")
        above = np.searchsorted(self.cumulative, share - 1e-12, side="right")
        before = np.where(above > 0, self.cumulative[above - 1], 0.0)
        here = self.count[above] / self.n_persons
        return np.asarray(self.score[above] - 0.5 + (share - before) / here, dtype=np.float64)


def summarise_scores(
    scores: ArrayLike, *, highest: int, lowest: int = 0, weights: ArrayLike | None = None
) -> ScoreSummary:
    """Return frequencies, percentile ranks and moments of raw scores.

    Parameters
    ----------
    scores : array-like, shape (n,)
        Whole marks from ``lowest`` to ``highest``; with half marks, count in halves.
    highest, lowest : int
        Largest and smallest score that the test allows.
    weights : array-like, shape (n,), optional
        Persons behind each score; 1 by default.

    Returns
    -------
    ScoreSummary

    Raises
    ------
    ValueError
        If a score is out of range or no whole number, or there is nobody.

    Notes
    -----
    Standard errors: skewness ``sqrt(6 n (n - 1) / ((n - 2)(n + 1)(n + 3)))``, kurtosis
    ``2 se sqrt((n² - 1) / ((n - 3)(n + 5)))`` (Cramér, 1946; Fisher's forms, close for the ratios given here).

    Examples
    --------
    >>> summary = summarise_scores([1, 2, 2, 3, 4], highest=4)
    >>> summary.percentile_rank, summary.percentile([50]), round(summary.skewness, 3)
    (array([ 0., 10., 40., 70., 90.]), array([2.25]), 0.272)
    """
    values = np.asarray(scores, dtype=np.float64)
    weight = np.ones_like(values) if weights is None else np.asarray(weights, dtype=np.float64)
    if values.ndim != 1 or weight.shape != values.shape or not values.size:
        raise ValueError("scores and weights must be vectors of one length, not empty")
    if not np.all((values >= lowest) & (values <= highest) & (values == np.floor(values))):
        raise ValueError(f"scores must be whole numbers from {lowest} to {highest}")
    if not (np.all(weight >= 0) and 0 < weight.sum() < np.inf):
        raise ValueError("weights must not be negative, and their sum positive")
    score = np.arange(lowest, highest + 1)
    count: FloatArray = np.bincount(
        (values - lowest).astype(np.intp), weights=weight, minlength=score.size
    ).astype(np.float64)
    n = float(count.sum())
    mean = float(count @ score / n)
    second, third, fourth = (float(count @ (score - mean) ** r / n) for r in (2, 3, 4))
    nan, varies = float("nan"), bool(np.count_nonzero(count) > 1)
    skewness_error = float(np.sqrt(6 * n * (n - 1) / ((n - 2) * (n + 1) * (n + 3)))) if n > 3 else nan
    return ScoreSummary(
        score=score,
        count=count,
        cumulative=np.cumsum(count) / n,
        percentile_rank=100.0 * (np.cumsum(count) - count / 2) / n,
        n_persons=n,
        mean=mean,
        standard_deviation=float(np.sqrt(second * n / (n - 1))) if n > 1 else nan,
        skewness=third / second**1.5 if varies else nan,
        kurtosis=fourth / second**2 if varies else nan,
        skewness_error=skewness_error,
        kurtosis_error=2 * skewness_error * float(np.sqrt((n * n - 1) / ((n - 3) * (n + 5))))
        if n > 3
        else nan,
        is_thin=n < MINIMUM_PERSONS,
    )
