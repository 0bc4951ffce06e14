"""Items of several scores: Mantel's test, the cumulative odds ratio of Liu & Agresti, the generalised test.

For items scored 0 or 1 they are the Mantel–Haenszel statistics without continuity correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.dif.design import Design, Frame, Tables
from exam_engine.psychometrics.dif.mantel_haenszel import DELTA, delta_grades
from exam_engine.psychometrics.dif.outcome import BoolArray, Dif, Reason, grades
from exam_engine.psychometrics.dif.standardization import (
    LARGE_STANDARDIZED,
    MODERATE_STANDARDIZED,
    Weight,
    mean_differences,
    spread_of_scores,
)
from exam_engine.psychometrics.dif.verdict import conduct, counted, no_comparison, table_warnings, verdict
from exam_engine.psychometrics.irt.models import FloatArray


@dataclass(frozen=True, kw_only=True)
class Mantel(Dif):
    """Mantel's test; `effect` is the standardised mean difference in standard deviations of the item."""


@dataclass(frozen=True, kw_only=True)
class LiuAgresti(Dif):
    """Cumulative odds ratios; `effect` is -2.35 of the logarithm, negative where the reference group is favoured.

    Attributes
    ----------
    odds_ratio : ndarray, shape (n_items,)
        Common odds ratio of reaching any score, reference to focal group.
    log_variance : ndarray, shape (n_items,)
        Variance of its logarithm.
    """

    odds_ratio: FloatArray
    log_variance: FloatArray


def mantel(responses: ArrayLike, groups: ArrayLike, *, design: Design | None = None) -> Mantel:
    """Compare the mean scores of two groups, stratum by stratum, with Mantel's test.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, …; negative or NaN not presented.
    groups : array-like, shape (n_persons,)
        Group labels; None, NaN or empty leaves the person out.
    design : Design, optional
        Groups, matching, purification, level.

    Returns
    -------
    Mantel

    Raises
    ------
    ValueError
        If responses, labels or design do not fit, or a group has fewer than 25 persons.

    Notes
    -----
    ``chi² = (Σ F - Σ E(F))² / Σ Var(F)`` with ``F`` the sum of the focal group's scores in a stratum and the
    moments of the hypergeometric distribution (Mantel, 1963, Journal of the American Statistical Association
    58, 690–700; Zwick, Donoghue & Grima, 1993, Journal of Educational Measurement 30, 233–251). Sizes by the
    standardised mean difference: B above 0.17 and C above 0.25 standard deviations of the item, where
    significant (NAEP).

    Examples
    --------
    >>> found = mantel_tables(Tables.of([[[[10, 20, 30], [20, 20, 20]]]]))
    >>> found.statistic.round(3), found.effect.round(3)
    (array([5.174]), array([-0.417]))
    """
    plan = design or Design()

    def study(frame: Frame, anchor: BoolArray) -> Mantel:
        return mantel_tables(counted(frame, anchor), level=plan.level, adjustment=plan.adjustment)

    return conduct(responses, groups, plan, study)


