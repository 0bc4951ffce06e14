"""Correct answers to compromised items that came unusually fast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.forensics.binomial import binomial_tail
from exam_engine.psychometrics.forensics.flags import LEVEL, Caution, check_level
from exam_engine.psychometrics.forensics.preknowledge import MINIMUM_SECURE, check_marked
from exam_engine.psychometrics.forensics.response_time import TimeModel, check_times, speeds
from exam_engine.psychometrics.irt.models import FloatArray

FAST = 0.05
"""Share of honest times that counts as unusually fast."""

HERMITE_NODES = 15


@dataclass(frozen=True)
class FastAnswers:
    """Correct answers to compromised items given faster than the person's other times explain.

    Attributes
    ----------
    is_fast : ndarray of bool, shape (n_persons, n_items)
        Correct answers to compromised items faster than all but ``fast`` of the predicted times.
    n_correct, n_fast : ndarray of int, shape (n_persons,)
        Correct answers to compromised items with a time, and the fast among them.
    p_value : ndarray, shape (n_persons,)
        Chance of so many fast ones or more; NaN where the person was not tested.
    adjusted_p_value : ndarray, shape (n_persons,)
    is_flagged : ndarray of bool, shape (n_persons,)
    is_tested : ndarray of bool, shape (n_persons,)
        At least 10 times on secure items and one correct answer to a compromised one.
    level : float
    correction : Correction
    cautions : tuple of Caution
    """

    is_fast: NDArray[np.bool_]
    n_correct: NDArray[np.intp]
    n_fast: NDArray[np.intp]
    p_value: FloatArray
    adjusted_p_value: FloatArray
    is_flagged: NDArray[np.bool_]
    is_tested: NDArray[np.bool_]
    level: float
    correction: Correction
    cautions: tuple[Caution, ...]


def fast_and_correct(
    seconds: ArrayLike,
    is_correct: ArrayLike,
    model: TimeModel,
    compromised: ArrayLike,
    *,
    fast: float = FAST,
    level: float = LEVEL,
    correction: Correction | str = Correction.BONFERRONI,
) -> FastAnswers:
    """Count the correct answers to compromised items that came unusually fast.

    Parameters
    ----------
    seconds : array-like, shape (n_persons, n_items)
        Positive; NaN or negative where there is no time.
    is_correct : array-like of bool, shape (n_persons, n_items)
    model : TimeModel
    compromised : array-like of bool, shape (n_items,)
    fast : float, default 0.05
        Share of the predicted times that counts as fast, in (0, 0.5].
    level : float, default 0.05
    correction : Correction, default ``"bonferroni"``

    Returns
    -------
    FastAnswers

    Raises
    ------
    ValueError
        If the arrays do not fit together, no item or every item is compromised, or nobody can be tested.

    Notes
    -----
    The person's speed comes from the secure items. Given speed, times are independent of each other and of
    correctness (van der Linden, 2007, Psychometrika 72, 287–308), so the number of fast times among the correct
    answers is a generalised binomial, averaged over the posterior of speed by Gauss–Hermite quadrature. Where persons
    answer what they know faster even without pre-knowledge, the test flags too many: compare its rate on items
    that are surely secure.

    Examples
    --------
    >>> from exam_engine.psychometrics.forensics.response_time import calibrate_times
    >>> rng = np.random.default_rng(1)
    >>> log_time = rng.normal(4.0, 0.4, (300, 40)) - rng.normal(0.0, 0.3, (300, 1))
    >>> model = calibrate_times(np.exp(log_time))
    >>> log_time[0, :12] -= 1.0
    >>> result = fast_and_correct(np.exp(log_time), np.full((300, 40), True), model, np.arange(40) < 12)
    >>> np.flatnonzero(result.is_flagged)
    array([0])
    """
    matrix = check_times(seconds)
    right = np.asarray(is_correct)
    known = check_marked(compromised, matrix.shape[1])
    check_level(level)
    if right.shape != matrix.shape or right.dtype != np.bool_:
        raise ValueError(f"is_correct must be a boolean matrix of shape {matrix.shape}")
    if not 0.0 < fast <= 0.5:
        raise ValueError("fast must lie above 0 and not above 0.5")
    secure = speeds(np.where(known, np.nan, matrix), model)
    counted = known & right & ~np.isnan(matrix)
    tested = (secure.n_times >= MINIMUM_SECURE) & counted.any(axis=1)
    if not tested.any():
        raise ValueError(
            f"nobody has {MINIMUM_SECURE} times on secure items and a correct answer to a compromised one"
        )
    spread = np.sqrt(model.discrimination**-2 + secure.se[:, None] ** 2)
    bound = model.intensity - secure.speed[:, None] + ndtri(fast) * spread
    with np.errstate(invalid="ignore"):
        is_fast = counted & (np.log(matrix) < bound)
    n_fast = is_fast.sum(axis=1)
    p_value = np.full(len(matrix), np.nan)
    p_value[tested] = 0.0
    points, weights = np.polynomial.hermite_e.hermegauss(HERMITE_NODES)
    for point, weight in zip(points, weights / weights.sum(), strict=True):
        speed = (secure.speed + point * secure.se)[:, None]
        chance = np.where(counted, ndtr(model.discrimination * (bound - model.intensity + speed)), 0.0)
        p_value[tested] += weight * binomial_tail(chance[tested][:, known].T, n_fast[tested])
    p_value = np.minimum(p_value, 1.0)
    adjusted = adjusted_p_values(p_value, correction=correction)
    with np.errstate(invalid="ignore"):
        flagged = adjusted <= level
    return FastAnswers(
        is_fast=is_fast,
        n_correct=np.asarray(counted.sum(axis=1), dtype=np.intp),
        n_fast=np.asarray(n_fast, dtype=np.intp),
        p_value=p_value,
        adjusted_p_value=adjusted,
        is_flagged=flagged,
        is_tested=tested,
        level=level,
        correction=Correction(correction),
        cautions=() if tested.all() else (Caution.NOT_COMPUTED,),
    )
