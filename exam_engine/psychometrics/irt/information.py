"""Observed information of a calibration, and its empirical twin. Pure arrays.

By Louis (1982, Journal of the Royal Statistical Society B 44, 226–233) the observed information of the marginal
likelihood is the expected complete information less the posterior covariance of the complete scores, summed over
persons. The complete score of a parameter is ``Σ_c v_c B_c(theta) + G(theta)``, with ``v`` what the person answered
(a statistic, or an indicator of a category) and ``B``, ``G`` curves that the person does not change. For items of
exponential families ``B = theta``, and the covariance of a whole block of persons needs one node × node matrix; with
items of general families it needs one matrix of products of answers for each node.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.blocks import Block, Blocks
from exam_engine.psychometrics.irt.densities import normal_curvature, normal_scores
from exam_engine.psychometrics.irt.expectation import (
    Expectation,
    Grid,
    Piece,
    Tables,
    node_counts,
    posterior,
)
from exam_engine.psychometrics.irt.families import Exponential
from exam_engine.psychometrics.irt.layout import Layout
from exam_engine.psychometrics.irt.models import FloatArray

IntArray = NDArray[np.intp]

REACHES = 1e-6
"""Square root of the smallest posterior weight whose products are summed."""

MOST_PRODUCTS = 3e10
"""Sparse blocks whose observed information would take more multiplications than this do without it."""


PRODUCT_CELLS = 30_000_000
"""Products of answers are summed for so many nodes at once that they take no more than this many cells."""


def is_affordable(blocks: Blocks, layout: Layout, grid: Grid) -> bool:
    """Return whether the observed information can be had at a bearable price: always, but for large sparse blocks."""
    width = layout.statistics.slot.size + layout.columns.item.size + layout.n_items
    rows = sum(block.n_rows for block in blocks if block.seen is not None)
    return rows * width**2 * grid.nodes.size <= MOST_PRODUCTS


def observed_information(
    blocks: Blocks, layout: Layout, vector: FloatArray, grid: Grid, state: Expectation
) -> FloatArray:
    """Return minus the Hessian of the marginal log-likelihood, shape (size, size).

    Parameters
    ----------
    blocks, layout, vector, grid
        As in `expect`.
    state : Expectation
        What `expect` found at the same vector.
    """
    found = np.zeros((layout.size, layout.size))
    curves = _Curves.of(layout, vector, grid)
    tables = Tables.of(layout, vector, grid)
    for block in blocks:
        if block.columns.size or block.seen is not None:
            _subtract_general(found, block, layout, tables, curves, vector, grid.nodes)
        else:
            _subtract_exponential(found, block, layout, tables, curves, vector, grid.nodes)
    _add_complete(found, layout, vector, grid, state)
    return found


def cross_product(blocks: Blocks, layout: Layout, vector: FloatArray, grid: Grid) -> FloatArray:
    """Return ``Σ_p s_p s_p'`` of the marginal scores, shape (size, size): the empirical information.

    The blocks must keep their scores, unless all items belong to general families. With weights a person's score
    counts as often as the weight says.
    """
    found = np.zeros((layout.size, layout.size))
    curves = _Curves.of(layout, vector, grid)
    tables = Tables.of(layout, vector, grid)
    for block in blocks:
        own = curves.of_block(block, layout)
        squares = np.zeros((own.slots.size, own.slots.size))
        item = np.searchsorted(block.items, layout.item_of_slot[own.slots])
        wanted = layout.intercept_score[own.slots]
        plain = np.flatnonzero(wanted)
        for piece in posterior(block, layout, tables, vector, grid.nodes):
            mean = _mean_scores(piece, np.concatenate([_plain(piece.y), _plain(piece.x)], axis=1), own)
            if plain.size:
                mean[plain] += (_plain(block.scores[piece.rows])[:, item[plain]] == wanted[plain]).T
            if block.seen is not None:
                held = np.pad(_plain(block.seen[piece.rows]), ((0, 0), (0, 1)), constant_values=1.0)
                mean *= held[:, layout.item_of_slot[own.slots]].T
            mean *= np.sqrt(block.count[piece.rows])
            squares += mean @ mean.T
        found[np.ix_(own.slots, own.slots)] += squares
    return found


@dataclass(frozen=True)
class _Curves:
    """The curves of the complete scores, for all parameters.

    Attributes
    ----------
    constant : ndarray, shape (size, n_nodes)
        ``G``.
    layers : ndarray, shape (n_layers, size, n_nodes)
        ``B`` of the first, second, … value that meets the parameter.
    value : ndarray of int, shape (n_layers, size)
        Which value it is: a statistic, or ``n_statistics`` + an indicator; −1 for none.
    """

    constant: FloatArray
    layers: FloatArray
    value: IntArray

    @classmethod
    def of(cls, layout: Layout, vector: FloatArray, grid: Grid) -> _Curves:
        nodes = grid.nodes
        n_statistics = layout.statistics.slot.size
        depth = max([1, *(f.highest for f in layout.families if not f.is_exponential)])
        constant = np.zeros((layout.size, nodes.size))
        layers = np.zeros((depth, layout.size, nodes.size))
        value = np.full((depth, layout.size), -1, dtype=np.intp)
        for family, slots, values in zip(layout.families, layout.slots, layout.values(vector), strict=True):
            if isinstance(family, Exponential):
                constant[slots] = -family.expected(values, nodes)
                continue
            scores = family.scores(values, nodes)
            constant[slots] = scores[:, :, 0]
            first = n_statistics + np.searchsorted(layout.columns.item, family.positions)
            for layer in range(family.highest):
                layers[layer, slots] = scores[:, :, layer + 1] - scores[:, :, 0]
                value[layer, slots] = (first + layer)[:, None]
        layers[0, layout.statistics.slot] = nodes
        value[0, layout.statistics.slot] = np.arange(n_statistics)
        if grid.log_weights is None:
            for own in layout.densities:
                constant[own] = normal_scores(nodes, *vector[own])
        return cls(constant, layers, value)

    def of_block(self, block: Block, layout: Layout) -> _Own:
        """Return the curves of the parameters that the block's persons met."""
        shown = np.zeros(layout.n_items + 1, dtype=np.bool_)
        shown[block.items] = True
        slots = np.flatnonzero(shown[layout.item_of_slot])
        slots = np.append(slots, layout.densities[block.group])
        n_statistics = layout.statistics.slot.size
        place = np.full(n_statistics + layout.columns.item.size + 1, -1, dtype=np.intp)
        place[block.statistics] = np.arange(block.statistics.size)
        place[n_statistics + block.columns] = block.statistics.size + np.arange(block.columns.size)
        value = place[self.value[:, slots]]
        return _Own(slots, self.constant[slots], self.layers[:, slots], value)


