"""Wald tests of one calibration of both groups, held on one scale by anchor items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.dif.design import Design, Frame
from exam_engine.psychometrics.dif.estimates import Estimates
from exam_engine.psychometrics.dif.lord import quadratic
from exam_engine.psychometrics.dif.outcome import BoolArray, Dif, Reason, Warn
from exam_engine.psychometrics.dif.purification import MINIMUM_ANCHORS
from exam_engine.psychometrics.dif.split import (
    Settings,
    calibrate_split,
    calibration_warnings,
    check_splits,
    focal_difference,
    refuse_matching,
)
from exam_engine.psychometrics.dif.verdict import verdict
from exam_engine.psychometrics.irt.calibrate import BOUND, NODES, Calibration, ErrorMethod
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.priors import Priors


@dataclass(frozen=True, kw_only=True)
class Concurrent(Dif):
    """Wald tests; `effect` is the mean difference of expected scores, focal less reference.

    The mean is over the focal group's abilities, in score points; without standard error and classes.

    Attributes
    ----------
    differences : ndarray, shape (n_items, n_parameters)
        Parameters of the focal group less those of the reference group, as they are estimated: slope, intercepts,
        logits of asymptotes; NaN for anchors and beyond an item's parameters.
    mean, variance : float
        Ability of the focal group.
    """

    differences: FloatArray
    mean: float
    variance: float


def concurrent_wald(
    responses: ArrayLike,
    groups: ArrayLike,
    *,
    model: Model | str | Sequence[Model | str] = Model.TWO_PL,
    design: Design,
    priors: Priors | None = None,
    nodes: int = NODES,
    bound: float = BOUND,
    should_stop: Callable[[], bool] | None = None,
) -> Concurrent:
    """Test the parameters of all items but the anchors at once.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, …; negative or NaN not presented.
    groups : array-like, shape (n_persons,)
        Group labels; None, NaN or empty leaves the person out.
    model : Model, str or one for each item, default 2PL
        Any model of `calibrate` but the 1PL.
    design : Design
        Groups, level, and the anchor: items known to function alike, found before by another method for example.
    priors, nodes, bound, should_stop
        As in `calibrate`.

    Returns
    -------
    Concurrent

    Raises
    ------
    ValueError
        If responses, labels, model or design do not fit, no anchor is named or purification is asked for, or a group
        has fewer than 25 persons.
    CalibrationCancelled
        If `should_stop` said so.

    Notes
    -----
    ``d' V⁻¹ d`` with the covariance of the differences from the one calibration, so that the error of the scale is
    counted (Langer, 2008, dissertation, University of North Carolina; Woods, Cai & Wang, 2013, Educational and
    Psychological Measurement 73, 532–547). One calibration serves all items, where likelihood ratios need one each.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> theta = rng.normal(size=1000)
    >>> group = np.repeat([0, 1], 500)
    >>> harder = np.where(group == 1, 1.2, 0.0)[:, None] * (np.arange(8) == 0)
    >>> answers = rng.random((1000, 8)) < 1 / (1 + np.exp(harder - theta[:, None]))
    >>> found = concurrent_wald(answers, group, model="rasch", design=Design(anchor=np.arange(8) > 1))
    >>> found.flagged[:2], [str(reason) for reason in found.reasons[2:4]]
    (array([ True, False]), ['anchor', 'anchor'])
    """
    refuse_matching(design)
    if design.anchor is None or design.purify:
        raise ValueError("name the anchor items; to find them, purify the likelihood ratio or another method")
    frame = Frame.of(responses, groups, design)
    settings = Settings.of(model, frame.matrix.shape[1], priors, nodes, bound, should_stop)
    bars = check_splits(frame)
    barred = np.logical_or.reduce([where for where, _ in bars])
    anchor = frame.first_anchor() | barred
    free = ~anchor
    found = calibrate_split(frame, free, settings, errors=ErrorMethod.OBSERVED)
    difference, covariance = _differences(found, free)
    statistic, df = quadratic(difference, covariance)
    tested = free & found.converged
    effect = np.where(tested, focal_difference(found, free), np.nan)
    seen = np.stack([(frame.matrix[frame.group == group] >= 0).sum(axis=0) for group in (0, 1)], axis=1)
    notes = list(calibration_warnings(frame, settings))
    if anchor.sum() < MINIMUM_ANCHORS:
        notes.append(Warn.FEW_ANCHORS)
    base = verdict(
        labels=frame.labels,
        compared=seen.astype(np.intp),
        statistic=np.where(tested, statistic, np.nan),
        df=np.where(tested, df, 0),
        effect=effect,
        effect_error=np.full(free.size, np.nan),
        towards_focal=effect,
        grade=np.full(free.size, np.nan),
        cases=[
            *bars,
            (anchor, Reason.ANCHOR),
            (~tested, Reason.NOT_CONVERGED),
            (df == 0, Reason.NOT_IDENTIFIED),
        ],
        level=design.level,
        adjustment=design.adjustment,
        warnings=notes,
    )
    wald = Concurrent(
        **vars(base), differences=difference, mean=float(found.means[1]), variance=float(found.variances[1])
    )
    return replace(wald, anchor=anchor)


def _differences(found: Calibration, free: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return focal less reference parameters of the free items and the covariance of these."""
    apart = np.flatnonzero(free)
    rows: dict[int, list[int]] = {}
    for row, (item, _) in enumerate(found.names):
        rows.setdefault(item, []).append(row)
    width = max((len(rows[item]) for item in apart.tolist()), default=1)
    difference = np.full((free.size, width), np.nan)
    covariance = np.full((free.size, width, width), np.nan)
    values = _vector(found)
    for place, item in enumerate(apart.tolist()):
        own, other = np.array(rows[item]), np.array(rows[free.size + place])
        V = found.covariance
        difference[item, : own.size] = values[other] - values[own]
        covariance[item, : own.size, : own.size] = (
            V[np.ix_(own, own)] + V[np.ix_(other, other)] - V[np.ix_(own, other)] - V[np.ix_(other, own)]
        )
    return difference, covariance


