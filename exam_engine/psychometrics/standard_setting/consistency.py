"""How consistent judges are: with one another, with the items' difficulties, with a response model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.ctt.moments import masked_correlation
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.standard_setting.conversion import theta_of_score


@dataclass(frozen=True)
class Components:
    """Variance components of ratings, judges × items, one rating a cell.

    Attributes
    ----------
    judges, items, residual : float
        Variances, in squared units of the ratings; a negative estimate is 0.
    negative : tuple of str
        Names of the components whose estimate was negative.
    n_judges, n_items : int
    standard_error : float
        Of the mean rating, judges and items taken as samples.
    standard_error_of_judges : float
        Of the mean rating on these very items.
    """

    judges: float
    items: float
    residual: float
    negative: tuple[str, ...]
    n_judges: int
    n_items: int
    standard_error: float
    standard_error_of_judges: float

    @property
    def single(self) -> float:
        """Agreement of single ratings on the level of an item, ICC(2, 1); NaN without variance."""
        return _ratio(self.items, self.judges + self.residual)

    @property
    def average(self) -> float:
        """Agreement of the panel's mean ratings, ICC(2, k): the dependability of item means."""
        return _ratio(self.items, (self.judges + self.residual) / self.n_judges)

    @property
    def single_relative(self) -> float:
        """Agreement of single ratings on the order of items, ICC(3, 1)."""
        return _ratio(self.items, self.residual)

    @property
    def average_relative(self) -> float:
        """The same of the panel's mean ratings, ICC(3, k): the generalisability coefficient."""
        return _ratio(self.items, self.residual / self.n_judges)


@dataclass(frozen=True)
class Difficulty:
    """Each judge's ratings against the items' observed difficulties.

    Attributes
    ----------
    correlation : ndarray, shape (n_judges,)
        Over items; NaN where ratings or difficulties do not vary, or fewer than three items were rated.
    deviation : ndarray, shape (n_judges,)
        Mean absolute difference of rating and observed share of points.
    bias : ndarray, shape (n_judges,)
        Mean difference, rating less observed: positive where the judge expects more.
    panel_correlation : float
        Of the mean ratings.
    """

    correlation: FloatArray
    deviation: FloatArray
    bias: FloatArray
    panel_correlation: float


@dataclass(frozen=True)
class Intrajudge:
    """Each judge's ratings against a response model.

    Attributes
    ----------
    theta : ndarray, shape (n_judges,)
        Ability at which the test's expected score is the judge's cut; infinite where no ability has it.
    errors : ndarray, shape (n_judges, n_items)
        Rating less expected share of points at that ability: positive where the judge thinks the item easier.
    mean_error : ndarray, shape (n_judges,)
        Mean absolute error; NaN without an ability.
    consistency : ndarray, shape (n_judges,)
        1 for ratings that follow the model, 0 for the worst that could be.
    """

    theta: FloatArray
    errors: FloatArray
    mean_error: FloatArray
    consistency: FloatArray


