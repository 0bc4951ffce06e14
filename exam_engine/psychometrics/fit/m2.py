"""Does the model fit the test? M2 and its relatives, from the first- and second-order margins. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import chdtrc, chndtr

from exam_engine.psychometrics.fit.caution import Caution
from exam_engine.psychometrics.fit.margins import Margins, make_margins, make_slopes
from exam_engine.psychometrics.fit.quadratic import gram
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.scoring.blocks import read_scores
from exam_engine.psychometrics.irt.scoring.prior import make_prior

MINIMUM_PERSONS = 200
"""House rule: below this M2 is advised against; simulations of its size begin at a few hundred persons
(Maydeu-Olivares & Joe, 2006, Psychometrika 71, 713–732)."""

LEAST_VARIANCE = 1e-6
"""Items whose scores vary less than this make the covariance of the margins singular."""

ROWS = 65_536
"""Persons are summed in blocks of this many."""


class Margin(StrEnum):
    """Which first-order margins enter; the second-order ones are always the means of products of scores."""

    MEANS = "m2"
    """Mean scores. M2 for items scored 0 or 1 (Maydeu-Olivares & Joe, 2006), M2* for several categories (Cai &
    Hansen, 2013)."""
    CATEGORIES = "c2"
    """The proportion of each category: C2 (Cai & Monroe, 2014), with more degrees of freedom for short tests."""


@dataclass(frozen=True)
class TestFit:
    """How far a test is from its model.

    Attributes
    ----------
    statistic : float
        M2, M2* or C2.
    degrees_of_freedom : int
    p : float
        Probability of a larger value under the model.
    rmsea, rmsea_low, rmsea_high : float
        Root mean square error of approximation with its 90 % interval.
    srmsr : float
        Root mean square of the differences between observed and expected correlations.
    cfi, tli : float
        Against independent items; below 0 or above 1 is not cut off but for ``cfi`` in [0, 1].
    n_persons : int
        Persons who saw every item; the others are left out.
    warnings : tuple of Caution
        ``FEW_PERSONS``, ``PERSONS_LEFT_OUT``.
    """

    statistic: float
    degrees_of_freedom: int
    p: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    srmsr: float
    cfi: float
    tli: float
    n_persons: int
    warnings: tuple[Caution, ...]


TestFit.__test__ = False  # type: ignore[attr-defined]  # a result, not a test for pytest to collect


def m2_fit(
    responses: ArrayLike,
    items: Items,
    *,
    margin: Margin | str = Margin.MEANS,
    mean: float = 0.0,
    variance: float = 1.0,
    nodes: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    estimated: ArrayLike | None = None,
    free_mean: bool = False,
    free_variance: bool | None = None,
) -> TestFit:
    """Test the fit of the whole model by its first- and second-order margins.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented. Only persons who saw every item are used.
    items : Items
        Maximum likelihood estimates from these responses. Their models say what was free: Rasch and partial
        credit the difficulties, 1PL one slope for all besides, the others all parameters of an item.
    margin : {"m2", "c2"}, default "m2"
        First-order margins: mean scores, or the proportions of each category.
    mean, variance : float, default 0 and 1
        Of the normal density of ability.
    nodes, weights : array-like, shape (n_nodes,), optional
        Own nodes, and own weights instead of the normal density.
    estimated : array-like of bool, shape (n_items,), optional
        Items whose parameters were estimated; by default all. The others count as known.
    free_mean, free_variance : bool, optional
        Whether mean and variance of ability were estimated too; the variance by default where every item is
        of the Rasch or the partial credit model.

    Returns
    -------
    TestFit

    Raises
    ------
    ValueError
        If nobody saw every item, an item is nominal or is answered alike by everybody, in the data or under the
        model, there are fewer than 3 items, or no degree of freedom is left.

    Notes
    -----
    ``M2 = N e' C e`` with the residual margins ``e`` and ``C = Xi⁻¹ − Xi⁻¹ Δ (Δ' Xi⁻¹ Δ)⁻¹ Δ' Xi⁻¹``
    (Maydeu-Olivares & Joe, 2006, Psychometrika 71, 713–732; Cai & Hansen, 2013, British Journal of Mathematical
    and Statistical Psychology 66, 245–276). ``RMSEA = sqrt((M2 − df)₊ / (df (N − 1)))``. The baseline of CFI and
    TLI has independent items and ``n (n − 1) / 2`` degrees of freedom; R mirt 1.47 takes fewer for M2* with
    several categories, because it counts thresholds that the mean scores cannot tell apart. Parameters under a prior
    count as free.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> items = Items.dichotomous(np.ones(6), np.linspace(-1, 1, 6))
    >>> x = rng.random((500, 6)) < items.probability(rng.standard_normal(500))[:, :, 1]
    >>> fit = m2_fit(x.astype(int), items, estimated=np.zeros(6, bool))
    >>> fit.degrees_of_freedom, fit.p > 0.001
    (21, True)
    """
    kind = Margin(margin)
    if len(items) < 3:
        raise ValueError("there must be at least 3 items")
    if items.is_nominal.any():
        raise ValueError("nominal items have no scores whose products could be compared")
    matrix = read_scores(responses, items)
    complete = matrix[(matrix >= 0).all(axis=1)]
    if len(complete) < 2:
        raise ValueError("at least 2 persons must have seen every item")
    prior = make_prior(items, mean=mean, variance=variance, nodes=nodes, weights=weights)
    margins = make_margins(items, prior, by_score=kind is Margin.CATEGORIES)
    flat = np.flatnonzero(margins.variance @ prior.weights < LEAST_VARIANCE)
    if flat.size:
        raise ValueError(
            f"hardly anybody differs on the items at {flat.tolist()} under the model: leave them out"
        )
    chosen = np.ones(len(items), np.bool_) if estimated is None else np.asarray(estimated, dtype=np.bool_)
    if chosen.shape != (len(items),):
        raise ValueError(f"estimated must hold {len(items)} values, one an item")
    if free_variance is None:
        free_variance = weights is None and {*items.models} <= {Model.RASCH, Model.PCM}
    slopes = make_slopes(items, margins, estimated=chosen, free_mean=free_mean, free_variance=free_variance)
    df = margins.owner.size + len(items) * (len(items) - 1) // 2 - slopes.n_parameters
    if df < 1:
        raise ValueError(f"no degree of freedom is left: {slopes.n_parameters} parameters are free")
    singles, products = _observed(complete, margins)
    form = gram(
        margins,
        np.column_stack([singles - margins.singles, slopes.singles]),
        np.concatenate([_hollow(products - margins.products)[:, :, None], slopes.products], axis=2),
    )
    across = form[1:, 0]
    explained = across @ np.linalg.lstsq(form[1:, 1:], across, rcond=None)[0] if across.size else 0.0
    statistic = len(complete) * max(float(form[0, 0] - explained), 0.0)
    return _summary(statistic, df, complete, products, margins, left_out=len(matrix) - len(complete))


def _observed(complete: NDArray[np.int8], margins: Margins) -> tuple[FloatArray, FloatArray]:
    """Return the observed first-order margins and means of products."""
    size = complete.shape[1]
    products, totals = np.zeros((size, size)), np.zeros(size)
    # Whole numbers up to 2^24 are exact in single precision: with scores to 16 those of a block.
    exact = np.dtype(np.float32 if int(complete.max()) ** 2 <= 2**24 // ROWS else np.float64)
    for start in range(0, len(complete), ROWS):
        block: NDArray[np.floating] = complete[start : start + ROWS].astype(exact)
        products += block.T @ block
        totals += block.sum(axis=0)
    n_persons = len(complete)
    if margins.owner.size == size:
        return totals / n_persons, products / n_persons
    first = np.searchsorted(margins.owner, np.arange(size))
    score = np.arange(margins.owner.size) - first[margins.owner] + 1
    counts = [np.count_nonzero(complete[:, item] == k) for item, k in zip(margins.owner, score, strict=True)]
    return np.array(counts) / n_persons, products / n_persons


def _hollow(matrix: FloatArray) -> FloatArray:
    return matrix - np.diag(np.diag(matrix))


def _summary(
    statistic: float,
    df: int,
    complete: NDArray[np.int8],
    products: FloatArray,
    margins: Margins,
    *,
    left_out: int,
) -> TestFit:
    n_persons, size = complete.shape
    means = complete.mean(axis=0)
    observed = products - np.outer(means, means)
    modelled = margins.products - np.outer(expected := margins.expected @ margins.prior.weights, expected)
    pairs = np.triu_indices(size, 1)
    if np.any(np.diag(observed) <= 0):
        alike = np.flatnonzero(np.diag(observed) <= 0).tolist()
        raise ValueError(f"everybody answered alike on the items at {alike}: leave them out")
    residual = _correlation(observed)[pairs] - _correlation(modelled)[pairs]
    baseline = n_persons * float((_correlation(observed)[pairs] ** 2).sum())
    baseline_df = pairs[0].size
    excess, baseline_excess = max(statistic - df, 0.0), max(baseline - baseline_df, statistic - df, 0.0)
    scale = df * (n_persons - 1)
    low, high = _noncentrality(statistic, df, 0.95), _noncentrality(statistic, df, 0.05)
    ratio = baseline / baseline_df
    warnings = [Caution.FEW_PERSONS] * (n_persons < MINIMUM_PERSONS) + [Caution.PERSONS_LEFT_OUT] * (
        left_out > 0
    )
    return TestFit(
        statistic,
        df,
        float(chdtrc(df, statistic)),
        float(np.sqrt(excess / scale)),
        float(np.sqrt(low / scale)),
        float(np.sqrt(high / scale)),
        float(np.sqrt((residual**2).mean())),
        1.0 - excess / baseline_excess if baseline_excess > 0 else 1.0,
        (ratio - statistic / df) / (ratio - 1.0) if ratio != 1.0 else 1.0,
        n_persons,
        tuple(warnings),
    )


def _correlation(covariance: FloatArray) -> FloatArray:
    spread = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(spread, spread), dtype=np.float64)


def _noncentrality(statistic: float, df: int, share: float) -> float:
    """Return the noncentrality under which the statistic is the quantile ``share``; 0 if there is none."""
    if chndtr(statistic, df, 0.0) <= share:
        return 0.0
    top = 4.0 * (statistic + df) + 100.0
    return float(brentq(lambda value: chndtr(statistic, df, value) - share, 0.0, top, xtol=1e-9))
