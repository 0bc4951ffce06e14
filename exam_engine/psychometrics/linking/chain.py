"""Links one after the other, year upon year, and how far they have drifted from a direct one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.sampling import ErrorSource
from exam_engine.psychometrics.linking.transformation import Transformation


@dataclass(frozen=True)
class Chain:
    """Several links in a row.

    Attributes
    ----------
    cumulative : tuple of Transformation
        From the newest scale to the scale after each link; the last is `total`.
    errors_by : ErrorSource
    """

    cumulative: tuple[Transformation, ...]
    errors_by: ErrorSource

    @property
    def total(self) -> Transformation:
        """The way from the newest scale to the oldest."""
        return self.cumulative[-1]


def chain(links: Sequence[Transformation]) -> Chain:
    """Put links in a row: the first from the newest scale, the last to the oldest.

    Parameters
    ----------
    links : sequence of Transformation

    Returns
    -------
    Chain

    Notes
    -----
    ``A = A_2 A_1``, ``B = A_2 B_1 + B_2``; errors by the delta method with the links taken as independent. Neighbouring
    links share the calibration of the form between them, so this is an approximation; it is exact where each link has
    anchors of its own in that form and their errors do not covary (Battauz, 2013, Psychometrika 78, 464–480).

    Raises
    ------
    ValueError
        If there are no links.

    Examples
    --------
    >>> error = np.diag([0.0001, 0.0025])
    >>> years = chain([Transformation(1.1, 0.2, error), Transformation(0.9, -0.1, error)])
    >>> round(years.total.scale, 6), round(years.total.shift, 6), round(years.total.shift_error, 4)
    (0.99, 0.08, 0.0673)
    """
    if not links:
        raise ValueError("a chain needs at least one link")
    found = [links[0]]
    for following in links[1:]:
        found.append(found[-1].then(following))
    source = ErrorSource.DELTA if found[-1].has_errors else ErrorSource.NOT_ASKED
    return Chain(tuple(found), source)


def chain_of_draws(links: Sequence[Transformation], draws: Sequence[FloatArray]) -> Chain:
    """Put links in a row, their errors from bootstrap replications.

    Parameters
    ----------
    links : sequence of Transformation
        The first from the newest scale.
    draws : sequence of ndarray, shape (replications, 2)
        Scale and shift of each link in each replication. Where they were drawn together, as `years.draw_years` does,
        the dependence of neighbouring links is kept; `link.draw_links` draws each on its own.

    Returns
    -------
    Chain

    Raises
    ------
    ValueError
        If there are no links, or not as many replications, at least 2, of each.

    Examples
    --------
    >>> rng = np.random.default_rng(5)
    >>> draws = [rng.normal([1.1, 0.2], 0.05, (500, 2)), rng.normal([0.9, -0.1], 0.05, (500, 2))]
    >>> covariance = np.full((2, 2), np.nan)
    >>> years = chain_of_draws([Transformation(1.1, 0.2, covariance), Transformation(0.9, -0.1, covariance)], draws)
    >>> 0.06 < years.total.shift_error < 0.08
    True
    """
    plain = chain(links)
    if len(draws) != len(links) or len({len(each) for each in draws}) != 1 or len(draws[0]) < 2:
        raise ValueError("every link needs the same number of replications, at least 2")
    found = [
        Transformation(fixed.scale, fixed.shift, np.cov(drawn.T))
        for fixed, drawn in zip(plain.cumulative, cumulative_draws(draws), strict=True)
    ]
    return Chain(tuple(found), ErrorSource.BOOTSTRAP)


def cumulative_draws(draws: Sequence[FloatArray]) -> list[FloatArray]:
    """Return scale and shift from the newest scale to that after each link, in each replication.

    Parameters
    ----------
    draws : sequence of ndarray, shape (replications, 2)
        Of each link, the first from the newest scale.

    Examples
    --------
    >>> cumulative_draws([np.array([[2.0, 1.0]]), np.array([[3.0, 0.5]])])[-1]
    array([[6. , 3.5]])
    """
    found = [draws[0]]
    for each in draws[1:]:
        before = found[-1]
        found.append(np.stack([each[:, 0] * before[:, 0], each[:, 0] * before[:, 1] + each[:, 1]], axis=1))
    return found


@dataclass(frozen=True)
class ScaleDrift:
    """A chain of links against a direct one.

    Attributes
    ----------
    theta : ndarray, shape (n_points,)
        Abilities on the newest scale, in logits.
    difference : ndarray, shape (n_points,)
        Chain less direct link, in oldest logits.
    standard_error : ndarray, shape (n_points,)
        Of the difference; NaN where either link has no errors.
    p_value : ndarray, shape (n_points,)
        Two-sided, for no drift at that ability; NaN likewise.
    largest : float
        Largest absolute difference, in logits.
    has_errors : bool
        Whether errors and p-values could be computed.
    """

    theta: FloatArray
    difference: FloatArray
    standard_error: FloatArray
    p_value: FloatArray
    largest: float
    has_errors: bool


def scale_drift(
    indirect: Transformation,
    direct: Transformation,
    theta: ArrayLike,
    *,
    draws: tuple[FloatArray, FloatArray] | None = None,
) -> ScaleDrift:
    """Compare the way through a chain with the direct way between the same two scales.

    Parameters
    ----------
    indirect, direct : Transformation
        From the newest to the oldest scale: the total of a chain, and the direct link.
    theta : array-like, shape (n_points,)
        Abilities on the newest scale.
    draws : tuple of ndarray, shape (replications, 2), optional
        Replications of both that were drawn together, as `years.draw_years` does: the error of the difference is then
        theirs, dependence and all.

    Returns
    -------
    ScaleDrift

    Notes
    -----
    ``z = (A_c - A_d) θ + (B_c - B_d)`` over its standard error. Chain and direct link share the calibrations at both
    ends; without draws they are taken as independent, and the error comes out too large where the same anchors carry
    both.

    Raises
    ------
    ValueError
        If theta is no vector of finite numbers, or the draws are not pairs of two replications at least.

    Examples
    --------
    >>> error = np.diag([0.0001, 0.0025])
    >>> drift = scale_drift(Transformation(1.0, 0.3, error), Transformation(1.0, 0.1, error), [0.0])
    >>> drift.difference.round(2), drift.p_value.round(3)
    (array([0.2]), array([0.005]))
    """
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    if points.ndim != 1 or not np.isfinite(points).all():
        raise ValueError("theta must be a vector of finite numbers")
    difference = indirect.abilities(points) - direct.abilities(points)
    if draws is None:
        error = np.hypot(indirect.error_at(points), direct.error_at(points))
        known = indirect.has_errors and direct.has_errors
    else:
        if draws[0].shape != draws[1].shape or draws[0].ndim != 2 or len(draws[0]) < 2:
            raise ValueError("draws must be two tables of as many replications, at least 2")
        apart = draws[0] - draws[1]
        error = np.std(apart[:, :1] * points + apart[:, 1:], axis=0, ddof=1)
        known = True
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = np.where(difference == 0, 1.0, 2.0 * norm.sf(np.abs(difference) / error))
    if not known:
        error, p_value = np.full(points.shape, np.nan), np.full(points.shape, np.nan)
    return ScaleDrift(points, difference, error, p_value, float(np.abs(difference).max()), known)
