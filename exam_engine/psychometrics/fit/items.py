"""Does an item behave as the model says? Infit and outfit, at given abilities or over the posterior. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.fit.caution import Caution
from exam_engine.psychometrics.fit.residuals import (
    MeanSquares,
    MeanSquareSums,
    check_abilities,
    item_blocks,
    score_moments,
)
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.blocks import read_scores
from exam_engine.psychometrics.irt.scoring.posterior import posterior
from exam_engine.psychometrics.irt.scoring.prior import make_prior

MINIMUM_PERSONS = 100
"""House rule, that of Rasch calibration (Linacre, 1994, Rasch Measurement Transactions 7(4), 328)."""


@dataclass(frozen=True)
class ItemMeanSquares:
    """Infit and outfit of items.

    Attributes
    ----------
    mean_squares : MeanSquares
        Of each item, shape (n_items,); NaN for nominal items, which have no score, and for items nobody took.
    warnings : tuple of Caution
        ``FEW_PERSONS`` if an item was answered by fewer than `MINIMUM_PERSONS`.
    """

    mean_squares: MeanSquares
    warnings: tuple[Caution, ...]


def item_mean_squares(
    responses: ArrayLike, items: Items, theta: ArrayLike, *, least_variance: float = 0.0
) -> ItemMeanSquares:
    """Return infit and outfit of items at given abilities.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters, models mixed as you like.
    theta : array-like, shape (n_persons,)
        Abilities in logits, EAP or WLE for instance. Persons with NaN or infinite ability are left out.
    least_variance : float, default 0
        Smaller variances of scores are raised to this; R mirt 1.47 takes the root of 1e-5.

    Returns
    -------
    ItemMeanSquares

    Raises
    ------
    ValueError
        If the responses, the items and the abilities do not fit together.

    Notes
    -----
    ``outfit = mean (x − E)² / V``, ``infit = Σ (x − E)² / Σ V`` (Wright & Masters, 1982, Rating scale analysis).
    Because the answers decided the abilities, values lie somewhat below 1, with EAP and short tests much below;
    `item_mean_squares_over_posterior` has expectation 1.

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0], [0.0, 1.0])
    >>> item_mean_squares([[1, 0], [0, 1]], items, [0.0, 0.0]).mean_squares.outfit.round(3)
    array([1.   , 1.543])
    """
    matrix = read_scores(responses, items)
    points = check_abilities(theta, len(matrix))
    matrix = np.where(np.isfinite(points)[:, None], matrix, np.int8(-1))
    sums = MeanSquareSums(len(items))
    for block, own in item_blocks(matrix, items):
        at = np.where(np.isfinite(points[block.rows]), points[block.rows], 0.0)
        used = (block.x >= 0) & ~own.is_nominal
        moments = score_moments(own.probability(at), least_variance=least_variance)
        sums.add(block.x, moments, used, axis=0, to=block.columns)
    return _result(sums.result(), items)


def item_mean_squares_over_posterior(
    responses: ArrayLike,
    items: Items,
    *,
    mean: float = 0.0,
    variance: float = 1.0,
    nodes: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> ItemMeanSquares:
    """Return infit and outfit of items, integrated over each person's posterior.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters, models mixed as you like.
    mean, variance : float, default 0 and 1
        Of the normal density of ability.
    nodes, weights : array-like, shape (n_nodes,), optional
        Own nodes, and own weights instead of the normal density.

    Returns
    -------
    ItemMeanSquares
        Under the model both mean squares have expectation 1. ``z`` is the distance from 1 in standard errors, these
        taken from the differences between persons.

    Raises
    ------
    ValueError
        If the responses and the items do not fit together, or the density is none.

    Notes
    -----
    ``outfit = mean E[(x − E)² / V | answers]`` and likewise the two sums of the infit (Adams & Wu, 2007, in von
    Davier & Carstensen, Multivariate and mixture distribution Rasch models, chapter 4, draw from the posterior
    where this integrates). Slopes estimated from the same responses already make predictions and answers agree, so
    that these values then hardly leave 1 whatever the item: they speak under Rasch and partial credit models and
    for items of known parameters. For the others take S-X² or the curves.

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0], [0.0, 1.0])
    >>> item_mean_squares_over_posterior([[1, 0], [0, 1]], items).mean_squares.infit.round(3)
    array([1.318, 1.608])
    """
    matrix = read_scores(responses, items)
    answered = int((matrix >= 0).sum(axis=1).max())
    prior = make_prior(
        items, mean=mean, variance=variance, nodes=nodes, weights=weights, longest=max(1, answered)
    )
    moments = score_moments(items.probability(prior.nodes))
    scores = np.arange(int(items.highest.max()) + 1)[:, None, None]
    # Squared residuals of each possible score at the nodes: (highest + 1, n_nodes, n_items).
    square = (scores - moments.mean) ** 2
    standard = square / np.maximum(moments.variance, 1e-300)
    sums = np.zeros((6, len(items)))
    for block, weight in posterior(matrix, items, prior):
        expected = weight @ moments.variance[:, block.columns]
        own_square, own_standard = np.zeros_like(expected), np.zeros_like(expected)
        for score, (of_square, of_standard) in enumerate(zip(square, standard, strict=True)):
            marked = block.x == score
            own_square += marked * (weight @ of_square[:, block.columns])
            own_standard += marked * (weight @ of_standard[:, block.columns])
        seen = block.x >= 0
        gap = (own_square - expected) * seen
        parts = (own_standard, seen * (own_standard - 1.0) ** 2, own_square, expected * seen, gap**2, seen)
        for row, part in zip(sums, parts, strict=True):
            row[block.columns] += part.sum(axis=0)
    return _result(_over_posterior(sums), items)


def _over_posterior(sums: FloatArray) -> MeanSquares:
    standard, standard_spread, square, variance, spread, n = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        outfit, infit = standard / n, square / variance
        z_outfit = (outfit - 1.0) * n / np.sqrt(standard_spread)
        z_infit = (square - variance) / np.sqrt(spread)
    return MeanSquares(outfit, infit, z_outfit, z_infit, n.astype(np.intp))


def _result(found: MeanSquares, items: Items) -> ItemMeanSquares:
    nominal = items.is_nominal
    blank = np.where(nominal, np.nan, 0.0)
    held = MeanSquares(
        found.outfit + blank, found.infit + blank, found.z_outfit + blank, found.z_infit + blank, found.n
    )
    few = bool(np.any(found.n[~nominal] < MINIMUM_PERSONS))
    return ItemMeanSquares(held, (Caution.FEW_PERSONS,) if few else ())
