"""Reliability of the raw score: alpha and its interval, omega, bounds, halves, strata, in one summary."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.ctt.coefficients import (
    alpha_interval,
    kuder_richardson_21,
    standardised_alpha,
    stratified_alpha,
)
from exam_engine.psychometrics.ctt.guttman import GuttmanBounds, guttman_bounds
from exam_engine.psychometrics.ctt.halves import (
    RandomHalves,
    SplitHalf,
    first_second,
    odd_even,
    random_halves,
    split_half,
)
from exam_engine.psychometrics.ctt.moments import alpha_of, pair_covariance
from exam_engine.psychometrics.ctt.one_factor import OneFactor, fit_one_factor
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import check_responses

MINIMUM_PERSONS = 30
"""Persons below which alpha is hardly known: a house rule. To tell an alpha of 0.7 from 0 takes fewer, from 0.5 more
(Bujang, Omar & Baharum, 2018, Malaysian Journal of Medical Sciences 25(6), 85–99); the interval says how little.
"""

MINIMUM_PERSONS_FACTOR = 100
"""Persons below which a one-factor solution, and with it omega, is unstable: a common rule of thumb (Gorsuch, 1983,
Factor Analysis, 2nd ed.).
"""

MINIMUM_PERSONS_SPLIT = 1000
"""Persons below which the best split profits from chance (Ten Berge & Sočan, 2004, Psychometrika 69, 613–625)."""


class ReliabilityWarning(StrEnum):
    """What limits the coefficients."""

    SMALL_SAMPLE = "small_sample"
    """Fewer than `MINIMUM_PERSONS`: look at the interval of alpha, not at alpha."""
    FACTOR_UNSTABLE = "factor_unstable"
    """Fewer than `MINIMUM_PERSONS_FACTOR`: omega is rough."""
    BEST_SPLIT_OPTIMISTIC = "best_split_optimistic"
    """Fewer than `MINIMUM_PERSONS_SPLIT`: λ4 may exceed the reliability."""
    PAIRWISE = "pairwise"
    """Not everybody saw every item: covariances are over the persons who saw both items, the interval takes the
    smallest of their numbers, KR-21 is not given."""
    UNSEEN_PAIRS = "unseen_pairs"
    """Some items were never seen together by two persons: no coefficient can be given."""
    NO_VARIANCE = "no_variance"
    """The raw score does not vary, or covariances over different persons contradict each other: none is given."""
    CONSTANT_ITEMS = "constant_items"
    """Some items do not vary: left out of the standardised alpha, λ6 and the factor, kept elsewhere."""
    SINGULAR = "singular"
    """The covariance matrix has no inverse (fewer persons than items?): no λ6 and no omega."""
    NO_FACTOR = "no_factor"
    """Fewer than three items vary: no omega."""
    NOT_CONVERGED = "not_converged"
    """The one-factor climb did not converge: omega is where it stood."""
    HEYWOOD = "heywood"
    """An item has no variance of its own left in the one-factor solution: omega is too high."""


@dataclass(frozen=True)
class Reliability:
    """Coefficients of reliability of a raw score; NaN or None where a warning says why.

    Attributes
    ----------
    n_persons, n_items : int
    standard_deviation, standard_error : float
        Of the raw score and of measurement, ``sd sqrt(1 - alpha)``, in marks.
    alpha, alpha_lower, alpha_upper : float
        Cronbach's alpha with Feldt's interval; for items scored 0 or 1 alpha is KR-20.
    level : float
        Confidence of the interval.
    alpha_standardised : float
        Of the items brought to one variance.
    kr21 : float
        For items scored 0 or 1 that everybody saw, NaN otherwise.
    stratified_alpha : float
        Over the parts; NaN without parts.
    bounds : GuttmanBounds or None
    factor : OneFactor or None
        With `omega`.
    odd_even, first_second : SplitHalf or None
    random : RandomHalves or None
        When a generator was given.
    warnings : tuple of ReliabilityWarning
    """

    n_persons: int
    n_items: int
    standard_deviation: float
    standard_error: float
    alpha: float
    alpha_lower: float
    alpha_upper: float
    level: float
    alpha_standardised: float
    kr21: float
    stratified_alpha: float
    bounds: GuttmanBounds | None
    factor: OneFactor | None
    odd_even: SplitHalf | None
    first_second: SplitHalf | None
    random: RandomHalves | None
    warnings: tuple[ReliabilityWarning, ...]

    @property
    def omega(self) -> float:
        """McDonald's omega total from one factor; NaN without one."""
        return float("nan") if self.factor is None else self.factor.omega