@dataclass(frozen=True)
class _Own:
    """Curves of one block's parameters; ``value`` counts within the block, −1 for none."""

    slots: IntArray
    constant: FloatArray
    layers: FloatArray
    value: IntArray

    def with_presence(self, block: Block, layout: Layout) -> _Own:
        """Return the same with the constant as a layer whose value is whether the item was presented, or 1."""
        first = block.statistics.size + block.columns.size
        item = layout.item_of_slot[self.slots]
        presence = first + np.where(item >= 0, item, layout.n_items)
        return _Own(
            self.slots,
            np.zeros_like(self.constant),
            np.concatenate([self.layers, self.constant[None]]),
            np.concatenate([self.value, presence[None]]),
        )

    def between(self, products: FloatArray, nodes: slice) -> FloatArray:
        """Return ``Σ_q B_s(q) B_t(q) products(q)`` of the values that meet s and t, over some nodes.

        Parameters
        ----------
        products : ndarray, shape (number of the nodes, n_values, n_values)
        """
        found = np.zeros((self.slots.size, self.slots.size))
        by_value = np.ascontiguousarray(products.transpose(1, 2, 0))
        layers = self.layers[:, :, nodes]
        for value, cells in enumerate(by_value):
            right = sum(layer * cells[met] for layer, met in zip(layers, self.value, strict=True))
            for layer, met in zip(layers, self.value, strict=True):
                rows = np.flatnonzero(met == value)
                found[rows] += layer[rows] @ right.T
        return found


def _add_complete(
    found: FloatArray, layout: Layout, vector: FloatArray, grid: Grid, state: Expectation
) -> None:
    for at, (family, slots, values) in enumerate(
        zip(layout.families, layout.slots, layout.values(vector), strict=True)
    ):
        if family.is_exponential:
            own = family.expected_information(values, grid.nodes, state.persons[family.positions])
        else:
            own = family.curvature(values, grid.nodes, node_counts(layout, state, at))
        found[slots[:, :, None], slots[:, None, :]] += own
    if grid.log_weights is None:
        for slots, counts in zip(layout.densities, state.groups, strict=True):
            mean, log_variance = vector[slots].tolist()
            found[np.ix_(slots, slots)] += normal_curvature(grid.nodes, mean, log_variance, counts)


