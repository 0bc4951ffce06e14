"""Likelihood ratio tests: does a response model fit better with item parameters of its own in each group?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.dif.design import Design, Frame
from exam_engine.psychometrics.dif.outcome import BoolArray, Dif, Reason, Warn, reasons_of
from exam_engine.psychometrics.dif.purification import MINIMUM_ANCHORS, purified
from exam_engine.psychometrics.dif.split import (
    Settings,
    calibrate_split,
    calibration_warnings,
    check_splits,
    focal_difference,
    refuse_matching,
)
from exam_engine.psychometrics.dif.verdict import verdict
from exam_engine.psychometrics.irt.calibrate import BOUND, NODES, Calibration
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.priors import Priors


@dataclass(frozen=True, kw_only=True)
class LikelihoodRatio(Dif):
    """Likelihood ratio tests; `effect` is the mean difference of expected scores, focal less reference.

    The mean is over the focal group's abilities, in score points; it comes without standard error (`effect_error` is
    NaN) and without classes.

    Attributes
    ----------
    mean, variance : float
        Ability of the focal group, the reference group having mean 0 (and variance 1 but for Rasch models), with the
        items of the anchor alike and all others free.
    log_likelihood : float
        Of that calibration.
    """

    mean: float
    variance: float
    log_likelihood: float


def likelihood_ratio(
    responses: ArrayLike,
    groups: ArrayLike,
    *,
    model: Model | str | Sequence[Model | str] = Model.TWO_PL,
    design: Design | None = None,
    priors: Priors | None = None,
    nodes: int = NODES,
    bound: float = BOUND,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> LikelihoodRatio:
    """Test each item's parameters for equality in two groups by calibrating with and without it.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, …; negative or NaN not presented.
    groups : array-like, shape (n_persons,)
        Group labels; None, NaN or empty leaves the person out.
    model : Model, str or one for each item, default 2PL
        Any model of `calibrate` but the 1PL.
    design : Design, optional
        Groups, anchor, purification, level. All items are anchors by default: each is freed in turn against all others.
        Items outside the anchor have parameters of their own throughout and are tested by making them equal.
    priors, nodes, bound, should_stop
        As in `calibrate`.
    progress : callable, optional
        Told after each calibration how many are done in this round, and of how many.

    Returns
    -------
    LikelihoodRatio

    Raises
    ------
    ValueError
        If responses, labels, model or design do not fit, or a group has fewer than 25 persons.
    CalibrationCancelled
        If `should_stop` said so.

    Notes
    -----
    ``2 (log L_free - log L_equal)``, chi-squared with as many degrees of freedom as the item has free parameters
    (Thissen, Steinberg & Wainer, 1993, in Holland & Wainer, Differential Item Functioning, 67–113). Mean and
    variance of the focal group are estimated anew in every calibration. Where a prior holds parameters (3PL) the
    distribution is only near.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> theta = rng.normal(size=1000)
    >>> group = np.repeat([0, 1], 500)
    >>> harder = np.where(group == 1, 1.2, 0.0)[:, None] * (np.arange(8) == 0)
    >>> answers = rng.random((1000, 8)) < 1 / (1 + np.exp(harder - theta[:, None]))
    >>> found = likelihood_ratio(answers, group, model="rasch")
    >>> found.flagged[0], found.df[0], str(found.favours[0])
    (np.True_, np.int64(1), 'reference')
    """
    plan = design or Design()
    refuse_matching(plan)
    frame = Frame.of(responses, groups, plan)
    settings = Settings.of(model, frame.matrix.shape[1], priors, nodes, bound, should_stop)
    bars = check_splits(frame)
    barred = np.logical_or.reduce([where for where, _ in bars])
    first = frame.first_anchor() | barred
    together = calibrate_split(frame, np.zeros_like(first), settings)

    def study(anchor: BoolArray) -> tuple[LikelihoodRatio, BoolArray]:
        found = _study(frame, anchor | barred, settings, together, bars, progress)
        return found, found.flagged

    if plan.purify:
        result, path = purified(study, first, max_rounds=plan.max_rounds)
        anchor, rounds, notes = path.anchor, path.rounds, path.warnings
    else:
        result, anchor, rounds, notes = study(first)[0], first, 0, ()
    if anchor.sum() < MINIMUM_ANCHORS and Warn.FEW_ANCHORS not in notes:
        notes = (*notes, Warn.FEW_ANCHORS)
    return replace(result, anchor=anchor, rounds=rounds, warnings=(*result.warnings, *notes))


def _study(
    frame: Frame,
    anchor: BoolArray,
    settings: Settings,
    together: Calibration,
    bars: Sequence[tuple[BoolArray, Reason]],
    progress: Callable[[int, int], None] | None,
) -> LikelihoodRatio:
    """Turn each item's equality round, from equal to free or from free to equal."""
    free = ~anchor
    base = calibrate_split(frame, free, settings, start=together)
    barred = np.array([reason is not None for reason in reasons_of(len(free), *bars)])
    statistic, df = np.full(len(free), np.nan), np.zeros(len(free), dtype=np.intp)
    effect: FloatArray = np.where(free, focal_difference(base, free), np.nan)
    lost = np.zeros(len(free), dtype=np.bool_)
    tested = np.flatnonzero(~barred)
    for done, item in enumerate(tested):
        turned = free.copy()
        turned[item] = not free[item]
        other = calibrate_split(frame, turned, settings, start=together)
        if not (base.converged and other.converged):
            lost[item] = True
        else:
            sign = 1.0 if turned[item] else -1.0
            statistic[item] = max(0.0, sign * 2.0 * (other.log_likelihood - base.log_likelihood))
            df[item] = abs(other.n_free - base.n_free)
        if turned[item]:
            effect[item] = focal_difference(other, turned)[item]
        if progress is not None:
            progress(done + 1, tested.size)
    seen = np.stack([(frame.matrix[frame.group == group] >= 0).sum(axis=0) for group in (0, 1)], axis=1)
    effect = np.where(lost | barred, np.nan, effect)
    plan = frame.design
    common = verdict(
        labels=frame.labels,
        compared=seen.astype(np.intp),
        statistic=statistic,
        df=df,
        effect=effect,
        effect_error=np.full(len(free), np.nan),
        towards_focal=effect,
        grade=np.full(len(free), np.nan),
        cases=[*bars, (lost, Reason.NOT_CONVERGED)],
        level=plan.level,
        adjustment=plan.adjustment,
        warnings=calibration_warnings(frame, settings),
    )
    return LikelihoodRatio(
        **vars(common),
        mean=float(base.means[1]),
        variance=float(base.variances[1]),
        log_likelihood=base.log_likelihood,
    )
