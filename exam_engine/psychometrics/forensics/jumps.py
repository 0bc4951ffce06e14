"""Scores that jump between two occasions: of persons, allowing for regression to the mean, and of groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, stdtr

from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.forensics.flags import LEVEL, Caution, check_level
from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_PERSONS = 30
"""Persons that the regression line should rest on. Our own choice: its error then adds about 3 % to a residual's."""

MINIMUM_GROUPS = 5
"""Groups that the variance between groups should rest on, the group tested left out. Our own choice."""

MINIMUM_GROUP = 5
"""Persons below which a group carries a caution. Our own choice."""


@dataclass(frozen=True)
class GainLine:
    """The regression of the second score on the first.

    Attributes
    ----------
    intercept, slope : float
        Expected second score is ``intercept + slope · first``; a slope below 1 is regression to the mean.
    residual_sd : float
        With divisor n − 2, in score points.
    n_persons : int
    mean_first, square_first : float
        Mean of the first scores and sum of their squared deviations.
    """

    intercept: float
    slope: float
    residual_sd: float
    n_persons: int
    mean_first: float
    square_first: float


@dataclass(frozen=True)
class Gains:
    """Gains of persons from one occasion to the next.

    A person without both scores has NaN throughout and is not flagged.

    Attributes
    ----------
    gain : ndarray, shape (n_persons,)
        Second score less first, in score points.
    expected : ndarray, shape (n_persons,)
        Second score expected from the first.
    residual_t : ndarray, shape (n_persons,)
        Second score less expected over its standard error: t with ``degrees_of_freedom``.
    degrees_of_freedom : int
    p_value, adjusted_p_value : ndarray, shape (n_persons,)
        Upper tail of ``residual_t``; the same after the correction for the number of persons.
    gain_z, gain_p_value : ndarray, shape (n_persons,)
        Gain less the usual gain over the standard error of a difference; NaN without standard errors.
    is_flagged : ndarray of bool, shape (n_persons,)
    line : GainLine
    level : float
    correction : Correction
    cautions : tuple of Caution
    """

    gain: FloatArray
    expected: FloatArray
    residual_t: FloatArray
    degrees_of_freedom: int
    p_value: FloatArray
    adjusted_p_value: FloatArray
    gain_z: FloatArray
    gain_p_value: FloatArray
    is_flagged: NDArray[np.bool_]
    line: GainLine
    level: float
    correction: Correction
    cautions: tuple[Caution, ...]


@dataclass(frozen=True)
class GroupGains:
    """Gains of rooms, classes or institutions.

    Attributes
    ----------
    groups : ndarray, shape (n_groups,)
        Labels, sorted.
    n_persons : ndarray of int, shape (n_groups,)
        With both scores.
    mean_residual : ndarray, shape (n_groups,)
        Mean of the second scores less expected, in residual standard deviations.
    between_variance : ndarray, shape (n_groups,)
        Honest variance between groups as the other groups show it.
    z : ndarray, shape (n_groups,)
    p_value, adjusted_p_value : ndarray, shape (n_groups,)
        Upper tail of ``z``; the same after the correction for the number of groups.
    is_flagged : ndarray of bool, shape (n_groups,)
    level : float
    correction : Correction
    cautions : tuple of Caution
    """

    groups: NDArray[np.generic]
    n_persons: NDArray[np.intp]
    mean_residual: FloatArray
    between_variance: FloatArray
    z: FloatArray
    p_value: FloatArray
    adjusted_p_value: FloatArray
    is_flagged: NDArray[np.bool_]
    level: float
    correction: Correction
    cautions: tuple[Caution, ...]


def gain_line(first: ArrayLike, second: ArrayLike) -> GainLine:
    """Return the regression of the second score on the first.

    Parameters
    ----------
    first, second : array-like, shape (n_persons,)
        Scores on the two occasions; NaN for none. The scales may differ.

    Returns
    -------
    GainLine

    Raises
    ------
    ValueError
        If fewer than four persons have both scores, or the first scores or the residuals do not vary.

    Examples
    --------
    >>> line = gain_line([1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 4.0, 4.0])
    >>> round(line.slope, 3), round(line.intercept, 3)
    (0.8, 1.0)
    """
    x, y = _both(first, second)
    there = ~np.isnan(x + y)
    x, y = x[there], y[there]
    if x.size < 4:
        raise ValueError("a line of gains needs four persons with both scores, or more")
    mean = float(x.mean())
    square = float(np.sum((x - mean) ** 2))
    if square <= 1e-12 * max(1.0, mean**2):
        raise ValueError("the first scores must differ")
    slope = float(np.sum((x - mean) * y)) / square
    intercept = float(y.mean()) - slope * mean
    sd = float(np.sqrt(np.sum((y - intercept - slope * x) ** 2) / (x.size - 2)))
    if sd <= 1e-9 * max(1.0, float(np.abs(y).max())):
        raise ValueError("the second scores follow exactly from the first: nothing can stand out")
    return GainLine(intercept, slope, sd, int(x.size), mean, square)


