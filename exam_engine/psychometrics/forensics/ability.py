"""Abilities from parts of a test, on a grid: what the indices of change and pre-knowledge compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import check_responses

BOUND = 6.0
"""Abilities are searched between minus and plus this, in logits."""

N_NODES = 241
SMALLEST = 1e-300


@dataclass(frozen=True)
class Curves:
    """The curves of items on the grid of abilities.

    Attributes
    ----------
    items : Items
    nodes : ndarray, shape (n_nodes,)
        Abilities, equally spaced.
    probability : ndarray, shape (n_nodes, n_items, highest score + 1)
    information : ndarray, shape (n_nodes, n_items)
    """

    items: Items
    nodes: FloatArray
    probability: FloatArray
    information: FloatArray

    @classmethod
    def of(cls, items: Items) -> Curves:
        """Return the curves of some items.

        >>> Curves.of(Items.dichotomous([1.0], [0.0])).probability[120, 0]
        array([0.5, 0.5])
        """
        nodes = np.linspace(-BOUND, BOUND, N_NODES)
        return cls(items, nodes, items.probability(nodes), items.information(nodes))

    def log_likelihood(self, responses: NDArray[np.int8]) -> FloatArray:
        """Return the log-likelihood of each person at each node, shape (n_persons, n_nodes)."""
        logs = np.log(np.maximum(self.probability, SMALLEST))
        total = np.zeros((len(responses), self.nodes.size))
        for score in range(self.probability.shape[2]):
            total += (responses == score).astype(np.float64) @ logs[:, :, score].T
        return total


@dataclass(frozen=True)
class Peak:
    """Where a curve over the grid is highest, one a person.

    Attributes
    ----------
    theta : ndarray, shape (n_persons,)
        In logits, between the nodes by a parabola.
    value : ndarray, shape (n_persons,)
        Height of the curve there.
    """

    theta: FloatArray
    value: FloatArray


def check_scores(items: Items, responses: ArrayLike) -> NDArray[np.int8]:
    """Return the responses as int8, -1 for not presented, after checking them against the items.

    Raises
    ------
    ValueError
        If the matrix has another number of items, or a score is above an item's highest.

    Examples
    --------
    >>> check_scores(Items.dichotomous([1.0, 1.0], [0.0, 0.0]), [[1, float("nan")]])
    array([[ 1, -1]], dtype=int8)
    """
    matrix = check_responses(responses, highest=int(items.highest.max()))
    if matrix.shape[1] != len(items):
        raise ValueError(f"responses must have {len(items)} columns, one an item")
    above = np.flatnonzero((matrix > items.highest).any(axis=0))
    if above.size:
        raise ValueError(f"scores above the highest of the item, by position: {above.tolist()}")
    return matrix


def peak(nodes: FloatArray, curve: FloatArray) -> Peak:
    """Return the highest point of each row of a curve over equally spaced nodes.

    Examples
    --------
    >>> nodes = np.linspace(-1, 1, 5)
    >>> peak(nodes, 1.0 - ((nodes - 0.2) ** 2)[None, :])
    Peak(theta=array([0.2]), value=array([1.]))
    """
    at = np.clip(curve.argmax(axis=1), 1, nodes.size - 2)
    rows, step = np.arange(len(curve)), nodes[1] - nodes[0]
    left, middle, right = (curve[rows, at + move] for move in (-1, 0, 1))
    bend = left - 2.0 * middle + right
    flat = bend > -1e-12
    move = np.where(flat, 0.0, 0.5 * (left - right) / np.where(flat, -1.0, bend))
    move = np.clip(move, -1.0, 1.0)
    value = middle + 0.5 * move * (right - left) + 0.5 * move**2 * bend
    return Peak(nodes[at] + step * move, np.asarray(value, dtype=np.float64))


def weighted_likelihood(curves: Curves, responses: NDArray[np.int8]) -> tuple[FloatArray, FloatArray]:
    """Return an ability that is finite for perfect scores, and its information, one a person.

    Notes
    -----
    The mode of the likelihood times the square root of the information (Jeffreys' prior): Warm's weighted likelihood
    estimate for the Rasch, one- and two-parameter models (Warm, 1989, Psychometrika 54, 427–450), close to it for
    the others (Magis & Raîche, 2012, Psychometrika 77, 163–169). A person without responses gets ability and
    information NaN.

    Examples
    --------
    >>> curves = Curves.of(Items.dichotomous([1.0] * 9, [0.0] * 9))
    >>> theta, _ = weighted_likelihood(curves, np.array([[1, 0] * 4 + [-1]], dtype=np.int8))
    >>> abs(float(theta[0])) < 1e-9
    True
    """
    seen = (responses >= 0).astype(np.float64)
    information = seen @ curves.information.T
    curve = curves.log_likelihood(responses) + 0.5 * np.log(np.maximum(information, SMALLEST))
    theta = peak(curves.nodes, curve).theta
    nothing = seen.sum(axis=1) == 0
    return np.where(nothing, np.nan, theta), np.where(nothing, np.nan, at_ability(curves, information, theta))


def at_ability(curves: Curves, table: FloatArray, theta: FloatArray) -> FloatArray:
    """Return each person's row of a table over the nodes, read off at the person's ability (linear between nodes)."""
    step = curves.nodes[1] - curves.nodes[0]
    place = np.clip((theta - curves.nodes[0]) / step, 0.0, curves.nodes.size - 1.0)
    low = np.minimum(np.nan_to_num(place).astype(np.intp), curves.nodes.size - 2)
    part, rows = place - low, np.arange(theta.size)
    return np.asarray(table[rows, low] * (1.0 - part) + table[rows, low + 1] * part, dtype=np.float64)


def score_moments(
    curves: Curves, where: NDArray[np.bool_], theta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return expected score, variance and slope of the expected score over the items marked, one a person.

    Parameters
    ----------
    curves : Curves
    where : ndarray of bool, shape (n_persons, n_items)
        Items that count for the person.
    theta : ndarray, shape (n_persons,)

    Examples
    --------
    >>> curves = Curves.of(Items.dichotomous([1.0, 1.0], [0.0, 0.0]))
    >>> mean, variance, slope = score_moments(curves, np.array([[True, True]]), np.array([0.0]))
    >>> mean.round(3), variance.round(3), slope.round(3)
    (array([1.]), array([0.5]), array([0.5]))
    """
    score = np.arange(curves.probability.shape[2])
    mean = curves.probability @ score
    variance = curves.probability @ score**2 - mean**2
    slope = np.gradient(mean, curves.nodes, axis=0)
    mask = where.astype(np.float64)
    expected, spread, rise = (at_ability(curves, mask @ part.T, theta) for part in (mean, variance, slope))
    return expected, spread, rise
