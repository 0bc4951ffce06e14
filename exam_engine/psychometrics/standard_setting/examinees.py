"""Borderline group and contrasting groups: cuts from judgements of persons instead of items."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta, gaussian_kde, norm

from exam_engine.psychometrics.dif.ordinal import fit_cumulative
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.standard_setting.panel import Warn

MINIMUM_BORDERLINE = 30
"""Borderline persons below which their median is rough, and persons each of contrasting groups should have: a house
rule; the error is given in any case."""

GRID = 2001
"""Scores at which smoothed distributions are compared."""


class Smoothing(StrEnum):
    """How score distributions are smoothed before they are crossed."""

    NORMAL = "normal"
    """Normal densities with the groups' means and standard deviations."""

    KERNEL = "kernel"
    """Gaussian kernels of Silverman's width."""


@dataclass(frozen=True)
class Borderline:
    """The median of the borderline group.

    Attributes
    ----------
    cut, standard_error : float
        In points; the error is NaN for one person.
    quartiles : tuple of float
        A wide middle half means that judges did not share one idea of the borderline.
    n_persons : int
    warnings : tuple of Warn
    """

    cut: float
    standard_error: float
    quartiles: tuple[float, float]
    n_persons: int
    warnings: tuple[Warn, ...]


@dataclass(frozen=True)
class LogisticCut:
    """The score at which a person is as likely to be judged competent as the weights ask.

    Attributes
    ----------
    cut, standard_error : float
        In points. NaN where `warnings` says reversed; where they say separated, the middle of the empty
        interval, without error.
    intercept, slope : float
        Of the regression; NaN where separated.
    slope_error : float
    interval : tuple of float
        Where separated, the highest score of the one group and the lowest of the other; else NaN.
    n_competent, n_others : int
    warnings : tuple of Warn
    """

    cut: float
    standard_error: float
    intercept: float
    slope: float
    slope_error: float
    interval: tuple[float, float]
    n_competent: int
    n_others: int
    warnings: tuple[Warn, ...]


@dataclass(frozen=True)
class Crossing:
    """Where two smoothed score distributions cross.

    Attributes
    ----------
    cut : float
        In points; NaN without a crossing between the groups' means.
    crossings : ndarray
        All crossings between the means.
    n_competent, n_others : int
    warnings : tuple of Warn
    """

    cut: float
    crossings: FloatArray
    n_competent: int
    n_others: int
    warnings: tuple[Warn, ...]


@dataclass(frozen=True)
class Misclassified:
    """What each possible cut would get wrong.

    Attributes
    ----------
    cuts : ndarray, shape (n_cuts,)
        Every score that occurs, and one above the highest.
    passed_others, failed_competent : ndarray of int, shape (n_cuts,)
        Persons not judged competent who would pass, and competent ones who would fail.
    loss : ndarray, shape (n_cuts,)
        Their weighted sum.
    best : float
        Middle of the cuts with the smallest loss.
    """

    cuts: FloatArray
    passed_others: NDArray[np.intp]
    failed_competent: NDArray[np.intp]
    loss: FloatArray
    best: float


def borderline_group(scores: ArrayLike) -> Borderline:
    """Return the median score of persons whom judges call borderline.

    Parameters
    ----------
    scores : array-like, shape (n_persons,)

    Returns
    -------
    Borderline

    Raises
    ------
    ValueError
        If there is nobody or a score is not finite.

    Notes
    -----
    Zieky & Livingston (1977, Manual for Setting Standards). The error of the median is that of Maritz & Jarrett
    (1978, Journal of the American Statistical Association 73, 194–196), which asks for no form of the
    distribution.

    Examples
    --------
    >>> found = borderline_group([52, 55, 58, 58, 61, 66])
    >>> found.cut, round(found.standard_error, 2), found.n_persons
    (58.0, 2.34, 6)
    """
    values = np.sort(_scores(scores))
    size = values.size
    error = float("nan")
    if size > 1:
        half = (size + 1) / 2.0
        weight = np.diff(beta.cdf(np.arange(size + 1) / size, half, half))
        error = float(np.sqrt(weight @ values**2 - (weight @ values) ** 2))
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    notes = []
    if size < MINIMUM_BORDERLINE:
        notes.append(Warn.FEW_PERSONS)
    if size == 1:
        notes.append(Warn.NO_ERROR)
    return Borderline(float(middle), error, (float(low), float(high)), size, tuple(notes))


