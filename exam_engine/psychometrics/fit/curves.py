"""Empirical against model curves: what the persons did at each ability, beside what the item should do. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from exam_engine.psychometrics.ctt.moments import quantile_groups
from exam_engine.psychometrics.fit.caution import Caution
from exam_engine.psychometrics.fit.residuals import check_abilities, item_blocks
from exam_engine.psychometrics.fit.s_x2 import n_parameters
from exam_engine.psychometrics.fit.score_groups import ScoreTable, merge_thin
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring import plausible_values, score_eap
from exam_engine.psychometrics.irt.scoring.blocks import read_scores
from exam_engine.psychometrics.irt.scoring.posterior import posterior
from exam_engine.psychometrics.irt.scoring.prior import make_prior

MINIMUM_GROUP = 10
"""Points of fewer persons are given without a standard error: it would be a guess. House rule."""

MINIMUM_PERSONS = 200
"""Below this the curves are rough. House rule: ten groups of twenty."""


@dataclass(frozen=True)
class EmpiricalCurves:
    """Observed and expected scores of ability groups, ready to be plotted.

    Attributes
    ----------
    theta : ndarray, shape (n_groups,)
        Mean ability of each group, in logits.
    n : ndarray of int, shape (n_items, n_groups)
        Persons of the group who saw the item.
    observed, expected : ndarray, shape (n_items, n_groups)
        Mean score of those persons, and what the model expects of them; NaN where nobody saw the item.
    se : ndarray, shape (n_items, n_groups)
        Standard error of ``observed`` under the model, NaN below `MINIMUM_GROUP` persons.
    shares, expected_shares : ndarray, shape (n_items, n_groups, highest + 1)
        The same for each score: 0 for scores an item lacks.
    warnings : tuple of Caution
        ``FEW_PERSONS``.
    """

    theta: FloatArray
    n: NDArray[np.intp]
    observed: FloatArray
    expected: FloatArray
    se: FloatArray
    shares: FloatArray
    expected_shares: FloatArray
    warnings: tuple[Caution, ...]

    @property
    def z(self) -> FloatArray:
        """Standardised residuals ``(observed − expected) / se``, shape (n_items, n_groups)."""
        return (self.observed - self.expected) / self.se


def empirical_curves(
    responses: ArrayLike,
    items: Items,
    *,
    theta: ArrayLike | None = None,
    groups: int = 10,
    mean: float = 0.0,
    variance: float = 1.0,
) -> EmpiricalCurves:
    """Return observed and expected scores in groups of like ability.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters, models mixed as you like.
    theta : array-like, shape (n_persons,), optional
        Abilities; by default EAP. Persons with NaN or infinite ability are left out.
    groups : int, default 10
        Groups of about equal size, in order of ability; those of one ability stay together, so that there may be fewer.
    mean, variance : float, default 0 and 1
        Of the normal prior for EAP.

    Returns
    -------
    EmpiricalCurves
        The item itself helped to place the persons, so that its observed curve leans towards steepness on short tests:
        a picture, not a test. Tests are S-X² and `item_fit_by_plausible_values`.

    Raises
    ------
    ValueError
        If there are fewer than 2 groups or fewer persons than groups, or the arrays do not fit together.

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0], [0.0, 1.0])
    >>> curves = empirical_curves([[0, 0], [0, 0], [1, 0], [1, 1]], items, groups=2)
    >>> curves.n.tolist(), curves.observed.tolist()
    ([[2, 2], [2, 2]], [[0.0, 1.0], [0.0, 0.5]])
    """
    matrix = read_scores(responses, items)
    if theta is None:
        points = score_eap(matrix, items, mean=mean, variance=variance).theta
    else:
        points = check_abilities(theta, len(matrix))
    known = np.flatnonzero(np.isfinite(points))
    if groups < 2 or known.size < groups:
        raise ValueError("groups must be at least 2 and no more than there are persons of known ability")
    group = quantile_groups(points[known], groups)
    observed, expected, spread = _group_sums(matrix[known], items, points[known], group)
    n = observed.sum(axis=2)
    scores = np.arange(observed.shape[2])
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.where(n >= MINIMUM_GROUP, np.sqrt(spread) / n, np.nan)
        shares, expected_shares = observed / n[..., None], expected / n[..., None]
    centre = np.bincount(group, weights=points[known]) / np.bincount(group)
    warnings = (Caution.FEW_PERSONS,) if known.size < MINIMUM_PERSONS else ()
    return EmpiricalCurves(
        centre,
        n.astype(np.intp),
        shares @ scores,
        expected_shares @ scores,
        se,
        shares,
        expected_shares,
        warnings,
    )


def _group_sums(
    matrix: NDArray[np.int8], items: Items, theta: FloatArray, group: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return observed and expected persons with each score, and the variance of the sum of scores.

    Shapes (n_items, n_groups, highest + 1) twice and (n_items, n_groups).
    """
    width, groups = int(items.highest.max()) + 1, int(group.max()) + 1
    observed = np.zeros((width, groups, len(items)))
    expected, spread = np.zeros_like(observed), np.zeros((groups, len(items)))
    for block, own in item_blocks(matrix, items):
        member = (group[block.rows] == np.arange(groups)[:, None]).astype(np.float64)
        chance = own.probability(theta[block.rows])
        scores = np.arange(chance.shape[2])
        average = chance @ scores
        spread[:, block.columns] += member @ (((chance @ scores**2) - average**2) * block.seen)
        for score in scores:
            observed[score][:, block.columns] += member @ (block.x == score)
            expected[score][:, block.columns] += member @ (chance[..., score] * block.seen)
    return observed.transpose(2, 1, 0), expected.transpose(2, 1, 0), spread.T


