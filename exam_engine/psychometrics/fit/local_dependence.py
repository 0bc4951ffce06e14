"""Do two items hang together beyond ability? Q3 and LD-X² for all pairs. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.fit.caution import Caution
from exam_engine.psychometrics.fit.residuals import check_abilities, item_blocks
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring import score_eap
from exam_engine.psychometrics.irt.scoring.blocks import read_scores
from exam_engine.psychometrics.irt.scoring.prior import make_prior

MINIMUM_PERSONS = 200
"""Below this a Q3 of 0.2 is within chance for one of many pairs: its standard error is about ``1 / sqrt(N)``."""

LIMIT = 0.2
"""Pairs whose Q3 is this far above the average are flagged: a rule of thumb. No single value fits all lengths, samples
and numbers of scores, so that `q3_limit` simulates one for the test at hand; relative to the average it varies less
(Christensen, Makransky & Horton, 2017, Applied Psychological Measurement 41, 178–194)."""

ROUNDING = 1e-12
"""Share of the squared residuals below which their spread is nothing but rounding."""


@dataclass(frozen=True)
class LocalDependence:
    """Correlations of residuals.

    Attributes
    ----------
    q3 : ndarray, shape (n_items, n_items)
        Correlation of the residuals of each pair; 1 on the diagonal; NaN for pairs that fewer than 3 persons saw
        together, and for nominal items.
    average : float
        Mean over the pairs. About ``−1 / (n_items − 1)`` when the items are locally independent (Yen, 1993,
        Journal of Educational Measurement 30, 187–213) and abilities are ML or WLE; nearer to 0 with EAP.
    adjusted : ndarray, shape (n_items, n_items)
        Q3*: ``q3`` less the average.
    largest : float
        Largest Q3* of a pair.
    flagged : ndarray of int, shape (n_flagged, 2)
        Pairs with Q3* above the limit, the largest first.
    limit : float
    n_persons : ndarray of int, shape (n_items, n_items)
        Persons who saw both.
    warnings : tuple of Caution
        ``FEW_PERSONS`` if a pair was seen together by fewer than `MINIMUM_PERSONS`.
    """

    q3: FloatArray
    average: float
    adjusted: FloatArray
    largest: float
    flagged: NDArray[np.intp]
    limit: float
    n_persons: NDArray[np.intp]
    warnings: tuple[Caution, ...]


def residual_correlations(
    responses: ArrayLike,
    items: Items,
    *,
    theta: ArrayLike | None = None,
    mean: float = 0.0,
    variance: float = 1.0,
    limit: float = LIMIT,
) -> LocalDependence:
    """Return Yen's Q3 of all pairs of items, with the average taken off and the suspicious pairs named.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented. A pair rests on the persons who saw both.
    items : Items
        Their parameters.
    theta : array-like, shape (n_persons,), optional
        Abilities; by default EAP. Persons with NaN or infinite ability are left out.
    mean, variance : float, default 0 and 1
        Of the normal prior for EAP.
    limit : float, default 0.2
        Q3* above which a pair is flagged.

    Returns
    -------
    LocalDependence

    Raises
    ------
    ValueError
        If there are fewer than 3 items, or the responses, the items and the abilities do not fit together.

    Notes
    -----
    Yen (1984, Applied Psychological Measurement 8, 125–145); Q3* after Marais (2013) and Christensen, Makransky &
    Horton (2017).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> items = Items.dichotomous(np.ones(8), np.linspace(-1, 1, 8))
    >>> x = (rng.random((2000, 8)) < items.probability(rng.standard_normal(2000))[:, :, 1]).astype(int)
    >>> x[:, 1] = x[:, 0]
    >>> residual_correlations(x, items).flagged
    array([[0, 1]])
    """
    if len(items) < 3:
        raise ValueError("there must be at least 3 items")
    matrix = read_scores(responses, items)
    if theta is None:
        points = score_eap(matrix, items, mean=mean, variance=variance).theta
    else:
        points = check_abilities(theta, len(matrix))
    matrix = np.where(np.isfinite(points)[:, None], matrix, np.int8(-1))
    q3, together = _correlations(matrix, items, points)
    q3[items.is_nominal] = q3[:, items.is_nominal] = np.nan
    np.fill_diagonal(q3, 1.0)
    upper = np.triu_indices(len(items), 1)
    values = q3[upper]
    known = ~np.isnan(values)
    average = float(values[known].mean()) if known.any() else np.nan
    adjusted = q3 - average
    over = np.flatnonzero(known & (values - average > limit))
    order = over[np.argsort(-values[over], kind="stable")]
    few = bool(np.any(together[upper] < MINIMUM_PERSONS))
    return LocalDependence(
        q3,
        average,
        adjusted,
        float(values[known].max() - average) if known.any() else np.nan,
        np.stack([upper[0][order], upper[1][order]], axis=1),
        limit,
        together,
        (Caution.FEW_PERSONS,) if few else (),
    )


def _correlations(
    matrix: NDArray[np.int8], items: Items, theta: FloatArray
) -> tuple[FloatArray, NDArray[np.intp]]:
    size = len(items)
    products, sums, squares, together = (np.zeros((size, size)) for _ in range(4))
    for block, own in item_blocks(matrix, items):
        at = np.where(np.isfinite(theta[block.rows]), theta[block.rows], 0.0)
        seen = block.seen
        residual = (block.x - own.expected_score(at)) * seen
        where = np.ix_(block.columns, block.columns)
        products[where] += residual.T @ residual
        sums[where] += residual.T @ seen
        squares[where] += (residual**2).T @ seen
        together[where] += seen.T @ seen
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = products - sums * sums.T / together
        spread = squares - sums**2 / together
        q3 = covariance / np.sqrt(spread * spread.T)
    flat = spread <= ROUNDING * squares
    q3[(together < 3) | flat | flat.T] = np.nan
    return q3, together.astype(np.intp)


def q3_limit(
    responses: ArrayLike,
    items: Items,
    *,
    rng: np.random.Generator,
    replications: int = 200,
    level: float = 0.95,
    mean: float = 0.0,
    variance: float = 1.0,
) -> float:
    """Return the quantile of the largest Q3* of a test whose items are locally independent, by simulation.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Only which were presented is used.
    items : Items
        Their parameters.
    rng : numpy.random.Generator
    replications : int, default 200
        Simulated data sets.
    level : float, default 0.95
        Of the quantile, between 0 and 1.
    mean, variance : float, default 0 and 1
        Of the normal density of ability.

    Returns
    -------
    float
        Take it as ``limit`` of `residual_correlations`: then at most about 5 % of the tests without local dependence
        have a flagged pair.

    Raises
    ------
    ValueError
        If the responses and the items do not fit together, or the numbers are out of range.

    Notes
    -----
    The parametric bootstrap of Christensen, Makransky & Horton (2017), with the item parameters held as given.

    Examples
    --------
    >>> items = Items.dichotomous(np.ones(8), np.linspace(-1, 1, 8))
    >>> limit = q3_limit(np.zeros((300, 8)), items, rng=np.random.default_rng(1), replications=50)
    >>> 0.05 < limit < 0.3
    True
    """
    if replications < 20 or not 0.0 < level < 1.0:
        raise ValueError("replications must be at least 20 and level between 0 and 1")
    matrix = read_scores(responses, items)
    largest = np.empty(replications)
    for turn in range(replications):
        theta = mean + np.sqrt(variance) * rng.standard_normal(len(matrix))
        answers = matrix.copy()
        for block, own in item_blocks(matrix, items):
            reached = own.probability(theta[block.rows]).cumsum(axis=2)[..., :-1]
            drawn = (rng.random(block.x.shape)[..., None] > reached).sum(axis=2)
            drawn = np.minimum(drawn, own.highest)
            answers[np.ix_(block.rows, block.columns)] = np.where(block.x >= 0, drawn, -1)
        largest[turn] = residual_correlations(answers, items, mean=mean, variance=variance).largest
    return float(np.quantile(largest, level))


@dataclass(frozen=True)
class PairTables:
    """LD-X² of all pairs, shape (n_items, n_items) each, NaN on the diagonal.

    Attributes
    ----------
    statistic : ndarray
        Pearson's X² of the table of both items' scores.
    standardised : ndarray
        ``(X² − df) / sqrt(2 df)``; above 10 is large (Chen & Thissen, 1997).
    direction : ndarray
        1 where the scores go together more than expected, −1 where less.
    degrees_of_freedom : ndarray of int
    n_persons : ndarray of int
        Persons who saw both.
    """

    statistic: FloatArray
    standardised: FloatArray
    direction: FloatArray
    degrees_of_freedom: NDArray[np.intp]
    n_persons: NDArray[np.intp]


def pair_tables(
    responses: ArrayLike,
    items: Items,
    *,
    mean: float = 0.0,
    variance: float = 1.0,
    nodes: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> PairTables:
    """Return LD-X² of all pairs of items.

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
    PairTables

    Raises
    ------
    ValueError
        If the responses and the items do not fit together, or the density is none.

    Notes
    -----
    ``X² = Σ_k Σ_l (O − E)² / E`` with ``E = N ∫ P_ik P_jl g`` (Chen & Thissen, 1997, Journal of Educational and
    Behavioral Statistics 22, 265–289). The table has ``m_i m_j`` degrees of freedom; as the parameters come from the
    same answers the statistic lies somewhat below that chi-square.

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0], [0.0, 0.0])
    >>> pair_tables([[0, 0], [1, 1]] * 50, items).statistic.round(1)
    array([[ nan, 70.4],
           [70.4,  nan]])
    """
    matrix = read_scores(responses, items)
    prior = make_prior(items, mean=mean, variance=variance, nodes=nodes, weights=weights)
    chance = items.probability(prior.nodes)
    width, size = chance.shape[2], len(items)
    observed = np.zeros((width, size, width, size))
    step = max(1, 4_000_000 // (size * width))
    for start in range(0, len(matrix), step):
        part = matrix[start : start + step]
        marks = np.concatenate([part == score for score in range(width)], axis=1).astype(np.float32)
        observed += (marks.T @ marks).reshape(observed.shape)
    flat = chance.transpose(2, 1, 0).reshape(width * size, -1)
    share = ((flat * prior.weights) @ flat.T).reshape(observed.shape)
    together = observed.sum(axis=(0, 2))
    expected = share * together[None, :, None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(expected > 0, (observed - expected) ** 2 / expected, 0.0).sum(axis=(0, 2))
    df = np.outer(items.highest, items.highest)
    empty = np.eye(size, dtype=np.bool_) | (together == 0)
    more = _covariance(observed, together) >= _covariance(expected, together)
    return PairTables(
        np.where(empty, np.nan, statistic),
        np.where(empty, np.nan, (statistic - df) / np.sqrt(2.0 * df)),
        np.where(empty, np.nan, np.where(more, 1.0, -1.0)),
        df,
        together.astype(np.intp),
    )


def _covariance(tables: FloatArray, together: FloatArray) -> FloatArray:
    """Return the covariance of the scores of each pair in tables (score, item, score, item)."""
    scores, persons = np.arange(len(tables)), np.maximum(together, 1.0)
    means = np.einsum("kilj,k->ij", tables, scores) / persons
    return np.asarray(np.einsum("kilj,k,l->ij", tables, scores, scores) / persons - means * means.T)
