"""Links from the means and spreads of the anchors' parameters."""

from __future__ import annotations

import numpy as np

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

ROUNDING = 1e-9
"""Logits by which difficulties that are alike may differ: they come as a quotient of intercept and slope."""


def mean_mean(new: Items, old: Items) -> tuple[float, float]:
    """Return scale and shift that match mean discrimination and mean difficulty.

    Parameters
    ----------
    new, old : Items
        The same anchors, as calibrated on the new and on the old scale.

    Returns
    -------
    scale, shift : float

    Notes
    -----
    ``A = mean(a_new) / mean(a_old)``, ``B = mean(b_old) - A mean(b_new)`` (Loyd & Hoover, 1980, Journal of
    Educational Measurement 17, 179–193), with b over all steps and thresholds of items of several scores. Nominal
    items have neither and are passed over.

    Raises
    ------
    ValueError
        If the mean discriminations differ in sign, or every anchor is nominal.

    Examples
    --------
    >>> old = Items.dichotomous([1.0, 1.5], [0.0, 1.0])
    >>> mean_mean(old.rescaled(0.5, 1.0), old)
    (2.0, -2.0)
    """
    a_new, a_old, b_new, b_old = _pairs(new, old)
    return _line(float(a_new.mean() / a_old.mean()), b_new, b_old)


def geometric_mean(new: Items, old: Items) -> tuple[float, float]:
    """Return scale and shift that match the geometric mean discrimination and the mean difficulty.

    Parameters and result as of `mean_mean`.

    Notes
    -----
    ``log A = mean(log a_new - log a_old)`` (Mislevy & Bock, 1990, BILOG 3); less at the mercy of one steep item than
    `mean_mean`.

    Raises
    ------
    ValueError
        If a discrimination is not positive, or every anchor is nominal.

    Examples
    --------
    >>> old = Items.dichotomous([1.0, 1.5], [0.0, 1.0])
    >>> scale, shift = geometric_mean(old.rescaled(0.5, 1.0), old)
    >>> round(scale, 12), round(shift, 12)
    (2.0, -2.0)
    """
    a_new, a_old, b_new, b_old = _pairs(new, old)
    if np.any(a_new <= 0) or np.any(a_old <= 0):
        raise ValueError("the geometric mean needs positive discriminations: drop the anchors that have none")
    return _line(float(np.exp(np.mean(np.log(a_new) - np.log(a_old)))), b_new, b_old)


def mean_sigma(new: Items, old: Items) -> tuple[float, float]:
    """Return scale and shift that match the mean and the spread of the difficulties.

    Parameters and result as of `mean_mean`.

    Notes
    -----
    ``A = sd(b_old) / sd(b_new)`` (Marco, 1977, Journal of Educational Measurement 14, 139–160), with b over all
    steps and thresholds of items of several scores (Kim & Lee, 2006, Journal of Educational Measurement 43,
    331–355).

    Raises
    ------
    ValueError
        If the difficulties of a form are all alike, or every anchor is nominal.

    Examples
    --------
    >>> old = Items.dichotomous([1.0, 1.5], [0.0, 1.0])
    >>> mean_sigma(old.rescaled(0.5, 1.0), old)
    (2.0, -2.0)
    """
    _, _, b_new, b_old = _pairs(new, old)
    if min(b_new.std(), b_old.std()) <= ROUNDING:
        raise ValueError("mean–sigma needs anchors of different difficulty")
    return _line(float(b_old.std() / b_new.std()), b_new, b_old)


def mean_only(new: Items, old: Items) -> tuple[float, float]:
    """Return scale 1 and the shift that matches the mean difficulties: the link of Rasch calibrations.

    Parameters and result as of `mean_mean`.

    Notes
    -----
    ``B = mean(b_old - b_new)`` over all steps (Wright & Stone, 1979, Best Test Design, chapter 5).

    Examples
    --------
    >>> old = Items.dichotomous([1.0, 1.0], [0.0, 1.0])
    >>> mean_only(old.rescaled(1.0, 0.25), old)
    (1.0, -0.25)
    """
    _, _, b_new, b_old = _pairs(new, old)
    return _line(1.0, b_new, b_old)


def _line(scale: float, b_new: FloatArray, b_old: FloatArray) -> tuple[float, float]:
    if not 0 < scale < np.inf:
        raise ValueError("the mean discriminations of the two calibrations must have one sign and not be 0")
    return scale, float(b_old.mean() - scale * b_new.mean())


def _pairs(new: Items, old: Items) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return discriminations of both, then the steps of both, nominal items left out."""
    usable = ~(new.is_nominal | old.is_nominal)
    if not usable.any():
        raise ValueError("nominal items have no difficulty: link them by their curves")
    steps_new, steps_old = new.steps[usable], old.steps[usable]
    given = ~np.isnan(steps_old)
    return new.a[usable], old.a[usable], steps_new[given], steps_old[given]
