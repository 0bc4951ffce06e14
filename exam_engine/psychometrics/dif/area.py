"""Areas between the curves of two groups: Raju's tests, and differences of expected scores for any model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.dif.estimates import (
    Estimates,
    Link,
    compared_of,
    pair_warnings,
)
from exam_engine.psychometrics.dif.lord import Linked, linked_study
from exam_engine.psychometrics.dif.outcome import Favours, Reason, directions
from exam_engine.psychometrics.dif.verdict import verdict
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray


@dataclass(frozen=True, kw_only=True)
class Raju(Linked):
    """Raju's test of the area between two curves; `effect` is the signed area.

    Attributes
    ----------
    unsigned_area : ndarray, shape (n_items,)
        Area between the curves over all abilities, in logits.
    z : ndarray, shape (n_items,)
        The normal deviate whose square is `statistic`.
    """

    unsigned_area: FloatArray
    z: FloatArray


@dataclass(frozen=True)
class CurveDifference:
    """How much the expected scores of two groups differ at equal abilities; focal minus reference.

    Attributes
    ----------
    signed, unsigned : ndarray, shape (n_items,)
        Mean and mean absolute difference over the abilities, in score points.
    squared : ndarray, shape (n_items,)
        Mean squared difference (NCDIF).
    favours : tuple of Favours or None
        The direction of `signed`.
    test_signed, test_unsigned : float
        The same for the sum of all items: what remains of the differences in the test score.
    """

    signed: FloatArray
    unsigned: FloatArray
    squared: FloatArray
    favours: tuple[Favours | None, ...]
    test_signed: float
    test_unsigned: float


def raju(
    reference: Estimates,
    focal: Estimates,
    *,
    link: Link | tuple[float, float] = (1.0, 0.0),
    signed: bool = False,
    lower: ArrayLike = 0.0,
    purify: bool = False,
    max_rounds: int = 10,
    level: float = 0.05,
    adjustment: Correction = Correction.NONE,
) -> Raju:
    """Test the area between the response curves of two groups.

    Parameters
    ----------
    reference, focal : Estimates
        Columns ``("b",)`` or ``("a", "b")``.
    link, purify, max_rounds, level, adjustment
        As in `lord`.
    signed : bool, default False
        Whether areas of opposite direction cancel.
    lower : array-like, shape (n_items,) or a number, default 0
        Lower asymptotes, the same in both groups: with different ones the area is infinite.

    Returns
    -------
    Raju
        `effect` positive where the item is harder for the focal group.

    Raises
    ------
    ValueError
        If the estimates do not fit together or have other columns.

    Notes
    -----
    Signed area ``(1 - c)(b_F - b_R)``; unsigned area ``(1 - c) |H|`` with
    ``H = 2 (a_F - a_R) / (a_F a_R) · ln(1 + exp(a_F a_R (b_F - b_R) / (a_F - a_R))) - (b_F - b_R)``
    (Raju, 1988, Psychometrika 53, 495–502), and ``z = H / SE(H)`` by the delta method (Raju, 1990, Applied
    Psychological Measurement 14, 197–207). p-values are of ``|z|``; R's difR (5.1) prints ``2 (1 - Φ(z))``, which is
    above 1 for negative z.

    Examples
    --------
    >>> v = [[[0.01, 0.0], [0.0, 0.02]]]
    >>> found = raju(Estimates.of(("a", "b"), [[1.0, 0.0]], v), Estimates.of(("a", "b"), [[1.0, 0.5]], v))
    >>> found.effect, found.unsigned_area, found.z
    (array([0.5]), array([0.5]), array([2.5]))
    """
    if reference.names not in (("b",), ("a", "b")):
        raise ValueError("areas need the columns b, or a and b")
    above = 1.0 - np.broadcast_to(np.asarray(lower, dtype=np.float64), (len(reference.values),))
    if not np.all((above > 0) & (above <= 1)):
        raise ValueError("lower asymptotes must be 0 or more and below 1")

    def study(moved: Estimates, scale: float, shift: float) -> Raju:
        difference = moved.values[:, -1] - reference.values[:, -1]
        with np.errstate(invalid="ignore", divide="ignore"):
            area, error = _unsigned(reference, moved)
            signed_error = np.sqrt(reference.covariance[:, -1, -1] + moved.covariance[:, -1, -1])
            z = difference / signed_error if signed else area / error
        lost = ~np.isfinite(z)
        effect = above * difference
        base = verdict(
            labels=("reference", "focal"),
            compared=compared_of(reference, moved),
            statistic=np.where(lost, np.nan, z**2),
            df=(~lost).astype(np.intp),
            effect=effect,
            effect_error=above * signed_error,
            towards_focal=-effect,
            grade=np.full(effect.size, np.nan),
            cases=[(lost, Reason.NOT_IDENTIFIED)],
            level=level,
            adjustment=adjustment,
            warnings=pair_warnings(reference, moved),
        )
        return Raju(**vars(base), scale=scale, shift=shift, unsigned_area=above * np.abs(area), z=z)

    return linked_study(reference, focal, link, study, purify=purify, max_rounds=max_rounds)


PARALLEL = 1e-8
"""Difference of ``1/a`` below which two curves count as parallel: then ``H`` is the difference of difficulties."""


def _unsigned(reference: Estimates, focal: Estimates) -> tuple[FloatArray, FloatArray]:
    """Return H and its standard error."""
    b_r, b_f = reference.values[:, -1], focal.values[:, -1]
    difference = b_f - b_r
    if len(reference.names) == 1:
        return difference, np.sqrt(reference.covariance[:, 0, 0] + focal.covariance[:, 0, 0])
    a_r, a_f = reference.values[:, 0], focal.values[:, 0]
    gap = 1.0 / a_r - 1.0 / a_f
    parallel = np.abs(gap) < PARALLEL
    y = difference / np.where(parallel, 1.0, gap)
    soft, chance = np.logaddexp(0.0, y), expit(y)
    by_b = np.where(parallel, 1.0, 2.0 * chance - 1.0)
    bend = np.where(parallel, 0.0, 2.0 * (soft - chance * y))
    slope_f = np.stack([bend / a_f**2, by_b], axis=1)
    slope_r = np.stack([-bend / a_r**2, -by_b], axis=1)
    variance = np.einsum("na,nab,nb->n", slope_f, focal.covariance, slope_f)
    variance += np.einsum("na,nab,nb->n", slope_r, reference.covariance, slope_r)
    area = np.where(parallel, difference, 2.0 * gap * soft - difference)
    return area, np.sqrt(variance)


def curve_difference(
    reference: Items, focal: Items, *, theta: ArrayLike, weights: ArrayLike | None = None
) -> CurveDifference:
    """Compare expected scores of items calibrated in two groups, of any model.

    Parameters
    ----------
    reference, focal : Items
        The same items on one scale.
    theta : array-like, shape (n_points,)
        Abilities: those of the focal group's persons, or nodes.
    weights : array-like, shape (n_points,), optional
        Share of each ability, by default all alike. With equally spaced nodes and equal weights a mean times the
        length of the interval is the area between the curves.

    Returns
    -------
    CurveDifference

    Raises
    ------
    ValueError
        If the items do not have the same highest scores, or weights do not fit.

    Notes
    -----
    Over the focal group's abilities the mean square is NCDIF (Raju, van der Linden & Fleer, 1995, Applied
    Psychological Measurement 19, 353–368), the means are the signed and unsigned item difference in the sample
    (Meade, 2010, Journal of Applied Psychology 95, 728–743). No test goes with them: they are sizes.

    Examples
    --------
    >>> found = curve_difference(
    ...     Items.dichotomous([1.0], [0.0]), Items.dichotomous([1.0], [0.5]), theta=np.linspace(-3, 3, 61)
    ... )
    >>> found.signed.round(3), str(found.favours[0])
    (array([-0.074]), 'reference')
    """
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    share = np.ones(points.size) if weights is None else np.asarray(weights, dtype=np.float64)
    if len(reference) != len(focal) or not np.array_equal(reference.highest, focal.highest):
        raise ValueError("both groups must have the same items with the same highest scores")
    if share.shape != points.shape or not np.all(share >= 0) or not 0 < share.sum() < np.inf:
        raise ValueError("weights must be one number an ability, not negative, not all 0")
    share = share / share.sum()
    difference = focal.expected_score(points) - reference.expected_score(points)
    signed = share @ difference
    together = difference.sum(axis=1)
    return CurveDifference(
        signed=signed,
        unsigned=share @ np.abs(difference),
        squared=share @ difference**2,
        favours=directions(signed),
        test_signed=float(share @ together),
        test_unsigned=float(share @ np.abs(together)),
    )
