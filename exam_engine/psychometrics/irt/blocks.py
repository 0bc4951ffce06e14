"""Responses as the likelihood needs them: blocks of persons who saw the same items. Pure arrays.

Persons of one group who were presented the same items (the *booklet*) make a block, which stores columns for those
items only, as bytes, so that a bank of a thousand items of which everybody saw a hundred costs a hundred. Where
nearly everybody saw items of their own, blocks hold sparse matrices instead. Within a block persons the likelihood
cannot tell apart are merged where it pays: under Rasch by raw score, in short tests by pattern.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from exam_engine.psychometrics.irt.layout import Layout
from exam_engine.psychometrics.irt.models import FloatArray

COLLAPSE_COLUMNS = 24
"""Above this many columns patterns hardly repeat, and sorting them costs more than it saves."""

RAGGED_BELOW = 12.0
"""Fewer persons than this a booklet, on average, and blocks become sparse."""

RAGGED_ROWS = 4096
"""Persons of a sparse block."""

SORTED_FROM = 1000
"""Rows of a block from which sorting them by score pays."""

ByteArray = NDArray[np.int8]


@dataclass(frozen=True)
class Block:
    """Persons of one group; dense: all with one booklet, sparse: each with a booklet of his own.

    Attributes
    ----------
    group : int
    items : ndarray of int
        Items presented; in a sparse block every item.
    unit_score : ndarray, shape (n_rows,)
        Sum of scores over items whose slope is 1.
    statistics : ndarray of int
        Which statistics (see `Layout`) the columns of ``y`` are.
    y : array or sparse matrix, shape (n_rows, len(statistics))
    columns : ndarray of int
        Which indicators (see `Layout`) the columns of ``x`` are.
    x : array or sparse matrix, shape (n_rows, len(columns))
    count : ndarray, shape (n_rows,)
        Persons (or weight) a row stands for.
    seen : sparse matrix, shape (n_rows, n_items), or None
        Of a sparse block: what each person was presented.
    scores : array or sparse matrix, shape (n_rows, len(items)), or None
        The scores as they were, where they were to be kept; then nobody is merged.
    """

    group: int
    items: NDArray[np.intp]
    unit_score: FloatArray
    statistics: NDArray[np.intp]
    y: Any
    columns: NDArray[np.intp]
    x: Any
    count: FloatArray
    seen: Any = None
    scores: Any = None

    @property
    def n_rows(self) -> int:
        return int(self.count.size)


@dataclass(frozen=True)
class Blocks:
    """All responses of a calibration.

    Attributes
    ----------
    blocks : tuple of Block
    answered : ndarray, shape (n_items, highest of all + 1)
        Persons (or weight) who got each score.
    n_groups : int
    """

    blocks: tuple[Block, ...]
    answered: FloatArray
    n_groups: int

    def __iter__(self) -> Iterator[Block]:
        return iter(self.blocks)

    @property
    def n_responses(self) -> FloatArray:
        """Return how many persons saw each item."""
        return np.asarray(self.answered.sum(axis=1), dtype=np.float64)

    @property
    def total(self) -> float:
        return float(sum(block.count.sum() for block in self.blocks))

    @property
    def group_totals(self) -> FloatArray:
        """Return the persons of each group."""
        totals = np.zeros(self.n_groups)
        for block in self.blocks:
            totals[block.group] += block.count.sum()
        return totals

    @property
    def is_ragged(self) -> bool:
        return any(block.seen is not None for block in self.blocks)


def block_up(
    matrix: ByteArray,
    layout: Layout,
    *,
    group: NDArray[np.intp] | None = None,
    weights: FloatArray | None = None,
    keep_scores: bool = False,
) -> Blocks:
    """Sort persons into blocks.

    Parameters
    ----------
    matrix : ndarray of int8, shape (n_persons, n_items)
        Scores, −1 for not presented; checked. A memory-mapped matrix without missing responses is read piece by
        piece and never copied.
    layout : Layout
    group : ndarray of int, shape (n_persons,), optional
    weights : ndarray, shape (n_persons,), optional
        Persons a row stands for.
    keep_scores : bool, default False
        Keep every person with his scores, as the cross product of scores needs them.
    """
    n_persons = len(matrix)
    group = np.zeros(n_persons, dtype=np.intp) if group is None else group
    weight = np.ones(n_persons) if weights is None else weights
    answered = _answered(matrix, weights, max(family.highest for family in layout.families))
    booklet = _booklets(matrix)
    key = group * (int(booklet.max()) + 1) + booklet
    found, counts = np.unique(key, return_counts=True)
    if found.size == 1:
        block = _dense(matrix, layout, int(group[0]), weight, keep_scores)
        return Blocks((block,), answered, layout.n_groups)
    if n_persons / found.size < RAGGED_BELOW:
        return Blocks(tuple(_ragged(matrix, layout, group, weight, keep_scores)), answered, layout.n_groups)
    order = np.argsort(key, kind="stable")
    stops = np.cumsum(counts)
    blocks = tuple(
        _dense(matrix[rows], layout, int(group[rows[0]]), weight[rows], keep_scores)
        for rows in np.split(order, stops[:-1])
    )
    return Blocks(blocks, answered, layout.n_groups)


def _dense(matrix: ByteArray, layout: Layout, group: int, weight: FloatArray, keep: bool) -> Block:
    """Return the block of persons who all saw the same items."""
    present = matrix[0] >= 0
    items = np.flatnonzero(present)
    statistics = np.flatnonzero(present[layout.statistics.item])
    columns = np.flatnonzero(present[layout.columns.item])
    unit = layout.statistics.unit[present[layout.statistics.unit]]
    unit_score = matrix[:, unit].sum(axis=1, dtype=np.float64) if unit.size else np.zeros(len(matrix))
    y = _pick(matrix, layout.statistics.item[statistics], layout.statistics.score[statistics])
    x = _pick(matrix, layout.columns.item[columns], layout.columns.score[columns])
    rows = None if keep else _merged(unit_score, y, x)
    if rows is not None:
        first, inverse = rows
        weight = np.bincount(inverse, weights=weight, minlength=first.size).astype(np.float64)
        unit_score, y, x = unit_score[first], y[first], x[first]
    if len(weight) > SORTED_FROM and not isinstance(matrix, np.memmap):
        # Neighbours of like ability reach few nodes of the grid together.
        order = np.argsort(unit_score + y.sum(axis=1, dtype=np.int32) + x.sum(axis=1, dtype=np.int32))
        unit_score, y, x, weight = unit_score[order], y[order], x[order], weight[order]
        matrix = matrix[order] if keep else matrix
    scores = matrix[:, items] if keep else None
    return Block(group, items, unit_score, statistics, y, columns, x, weight, scores=scores)


def _pick(matrix: ByteArray, item: NDArray[np.intp], score: NDArray[np.intp]) -> ByteArray:
    """Return scores of items, or indicators of a score where one above 0 is asked for."""
    if np.array_equal(item, np.arange(matrix.shape[1])) and not score.any():
        return matrix
    picked = matrix[:, item]
    wanted = score > 0
    if wanted.any():
        picked[:, wanted] = picked[:, wanted] == score[wanted]
    return picked


def _merged(
    unit_score: FloatArray, y: ByteArray, x: ByteArray
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Number the rows that may be merged, with the first row of each; None where it does not pay."""
    width = y.shape[1] + x.shape[1]
    if width > COLLAPSE_COLUMNS:
        return None
    if width == 0:
        _, first, inverse = np.unique(unit_score, return_index=True, return_inverse=True)
        return first, inverse
    cells = np.ascontiguousarray(np.concatenate([y, x], axis=1))
    if np.any(unit_score):
        tail = unit_score.astype(np.int32)[:, None].view(np.int8)
        cells = np.ascontiguousarray(np.concatenate([cells, tail], axis=1))
    keys = cells.view(np.dtype((np.void, cells.shape[1]))).reshape(-1)
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)


