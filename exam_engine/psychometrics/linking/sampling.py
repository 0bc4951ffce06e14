"""Where standard errors come from, and the delta method that carries them through a function."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from exam_engine.psychometrics.irt.models import FloatArray

STEP = 1e-5
"""Relative step of the central differences."""


class ErrorSource(StrEnum):
    """Where standard errors come from."""

    DELTA = "delta"
    """The delta method from sampling moments."""
    ANALYTIC = "analytic"
    """A formula for the method."""
    BOOTSTRAP = "bootstrap"
    NO_SAMPLE = "no_sample"
    """Nothing was estimated: the identity."""
    NOT_ASKED = "not_asked"
    """There is no formula for this method, or its input had no errors: use the bootstrap. All errors are NaN."""


def derivatives(function: Callable[[FloatArray], FloatArray], centre: FloatArray) -> FloatArray:
    """Return the derivatives of a function of a vector, shape (n_values, n_arguments).

    Parameters
    ----------
    function : callable
    centre : ndarray, shape (n_arguments,)

    Examples
    --------
    >>> derivatives(lambda x: np.array([x[0] ** 2, x[0] * x[1]]), np.array([1.0, 3.0])).round(6)
    array([[2., 0.],
           [3., 1.]])
    """
    columns = []
    for at, value in enumerate(centre):
        step = STEP * max(1.0, abs(value))
        up, down = centre.copy(), centre.copy()
        up[at] += step
        down[at] -= step
        columns.append((function(up) - function(down)) / (2.0 * step))
    return np.stack(columns, axis=1)


def delta_covariance(
    function: Callable[[FloatArray, FloatArray], FloatArray],
    new: tuple[FloatArray, FloatArray],
    old: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Return the covariance of a function of two independent estimates, shape (n_values, n_values).

    Parameters
    ----------
    function : callable
        Of the two vectors of estimates.
    new, old : tuple of ndarray
        Each a vector of estimates with its sampling covariance.

    Examples
    --------
    >>> one = (np.array([1.0]), np.array([[0.04]]))
    >>> delta_covariance(lambda x, y: x - y, one, one).round(6)
    array([[0.08]])
    """
    by_new = derivatives(lambda vector: function(vector, old[0]), new[0])
    by_old = derivatives(lambda vector: function(new[0], vector), old[0])
    return np.asarray(by_new @ new[1] @ by_new.T + by_old @ old[1] @ by_old.T)
