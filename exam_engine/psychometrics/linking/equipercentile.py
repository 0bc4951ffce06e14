"""Equipercentile equating: scores of the same percentile rank."""

from __future__ import annotations

import numpy as np

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.common_items import synthetic_weight
from exam_engine.psychometrics.linking.equating import Equating, EquatingMethod, EquatingWarning, curve
from exam_engine.psychometrics.linking.frequencies import Frequencies, JointFrequencies
from exam_engine.psychometrics.linking.sample_size import MINIMUM_PERSONS, is_enough
from exam_engine.psychometrics.linking.sampling import ErrorSource


def equipercentile(new: Frequencies, old: Frequencies) -> Equating:
    """Equate scores of the same percentile rank (random groups).

    Parameters
    ----------
    new, old : Frequencies
        Scores of equivalent groups on either form, as counted or presmoothed.

    Returns
    -------
    Equating
        With Lord's standard errors where both are as counted; presmoothed frequencies have none (use the bootstrap
        with the smoothing inside).

    Notes
    -----
    ``y = Q⁻¹(P(x))`` with the persons of each score spread evenly over ± 0.5; where scores of the old form that nobody
    got leave several such points, the middle of the lowest and the highest (Kolen & Brennan, 2014, chapter 2).
    Standard errors of Lord (1982, Journal of Educational Statistics 7, 165–174): ``σ² = [P(1-P)(1/n_X + 1/n_Y) -
    (G_u - P)(P - G_{u-1}) / (n_Y g_u)] / g_u²`` with the old form's cumulative share ``G`` and share ``g`` at the score
    u in whose interval y lies.

    Examples
    --------
    >>> new = Frequencies.of([0, 1, 1, 2], highest=2)
    >>> old = Frequencies.of([1, 2, 2, 3], highest=3)
    >>> equipercentile(new, old).equivalents
    array([1., 2., 3.])
    """
    equivalents = old.point(new.rank(np.arange(new.highest + 1)))
    smoothed = new.is_smoothed or old.is_smoothed
    method = EquatingMethod.SMOOTHED_EQUIPERCENTILE if smoothed else EquatingMethod.EQUIPERCENTILE
    few = () if is_enough(method, new.n, old.n) else (EquatingWarning.FEW_PERSONS,)
    if smoothed:
        return curve(method, equivalents, highest_old=old.highest, n=(new.n, old.n), warnings=few)
    errors = lord_errors(new, old)
    tails = (EquatingWarning.NO_ERRORS_IN_TAILS,) if np.isnan(errors).any() else ()
    return curve(
        method,
        equivalents,
        highest_old=old.highest,
        n=(new.n, old.n),
        standard_errors=errors,
        errors_by=ErrorSource.ANALYTIC,
        warnings=few + tails,
    )


def lord_errors(new: Frequencies, old: Frequencies) -> FloatArray:
    """Return standard errors of equipercentile equivalents, shape (K + 1,), in marks of the old form.

    NaN at scores below or above which nobody lies: the formula has nothing to estimate from there.

    Parameters
    ----------
    new, old : Frequencies
        Scores of random groups, as counted.

    Examples
    --------
    >>> counts = np.full(11, 100.0)
    >>> lord_errors(Frequencies(counts), Frequencies(counts))[5].round(3)
    np.float64(0.229)
    """
    rank = new.rank(np.arange(new.highest + 1))
    total = np.cumsum(old.probability)
    at = np.clip(np.searchsorted(total, rank, side="right"), 0, old.highest)
    share, upto = old.probability[at], total[at]
    before = upto - share
    with np.errstate(divide="ignore", invalid="ignore"):
        within = (upto - rank) * (rank - before) / (old.n * share)
        variance = (rank * (1.0 - rank) * (1.0 / new.n + 1.0 / old.n) - within) / share**2
    known = (rank > 0) & (rank < 1) & (share > 0)
    return np.where(known, np.sqrt(np.maximum(np.where(known, variance, 0.0), 0.0)), np.nan)


def frequency_estimation(
    new: JointFrequencies, old: JointFrequencies, *, weight_new: float | None = None
) -> Equating:
    """Equate by percentile ranks in a synthetic population, estimated through the anchor.

    Parameters
    ----------
    new, old : JointFrequencies
        Scores of form and anchor in the group that took either form, as counted or presmoothed.
    weight_new : float, optional
        Share of the new group in the synthetic population, from 0 to 1; by default in proportion to the samples.

    Returns
    -------
    Equating
        Standard errors by bootstrap only.

    Notes
    -----
    The distribution of the form at each anchor score is taken to be the same in both groups (Angoff, 1971; Braun &
    Holland, 1982; Kolen & Brennan, 2014, chapter 5): ``f_s(x) = w f_new(x) + (1 - w) Σ_v f_new(x | v) h_old(v)``.
    Anchor scores that the group with the form never got carry no such distribution: they are left out, and the
    warning says so; presmoothing avoids them.

    Raises
    ------
    ValueError
        If the anchors differ in length, or the groups share no anchor score.

    Examples
    --------
    >>> new = JointFrequencies(np.array([[4.0, 1.0], [2.0, 3.0], [1.0, 4.0]]))
    >>> old = JointFrequencies(np.array([[2.0, 1.0], [2.0, 2.0], [1.0, 5.0]]))
    >>> frequency_estimation(new, old).equivalents.round(3)
    array([0.151, 1.269, 2.108])
    """
    share = synthetic_weight(new.n, old.n, weight_new)
    first, second, unseen = _synthetic(new, old, share)
    return _through_anchor(EquatingMethod.FREQUENCY_ESTIMATION, first, second, new, old, unseen)


