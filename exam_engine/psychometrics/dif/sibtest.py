"""SIBTEST: the difference of means at equal true scores on the matching items."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from exam_engine.psychometrics.dif.counting import count, n_booklets
from exam_engine.psychometrics.dif.design import Criterion, Design, Frame
from exam_engine.psychometrics.dif.outcome import BoolArray, Dif, Reason, grades
from exam_engine.psychometrics.dif.verdict import (
    conduct,
    no_comparison,
    refuse_bands,
    table_warnings,
    verdict,
)
from exam_engine.psychometrics.irt.models import FloatArray

MODERATE, LARGE = 0.059, 0.088
"""Differences from which an item scored 0 or 1 is B, or C, where significant (Roussos & Stout, 1996, Journal of
Educational Measurement 33, 215–230)."""

MINIMUM_IN_STRATUM = 6
"""Persons of each group that a score must have to be used."""

MINIMUM_STRATA = 2
"""Scores that must be left."""


@dataclass(frozen=True, kw_only=True)
class Sibtest(Dif):
    """SIBTEST statistics; `effect` is beta, reference minus focal in score points: positive favours the reference.

    Attributes
    ----------
    strata : ndarray of int, shape (n_items,)
        Matching scores used.
    reliability : ndarray, shape (n_items, 2)
        Coefficient alpha of the matching items in the reference and the focal group; NaN for a single one, or
        where everybody has the same score.
    """

    strata: NDArray[np.intp]
    reliability: FloatArray


def sibtest(responses: ArrayLike, groups: ArrayLike, *, design: Design | None = None) -> Sibtest:
    """Compare two groups on each item at equal true scores on the other items.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, …, all presented to everybody.
    groups : array-like, shape (n_persons,)
        Group labels; None, NaN or empty leaves the person out.
    design : Design, optional
        Groups, anchor, purification, level. The matching score is always that of the *other* anchor items;
        bands and given values are refused.

    Returns
    -------
    Sibtest

    Raises
    ------
    ValueError
        If responses, labels or design do not fit, items were not presented to everybody, or a group has fewer
        than 25 persons.

    Notes
    -----
    ``beta = Σ p_k (Y*_Rk - Y*_Fk)``, ``SE² = Σ p_k² (s²_Rk / n_Rk + s²_Fk / n_Fk)``, with ``p_k`` the share of
    persons at matching score k and ``Y*`` the mean item score moved along the regression of the group from its
    own expected true score ``mean_g + alpha_g (k - mean_g)`` to the average of both groups' (Shealy & Stout,
    1993, Psychometrika 58, 159–194; for more scores Chang, Mazzeo & Roussos, 1996, Journal of Educational
    Measurement 33, 333–353). The local slope of the regression is taken between the neighbouring scores that
    occur in the group; R's mirt (1.47) takes a neighbouring score that does not occur as a mean of 0. Used are
    scores with 6 persons of each group who do not all answer alike, but the lowest and the highest possible.
    Sizes for items scored 0 or 1.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> theta = rng.normal(size=2000)
    >>> group = np.repeat([0, 1], 1000)
    >>> harder = np.where(group == 1, 1.2, 0.0)[:, None] * (np.arange(20) == 0)
    >>> answers = rng.random((2000, 20)) < 1 / (1 + np.exp(harder - theta[:, None]))
    >>> found = sibtest(answers, group)
    >>> found.effect[0] > 0.1, str(found.sizes[0]), str(found.favours[0])
    (np.True_, 'C', 'reference')
    """
    plan = design or Design()
    refuse_bands(plan, "SIBTEST")
    if plan.criterion is Criterion.GIVEN:
        raise ValueError("SIBTEST matches on the other items, not on given values")
    return conduct(responses, groups, replace(plan, matching=Criterion.REST), _study, corrects=True)


def _study(frame: Frame, anchor: BoolArray) -> Sibtest:
    if n_booklets(frame, anchor) > 1 or np.any(frame.matrix < 0):
        raise ValueError("SIBTEST takes items that were presented to everybody")
    tables = count(frame, anchor)
    persons, mean, variance = _moments(tables.counts)
    centre, reliability, most = _matching(frame, anchor)
    # expected true matching score of each item, stratum and group, and the average of both groups
    true = centre[:, None] + reliability[:, None] * (tables.criterion[:, None] - centre[:, None])
    below, above = _neighbours(persons > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rise = np.take_along_axis(mean, above, 1) - np.take_along_axis(mean, below, 1)
        run = np.take_along_axis(true, above, 1) - np.take_along_axis(true, below, 1)
        slope = np.where(run == 0, 0.0, rise / run)
        moved = mean + slope * (true.mean(axis=2, keepdims=True) - true)
        inside = (tables.criterion > 0) & (tables.criterion < most[:, None])
        used = inside & np.all((persons >= MINIMUM_IN_STRATUM) & (variance > 0), axis=2)
        share = np.where(used, persons.sum(axis=2), 0.0)
        share = share / share.sum(axis=1, keepdims=True)
        effect = np.where(used, share * (moved[:, :, 0] - moved[:, :, 1]), 0.0).sum(axis=1)
        error = np.sqrt(np.where(used, share**2 * (variance / persons).sum(axis=2), 0.0).sum(axis=1))
        few = (used.sum(axis=1) < MINIMUM_STRATA) | ~np.isfinite(reliability).all(axis=1)
        effect, error = np.where(few, np.nan, effect), np.where(few, np.nan, error)
        statistic = (effect / error) ** 2
    plan = frame.design
    grade = np.where(chi2.sf(statistic, 1) <= plan.level, grades(effect, MODERATE, LARGE), 0.0)
    base = verdict(
        labels=frame.labels,
        compared=np.where(used[:, :, None], persons, 0).sum(axis=1).astype(np.intp),
        statistic=statistic,
        df=(~few).astype(np.intp),
        effect=effect,
        effect_error=error,
        towards_focal=-effect,
        grade=np.where(few | ~tables.is_binary, np.nan, grade),
        cases=[*no_comparison(tables), (few, Reason.FEW_STRATA)],
        level=plan.level,
        adjustment=plan.adjustment,
        warnings=table_warnings(tables),
    )
    return Sibtest(**vars(base), strata=used.sum(axis=1), reliability=reliability)


def _moments(counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return persons, mean score and its variance, shape (n_items, n_strata, n_groups)."""
    scores = np.arange(counts.shape[3], dtype=np.float64)
    persons = counts.sum(axis=3)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = counts @ scores / persons
        variance = (counts @ scores**2 - persons * mean**2) / (persons - 1.0)
    return persons, np.nan_to_num(mean), np.where(variance > 1e-12, variance, 0.0)


