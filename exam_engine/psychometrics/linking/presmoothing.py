"""Log-linear smoothing of score frequencies, with moments chosen by fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy
from scipy.stats import chi2

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.frequencies import Frequencies, JointFrequencies

STEPS = 100
"""Newton steps before the fit is given up; five to ten are usual."""

GRADIENT_LIMIT = 1e-8
"""The fit has converged when no moment of the orthogonal basis differs by more than this, in persons per person."""


class Choice(StrEnum):
    """By what the moments are chosen."""

    AIC = "aic"
    BIC = "bic"


@dataclass(frozen=True)
class Fit:
    """How a log-linear model fits.

    Attributes
    ----------
    degrees : tuple of int
        Moments of the score that are kept; of a joint model those of the form, of the anchor and the cross-products.
    likelihood_ratio : float
        ``G² = 2 Σ n log(n / m)``.
    degrees_of_freedom : int
        Cells less parameters.
    p_value : float
        Of G² as chi-square; NaN without degrees of freedom. With many cells of few persons only a guide.
    aic, bic : float
        ``G² + 2 p`` and ``G² + p log n`` with p parameters, the constant counted.
    converged : bool
    """

    degrees: tuple[int, ...]
    likelihood_ratio: float
    degrees_of_freedom: int
    p_value: float
    aic: float
    bic: float
    converged: bool


@dataclass(frozen=True)
class Smoothed:
    """Smoothed frequencies of a form.

    Attributes
    ----------
    frequencies : Frequencies
        Of as many persons as were counted, with the same first moments.
    fit : Fit
        Of the model used.
    tried : tuple of Fit
        Of all models that were compared, the one used among them.
    """

    frequencies: Frequencies
    fit: Fit
    tried: tuple[Fit, ...]


@dataclass(frozen=True)
class JointSmoothed:
    """Smoothed joint frequencies of form and anchor.

    Attributes
    ----------
    frequencies : JointFrequencies
    fit : Fit
    tried : tuple of Fit
    """

    frequencies: JointFrequencies
    fit: Fit
    tried: tuple[Fit, ...]


def smooth(sample: Frequencies, *, degree: int) -> Smoothed:
    """Smooth score frequencies so that their first moments stay.

    Parameters
    ----------
    sample : Frequencies
    degree : int
        Moments kept, from 1 to the highest score.

    Returns
    -------
    Smoothed

    Notes
    -----
    ``log m(x) = β_0 + β_1 x + … + β_C x^C`` by maximum likelihood, which makes the first C moments of the smoothed
    frequencies those of the sample (Holland & Thayer, 1987, ETS RR-87-31; 2000, Journal of Educational and Behavioral
    Statistics 25, 133–183). Newton's method on an orthogonal basis, so that high powers do no harm.

    Raises
    ------
    ValueError
        If the degree is out of range.

    Examples
    --------
    >>> sample = Frequencies(np.array([3.0, 9.0, 8.0, 14.0, 12.0, 4.0]))
    >>> found = smooth(sample, degree=2)
    >>> found.frequencies.counts.round(1)
    array([ 3.1,  7.2, 11.6, 12.9,  9.9,  5.2])
    >>> bool(np.isclose(found.frequencies.variance, sample.variance))
    True
    """
    if not 1 <= degree <= sample.highest:
        raise ValueError(f"the degree must be from 1 to {sample.highest}, the highest score")
    scores = np.linspace(-1.0, 1.0, sample.counts.size)
    expected, fit = _fitted(np.vander(scores, degree + 1, increasing=True), sample.counts, (degree,))
    return Smoothed(Frequencies(expected, True), fit, (fit,))


def smooth_best(
    sample: Frequencies, *, degrees: Iterable[int] = range(1, 11), choice: Choice = Choice.AIC
) -> Smoothed:
    """Smooth score frequencies with the number of moments that fits best.

    Parameters
    ----------
    sample : Frequencies
    degrees : iterable of int, default 1 … 10
        Numbers of moments to try; those above the highest score are passed over.
    choice : Choice, default AIC
        Rules of choice are compared for equating by Moses and Holland (2009, Journal of Educational Measurement 46,
        159–176; for a form and an anchor together 2010, the same 47, 76–91). BIC keeps fewer moments.

    Returns
    -------
    Smoothed

    Raises
    ------
    ValueError
        If there is no degree to try, or no model converged.

    Examples
    --------
    >>> sample = Frequencies(np.array([3.0, 9.0, 8.0, 14.0, 12.0, 4.0]))
    >>> smooth_best(sample, choice=Choice.BIC).fit.degrees
    (2,)
    """
    found = [smooth(sample, degree=degree) for degree in degrees if degree <= sample.highest]
    fits = tuple(each.fit for each in found)
    return replace(found[_chosen(fits, choice)], tried=fits)


def smooth_joint(
    sample: JointFrequencies, *, degree: int, degree_anchor: int, cross: int = 1, internal: bool = False
) -> JointSmoothed:
    """Smooth joint frequencies so that first moments of both and their cross-products stay.

    Parameters
    ----------
    sample : JointFrequencies
    degree, degree_anchor : int
        Moments kept of form and anchor, from 1 to the highest score.
    cross : int, default 1
        Cross-products ``x^i v^i`` kept for i = 1 … cross; 1 keeps the covariance.
    internal : bool, default False
        Whether the anchor's items count in the form's score: scores below the anchor's, or above it by more than the
        rest of the form, are then impossible and stay empty.

    Returns
    -------
    JointSmoothed

    Notes
    -----
    ``log m(x, v) = β_0 + Σ β_i x^i + Σ γ_j v^j + Σ δ_k x^k v^k`` (Holland & Thayer, 2000).

    Raises
    ------
    ValueError
        If a degree is out of range, or persons have scores that are impossible with an internal anchor.

    Examples
    --------
    >>> sample = JointFrequencies(np.array([[4.0, 1.0, 0.0], [2.0, 3.0, 2.0], [1.0, 4.0, 6.0]]))
    >>> found = smooth_joint(sample, degree=2, degree_anchor=2)
    >>> found.fit.degrees_of_freedom, found.frequencies.form.counts.round(6)
    (3, array([ 5.,  7., 11.]))
    """
    rows, columns = sample.counts.shape
    if not (1 <= degree < rows and 1 <= degree_anchor < columns and 0 <= cross <= min(degree, degree_anchor)):
        raise ValueError("degrees must be from 1 to the highest score, cross from 0 to the smaller degree")
    possible = _possible(rows, columns, internal)
    if np.any(sample.counts[~possible] > 0):
        raise ValueError("some persons have scores that an internal anchor makes impossible")
    x, v = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    powers = [(power, 0) for power in range(degree + 1)]
    powers += [(0, power) for power in range(1, degree_anchor + 1)]
    powers += [(power, power) for power in range(1, cross + 1)]
    terms = np.stack([x[possible] ** first * v[possible] ** second for first, second in powers], axis=1)
    degrees = (degree, degree_anchor, cross)
    expected, fit = _fitted(terms, sample.counts[possible], degrees)
    table = np.zeros((rows, columns))
    table[possible] = expected
    return JointSmoothed(JointFrequencies(table, True), fit, (fit,))


def smooth_joint_best(
    sample: JointFrequencies,
    *,
    degrees: Iterable[int] = range(2, 7),
    crosses: Iterable[int] = (1, 2),
    internal: bool = False,
    choice: Choice = Choice.AIC,
) -> JointSmoothed:
    """Smooth joint frequencies with the moments that fit best, as many of the form as of the anchor.

    Parameters
    ----------
    sample : JointFrequencies
    degrees : iterable of int, default 2 … 6
        Moments of form and anchor to try; those above a highest score are lowered to it.
    crosses : iterable of int, default 1, 2
    internal : bool, default False
        As in `smooth_joint`.
    choice : Choice, default AIC

    Returns
    -------
    JointSmoothed

    Raises
    ------
    ValueError
        If there is nothing to try, or no model converged.
    """
    rows, columns = sample.counts.shape
    tried = {
        (min(degree, rows - 1), min(degree, columns - 1), cross) for degree in degrees for cross in crosses
    }
    found = [
        smooth_joint(sample, degree=form, degree_anchor=anchor, cross=cross, internal=internal)
        for form, anchor, cross in sorted(tried)
        if cross <= min(form, anchor)
    ]
    fits = tuple(each.fit for each in found)
    return replace(found[_chosen(fits, choice)], tried=fits)


def _chosen(fits: Sequence[Fit], choice: Choice) -> int:
    """Return which fit has the smallest criterion among those that converged."""
    settled = [at for at, fit in enumerate(fits) if fit.converged]
    if not settled:
        raise ValueError("no model converged: try fewer moments")
    by = Choice(choice)
    return min(settled, key=lambda at: fits[at].aic if by is Choice.AIC else fits[at].bic)


def _possible(rows: int, columns: int, internal: bool) -> NDArray[np.bool_]:
    score, anchor = np.indices((rows, columns))
    rest = rows - columns
    if not internal:
        return np.ones((rows, columns), dtype=bool)
    if rest < 0:
        raise ValueError("an internal anchor cannot be longer than the form")
    return (score >= anchor) & (score - anchor <= rest)


def _fitted(terms: FloatArray, counts: FloatArray, degrees: tuple[int, ...]) -> tuple[FloatArray, Fit]:
    """Return expected counts of the log-linear model in the span of the terms, and how it fits."""
    basis = np.linalg.qr(terms)[0] * np.sqrt(len(counts))
    total = counts.sum()
    target = basis.T @ counts
    # Start from the counts, raised a little so that empty cells have a logarithm.
    raised = counts + 0.5
    start = np.log(raised)
    weighted = basis * raised[:, None]
    beta = np.linalg.solve(basis.T @ weighted, weighted.T @ start)
    expected, value = _mean(basis, beta, target)
    converged = False
    for _ in range(STEPS):
        gradient = target - basis.T @ expected
        if np.abs(gradient).max() <= GRADIENT_LIMIT * total:
            converged = True
            break
        step = np.linalg.lstsq(basis.T @ (basis * expected[:, None]), gradient, rcond=None)[0]
        size = 1.0
        while size > 1e-10:
            moved, reached = _mean(basis, beta + size * step, target)
            if reached >= value - 1e-12 * abs(value):
                break
            size /= 2.0
        else:
            break
        beta, expected, value = beta + size * step, moved, reached
    return expected, _fit(counts, expected, terms.shape[1], degrees, converged)


def _mean(basis: FloatArray, beta: FloatArray, target: FloatArray) -> tuple[FloatArray, float]:
    """Return expected counts and the Poisson log-likelihood."""
    with np.errstate(over="ignore"):
        expected = np.exp(basis @ beta)
    total = float(expected.sum())
    return expected, float(target @ beta) - total if np.isfinite(total) else -np.inf


def _fit(
    counts: FloatArray, expected: FloatArray, parameters: int, degrees: tuple[int, ...], converged: bool
) -> Fit:
    ratio = float(2.0 * (xlogy(counts, counts) - xlogy(counts, expected)).sum())
    freedom = counts.size - parameters
    return Fit(
        degrees,
        ratio,
        freedom,
        float(chi2.sf(ratio, freedom)) if freedom > 0 else float("nan"),
        ratio + 2.0 * parameters,
        ratio + parameters * float(np.log(counts.sum())),
        converged,
    )
