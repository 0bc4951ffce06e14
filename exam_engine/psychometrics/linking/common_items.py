"""Straight-line equating of groups that differ, through common items: Tucker, Levine, chained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.equating import Equating, EquatingMethod, EquatingWarning
from exam_engine.psychometrics.linking.frequencies import JointFrequencies
from exam_engine.psychometrics.linking.linear import straight
from exam_engine.psychometrics.linking.sample_size import DIFFERENT_GROUPS
from exam_engine.psychometrics.linking.score_moments import JointMoments, joint

WEAK_CORRELATION = 0.7
"""Below this correlation the anchor explains less than half of the form's variance."""

Sample = JointFrequencies | JointMoments
Gamma = Callable[[FloatArray], float]


@dataclass(frozen=True)
class SyntheticMoments:
    """What a linear method supposes about both forms in the synthetic population.

    Attributes
    ----------
    gamma_new, gamma_old : float
        Marks of the form for a mark of the anchor, in either group.
    mean_new, mean_old, sd_new, sd_old : float
        Of the new and the old form, in marks.
    """

    gamma_new: float
    gamma_old: float
    mean_new: float
    mean_old: float
    sd_new: float
    sd_old: float


def tucker(new: Sample, old: Sample, *, weight_new: float | None = None) -> Equating:
    """Equate linearly under Tucker's assumptions.

    Parameters
    ----------
    new, old : JointFrequencies or JointMoments
        Scores of form and anchor in the group that took either form. The anchor's items count in the form's
        score (internal) or not (external); Tucker's method is the same for both.
    weight_new : float, optional
        Share of the new group in the synthetic population, from 0 to 1; by default in proportion to the samples.

    Returns
    -------
    Equating

    Notes
    -----
    The regression of form on anchor, and the variance about it, are taken to be the same in both groups:
    ``γ = σ(X, V) / σ²(V)``, from which mean and variance in the synthetic population follow (Kolen & Brennan, 2014,
    chapter 4; Gulliksen, 1950, Theory of Mental Tests, 299–301). Errors by the delta method (Kolen, 1985, Applied
    Psychological Measurement 9, 209–223).

    Raises
    ------
    ValueError
        If the weight is not from 0 to 1, or nothing varies.

    Examples
    --------
    >>> facts = dict(n=1000, highest=40, sd=6.0, anchor_sd=2.0, covariance=9.0)
    >>> new = JointMoments.normal(mean=20.0, anchor_mean=6.0, **facts)
    >>> old = JointMoments.normal(mean=22.0, anchor_mean=6.4, **facts)
    >>> found = tucker(new, old, weight_new=1.0)
    >>> round(found.slope, 4), round(found.intercept, 4)
    (1.0, 1.1)
    """
    return _synthetic_line(EquatingMethod.TUCKER, new, old, weight_new, _gamma_tucker)


def levine_observed(
    new: Sample, old: Sample, *, internal: bool = True, weight_new: float | None = None
) -> Equating:
    """Equate observed scores linearly under Levine's assumptions.

    Parameters
    ----------
    new, old : JointFrequencies or JointMoments
        Scores of form and anchor in the group that took either form.
    internal : bool, default True
        Whether the anchor's items count in the form's score.
    weight_new : float, optional
        Share of the new group in the synthetic population, from 0 to 1; by default in proportion to the samples.

    Returns
    -------
    Equating

    Notes
    -----
    True scores of form and anchor are taken to be linearly related, in the same way in both groups, and error variances
    to be the same; under the congeneric model ``γ = σ²(X) / σ(X, V)`` for an internal and ``γ = (σ²(X) + σ(X, V)) /
    (σ²(V) + σ(X, V))`` for an external anchor (Kolen & Brennan, 2014, chapter 4; Levine, 1955, ETS RB-55-23). Errors
    by the delta method.

    Raises
    ------
    ValueError
        If the weight is not from 0 to 1, nothing varies, or a variance in the synthetic population comes out negative.

    Examples
    --------
    >>> facts = dict(n=1000, highest=40, sd=6.0, anchor_sd=2.0, covariance=9.0)
    >>> new = JointMoments.normal(mean=20.0, anchor_mean=6.0, **facts)
    >>> old = JointMoments.normal(mean=22.0, anchor_mean=6.4, **facts)
    >>> found = levine_observed(new, old, weight_new=1.0)
    >>> round(found.slope, 4), round(found.intercept, 4)
    (1.0, 0.4)
    """
    return _synthetic_line(EquatingMethod.LEVINE_OBSERVED, new, old, weight_new, _gamma_levine(internal))