def _subtract_exponential(
    found: FloatArray,
    block: Block,
    layout: Layout,
    tables: Tables,
    curves: _Curves,
    vector: FloatArray,
    nodes: FloatArray,
) -> None:
    """Subtract the posterior covariances of one booklet through a node × node matrix."""
    own = curves.of_block(block, layout)
    n_statistics = block.statistics.size
    counts, products = np.zeros(nodes.size), np.zeros((nodes.size, nodes.size))
    squares, crossed = np.zeros((n_statistics, n_statistics)), np.zeros((n_statistics, nodes.size))
    for piece in posterior(block, layout, tables, vector, nodes):
        weights, mean = piece.weights, piece.mean
        root = np.sqrt(block.count[piece.rows])
        spread = np.sqrt(np.maximum(piece.square - mean**2, 0.0))
        tall = piece.y * (root * spread)[:, None]
        squares += tall.T @ tall
        weights *= root / piece.total
        counts[piece.at] += weights @ root
        products[piece.at, piece.at] += weights @ weights.T
        weights *= nodes[piece.at, None] - mean
        crossed[:, piece.at] += (weights @ (piece.y * root[:, None])).T
    kernel = np.diag(counts) - products
    found[np.ix_(own.slots, own.slots)] -= own.constant @ kernel @ own.constant.T
    mixed = crossed @ own.constant.T
    slots = layout.statistics.slot[block.statistics]
    found[np.ix_(slots, own.slots)] -= mixed
    found[np.ix_(own.slots, slots)] -= mixed.T
    found[np.ix_(slots, slots)] -= squares


def _subtract_general(
    found: FloatArray,
    block: Block,
    layout: Layout,
    tables: Tables,
    curves: _Curves,
    vector: FloatArray,
    nodes: FloatArray,
) -> None:
    """Subtract the posterior covariances through products of answers at each node."""
    own = curves.of_block(block, layout)
    if block.seen is not None:
        own = own.with_presence(block, layout)
    n_values = int(own.value.max()) + 1
    reached, counts = np.zeros((n_values, nodes.size)), np.zeros(nodes.size)
    expected = np.zeros((own.slots.size, own.slots.size))
    at_once = max(1, PRODUCT_CELLS // n_values**2)
    for first in range(0, nodes.size, at_once):
        some = slice(first, min(first + at_once, nodes.size))
        products = np.zeros((some.stop - first, n_values, n_values))
        for piece in posterior(block, layout, tables, vector, nodes):
            count = block.count[piece.rows]
            values = _values(block, piece)
            weights = piece.weights * (count / piece.total)
            if first == 0:
                mean = _mean_scores(piece, values, own) * np.sqrt(count)
                expected -= mean @ mean.T
                counts[piece.at] += weights.sum(axis=1)
                reached[:, piece.at] += (weights @ values).T
            _add_products(products, values, weights, piece.at, some)
        expected += own.between(products, some)
    expected += (own.constant * counts) @ own.constant.T
    for layer, value in zip(own.layers, own.value, strict=True):
        mixed = (layer * np.where((value >= 0)[:, None], reached[value], 0.0)) @ own.constant.T
        expected += mixed + mixed.T
    found[np.ix_(own.slots, own.slots)] -= expected


def _add_products(
    products: FloatArray, values: FloatArray, weights: FloatArray, at: slice, some: slice
) -> None:
    """Add the products of answers, weighted at the nodes ``at``, to those of the nodes ``some``."""
    for node in range(max(at.start, some.start), min(at.stop, some.stop)):
        root = np.sqrt(weights[node - at.start])
        rows = np.flatnonzero(root > REACHES)
        tall = values[rows]
        tall *= root[rows, None]
        products[node - some.start] += tall.T @ tall


def _values(block: Block, piece: Piece) -> FloatArray:
    """Return the answers of some persons, in the order in which `_Own` counts them."""
    parts = [_plain(piece.y), _plain(piece.x)]
    if block.seen is not None:
        parts += [_plain(block.seen[piece.rows]), np.ones((len(parts[0]), 1))]
    return np.concatenate(parts, axis=1)


def _plain(part: Any) -> FloatArray:
    """Return a dense matrix of floating numbers."""
    return np.asarray(part.toarray() if hasattr(part, "toarray") else part, dtype=np.float64)


def _mean_scores(piece: Piece, values: FloatArray, own: _Own) -> FloatArray:
    """Return the posterior means of the complete scores, shape (n_parameters of the block, n_rows).

    Parameters
    ----------
    values : ndarray, shape (n_rows, n_values)
    """
    weights = piece.weights / piece.total
    mean = own.constant[:, piece.at] @ weights
    across = np.ascontiguousarray(values.T)
    for layer, value in zip(own.layers, own.value, strict=True):
        if not np.any(value >= 0):
            continue
        # Where the value is -1 the curve is 0.
        part = layer[:, piece.at] @ weights
        part *= across[value]
        mean += part
    return mean
