"""The lognormal model of response times: items' time parameters, persons' speed, residuals, person fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_PERSONS = 100
"""Persons below which a calibration carries a caution. With residuals of 0.5 and speeds of 0.3 on the log scale, usual
sizes, 100 persons place a time intensity within ± 12 % of seconds with 95 % confidence
(``1.96 sqrt((0.5² + 0.3²) / 100)``).
"""

MINIMUM_ITEMS = 10
"""Items a person should have answered; below, speed rests on the prior."""

LOWEST_VARIANCE = 1e-8
"""Residual variances are held above this: of times that do not vary the likelihood has no maximum."""


@dataclass(frozen=True)
class TimeModel:
    """Time parameters of items.

    ``log T ~ N(intensity - speed, 1 / discrimination²)``, speed ``~ N(0, speed_variance)``, ``T`` in seconds.

    Attributes
    ----------
    intensity, se_intensity : ndarray, shape (n_items,)
        Log seconds that a person of average speed needs.
    discrimination, se_discrimination : ndarray, shape (n_items,)
        Inverse residual standard deviation of log seconds, positive.
    speed_variance, se_speed_variance : float
        Variance of the persons' speeds, log seconds squared.
    n_responses : ndarray of int, shape (n_items,)
        Times used of each item.
    log_likelihood : float
        Marginal, of the log times.
    converged : bool
    iterations : int
    largest_change : float
        Of any parameter in the last iteration.
    cautions : tuple of Caution
    """

    intensity: FloatArray
    se_intensity: FloatArray
    discrimination: FloatArray
    se_discrimination: FloatArray
    speed_variance: float
    se_speed_variance: float
    n_responses: NDArray[np.intp]
    log_likelihood: float
    converged: bool
    iterations: int
    largest_change: float
    cautions: tuple[Caution, ...]


@dataclass(frozen=True)
class Speeds:
    """Speed of persons and how well their times fit.

    Attributes
    ----------
    speed, se : ndarray, shape (n_persons,)
        Posterior mean and standard deviation; positive is fast, in log seconds.
    speed_ml : ndarray, shape (n_persons,)
        Maximum likelihood (weighted least squares) speed; NaN for a person without times.
    residuals : ndarray, shape (n_persons, n_items)
        Standard deviations by which the log time exceeds what the person's *other* times predict: standard
        normal under the model; negative is faster. NaN where there is no time.
    fit : ndarray, shape (n_persons,)
        Sum of squared standardised residuals at ``speed_ml``: chi-squared with ``n_times - 1`` degrees of
        freedom under the model.
    fit_p_value : ndarray, shape (n_persons,)
        Chance of a fit as bad; NaN with fewer than two times.
    n_times : ndarray of int, shape (n_persons,)
    """

    speed: FloatArray
    se: FloatArray
    speed_ml: FloatArray
    residuals: FloatArray
    fit: FloatArray
    fit_p_value: FloatArray
    n_times: NDArray[np.intp]


def check_times(seconds: ArrayLike) -> FloatArray:
    """Return the matrix of seconds with NaN for every response without a time.

    Parameters
    ----------
    seconds : array-like, shape (n_persons, n_items)
        Positive; NaN or a negative value where there is no time.

    Raises
    ------
    ValueError
        If the array is not a matrix, is empty, or holds 0 or an infinite value.
    """
    try:
        matrix = np.asarray(seconds, dtype=np.float64)
    except ValueError:
        raise ValueError("seconds must be a matrix of numbers: every person one value an item") from None
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError("seconds must be a matrix with at least one person and one item")
    matrix = np.where(matrix < 0, np.nan, matrix)
    if np.any(matrix == 0) or np.any(np.isinf(matrix)):
        raise ValueError("seconds must be positive and finite; give NaN where there is no time")
    return matrix


def calibrate_times(seconds: ArrayLike, *, tolerance: float = 1e-8, max_iterations: int = 1_000) -> TimeModel:
    """Estimate the time parameters of items from the seconds that persons took.

    Parameters
    ----------
    seconds : array-like, shape (n_persons, n_items)
        Positive; NaN or negative where the item was not presented or no time was kept. Times that include a pause
        or a network failure belong out.
    tolerance : float, default 1e-8
        Converged when no parameter changes by more.
    max_iterations : int, default 1,000

    Returns
    -------
    TimeModel

    Raises
    ------
    ValueError
        If the times are not usable, an item has fewer than two, or fewer than two persons have two or more.

    Notes
    -----
    Model: van der Linden (2006, Journal of Educational and Behavioral Statistics 31, 181–204), without his
    hierarchical prior on items. Estimation is marginal maximum likelihood by EM over the normal speed, every step in
    closed form; each step moves the mean of the speeds into the intensities and the expanded variance with it (the
    parameter expansion of Liu, Rubin & Wu, 1998, Biometrika 85, 755–770). Missing times are taken as missing by
    design. Standard errors come from the expected information of the marginal normal distribution, in which means
    and variances are independent; they suppose that the model holds.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> log_time = rng.normal(4.0, 0.5, (500, 20)) - rng.normal(0.0, 0.3, (500, 1))
    >>> model = calibrate_times(np.exp(log_time))
    >>> model.converged, round(float(model.intensity.mean()), 1), round(1 / float(model.discrimination.mean()), 1)
    (True, 4.0, 0.5)
    """
    if not tolerance > 0 or max_iterations < 1:
        raise ValueError("tolerance must be positive and max_iterations at least 1")
    matrix = check_times(seconds)
    seen = ~np.isnan(matrix)
    _check_design(seen)
    mask = seen.astype(np.float64)
    y = np.where(seen, np.log(np.where(seen, matrix, 1.0)), 0.0)
    count = mask.sum(axis=0)
    beta = y.sum(axis=0) / count
    variance = np.maximum(((y - beta) ** 2 * mask).sum(axis=0) / count, LOWEST_VARIANCE)
    spread = float(0.3 * variance.mean())
    variance = np.maximum(0.7 * variance, LOWEST_VARIANCE)
    change, iterations = np.inf, 0
    while change > tolerance and iterations < max_iterations:
        iterations += 1
        mean, uncertainty = _posterior(y, mask, beta, variance, spread)
        new_beta = (y + mask * mean[:, None]).sum(axis=0) / count
        gap = (y - new_beta + mean[:, None]) ** 2 + uncertainty[:, None]
        new_variance = np.maximum((gap * mask).sum(axis=0) / count, LOWEST_VARIANCE)
        new_spread = float(np.mean(mean**2 + uncertainty) - mean.mean() ** 2)
        new_beta = new_beta - mean.mean()
        change = max(
            float(np.abs(new_beta - beta).max()),
            float(np.abs(new_variance - variance).max()),
            abs(new_spread - spread),
        )
        beta, variance, spread = new_beta, new_variance, new_spread
    cautions = _cautions(mask, variance, converged=change <= tolerance)
    se_beta, se_variance, se_spread = _standard_errors(mask, variance, spread)
    return TimeModel(
        intensity=beta,
        se_intensity=se_beta,
        discrimination=variance**-0.5,
        se_discrimination=0.5 * variance**-1.5 * se_variance,
        speed_variance=spread,
        se_speed_variance=se_spread,
        n_responses=count.astype(np.intp),
        log_likelihood=_log_likelihood(y, mask, beta, variance, spread),
        converged=change <= tolerance,
        iterations=iterations,
        largest_change=change,
        cautions=cautions,
    )


def speeds(seconds: ArrayLike, model: TimeModel) -> Speeds:
    """Return the speed of persons, the residuals of their times and the fit of each person.

    Parameters
    ----------
    seconds : array-like, shape (n_persons, n_items)
        As for `calibrate_times`, of the same or of other persons.
    model : TimeModel

    Returns
    -------
    Speeds

    Raises
    ------
    ValueError
        If the times are not usable or not of the model's items.

    Notes
    -----
    Residuals are predictive, each from the person's other times (van der Linden & Guo, 2008, Psychometrika 73,
    365–384). Fit is the chi-squared of Sinharay (2018, Journal of Educational Measurement 55, 457–476): exact for
    known item parameters since the speed is a weighted mean.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> log_time = rng.normal(4.0, 0.5, (500, 20)) - rng.normal(0.0, 0.3, (500, 1))
    >>> log_time[0, 0] -= 4.0
    >>> fit = speeds(np.exp(log_time), calibrate_times(np.exp(log_time)))
    >>> bool(fit.residuals[0, 0] < -4), bool(fit.fit_p_value[0] < 0.01)
    (True, True)
    """
    matrix = check_times(seconds)
    if matrix.shape[1] != model.intensity.size:
        raise ValueError(f"seconds must have {model.intensity.size} columns, one an item of the model")
    seen = ~np.isnan(matrix)
    mask = seen.astype(np.float64)
    y = np.where(seen, np.log(np.where(seen, matrix, 1.0)), 0.0)
    variance = model.discrimination**-2
    weight = mask / variance
    mean, uncertainty = _posterior(y, mask, model.intensity, variance, model.speed_variance)
    total, n_times = weight.sum(axis=1), seen.sum(axis=1)
    gap = (model.intensity - y) * mask
    with np.errstate(invalid="ignore", divide="ignore"):
        best = (weight * gap).sum(axis=1) / total
        precision = 1.0 / uncertainty[:, None] - weight
        others = (mean / uncertainty)[:, None] - weight * gap
        predicted = model.intensity - others / precision
        residuals = (y - predicted) / np.sqrt(variance + 1.0 / precision)
        fit = (weight * (gap - np.nan_to_num(best)[:, None]) ** 2).sum(axis=1)
        p_value = np.where(n_times > 1, chdtrc(n_times - 1.0, fit), np.nan)
    return Speeds(
        speed=mean,
        se=np.sqrt(uncertainty),
        speed_ml=best,
        residuals=np.where(seen, residuals, np.nan),
        fit=np.where(n_times > 1, fit, np.nan),
        fit_p_value=p_value,
        n_times=np.asarray(n_times, dtype=np.intp),
    )


def _check_design(seen: NDArray[np.bool_]) -> None:
    thin = np.flatnonzero(seen.sum(axis=0) < 2)
    if thin.size:
        raise ValueError(f"an item needs two times or more; too few, by position: {thin.tolist()}")
    if np.sum(seen.sum(axis=1) > 1) < 2:
        raise ValueError("at least two persons must have two times or more")


def _cautions(mask: FloatArray, variance: FloatArray, *, converged: bool) -> tuple[Caution, ...]:
    found = []
    if mask.sum(axis=0).min() < MINIMUM_PERSONS:
        found.append(Caution.FEW_PERSONS)
    if np.median(mask.sum(axis=1)) < MINIMUM_ITEMS:
        found.append(Caution.FEW_ITEMS)
    if not converged:
        found.append(Caution.NOT_CONVERGED)
    if np.any(variance <= LOWEST_VARIANCE):
        found.append(Caution.NOT_COMPUTED)
    return tuple(sorted(found))


def _posterior(
    y: FloatArray, mask: FloatArray, beta: FloatArray, variance: FloatArray, spread: float
) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of each person's speed."""
    uncertainty = 1.0 / (mask @ (1.0 / variance) + 1.0 / max(spread, LOWEST_VARIANCE))
    gain = mask @ (beta / variance) - y @ (1.0 / variance)
    return uncertainty * gain, uncertainty


