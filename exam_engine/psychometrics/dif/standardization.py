"""Standardisation: the mean difference between groups at equal matching scores, weighted by how many are there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.dif.design import Design, Frame, Tables
from exam_engine.psychometrics.dif.outcome import BoolArray, Dif, grades
from exam_engine.psychometrics.dif.verdict import conduct, counted, no_comparison, table_warnings, verdict
from exam_engine.psychometrics.irt.models import FloatArray

MODERATE, LARGE = 0.05, 0.10
"""Differences in proportions right from which an item is B, or C (Dorans & Kulick, 1986)."""

MODERATE_STANDARDIZED, LARGE_STANDARDIZED = 0.17, 0.25
"""The same for items of more than two scores, where Mantel's test is significant: limits in common use for the ratio of
the difference to the item's standard deviation, which NAEP reports (Allen, Carlson & Zelenak, 1999, The NAEP 1996
Technical Report)."""


class Weight(StrEnum):
    """Whose distribution over the strata weights the differences."""

    FOCAL = "focal"
    REFERENCE = "reference"
    TOTAL = "total"


@dataclass(frozen=True, kw_only=True)
class Standardization(Dif):
    """Standardised mean differences; `effect` is focal minus reference, in score points.

    For items scored 0 or 1 it is STD P-DIF. `flagged` are the items of size C, and `statistic` is the squared
    ratio of effect and error.

    Attributes
    ----------
    relative : ndarray, shape (n_items,)
        The effect in standard deviations of the item among all persons matched.
    """

    relative: FloatArray


def standardization(
    responses: ArrayLike,
    groups: ArrayLike,
    *,
    design: Design | None = None,
    weight: Weight | str = Weight.FOCAL,
) -> Standardization:
    """Compare the mean scores of two groups at equal matching scores.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, …; negative or NaN not presented.
    groups : array-like, shape (n_persons,)
        Group labels; None, NaN or empty leaves the person out.
    design : Design, optional
        Groups, matching, purification, level.
    weight : Weight, default focal
        Weights of the strata.

    Returns
    -------
    Standardization

    Raises
    ------
    ValueError
        If responses, labels or design do not fit, or a group has fewer than 25 persons.

    Notes
    -----
    ``Σ w_k (mean_Fk - mean_Rk) / Σ w_k`` over strata with both groups (Dorans & Kulick, 1986, Journal of
    Educational Measurement 23, 355–368; for more scores Dorans & Schmitt, 1991, ETS Research Report 91-47). The
    error holds under the hypothesis of no difference, ``Σ w_k² s_k² (1/n_Fk + 1/n_Rk) / (Σ w_k)²`` with the
    variance of the score in the stratum (Zwick & Thayer, 1996, Journal of Educational and Behavioral Statistics
    21, 187–201): it is smaller than the error of Dorans & Holland (1993), which counts the spread of the focal
    group over strata too.

    Sizes: 0 or 1: B from 0.05, C from 0.10. More scores: B above 0.17 and C above 0.25 standard deviations where
    significant.

    Examples
    --------
    >>> standardization_tables(Tables.of([[[[10, 30], [20, 20]], [[5, 35], [10, 30]]]])).effect.round(4)
    array([-0.1875])
    """
    plan = design or Design()

    def study(frame: Frame, anchor: BoolArray) -> Standardization:
        return standardization_tables(
            counted(frame, anchor), weight=weight, level=plan.level, adjustment=plan.adjustment
        )

    return conduct(responses, groups, plan, study)


def standardization_tables(
    tables: Tables,
    *,
    weight: Weight | str = Weight.FOCAL,
    level: float = 0.05,
    adjustment: Correction = Correction.NONE,
) -> Standardization:
    """Compute standardised mean differences of counts; see `standardization`."""
    kind = Weight(weight)
    effect, variance = mean_differences(tables, kind)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.where(variance > 0, effect**2 / variance, np.nan)
        relative = effect / spread_of_scores(tables)
    small = ~tables.is_binary & ~(chi2.sf(statistic, 1) <= level)
    grade = np.where(
        tables.is_binary,
        grades(effect, MODERATE, LARGE),
        np.where(small, 0.0, grades(relative, MODERATE_STANDARDIZED, LARGE_STANDARDIZED)),
    )
    grade = np.where(variance > 0, grade, np.nan)
    base = verdict(
        labels=tables.labels,
        compared=tables.compared,
        statistic=statistic,
        df=(variance > 0).astype(np.intp),
        effect=effect,
        effect_error=np.sqrt(variance),
        towards_focal=effect,
        grade=grade,
        cases=no_comparison(tables),
        level=level,
        adjustment=adjustment,
        flagged=grade == 2,
        warnings=table_warnings(tables),
    )
    return Standardization(**vars(base), relative=relative)


def mean_differences(tables: Tables, weight: Weight) -> tuple[FloatArray, FloatArray]:
    """Return the standardised difference focal − reference of each item, and its variance under no difference.

    NaN where no stratum holds both groups.
    """
    if tables.counts.shape[2] != 2:
        raise ValueError("standardisation compares two groups")
    size = tables.size
    scores = np.arange(tables.counts.shape[3], dtype=np.float64)
    both = tables.matched
    chosen = {
        Weight.FOCAL: size[:, :, 1],
        Weight.REFERENCE: size[:, :, 0],
        Weight.TOTAL: size.sum(axis=2),
    }[weight]
    w = np.where(both, chosen, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (tables.counts @ scores) / size
        pooled = tables.counts.sum(axis=2)
        total = pooled.sum(axis=2)
        squares = pooled @ scores**2 - (pooled @ scores) ** 2 / total
        variance = squares / (total - 1.0) * (1.0 / size).sum(axis=2)
        share = w / w.sum(axis=1, keepdims=True)
        effect = np.where(both, share * (mean[:, :, 1] - mean[:, :, 0]), 0.0).sum(axis=1)
        error = np.where(both, share**2 * variance, 0.0).sum(axis=1)
    none = ~both.any(axis=1)
    return np.where(none, np.nan, effect), np.where(none, np.nan, error)


def spread_of_scores(tables: Tables) -> FloatArray:
    """Return the standard deviation of each item's score among all persons matched."""
    pooled = (tables.counts * tables.matched[:, :, None, None]).sum(axis=(1, 2))
    scores = np.arange(pooled.shape[1], dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = pooled @ scores / pooled.sum(axis=1)
        return np.asarray(np.sqrt(pooled @ scores**2 / pooled.sum(axis=1) - mean**2), dtype=np.float64)