def gains(
    first: ArrayLike,
    second: ArrayLike,
    *,
    line: GainLine | None = None,
    se_first: ArrayLike | None = None,
    se_second: ArrayLike | None = None,
    usual_gain: float | None = None,
    level: float = LEVEL,
    correction: Correction | str = Correction.BONFERRONI,
) -> Gains:
    """Return whose score rose more than the first one lets expect.

    Parameters
    ----------
    first, second : array-like, shape (n_persons,)
        Scores on the two occasions; NaN for none.
    line : GainLine, optional
        From persons beyond doubt; by default from these, each person left out of the own line.
    se_first, se_second : array-like, shape (n_persons,) or a number, optional
        Standard errors of measurement, for ``gain_z``; give both, with scores on one scale.
    usual_gain : float, optional
        For ``gain_z``; by default the median gain.
    level : float, default 0.05
    correction : Correction, default ``"bonferroni"``
        Over the persons.

    Returns
    -------
    Gains

    Raises
    ------
    ValueError
        As `gain_line`, or if a standard error is not positive or only one is given.

    Notes
    -----
    *Residual*: ``t = (y - ŷ) / (s sqrt(1 + 1/n + (x - x̄)² / Sxx))`` from a line without the person, the
    externally studentised residual; who did badly by chance is expected to rise (Lord, 1956, Educational and
    Psychological Measurement 16, 421–437). It decides the flag. *Gain*: ``z = (y - x - usual) / sqrt(SE_x² +
    SE_y²)`` (Guo & Drasgow, 2010, International Journal of Selection and Assessment 18, 351–364, for a proctored
    second score); it allows neither for regression nor for honest learning, which differs between persons.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> ability = rng.normal(0, 1, 200)
    >>> x, y = ability + rng.normal(0, 0.3, 200), ability + rng.normal(0, 0.3, 200)
    >>> y[5] += 3.0
    >>> np.flatnonzero(gains(x, y, se_first=0.3, se_second=0.3).is_flagged)
    array([5])
    """
    x, y = _both(first, second)
    check_level(level)
    if (se_first is None) != (se_second is None):
        raise ValueError("give both standard errors or none")
    norm = line or gain_line(x, y)
    expected, t, degrees = _residuals(x, y, norm, own=line is None)
    p_value = np.asarray(stdtr(degrees, -t))
    z = np.full(x.shape, np.nan)
    if se_first is not None and se_second is not None:
        error = np.hypot(_errors(se_first, x.shape), _errors(se_second, x.shape))
        z = (y - x - (float(np.nanmedian(y - x)) if usual_gain is None else usual_gain)) / error
    adjusted = adjusted_p_values(p_value, correction=correction)
    with np.errstate(invalid="ignore"):
        flagged = adjusted <= level
    return Gains(
        gain=y - x,
        expected=expected,
        residual_t=t,
        degrees_of_freedom=degrees,
        p_value=p_value,
        adjusted_p_value=adjusted,
        gain_z=z,
        gain_p_value=np.asarray(ndtr(-z)),
        is_flagged=flagged,
        line=norm,
        level=level,
        correction=Correction(correction),
        cautions=(Caution.FEW_PERSONS,) if norm.n_persons < MINIMUM_PERSONS else (),
    )