def levine_true(new: Sample, old: Sample, *, internal: bool = True) -> Equating:
    """Equate true scores linearly under Levine's assumptions, and apply the line to observed scores.

    Parameters
    ----------
    new, old : JointFrequencies or JointMoments
        Scores of form and anchor in the group that took either form.
    internal : bool, default True
        Whether the anchor's items count in the form's score.

    Returns
    -------
    Equating

    Notes
    -----
    ``y = (γ_Y / γ_X) (x - μ(X)) + μ(Y) + γ_Y (μ_new(V) - μ_old(V))`` with the γ of `levine_observed`; no synthetic
    population enters (Kolen & Brennan, 2014, chapter 4). Under the congeneric model observed scores so equated have
    first-order equity (Hanson, 1991, Journal of Educational Statistics 16, 93–100).

    Examples
    --------
    >>> facts = dict(n=1000, highest=40, sd=6.0, anchor_sd=2.0, covariance=9.0)
    >>> new = JointMoments.normal(mean=20.0, anchor_mean=6.0, **facts)
    >>> old = JointMoments.normal(mean=22.0, anchor_mean=6.4, **facts)
    >>> round(levine_true(new, old).intercept, 4)
    0.4
    """
    first, second = joint(new), joint(old)
    gamma = _gamma_levine(internal)

    def line(x: FloatArray, y: FloatArray) -> FloatArray:
        slope = gamma(y) / gamma(x)
        return np.array([slope, y[0] + gamma(y) * (x[1] - y[1]) - slope * x[0]])

    return straight(EquatingMethod.LEVINE_TRUE, first, second, line, _warnings(first, second))


def chained_linear(new: Sample, old: Sample) -> Equating:
    """Equate the new form to the anchor in its group, and the anchor to the old form in the other.

    Parameters
    ----------
    new, old : JointFrequencies or JointMoments
        Scores of form and anchor in the group that took either form.

    Returns
    -------
    Equating

    Notes
    -----
    ``slope = [σ(Y) / σ_old(V)] / [σ(X) / σ_new(V)]`` (Kolen & Brennan, 2014, chapter 4); no synthetic population
    enters. Errors by the delta method.

    Examples
    --------
    >>> facts = dict(n=1000, highest=40, sd=6.0, anchor_sd=2.0, covariance=9.0)
    >>> new = JointMoments.normal(mean=20.0, anchor_mean=6.0, **facts)
    >>> old = JointMoments.normal(mean=22.0, anchor_mean=6.4, **facts)
    >>> round(chained_linear(new, old).intercept, 4)
    0.8
    """
    first, second = joint(new), joint(old)
    return straight(EquatingMethod.CHAINED_LINEAR, first, second, chained_line, _warnings(first, second))


