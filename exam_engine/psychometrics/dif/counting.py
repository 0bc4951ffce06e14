"""Counting responses by item, stratum of the matching score, group and score.

One pass counts by the sum of the anchor items; the count by a score with or without the item studied is the same
table shifted by the item's own score, so it costs no second pass.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.dif.design import MAX_BOOKLETS, Criterion, Frame, Tables
from exam_engine.psychometrics.dif.outcome import BoolArray
from exam_engine.psychometrics.irt.models import FloatArray


def count(frame: Frame, anchor: BoolArray, *, items: slice | None = None, bands: int | None = None) -> Tables:
    """Count the responses of a comparison.

    Parameters
    ----------
    frame : Frame
        Persons, groups and items.
    anchor : ndarray of bool, shape (n_items,)
        Items of which the matching score is made.
    items : slice, optional
        Items to count, all by default.
    bands : int, optional
        Number of score bands; every score by default.

    Raises
    ------
    ValueError
        If the anchor items were presented in more than `MAX_BOOKLETS` different sets.
    """
    part = slice(None) if items is None else items
    matrix, highest = frame.matrix[:, part], frame.highest[part]
    if frame.given is not None:
        values, base = _strata_of_values(frame.given, bands)
        bands = None
        booklet = np.zeros(base.size, dtype=np.intp)
        shift = np.zeros(matrix.shape[1], dtype=np.intp)
        width = values.size
    else:
        base = np.where(frame.matrix[:, anchor] > 0, frame.matrix[:, anchor], 0).sum(axis=1, dtype=np.intp)
        booklet = _booklets(frame.matrix[:, anchor] >= 0)
        rest = frame.design.criterion is Criterion.REST
        shift = np.where(anchor[part], -1 if rest else 0, 0 if rest else 1)
        width = int(base.max()) + (int(highest.max()) if np.any(shift > 0) else 0) + 1
        values = np.arange(width, dtype=np.float64)
    n_booklets, n_groups = int(booklet.max()) + 1, len(frame.labels)
    key = (booklet * width + base) * n_groups + frame.group
    fine = _by_key(matrix, key, n_booklets * width * n_groups, int(highest.max()))
    fine = fine.reshape(n_booklets, width, n_groups, matrix.shape[1], -1)
    _shifted(fine, shift)
    if bands is None:
        counts, level = fine.reshape(n_booklets * width, *fine.shape[2:]), np.tile(values, n_booklets)
    else:
        counts, level = _banded(fine, values, booklet * width + base, bands)
    filled = counts.any(axis=(1, 2, 3))
    table = np.ascontiguousarray(counts[filled].transpose(2, 0, 1, 3), dtype=np.float64)
    return Tables(table, level[filled], highest, frame.labels)


def _strata_of_values(given: FloatArray, bands: int | None) -> tuple[FloatArray, NDArray[np.intp]]:
    """Return the level of each stratum and the stratum of each person: a value, or a band of values."""
    values, place, persons = np.unique(given, return_inverse=True, return_counts=True)
    if bands is None:
        return values, place.reshape(-1).astype(np.intp)
    band = _bands_of(persons[None], bands)[0]
    used, band = np.unique(band, return_inverse=True)
    weight = np.bincount(band, weights=persons, minlength=used.size)
    level = np.bincount(band, weights=persons * values, minlength=used.size) / weight
    return level, band[place.reshape(-1)].astype(np.intp)


def _bands_of(persons: NDArray[np.integer], bands: int) -> NDArray[np.intp]:
    """Number score bands of about equally many persons; scores along axis 1, a booklet a row."""
    below = np.cumsum(persons, axis=1) - persons / 2.0
    total = np.maximum(persons.sum(axis=1, keepdims=True), 1)
    band = np.minimum(below / total * bands, bands - 1)
    return np.asarray(band, dtype=np.intp)


def n_booklets(frame: Frame, anchor: BoolArray) -> int:
    """Return the number of different sets of anchor items that persons saw."""
    return int(_booklets(frame.matrix[:, anchor] >= 0).max()) + 1 if anchor.any() else 1


def _booklets(seen: BoolArray) -> NDArray[np.intp]:
    if seen.all():
        return np.zeros(len(seen), dtype=np.intp)
    number = np.unique(np.packbits(seen, axis=1), axis=0, return_inverse=True)[1].reshape(-1)
    if number.max() >= MAX_BOOKLETS:
        raise ValueError(
            f"the persons saw {number.max() + 1} different sets of items, so their scores cannot be compared:"
            " match them on values given for each person, such as ability estimates"
        )
    return number.astype(np.intp)


def _by_key(matrix: NDArray[np.int8], key: NDArray[np.intp], n_keys: int, highest: int) -> NDArray[np.int64]:
    """Count each score of each item among the persons of a key, shape (n_keys, n_items, highest + 1)."""
    order = np.argsort(key, kind="stable")
    found, start = np.unique(key[order], return_index=True)
    rows = matrix[order]
    counts = np.zeros((n_keys, matrix.shape[1], highest + 1), dtype=np.int64)
    for score in range(highest + 1):
        counts[found, :, score] = np.add.reduceat(rows == score, start, axis=0, dtype=np.int64)
    return counts


def _shifted(fine: NDArray[np.int64], shift: NDArray[np.intp]) -> None:
    """Move the counts of a score x by ``shift · x`` along the matching score, in place."""
    for sign in (1, -1):
        moved = np.flatnonzero(shift == sign)
        for score in range(1, fine.shape[-1] if moved.size else 0):
            before = fine[..., moved, score]
            after = np.zeros_like(before)
            if sign > 0:
                after[:, score:] = before[:, :-score]
            else:
                after[:, :-score] = before[:, score:]
            fine[..., moved, score] = after


def _banded(
    fine: NDArray[np.int64], values: FloatArray, cell: NDArray[np.intp], bands: int
) -> tuple[NDArray[np.int64], FloatArray]:
    """Join neighbouring scores to bands of about equally many persons, within each booklet."""
    n_sets, width = fine.shape[:2]
    persons = np.bincount(cell, minlength=n_sets * width).reshape(n_sets, width)
    band = _bands_of(persons, bands)
    counts = np.zeros((n_sets * bands, *fine.shape[2:]), dtype=np.int64)
    level = np.zeros(n_sets * bands)
    for booklet in range(n_sets):
        for number in range(bands):
            inside = band[booklet] == number
            if inside.any():
                counts[booklet * bands + number] = fine[booklet, inside].sum(axis=0)
                level[booklet * bands + number] = values[inside].mean()
    return counts, level
