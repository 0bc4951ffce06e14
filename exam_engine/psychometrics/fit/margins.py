"""First- and second-order margins of a test under a model, and their derivatives by its parameters. Pure arrays.

With ``X`` the score of an item, the margins are either the means of all ``X`` (for items scored 0 or 1 the
proportions correct) or the proportions of each score above 0, and the means of the products ``X_i X_j``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.scoring.prior import Prior


@dataclass(frozen=True)
class Margins:
    """Functions of ability whose integrals are the margins.

    Attributes
    ----------
    prior : Prior
        Density of ability.
    owner : ndarray of int, shape (n_singles,)
        Item of each first-order margin.
    single : ndarray, shape (n_singles, n_nodes)
        First-order margins given ability.
    shared : ndarray, shape (n_singles, n_nodes)
        Regression of the first-order margin on the score of its item given ability: 1 for scores themselves.
    own : ndarray, shape (n_singles, n_singles)
        What their covariances given ability have beyond that regression, integrated.
    expected, variance : ndarray, shape (n_items, n_nodes)
        Mean and variance of each item's score given ability.
    """

    prior: Prior
    owner: NDArray[np.intp]
    single: FloatArray
    shared: FloatArray
    own: FloatArray
    expected: FloatArray
    variance: FloatArray

    @property
    def singles(self) -> FloatArray:
        """First-order margins, shape (n_singles,)."""
        return self.single @ self.prior.weights

    @property
    def products(self) -> FloatArray:
        """Means of ``X_i X_j``, shape (n_items, n_items); off the diagonal given ability they are independent."""
        together = (self.expected * self.prior.weights) @ self.expected.T
        together[np.diag_indices_from(together)] += self.variance @ self.prior.weights
        return np.asarray(together, dtype=np.float64)


def make_margins(items: Items, prior: Prior, *, by_score: bool) -> Margins:
    """Return the margins of a test.

    Parameters
    ----------
    items : Items
    prior : Prior
    by_score : bool
        Whether first-order margins are the proportions of each score above 0 instead of the mean scores.
    """
    chance = items.probability(prior.nodes).transpose(1, 2, 0)
    scores = np.arange(chance.shape[1])[:, None]
    expected = (chance * scores).sum(axis=1)
    variance = (chance * (scores - expected[:, None]) ** 2).sum(axis=1)
    if not by_score:
        size = len(items)
        return Margins(
            prior,
            np.arange(size),
            expected,
            np.ones_like(expected),
            np.zeros((size, size)),
            expected,
            variance,
        )
    owner = np.repeat(np.arange(len(items)), items.highest)
    score = np.concatenate([np.arange(1, top + 1) for top in items.highest])
    single = chance[owner, score]
    shared = single * (score[:, None] - expected[owner]) / np.maximum(variance[owner], 1e-300)
    weights = prior.weights
    own = -((single + 0.0) * weights) @ single.T - (shared * variance[owner] * weights) @ shared.T
    own[np.diag_indices_from(own)] += single @ weights
    own[owner[:, None] != owner] = 0.0
    return Margins(prior, owner, single, shared, own, expected, variance)


@dataclass(frozen=True)
class Slopes:
    """Derivatives of the margins by the free parameters.

    Attributes
    ----------
    singles : ndarray, shape (n_singles, n_parameters)
    products : ndarray, shape (n_items, n_items, n_parameters)
        Symmetric in the items; the diagonal is 0.
    """

    singles: FloatArray
    products: FloatArray

    @property
    def n_parameters(self) -> int:
        return int(self.singles.shape[1])


def make_slopes(
    items: Items,
    margins: Margins,
    *,
    estimated: NDArray[np.bool_],
    free_mean: bool,
    free_variance: bool,
) -> Slopes:
    """Return the derivatives of the margins.

    Parameters
    ----------
    items : Items
    margins : Margins
    estimated : ndarray of bool, shape (n_items,)
        Items whose parameters were estimated from the responses.
    free_mean, free_variance : bool
        Whether mean and variance of ability were estimated as well.
    """
    item_of, curves, common = _curves(items, margins.prior.nodes, estimated)
    weights = margins.prior.weights
    size, n_own = len(items), item_of.size
    mean_curves = np.einsum("pkq,k->pq", curves, np.arange(curves.shape[1]))
    singles = np.zeros((margins.owner.size, n_own))
    if margins.owner.size == size:
        singles[item_of, np.arange(n_own)] = mean_curves @ weights
    else:
        first = np.searchsorted(margins.owner, np.arange(size))
        score = np.arange(margins.owner.size) - first[margins.owner] + 1
        by_score = curves @ weights
        rows, columns = np.nonzero(margins.owner[:, None] == item_of)
        singles[rows, columns] = by_score[columns, score[rows]]
    rise = (mean_curves * weights) @ margins.expected.T
    products = np.zeros((size, size, n_own))
    products[item_of, :, np.arange(n_own)] = rise
    products[:, item_of, np.arange(n_own)] = rise.T
    singles, products = singles @ common, products @ common
    shifts = _density_slopes(margins.prior, free_mean=free_mean, free_variance=free_variance)
    if len(shifts):
        singles = np.concatenate([singles, margins.single @ shifts.T], axis=1)
        moved = [(margins.expected * shift) @ margins.expected.T for shift in shifts]
        products = np.concatenate([products, np.stack(moved, axis=2)], axis=2)
    products[np.arange(size), np.arange(size)] = 0.0
    return Slopes(singles, products)


def _density_slopes(prior: Prior, *, free_mean: bool, free_variance: bool) -> FloatArray:
    """Return how a normal density's weights change with its mean and its variance, shape (n_free, n_nodes)."""
    weights, apart = prior.weights, prior.nodes - prior.mean
    slopes = []
    if free_mean:
        slopes.append(weights * apart)
    if free_variance:
        slopes.append(weights * (apart**2 - prior.variance))
    return np.array(slopes).reshape(len(slopes), weights.size)


