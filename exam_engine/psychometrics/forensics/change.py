"""Changed answers: how many went from wrong to right, and did the changed items do better than the others say?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.forensics.ability import (
    Curves,
    check_scores,
    score_moments,
    weighted_likelihood,
)
from exam_engine.psychometrics.forensics.answers import MAX_OPTIONS
from exam_engine.psychometrics.forensics.binomial import binomial_tail
from exam_engine.psychometrics.forensics.flags import LEVEL, Caution, check_level
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import check_responses

MINIMUM_KEPT = 10
"""Unchanged answers that a person's ability must rest on. Our own choice, as for secure items."""

MINIMUM_GROUP = 5
"""Persons with changes below which a group carries a caution. Our own choice."""

CONTINUITY = 0.5
HERMITE_NODES = 15
BLOCK_PERSONS = 4_096


@dataclass(frozen=True)
class ChangeCounts:
    """How each person changed answers; only items with a first and a last answer count.

    Attributes
    ----------
    n_items : ndarray of int, shape (n_persons,)
        Items with both answers.
    n_changed, wrong_to_right, right_to_wrong, wrong_to_wrong : ndarray of int, shape (n_persons,)
    is_changed : ndarray of bool, shape (n_persons, n_items)
    """

    n_items: NDArray[np.intp]
    n_changed: NDArray[np.intp]
    wrong_to_right: NDArray[np.intp]
    right_to_wrong: NDArray[np.intp]
    wrong_to_wrong: NDArray[np.intp]
    is_changed: NDArray[np.bool_]


def count_changes(first: ArrayLike, last: ArrayLike, key: ArrayLike) -> ChangeCounts:
    """Count each person's changes of answer.

    Parameters
    ----------
    first, last : array-like, shape (n_persons, n_items)
        Option chosen first and in the end; negative or NaN for none.
    key : array-like of int, shape (n_items,)
        Position of the correct option.

    Returns
    -------
    ChangeCounts

    Raises
    ------
    ValueError
        If the matrices are not usable or differ in shape.

    Examples
    --------
    >>> counts = count_changes([[0, 1, 2], [1, 1, 1]], [[1, 1, 0], [0, 1, 1]], key=[1, 1, 1])
    >>> counts.wrong_to_right, counts.right_to_wrong, counts.wrong_to_wrong
    (array([1, 0]), array([0, 1]), array([1, 0]))
    """
    begun, ended = (check_responses(part, highest=MAX_OPTIONS - 1) for part in (first, last))
    right = np.asarray(key)
    if begun.shape != ended.shape:
        raise ValueError("first and last must have the same shape")
    if right.shape != begun.shape[1:] or right.dtype.kind not in "iu":
        raise ValueError(f"key must hold {begun.shape[1]} option positions, one an item")
    both = (begun >= 0) & (ended >= 0)
    changed = both & (begun != ended)

    def count(which: NDArray[np.bool_]) -> NDArray[np.intp]:
        return np.asarray(which.sum(axis=1), dtype=np.intp)

    return ChangeCounts(
        n_items=count(both),
        n_changed=count(changed),
        wrong_to_right=count(changed & (ended == right)),
        right_to_wrong=count(changed & (begun == right)),
        wrong_to_wrong=count(changed & (begun != right) & (ended != right)),
        is_changed=changed,
    )


@dataclass(frozen=True)
class ErasureIndex:
    """The score on changed items against the ability that the unchanged ones show.

    Where ``is_tested`` is False (no change, or too few unchanged answers) every statistic is NaN.

    Attributes
    ----------
    is_tested : ndarray of bool, shape (n_persons,)
    n_changed : ndarray of int, shape (n_persons,)
    score, expected : ndarray, shape (n_persons,)
        Right answers among the changed ones, and expected.
    variance : ndarray, shape (n_persons,)
        Of score less expected.
    index : ndarray, shape (n_persons,)
        ``(score - expected - 1/2) / sqrt(variance)``.
    index_p_value : ndarray, shape (n_persons,)
        Its upper normal tail.
    p_value : ndarray, shape (n_persons,)
        Exact chance of such a score or a higher one, averaged over the error of ability.
    adjusted_p_value : ndarray, shape (n_persons,)
        ``p_value`` after the correction for the number of persons.
    is_flagged : ndarray of bool, shape (n_persons,)
    level : float
    correction : Correction
    cautions : tuple of Caution
    """

    is_tested: NDArray[np.bool_]
    n_changed: NDArray[np.intp]
    score: FloatArray
    expected: FloatArray
    variance: FloatArray
    index: FloatArray
    index_p_value: FloatArray
    p_value: FloatArray
    adjusted_p_value: FloatArray
    is_flagged: NDArray[np.bool_]
    level: float
    correction: Correction
    cautions: tuple[Caution, ...]