def _matching(frame: Frame, anchor: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean and alpha of the matching score of each item and group, and the highest score possible."""
    x = frame.matrix.astype(np.float64)
    size, groups = x.shape[1], len(frame.labels)
    mean, alpha = np.empty((size, groups)), np.empty((size, groups))
    n_others = anchor.sum() - anchor
    for group in range(groups):
        rows = x[frame.group == group]
        total = rows[:, anchor].sum(axis=1)
        own = rows.var(axis=0, ddof=1)
        shared = (rows - rows.mean(axis=0)).T @ (total - total.mean()) / (len(rows) - 1)
        spread = total.var(ddof=1) - anchor * (2 * shared - own)
        mean[:, group] = total.mean() - anchor * rows.mean(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = (own[anchor].sum() - anchor * own) / spread
            alpha[:, group] = np.where(spread > 0, n_others / (n_others - 1) * (1 - share), np.nan)
    alpha[n_others < 2] = np.nan
    most = frame.highest[anchor].sum() - anchor * frame.highest
    return mean, alpha, most.astype(np.float64)


def _neighbours(filled: BoolArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the nearest filled stratum below and above each, itself at the ends; along axis 1."""
    index = np.arange(filled.shape[1])[None, :, None]
    last = np.maximum.accumulate(np.where(filled, index, -1), axis=1)
    below = np.concatenate([np.full_like(last[:, :1], -1), last[:, :-1]], axis=1)
    size = filled.shape[1]
    first = np.minimum.accumulate(np.where(filled, index, size)[:, ::-1], axis=1)[:, ::-1]
    above = np.concatenate([first[:, 1:], np.full_like(first[:, :1], size)], axis=1)
    own = np.broadcast_to(index, filled.shape)
    return np.where(below < 0, own, below), np.where(above >= size, own, above)