def group_gains(
    first: ArrayLike,
    second: ArrayLike,
    group: ArrayLike,
    *,
    line: GainLine | None = None,
    level: float = LEVEL,
    correction: Correction | str = Correction.BONFERRONI,
) -> GroupGains:
    """Return which groups rose more than groups do.

    Parameters
    ----------
    first, second : array-like, shape (n_persons,)
        Scores on the two occasions; NaN for none.
    group : array-like, shape (n_persons,)
        Label of each person's room, class or institution.
    line : GainLine, optional
        From groups beyond doubt; by default from these persons.
    level : float, default 0.05
    correction : Correction, default ``"bonferroni"``
        Over the groups.

    Returns
    -------
    GroupGains

    Raises
    ------
    ValueError
        As `gain_line`, or if lengths differ or fewer than two groups have persons with both scores.

    Notes
    -----
    ``z = m / sqrt(1 / n + T)``: ``m`` the mean standardised residual of the group's ``n`` persons less the weighted
    mean of the other groups, whose error is added; ``T`` the variance between the other groups by moments
    (DerSimonian & Laird, 1986, Controlled Clinical Trials 7, 177–188). The group tested is left out of both,
    or it would hide itself. The tail is normal if ``T`` is 0, else that of t with two degrees of freedom less than
    there are groups. Teaching raises whole groups honestly: ``T`` is what such differences usually amount to.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(0, 1, 600)
    >>> y = 0.8 * x + rng.normal(0, 0.6, 600)
    >>> y[:30] += 0.8
    >>> np.flatnonzero(group_gains(x, y, np.arange(600) // 30).is_flagged)
    array([0])
    """
    x, y = _both(first, second)
    check_level(level)
    label = np.asarray(group)
    if label.shape != x.shape:
        raise ValueError(f"group must hold {x.size} labels, one a person")
    norm = line or gain_line(x, y)
    residual = (y - norm.intercept - norm.slope * x) / norm.residual_sd
    there = ~np.isnan(residual)
    groups, member = np.unique(label[there], return_inverse=True)
    if groups.size < 2:
        raise ValueError("there must be two groups or more")
    size = np.bincount(member.reshape(-1)).astype(np.float64)
    mean = np.bincount(member.reshape(-1), weights=residual[there]) / size
    between = _between_others(size, mean)
    # Of every group (row) the weights of the others (columns), with the variance that those show.
    weight = 1.0 / (1.0 / size + between[:, None])
    np.fill_diagonal(weight, 0.0)
    total = weight.sum(axis=1)
    apart = mean - weight @ mean / total
    z = apart / np.sqrt(1.0 / size + between + 1.0 / total)
    # With a variance between groups that was itself estimated from the others, the tail is a t distribution's.
    p_value = np.where(between > 0, stdtr(max(groups.size - 2, 1), -z), ndtr(-z))
    adjusted = adjusted_p_values(p_value, correction=correction)
    thin = groups.size <= MINIMUM_GROUPS or size.min() < MINIMUM_GROUP
    cautions = ([Caution.FEW_PERSONS] if norm.n_persons < MINIMUM_PERSONS else []) + (
        [Caution.THIN_GROUPS] if thin else []
    )
    return GroupGains(
        groups=groups,
        n_persons=size.astype(np.intp),
        mean_residual=mean,
        between_variance=between,
        z=z,
        p_value=p_value,
        adjusted_p_value=adjusted,
        is_flagged=adjusted <= level,
        level=level,
        correction=Correction(correction),
        cautions=tuple(cautions),
    )


def _both(first: ArrayLike, second: ArrayLike) -> tuple[FloatArray, FloatArray]:
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or np.any(np.isinf(x) | np.isinf(y)):
        raise ValueError("first and second must be vectors of one length, NaN where there is no score")
    missing = np.isnan(x) | np.isnan(y)
    return np.where(missing, np.nan, x), np.where(missing, np.nan, y)


def _errors(values: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    error = np.broadcast_to(np.asarray(values, dtype=np.float64), shape)
    if np.any(error <= 0):
        raise ValueError("standard errors must be positive")
    return error


def _residuals(
    x: FloatArray, y: FloatArray, line: GainLine, *, own: bool
) -> tuple[FloatArray, FloatArray, int]:
    """Return expected second scores, studentised residuals and their degrees of freedom.

    With ``own`` the person is one of those behind the line and is taken out of it in closed form.
    """
    residual = y - line.intercept - line.slope * x
    leverage = 1.0 / line.n_persons + (x - line.mean_first) ** 2 / line.square_first
    degrees = line.n_persons - 2
    if not own:
        return y - residual, residual / (line.residual_sd * np.sqrt(1.0 + leverage)), degrees
    free = 1.0 - leverage
    with np.errstate(invalid="ignore", divide="ignore"):
        others = (degrees * line.residual_sd**2 - residual**2 / free) / (degrees - 1)
        t = residual / np.sqrt(np.maximum(others, 0.0) * free)
        return y - residual / free, np.where(free > 1e-9, t, np.nan), degrees - 1


def _between_others(size: FloatArray, mean: FloatArray) -> FloatArray:
    """Return the variance between the other groups, one a group, by moments; 0 with a single other group."""
    others = size.sum() - size
    grand = (size @ mean - size * mean) / others
    spread = size @ mean**2 - size * mean**2 - others * grand**2
    squares = (np.sum(size**2) - size**2) / others
    freedom = size.size - 2.0
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (spread - freedom) / (others - squares)
    return np.asarray(np.maximum(np.nan_to_num(variance, nan=0.0, posinf=0.0), 0.0), dtype=np.float64)
