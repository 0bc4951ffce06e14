"""Linking two calibrations through their common items."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.linking.curves import CurveFit, CurveProblem, Direction, Grid, Loss, fit_curves
from exam_engine.psychometrics.linking.moments import geometric_mean, mean_mean, mean_only, mean_sigma
from exam_engine.psychometrics.linking.parameters import (
    check_covariance,
    drawn_items,
    free_parameters,
    with_parameters,
)
from exam_engine.psychometrics.linking.sampling import delta_covariance
from exam_engine.psychometrics.linking.transformation import Transformation, unknown_covariance

MINIMUM_ANCHORS = 5
"""Anchors below which a link is advised against.

Sampling error alone would allow fewer (Wingersky & Lord, 1984, Applied Psychological Measurement 8, 347–364), but among
fewer a drifting anchor cannot be told from a shift. For content coverage Kolen and Brennan (2014, Test Equating,
Scaling, and Linking, 3rd ed., chapter 8) ask for a fifth of the test, or 20 items of a long one.
"""


class Method(StrEnum):
    """How scale and shift are found."""

    IDENTITY = "identity"
    """Nothing to find: the new calibration held the anchors fixed (fixed-parameter link)."""
    MEAN = "mean"
    """Shift only: Rasch calibrations."""
    MEAN_MEAN = "mean_mean"
    MEAN_SIGMA = "mean_sigma"
    GEOMETRIC_MEAN = "geometric_mean"
    HAEBARA = "haebara"
    STOCKING_LORD = "stocking_lord"


class LinkWarning(StrEnum):
    """What a reader of the link must know."""

    FEW_ANCHORS = "few_anchors"
    NOMINAL_PASSED_OVER = "nominal_passed_over"
    """A method of moments cannot use nominal items; the others made the link."""
    NOT_CONVERGED = "not_converged"
    OPPOSITE_SLOPES = "opposite_slopes"
    """An anchor discriminates positively in one calibration and negatively in the other: a wrong key in one of them?"""
    ASYMPTOTES_DIFFER = "asymptotes_differ"
    """Lower or upper asymptotes differ by more than 0.1: no line between the scales can mend that."""


ASYMPTOTE_LIMIT = 0.1

_MOMENTS: dict[Method, Callable[[Items, Items], tuple[float, float]]] = {
    Method.MEAN: mean_only,
    Method.MEAN_MEAN: mean_mean,
    Method.MEAN_SIGMA: mean_sigma,
    Method.GEOMETRIC_MEAN: geometric_mean,
}
_LOSSES = {Method.HAEBARA: Loss.ITEM_CURVES, Method.STOCKING_LORD: Loss.TEST_CURVE}


@dataclass(frozen=True)
class Link:
    """A new scale linked to an old one.

    Attributes
    ----------
    method : Method
    transformation : Transformation
        From new to old, with its sampling covariance where the errors of the item parameters were given.
    anchor_covariance : ndarray, shape (2, 2)
        Covariance of (scale, shift) over samples of *anchors*, by the jackknife; NaN below three anchors or where a
        method cannot do without one of them.
    n_anchors : int
    objective : float
        What the curve methods made smallest; NaN for the others.
    converged : bool
        Always true for methods in closed form.
    warnings : tuple of LinkWarning
    """

    method: Method
    transformation: Transformation
    anchor_covariance: FloatArray
    n_anchors: int
    objective: float
    converged: bool
    warnings: tuple[LinkWarning, ...]


@dataclass(frozen=True)
class Linker:
    """A method with its settings, applied to any anchors.

    Attributes
    ----------
    method : Method, default Stocking–Lord
    direction : Direction, default symmetric
        Of the curve methods.
    grid_new, grid_old : Grid, default 41 nodes from −4 to 4 with normal weights
        Where the curve methods compare, on either scale.
    """

    method: Method = Method.STOCKING_LORD
    direction: Direction = Direction.SYMMETRIC
    grid_new: Grid | None = None
    grid_old: Grid | None = None

    def fit(self, new: Items, old: Items, start: tuple[float, float] | None = None) -> CurveFit:
        """Return scale and shift of the anchors, without errors.

        From a ``start``, as in replications, curve methods end at six digits.
        """
        check_anchors(new, old)
        if self.method is Method.IDENTITY:
            return CurveFit(1.0, 0.0, np.nan, 0.0, True)
        if self.method in _MOMENTS:
            scale, shift = _MOMENTS[self.method](new, old)
            return CurveFit(scale, shift, np.nan, 0.0, True)
        if start is not None:
            return fit_curves(self.problem(new, old), start, polish=False)
        return fit_curves(self.problem(new, old), _start(new, old))

    def problem(self, new: Items, old: Items) -> CurveProblem:
        """Return what a curve method makes small."""
        on_new, on_old = self.grid_new or Grid.normal(), self.grid_old or Grid.normal()
        return CurveProblem(new, old, _LOSSES[self.method], self.direction, on_new, on_old)


def link(
    new: Items,
    old: Items,
    *,
    linker: Linker | None = None,
    covariance_new: FloatArray | None = None,
    covariance_old: FloatArray | None = None,
) -> Link:
    """Link a new calibration to an old one through their common items.

    Parameters
    ----------
    new, old : Items
        The same anchors in the same order, as calibrated on the new and on the old scale.
    linker : Linker, optional
        Method and settings; by default symmetric Stocking–Lord on 41 nodes with normal weights.
    covariance_new, covariance_old : ndarray, shape (n_parameters, n_parameters), optional
        Sampling covariance of the anchors' parameters in the order of `parameters.free_parameters`, as
        `calibrated.anchors_of` gives it; zero rows for parameters held fixed. With both the transformation has
        standard errors.

    Returns
    -------
    Link

    Notes
    -----
    Errors by the delta method: of closed forms through numerical derivatives, of curve methods through the
    implicit function theorem (Ogasawara, 2000, Economic Review (Otaru) 51, 1–23; 2001, Applied Psychological
    Measurement 25, 53–67). The two calibrations are taken as independent. The jackknife over anchors answers another
    question: how much the link depends on which items happened to be common (Haberman, Lee & Qian, 2009, ETS RR-09-39).

    Raises
    ------
    ValueError
        If the two sets are not the same items, or a method cannot use them.

    Examples
    --------
    >>> old = Items.dichotomous([1.0, 1.5, 0.8], [-1.0, 0.0, 1.0], c=0.2)
    >>> found = link(old.rescaled(0.8, 0.3), old)
    >>> round(found.transformation.scale, 6), round(found.transformation.shift, 6)
    (1.25, -0.375)
    >>> found.warnings
    (<LinkWarning.FEW_ANCHORS: 'few_anchors'>,)
    """
    chosen = linker or Linker()
    fit = chosen.fit(new, old)
    covariance = unknown_covariance()
    if chosen.method is Method.IDENTITY:
        covariance = np.zeros((2, 2))
    elif covariance_new is not None and covariance_old is not None:
        covariance = _delta(chosen, new, old, fit, covariance_new, covariance_old)
    elif covariance_new is not None or covariance_old is not None:
        raise ValueError("standard errors of a link need the covariances of both calibrations")
    return Link(
        chosen.method,
        Transformation(fit.scale, fit.shift, covariance),
        _jackknife(chosen, new, old, fit),
        len(new),
        fit.objective,
        fit.converged,
        _warnings(chosen, new, old, fit),
    )


def draw_links(
    new: Items,
    old: Items,
    *,
    rng: np.random.Generator,
    replications: int = 200,
    linker: Linker | None = None,
    covariance_new: FloatArray,
    covariance_old: FloatArray,
) -> FloatArray:
    """Return links as other samples of persons might have given them (a parametric bootstrap).

    Parameters
    ----------
    new, old : Items
        The same anchors, as calibrated on the new and on the old scale.
    rng : numpy.random.Generator
    replications : int, default 200
    linker : Linker, optional
    covariance_new, covariance_old : ndarray, shape (n_parameters, n_parameters)
        Of `parameters.free_parameters`.

    Returns
    -------
    ndarray, shape (replications, 2)
        Scale and shift of each replication.

    Examples
    --------
    >>> old = Items.dichotomous([1.0, 1.5, 0.8], [-1.0, 0.0, 1.0])
    >>> noise = np.eye(6) * 0.01
    >>> rng = np.random.default_rng(3)
    >>> draw_links(old, old, rng=rng, replications=5, covariance_new=noise, covariance_old=noise).shape
    (5, 2)
    """
    chosen = linker or Linker()
    centre = chosen.fit(new, old)
    pairs = zip(
        drawn_items(new, covariance_new, rng=rng, replications=replications),
        drawn_items(old, covariance_old, rng=rng, replications=replications),
        strict=True,
    )
    found = [chosen.fit(one, other, (centre.scale, centre.shift)) for one, other in pairs]
    return np.array([[each.scale, each.shift] for each in found]).reshape(-1, 2)


def check_anchors(new: Items, old: Items) -> None:
    """Raise ValueError unless the two sets can be the same items."""
    if len(new) != len(old):
        raise ValueError(f"anchors must be the same items: {len(new)} new ones, {len(old)} old ones")
    kinds = [(_family(model), int(top)) for model, top in zip(new.models, new.highest, strict=True)]
    others = [(_family(model), int(top)) for model, top in zip(old.models, old.highest, strict=True)]
    wrong = [at for at, (one, other) in enumerate(zip(kinds, others, strict=True)) if one != other]
    if wrong:
        raise ValueError(f"anchors differ in model or highest score, by position: {wrong}")


def _family(model: Model) -> Model:
    """Return the model of which the given one is a case, so that Rasch may meet 2PL."""
    if model in (Model.GRADED, Model.NOMINAL):
        return model
    if model in (Model.PCM, Model.GPCM):
        return Model.GPCM
    return Model.FOUR_PL


def _start(new: Items, old: Items) -> tuple[float, float]:
    """Return a first guess: mean–sigma, or else the identity."""
    try:
        scale, shift = mean_sigma(new, old)
    except ValueError:
        return 1.0, 0.0
    return float(np.clip(scale, 0.2, 5.0)), shift


def _delta(
    linker: Linker,
    new: Items,
    old: Items,
    fit: CurveFit,
    covariance_new: FloatArray,
    covariance_old: FloatArray,
) -> FloatArray:
    """Return the sampling covariance of scale and shift."""
    first = check_covariance(new, covariance_new, "covariance_new")
    second = check_covariance(old, covariance_old, "covariance_old")
    if linker.method in _LOSSES:
        point = np.array([np.log(fit.scale), fit.shift])

        def respond(one: Items, other: Items) -> FloatArray:
            return linker.problem(one, other).gradient(point)

        base = linker.problem(new, old)
        outer = -np.diag([fit.scale, 1.0]) @ np.linalg.inv(base.curvature(point))
    else:
        outer = np.eye(2)

        def respond(one: Items, other: Items) -> FloatArray:
            found = linker.fit(one, other)
            return np.array([found.scale, found.shift])

    inner = delta_covariance(
        lambda one, other: respond(with_parameters(new, one), with_parameters(old, other)),
        (free_parameters(new), first),
        (free_parameters(old), second),
    )
    return np.asarray(outer @ inner @ outer.T)


def _jackknife(linker: Linker, new: Items, old: Items, fit: CurveFit) -> FloatArray:
    """Return the covariance of scale and shift over samples of anchors."""
    size = len(new)
    if linker.method is Method.IDENTITY:
        return np.zeros((2, 2))
    if size < 3:
        return unknown_covariance()
    found = np.empty((size, 2))
    for at in range(size):
        others = np.arange(size) != at
        try:
            left = linker.fit(new.take(others), old.take(others), (fit.scale, fit.shift))
        except ValueError:
            return unknown_covariance()
        found[at] = left.scale, left.shift
    away = found - found.mean(axis=0)
    return np.asarray((size - 1) / size * away.T @ away)


def _warnings(linker: Linker, new: Items, old: Items, fit: CurveFit) -> tuple[LinkWarning, ...]:
    found: list[LinkWarning] = []
    if len(new) < MINIMUM_ANCHORS:
        found.append(LinkWarning.FEW_ANCHORS)
    if linker.method in _MOMENTS and new.is_nominal.any():
        found.append(LinkWarning.NOMINAL_PASSED_OVER)
    if not fit.converged:
        found.append(LinkWarning.NOT_CONVERGED)
    if np.any(new.a * old.a < 0):
        found.append(LinkWarning.OPPOSITE_SLOPES)
    apart = np.maximum(np.abs(new.lower - old.lower), np.abs(new.upper - old.upper))
    if np.any(apart > ASYMPTOTE_LIMIT):
        found.append(LinkWarning.ASYMPTOTES_DIFFER)
    return tuple(found)


def with_anchor_errors(link: Link) -> Link:
    """Return the link with the sampling of anchors added to its errors.

    Examples
    --------
    >>> old = Items.dichotomous([1.0, 1.5, 0.8], [-1.0, 0.0, 1.0])
    >>> new = Items.dichotomous([1.0, 1.4, 0.9], [-1.1, 0.1, 1.0])
    >>> noise = np.eye(6) * 0.01
    >>> plain = link(new, old, covariance_new=noise, covariance_old=noise)
    >>> with_anchor_errors(plain).transformation.shift_error > plain.transformation.shift_error
    True
    """
    before = link.transformation
    return replace(
        link, transformation=replace(before, covariance=before.covariance + link.anchor_covariance)
    )
