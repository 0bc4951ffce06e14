"""Angoff: judges say for each item how many points a borderline candidate would get, in one round or more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.standard_setting.consistency import Components, components, correlation
from exam_engine.psychometrics.standard_setting.panel import (
    Summary,
    Warn,
    distances,
    outlying,
    panel_warnings,
    summarize,
)


@dataclass(frozen=True)
class Round:
    """One round of ratings.

    Attributes
    ----------
    cut, percent : float
        Cut in points, and in percent of all points.
    standard_error : float
        Over judges, in points; NaN for one judge or one table.
    standard_error_of_items : float
        Over judges and items, both taken as samples, in points; NaN with fewer than two of either rated by all.
    judge_cuts : ndarray, shape (n_judges,)
        Cut of each judge, in points.
    judge_sd : float
        Standard deviation of these.
    item_means, item_sds : ndarray, shape (n_items,)
        Mean rating of each item and its standard deviation over judges, in points; NaN with too few ratings.
    rated : ndarray of int, shape (n_judges,)
        Items each judge rated.
    distance : ndarray, shape (n_judges,)
        How far a judge stands from the panel's median, in robust standard deviations.
    outlying : ndarray of bool, shape (n_judges,)
        Judges more than 3.5 away.
    cut_without : ndarray, shape (n_judges,)
        Cut if the judge had not been there; NaN for a single judge.
    agreement : ndarray, shape (n_judges,)
        Correlation of a judge's ratings with the mean of the others'; NaN where one of them does not vary.
    components : Components or None
        Variance components of judges and items; None when fewer than two judges rated the same two items.
    """

    cut: float
    percent: float
    standard_error: float
    standard_error_of_items: float
    judge_cuts: FloatArray
    judge_sd: float
    item_means: FloatArray
    item_sds: FloatArray
    rated: NDArray[np.intp]
    distance: FloatArray
    outlying: NDArray[np.bool_]
    cut_without: FloatArray
    agreement: FloatArray
    components: Components | None


@dataclass(frozen=True)
class Angoff:
    """Cuts of all rounds.

    Attributes
    ----------
    rounds : tuple of Round
    is_yes_no : bool
        Whether every rating is 0 or all points.
    change : ndarray, shape (n_rounds − 1, n_judges)
        By how much each judge moved from round to round, in points.
    warnings : tuple of Warn
        Of the last round.
    """

    rounds: tuple[Round, ...]
    is_yes_no: bool
    change: FloatArray
    warnings: tuple[Warn, ...]

    @property
    def final(self) -> Round:
        """The last round."""
        return self.rounds[-1]


def angoff(
    ratings: ArrayLike | Sequence[ArrayLike],
    *,
    highest: ArrayLike = 1,
    summary: Summary | str = Summary.MEAN,
    groups: ArrayLike | None = None,
) -> Angoff:
    """Turn judges' ratings into a cut score.

    Parameters
    ----------
    ratings : array-like, shape (n_judges, n_items) or (n_rounds, n_judges, n_items)
        Points that a borderline candidate is expected to get: a probability for an item of one point, 0 or 1 for
        the yes/no variant. NaN where a judge did not rate.
    highest : array-like, shape (n_items,) or a number, default 1
        Points of each item.
    summary : Summary, default mean
        How judges' cuts become one.
    groups : array-like, shape (n_judges,), optional
        Tables at which judges talked.

    Returns
    -------
    Angoff

    Raises
    ------
    ValueError
        If ratings are outside 0 … highest, or a judge rated nothing.

    Notes
    -----
    A judge's cut is the sum of the ratings (Angoff, 1971, in Thorndike, Educational Measurement, 514–515;
    yes/no: Impara & Plake, 1997, Journal of Educational Measurement 34, 353–366); of a judge who left items out
    it is the share of the points rated, times all points. The error over judges and items is
    ``n_points · sqrt(σ²_j / J + σ²_i / I + σ²_ji / JI)`` on the scale of shares (Brennan & Lockwood, 1980,
    Applied Psychological Measurement 4, 219–240).

    Examples
    --------
    >>> found = angoff([[0.6, 0.8, 0.5], [0.7, 0.7, 0.4], [0.5, 0.9, 0.6]])
    >>> round(found.final.cut, 2), round(found.final.percent, 1), round(found.final.standard_error, 3)
    (1.9, 63.3, 0.058)
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim == 2:
        table = table[None]
    if table.ndim != 3 or 0 in table.shape:
        raise ValueError("ratings must be judges × items, or rounds × judges × items")
    points = np.broadcast_to(np.asarray(highest, dtype=np.float64), table.shape[2:])
    if not np.all(np.isfinite(points) & (points > 0)):
        raise ValueError("highest must be positive")
    given = ~np.isnan(table)
    if np.any(given & ~((table >= 0) & (table <= points))):
        raise ValueError("ratings must lie between 0 and the points of the item, or be NaN")
    if not given.any(axis=2).all():
        raise ValueError("every judge must rate an item in every round")
    rounds = tuple(_round(one, points, Summary(summary), groups) for one in table)
    last = rounds[-1]
    notes = panel_warnings(table.shape[1], last.standard_error)
    if not given[-1].all():
        notes.append(Warn.INCOMPLETE)
    if last.outlying.any():
        notes.append(Warn.OUTLYING_JUDGES)
    cuts = np.stack([one.judge_cuts for one in rounds])
    yes_no = bool(np.all(~given | (table == 0) | (table == points)))
    return Angoff(rounds, yes_no, np.diff(cuts, axis=0), tuple(notes))


def _round(ratings: FloatArray, points: FloatArray, summary: Summary, groups: ArrayLike | None) -> Round:
    given = ~np.isnan(ratings)
    filled = np.where(given, ratings, 0.0)
    total = float(points.sum())
    cuts = filled.sum(axis=1) / (given * points).sum(axis=1) * total
    cut, error = summarize(cuts, summary=summary, groups=groups)
    n_judges = len(cuts)
    count = given.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = filled.sum(axis=0) / count
        squares = np.where(given, (ratings - means) ** 2, 0.0).sum(axis=0)
        sds = np.sqrt(squares / np.where(count > 1, count - 1, np.nan))
    complete = given.all(axis=0)
    parts, item_error = None, float("nan")
    if n_judges > 1 and complete.sum() > 1:
        parts = components(ratings[:, complete] / points[complete])
        item_error = total * parts.standard_error
    without = np.full(n_judges, np.nan)
    if n_judges > 1:
        others = [summarize(np.delete(cuts, judge), summary=summary)[0] for judge in range(n_judges)]
        without = np.array(others)
    return Round(
        cut=cut,
        percent=100.0 * cut / total,
        standard_error=error,
        standard_error_of_items=item_error,
        judge_cuts=cuts,
        judge_sd=float(cuts.std(ddof=1)) if n_judges > 1 else float("nan"),
        item_means=means,
        item_sds=sds,
        rated=given.sum(axis=1),
        distance=distances(cuts),
        outlying=outlying(cuts),
        cut_without=without,
        agreement=_agreement(ratings / points),
        components=parts,
    )


def _agreement(shares: FloatArray) -> FloatArray:
    """Return the correlation of each judge with the mean of the others over the items both rated."""
    given = ~np.isnan(shares)
    filled = np.where(given, shares, 0.0)
    rest = given.sum(axis=0) - given
    with np.errstate(invalid="ignore", divide="ignore"):
        others = (filled.sum(axis=0) - filled) / rest
    return np.array([correlation(own, other) for own, other in zip(shares, others, strict=True)])