@dataclass(frozen=True)
class CurveDistance:
    """How far the curves of items are from what the persons did.

    Attributes
    ----------
    theta : ndarray, shape (n_nodes,)
        Ability, in logits.
    weights : ndarray, shape (n_nodes,)
        Density of ability, summing to 1.
    observed, expected : ndarray, shape (n_items, n_nodes)
        Expected share of the highest score, from the posterior and from the model.
    rmsd : ndarray, shape (n_items,)
        Root mean square of their difference over the density; above 0.1 is large, 0.05 is small (house rule; surveys
        use limits between 0.1 and 0.2).
    deviation : ndarray, shape (n_items,)
        Mean difference: positive where the item was easier than its parameters say.
    n_persons : ndarray of int, shape (n_items,)
    """

    theta: FloatArray
    weights: FloatArray
    observed: FloatArray
    expected: FloatArray
    rmsd: FloatArray
    deviation: FloatArray
    n_persons: NDArray[np.intp]


def curve_distance(
    responses: ArrayLike,
    items: Items,
    *,
    mean: float = 0.0,
    variance: float = 1.0,
    nodes: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> CurveDistance:
    """Return the distance between the curves the posterior draws and those of the model (RMSD and MD).

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters. For nominal items the score is taken as it stands.
    mean, variance : float, default 0 and 1
        Of the normal density of ability.
    nodes, weights : array-like, shape (n_nodes,), optional
        Own nodes, and own weights instead of the normal density.

    Returns
    -------
    CurveDistance
        NaN for items nobody took.

    Raises
    ------
    ValueError
        If the responses and the items do not fit together, or the density is none.

    Notes
    -----
    ``RMSD = sqrt(∫ (E_obs(theta) − E(theta))² g)`` with ``E_obs`` from the expected counts of the posterior (OECD,
    PISA 2015 technical report, chapter 9; Khorramdel, Shin & von Davier, 2019), on the share of the highest score.

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0], [0.0, 1.0])
    >>> curve_distance([[0, 0], [1, 0], [0, 1], [1, 1]], items).deviation.round(2)
    array([-0.03,  0.17])
    """
    matrix = read_scores(responses, items)
    prior = make_prior(items, mean=mean, variance=variance, nodes=nodes, weights=weights)
    scored, counts = (np.zeros((len(items), prior.nodes.size)) for _ in range(2))
    for block, weight in posterior(matrix, items, prior):
        scored[block.columns] += np.maximum(block.x, 0).T.astype(np.float64) @ weight
        counts[block.columns] += block.seen.T @ weight
    top = items.highest[:, None]
    expected = items.expected_score(prior.nodes).T / top
    # Where the posterior puts nobody there is nothing to be seen of the item.
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = np.where(counts > 1e-12, scored / (top * counts), expected)
    n_persons = (matrix >= 0).sum(axis=0)
    gap = np.where(n_persons[:, None] > 0, observed - expected, np.nan)
    return CurveDistance(
        prior.nodes,
        prior.weights,
        observed,
        expected,
        np.sqrt(gap**2 @ prior.weights),
        gap @ prior.weights,
        n_persons,
    )


@dataclass(frozen=True)
class GroupFit:
    """X² of items over ability groups, shape (n_items,) each.

    Attributes
    ----------
    statistic : ndarray
        Mean over the draws.
    degrees_of_freedom : ndarray
        Mean over the draws: cells less groups less the item's estimated parameters.
    p : ndarray
        Of the mean statistic; NaN where no degree of freedom is left. Conservative: the item has a part in the draws.
        At a nominal 5 % about 1 % of 20 fitting items were flagged in simulations of 1,000 persons.
    warnings : tuple of Caution
        ``FEW_PERSONS``, ``NOT_TESTABLE``.
    """

    statistic: FloatArray
    degrees_of_freedom: FloatArray
    p: FloatArray
    warnings: tuple[Caution, ...]


def item_fit_by_plausible_values(
    responses: ArrayLike,
    items: Items,
    *,
    rng: np.random.Generator,
    draws: int = 10,
    groups: int = 10,
    mean: float = 0.0,
    variance: float = 1.0,
    estimated: ArrayLike | None = None,
    least_expected: float = 5.0,
) -> GroupFit:
    """Test each item by groups of like plausible ability (PV-Q1): for any models, gaps and test lengths.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters, models mixed as you like.
    rng : numpy.random.Generator
        Draws the plausible values.
    draws, groups : int, default 10 each
        Plausible values a person, and groups of about equal size of each.
    mean, variance : float, default 0 and 1
        Of the normal density of ability.
    estimated : array-like of bool, shape (n_items,), optional
        Items whose parameters were estimated from these responses; by default all.
    least_expected : float, default 5
        Cells are merged until each is expected to hold this many persons.

    Returns
    -------
    GroupFit

    Raises
    ------
    ValueError
        If the arrays do not fit together, or numbers are out of range.

    Notes
    -----
    Yen's Q1 at plausible values, averaged over draws (Chalmers & Ng, 2017, Applied Psychological Measurement 41,
    372–387). Given the model, a draw from the posterior behaves like true ability.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> items = Items.dichotomous(np.ones(10), np.linspace(-1, 1, 10))
    >>> x = (rng.random((800, 10)) < items.probability(rng.standard_normal(800))[:, :, 1]).astype(int)
    >>> fit = item_fit_by_plausible_values(x, items, rng=rng, estimated=np.zeros(10, bool))
    >>> bool(np.all(fit.p > 0.001))
    True
    """
    matrix = read_scores(responses, items)
    if groups < 2 or len(matrix) < groups:
        raise ValueError("groups must be at least 2 and no more than there are persons")
    chosen = np.ones(len(items), np.bool_) if estimated is None else np.asarray(estimated, dtype=np.bool_)
    if chosen.shape != (len(items),):
        raise ValueError(f"estimated must hold {len(items)} values, one an item")
    values = plausible_values(matrix, items, rng=rng, draws=draws, mean=mean, variance=variance)
    statistic, cells = np.zeros(len(items)), np.zeros(len(items))
    for column in values.T:
        observed, expected, _ = _group_sums(matrix, items, column, quantile_groups(column, groups))
        for item, top in enumerate(items.highest):
            table = ScoreTable(
                item,
                np.arange(observed.shape[1]),
                observed[item, :, : top + 1],
                expected[item, :, : top + 1],
            )
            seen, due = merge_thin(table, least_expected)
            if due.size:
                statistic[item] += np.nansum((seen - due) ** 2 / due) / draws
                cells[item] += (np.count_nonzero(~np.isnan(due)) - len(due)) / draws
    df = cells - np.where(chosen, n_parameters(items), 0)
    testable = df > 0
    p = np.where(testable, chdtrc(np.where(testable, df, 1.0), statistic), np.nan)
    few = bool((matrix >= 0).sum(axis=0).min() < MINIMUM_PERSONS)
    warnings = [Caution.FEW_PERSONS] * few + [Caution.NOT_TESTABLE] * bool(np.any(~testable))
    return GroupFit(np.where(testable, statistic, np.nan), df, p, tuple(warnings))