def contrasting_groups(
    scores: ArrayLike, competent: ArrayLike, *, cost_of_passing: float = 1.0
) -> LogisticCut:
    """Find the score at which logistic regression calls a person competent.

    Parameters
    ----------
    scores : array-like, shape (n_persons,)
    competent : array-like of bool, shape (n_persons,)
        Whom judges call competent.
    cost_of_passing : float, default 1
        How many times worse it is to pass a person who is not competent than to fail one who is.

    Returns
    -------
    LogisticCut

    Raises
    ------
    ValueError
        If the arrays do not fit or one of the groups is empty.

    Notes
    -----
    ``P(competent | score) = cost / (1 + cost)`` (Livingston & Zieky, 1982, Passing Scores; with logistic
    regression Cizek & Bunch, 2007, Standard Setting, on contrasting groups). The shares of the groups enter:
    sampling many competent persons lowers the cut. The error is by the delta method.

    Examples
    --------
    >>> scores = [40, 45, 50, 52, 55, 58, 60, 63, 66, 70]
    >>> found = contrasting_groups(scores, [0, 0, 0, 1, 0, 1, 0, 1, 1, 1])
    >>> round(found.cut, 2), found.warnings
    (56.2, (<Warn.FEW_PERSONS: 'few_persons'>,))
    """
    values, good = _two_groups(scores, competent)
    if not 0 < cost_of_passing < np.inf:
        raise ValueError("the cost must be positive")
    number = (int(good.sum()), int((~good).sum()))
    notes = [Warn.FEW_PERSONS] if min(number) < MINIMUM_BORDERLINE else []
    nothing = float("nan")
    top, bottom = float(values[~good].max()), float(values[good].min())
    if top <= bottom and values.min() < values.max():
        notes.append(Warn.SEPARATED)
        middle = (top + bottom) / 2.0
        return LogisticCut(middle, nothing, nothing, nothing, nothing, (top, bottom), *number, tuple(notes))
    found, place = np.unique(values, return_inverse=True)
    counts = np.zeros((1, found.size, 2))
    np.add.at(counts[0], (place.reshape(-1), good.astype(int)), 1.0)
    fit = fit_cumulative(counts, found[:, None])
    intercept, slope = float(fit.thresholds[0, 0]), float(fit.slopes[0, 0])
    slope_error = float(np.sqrt(fit.covariance[0, 0, 0]))
    if not fit.converged[0] or not slope > 1e-12:
        notes.append(Warn.REVERSED)
        nowhere = (nothing, nothing)
        return LogisticCut(nothing, nothing, intercept, slope, slope_error, nowhere, *number, tuple(notes))
    cut = (np.log(cost_of_passing) - intercept) / slope
    if not values.min() <= cut <= values.max():
        notes.append(Warn.OUT_OF_RANGE)
    error = _cut_error(found, counts[0].sum(axis=1), intercept, slope, cut)
    return LogisticCut(
        float(cut), error, intercept, slope, slope_error, (nothing, nothing), *number, tuple(notes)
    )


def _cut_error(scores: FloatArray, persons: FloatArray, intercept: float, slope: float, cut: float) -> float:
    """Return the standard error of the crossing, from the information about intercept and slope."""
    chance = 1.0 / (1.0 + np.exp(-(intercept + slope * scores)))
    weight = persons * chance * (1.0 - chance)
    X = np.stack([np.ones_like(scores), scores], axis=1)
    covariance = np.linalg.pinv((X * weight[:, None]).T @ X, hermitian=True, rcond=1e-14)
    slopes = -np.array([1.0, cut]) / slope
    return float(np.sqrt(slopes @ covariance @ slopes))


