"""The likelihood of response patterns at nodes of ability, for items of any models. Pure arrays.

Scores of an item that divide ``exp z`` by their total (every model but the graded and those with asymptotes)
enter through two sums a person, ``Σ slope_x`` and ``Σ intercept_x``; the others through a matrix product with
the logarithms of their curves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.blocks import Block, read_scores, split

LEAST = 1e-300
"""Probabilities are taken as at least this before their logarithm."""


@dataclass(frozen=True)
class Curves:
    """The logarithms of the score curves of items at fixed nodes.

    Attributes
    ----------
    nodes : ndarray, shape (n_nodes,)
        Ability, in logits.
    none : ndarray, shape (n_items, n_nodes)
        ``log P(0)``.
    divided : ndarray of bool, shape (n_items,)
        Items for which ``log P(k) − log P(0)`` is the line ``slope_k theta + intercept_k``.
    lines : ndarray, shape (highest, n_items, 2)
        Those slopes and intercepts; 0 for the others.
    rise : ndarray, shape (highest, n_items, n_nodes)
        ``log P(k) − log P(0)`` of the items that are not divided; without nodes where there are none.
    """

    nodes: FloatArray
    none: FloatArray
    divided: NDArray[np.bool_]
    lines: FloatArray
    rise: FloatArray

    @classmethod
    def of(cls, items: Items, nodes: FloatArray) -> Curves:
        """Tabulate the curves of the items at the nodes."""
        logs = log_probability(items, nodes).transpose(2, 1, 0)
        divided = (~items.is_graded | (items.highest == 1)) & (items.lower == 0) & (items.upper == 1)
        lines = np.stack([np.nan_to_num(items.slopes).T, np.nan_to_num(items.intercepts).T], axis=2)
        lines[:, ~divided] = 0.0
        rise = logs[1:] - logs[0] if not divided.all() else np.empty((len(logs) - 1, len(items), 0))
        none = logs[0]
        if divided.any():
            # Not through the probability, which underflows far away while the line rises on.
            own = items.take(divided)
            logits = own.slopes[:, :, None] * nodes + own.intercepts[:, :, None]
            total = np.logaddexp.reduce(np.where(np.isnan(logits), -np.inf, logits), axis=1)
            none[divided] = -np.logaddexp(0.0, total)
        return cls(nodes, none, divided, lines, rise)

    def log_likelihood(self, block: Block) -> FloatArray:
        """Return the log-likelihood of each person of the block at each node, shape (n, n_nodes)."""
        columns = block.columns
        whole = columns.size == self.divided.size
        divided = self.divided if whole else self.divided[columns]
        lines = self.lines if whole else self.lines[:, columns]
        none = self.none if whole else self.none[columns]
        marks = [(block.x == k).astype(np.float64) for k in range(1, len(lines) + 1)]
        sums = sum(mark @ line for mark, line in zip(marks, lines, strict=True))
        total = np.multiply.outer(np.asarray(sums)[:, 0], self.nodes)
        total += np.asarray(sums)[:, 1:]
        total += none.sum(axis=0) if block.complete else block.seen @ none
        if not divided.all():
            other = np.flatnonzero(~divided)
            for mark, rise in zip(marks, self.rise, strict=True):
                total += mark[:, other] @ rise[columns[other]]
        return np.asarray(total, dtype=np.float64)


def log_probability(items: Items, theta: ArrayLike) -> FloatArray:
    """Return the logarithm of the probability of each score, at least that of `LEAST`."""
    return np.asarray(np.log(np.maximum(items.probability(theta), LEAST)), dtype=np.float64)


def log_likelihood(
    responses: ArrayLike, items: Items, nodes: ArrayLike
) -> Iterator[tuple[NDArray[np.intp], FloatArray]]:
    """Yield the log-likelihood of response patterns at nodes of ability, block by block of persons.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters, models mixed as you like.
    nodes : array-like, shape (n_nodes,)
        Ability, in logits.

    Yields
    ------
    rows : ndarray of int, shape (n,)
        Positions of the persons of this block.
    values : ndarray, shape (n, n_nodes)
        Natural logarithms; 0 for who saw nothing.

    Raises
    ------
    ValueError
        If the responses and the items do not fit together.

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0], [0.0, 0.0])
    >>> [values.round(3).tolist() for _, values in log_likelihood([[1, 0]], items, [0.0, 1.0])]
    [[[-1.386, -1.627]]]
    """
    matrix = read_scores(responses, items)
    points = np.atleast_1d(np.asarray(nodes, dtype=np.float64))
    curves = Curves.of(items, points)
    for block in split(matrix, width=points.size + len(items)):
        yield block.rows, curves.log_likelihood(block)


def posterior_weights(log_joint: FloatArray) -> FloatArray:
    """Turn log-likelihood plus log prior into weights that sum to 1 in each row; the array is overwritten."""
    log_joint -= log_joint.max(axis=1, keepdims=True)
    np.exp(log_joint, out=log_joint)
    log_joint /= log_joint.sum(axis=1, keepdims=True)
    return log_joint
