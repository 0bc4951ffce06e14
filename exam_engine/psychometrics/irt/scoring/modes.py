"""Estimates at the highest point of a curve: MAP, maximum likelihood, Warm's weighted likelihood. Pure arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.blocks import Block, read_scores, split
from exam_engine.psychometrics.irt.scoring.derivatives import Derivatives, Kinds, bend, derivatives
from exam_engine.psychometrics.irt.scoring.likelihood import LEAST, Curves, log_probability
from exam_engine.psychometrics.irt.scoring.prior import check_normal
from exam_engine.psychometrics.irt.scoring.result import Outcome, Scores
from exam_engine.psychometrics.irt.scoring.search import climb, limit_of, search_nodes

LOST = 1e-250
"""Below this information the weight of the weighted likelihood cannot be computed."""

BEYOND = 1e3
"""So many search limits away every curve has reached its asymptote."""


def score_map(responses: ArrayLike, items: Items, *, mean: float = 0.0, variance: float = 1.0) -> Scores:
    """Return the mode of the posterior of ability.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters, models mixed as you like.
    mean, variance : float, default 0 and 1
        Of the normal prior.

    Returns
    -------
    Scores
        Standard errors are ``1 / sqrt(information + 1 / variance)`` with the observed information (which is the
        expected but for graded items and asymptotes). Who answered nothing gets the prior's mean and standard
        deviation, and is named.

    Raises
    ------
    ValueError
        If the responses and the items do not fit together, or the variance is not positive.

    Notes
    -----
    Modal a posteriori (Samejima, 1969, Psychometrika Monograph 17). Of several modes, which 3PL likelihoods may
    have, the highest is taken.

    Examples
    --------
    >>> score_map([[1, 1]], Items.dichotomous([1.0, 1.0], [0.0, 0.0])).theta.round(3)
    array([0.675])
    """
    check_normal(mean, variance)
    matrix = read_scores(responses, items)

    def height(start: _Start) -> FloatArray:
        return start.log_likelihood - (start.nodes - mean) ** 2 / (2.0 * variance)

    def slope(at: Derivatives, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        observed = np.where(at.observed + 1.0 / variance > 0, at.observed, at.information)
        return at.gap - (theta - mean) / variance, observed + 1.0 / variance

    theta, at, done = _highest(matrix, items, height, slope, centre=mean)
    se = 1.0 / np.sqrt(slope(at, theta)[1])
    return Scores(theta, se, _outcome(matrix, done))


def score_ml(responses: ArrayLike, items: Items) -> Scores:
    """Return the maximum likelihood ability.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters, models mixed as you like.

    Returns
    -------
    Scores
        Where the likelihood is highest at infinity (every response the one that a higher ability makes likelier;
        under the 3PL also low scores that guessing explains best), theta is ``inf`` or ``-inf``, the standard
        error ``inf``, and the outcome says so. Who answered nothing gets NaN. Else the standard error is
        ``1 / sqrt(information)`` with the expected information.

    Raises
    ------
    ValueError
        If the responses and the items do not fit together.

    Examples
    --------
    >>> score_ml([[1, 0], [1, 1]], Items.dichotomous([1.0, 1.0], [0.0, 1.0])).theta
    array([0.5, inf])
    """
    matrix = read_scores(responses, items)

    def height(start: _Start) -> FloatArray:
        return start.log_likelihood

    def slope(at: Derivatives, _: FloatArray) -> tuple[FloatArray, FloatArray]:
        return at.gap, np.where(at.observed > 0, at.observed, at.information)

    theta, at, done = _highest(matrix, items, height, slope, endless=True)
    with np.errstate(divide="ignore"):
        se = np.where(np.isinf(theta), np.inf, 1.0 / np.sqrt(at.information))
    outcome = _outcome(matrix, done)
    nothing = outcome == Outcome.NOTHING_ANSWERED
    outcome[theta == np.inf] = Outcome.ABOVE_SCALE
    outcome[theta == -np.inf] = Outcome.BELOW_SCALE
    outcome[nothing] = Outcome.NOTHING_ANSWERED
    return Scores(np.where(nothing, np.nan, theta), np.where(nothing, np.nan, se), outcome)


class Weight(StrEnum):
    """What the likelihood is weighted with."""

    WARM = "warm"
    """The integral of ``J / (2 I)``: removes the first-order bias under every model."""
    JEFFREYS = "jeffreys"
    """The square root of the information."""


def score_wle(responses: ArrayLike, items: Items, *, weight: Weight | str = Weight.WARM) -> Scores:
    """Return the weighted likelihood ability: nearly unbiased, and finite for perfect scores.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters, models mixed as you like.
    weight : {"warm", "jeffreys"}, default "warm"
        They differ for items with asymptotes only.

    Returns
    -------
    Scores
        Standard errors are ``1 / sqrt(information)`` with the expected information at the estimate. Who answered
        nothing gets NaN, and is named.

    Raises
    ------
    ValueError
        If the responses and the items do not fit together.

    Notes
    -----
    Solves ``dl/dtheta + J / (2 I) = 0`` with ``J = Σ P' P'' / P`` over the items and their scores and ``I`` the
    expected information (Warm, 1989, Psychometrika 54, 427–450; Samejima, 1998, for several categories;
    Penfield & Bergeron, 2005, Applied Psychological Measurement 29, 218–233, for partial credit). With items
    that have no asymptotes ``J`` is the derivative of ``I``, so that the estimate is the mode under Jeffreys'
    prior too. With asymptotes the two differ: the default is Warm's; ``weight="jeffreys"`` puts the derivative
    of ``I`` in the place of ``J``, as R mirt 1.47 does. Of several solutions the highest point of the weighted
    likelihood is taken.

    Examples
    --------
    >>> score_wle([[1, 0], [1, 1]], Items.dichotomous([1.0, 1.0], [0.0, 0.0])).theta.round(3) + 0.0
    array([0.   , 1.609])
    """
    kind = Weight(weight)
    matrix = read_scores(responses, items)

    def height(start: _Start) -> FloatArray:
        return start.log_likelihood + start.log_weight(kind)

    def slope(at: Derivatives, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        # Where no item informs any more (steep items, far away) the way leads back to the middle.
        lost = at.information < LOST
        bias = at.bend if kind is Weight.WARM else at.turn
        ratio = bias / (2.0 * np.where(lost, 1.0, at.information))
        rate = np.where(at.observed > 0, at.observed, at.information)
        return np.where(lost, -theta, at.gap + ratio), rate

    theta, at, done = _highest(matrix, items, height, slope)
    outcome = _outcome(matrix, done)
    nothing = outcome == Outcome.NOTHING_ANSWERED
    with np.errstate(divide="ignore"):
        se = np.where(nothing, np.nan, 1.0 / np.sqrt(at.information))
    return Scores(np.where(nothing, np.nan, theta), se, outcome)


@dataclass(frozen=True)
class _Start:
    """What is known of a block at the nodes before climbing."""

    nodes: FloatArray
    log_likelihood: FloatArray
    block: Block
    information: FloatArray
    bend: FloatArray
    exact: bool

    def log_weight(self, kind: Weight) -> FloatArray:
        """Return the logarithm of the weight at the nodes, up to a constant."""
        information, bend = self.information[:, self.block.columns], self.bend[:, self.block.columns]
        if self.block.complete:
            total, turn = information.sum(axis=1)[None], bend.sum(axis=1)[None]
        else:
            seen = self.block.seen
            total, turn = seen @ information.T, seen @ bend.T
        total = np.maximum(total, LEAST)
        if self.exact or kind is Weight.JEFFREYS:
            return np.asarray(0.5 * np.log(total), dtype=np.float64)
        # Where nothing informs any more the weight must fall outwards, as its limit does.
        rate = np.where(total > LOST, turn / (2.0 * np.maximum(total, LOST)), -np.sign(self.nodes))
        steps = np.diff(self.nodes) * 0.5 * (rate[:, 1:] + rate[:, :-1])
        return np.pad(np.cumsum(steps, axis=1), ((0, 0), (1, 0)))


def _highest(
    matrix: NDArray[np.int8],
    items: Items,
    height: Callable[[_Start], FloatArray],
    slope: Callable[[Derivatives, FloatArray], tuple[FloatArray, FloatArray]],
    *,
    centre: float = 0.0,
    endless: bool = False,
) -> tuple[FloatArray, Derivatives, NDArray[np.bool_]]:
    """Return the highest points of the persons' curves, the derivatives there, and whether the climb ended."""
    longest = max(1, int((matrix >= 0).sum(axis=1).max()))
    nodes = np.unique(np.append(search_nodes(items, longest=longest), centre))
    curves = Curves.of(items, nodes)
    information, turns = items.information(nodes), bend(items, nodes)
    exact = not np.any((items.lower > 0) | (items.upper < 1))
    ends = log_probability(items, limit_of(items) * BEYOND * np.array([-1.0, 1.0]))
    theta, found = np.empty(len(matrix)), np.empty((5, len(matrix)))
    done = np.empty(len(matrix), dtype=np.bool_)
    for block in split(matrix, width=nodes.size + len(items) * int(items.highest.max() + 1)):
        own = items if block.columns.size == len(items) else items.take(block.columns)
        kinds = Kinds.of(own)
        start = _Start(nodes, curves.log_likelihood(block), block, information, turns, exact)
        best = height(start).argmax(axis=1)
        low, high = nodes[np.maximum(best - 1, 0)], nodes[np.minimum(best + 1, nodes.size - 1)]

        def at(rows: NDArray[np.intp], points: FloatArray) -> tuple[FloatArray, FloatArray]:
            return slope(derivatives(kinds, block.x[rows], points), points)  # noqa: B023  (called in this turn only)

        place, settled = climb(at, low, nodes[best], high)
        if endless:
            peak = start.log_likelihood[np.arange(len(best)), best]
            place = _endless(block, own, place, _at_ends(block, ends), peak)
        finite = np.isfinite(place)
        theta[block.rows], done[block.rows] = place, settled | ~finite
        found[:, block.rows] = astuple(derivatives(kinds, block.x, np.where(finite, place, 0.0)))
    return theta, Derivatives(*found), done


