"""Simulated response times: the lognormal model, with speed that may go with ability. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.models import FloatArray


@dataclass(frozen=True)
class SimulatedTimes:
    """Response times, and the truth behind them.

    Attributes
    ----------
    seconds : ndarray, shape (n_persons, n_items)
        NaN where not presented.
    intensity : ndarray, shape (n_items,)
        Time intensity beta, in log seconds.
    discrimination : ndarray, shape (n_items,)
        Alpha: 1 over the standard deviation of log seconds.
    speed : ndarray, shape (n_persons,)
        Tau, in log seconds.
    """

    seconds: FloatArray
    intensity: FloatArray
    discrimination: FloatArray
    speed: FloatArray


def draw_speed(
    theta: ArrayLike, *, rng: np.random.Generator, sd: float = 0.3, correlation: float = 0.0
) -> FloatArray:
    """Return the speed of persons, normal with mean 0.

    Parameters
    ----------
    theta : array-like, shape (n_persons,)
        Abilities; standardised here before they are correlated with speed.
    rng : numpy.random.Generator
    sd : float, default 0.3
        In log seconds, at least 0.
    correlation : float, default 0
        Of speed with ability, within [−1, 1].

    Returns
    -------
    ndarray, shape (n_persons,)

    Raises
    ------
    ValueError
        If sd or correlation is out of range.

    Examples
    --------
    >>> draw_speed([0.0, 1.0, 2.0], rng=np.random.default_rng(1), correlation=1.0).round(3)
    array([-0.367,  0.   ,  0.367])
    """
    if sd < 0 or not -1.0 <= correlation <= 1.0:
        raise ValueError("sd must be at least 0 and correlation between -1 and 1")
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    spread = points.std()
    standard = (points - points.mean()) / (spread if spread > 0 else 1.0)
    rest = np.sqrt(1.0 - correlation**2) * rng.standard_normal(points.size)
    return np.asarray(sd * (correlation * standard + rest), dtype=np.float64)


def draw_times(
    speed: ArrayLike,
    *,
    intensity: ArrayLike,
    discrimination: ArrayLike,
    rng: np.random.Generator,
    presented: NDArray[np.bool_] | None = None,
) -> SimulatedTimes:
    """Return lognormal response times.

    Parameters
    ----------
    speed : array-like, shape (n_persons,)
        Tau, in log seconds.
    intensity : array-like, shape (n_items,)
        Beta, in log seconds; ``log 60`` is an item that takes a minute at speed 0.
    discrimination : array-like, shape (n_items,)
        Alpha, positive; about 1.5 to 2.5 in operational tests.
    rng : numpy.random.Generator
    presented : ndarray of bool, shape (n_persons, n_items), optional

    Returns
    -------
    SimulatedTimes

    Raises
    ------
    ValueError
        If the shapes differ or a discrimination is not positive.

    Notes
    -----
    ``log T ~ N(beta_i - tau_p, 1 / alpha_i²)`` (van der Linden, 2006, Journal of Educational and Behavioral
    Statistics 31, 181–204).

    Examples
    --------
    >>> times = draw_times([0.0], intensity=[np.log(60)], discrimination=[1e9], rng=np.random.default_rng(1))
    >>> times.seconds.round(3)
    array([[60.]])
    """
    tau, beta, alpha = (np.atleast_1d(np.asarray(v, np.float64)) for v in (speed, intensity, discrimination))
    if tau.ndim != 1 or beta.ndim != 1 or alpha.shape != beta.shape:
        raise ValueError("speed must be a vector, intensity and discrimination vectors of one length")
    if not (np.all(alpha > 0) and np.isfinite(beta).all() and np.isfinite(tau).all()):
        raise ValueError("discrimination must be positive, intensity and speed finite")
    seconds = rng.standard_normal((tau.size, beta.size))
    seconds /= alpha
    seconds += beta
    seconds -= tau[:, None]
    np.exp(seconds, out=seconds)
    if presented is not None:
        if presented.shape != seconds.shape:
            raise ValueError(f"presented must be a mask of shape {seconds.shape}")
        seconds[~presented] = np.nan
    return SimulatedTimes(seconds, beta, alpha, tau)
