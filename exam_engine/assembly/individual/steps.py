"""Swaps worth a look: for each item others that resemble it, with what the exchange changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.individual.problem import Problem
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray

NEAR, FAR, WITHIN = 32, 32, 400
"""Partners of an item: its nearest ones, and some chosen by chance among so many that are next."""

MOST_CELLS = 30_000_000
"""Cells of the tables: where items stand in very many rows, fewer partners are kept."""

WIDE_ROWS = 200
"""Rows that count in what is near: those of the most items."""

ROW_WEIGHT = 1.0
"""Squared distance of two items that differ in a row, in units of a squared tolerance."""

BLOCK = 512


@dataclass(frozen=True, eq=False)
class Steps:
    """Partners (n_items, k) of each item; row ``item * k + place`` of the tables is the swap of an item for a partner.

    ``rows`` and ``change`` (n_items * k, widest) are the rows that a swap changes, switches aside, and by how much;
    ``n_rows`` and 0 where it changes fewer than the widest. ``turns`` (n_items * k,) says where switches may change.
    """

    partners: IntArray
    rows: npt.NDArray[np.int32]
    change: npt.NDArray[np.float32]
    turns: BoolArray

    @property
    def many(self) -> int:
        """Number of partners of an item."""
        return int(self.partners.shape[1])


def make_steps(problem: Problem, rng: np.random.Generator) -> Steps:
    """Return the steps of a problem; which of the farther partners are taken is left to chance."""
    n = problem.size
    free = np.flatnonzero(~problem.still)
    free = free if len(free) > 1 else np.arange(n)
    widest = max(1, int(np.diff(problem.items.indptr).max(initial=0)))
    most = max(2, min(NEAR + FAR, MOST_CELLS // (n * 2 * widest), len(free) - 1))
    near, within = (most + 1) // 2, min(WITHIN, len(free) - 1)
    partners = np.zeros((n, 1), dtype=np.int64)  # of a single item: nothing to swap for
    if n > 1:
        near = min(near, within)
        partners = _partners(_places(problem), free, near, min(most - near, within - near), within, rng)
    gone, come = np.repeat(np.arange(n), partners.shape[1]), partners.ravel()
    in_group = np.diff(problem.groups.indptr) > 0
    return Steps(partners, *_tables(problem, gone, come), turns=in_group[gone] | in_group[come])


def _partners(
    place: FloatArray, free: IntArray, near: int, far: int, within: int, rng: np.random.Generator
) -> IntArray:
    """Return the nearest of the free items for each item, and some of those that are next."""
    n = len(place)
    length = (place**2).sum(axis=1)
    number = np.full(n, -1)
    number[free] = np.arange(len(free))
    partners = np.empty((n, near + far), dtype=np.int64)
    for begin in range(0, n, BLOCK):
        part = slice(begin, min(begin + BLOCK, n))
        apart = length[part, None] + length[None, free] - 2.0 * (place[part] @ place[free].T)
        own = np.flatnonzero(number[part] >= 0)
        apart[own, number[part][own]] = np.inf
        first = np.argpartition(apart, within - 1, axis=1)[:, :within]
        order = np.argsort(np.take_along_axis(apart, first, axis=1), axis=1, kind="stable")
        first = np.take_along_axis(first, order, axis=1)
        partners[part, :near] = free[first[:, :near]]
        if far:
            rest = rng.random((part.stop - begin, within - near)).argpartition(far - 1, axis=1)[:, :far]
            partners[part, near:] = free[np.take_along_axis(first, rest + near, axis=1)]
    return partners


def _tables(
    problem: Problem, gone: IntArray, come: IntArray
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Return what each swap changes: rows, and by how much, both (n_swaps, widest)."""
    parts = []
    for begin in range(0, len(gone), BLOCK * 64):
        span = slice(begin, begin + BLOCK * 64)
        parts.append(sp.csr_array(problem.items[come[span]] - problem.items[gone[span]]))
        parts[-1].eliminate_zeros()
    widest = max(1, *(int(np.diff(part.indptr).max()) for part in parts))
    rows = np.full((len(gone), widest), problem.items.shape[1], dtype=np.int32)
    change = np.zeros((len(gone), widest), dtype=np.float32)
    begin = 0
    for part in parts:
        many = np.diff(part.indptr)
        at = np.repeat(np.arange(begin, begin + len(many)), many)
        place = np.arange(part.nnz) - np.repeat(part.indptr[:-1], many)
        rows[at, place], change[at, place] = part.indices, part.data
        begin += len(many)
    return rows, change


def _places(problem: Problem) -> FloatArray:
    """Return items as points, shape (n_items, n_wide + n_targets): near ones can replace each other."""
    counts = np.bincount(problem.items.indices, minlength=problem.items.shape[1])
    wide = np.sort(np.argsort(-counts, kind="stable")[:WIDE_ROWS])
    rows = problem.items[:, wide].toarray()
    return np.asarray(np.hstack([rows * np.sqrt(ROW_WEIGHT), problem.weights]), dtype=np.float32)
