"""What a sum score says about ability: the Lord–Wingersky recursion and its conversion table. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.prior import make_prior


def score_distribution(items: Items, theta: ArrayLike) -> FloatArray:
    """Return the distribution of the sum score at each ability.

    Parameters
    ----------
    items : Items
        All of them answered.
    theta : array-like, shape (n_points,)
        Ability, in logits.

    Returns
    -------
    ndarray, shape (n_points, highest sum + 1)
        Rows sum to 1.

    Notes
    -----
    Items are added one at a time (Lord & Wingersky, 1984, Applied Psychological Measurement 8, 453–461; for
    several categories Thissen, Pommerich, Billeaud & Williams, 1995, Applied Psychological Measurement 19, 39–49).

    Examples
    --------
    >>> score_distribution(Items.dichotomous([1.0, 1.0], [0.0, 0.0]), [0.0])
    array([[0.25, 0.5 , 0.25]])
    """
    chance = items.probability(theta)
    chances = [chance[:, item, : top + 1] for item, top in enumerate(items.highest)]
    return add_items(np.ones((len(chance), 1)), chances)


def add_items(distribution: FloatArray, chances: list[FloatArray]) -> FloatArray:
    """Return the distribution of the sum after more items, each given as (n_points, highest + 1)."""
    for chance in chances:
        top = chance.shape[1] - 1
        wider = np.zeros((len(distribution), distribution.shape[1] + top))
        for score in range(top + 1):
            wider[:, score : score + distribution.shape[1]] += distribution * chance[:, score, None]
        distribution = wider
    return distribution


@dataclass(frozen=True)
class SumScores:
    """Conversion of sum scores to ability, and how often each score is to be expected.

    Attributes
    ----------
    score : ndarray of int, shape (n_scores,)
        0 … highest.
    theta, se : ndarray, shape (n_scores,)
        Posterior mean and standard deviation of ability given the sum score, in logits.
    probability : ndarray, shape (n_scores,)
        Of the score in the population of the prior; multiply by the number of persons for expected frequencies.
    reliability : float
        Share of the prior's variance that the conversion explains.
    """

    score: NDArray[np.intp]
    theta: FloatArray
    se: FloatArray
    probability: FloatArray
    reliability: float


def sum_score_eap(
    items: Items,
    *,
    mean: float = 0.0,
    variance: float = 1.0,
    nodes: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> SumScores:
    """Return the table from sum score to expected ability.

    Parameters
    ----------
    items : Items
        All of them answered: a sum over other items needs a table of its own. Nominal items have no sum.
    mean, variance : float, default 0 and 1
        Of the normal prior.
    nodes, weights : array-like, shape (n_nodes,), optional
        Own nodes, and own weights instead of the normal prior.

    Returns
    -------
    SumScores

    Raises
    ------
    ValueError
        If an item is nominal, or the prior is no density.

    Notes
    -----
    ``theta(s) = ∫ theta P(s | theta) g(theta) / ∫ P(s | theta) g(theta)`` (Thissen & Orlando, 2001, in Thissen &
    Wainer, Test scoring, chapter 3).

    Examples
    --------
    >>> table = sum_score_eap(Items.dichotomous([1.0, 1.0], [0.0, 0.0]))
    >>> table.theta.round(3) + 0.0, table.probability.round(3)
    (array([-0.704,  0.   ,  0.704]), array([0.293, 0.413, 0.293]))
    """
    if items.is_nominal.any():
        raise ValueError("nominal items have no order and so no sum score")
    prior = make_prior(items, mean=mean, variance=variance, nodes=nodes, weights=weights)
    joint = score_distribution(items, prior.nodes) * prior.weights[:, None]
    probability = joint.sum(axis=0)
    given = joint / np.maximum(probability, 1e-300)
    theta = prior.nodes @ given
    se = np.sqrt(np.maximum(((prior.nodes[:, None] - theta) ** 2 * given).sum(axis=0), 0.0))
    explained = float(probability @ (theta - prior.mean) ** 2) / prior.variance
    return SumScores(np.arange(theta.size), theta, se, probability, explained)