def erasure_index(
    items: Items,
    responses: ArrayLike,
    is_changed: ArrayLike,
    *,
    ability_error: bool = True,
    level: float = LEVEL,
    correction: Correction | str = Correction.BONFERRONI,
) -> ErasureIndex:
    """Return the erasure detection index of each person.

    Parameters
    ----------
    items : Items
        Scored 0 or 1, parameters from honest use.
    responses : array-like, shape (n_persons, n_items)
        Final answers: 1 right, 0 wrong; negative or NaN not presented.
    is_changed : array-like of bool, shape (n_persons, n_items)
        Which answers had been changed.
    ability_error : bool, default True
        Whether the error of the ability enters the variance. False gives the published index, which takes the
        ability for known.
    level : float, default 0.05
    correction : Correction, default ``"bonferroni"``
        Over the persons tested.

    Returns
    -------
    ErasureIndex

    Raises
    ------
    ValueError
        If the arrays do not fit, an item has scores above 1, or nobody changed an answer and left 10.

    Notes
    -----
    ``EDI = (x - Σ P_i(θ) - 1/2) / sqrt(Σ P_i Q_i)`` over the changed items, at the ability that the unchanged items
    show (Wollack, Cohen & Eckerly, 2015, Educational and Psychological Measurement 75, 931–953); with
    ``ability_error`` the variance gains ``(Σ P_i')² / I(θ)``. Two or three changes are too few for a normal tail:
    the flag goes by the exact generalised binomial tail, averaged over ``N(θ, 1 / I)``. The model expects on a
    changed item what it expects on any item of its difficulty; honest persons change the items that they doubt.

    Examples
    --------
    >>> items = Items.dichotomous([1.0] * 30, [0.0] * 30)
    >>> responses = np.tile([0, 0, 1], (2, 10)); responses[0, :8] = 1
    >>> changed = np.zeros((2, 30), dtype=bool); changed[:, :8] = True
    >>> erasure_index(items, responses, changed).is_flagged
    array([ True, False])
    """
    matrix = check_scores(items, responses)
    changed = np.asarray(is_changed)
    check_level(level)
    if np.any(items.highest != 1):
        raise ValueError("items must be scored 0 or 1")
    if changed.shape != matrix.shape or changed.dtype != np.bool_:
        raise ValueError(f"is_changed must be a boolean matrix of shape {matrix.shape}")
    changed = changed & (matrix >= 0)
    kept = (matrix >= 0) & ~changed
    tested = (kept.sum(axis=1) >= MINIMUM_KEPT) & changed.any(axis=1)
    if not tested.any():
        raise ValueError(f"nobody changed an answer and left {MINIMUM_KEPT} others unchanged")
    curves = Curves.of(items)
    columns = np.full((4, len(matrix)), np.nan)
    chosen = np.flatnonzero(tested)
    for start in range(0, chosen.size, BLOCK_PERSONS):
        rows = chosen[start : start + BLOCK_PERSONS]
        columns[:, rows] = _compare(curves, matrix[rows], changed[rows], ability_error=ability_error)
    score, expected, variance, p_value = columns
    index = (score - expected - CONTINUITY) / np.sqrt(variance)
    adjusted = adjusted_p_values(p_value, correction=correction)
    with np.errstate(invalid="ignore"):
        flagged = adjusted <= level
    return ErasureIndex(
        is_tested=tested,
        n_changed=np.asarray(changed.sum(axis=1), dtype=np.intp),
        score=score,
        expected=expected,
        variance=variance,
        index=index,
        index_p_value=np.asarray(ndtr(-index)),
        p_value=p_value,
        adjusted_p_value=adjusted,
        is_flagged=flagged,
        level=level,
        correction=Correction(correction),
        cautions=() if tested.all() else (Caution.NOT_COMPUTED,),
    )