def _ragged(
    matrix: ByteArray, layout: Layout, group: NDArray[np.intp], weight: FloatArray, keep: bool
) -> Iterator[Block]:
    """Yield sparse blocks."""
    every = np.arange(matrix.shape[1])
    statistics, columns = layout.statistics, layout.columns
    for one in np.unique(group):
        members = np.flatnonzero(group == one)
        for start in range(0, members.size, RAGGED_ROWS):
            rows = members[start : start + RAGGED_ROWS]
            piece = matrix[rows]
            seen = piece >= 0
            score = np.where(seen, piece, 0)
            yield Block(
                int(one),
                every,
                score[:, statistics.unit].sum(axis=1, dtype=np.float64),
                np.arange(statistics.slot.size),
                sparse.csr_array(_pick(score, statistics.item, statistics.score).astype(np.float64)),
                np.arange(columns.item.size),
                sparse.csr_array(_pick(score, columns.item, columns.score).astype(np.float64)),
                weight[rows],
                sparse.csr_array(seen.astype(np.float64)),
                sparse.csr_array(score.astype(np.float64)) if keep else None,
            )


def _answered(matrix: ByteArray, weights: FloatArray | None, top: int) -> FloatArray:
    """Count the scores of each item, piece by piece."""
    found = np.zeros((matrix.shape[1], top + 1))
    step = max(1, 4_000_000 // matrix.shape[1])
    for start in range(0, len(matrix), step):
        piece = matrix[start : start + step]
        for score in range(top + 1):
            reached = piece == score
            count = reached.sum(axis=0) if weights is None else weights[start : start + step] @ reached
            found[:, score] += count
    return found


def _booklets(matrix: ByteArray) -> NDArray[np.intp]:
    """Number the persons by what they were presented."""
    if matrix.min() >= 0:
        return np.zeros(len(matrix), dtype=np.intp)
    packed = np.packbits(matrix >= 0, axis=1)
    keys = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    return np.unique(keys, return_inverse=True)[1].reshape(-1).astype(np.intp)
