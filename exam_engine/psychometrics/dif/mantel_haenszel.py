"""Mantel–Haenszel: one odds ratio for all strata of the matching score, and whether it is common to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, norm

from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.dif.design import Design, Frame, Tables
from exam_engine.psychometrics.dif.outcome import BoolArray, Dif, Reason
from exam_engine.psychometrics.dif.verdict import conduct, counted, no_comparison, table_warnings, verdict
from exam_engine.psychometrics.irt.models import FloatArray

DELTA = -2.35
"""From a log odds ratio to the delta scale of item difficulties (Holland & Thayer, 1988)."""

MODERATE, LARGE = 1.0, 1.5
"""Sizes of MH D-DIF from which an item can be B, or C (Zieky, 1993, in Holland & Wainer, p. 337–347)."""


@dataclass(frozen=True, kw_only=True)
class MantelHaenszel(Dif):
    """Mantel–Haenszel statistics; `effect` is MH D-DIF, negative where the reference group is favoured.

    Attributes
    ----------
    odds_ratio : ndarray, shape (n_items,)
        Common odds ratio of success, reference to focal group; 0 or infinite where `reasons` says boundless.
    log_variance : ndarray, shape (n_items,)
        Variance of its logarithm.
    """

    odds_ratio: FloatArray
    log_variance: FloatArray


@dataclass(frozen=True)
class BreslowDay:
    """Whether the odds ratio is the same in all strata; if not, the difference depends on ability.

    Attributes
    ----------
    statistic, p_value : ndarray, shape (n_items,)
        Chi-squared and its p-value; NaN where ``df`` is 0.
    df : ndarray of int, shape (n_items,)
        Strata with both groups and both scores, less one.
    """

    statistic: FloatArray
    p_value: FloatArray
    df: NDArray[np.intp]


def mantel_haenszel(
    responses: ArrayLike, groups: ArrayLike, *, design: Design | None = None, continuity: bool = True
) -> MantelHaenszel:
    """Compare two groups item by item with the Mantel–Haenszel procedure.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, …; negative or NaN not presented. Items with higher scores than 1 may be part of the matching
        score but get no result: use `mantel`.
    groups : array-like, shape (n_persons,)
        Group labels, text or whole numbers; None, NaN or empty leaves the person out.
    design : Design, optional
        Groups, matching, purification, level.
    continuity : bool, default True
        Whether ½ is taken from the difference before it is squared.

    Returns
    -------
    MantelHaenszel

    Raises
    ------
    ValueError
        If responses, labels or design do not fit, or a group has fewer than 25 persons.

    Notes
    -----
    In stratum k the reference group has ``A`` right and ``B`` wrong, the focal group ``C`` and ``D``, ``T`` in
    all:

    ``alpha = Σ A D / T / Σ B C / T``, ``chi² = (|Σ A - Σ E(A)| - ½)² / Σ n_R n_F m_1 m_0 / (T² (T - 1))``
    (Mantel & Haenszel, 1959, Journal of the National Cancer Institute 22, 719–748), where a difference below ½
    counts as 0; ``MH D-DIF = -2.35 ln alpha`` (Holland & Thayer, 1988, in Wainer & Braun, Test Validity,
    129–145). The variance of ``ln alpha`` is that of Robins, Breslow & Greenland (1986, Biometrics 42,
    311–323), which is the one of Phillips & Holland (1987, Biometrics 43, 425–431) written otherwise.

    Sizes: A where chi² is not significant or ``|D| < 1``; C where ``|D| >= 1.5`` and significantly above 1
    (one-sided); B otherwise (Zieky, 1993). Rules by size alone call more items B and C in small samples.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> theta = rng.normal(size=1000)
    >>> group = np.repeat([0, 1], 500)
    >>> harder = np.where(group == 1, 1.2, 0.0)[:, None] * (np.arange(20) == 0)
    >>> answers = rng.random((1000, 20)) < 1 / (1 + np.exp(harder - theta[:, None]))
    >>> found = mantel_haenszel(answers, group)
    >>> found.flagged[0], str(found.sizes[0]), str(found.favours[0])
    (np.True_, 'C', 'reference')
    """
    plan = design or Design()

    def study(frame: Frame, anchor: BoolArray) -> MantelHaenszel:
        return mantel_haenszel_tables(
            counted(frame, anchor), continuity=continuity, level=plan.level, adjustment=plan.adjustment
        )

    return conduct(responses, groups, plan, study)


def mantel_haenszel_tables(
    tables: Tables,
    *,
    continuity: bool = True,
    level: float = 0.05,
    adjustment: Correction = Correction.NONE,
) -> MantelHaenszel:
    """Compute the Mantel–Haenszel statistics of counts.

    Parameters
    ----------
    tables : Tables
        Two groups, the reference first.
    continuity, level, adjustment
        As in `mantel_haenszel`.

    Raises
    ------
    ValueError
        If there are more than two groups.

    Examples
    --------
    >>> found = mantel_haenszel_tables(Tables.of([[[[10, 30], [20, 20]], [[5, 35], [10, 30]]]]))
    >>> found.odds_ratio.round(2), found.effect.round(2)
    (array([2.71]), array([-2.35]))
    """
    right_r, wrong_r, right_f, wrong_f, total = _cells(tables)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain, loss = right_r * wrong_f / total, wrong_r * right_f / total
        spread = (right_r + wrong_r) * (right_f + wrong_f) * (right_r + right_f) * (wrong_r + wrong_f)
        variance = np.nansum(spread / (total**2 * (total - 1.0)), axis=1)
        up, down = np.nansum(gain, axis=1), np.nansum(loss, axis=1)
        ratio = up / down
        concordant, discordant = (right_r + wrong_f) / total, (wrong_r + right_f) / total
        log_variance = (
            np.nansum(concordant * gain, axis=1) / (2 * up**2)
            + np.nansum(concordant * loss + discordant * gain, axis=1) / (2 * up * down)
            + np.nansum(discordant * loss, axis=1) / (2 * down**2)
        )
        difference = up - down  # Σ A - Σ E(A)
        excess = np.maximum(np.abs(difference) - (0.5 if continuity else 0.0), 0.0)
        statistic = np.where(variance > 0, excess**2 / variance, np.nan)
        boundless = (variance > 0) & ((up == 0) | (down == 0))
        effect = np.where(boundless, np.nan, DELTA * np.log(ratio))
    log_variance = np.where(boundless, np.nan, log_variance)
    error = abs(DELTA) * np.sqrt(log_variance)
    polytomous = ~tables.is_binary
    base = verdict(
        labels=tables.labels,
        compared=tables.compared,
        statistic=statistic,
        df=(variance > 0).astype(np.intp),
        effect=effect,
        effect_error=error,
        towards_focal=np.where(variance > 0, -difference, np.nan),
        grade=delta_grades(effect, error, chi2.sf(statistic, 1) <= level, level=level),
        cases=[(polytomous, Reason.POLYTOMOUS), *no_comparison(tables), (boundless, Reason.BOUNDLESS)],
        level=level,
        adjustment=adjustment,
        warnings=table_warnings(tables),
    )
    return MantelHaenszel(
        **vars(base), odds_ratio=np.where(variance > 0, ratio, np.nan), log_variance=log_variance
    )


def delta_grades(
    effect: FloatArray, error: FloatArray, significant: BoolArray, *, level: float = 0.05
) -> FloatArray:
    """Return 0, 1, 2 for the classes A, B, C of an effect on the delta scale; NaN where there is none."""
    size = np.abs(effect)
    with np.errstate(invalid="ignore"):
        large = (size >= LARGE) & (size - MODERATE > norm.isf(level) * error)
        grade = np.where(significant & (size >= MODERATE), 1.0 + large, 0.0)
    return np.where(np.isnan(effect), np.nan, grade)


def breslow_day(
    responses: ArrayLike, groups: ArrayLike, *, design: Design | None = None, tarone: bool = False
) -> BreslowDay:
    """Test whether the odds ratio is common to all strata: a sign of non-uniform functioning if not.

    Parameters
    ----------
    responses, groups, design
        As in `mantel_haenszel`; purification is not used.
    tarone : bool, default False
        Whether the correction by Tarone is taken off.

    Returns
    -------
    BreslowDay

    Raises
    ------
    ValueError
        As `mantel_haenszel`.

    Notes
    -----
    ``Σ (A - A*)² / Var(A*)``, ``A*`` the count that the common odds ratio gives with the margins of the stratum
    (Breslow & Day, 1980, Statistical Methods in Cancer Research I, p. 142), less ``(Σ A - Σ A*)² / Σ Var(A*)`` (Tarone,
    1985, Biometrika 72, 91–95). With few persons in a stratum the chi-squared distribution is only a rough guide.

    Examples
    --------
    >>> breslow_day_tables(Tables.of([[[[10, 30], [20, 20]], [[5, 35], [10, 30]]]])).df
    array([1])
    """
    plan = design or Design()
    frame = Frame.of(responses, groups, plan)
    return breslow_day_tables(counted(frame, frame.first_anchor()), tarone=tarone)


def breslow_day_tables(tables: Tables, *, tarone: bool = False) -> BreslowDay:
    """Compute the Breslow–Day test of counts; see `breslow_day`."""
    right_r, wrong_r, right_f, _, total = _cells(tables)
    ratio = mantel_haenszel_tables(tables).odds_ratio[:, None]
    ratio = np.where((ratio > 0) & np.isfinite(ratio), ratio, np.nan)
    in_reference, right = right_r + wrong_r, right_r + right_f
    with np.errstate(invalid="ignore", divide="ignore"):
        usable = (total > 0) & (right > 0) & (right < total) & ~np.isnan(ratio)
        expected = _expected(ratio, in_reference, right, total)
        cells = (expected, in_reference - expected, right - expected, total - in_reference - right + expected)
        variance = 1.0 / sum(1.0 / cell for cell in cells)
        terms = np.where(usable, (right_r - expected) ** 2 / variance, 0.0)
        statistic = terms.sum(axis=1)
        if tarone:
            shift = np.where(usable, right_r - expected, 0.0).sum(axis=1)
            statistic = statistic - shift**2 / np.where(usable, variance, 0.0).sum(axis=1)
    df = np.maximum(usable.sum(axis=1) - 1, 0)
    statistic = np.where(df > 0, statistic, np.nan)
    return BreslowDay(statistic, np.where(df > 0, chi2.sf(statistic, np.maximum(df, 1)), np.nan), df)


def _expected(ratio: FloatArray, row: FloatArray, column: FloatArray, total: FloatArray) -> FloatArray:
    """Return the first cell of 2 × 2 tables with these margins and this odds ratio."""
    linear = total - row - column + ratio * (row + column)
    curve = 1.0 - ratio
    root = np.sqrt(np.maximum(linear**2 + 4.0 * curve * ratio * row * column, 0.0))
    # The stable form of the quadratic's root between 0 and min(row, column); it also holds at ratio 1.
    return np.asarray(2.0 * ratio * row * column / (linear + root), dtype=np.float64)


def _cells(tables: Tables) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return right and wrong of the reference and the focal group and the total; 0 in unmatched strata."""
    if tables.counts.shape[2] != 2:
        raise ValueError("the Mantel–Haenszel procedure compares two groups")
    used = tables.matched & tables.is_binary[:, None]
    counts = np.where(used[:, :, None, None], tables.counts, 0.0)
    reference, focal = counts[:, :, 0], counts[:, :, 1]
    return (
        reference[..., 1],
        reference[..., 0],
        focal[..., 1],
        focal[..., 0],
        counts[..., :2].sum(axis=(2, 3)),
    )