def _log_likelihood(
    y: FloatArray, mask: FloatArray, beta: FloatArray, variance: FloatArray, spread: float
) -> float:
    gap = (y - beta) * mask
    mean, uncertainty = _posterior(y, mask, beta, variance, spread)
    square = (gap**2) @ (1.0 / variance) - mean**2 / uncertainty
    log_det = mask @ np.log(variance) + np.log(max(spread, LOWEST_VARIANCE)) - np.log(uncertainty)
    return -0.5 * float(np.sum(square + log_det) + mask.sum() * np.log(2.0 * np.pi))


def _standard_errors(
    mask: FloatArray, variance: FloatArray, spread: float
) -> tuple[FloatArray, FloatArray, float]:
    """Return the errors of intensities, residual variances and the variance of speed.

    Of person j the inverse covariance is ``diag(w) - v w w'`` with ``w = 1 / variance`` and ``v`` the posterior
    variance of speed; information ``Σ_j`` of it for the means and ``½ Σ_j tr(S D S D')`` for the variances.
    """
    w = 1.0 / variance
    prior = 1.0 / max(spread, LOWEST_VARIANCE)
    total = mask @ w
    v = 1.0 / (total + prior)
    shared = (mask * v[:, None]).T @ mask
    means = np.diag(mask.sum(axis=0) * w) - shared * np.outer(w, w)
    squares = ((mask * (v**2)[:, None]).T @ mask) * np.outer(w, w) ** 2
    own = w**2 * mask.sum(axis=0) - 2.0 * w**3 * (mask.T @ v) + w**4 * (mask.T @ v**2)
    np.fill_diagonal(squares, own)
    cross = w**2 * (mask.T @ (v * prior) ** 2)
    corner = float(np.sum((total * v * prior) ** 2))
    information = 0.5 * np.block([[squares, cross[:, None]], [cross[None, :], np.array([[corner]])]])
    errors = np.sqrt(np.diag(np.linalg.pinv(information)))
    return np.sqrt(np.diag(np.linalg.inv(means))), errors[:-1], float(errors[-1])