@dataclass(frozen=True)
class GroupErasures:
    """The erasure detection index of rooms, classes or institutions.

    Attributes
    ----------
    groups : ndarray, shape (n_groups,)
        Labels, sorted; only groups with somebody tested.
    n_persons : ndarray of int, shape (n_groups,)
        Persons tested.
    score, expected : ndarray, shape (n_groups,)
        Right answers among the changed ones, and expected.
    index : ndarray, shape (n_groups,)
    p_value, adjusted_p_value : ndarray, shape (n_groups,)
        Upper normal tail; the same after the correction for the number of groups.
    is_flagged : ndarray of bool, shape (n_groups,)
    level : float
    correction : Correction
    cautions : tuple of Caution
        `Caution.THIN_GROUPS`: some group has fewer than 5 persons tested.
    """

    groups: NDArray[np.generic]
    n_persons: NDArray[np.intp]
    score: FloatArray
    expected: FloatArray
    index: FloatArray
    p_value: FloatArray
    adjusted_p_value: FloatArray
    is_flagged: NDArray[np.bool_]
    level: float
    correction: Correction
    cautions: tuple[Caution, ...]


def group_erasure_index(
    persons: ErasureIndex,
    group: ArrayLike,
    *,
    level: float = LEVEL,
    correction: Correction | str = Correction.BONFERRONI,
) -> GroupErasures:
    """Return the erasure detection index of each group of persons.

    Parameters
    ----------
    persons : ErasureIndex
    group : array-like, shape (n_persons,)
        Label of each person's group.
    level : float, default 0.05
    correction : Correction, default ``"bonferroni"``
        Over the groups.

    Returns
    -------
    GroupErasures

    Raises
    ------
    ValueError
        If the lengths differ.

    Notes
    -----
    ``EDI_g = (Σ (x - expected) - 1/2) / sqrt(Σ variance)`` over the persons of the group (Wollack & Eckerly, 2017, in
    Cizek & Wollack, Handbook of Quantitative Methods for Detecting Cheating on Tests, Routledge, 214–231), with
    the variance of the persons' indices: with ``ability_error`` their independent errors add.

    Examples
    --------
    >>> items = Items.dichotomous([1.0] * 30, [0.0] * 30)
    >>> responses = np.tile([0, 0, 1], (20, 10)); responses[:10, :4] = 1
    >>> changed = np.zeros((20, 30), dtype=bool); changed[:, :4] = True
    >>> result = group_erasure_index(erasure_index(items, responses, changed), ["A"] * 10 + ["B"] * 10)
    >>> result.groups.tolist(), result.is_flagged
    (['A', 'B'], array([ True, False]))
    """
    label = np.asarray(group)
    check_level(level)
    if label.shape != persons.is_tested.shape:
        raise ValueError(f"group must hold {persons.is_tested.size} labels, one a person")
    rows = persons.is_tested
    groups, member = np.unique(label[rows], return_inverse=True)
    member = member.reshape(-1)
    size = np.bincount(member, minlength=groups.size)
    score, expected, variance = (
        np.bincount(member, weights=values[rows], minlength=groups.size).astype(np.float64)
        for values in (persons.score, persons.expected, persons.variance)
    )
    index = (score - expected - CONTINUITY) / np.sqrt(variance)
    p_value = np.asarray(ndtr(-index))
    adjusted = adjusted_p_values(p_value, correction=correction)
    return GroupErasures(
        groups=groups,
        n_persons=np.asarray(size, dtype=np.intp),
        score=score,
        expected=expected,
        index=index,
        p_value=p_value,
        adjusted_p_value=adjusted,
        is_flagged=adjusted <= level,
        level=level,
        correction=Correction(correction),
        cautions=(Caution.THIN_GROUPS,) if size.min() < MINIMUM_GROUP else (),
    )


def _compare(
    curves: Curves, matrix: NDArray[np.int8], changed: NDArray[np.bool_], *, ability_error: bool
) -> FloatArray:
    """Return score, expected, variance and exact tail of the changed items of some persons."""
    theta, information = weighted_likelihood(curves, np.where(changed, np.int8(-1), matrix))
    expected, variance, rise = score_moments(curves, changed, theta)
    if ability_error:
        variance = variance + rise**2 / information
    score = np.where(changed, matrix, 0).sum(axis=1, dtype=np.int64)
    most = int(changed.sum(axis=1).max())
    order = np.argsort(~changed, axis=1, kind="stable")[:, :most]
    counts = np.take_along_axis(changed, order, axis=1)
    points, weights = np.polynomial.hermite_e.hermegauss(HERMITE_NODES if ability_error else 1)
    tail = np.zeros(score.size)
    for point, weight in zip(points, weights / weights.sum(), strict=True):
        chance = curves.items.probability(theta + point / np.sqrt(information))[:, :, 1]
        tail += weight * binomial_tail(
            np.where(counts, np.take_along_axis(chance, order, axis=1), 0.0).T, score
        )
    return np.stack([score, expected, variance, np.minimum(tail, 1.0)])