def _vector(found: Calibration) -> FloatArray:
    """Return the free parameters of a calibration in the order of its covariance."""
    return np.array([_value(found, item, name) for item, name in found.names])


def _value(found: Calibration, item: int, name: str) -> float:
    if item < 0:
        return float(found.means[-1 - item] if name == "mean" else np.log(found.variances[-1 - item]))
    if name in ("logit_c", "logit_u"):
        share = float((found.c if name == "logit_c" else found.u)[item])
        return float(np.log(share / (1.0 - share)))
    if name == "a":
        return float(found.a[item])
    table = found.intercepts if name[0] == "d" else found.slopes
    return float(table[item, int(name[1:] or 1) - 1])


def estimates_of(found: Calibration) -> Estimates:
    """Return discriminations and locations of a calibration with their covariances, for `lord` and `raju`.

    Parameters
    ----------
    found : Calibration
        Of one group, with standard errors; items of the Rasch, 2PL, partial credit or graded models.

    Returns
    -------
    Estimates
        Columns ``a`` (unless every slope is fixed to 1), ``b`` or ``b1, b2, …``.

    Raises
    ------
    ValueError
        If items have other parameters, or some slopes are fixed and others free, or an item has no parameters.

    Notes
    -----
    By the delta method from ``a`` and the intercepts.

    Examples
    --------
    >>> from exam_engine.psychometrics.irt.calibrate import calibrate
    >>> found = calibrate([[0, 0], [0, 1], [1, 0], [1, 1]], model="rasch", weights=[30, 20, 20, 30])
    >>> estimates_of(found).names, estimates_of(found).values.shape
    (('b',), (2, 1))
    """
    own: list[list[int]] = [[] for _ in found.a]
    kinds = {name.rstrip("0123456789") for item, name in found.names if item >= 0}
    for row, (item, _) in enumerate(found.names):
        if item >= 0:
            own[item].append(row)
    counts = np.array([len(rows) for rows in own]) - found.highest
    if not kinds <= {"a", "d"} or Model.NOMINAL in found.items.models or np.unique(counts).size > 1:
        raise ValueError("only discriminations, all free or all fixed, and locations can be compared")
    has_slope, width = bool(counts[0]), found.steps.shape[1]
    values = np.concatenate([found.a[:, None]] * has_slope + [found.steps], axis=1)
    covariance = np.full((*values.shape, values.shape[1]), np.nan)
    for item, rows in enumerate(own):
        m = int(found.highest[item])
        J = _to_locations(found, item, m, has_slope)
        size = len(rows)
        covariance[item, :size, :size] = J @ found.covariance[np.ix_(rows, rows)] @ J.T
    names = ("b",) if width == 1 else tuple(f"b{step + 1}" for step in range(width))
    return Estimates.of(("a",) * has_slope + names, values, covariance, n_persons=round(found.n_persons))


def _to_locations(found: Calibration, item: int, m: int, has_slope: bool) -> NDArray[np.float64]:
    """Return the derivatives of an item's slope and locations by its slope and intercepts."""
    a = found.a[item]
    jump = np.eye(m) if found.items.models[item] is Model.GRADED else np.eye(m) - np.eye(m, k=-1)
    by_intercept = np.asarray(-jump / a, dtype=np.float64)
    if not has_slope:
        return by_intercept
    J = np.zeros((m + 1, m + 1))
    J[0, 0] = 1.0
    J[1:, 0] = -found.steps[item, :m] / a
    J[1:, 1:] = by_intercept
    return J
