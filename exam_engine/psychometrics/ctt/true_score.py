"""The distribution of true scores behind raw scores with binomial errors: the four-parameter beta."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv, expit, log_expit

from exam_engine.psychometrics.irt.models import FloatArray

NODES = 600
"""Points between two cuts at which true scores are taken."""

REACH = 5.8
"""Where the tanh–sinh points end: 1e-225 of an interval from its edge, so that a density infinite there is followed."""

TAIL = 1e-15
"""Mass that is left out beyond the points at either end of a distribution that thins out."""


@dataclass(frozen=True)
class TrueScores:
    """True proportions as ``lower + (upper - lower) B`` with B beta distributed.

    Attributes
    ----------
    alpha, beta : float
        Shapes, positive.
    lower, upper : float
        Limits of the proportion, within [0, 1].
    length : int
        Trials of the binomial errors: items, or the effective test length.
    n_moments : int
        Moments of the raw scores that the distribution reproduces: 4, 3 (one limit held at 0 or 1) or 2 (both held).
    mean, variance : float
        Of the true proportion.
    """

    alpha: float
    beta: float
    lower: float
    upper: float
    length: int
    n_moments: int
    mean: float
    variance: float

    def quadrature(self, cuts: ArrayLike) -> tuple[FloatArray, FloatArray, NDArray[np.integer]]:
        """Return proportions, weights that sum to 1, and the interval between cuts in which each lies.

        Parameters
        ----------
        cuts : array-like, shape (n_cuts,)
            Rising proportions at which something jumps; no point lies on both sides.

        Notes
        -----
        Tanh–sinh points (Takahasi & Mori, 1974) in each interval, which endure a density that is infinite at a
        limit; weights are brought to the mass of the interval by the incomplete beta function.
        """
        width = self.upper - self.lower
        start, end = self.lower, self.upper
        if self.alpha > 1:
            start += width * float(betaincinv(self.alpha, self.beta, TAIL))
        if self.beta > 1:
            end -= width * float(betaincinv(self.beta, self.alpha, TAIL))
        edges = np.concatenate([[start], np.clip(np.asarray(cuts, dtype=np.float64), start, end), [end]])
        mass = np.diff(betainc(self.alpha, self.beta, np.clip((edges - self.lower) / width, 0.0, 1.0)))
        mass /= mass.sum()
        t = np.linspace(-REACH, REACH, NODES)
        share, rest = expit(np.pi * np.sinh(t)), expit(-np.pi * np.sinh(t))
        jacobian = log_expit(np.pi * np.sinh(t)) + log_expit(-np.pi * np.sinh(t)) + np.log(np.cosh(t))
        points, weights, where = [], [], []
        for interval in np.flatnonzero(mass > 0):
            left, right = edges[interval], edges[interval + 1]
            below = (left - self.lower) + (right - left) * share
            above = (self.upper - right) + (right - left) * rest
            height = (self.alpha - 1) * np.log(below) + (self.beta - 1) * np.log(above) + jacobian
            weight = np.exp(height - height.max())
            points.append(left + (right - left) * share)
            weights.append(weight * (mass[interval] / weight.sum()))
            where.append(np.full(NODES, interval))
        return np.concatenate(points), np.concatenate(weights), np.concatenate(where)


def fit_true_scores(
    scores: ArrayLike,
    *,
    length: int,
    highest: float,
    lowest: float = 0.0,
    weights: ArrayLike | None = None,
    n_moments: int = 4,
) -> TrueScores:
    """Fit a beta distribution of true proportions to raw scores with binomial errors, by moments.

    Parameters
    ----------
    scores : array-like, shape (n,)
        Raw scores, in marks.
    length : int
        Trials of the binomial, at least 4: the number of items scored 0 or 1, or `effective_length`.
    highest, lowest : float
        Largest and smallest score that the test allows, in marks.
    weights : array-like, shape (n,), optional
        Persons behind each score; 1 by default.
    n_moments : {4, 3, 2}, default 4
        Moments to reproduce at most.

    Returns
    -------
    TrueScores

    Raises
    ------
    ValueError
        If an argument is out of range, or the scores vary no more than binomial errors do.

    Notes
    -----
    With scores brought to ``0 … length``, the r-th moment of the proportion is the r-th factorial moment of the
    score over that of the length (Lord, 1965, Psychometrika 30, 239–270, with his k = 0). The four parameters follow
    in closed form. Where they leave [0, 1] or do not exist, one limit is held at 0 or at 1 and three moments are
    kept, of two such fits the one closer in kurtosis; where neither holds, both limits are held and two moments are
    kept (after Hanson, 1991, ACT Research Report 91-5).

    Examples
    --------
    >>> fit = fit_true_scores([2, 3, 5, 6, 8, 9], length=10, highest=10, n_moments=2)
    >>> round(fit.mean, 3), round(fit.alpha, 3), round(fit.beta, 3)
    (0.55, 2.695, 2.205)
    """
    values = np.asarray(scores, dtype=np.float64)
    count = np.ones_like(values) if weights is None else np.asarray(weights, dtype=np.float64)
    if length < 4 or n_moments not in (2, 3, 4) or not highest > lowest:
        raise ValueError("length must be at least 4, n_moments 2, 3 or 4, highest above lowest")
    if values.ndim != 1 or count.shape != values.shape or not values.size:
        raise ValueError("scores and weights must be vectors of one length, not empty")
    if not (np.all((values >= lowest) & (values <= highest)) and np.all(count >= 0) and count.sum() > 0):
        raise ValueError(f"scores must lie between {lowest} and {highest}, weights must not be negative")
    trial = length * (values - lowest) / (highest - lowest)
    share = count / count.sum()
    raw, product = [], np.ones_like(trial)
    for r in range(4):
        product = product * (trial - r) / (length - r)
        raw.append(float(share @ product))
    mean, variance, skewness, kurtosis = _central(raw)
    if not variance > 0:
        raise ValueError("the scores vary no more than binomial errors: no true differences can be seen")
    found = None
    if n_moments == 4:
        found = _four(mean, variance, skewness, kurtosis)
    kept = 4
    if found is None and n_moments >= 3:
        kept, found = 3, _three(mean, variance, skewness, kurtosis)
    if found is None:
        kept, total = 2, mean * (1 - mean) / variance - 1
        found = (mean * total, (1 - mean) * total, 0.0, 1.0)
    return TrueScores(*found, length, kept, mean, variance)


def _central(raw: list[float]) -> tuple[float, float, float, float]:
    """Return mean, variance, skewness and kurtosis (normal: 3) from moments about 0."""
    m, m2, m3, m4 = raw
    variance = m2 - m * m
    if not variance > 0:
        return m, variance, float("nan"), float("nan")
    third = m3 - 3 * m * m2 + 2 * m**3
    fourth = m4 - 4 * m * m3 + 6 * m * m * m2 - 3 * m**4
    return m, variance, third / variance**1.5, fourth / variance**2


def _four(
    mean: float, variance: float, skewness: float, kurtosis: float
) -> tuple[float, float, float, float] | None:
    denominator = 6 + 3 * skewness**2 - 2 * kurtosis
    total = 6 * (kurtosis - skewness**2 - 1) / denominator if denominator else -1.0
    if not 0 < total < 1e6:
        return None
    tilt = 1 / np.sqrt(1 + 16 * (total + 1) / ((total + 2) ** 2 * skewness**2)) if skewness else 0.0
    alpha = total / 2 * (1 - float(np.sign(skewness)) * float(tilt))
    return _placed(alpha, total - alpha, mean, variance)


def _placed(
    alpha: float, beta: float, mean: float, variance: float
) -> tuple[float, float, float, float] | None:
    """Give shapes their limits by mean and variance; None unless all is valid."""
    total = alpha + beta
    if not (alpha > 0 and beta > 0):
        return None
    width = float(np.sqrt(variance * (total + 1) * total**2 / (alpha * beta)))
    lower = mean - width * alpha / total
    if lower < -1e-12 or lower + width > 1 + 1e-12:
        return None
    return alpha, beta, max(lower, 0.0), min(lower + width, 1.0)


def _three(
    mean: float, variance: float, skewness: float, kurtosis: float
) -> tuple[float, float, float, float] | None:
    """Hold one limit; of two valid fits return the one closer in kurtosis."""
    from_zero = _anchored(mean, variance, skewness)
    from_one = _anchored(1 - mean, variance, -skewness)
    shapes = [] if from_zero is None else [from_zero]
    shapes += [] if from_one is None else [from_one[::-1]]
    fits = [fit for alpha, beta in shapes if (fit := _placed(alpha, beta, mean, variance)) is not None]
    return min(fits, key=lambda fit: abs(_kurtosis(fit[0], fit[1]) - kurtosis), default=None)


def _anchored(mean: float, variance: float, skewness: float) -> tuple[float, float] | None:
    """Return the shapes of a beta on ``0 … upper`` from three moments."""
    c, d = variance / mean**2, skewness * np.sqrt(variance) / mean
    denominator = d * (1 - c) - 4 * c
    alpha = 2 * (c - 1 - d) / denominator if denominator else -1.0
    if not (alpha > 0 and c * alpha < 1):
        return None
    return float(alpha), float(c * alpha * (alpha + 1) / (1 - c * alpha))


def _kurtosis(alpha: float, beta: float) -> float:
    total = alpha + beta
    excess = (alpha - beta) ** 2 * (total + 1) - alpha * beta * (total + 2)
    return 3 + 6 * excess / (alpha * beta * (total + 2) * (total + 3))


def effective_length(
    *, mean: float, variance: float, reliability: float, highest: float, lowest: float = 0.0
) -> int:
    """Return Livingston and Lewis's effective test length.

    Parameters
    ----------
    mean, variance : float
        Of the raw scores, in marks and squared marks.
    reliability : float
        In (0, 1).
    highest, lowest : float
        Largest and smallest score that the test allows.

    Returns
    -------
    int
        Number of equally difficult items scored 0 or 1 that would be as reliable, at least 4.

    Raises
    ------
    ValueError
        If the reliability does not lie between 0 and 1, or mean and variance do not fit the range.

    Notes
    -----
    ``((μ - min)(max - μ) - r σ²) / (σ² (1 - r))``, rounded (Livingston & Lewis, 1995, Journal of Educational
    Measurement 32, 179–197). Smallest and largest score are those the test allows, not those that occurred.

    Examples
    --------
    >>> effective_length(mean=16.4987, variance=64.7823, reliability=0.873, highest=40)
    40
    """
    if not 0 < reliability < 1:
        raise ValueError("reliability must lie between 0 and 1")
    room = (mean - lowest) * (highest - mean)
    if not (variance > 0 and room > 0):
        raise ValueError("the scores must vary, and their mean lie between lowest and highest")
    return max(4, round((room - reliability * variance) / (variance * (1 - reliability))))