def distribution_crossing(
    scores: ArrayLike,
    competent: ArrayLike,
    *,
    smoothing: Smoothing | str = Smoothing.NORMAL,
    by_size: bool = False,
) -> Crossing:
    """Find where the smoothed score distributions of two groups cross.

    Parameters
    ----------
    scores : array-like, shape (n_persons,)
    competent : array-like of bool, shape (n_persons,)
        Whom judges call competent.
    smoothing : Smoothing, default normal
    by_size : bool, default False
        Whether the larger group's curve stands higher; by default both have the same area.

    Returns
    -------
    Crossing

    Raises
    ------
    ValueError
        If the arrays do not fit, or a group has fewer than two different scores.

    Notes
    -----
    Looked for between the group means only; of several crossings there the one that misclassifies fewest is taken
    (Livingston & Zieky, 1982). Kernel widths: 0.9 min(s, IQR / 1.34) n^(-1/5) (Silverman, 1986,
    Density Estimation, p. 48).

    Examples
    --------
    >>> found = distribution_crossing([40, 50, 60, 60, 70, 80], [0, 0, 0, 1, 1, 1])
    >>> round(found.cut, 6)
    60.0
    """
    values, good = _two_groups(scores, competent)
    others, masters = values[~good], values[good]
    if min(np.unique(others).size, np.unique(masters).size) < 2:
        raise ValueError("a distribution needs two different scores in each group")
    notes = [Warn.FEW_PERSONS] if min(masters.size, others.size) < MINIMUM_BORDERLINE else []
    number = (masters.size, others.size)
    if masters.mean() <= others.mean():
        return Crossing(float("nan"), np.empty(0), *number, (*notes, Warn.REVERSED))
    kind = Smoothing(smoothing)
    size = np.array(number, dtype=np.float64) if by_size else np.ones(2)
    grid = np.linspace(others.mean(), masters.mean(), GRID)
    gap = size[0] * _density(masters, grid, kind) - size[1] * _density(others, grid, kind)
    turn = np.flatnonzero((gap[:-1] < 0) != (gap[1:] < 0))
    share = gap[turn] / (gap[turn] - gap[turn + 1])
    crossings = grid[turn] + share * (grid[1] - grid[0])
    if not crossings.size:
        return Crossing(float("nan"), crossings, *number, (*notes, Warn.NO_CROSSING))
    cost = size / number
    wrong = [(masters < at).sum() * cost[0] + (others >= at).sum() * cost[1] for at in crossings]
    if crossings.size > 1:
        notes.append(Warn.SEVERAL_CROSSINGS)
    return Crossing(float(crossings[int(np.argmin(wrong))]), crossings, *number, tuple(notes))


def _density(values: FloatArray, grid: FloatArray, kind: Smoothing) -> FloatArray:
    spread = float(values.std(ddof=1))
    if kind is Smoothing.NORMAL:
        return np.asarray(norm.pdf(grid, values.mean(), spread), dtype=np.float64)
    low, high = np.quantile(values, [0.25, 0.75])
    narrow = min(spread, (high - low) / 1.34) or spread
    width = 0.9 * narrow * values.size**-0.2
    return np.asarray(gaussian_kde(values, bw_method=width / spread)(grid), dtype=np.float64)


def misclassified(scores: ArrayLike, competent: ArrayLike, *, cost_of_passing: float = 1.0) -> Misclassified:
    """Count whom each possible cut would sort otherwise than the judges.

    Parameters
    ----------
    scores, competent, cost_of_passing
        As in `contrasting_groups`.

    Returns
    -------
    Misclassified

    Raises
    ------
    ValueError
        As `contrasting_groups`.

    Examples
    --------
    >>> found = misclassified([40, 50, 60, 55, 70, 80], [0, 0, 0, 1, 1, 1])
    >>> found.loss, found.best
    (array([3., 2., 1., 2., 1., 2., 3.]), 62.5)
    """
    values, good = _two_groups(scores, competent)
    if not 0 < cost_of_passing < np.inf:
        raise ValueError("the cost must be positive")
    found = np.unique(values)
    cuts = np.append(found, found[-1] + 1.0)
    passed = (~good).sum() - np.searchsorted(np.sort(values[~good]), cuts)
    failed = np.searchsorted(np.sort(values[good]), cuts)
    loss = cost_of_passing * passed + failed
    best = cuts[np.isclose(loss, loss.min())]
    return Misclassified(
        cuts, passed.astype(np.intp), failed.astype(np.intp), loss, float((best[0] + best[-1]) / 2.0)
    )


def _scores(scores: ArrayLike) -> FloatArray:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError("scores must be a vector of finite numbers, of one person at least")
    return values


def _two_groups(scores: ArrayLike, competent: ArrayLike) -> tuple[FloatArray, NDArray[np.bool_]]:
    values, good = _scores(scores), np.asarray(competent)
    if good.shape != values.shape or not np.isin(good, [0, 1]).all():
        raise ValueError("competent must be true or false for each person")
    flags = good.astype(np.bool_)
    if flags.all() or not flags.any():
        raise ValueError("there must be persons judged competent and persons who are not")
    return values, flags