def analyse_reliability(
    responses: ArrayLike,
    *,
    highest: int = 1,
    parts: Sequence[Hashable] | None = None,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> Reliability:
    """Return the coefficients of reliability of a response matrix.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … ``highest``; negative or NaN not presented. At least 2 items.
    highest : int, default 1
        Highest score that is taken, at most 100.
    parts : sequence, length n_items, optional
        The part of the test to which each item belongs, for stratified alpha.
    level : float, default 0.95
        Confidence of the interval of alpha, in (0, 1).
    rng : numpy.random.Generator, optional
        With it, random halves are drawn too.

    Returns
    -------
    Reliability

    Raises
    ------
    ValueError
        If the responses, the parts or the level are not usable.

    Notes
    -----
    Everything follows from the item covariances; formulas and sources stand at the functions of this package that
    take them.

    Examples
    --------
    >>> found = analyse_reliability([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]])
    >>> round(found.alpha, 3), round(found.bounds.lambda2, 3), found.warnings[0].value
    (0.75, 0.76, 'small_sample')
    """
    matrix = check_responses(responses, highest=highest)
    n_persons, n_items = matrix.shape
    if n_items < 2:
        raise ValueError("reliability needs at least 2 items")
    if parts is not None and len(parts) != n_items:
        raise ValueError(f"parts must name the part of each of the {n_items} items")
    if not 0 < level < 1:
        raise ValueError("level must lie between 0 and 1")
    complete = bool(matrix.min() >= 0)
    covariance, together = pair_covariance(matrix)
    fewest = int(together.min())
    warnings = _sample_warnings(fewest, complete)
    if not np.isfinite(covariance).all():
        return _nothing(n_persons, n_items, level, [*warnings, ReliabilityWarning.UNSEEN_PAIRS])
    alpha, variance = alpha_of(covariance)
    if np.isnan(alpha):
        return _nothing(n_persons, n_items, level, [*warnings, ReliabilityWarning.NO_VARIANCE])
    if not np.all(np.diag(covariance) > 0):
        warnings.append(ReliabilityWarning.CONSTANT_ITEMS)
    lower, upper = alpha_interval(alpha, n_persons=fewest, n_items=n_items, level=level)
    bounds = guttman_bounds(covariance)
    factor = _factor(covariance, bounds, warnings)
    kr21 = float("nan")
    if complete and matrix.max() <= 1:
        kr21 = kuder_richardson_21(
            float(matrix.sum(dtype=np.int64) / n_persons),
            variance * (n_persons - 1) / n_persons,
            n_items=n_items,
        )
    return Reliability(
        n_persons=n_persons,
        n_items=n_items,
        standard_deviation=float(np.sqrt(variance)),
        standard_error=float(np.sqrt(variance * (1 - alpha))),
        alpha=alpha,
        alpha_lower=lower,
        alpha_upper=upper,
        level=level,
        alpha_standardised=standardised_alpha(covariance),
        kr21=kr21,
        stratified_alpha=float("nan") if parts is None else stratified_alpha(covariance, parts),
        bounds=bounds,
        factor=factor,
        odd_even=split_half(covariance, odd_even(n_items)),
        first_second=split_half(covariance, first_second(n_items)),
        random=None if rng is None else random_halves(covariance, rng=rng),
        warnings=tuple(warnings),
    )


def _sample_warnings(fewest: int, complete: bool) -> list[ReliabilityWarning]:
    found = {
        ReliabilityWarning.SMALL_SAMPLE: fewest < MINIMUM_PERSONS,
        ReliabilityWarning.FACTOR_UNSTABLE: fewest < MINIMUM_PERSONS_FACTOR,
        ReliabilityWarning.BEST_SPLIT_OPTIMISTIC: fewest < MINIMUM_PERSONS_SPLIT,
        ReliabilityWarning.PAIRWISE: not complete,
    }
    return [warning for warning, holds in found.items() if holds]


def _factor(
    covariance: FloatArray, bounds: GuttmanBounds, warnings: list[ReliabilityWarning]
) -> OneFactor | None:
    """Fit one factor where that is possible, and add what limits it to the warnings."""
    if np.isnan(bounds.lambda6):
        warnings.append(ReliabilityWarning.SINGULAR)
        return None
    if int((np.diag(covariance) > 0).sum()) < 3:
        warnings.append(ReliabilityWarning.NO_FACTOR)
        return None
    factor = fit_one_factor(covariance)
    if not factor.converged:
        warnings.append(ReliabilityWarning.NOT_CONVERGED)
    if factor.is_heywood:
        warnings.append(ReliabilityWarning.HEYWOOD)
    return factor


def _nothing(n_persons: int, n_items: int, level: float, warnings: list[ReliabilityWarning]) -> Reliability:
    nan = float("nan")
    numbers = (nan,) * 5
    return Reliability(
        n_persons, n_items, *numbers, level, nan, nan, nan, None, None, None, None, None, tuple(warnings)
    )