def components(ratings: ArrayLike) -> Components:
    """Estimate how much ratings vary by judge, by item, and by both.

    Parameters
    ----------
    ratings : array-like, shape (n_judges, n_items)
        Complete; at least two judges and two items.

    Returns
    -------
    Components

    Raises
    ------
    ValueError
        If a rating is missing, or there are fewer than two judges or items.

    Notes
    -----
    From the mean squares of a two-way table: ``residual = MS_ji``, ``judges = (MS_j - MS_ji) / I``,
    ``items = (MS_i - MS_ji) / J`` (Brennan, 2001, Generalizability Theory, section 2.1); the coefficients are
    the intraclass correlations of Shrout & Fleiss (1979, Psychological Bulletin 86, 420–428), who let them be
    negative.

    Examples
    --------
    >>> found = components([[0.6, 0.8, 0.5], [0.7, 0.7, 0.4], [0.5, 0.9, 0.6]])
    >>> round(found.items, 4), round(found.residual, 4), found.negative
    (0.0189, 0.0133, ('judges',))
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2 or not np.isfinite(table).all():
        raise ValueError("ratings must be complete, of two judges and two items at least")
    n_judges, n_items = table.shape
    grand = table.mean()
    of_judge, of_item = table.mean(axis=1), table.mean(axis=0)
    left = table - of_judge[:, None] - of_item + grand
    residual = float((left**2).sum() / ((n_judges - 1) * (n_items - 1)))
    judges = float(of_judge.var(ddof=1) - residual / n_items)
    items = float(of_item.var(ddof=1) - residual / n_judges)
    negative = tuple(name for name, value in (("judges", judges), ("items", items)) if value < 0)
    judges, items = max(judges, 0.0), max(items, 0.0)
    cells = residual / (n_judges * n_items)
    return Components(
        judges=judges,
        items=items,
        residual=residual,
        negative=negative,
        n_judges=n_judges,
        n_items=n_items,
        standard_error=float(np.sqrt(judges / n_judges + items / n_items + cells)),
        standard_error_of_judges=float(np.sqrt(judges / n_judges + cells)),
    )


def difficulty_consistency(ratings: ArrayLike, observed: ArrayLike) -> Difficulty:
    """Compare judges' ratings with the share of points that candidates near the cut got.

    Parameters
    ----------
    ratings : array-like, shape (n_judges, n_items)
        As shares of the item's points; NaN where a judge did not rate.
    observed : array-like, shape (n_items,)
        Share of points of candidates with scores near the cut; for all candidates the level differs by design
        and only the correlation speaks.

    Returns
    -------
    Difficulty

    Raises
    ------
    ValueError
        If the arrays do not fit or are not shares.

    Notes
    -----
    Cross, Impara, Frary & Jaeger (1984, Journal of Educational Measurement 21, 113–129).

    Examples
    --------
    >>> found = difficulty_consistency([[0.6, 0.8, 0.5], [0.7, 0.3, 0.6]], [0.55, 0.75, 0.5])
    >>> found.correlation.round(2), found.bias.round(3)
    (array([ 0.99, -0.91]), array([ 0.033, -0.067]))
    """
    table, easy = np.asarray(ratings, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    if table.ndim != 2 or easy.shape != table.shape[1:]:
        raise ValueError("ratings must be judges × items and observed one value an item")
    given = ~np.isnan(table)
    if np.any(given & ~((table >= 0) & (table <= 1))) or not np.all((easy >= 0) & (easy <= 1)):
        raise ValueError("ratings and observed values must be shares from 0 to 1")
    gap = np.where(given, table - easy, 0.0)
    number = np.where(given.any(axis=1), given.sum(axis=1), np.nan)
    with np.errstate(invalid="ignore"):
        panel = np.where(given, table, 0.0).sum(axis=0) / np.where(
            given.any(axis=0), given.sum(axis=0), np.nan
        )
    return Difficulty(
        correlation=np.array([correlation(row, easy) for row in table]),
        deviation=np.abs(gap).sum(axis=1) / number,
        bias=gap.sum(axis=1) / number,
        panel_correlation=correlation(panel, easy),
    )


def intrajudge_consistency(ratings: ArrayLike, items: Items) -> Intrajudge:
    """Compare each judge's ratings with the response curves at the judge's own cut.

    Parameters
    ----------
    ratings : array-like, shape (n_judges, n_items)
        In points, complete.
    items : Items
        The same items, calibrated.

    Returns
    -------
    Intrajudge

    Raises
    ------
    ValueError
        If ratings are missing or outside the items' points, or do not fit the items.

    Notes
    -----
    With ``e_i`` the error on item i as a share of its points and ``m_i`` the largest it could be,
    ``max(P_i, 1 - P_i)``, the consistency is ``1 - Σ|e_i| / Σ m_i`` (van der Linden, 1982, Journal of
    Educational Measurement 19, 295–308).

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0, 1.0], [-1.0, 0.0, 1.0])
    >>> found = intrajudge_consistency([[0.73, 0.5, 0.27], [0.3, 0.5, 0.7]], items)
    >>> found.consistency.round(2), found.theta.round(2) + 0.0
    (array([1.  , 0.56]), array([0., 0.]))
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(items):
        raise ValueError("ratings must be judges × items")
    if not np.all((table >= 0) & (table <= items.highest)):
        raise ValueError("ratings must be complete and lie between 0 and the points of the item")
    theta = theta_of_score(items, table.sum(axis=1))
    reached = np.isfinite(theta)
    errors = np.full(table.shape, np.nan)
    worst = np.full(table.shape, np.nan)
    if reached.any():
        share = items.expected_score(theta[reached]) / items.highest
        errors[reached] = table[reached] / items.highest - share
        worst[reached] = np.maximum(share, 1.0 - share)
    size = np.abs(errors)
    return Intrajudge(theta, errors, size.mean(axis=1), 1.0 - size.sum(axis=1) / worst.sum(axis=1))


def correlation(one: FloatArray, other: FloatArray) -> float:
    """Return the correlation where both are known; NaN below three pairs, or where either varies by rounding only."""
    both: NDArray[np.bool_] = ~(np.isnan(one) | np.isnan(other))
    if both.sum() < 3:
        return float("nan")
    mask = np.ones((both.sum(), 1))
    return float(masked_correlation(one[both, None], other[both, None], mask)[0])


def _ratio(signal: float, noise: float) -> float:
    return signal / (signal + noise) if signal + noise > 0 else float("nan")