def _curves(
    items: Items, nodes: FloatArray, estimated: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], FloatArray, FloatArray]:
    """Return the derivatives of the score curves.

    Returns
    -------
    item_of : ndarray of int, shape (n_own,)
    curves : ndarray, shape (n_own, highest + 1, n_nodes)
        By each parameter as if it were an item's own.
    common : ndarray, shape (n_own, n_free)
        Sums up the parameters that several items share: the slope of 1PL items.
    """
    chance = items.probability(nodes).transpose(1, 2, 0)
    item_of: list[int] = []
    curves: list[FloatArray] = []
    shared: list[int] = []
    for item in np.flatnonzero(estimated):
        model, top = items.models[item], int(items.highest[item])
        plain = _by_intercept(items, int(item), chance[item])
        parts = list(plain)
        if model is Model.NOMINAL:
            parts += [curve * nodes for curve in plain]
        elif model not in (Model.RASCH, Model.PCM):
            ratio = items.slopes[item, :top] / items.slopes[item, 0]
            if model is Model.ONE_PL:
                shared.append(len(curves) + len(parts))
            parts.append(np.tensordot(ratio, np.array(plain), axes=1) * nodes)
        if model in (Model.THREE_PL, Model.FOUR_PL):
            right = (chance[item, 1] - items.lower[item]) / (items.upper[item] - items.lower[item])
            parts += _asymptotes(right, chance.shape[1], both=model is Model.FOUR_PL)
        curves += parts
        item_of += [int(item)] * len(parts)
    free = np.eye(len(curves))
    if shared:
        own = np.setdiff1d(np.arange(len(curves)), shared)
        free = np.column_stack([free[:, own], free[:, shared].sum(axis=1)])
    stacked = np.array(curves).reshape(len(curves), chance.shape[1], nodes.size)
    return np.array(item_of, dtype=np.intp), stacked, free


def _by_intercept(items: Items, item: int, chance: FloatArray) -> list[FloatArray]:
    """Return the derivatives of an item's curves by each of its intercepts, (highest + 1, n_nodes) each."""
    top = int(items.highest[item])
    found = []
    for score in range(1, top + 1):
        curve = np.zeros_like(chance)
        if items.models[item] is Model.GRADED:
            above = chance[score:].sum(axis=0)
            spread = above * chance[:score].sum(axis=0)
            curve[score], curve[score - 1] = spread, -spread
        elif items.lower[item] > 0 or items.upper[item] < 1:
            span = items.upper[item] - items.lower[item]
            right = (chance[1] - items.lower[item]) / span
            curve[1] = span * right * (1.0 - right)
            curve[0] = -curve[1]
        else:
            curve = -chance * chance[score]
            curve[score] += chance[score]
        found.append(curve)
    return found


def _asymptotes(right: FloatArray, width: int, *, both: bool) -> list[FloatArray]:
    lower = np.zeros((width, right.size))
    lower[1], lower[0] = 1.0 - right, right - 1.0
    upper = np.zeros_like(lower)
    upper[1], upper[0] = right, -right
    return [lower, upper] if both else [lower]
