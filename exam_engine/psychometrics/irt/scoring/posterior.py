"""Estimates from the posterior of ability over nodes: EAP and plausible values. Pure arrays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.blocks import Block, read_scores, split
from exam_engine.psychometrics.irt.scoring.likelihood import Curves, posterior_weights
from exam_engine.psychometrics.irt.scoring.prior import Prior, make_prior
from exam_engine.psychometrics.irt.scoring.result import Outcome, Scores

DRAW_SPACING = 0.15
"""Nodes for plausible values lie this many standard errors apart: the even spread between two nodes then adds
below 0.2 % to the variance of the draws."""


def posterior(matrix: NDArray[np.int8], items: Items, prior: Prior) -> Iterator[tuple[Block, FloatArray]]:
    """Yield the posterior weights of the persons over the prior's nodes, block by block.

    Parameters
    ----------
    matrix : ndarray of int8, shape (n_persons, n_items)
        From `read_scores`.
    items : Items
    prior : Prior

    Yields
    ------
    block : Block
    weights : ndarray, shape (n, n_nodes)
        Rows sum to 1.
    """
    curves = Curves.of(items, prior.nodes)
    for block in split(matrix, width=prior.nodes.size + len(items)):
        joint = curves.log_likelihood(block)
        joint += prior.log_weights
        yield block, posterior_weights(joint)


def score_eap(
    responses: ArrayLike,
    items: Items,
    *,
    mean: float = 0.0,
    variance: float = 1.0,
    nodes: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> Scores:
    """Return the posterior mean and standard deviation of ability.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters, models mixed as you like.
    mean, variance : float, default 0 and 1
        Of the normal prior.
    nodes : array-like, shape (n_nodes,), optional
        Own nodes, rising; by default 81 within eight standard deviations, more where the test is so sharp that it
        needs them.
    weights : array-like, shape (n_nodes,), optional
        Own weights of those nodes (an empirical density) instead of the normal prior.

    Returns
    -------
    Scores
        Who answered nothing gets the prior's mean and standard deviation, and is named.

    Raises
    ------
    ValueError
        If the responses and the items do not fit together, or the prior is no density.

    Notes
    -----
    Expected a posteriori (Bock & Mislevy, 1982, Applied Psychological Measurement 6, 431–444).

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0], [0.0, 0.0])
    >>> score_eap([[1, 0], [1, 1]], items).theta.round(3) + 0.0
    array([0.   , 0.704])
    """
    matrix = read_scores(responses, items)
    answered = (matrix >= 0).sum(axis=1)
    prior = make_prior(
        items, mean=mean, variance=variance, nodes=nodes, weights=weights, longest=int(answered.max())
    )
    theta, se = np.empty(len(matrix)), np.empty(len(matrix))
    powers = np.stack([prior.nodes, prior.nodes**2], axis=1)
    for block, weight in posterior(matrix, items, prior):
        moments = weight @ powers
        theta[block.rows] = moments[:, 0]
        se[block.rows] = np.sqrt(np.maximum(moments[:, 1] - moments[:, 0] ** 2, 0.0))
    outcome = np.where(answered > 0, Outcome.ESTIMATED, Outcome.NOTHING_ANSWERED).astype(np.int8)
    return Scores(theta, se, outcome)


def plausible_values(
    responses: ArrayLike,
    items: Items,
    *,
    rng: np.random.Generator,
    draws: int = 5,
    mean: float = 0.0,
    variance: float = 1.0,
    nodes: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> FloatArray:
    """Draw abilities from each person's posterior.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters, models mixed as you like.
    rng : numpy.random.Generator
        Source of the draws.
    draws : int, default 5
        Values a person.
    mean, variance : float, default 0 and 1
        Of the normal prior.
    nodes, weights : array-like, shape (n_nodes,), optional
        Own nodes and weights. With own weights the draws are nodes themselves, as a discrete density is.

    Returns
    -------
    ndarray, shape (n_persons, draws)
        In logits. Statistics of the population come from each column and are then averaged; a single column is
        no score of a person.

    Raises
    ------
    ValueError
        If the responses and the items do not fit together, or the prior is no density.

    Notes
    -----
    Mislevy (1991, Psychometrika 56, 177–196). Under the normal prior a node is drawn by its posterior weight,
    then a value evenly within half a spacing around it, on nodes 0.15 standard errors apart. Own nodes without
    weights are used as they are: space them as closely.

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0], [0.0, 0.0])
    >>> values = plausible_values([[1, 1]], items, rng=np.random.default_rng(1), draws=20_000)
    >>> bool(abs(values.mean() - score_eap([[1, 1]], items).theta[0]) < 0.02)
    True
    """
    if draws < 1:
        raise ValueError("draws must be at least 1")
    matrix = read_scores(responses, items)
    prior = make_prior(
        items,
        mean=mean,
        variance=variance,
        nodes=nodes,
        weights=weights,
        spacing=DRAW_SPACING,
        longest=int((matrix >= 0).sum(axis=1).max()),
    )
    spread = np.zeros(prior.nodes.size) if weights is not None else np.gradient(prior.nodes)
    values = np.empty((len(matrix), draws))
    for block, weight in posterior(matrix, items, prior):
        reached = np.cumsum(weight, axis=1)
        aim = rng.random((len(weight), draws)) * reached[:, -1:]
        # All rows are searched at once: row r occupies the interval from r to r + 1.
        ladder = (reached / reached[:, -1:] + np.arange(len(weight))[:, None]).reshape(-1)
        sought = (aim / reached[:, -1:] + np.arange(len(weight))[:, None]).reshape(-1)
        found = np.searchsorted(ladder, sought, side="right").reshape(aim.shape)
        place = np.clip(found - np.arange(len(weight))[:, None] * prior.nodes.size, 0, prior.nodes.size - 1)
        values[block.rows] = prior.nodes[place] + spread[place] * (rng.random(aim.shape) - 0.5)
    return values
