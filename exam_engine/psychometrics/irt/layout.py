"""Where every parameter of a calibration stands in one vector, and which of them are free. Pure arrays.

Item after item in the order of the test, the parameters of an item as its family names them; then mean and log
variance of each group's ability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.families import Exponential, Family, family_of
from exam_engine.psychometrics.irt.models import FloatArray, Model

UNIT_SLOPE = frozenset({Model.RASCH, Model.PCM})
"""Models whose slopes are 1."""

LOWEST_LOGIT = -9.0
"""Asymptotes closer to 0 or 1 than about 0.0001 are held there."""


@dataclass(frozen=True)
class Layout:
    """The parameter vector.

    Attributes
    ----------
    families : tuple of Family
        Items by model and highest score.
    slots : tuple of ndarray of int, shape (n, n_parameters)
        For each family, where the parameters of its items stand in the vector.
    densities : ndarray of int, shape (n_groups, 2)
        Where mean and log variance of each group stand.
    free : ndarray of bool, shape (size,)
        Which parameters are estimated.
    item_of_slot : ndarray of int, shape (size,)
        The item of each parameter; −1 for those of the groups.
    intercept_score : ndarray of int, shape (size,)
        The score k of the intercepts ``d_k`` of exponential families, 0 for all other parameters.
    asymptote_sign : ndarray of int, shape (size,)
        1 for ``logit c``, whose bound is low, −1 for ``logit u``, 0 for all other parameters.
    n_items : int
    statistics : Statistics
        What of the responses meets the slopes of exponential families.
    columns : Columns
        Categories of the items of general families, as indicators.
    """

    families: tuple[Family, ...]
    slots: tuple[NDArray[np.intp], ...]
    densities: NDArray[np.intp]
    free: NDArray[np.bool_]
    item_of_slot: NDArray[np.intp]
    intercept_score: NDArray[np.intp]
    asymptote_sign: NDArray[np.intp]
    n_items: int
    statistics: Statistics
    columns: Columns

    @property
    def size(self) -> int:
        return int(self.free.size)

    @property
    def n_groups(self) -> int:
        return len(self.densities)

    def values(self, vector: FloatArray) -> list[FloatArray]:
        """Return the parameters of each family, shape (n, n_parameters) each."""
        return [vector[slots] for slots in self.slots]


@dataclass(frozen=True)
class Statistics:
    """The person statistics of exponential families: a score for each free slope.

    Attributes
    ----------
    slot : ndarray of int, shape (n_statistics,)
        The slope that the statistic meets.
    item : ndarray of int, shape (n_statistics,)
    score : ndarray of int, shape (n_statistics,)
        0: the statistic is the item's score; k: it is 1 where the score is k.
    unit : ndarray of int
        Items whose slope is 1: their scores enter as one sum.
    """

    slot: NDArray[np.intp]
    item: NDArray[np.intp]
    score: NDArray[np.intp]
    unit: NDArray[np.intp]


@dataclass(frozen=True)
class Columns:
    """Item of each indicator of a general family, and the score it indicates.

    The score is 0 where an item has the scores 0 and 1 only: there its score is the indicator.
    """

    item: NDArray[np.intp]
    score: NDArray[np.intp]


def lay_out(
    models: Sequence[Model],
    highest: NDArray[np.intp],
    *,
    n_groups: int = 1,
    fixed: NDArray[np.bool_] | None = None,
    free_means: NDArray[np.bool_],
    free_variances: NDArray[np.bool_],
) -> Layout:
    """Lay out the parameters of a test.

    Parameters
    ----------
    models : sequence of Model, one an item
    highest : ndarray of int, shape (n_items,)
    n_groups : int, default 1
    fixed : ndarray of bool, shape (n_items,), optional
        Items whose parameters stay as they are.
    free_means, free_variances : ndarray of bool, shape (n_groups,)
        Groups whose mean and variance of ability are estimated.
    """
    kinds: dict[tuple[Model, int], list[int]] = {}
    for position, (model, top) in enumerate(zip(models, highest.tolist(), strict=True)):
        kinds.setdefault((model, top), []).append(position)
    families = tuple(
        family_of(model, top, np.array(positions, dtype=np.intp)) for (model, top), positions in kinds.items()
    )
    widths = np.zeros(len(models), dtype=np.intp)
    for family in families:
        widths[family.positions] = family.n_parameters
    offsets = np.cumsum(widths) - widths
    slots = tuple(offsets[family.positions][:, None] + np.arange(family.n_parameters) for family in families)
    densities = int(widths.sum()) + np.arange(2 * n_groups).reshape(n_groups, 2)
    free = np.ones(int(widths.sum()) + 2 * n_groups, dtype=np.bool_)
    if fixed is not None:
        free[: int(widths.sum())] = np.repeat(~fixed, widths)
    free[densities[:, 0]], free[densities[:, 1]] = free_means, free_variances
    item = np.full(free.size, -1, dtype=np.intp)
    score = np.zeros(free.size, dtype=np.intp)
    sign = np.zeros(free.size, dtype=np.intp)
    for family, places in zip(families, slots, strict=True):
        item[places] = family.positions[:, None]
        for name, own in zip(family.names, places.T, strict=True):
            sign[own] = {"logit_c": 1, "logit_u": -1}.get(name, 0)
        if isinstance(family, Exponential):
            score[places[:, family.n_slopes :]] = np.arange(1, family.highest + 1)
    statistics, columns = _statistics(families, slots), _columns(families)
    return Layout(families, slots, densities, free, item, score, sign, len(models), statistics, columns)


def _statistics(families: Sequence[Family], slots: Sequence[NDArray[np.intp]]) -> Statistics:
    rows: list[tuple[int, int, int]] = []
    unit: list[int] = []
    for family, places in zip(families, slots, strict=True):
        if not isinstance(family, Exponential):
            continue
        if family.model in UNIT_SLOPE:
            unit.extend(family.positions.tolist())
            continue
        nominal = family.model is Model.NOMINAL
        for item, own in zip(family.positions.tolist(), places.tolist(), strict=True):
            rows.extend((own[k], item, k + 1 if nominal else 0) for k in range(family.n_slopes))
    table = np.array(sorted(rows), dtype=np.intp).reshape(-1, 3)
    return Statistics(table[:, 0], table[:, 1], table[:, 2], np.array(sorted(unit), dtype=np.intp))


def _columns(families: Sequence[Family]) -> Columns:
    pairs = sorted(
        (item, score if family.highest > 1 else 0)
        for family in families
        if not family.is_exponential
        for item in family.positions.tolist()
        for score in range(1, family.highest + 1)
    )
    table = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return Columns(table[:, 0], table[:, 1])