def mantel_tables(tables: Tables, *, level: float = 0.05, adjustment: Correction = Correction.NONE) -> Mantel:
    """Compute Mantel's test of counts of two groups; see `mantel`."""
    difference, variance = mean_differences(tables, Weight.FOCAL)
    statistic, df = association(tables, ordered=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = spread_of_scores(tables)
        effect, error = difference / spread, np.sqrt(variance) / spread
    size = grades(effect, MODERATE_STANDARDIZED, LARGE_STANDARDIZED)
    base = verdict(
        labels=tables.labels,
        compared=tables.compared,
        statistic=statistic,
        df=df,
        effect=effect,
        effect_error=error,
        towards_focal=effect,
        grade=np.where(np.isnan(size) | (chi2.sf(statistic, 1) <= level), size, 0.0),
        cases=no_comparison(tables),
        level=level,
        adjustment=adjustment,
        warnings=table_warnings(tables),
    )
    return Mantel(**vars(base))


def liu_agresti(responses: ArrayLike, groups: ArrayLike, *, design: Design | None = None) -> LiuAgresti:
    """Compare two groups by one odds ratio of reaching score 1, 2, … or more.

    Parameters
    ----------
    responses, groups, design
        As in `mantel`.

    Returns
    -------
    LiuAgresti

    Raises
    ------
    ValueError
        As `mantel`.

    Notes
    -----
    ``Psi = Σ_k Σ_j A_jk D_jk / T_k / Σ_k Σ_j B_jk C_jk / T_k``, ``A`` and ``B`` the reference persons with
    score j or more and below, ``C`` and ``D`` the focal ones (Liu & Agresti, 1996, Biometrics 52, 1223–1234;
    Penfield & Algina, 2003, Journal of Educational Measurement 40, 353–370). With ``Z_k`` = numerator - Psi ·
    denominator of a stratum, a two-sample U-statistic of mean 0, the variance of ``ln Psi`` is
    ``Σ Var(Z_k) / (Σ numerator)²``, each ``Var(Z_k)`` estimated without bias from the pairs that share a
    person. Liu & Agresti print another estimator of the same variance; for two scores it is the one of Robins,
    Breslow & Greenland, from which this one differs by less than a tenth in samples of usual size.

    The test is ``(ln Psi)² / variance``. Sizes as for MH D-DIF, on the same scale.

    Examples
    --------
    >>> found = liu_agresti_tables(Tables.of([[[[10, 20, 30], [20, 20, 20]]]]))
    >>> found.odds_ratio.round(3), found.effect.round(2)
    (array([2.2]), array([-1.85]))
    """
    plan = design or Design()

    def study(frame: Frame, anchor: BoolArray) -> LiuAgresti:
        return liu_agresti_tables(counted(frame, anchor), level=plan.level, adjustment=plan.adjustment)

    return conduct(responses, groups, plan, study)


def liu_agresti_tables(
    tables: Tables, *, level: float = 0.05, adjustment: Correction = Correction.NONE
) -> LiuAgresti:
    """Compute cumulative odds ratios of counts of two groups; see `liu_agresti`."""
    if tables.counts.shape[2] != 2:
        raise ValueError("the cumulative odds ratio compares two groups")
    counts = tables.counts * tables.matched[:, :, None, None]
    reference, focal = counts[:, :, 0], counts[:, :, 1]
    total = np.maximum(counts.sum(axis=(2, 3)), 1.0)
    score = np.arange(counts.shape[3], dtype=np.float64)
    ahead = np.maximum(score[:, None] - score, 0.0)  # row above column: Σ_j 1(row >= j) 1(column < j)
    up = ((reference @ ahead) * focal).sum(axis=2) / total
    down = ((focal @ ahead) * reference).sum(axis=2) / total
    boundless = (up.sum(axis=1) == 0) | (down.sum(axis=1) == 0)
    none = boundless & (up + down == 0).all(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = up.sum(axis=1) / down.sum(axis=1)
        psi = np.where(boundless, 1.0, ratio)
        kernel = ahead - psi[:, None, None] * ahead.T  # rows: score in the reference group
        by_reference = focal @ kernel.transpose(0, 2, 1)
        by_focal = reference @ kernel
        pairs = ((reference @ kernel**2) * focal).sum(axis=2)
        spread = (reference * by_reference**2).sum(axis=2) + (focal * by_focal**2).sum(axis=2) - pairs
        log_variance = (spread / total**2).sum(axis=1) / up.sum(axis=1) ** 2
    lost = boundless | ~(log_variance > 0)
    log_variance = np.where(lost, np.nan, log_variance)
    effect = DELTA * np.log(np.where(lost, np.nan, psi))
    statistic = (effect / DELTA) ** 2 / log_variance
    base = verdict(
        labels=tables.labels,
        compared=tables.compared,
        statistic=statistic,
        df=(~lost).astype(np.intp),
        effect=effect,
        effect_error=abs(DELTA) * np.sqrt(log_variance),
        towards_focal=np.where(none, np.nan, (down - up).sum(axis=1)),
        grade=delta_grades(
            effect, abs(DELTA) * np.sqrt(log_variance), chi2.sf(statistic, 1) <= level, level=level
        ),
        cases=[*no_comparison(tables), (boundless, Reason.BOUNDLESS), (lost, Reason.NOT_IDENTIFIED)],
        level=level,
        adjustment=adjustment,
        warnings=table_warnings(tables),
    )
    return LiuAgresti(**vars(base), odds_ratio=np.where(none, np.nan, ratio), log_variance=log_variance)


def association(tables: Tables, *, ordered: bool) -> tuple[FloatArray, NDArray[np.intp]]:
    """Return the generalised Mantel–Haenszel statistic of each item and its degrees of freedom.

    Parameters
    ----------
    tables : Tables
        Two groups or more.
    ordered : bool
        Whether scores count as numbers (a difference of means) or as names (any difference).

    Returns
    -------
    statistic : ndarray, shape (n_items,)
        NaN where nothing can be compared.
    df : ndarray of int, shape (n_items,)

    Notes
    -----
    ``(Σ d_k)' (Σ V_k)⁻¹ Σ d_k``, ``d_k`` the counts less their expectation in a stratum and ``V_k`` their
    hypergeometric covariance (Landis, Heyman & Koch, 1978, International Statistical Review 46, 237–254). The
    rank of ``Σ V_k`` gives the degrees of freedom, (groups - 1)(scores - 1) when all occur, or (groups - 1) for
    means.

    Examples
    --------
    >>> association(Tables.of([[[[10, 20, 30], [20, 20, 20]]]]), ordered=False)[1]
    array([2])
    """
    counts = tables.counts * tables.matched[:, :, None, None]
    n_scores = counts.shape[3]
    form = np.arange(n_scores, dtype=np.float64)[None] if ordered else np.eye(n_scores)[1:]
    group, score = counts.sum(axis=3), counts.sum(axis=2)
    total = group.sum(axis=2)
    scale = np.where(total > 1, 1.0 / np.maximum(total, 1.0) / np.maximum(total * (total - 1.0), 1.0), 0.0)
    value = score @ form.T
    observed = counts[:, :, 1:] @ form.T
    expected = group[:, :, 1:, None] * value[:, :, None] / np.maximum(total, 1.0)[..., None, None]
    difference = (observed - expected).sum(axis=1).reshape(len(counts), -1)
    others = group[:, :, 1:]
    of_groups = _spread(others, others[..., None] * np.eye(others.shape[2]), total) * scale[..., None, None]
    of_scores = _spread(value, np.einsum("nkx,ax,bx->nkab", score, form, form), total)
    size = difference.shape[1]
    covariance = np.einsum("nkgh,nkrs->ngrhs", of_groups, of_scores).reshape(len(counts), size, size)
    df = np.linalg.matrix_rank(covariance, hermitian=True, tol=1e-8)
    inverse = np.linalg.pinv(covariance, hermitian=True, rcond=1e-10)
    statistic = np.einsum("na,nab,nb->n", difference, inverse, difference)
    return np.where(df > 0, statistic, np.nan), np.asarray(df, dtype=np.intp)


def _spread(sums: FloatArray, squares: FloatArray, total: FloatArray) -> FloatArray:
    """Return ``T · Σ f f' - Σ f Σ f'`` of each stratum."""
    product = sums[..., :, None] * sums[..., None, :]
    return np.asarray(total[..., None, None] * squares - product, dtype=np.float64)
