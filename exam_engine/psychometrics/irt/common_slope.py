"""The 1PL from a Rasch solution: the same likelihood with one common slope and variance 1. Pure arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.result import Calibration


def common_slope(found: Calibration) -> Calibration:
    """Return a Rasch calibration as 1PL.

    The slope is the standard deviation of the first group, intercepts stay, and abilities are in units of that standard
    deviation; standard errors by the delta method. The covariance keeps its Rasch parameters.
    """
    slope = float(np.sqrt(found.latent_variance))
    se_slope = found.se_latent_variance / (2.0 * slope)
    known = found.covariance.size > 0 and bool(np.isfinite(found.covariance).all())
    size = found.a.size
    with_slope = _cross(found) if known else np.full_like(found.steps, np.nan)
    steps = found.steps / slope
    # step = rasch step / slope; its variance with that of the log variance, d step / d log variance = −step / 2.
    variance = found.se_steps**2 / slope**2 - steps * with_slope / slope + steps**2 * (se_slope / slope) ** 2
    b = found.b / slope
    mean_cross = np.nansum(with_slope, axis=1) / found.highest if known else np.full(size, np.nan)
    variance_b = found.se_b**2 / slope**2 - b * mean_cross / slope + b**2 * (se_slope / slope) ** 2
    highest = found.items.highest
    slopes = found.slopes * slope
    items = Items(
        (Model.ONE_PL,) * size, highest, slopes, found.intercepts, found.items.lower, found.items.upper
    )
    scale = found.latent_variance
    means, variances = found.means / slope, found.variances / scale
    mean_cross_group, variance_cross = _cross_groups(found) if known else np.full((2, means.size), np.nan)
    relative = se_slope / slope
    variance_of_means = found.se_means**2 / scale - means * mean_cross_group / slope + (means * relative) ** 2
    variance_of_logs = (found.se_variances / found.variances) ** 2 - 2.0 * variance_cross + 4.0 * relative**2
    later = np.arange(means.size) > 0
    return replace(
        found,
        model=Model.ONE_PL,
        items=items,
        a=np.full(size, slope),
        se_a=np.full(size, se_slope),
        b=b,
        se_b=np.sqrt(np.maximum(variance_b, 0.0)),
        steps=steps,
        se_steps=np.sqrt(np.maximum(variance, 0.0)),
        slopes=slopes,
        se_slopes=np.where(np.isnan(slopes), np.nan, slopes / slope * se_slope),
        means=means,
        se_means=np.where(later, np.sqrt(np.maximum(variance_of_means, 0.0)), 0.0),
        variances=variances,
        se_variances=np.where(later, variances * np.sqrt(np.maximum(variance_of_logs, 0.0)), 0.0),
        nodes=found.nodes / slope,
    )


def _cross(found: Calibration) -> FloatArray:
    """Return the covariance of each Rasch step with the log variance of the first group."""
    row = {name: place for place, name in enumerate(found.names)}
    column = np.asarray(found.covariance[:, row[-1, "log_variance"]])
    cross = np.full(found.steps.shape, np.nan)
    for item, highest in enumerate(found.highest.tolist()):
        names = ["d"] if highest == 1 else [f"d{score}" for score in range(1, highest + 1)]
        cross[item, :highest] = -np.diff([0.0, *(column[row[item, name]] for name in names)])
    return cross


def _cross_groups(found: Calibration) -> FloatArray:
    """Return the covariances of the groups' means and log variances with the log variance of the first, a row each."""
    row = {name: place for place, name in enumerate(found.names)}
    column = np.asarray(found.covariance[:, row[-1, "log_variance"]])
    groups = [-1 - group for group in range(found.means.size)]
    return np.array(
        [
            [column[row[at, name]] if (at, name) in row else 0.0 for at in groups]
            for name in ("mean", "log_variance")
        ]
    )
