"""Calibrations of two groups together, some items with parameters of their own in each group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from exam_engine.psychometrics.dif.area import curve_difference
from exam_engine.psychometrics.dif.design import Criterion, Design, Frame
from exam_engine.psychometrics.dif.outcome import BoolArray, Reason, Warn
from exam_engine.psychometrics.irt.calibrate import Calibration, ErrorMethod, calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.priors import Priors
from exam_engine.psychometrics.sample_size import MINIMUM_PERSONS


@dataclass(frozen=True)
class Settings:
    """How groups are calibrated together; as in `calibrate`."""

    models: tuple[Model, ...]
    priors: Priors | None
    nodes: int
    bound: float
    should_stop: Callable[[], bool] | None

    @classmethod
    def of(
        cls,
        model: Model | str | Sequence[Model | str],
        n_items: int,
        priors: Priors | None,
        nodes: int,
        bound: float,
        should_stop: Callable[[], bool] | None,
    ) -> Settings:
        """Give every item its model; the 1PL cannot be split, its slope being common."""
        named = [model] * n_items if isinstance(model, str) else list(model)
        models = tuple(Model(one) for one in named)
        if len(models) != n_items:
            raise ValueError("model must be one for all items or one for each")
        if Model.ONE_PL in models:
            raise ValueError("the 1PL has one slope for all items: take rasch or 2pl")
        return cls(models, priors, nodes, bound, should_stop)


def refuse_matching(design: Design) -> None:
    """Refuse what does not go with a response model, which matches on ability itself."""
    if design.criterion is not Criterion.TOTAL or design.bands is not None:
        raise ValueError("a response model matches on ability: no matching score, no bands")


def check_splits(frame: Frame) -> list[tuple[BoolArray, Reason]]:
    """Name items that cannot have parameters of their own in each group: not seen there, or scores nobody got."""
    size = frame.matrix.shape[1]
    unseen, lacking = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
    for group in range(len(frame.labels)):
        rows = frame.matrix[frame.group == group]
        unseen |= (rows >= 0).sum(axis=0) == 0
        for score in range(int(frame.highest.max()) + 1):
            lacking |= ((rows == score).sum(axis=0) == 0) & (score <= frame.highest)
    return [(unseen, Reason.NO_MATCH), (lacking, Reason.SCORES_LACKING)]


def calibration_warnings(frame: Frame, settings: Settings) -> tuple[Warn, ...]:
    """Warn of groups smaller than the models ask for."""
    needed = max(MINIMUM_PERSONS[model] for model in settings.models)
    return (Warn.SMALL_CALIBRATION,) if frame.persons.min() < needed else ()


def calibrate_split(
    frame: Frame,
    split: BoolArray,
    settings: Settings,
    *,
    errors: ErrorMethod = ErrorMethod.NONE,
    start: Calibration | None = None,
) -> Calibration:
    """Calibrate both groups together, the items in ``split`` with parameters of their own in each.

    Parameters
    ----------
    frame : Frame
    split : ndarray of bool, shape (n_items,)
    settings : Settings
    errors : ErrorMethod, default none
    start : Calibration, optional
        A calibration of all items together to start from.

    Returns
    -------
    Calibration
        Items in their order, split ones with the reference group's parameters; behind them the split ones again
        with the focal group's.
    """
    apart = np.flatnonzero(split)
    matrix = np.concatenate([frame.matrix, frame.matrix[:, apart]], axis=1)
    matrix[np.ix_(frame.group == 1, apart)] = -1
    matrix[np.ix_(frame.group == 0, frame.matrix.shape[1] + np.arange(apart.size))] = -1
    order = np.concatenate([np.arange(len(split)), apart])
    begin = start and replace(start, items=start.items.take(order))
    return calibrate(
        matrix,
        model=[settings.models[item] for item in order],
        groups=frame.group,
        priors=settings.priors,
        errors=errors,
        start=begin,
        nodes=settings.nodes,
        bound=settings.bound,
        should_stop=settings.should_stop,
    )


def both_groups(found: Calibration, split: BoolArray) -> tuple[Items, Items]:
    """Return the items of the reference and of the focal group of a split calibration."""
    size = split.size
    own = np.arange(size)
    own[split] = size + np.arange(int(split.sum()))
    return found.items.take(np.arange(size)), found.items.take(own)


def focal_difference(found: Calibration, split: BoolArray) -> FloatArray:
    """Return the mean difference of expected scores, focal less reference, over the focal group's abilities."""
    reference, focal = both_groups(found, split)
    return curve_difference(reference, focal, theta=found.nodes, weights=found.density[1]).signed
