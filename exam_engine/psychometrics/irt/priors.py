"""Prior densities of item parameters: log density, gradient, curvature. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from exam_engine.psychometrics.irt.families import Exponential
from exam_engine.psychometrics.irt.layout import Layout
from exam_engine.psychometrics.irt.models import FloatArray, Model


@dataclass(frozen=True)
class Normal:
    """A normal prior density.

    Attributes
    ----------
    mean, sd : float
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.mean) and 0.0 < self.sd < np.inf):
            raise ValueError("a prior needs a finite mean and a positive, finite standard deviation")


GUESSING = Normal(-1.4, 0.5)
"""Of logit c: the middle 95 % of c lie between 0.08 and 0.40, about the chance level of four or five options."""

SLIPPING = Normal(3.0, 0.7)
"""Of logit u: the middle 95 % of u lie between 0.83 and 0.99."""


@dataclass(frozen=True)
class Priors:
    """Prior densities, each of all items; None for none.

    Attributes
    ----------
    log_a : Normal, optional
        Of log discrimination: a lognormal prior, which keeps discriminations positive.
    b : Normal, optional
        Of the difficulty of items scored 0 or 1 with a slope of their own, ``b = −d / a``; of Rasch items ``b = −d``.
        It falls without end where the slope nears 0, so that there may be a maximum on either side of it.
    logit_c : Normal, default mean −1.4 and standard deviation 0.5
        Of the logit of the lower asymptote of 3PL and 4PL items. Without it the likelihood of a 3PL often has no
        interior maximum; take None to do without.
    logit_u : Normal, default mean 3 and standard deviation 0.7
        Of the logit of the upper asymptote of 4PL items.
    """

    log_a: Normal | None = None
    b: Normal | None = None
    logit_c: Normal | None = field(default=GUESSING)
    logit_u: Normal | None = field(default=SLIPPING)


NONE = Priors(logit_c=None, logit_u=None)
"""No prior at all: maximum likelihood."""


@dataclass(frozen=True)
class PriorState:
    """Log density of the priors at a parameter vector, with gradient and minus the Hessian of each item.

    Attributes
    ----------
    by_item : list of ndarray, shape (n,), one a family
        Log density of each item, 0 for fixed ones.
    gradient : ndarray, shape (size,)
    curvature : list of ndarray, shape (n, n_parameters, n_parameters), one a family
    """

    by_item: list[FloatArray]
    gradient: FloatArray
    curvature: list[FloatArray]

    @property
    def log_density(self) -> float:
        return float(sum(values.sum() for values in self.by_item))


def evaluate(priors: Priors, layout: Layout, vector: FloatArray) -> PriorState:
    """Return the priors at a parameter vector; fixed items are left out."""
    by_item, gradient, curvature = [], np.zeros(layout.size), []
    for family, slots, values in zip(layout.families, layout.slots, layout.values(vector), strict=True):
        n, p = values.shape
        slope, bend, log_density = np.zeros((n, p)), np.zeros((n, p, p)), np.zeros(n)
        if priors.log_a is not None and "a" in family.names:
            log_density += _log_slope(priors.log_a, values[:, 0], slope, bend)
        if priors.b is not None and family.highest == 1 and family.model is not Model.NOMINAL:
            unit = isinstance(family, Exponential) and family.n_slopes == 0
            log_density += _difficulty(priors.b, values, slope, bend, unit=unit)
        for name, prior in (("logit_c", priors.logit_c), ("logit_u", priors.logit_u)):
            if prior is not None and name in family.names:
                at = family.names.index(name)
                apart = values[:, at] - prior.mean
                log_density += _normal(prior, apart)
                slope[:, at] -= apart / prior.sd**2
                bend[:, at, at] += 1.0 / prior.sd**2
        free = layout.free[slots[:, 0]]
        by_item.append(np.where(free, log_density, 0.0))
        gradient[slots] = slope * free[:, None]
        curvature.append(bend * free[:, None, None])
    return PriorState(by_item, gradient, curvature)


def _normal(prior: Normal, apart: FloatArray) -> FloatArray:
    return np.asarray(-0.5 * (apart / prior.sd) ** 2 - np.log(prior.sd * np.sqrt(2.0 * np.pi)))


def _log_slope(prior: Normal, a: FloatArray, slope: FloatArray, bend: FloatArray) -> FloatArray:
    """Add a lognormal prior of the slope; −inf where it is not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.log(a) - prior.mean
        weight = apart / prior.sd**2
        slope[:, 0] -= (weight + 1.0) / a
        bend[:, 0, 0] += (1.0 / prior.sd**2 - weight - 1.0) / a**2
        return np.where(a > 0, _normal(prior, apart) - np.log(a), -np.inf)


def _difficulty(
    prior: Normal, values: FloatArray, slope: FloatArray, bend: FloatArray, *, unit: bool
) -> FloatArray:
    """Add a normal prior of ``b = −d / a``."""
    precision = 1.0 / prior.sd**2
    if unit:
        apart = -values[:, 0] - prior.mean
        slope[:, 0] += apart * precision
        bend[:, 0, 0] += precision
        return _normal(prior, apart)
    # At a slope of exactly 0, where no difficulty is, the prior is all but nothing: an item may pass but not stay.
    a, d = np.where(values[:, 0] == 0.0, 1e-9, values[:, 0]), values[:, 1]
    b = -d / a
    apart = b - prior.mean
    first = np.stack([-b / a, -1.0 / a], axis=1)
    slope[:, :2] -= precision * apart[:, None] * first
    bend[:, :2, :2] += precision * first[:, :, None] * first[:, None]
    bend[:, 0, 0] += precision * apart * 2.0 * b / a**2
    bend[:, 0, 1] += precision * apart / a**2
    bend[:, 1, 0] += precision * apart / a**2
    return _normal(prior, apart)
