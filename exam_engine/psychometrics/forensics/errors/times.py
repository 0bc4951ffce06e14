"""Honest response times: false flags of person fit, fast answers and effort."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.forensics.errors.rates import (
    REPLICATIONS,
    ErrorRate,
    Progress,
    Trial,
    error_rates,
    trial_of,
)
from exam_engine.psychometrics.forensics.fast_answers import fast_and_correct
from exam_engine.psychometrics.forensics.rapid_guessing import LOW_EFFORT, effort
from exam_engine.psychometrics.forensics.response_time import TimeModel, calibrate_times, check_times, speeds
from exam_engine.psychometrics.irt.models import FloatArray


def time_errors(
    model: TimeModel,
    seconds: ArrayLike,
    *,
    rng: np.random.Generator,
    is_correct: ArrayLike | None = None,
    compromised: ArrayLike | None = None,
    level: float = 0.05,
    correction: Correction | str = Correction.BONFERRONI,
    replications: int = REPLICATIONS,
    progress: Progress | None = None,
) -> tuple[ErrorRate, ...]:
    """Return how often the indices of response times flag persons whose times obey the model.

    Parameters
    ----------
    model : TimeModel
    seconds : array-like, shape (n_persons, n_items)
        Gives which responses have a time; times are drawn anew and calibrated anew.
    rng : numpy.random.Generator
    is_correct : array-like of bool, shape (n_persons, n_items), optional
    compromised : array-like of bool, shape (n_items,), optional
        With ``is_correct``, to include fast and correct answers.
    level, correction, replications, progress
        As for `error_rates`.

    Returns
    -------
    tuple of ErrorRate
        ``person_fit``, ``residual`` (upper and lower tail) and, if asked for, ``fast_and_correct``.

    Raises
    ------
    ValueError
        If the times do not fit the model, or as `fast_and_correct`.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> seconds = np.exp(rng.normal(4.0, 0.5, (200, 20)) - rng.normal(0.0, 0.3, (200, 1)))
    >>> rates = time_errors(calibrate_times(seconds), seconds, rng=rng, replications=5)
    >>> [abs(rate.rate - 0.05) < 0.02 for rate in rates]
    [True, True]
    """
    seen = ~np.isnan(check_times(seconds))
    if seen.shape[1] != model.intensity.size:
        raise ValueError(f"seconds must have {model.intensity.size} columns, one an item of the model")

    def trial(rng: np.random.Generator) -> Mapping[str, Trial]:
        drawn = _draw_times(model, seen, rng)
        fitted = calibrate_times(drawn)
        persons = speeds(drawn, fitted)
        tail = 2.0 * _upper(np.abs(persons.residuals[seen]))
        result = {"person_fit": trial_of(persons.fit_p_value), "residual": trial_of(tail)}
        if is_correct is not None and compromised is not None:
            fast = fast_and_correct(drawn, is_correct, fitted, compromised)
            result["fast_and_correct"] = trial_of(fast.p_value)
        return result

    return error_rates(
        trial, rng=rng, replications=replications, level=level, correction=correction, progress=progress
    )


def effort_errors(
    model: TimeModel,
    seconds: ArrayLike,
    thresholds: ArrayLike,
    *,
    rng: np.random.Generator,
    limit: float = LOW_EFFORT,
    replications: int = REPLICATIONS,
    progress: Progress | None = None,
) -> tuple[ErrorRate, ...]:
    """Return how often persons who worked on every item fall below the limit of effort.

    Parameters
    ----------
    model : TimeModel
        Of working persons.
    seconds : array-like, shape (n_persons, n_items)
        Gives which responses have a time.
    thresholds : array-like, shape (n_items,)
        In seconds.
    rng : numpy.random.Generator
    limit : float, default 0.90
    replications, progress
        As for `error_rates`.

    Returns
    -------
    tuple of ErrorRate
        ``effort``; as the limit is no level, only ``flag_rate``, ``room_rate`` and its interval have a meaning.

    Raises
    ------
    ValueError
        As `effort`.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> seconds = np.exp(rng.normal(4.0, 0.5, (200, 20)))
    >>> effort_errors(calibrate_times(seconds), seconds, [5.0] * 20, rng=rng, replications=5)[0].flag_rate
    0.0
    """
    seen = ~np.isnan(check_times(seconds))

    def trial(rng: np.random.Generator) -> Mapping[str, Trial]:
        persons = effort(_draw_times(model, seen, rng), thresholds, limit=limit)
        return {"effort": trial_of(np.where(np.isnan(persons.effort), np.nan, ~persons.is_flagged))}

    return error_rates(
        trial, rng=rng, replications=replications, correction=Correction.NONE, progress=progress
    )


def _draw_times(model: TimeModel, seen: NDArray[np.bool_], rng: np.random.Generator) -> FloatArray:
    """Return seconds drawn from the model, NaN where there was no time."""
    speed = rng.normal(0.0, np.sqrt(model.speed_variance), (len(seen), 1))
    log_time = model.intensity - speed + rng.standard_normal(seen.shape) / model.discrimination
    return np.where(seen, np.exp(log_time), np.nan)


def _upper(z: FloatArray) -> FloatArray:
    return np.asarray(ndtr(-z), dtype=np.float64)