def chained_line(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return slope and intercept of chained linear equating from two vectors of joint moments."""
    rate = np.sqrt(y[2] / y[3])
    slope = rate / np.sqrt(x[2] / x[3])
    return np.array([slope, y[0] + rate * (x[1] - y[1]) - slope * x[0]])


def anchor_difference(new: Sample, old: Sample) -> float:
    """Return the difference of the groups' anchor means, new less old, in pooled standard deviations.

    Examples
    --------
    >>> facts = dict(n=1000, highest=40, sd=6.0, anchor_sd=2.0, covariance=9.0)
    >>> new = JointMoments.normal(mean=20.0, anchor_mean=6.0, **facts)
    >>> old = JointMoments.normal(mean=22.0, anchor_mean=6.4, **facts)
    >>> round(anchor_difference(new, old), 4)
    -0.2
    """
    first, second = joint(new), joint(old)
    pooled = (first.n * first.anchor_variance + second.n * second.anchor_variance) / (first.n + second.n)
    return float((first.anchor_mean - second.anchor_mean) / np.sqrt(pooled))


def synthetic_moments(
    new: Sample,
    old: Sample,
    *,
    method: EquatingMethod,
    internal: bool = True,
    weight_new: float | None = None,
) -> SyntheticMoments:
    """Return what Tucker's or Levine's method supposes about the synthetic population.

    Parameters
    ----------
    new, old : JointFrequencies or JointMoments
    method : EquatingMethod
        Tucker, or Levine for observed scores.
    internal : bool, default True
        Whether the anchor's items count in the form's score (Levine).
    weight_new : float, optional
        Share of the new group; by default in proportion to the samples.

    Raises
    ------
    ValueError
        If the method knows no synthetic population.
    """
    first, second = joint(new), joint(old)
    gammas = {
        EquatingMethod.TUCKER: _gamma_tucker,
        EquatingMethod.LEVINE_OBSERVED: _gamma_levine(internal),
    }
    if method not in gammas:
        raise ValueError("only Tucker's and Levine's observed-score methods use a synthetic population")
    gamma = gammas[method]
    share = synthetic_weight(first.n, second.n, weight_new)
    x, y = first.vector, second.vector
    mean_new, variance_new, mean_old, variance_old = _mixed(x, y, gamma, share)
    return SyntheticMoments(
        gamma(x), gamma(y), mean_new, mean_old, float(np.sqrt(variance_new)), float(np.sqrt(variance_old))
    )


def synthetic_weight(n_new: float, n_old: float, weight_new: float | None) -> float:
    """Return the share of the new group, by default in proportion to the samples.

    Raises
    ------
    ValueError
        If it is not from 0 to 1.
    """
    share = n_new / (n_new + n_old) if weight_new is None else weight_new
    if not 0 <= share <= 1:
        raise ValueError("the weight of the new group must be from 0 to 1")
    return float(share)


def _synthetic_line(
    method: EquatingMethod, new: Sample, old: Sample, weight_new: float | None, gamma: Gamma
) -> Equating:
    first, second = joint(new), joint(old)
    share = synthetic_weight(first.n, second.n, weight_new)

    def line(x: FloatArray, y: FloatArray) -> FloatArray:
        mean_new, variance_new, mean_old, variance_old = _mixed(x, y, gamma, share)
        slope = np.sqrt(variance_old / variance_new)
        return np.array([slope, mean_old - slope * mean_new])

    return straight(method, first, second, line, _warnings(first, second))


def _mixed(x: FloatArray, y: FloatArray, gamma: Gamma, share: float) -> tuple[float, float, float, float]:
    """Return mean and variance of the new, then of the old form in the synthetic population."""
    apart, spread = x[1] - y[1], x[3] - y[3]
    rest = 1.0 - share
    first, second = gamma(x), gamma(y)
    both = share * rest * apart**2
    mean_new = x[0] - rest * first * apart
    mean_old = y[0] + share * second * apart
    variance_new = x[2] - rest * first**2 * spread + first**2 * both
    variance_old = y[2] + share * second**2 * spread + second**2 * both
    if not (variance_new > 0 and variance_old > 0):
        raise ValueError("the groups differ so much that a variance in the synthetic population is negative")
    return float(mean_new), float(variance_new), float(mean_old), float(variance_old)


def _gamma_tucker(moments: FloatArray) -> float:
    return float(moments[4] / moments[3])


def _gamma_levine(internal: bool) -> Gamma:
    if internal:
        return lambda moments: float(moments[2] / moments[4])
    return lambda moments: float((moments[2] + moments[4]) / (moments[3] + moments[4]))


def _warnings(new: JointMoments, old: JointMoments) -> tuple[EquatingWarning, ...]:
    found: list[EquatingWarning] = []
    if abs(anchor_difference(new, old)) >= DIFFERENT_GROUPS:
        found.append(EquatingWarning.GROUPS_DIFFER)
    if min(new.correlation, old.correlation) < WEAK_CORRELATION:
        found.append(EquatingWarning.WEAK_ANCHOR)
    return tuple(found)
