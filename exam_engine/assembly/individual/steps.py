"""Swaps worth a look: for each item others that resemble it, with what the exchange changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.individual.problem import Problem
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import IntArray

NEAR, FAR, WITHIN = 32, 32, 400
"""Partners of an item: its nearest ones, and some chosen by chance among so many that are next."""

WIDE_ROWS = 200
"""Rows that count in what is near: those of the most items."""

ROW_WEIGHT = 1.0
"""Squared distance of two items that differ in a row, in units of a squared tolerance."""

BLOCK = 512


@dataclass(frozen=True, eq=False)
class Steps:
    """Partners (n_items, k) of each item; row ``item * k + place`` of the tables is the swap of an item for a partner.

    ``rows`` (n_items * k, n_rows) and ``groups`` (n_items * k, n_switches) are what the swap adds to the rows, without
    switches, and to the numbers of items that turn a switch on.
    """

    partners: IntArray
    rows: sp.csr_array
    groups: sp.csr_array

    @property
    def many(self) -> int:
        """Number of partners of an item."""
        return int(self.partners.shape[1])


def make_steps(problem: Problem, rng: np.random.Generator) -> Steps:
    """Return the steps of a problem; which of the farther partners are taken is left to chance."""
    n = problem.size
    if n == 1:  # nothing to swap for: the only swap is none
        return Steps(np.zeros((1, 1), dtype=np.int64), problem.items * 0.0, problem.groups * 0.0)
    near, within = min(NEAR, n - 1), min(WITHIN, n - 1)
    far = min(FAR, within - near)
    place = _places(problem)
    length = (place**2).sum(axis=1)
    partners = np.empty((n, near + far), dtype=np.int64)
    for begin in range(0, n, BLOCK):
        part = slice(begin, min(begin + BLOCK, n))
        apart = length[part, None] + length[None, :] - 2.0 * (place[part] @ place.T)
        apart[np.arange(part.stop - begin), np.arange(begin, part.stop)] = np.inf
        first = np.argpartition(apart, within - 1, axis=1)[:, :within]
        order = np.argsort(np.take_along_axis(apart, first, axis=1), axis=1, kind="stable")
        first = np.take_along_axis(first, order, axis=1)
        partners[part, :near] = first[:, :near]
        if far:
            rest = rng.random((part.stop - begin, within - near)).argpartition(far - 1, axis=1)[:, :far]
            partners[part, near:] = np.take_along_axis(first, rest + near, axis=1)
    gone, come = np.repeat(np.arange(n), partners.shape[1]), partners.ravel()
    return Steps(
        partners,
        sp.csr_array(problem.items[come] - problem.items[gone]),
        sp.csr_array(problem.groups[come] - problem.groups[gone]),
    )


def _places(problem: Problem) -> FloatArray:
    """Return items as points, shape (n_items, n_wide + n_targets): near ones can replace each other."""
    counts = np.bincount(problem.items.indices, minlength=problem.items.shape[1])
    wide = np.sort(np.argsort(-counts, kind="stable")[:WIDE_ROWS])
    rows = problem.items[:, wide].toarray() / problem.unit[wide]
    return np.asarray(np.hstack([rows * np.sqrt(ROW_WEIGHT), problem.weights]), dtype=np.float32)
