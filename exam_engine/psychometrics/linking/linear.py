"""Straight-line equating of random groups: identity, mean, linear."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.equating import Equating, EquatingMethod, EquatingWarning
from exam_engine.psychometrics.linking.frequencies import Frequencies
from exam_engine.psychometrics.linking.sample_size import is_enough
from exam_engine.psychometrics.linking.sampling import ErrorSource, delta_covariance
from exam_engine.psychometrics.linking.score_moments import JointMoments, Moments, single


def identity(*, highest_new: int, highest_old: int | None = None) -> Equating:
    """Return the equating that changes nothing: scores of the new form are read as scores of the old one.

    Parameters
    ----------
    highest_new : int
        Highest score of the new form.
    highest_old : int, optional
        Highest score of the old form; by default the same.

    Returns
    -------
    Equating
        With errors 0: nothing is estimated. Its bias is the difference in difficulty, which it leaves in.

    Examples
    --------
    >>> identity(highest_new=3).equivalents
    array([0., 1., 2., 3.])
    """
    scores = np.arange(highest_new + 1, dtype=np.float64)
    top = highest_new if highest_old is None else highest_old
    errors, source = np.zeros(scores.shape), ErrorSource.NO_SAMPLE
    return Equating(EquatingMethod.IDENTITY, scores, scores.copy(), errors, source, 1.0, 0.0, 0, 0, top, ())


def mean_equating(new: Frequencies | Moments, old: Frequencies | Moments) -> Equating:
    """Equate scores that lie equally far from the mean of their form (random groups).

    Parameters
    ----------
    new, old : Frequencies or Moments
        Scores of equivalent groups on either form.

    Returns
    -------
    Equating

    Notes
    -----
    ``y = x - μ(X) + μ(Y)``; errors by the delta method.

    Examples
    --------
    >>> new = Moments.normal(n=100, highest=10, mean=5.0, sd=2.0)
    >>> old = Moments.normal(n=100, highest=10, mean=6.0, sd=2.0)
    >>> found = mean_equating(new, old)
    >>> found.intercept, found.standard_errors[0].round(4)
    (1.0, np.float64(0.2828))
    """

    def line(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.array([1.0, y[0] - x[0]])

    return straight(EquatingMethod.MEAN, single(new), single(old), line)


def linear_equating(new: Frequencies | Moments, old: Frequencies | Moments) -> Equating:
    """Equate scores that lie equally many standard deviations from the mean of their form (random groups).

    Parameters
    ----------
    new, old : Frequencies or Moments
        Scores of equivalent groups on either form.

    Returns
    -------
    Equating

    Notes
    -----
    ``y = σ(Y)/σ(X) (x - μ(X)) + μ(Y)`` (Kolen & Brennan, 2014, chapter 2); errors by the delta method with the
    sampling covariance of mean and variance, free of any distribution for `Frequencies` (Braun & Holland, 1982, in
    Test Equating, eds. Holland & Rubin, 9–49).

    Examples
    --------
    >>> new = Moments.normal(n=100, highest=10, mean=5.0, sd=2.0)
    >>> old = Moments.normal(n=100, highest=10, mean=6.0, sd=3.0)
    >>> found = linear_equating(new, old)
    >>> found.slope, found.intercept
    (1.5, -1.5)
    """

    def line(x: FloatArray, y: FloatArray) -> FloatArray:
        slope = np.sqrt(y[1] / x[1])
        return np.array([slope, y[0] - slope * x[0]])

    return straight(EquatingMethod.LINEAR, single(new), single(old), line)


def straight(
    method: EquatingMethod,
    new: Moments | JointMoments,
    old: Moments | JointMoments,
    line: Callable[[FloatArray, FloatArray], FloatArray],
    warnings: tuple[EquatingWarning, ...] = (),
) -> Equating:
    """Return the equating of a line that is a function of the moments of both samples, with delta errors.

    Parameters
    ----------
    method : EquatingMethod
    new, old : Moments or JointMoments
    line : callable
        Slope and intercept of the two vectors of moments.
    warnings : tuple of EquatingWarning
        Others than too few persons.
    """
    slope, intercept = (float(value) for value in line(new.vector, old.vector))
    covariance = delta_covariance(line, (new.vector, new.sampling), (old.vector, old.sampling))
    scores = np.arange(new.highest + 1, dtype=np.float64)
    variance = covariance[0, 0] * scores**2 + 2.0 * covariance[0, 1] * scores + covariance[1, 1]
    few = () if is_enough(method, new.n, old.n) else (EquatingWarning.FEW_PERSONS,)
    return Equating(
        method,
        scores,
        slope * scores + intercept,
        np.sqrt(np.maximum(variance, 0.0)),
        ErrorSource.DELTA,
        slope,
        intercept,
        new.n,
        old.n,
        old.highest,
        few + warnings,
    )
