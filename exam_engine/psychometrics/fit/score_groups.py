"""Observed and expected scores of an item in each group of persons with the same sum score. Pure arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.prior import Prior
from exam_engine.psychometrics.irt.scoring.sum_scores import add_items


@dataclass(frozen=True)
class ScoreTable:
    """An item in the groups of a sum score.

    Attributes
    ----------
    item : int
        Position of the item.
    score : ndarray of int, shape (n_groups,)
        Sum scores that leave every score of the item possible; the first and the last group also hold those
        beyond, where some scores of the item are impossible. All wrong and all right are left out: there the item's
        score is certain.
    observed, expected : ndarray, shape (n_groups, highest + 1)
        Persons with each score of the item.
    """

    item: int
    score: NDArray[np.intp]
    observed: FloatArray
    expected: FloatArray


def score_tables(x: NDArray[np.int8], items: Items, prior: Prior) -> Iterator[ScoreTable]:
    """Yield the table of each item, in no particular order.

    Parameters
    ----------
    x : ndarray of int8, shape (n_persons, n_items)
        Complete answers.
    items : Items
    prior : Prior
        Density of ability.

    Notes
    -----
    ``P(x_i = k | s) = ∫ P_k f*(s − k | theta) g / Σ_h ∫ P_h f*(s − h | theta) g`` with ``f*`` the distribution of
    the sum over the other items (Orlando & Thissen, 2000, Applied Psychological Measurement 24, 50–64). The sums
    without each item come from halving the test again and again, so that nothing is ever divided out.
    """
    chance = items.probability(prior.nodes)
    chances = [chance[:, item, : top + 1].T.copy() for item, top in enumerate(items.highest)]
    total = x.sum(axis=1, dtype=np.int64)
    highest = int(items.highest.sum())
    for item, rest in _without_each(np.arange(len(items)), prior.weights[None], chances):
        top = int(items.highest[item])
        joint = np.zeros((highest + 1, top + 1))
        for score in range(top + 1):
            joint[score : score + len(rest), score] = rest @ chances[item][score]
        share = joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
        counts = np.bincount(total * (top + 1) + x[:, item], minlength=(highest + 1) * (top + 1))
        observed = counts.reshape(highest + 1, top + 1).astype(np.float64)
        expected = observed.sum(axis=1, keepdims=True) * share
        groups = np.arange(top, highest - top + 1)
        yield ScoreTable(item, groups, _gathered(observed, top), _gathered(expected, top))


def _gathered(table: FloatArray, top: int) -> FloatArray:
    """Return the groups from ``top`` to ``highest − top``, those beyond added to the ends."""
    kept = table[top : len(table) - top].copy()
    kept[0] += table[1:top].sum(axis=0)
    kept[-1] += table[len(table) - top : -1].sum(axis=0)
    return kept


def _without_each(
    members: NDArray[np.intp], others: FloatArray, chances: list[FloatArray]
) -> Iterator[tuple[int, FloatArray]]:
    """Yield each member with the distribution of the sum over everything but it."""
    if members.size == 1:
        yield int(members[0]), others
        return
    half = members.size // 2
    for part, rest in ((members[:half], members[half:]), (members[half:], members[:half])):
        yield from _without_each(part, add_items(others, [chances[item] for item in rest]), chances)


def merge_thin(table: ScoreTable, least: float) -> tuple[FloatArray, FloatArray]:
    """Merge cells until each is expected to hold enough persons.

    Groups without persons are dropped. For items with more than two scores, within a group a score that is expected
    too seldom joins the next higher one, the highest the highest that is left; a group that would keep a single
    cell joins its neighbour towards the middle first. Then the lowest group that still has a thin cell joins a
    neighbour, the one with fewer persons, until none is thin.

    Returns
    -------
    observed, expected : ndarray, shape (n_groups, highest + 1)
        NaN where a cell was merged into another of its group.
    """
    held = table.expected.sum(axis=1) > 0
    observed, expected = table.observed[held].copy(), table.expected[held].copy()
    if expected.shape[1] > 2:
        observed, expected = _merge_scores(observed, expected, least)
    return _merge_groups(observed, expected, least)


def _merge_groups(observed: FloatArray, expected: FloatArray, least: float) -> tuple[FloatArray, FloatArray]:
    """Merge groups until no cell is thin. Plain lists: the tables are too small for arrays to pay."""
    seen, due = observed.tolist(), expected.tolist()
    sizes = np.nansum(observed, axis=1).tolist()
    group = 0
    while group < len(due) and len(due) > 1:
        if not any(cell < least for cell in due[group]):
            group += 1
            continue
        near = [other for other in (group - 1, group + 1) if 0 <= other < len(due)]
        into = min(near, key=lambda other: (sizes[other], other))
        for table in (seen, due):
            table[into] = [_plus(one, other) for one, other in zip(table[into], table[group], strict=True)]
            del table[group]
        sizes[into] += sizes[group]
        del sizes[group]
        group = min(group, into)
    shape = (len(due), expected.shape[1])
    return np.array(seen).reshape(shape), np.array(due).reshape(shape)


def _plus(one: float, other: float) -> float:
    """Add two cells, where NaN is a cell that was merged away."""
    if one != one:
        return other
    return one if other != other else one + other


def _join(table: FloatArray, group: int, into: int) -> FloatArray:
    """Return the table with one group added to another; NaN only where both are."""
    both = table[[group, into]]
    joined = table.copy()
    joined[into] = np.where(np.isnan(both).all(axis=0), np.nan, np.nansum(both, axis=0))
    return np.delete(joined, group, axis=0)


def _merge_scores(observed: FloatArray, expected: FloatArray, least: float) -> tuple[FloatArray, FloatArray]:
    """Merge scores within groups, and groups that this would leave with a single cell."""
    while True:
        merged = _merge_within(observed, expected, least)
        lone = np.flatnonzero((~np.isnan(merged[1])).sum(axis=1) == 1)
        if not lone.size or len(expected) == 1:
            return merged
        low = lone[0] < len(expected) / 2
        group = int(lone[0] if low else lone[-1])
        into = group + 1 if low else group - 1
        observed, expected = _join(observed, group, into), _join(expected, group, into)


def _merge_within(observed: FloatArray, expected: FloatArray, least: float) -> tuple[FloatArray, FloatArray]:
    observed, expected = observed.copy(), expected.copy()
    for score in range(expected.shape[1] - 1):
        thin = expected[:, score] < least
        for table in (observed, expected):
            table[thin, score + 1] += table[thin, score]
            table[thin, score] = np.nan
    for group in np.flatnonzero(expected[:, -1] < least):
        left = np.flatnonzero(~np.isnan(expected[group, :-1]))
        if left.size:
            for table in (observed, expected):
                table[group, left[-1]] += table[group, -1]
                table[group, -1] = np.nan
    return observed, expected
