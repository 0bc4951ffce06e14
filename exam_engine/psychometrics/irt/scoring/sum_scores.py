"""What a sum score says about ability: the Lord–Wingersky recursion and its conversion table. Pure arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.prior import make_prior

SUM_TOLERANCE = 1e-6


def score_distribution(probability: ArrayLike, *, max_score: int | None = None) -> FloatArray:
    """Return the distribution of the raw score at each ability: the Lord–Wingersky recursion.

    Parameters
    ----------
    probability : array-like, shape (n_points, n_items, highest score of all + 1)
        Probability of each score of each item at each ability, 0 for scores that an item lacks; as
        `Items.probability` returns it, models mixed.
    max_score : int, optional
        Highest raw score of the test, the sum of ``items.highest``; by default the sum of each item's highest score
        with a positive probability anywhere.

    Returns
    -------
    ndarray, shape (n_points, max_score + 1)
        Probability of each raw score 0 … max_score; rows sum to 1. Without items the score is 0.

    Raises
    ------
    ValueError
        If the array has another shape, holds something that is no probability, or ``max_score`` is below a
        score that has a positive probability.

    Notes
    -----
    With ``f_r(x)`` the distribution over the first r items, ``f_r(x) = Σ_k P_r(k) f_{r-1}(x - k)`` (Lord &
    Wingersky, 1984, Applied Psychological Measurement 8, 453–461; for several categories Thissen, Pommerich,
    Billeaud & Williams, 1995, Applied Psychological Measurement 19, 39–49). All terms are positive, so that no
    digits cancel.

    Examples
    --------
    >>> score_distribution([[[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]])
    array([[0.1 , 0.25, 0.4 , 0.25]])
    """
    chance = np.asarray(probability, dtype=np.float64)
    if chance.ndim != 3 or not chance.shape[0] or not chance.shape[2]:
        raise ValueError(
            "probability must have the shape (n_points, n_items, scores), items alone may be none"
        )
    if not (np.all(chance >= 0) and np.all(np.abs(chance.sum(axis=2) - 1.0) <= SUM_TOLERANCE)):
        raise ValueError("the probabilities of an item must be at least 0 and sum to 1 over its scores")
    possible = chance.max(axis=0) > 0
    highest = possible.shape[1] - 1 - np.argmax(possible[:, ::-1], axis=1)
    reached = int(highest.sum())
    size = reached if max_score is None else max_score
    if size < reached:
        raise ValueError(
            f"max_score must be at least {reached}, the highest score with a probability above 0"
        )
    parts = [chance[:, item, : most + 1].T for item, most in enumerate(highest)]
    total = np.zeros((len(chance), size + 1))
    total[:, : reached + 1] = add_items(np.ones((1, len(chance))), parts).T
    return total


def add_items(distribution: FloatArray, chances: Sequence[FloatArray]) -> FloatArray:
    """Return the distribution of the sum after more items.

    Parameters
    ----------
    distribution : ndarray, shape (n_sums, n_points)
        Of the sum so far; ``np.ones((1, n_points))`` before the first item. Points run along the rows, where they
        are neighbours in memory: half the time of the other way round.
    chances : sequence of ndarray, shape (highest + 1, n_points)
        Probability of each score of each item.
    """
    so_far = len(distribution)
    total = np.zeros((so_far + sum(len(chance) - 1 for chance in chances), distribution.shape[1]))
    total[:so_far] = distribution
    for chance in chances:
        before = total[:so_far].copy()
        total[:so_far] *= chance[0]
        for score in range(1, len(chance)):
            total[score : score + so_far] += before * chance[score]
        so_far += len(chance) - 1
    return total


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
    joint = score_distribution(items.probability(prior.nodes), max_score=int(items.highest.sum()))
    joint *= prior.weights[:, None]
    probability = joint.sum(axis=0)
    given = joint / np.maximum(probability, 1e-300)
    theta = prior.nodes @ given
    se = np.sqrt(np.maximum(((prior.nodes[:, None] - theta) ** 2 * given).sum(axis=0), 0.0))
    explained = float(probability @ (theta - prior.mean) ** 2) / prior.variance
    return SumScores(np.arange(theta.size), theta, se, probability, explained)