def synthetic_frequencies(
    new: JointFrequencies, old: JointFrequencies, *, weight_new: float | None = None
) -> tuple[Frequencies, Frequencies]:
    """Return the distributions of the new and the old form in the synthetic population, as shares.

    Parameters
    ----------
    new, old : JointFrequencies
    weight_new : float, optional
        Share of the new group; by default in proportion to the samples.

    Examples
    --------
    >>> sample = JointFrequencies(np.array([[4.0, 1.0], [2.0, 3.0], [1.0, 4.0]]))
    >>> synthetic_frequencies(sample, sample)[0].probability.round(3)
    array([0.333, 0.333, 0.333])
    """
    return _synthetic(new, old, synthetic_weight(new.n, old.n, weight_new))[:2]


def chained_equipercentile(new: JointFrequencies, old: JointFrequencies) -> Equating:
    """Equate the new form to the anchor in its group, and the anchor to the old form in the other.

    Parameters
    ----------
    new, old : JointFrequencies
        Scores of form and anchor in the group that took either form, as counted or presmoothed.

    Returns
    -------
    Equating
        Standard errors by bootstrap only.

    Notes
    -----
    ``y = Q_old⁻¹(H_old(H_new⁻¹(P_new(x))))`` with the anchor's distribution functions H (Angoff, 1971, in Educational
    Measurement, 2nd ed., 583; Kolen & Brennan, 2014, chapter 5).

    Raises
    ------
    ValueError
        If the anchors differ in length.

    Examples
    --------
    >>> sample = JointFrequencies(np.array([[4.0, 1.0], [2.0, 3.0], [1.0, 4.0]]))
    >>> chained_equipercentile(sample, sample).equivalents.round(6)
    array([0., 1., 2.])
    """
    _check_anchors(new, old)
    on_anchor = new.anchor.point(new.form.rank(np.arange(new.counts.shape[0])))
    equivalents = old.form.point(old.anchor.rank(on_anchor))
    return _finished(EquatingMethod.CHAINED_EQUIPERCENTILE, equivalents, new, old, ())


def _synthetic(
    new: JointFrequencies, old: JointFrequencies, share: float
) -> tuple[Frequencies, Frequencies, bool]:
    _check_anchors(new, old)
    first, unseen_first = _projected(new, old.anchor, share)
    second, unseen_second = _projected(old, new.anchor, 1.0 - share)
    return first, second, unseen_first or unseen_second


def _projected(own: JointFrequencies, other: Frequencies, share: float) -> tuple[Frequencies, bool]:
    """Return the form's distribution where ``share`` is its own group and the rest another with its anchor scores."""
    anchor = own.anchor.counts
    seen = anchor > 0
    reach = float(other.probability[seen].sum())
    if reach <= 0:
        raise ValueError("the groups share no anchor score")
    given = own.counts[:, seen] / anchor[seen]
    there = given @ (other.probability[seen] / reach)
    mixed = share * own.form.probability + (1.0 - share) * there
    return Frequencies(mixed, own.is_smoothed), bool(share < 1 and reach < 1 - 1e-12)


def _through_anchor(
    method: EquatingMethod,
    first: Frequencies,
    second: Frequencies,
    new: JointFrequencies,
    old: JointFrequencies,
    unseen: bool,
) -> Equating:
    equivalents = second.point(first.rank(np.arange(first.highest + 1)))
    return _finished(method, equivalents, new, old, (EquatingWarning.ANCHOR_SCORES_UNSEEN,) if unseen else ())


def _finished(
    method: EquatingMethod,
    equivalents: FloatArray,
    new: JointFrequencies,
    old: JointFrequencies,
    warnings: tuple[EquatingWarning, ...],
) -> Equating:
    needed = EquatingMethod.SMOOTHED_EQUIPERCENTILE if new.is_smoothed and old.is_smoothed else method
    few = () if min(new.n, old.n) >= MINIMUM_PERSONS[needed] else (EquatingWarning.FEW_PERSONS,)
    return curve(
        method, equivalents, highest_old=old.counts.shape[0] - 1, n=(new.n, old.n), warnings=few + warnings
    )


def _check_anchors(new: JointFrequencies, old: JointFrequencies) -> None:
    if new.counts.shape[1] != old.counts.shape[1]:
        raise ValueError(
            f"the anchor must be the same: its highest score is {new.counts.shape[1] - 1} in the new group and "
            f"{old.counts.shape[1] - 1} in the old"
        )