def _at_ends(block: Block, ends: FloatArray) -> FloatArray:
    """Return the log-likelihood of each person at minus infinity and at infinity."""
    total = np.zeros((len(block.rows), 2))
    for score in range(ends.shape[2]):
        total += (block.x == score).astype(np.float64) @ ends[:, block.columns, score].T
    return total


def _endless(block: Block, items: Items, theta: FloatArray, ends: FloatArray, peak: FloatArray) -> FloatArray:
    """Put those at infinity whose likelihood is nowhere higher than there."""
    rows = np.flatnonzero(ends.max(axis=1) >= peak - 1e-9 * np.maximum(1.0, np.abs(peak)))
    if not rows.size:
        return theta
    logs = log_probability(items, theta[rows])
    x = block.x[rows]
    own = np.take_along_axis(logs, np.maximum(x, 0).astype(np.intp)[..., None], axis=2)[..., 0]
    reached = (own * (x >= 0)).sum(axis=1)
    slack = 1e-12 * np.maximum(1.0, np.abs(reached))
    moved = theta.copy()
    moved[rows[ends[rows, 1] >= reached - slack]] = np.inf
    moved[rows[ends[rows, 0] >= reached - slack]] = -np.inf
    return moved


def _outcome(matrix: NDArray[np.int8], done: NDArray[np.bool_]) -> NDArray[np.int8]:
    answered = (matrix >= 0).any(axis=1)
    outcome = np.where(done, Outcome.ESTIMATED, Outcome.NOT_CONVERGED)
    return np.where(answered, outcome, Outcome.NOTHING_ANSWERED).astype(np.int8)
