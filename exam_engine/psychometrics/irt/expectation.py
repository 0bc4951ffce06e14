"""One pass over the responses: marginal log-likelihood, its gradient, and the sums an M-step needs. Pure arrays.

For items of exponential families the posterior of a person over the nodes ``q`` is

    log post(q) = q Σ_t alpha_t y_t − Σ_{i presented} log Z_i(q) + log w(q) + constant

with the weighted score ``Σ alpha_t y_t`` the only part that is the person's own: ``n_rows × n_nodes`` exponentials and
two matrix–vector products a pass, no ``persons × items × nodes`` product. Items of general families add
``Σ x_ik (log P_ik(q) − log P_i0(q))``, one matrix product of indicators and curves. By Fisher's identity the gradient
of the marginal log-likelihood is that of the expected complete log-likelihood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.blocks import Block, Blocks
from exam_engine.psychometrics.irt.densities import normal_log_weights, normal_scores
from exam_engine.psychometrics.irt.families import Exponential
from exam_engine.psychometrics.irt.layout import Layout
from exam_engine.psychometrics.irt.models import FloatArray

CHUNK_CELLS = 131_072
"""Rows are worked in pieces of about this many row × node cells, so that a piece stays in the cache."""

GENERAL_CHUNK_ROWS = 512
"""Rows of a piece where items of general families bring their indicators along."""

NEGLIGIBLE = -32.0
"""Nodes where the log posterior of everybody in a piece lies this far below its peak are left out: about 1e-14."""


@dataclass(frozen=True)
class Grid:
    """Quadrature nodes, and the density of ability on them where it is not normal.

    Attributes
    ----------
    nodes : ndarray, shape (n_nodes,)
        Equally spaced, in logits.
    log_weights : ndarray, shape (n_groups, n_nodes), optional
        Of an empirical density; a normal one follows from the parameters.
    """

    nodes: FloatArray
    log_weights: FloatArray | None = None

    def densities(self, layout: Layout, vector: FloatArray) -> FloatArray:
        """Return the log weights of each group, shape (n_groups, n_nodes)."""
        if self.log_weights is not None:
            return self.log_weights
        return np.stack([normal_log_weights(self.nodes, *vector[own]) for own in layout.densities])


@dataclass(frozen=True)
class Tables:
    """Curves at the nodes.

    Attributes
    ----------
    none : ndarray, shape (n_items, n_nodes)
        ``log P(0)``, for exponential families ``−log Z``.
    logits : ndarray, shape (n_columns, n_nodes)
        ``log P_k − log P_0`` of the indicators of general families.
    log_weights : ndarray, shape (n_groups, n_nodes)
    """

    none: FloatArray
    logits: FloatArray
    log_weights: FloatArray

    @classmethod
    def of(cls, layout: Layout, vector: FloatArray, grid: Grid) -> Tables:
        """Return the curves at a parameter vector."""
        none = np.empty((layout.n_items, grid.nodes.size))
        logits = np.empty((layout.columns.item.size, grid.nodes.size))
        for family, values in zip(layout.families, layout.values(vector), strict=True):
            log_chance = family.log_probability(values, grid.nodes)
            none[family.positions] = log_chance[:, 0]
            if not family.is_exponential:
                first = np.searchsorted(layout.columns.item, family.positions)
                places = first[:, None] + np.arange(family.highest)
                logits[places] = log_chance[:, 1:] - log_chance[:, :1]
        return cls(none, logits, grid.densities(layout, vector))


@dataclass(frozen=True)
class Piece:
    """Some rows of a block with their posterior.

    Attributes
    ----------
    rows : slice
    at : slice
        Nodes where anybody's posterior is not negligible.
    y, x : array or sparse matrix
        The block's statistics and indicators as floating numbers.
    weights : ndarray, shape (nodes of ``at``, n_rows)
        Posterior weights before division by ``total``.
    total : ndarray, shape (n_rows,)
    mean, square : ndarray, shape (n_rows,)
        Posterior mean of ability and of its square.
    log_likelihood : ndarray, shape (n_rows,)
        Without the part that is linear in the intercepts of exponential families.
    """

    rows: slice
    at: slice
    y: FloatArray
    x: FloatArray
    weights: FloatArray
    total: FloatArray
    mean: FloatArray
    square: FloatArray
    log_likelihood: FloatArray


def posterior(
    block: Block, layout: Layout, tables: Tables, vector: FloatArray, nodes: FloatArray
) -> Iterator[Piece]:
    """Yield the posterior of a block's persons piece by piece; buffers are reused."""
    slopes = vector[layout.statistics.slot[block.statistics]]
    log_weights = tables.log_weights[block.group]
    base = log_weights if block.seen is not None else tables.none[block.items].sum(axis=0) + log_weights
    moments = np.stack([np.ones_like(nodes), nodes, nodes**2])
    is_linear = block.seen is None and not block.columns.size
    step = max(1, CHUNK_CELLS // nodes.size) if is_linear else GENERAL_CHUNK_ROWS
    buffer = np.empty(min(step, block.n_rows) * nodes.size)
    for start in range(0, block.n_rows, step):
        rows = slice(start, min(start + step, block.n_rows))
        y = block.y[rows] if block.seen is not None else block.y[rows].astype(np.float64)
        score = y @ slopes + block.unit_score[rows]
        if is_linear:
            x = np.empty((score.size, 0))
            at, cells, largest = _linear_cells(score, base, nodes, buffer)
        else:
            x, cells = _cells(block, rows, score, base, tables, nodes, buffer)
            largest = cells.max(axis=0)
            cells -= largest
            at = window(cells.max(axis=1) > NEGLIGIBLE)
            cells = cells[at]
        np.exp(cells, out=cells)
        total, mean, square = moments[:, at] @ cells
        yield Piece(rows, at, y, x, cells, total, mean / total, square / total, largest + np.log(total))


def _linear_cells(
    score: FloatArray, base: FloatArray, nodes: FloatArray, buffer: FloatArray
) -> tuple[slice, FloatArray, FloatArray]:
    """Return nodes, log posteriors below their peaks and the peaks, where a score is all there is to a person."""
    at = _reach(score, base, nodes)
    falls = -np.diff(base) / np.diff(nodes)
    if np.all(np.diff(falls) >= 0.0):
        # Concave, as under a normal density: the peak moves up with the score from node to node.
        peak = np.searchsorted(falls, score)
        largest = score * nodes[peak] + base[peak]
    else:
        largest = (nodes[:, None] * score + base[:, None]).max(axis=0)
    cells = buffer[: score.size * (at.stop - at.start)].reshape(-1, score.size)
    # One product instead of a multiplication, an addition and a subtraction of matrices.
    curves = np.stack([nodes[at], base[at], np.ones(at.stop - at.start)], axis=1)
    np.matmul(curves, np.stack([score, np.ones_like(score), -largest]), out=cells)
    return at, cells, largest


def _cells(
    block: Block,
    rows: slice,
    score: FloatArray,
    base: FloatArray,
    tables: Tables,
    nodes: FloatArray,
    buffer: FloatArray,
) -> tuple[Any, FloatArray]:
    """Return the indicators of some rows as floating numbers, and their log posteriors but for a constant."""
    logits = tables.logits[block.columns]
    cells = buffer[: score.size * nodes.size].reshape(nodes.size, score.size)
    if block.seen is None:
        tall = np.empty((score.size, len(logits) + 2))
        tall[:, :-2], tall[:, -2], tall[:, -1] = block.x[rows], score, 1.0
        np.matmul(np.concatenate([logits, nodes[None], base[None]]).T, tall.T, out=cells)
        return tall[:, :-2], cells
    np.multiply(nodes[:, None], score, out=cells)
    cells += base[:, None]
    cells += (block.seen[rows] @ tables.none).T
    if len(logits):
        cells += (block.x[rows] @ logits).T
    return block.x[rows], cells


def _reach(score: FloatArray, base: FloatArray, nodes: FloatArray) -> slice:
    """Return the nodes that anybody's posterior reaches.

    A higher score moves the whole posterior up (it has a monotone likelihood ratio), so that the lowest score tells
    the lower end and the highest the upper.
    """
    ends = np.array([score.min(), score.max()])[:, None] * nodes + base
    reached = ends - ends.max(axis=1, keepdims=True) > NEGLIGIBLE
    return slice(int(reached[0].argmax()), nodes.size - int(reached[1, ::-1].argmax()))


def window(reached: NDArray[np.bool_]) -> slice:
    """Return the slice from the first to the last that is true."""
    return slice(int(reached.argmax()), reached.size - int(reached[::-1].argmax()))


@dataclass(frozen=True)
class Expectation:
    """One pass over the responses.

    Attributes
    ----------
    log_likelihood : float
        Marginal log-likelihood of all persons.
    gradient : ndarray, shape (size of the layout,)
        Its gradient, fixed parameters included.
    persons : ndarray, shape (n_items, n_nodes)
        Expected number of persons at each node among those who saw the item.
    groups : ndarray, shape (n_groups, n_nodes)
        Expected number of persons of each group at each node.
    weighted : ndarray, shape (n_statistics,)
        Each statistic times the person's posterior mean ability, summed.
    reached : ndarray, shape (n_columns, n_nodes)
        Expected number of persons at each node who got the indicator's score.
    mean_variance : float
        Mean over persons of the posterior variance of ability.
    """

    log_likelihood: float
    gradient: FloatArray
    persons: FloatArray
    groups: FloatArray
    weighted: FloatArray
    reached: FloatArray
    mean_variance: float


def expect(blocks: Blocks, layout: Layout, vector: FloatArray, grid: Grid) -> Expectation:
    """Return log-likelihood, gradient and the sums an M-step needs.

    Parameters
    ----------
    blocks : Blocks
        The responses.
    layout : Layout
    vector : ndarray, shape (size of the layout,)
        Where to evaluate.
    grid : Grid
    """
    nodes = grid.nodes
    tables = Tables.of(layout, vector, grid)
    persons = np.zeros((layout.n_items, nodes.size))
    groups = np.zeros((layout.n_groups, nodes.size))
    weighted = np.zeros(layout.statistics.slot.size)
    reached = np.zeros((layout.columns.item.size, nodes.size))
    log_likelihood, spread = _linear_part(blocks, layout, vector), 0.0
    for block in blocks:
        counts = np.zeros(nodes.size)
        for piece in posterior(block, layout, tables, vector, nodes):
            count = block.count[piece.rows]
            log_likelihood += float(count @ piece.log_likelihood)
            share = count / piece.total
            spread += float(count @ (piece.square - piece.mean**2))
            weighted[block.statistics] += piece.y.T @ (count * piece.mean)
            counts[piece.at] += piece.weights @ share
            if block.columns.size or block.seen is not None:
                piece.weights[:] *= share
                if block.columns.size:
                    reached[block.columns, piece.at] += (piece.weights @ piece.x).T
                if block.seen is not None:
                    persons[:, piece.at] += (piece.weights @ block.seen[piece.rows]).T
        groups[block.group] += counts
        if block.seen is None:
            persons[block.items] += counts
    gradient = _gradient(blocks, layout, vector, grid, persons, groups, weighted, reached)
    return Expectation(
        log_likelihood, gradient, persons, groups, weighted, reached, spread / max(blocks.total, 1e-300)
    )


def node_counts(layout: Layout, state: Expectation, at: int) -> FloatArray:
    """Return the expected number of persons at each score and node, shape (n, m + 1, n_nodes).

    Parameters
    ----------
    at : int
        Which general family.
    """
    family = layout.families[at]
    first = np.searchsorted(layout.columns.item, family.positions)
    above = state.reached[first[:, None] + np.arange(family.highest)]
    none = state.persons[family.positions] - above.sum(axis=1)
    return np.concatenate([np.maximum(none, 0.0)[:, None], above], axis=1)


def observed(layout: Layout, blocks: Blocks, weighted: FloatArray, at: int) -> FloatArray:
    """Return what was seen of an exponential family's statistics, shape (n, n_parameters).

    Slopes: the statistic times the posterior mean ability, summed; intercepts: persons who got the score.
    """
    family = layout.families[at]
    assert isinstance(family, Exponential)
    found = np.zeros((family.positions.size, family.n_parameters))
    found[:, family.n_slopes :] = blocks.answered[family.positions, 1 : family.highest + 1]
    if family.n_slopes:
        seen = np.zeros(layout.size)
        seen[layout.statistics.slot] = weighted
        found[:, : family.n_slopes] = seen[layout.slots[at][:, : family.n_slopes]]
    return found


def _linear_part(blocks: Blocks, layout: Layout, vector: FloatArray) -> float:
    """Return ``Σ d_ik n_ik`` over exponential families."""
    total = 0.0
    for family, values in zip(layout.families, layout.values(vector), strict=True):
        if isinstance(family, Exponential):
            counts = blocks.answered[family.positions, 1 : family.highest + 1]
            total += float((values[:, family.n_slopes :] * counts).sum())
    return total


def _gradient(
    blocks: Blocks,
    layout: Layout,
    vector: FloatArray,
    grid: Grid,
    persons: FloatArray,
    groups: FloatArray,
    weighted: FloatArray,
    reached: FloatArray,
) -> FloatArray:
    gradient = np.zeros(layout.size)
    state = Expectation(0.0, gradient, persons, groups, weighted, reached, 0.0)
    for at, (family, values) in enumerate(zip(layout.families, layout.values(vector), strict=True)):
        if isinstance(family, Exponential):
            expected = np.einsum("npq,nq->np", family.expected(values, grid.nodes), persons[family.positions])
            gradient[layout.slots[at]] = observed(layout, blocks, weighted, at) - expected
        else:
            counts = node_counts(layout, state, at)
            gradient[layout.slots[at]] = np.einsum("npkq,nkq->np", family.scores(values, grid.nodes), counts)
    if grid.log_weights is None:
        for own, counts in zip(layout.densities, groups, strict=True):
            gradient[own] = normal_scores(grid.nodes, *vector[own]) @ counts
    return gradient
