"""How the options of an item drew the persons: tables and curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.ctt.moments import (
    masked_correlation,
    quantile_groups,
    tail_weights,
    wilson_interval,
)
from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_IN_GROUP = 10
"""Persons below which the share in one group of a curve is only a hint: its standard error reaches
``sqrt(0.25 / 10) = 0.16``.
"""


@dataclass(frozen=True)
class OptionCurves:
    """Share of each option from the weakest group to the strongest.

    Attributes
    ----------
    n_persons : ndarray of float, shape (n_groups,)
        Persons in the group.
    mean_criterion : ndarray, shape (n_groups,)
        Their mean criterion, rising.
    share : ndarray, shape (n_groups, n_options)
        Proportion of the group that chose the option, in [0, 1].
    standard_error : ndarray, shape (n_groups, n_options)
        ``sqrt(p q / n)`` of that share.
    lower, upper : ndarray, shape (n_groups, n_options)
        Its Wilson interval.
    is_thin : bool
        Some group has fewer than `MINIMUM_IN_GROUP` persons.
    """

    n_persons: FloatArray
    mean_criterion: FloatArray
    share: FloatArray
    standard_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    is_thin: bool


@dataclass(frozen=True)
class OptionTable:
    """How the options of one item drew the persons.

    Attributes
    ----------
    count : ndarray of int, shape (n_options,)
        Persons who chose the option.
    share : ndarray, shape (n_options,)
        Proportion of those who saw the item, in [0, 1].
    share_by_group : ndarray, shape (3, n_options)
        The same within the lower 27 %, the middle and the upper 27 % by criterion; persons who tie at a border belong
        to both sides in part, so that their order does not matter.
    mean_criterion : ndarray, shape (n_options,)
        Mean criterion of those who chose it; NaN for nobody.
    point_biserial : ndarray, shape (n_options,)
        Correlation of choosing it with the criterion: positive for a key, negative for a working distractor.
    n_persons : int
        Persons who saw the item.
    """

    count: FloatArray
    share: FloatArray
    share_by_group: FloatArray
    mean_criterion: FloatArray
    point_biserial: FloatArray
    n_persons: int


def option_table(chosen: ArrayLike, criterion: ArrayLike, *, n_options: int) -> OptionTable:
    """Return how each option of a single-choice item drew the persons, weak to strong.

    Parameters
    ----------
    chosen : array-like of int, shape (n_persons,)
        Position of the option chosen, a whole number from 0; negative where the item was seen and left open.
    criterion : array-like, shape (n_persons,)
        Score to order the persons by, higher is better, finite.
    n_options : int
        Options of the item.

    Returns
    -------
    OptionTable

    Raises
    ------
    ValueError
        If the lengths differ, a criterion is not finite or an option lies outside ``0 … n_options - 1``.

    Examples
    --------
    >>> table = option_table([0, 0, 1, 1], [4.0, 3.0, 2.0, 1.0], n_options=2)
    >>> table.share, table.point_biserial.round(3)
    (array([0.5, 0.5]), array([ 0.894, -0.894]))
    """
    choice = np.asarray(chosen)
    if choice.ndim != 1:
        raise ValueError("chosen must be a vector")
    if n_options < 1 or not np.all((choice < n_options) & (choice == np.floor(choice))):
        raise ValueError(f"options are numbered 0 to {n_options - 1}")
    return picked_table(choice[:, None] == np.arange(n_options), criterion)


def picked_table(picked: ArrayLike, criterion: ArrayLike) -> OptionTable:
    """Return how each option of an item drew the persons, where a person may pick several.

    Parameters
    ----------
    picked : array-like of bool, shape (n_persons, n_options)
        Whether the person picked the option.
    criterion : array-like, shape (n_persons,)
        Score to order the persons by, higher is better, finite.

    Returns
    -------
    OptionTable

    Raises
    ------
    ValueError
        If the lengths differ, there is nobody, or a criterion is not finite.

    Examples
    --------
    >>> picked_table([[True, True], [False, True]], [2.0, 1.0]).share
    array([0.5, 1. ])
    """
    marks, score = check_picks(picked, criterion)
    upper, lower = tail_weights(score), tail_weights(-score)
    groups = np.stack([lower, 1.0 - lower - upper, upper])
    with np.errstate(invalid="ignore", divide="ignore"):
        count = marks.sum(axis=0)
        scores = np.broadcast_to(score[:, None], marks.shape)
        return OptionTable(
            count=count,
            share=count / score.size,
            share_by_group=groups @ marks / groups.sum(axis=1, keepdims=True),
            mean_criterion=(score @ marks) / count,
            point_biserial=masked_correlation(marks, scores, np.ones_like(marks)),
            n_persons=int(score.size),
        )


def option_curves(
    picked: ArrayLike, criterion: ArrayLike, *, n_groups: int = 5, level: float = 0.95
) -> OptionCurves:
    """Return the share of each option over groups of rising ability.

    Parameters
    ----------
    picked : array-like of bool, shape (n_persons, n_options)
        Whether the person picked the option.
    criterion : array-like, shape (n_persons,)
        Score to group the persons by, finite; better without the item itself, which otherwise helps its own key.
    n_groups : int, default 5
        Groups asked for, at least 2. Persons of one criterion stay together, so that groups differ in size and
        there may be fewer.
    level : float, default 0.95
        Confidence of the intervals.

    Returns
    -------
    OptionCurves

    Raises
    ------
    ValueError
        If the lengths differ, there is nobody, a criterion is not finite or ``n_groups`` is below 2.

    Notes
    -----
    A person belongs to the group of the quantile in which the middle of those with the same criterion lies.

    Examples
    --------
    >>> curves = option_curves(np.eye(2)[[1, 1, 0, 1, 0, 0]], [1, 2, 3, 4, 5, 6], n_groups=2)
    >>> curves.share.round(2), curves.n_persons, curves.is_thin
    (array([[0.33, 0.67],
           [0.67, 0.33]]), array([3., 3.]), True)
    """
    if n_groups < 2:
        raise ValueError("n_groups must be at least 2")
    marks, score = check_picks(picked, criterion)
    group = quantile_groups(score, n_groups)
    member = np.zeros((int(group.max()) + 1, score.size))
    member[group, np.arange(score.size)] = 1.0
    n = member.sum(axis=1)
    share = member @ marks / n[:, None]
    lower, upper = wilson_interval(share, n[:, None], level=level)
    return OptionCurves(
        n_persons=n,
        mean_criterion=member @ score / n,
        share=share,
        standard_error=np.sqrt(share * (1 - share) / n[:, None]),
        lower=lower,
        upper=upper,
        is_thin=bool(n.min() < MINIMUM_IN_GROUP),
    )


def check_picks(picked: ArrayLike, criterion: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return both as floats, or raise ValueError."""
    marks = np.asarray(picked, dtype=np.float64)
    score = np.asarray(criterion, dtype=np.float64)
    if marks.ndim != 2 or score.shape != (len(marks),) or not len(marks):
        raise ValueError("picked must be a matrix and criterion a vector of one length, not empty")
    if not np.all(np.isfinite(score)):
        raise ValueError("criterion must be finite")
    return marks, score
