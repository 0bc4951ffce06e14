"""One common factor by maximum likelihood, and omega total from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from exam_engine.psychometrics.ctt.moments import check_covariance
from exam_engine.psychometrics.irt.models import FloatArray

LEAST_UNIQUENESS = 0.005
"""Smallest share of an item's variance left to itself; an item held there is a Heywood case."""

GRADIENT = 1e-5
"""Largest slope of the discrepancy per unit of a standardised parameter at which the fit counts as converged."""


@dataclass(frozen=True)
class OneFactor:
    """A one-factor solution.

    Attributes
    ----------
    loadings : ndarray, shape (n_items,)
        In the unit of the item score; 0 for constant items. The sign makes their sum positive.
    uniquenesses : ndarray, shape (n_items,)
        Variances left to the items, in squared units of the score.
    omega : float
        McDonald's omega total of the raw score, in [0, 1].
    discrepancy : float
        ``F`` of the standardised items, at least 0; ``(n_persons - 1) F`` is the likelihood ratio against the
        saturated model.
    degrees_of_freedom : int
        Of that ratio, constant items left out.
    residual : float
        Root mean square of the residual correlations.
    iterations : int
    gradient_norm : float
        Largest slope at the solution, bounds respected.
    converged : bool
    is_heywood : bool
        Some item kept only `LEAST_UNIQUENESS`: omega is then too high, or the factor a single pair of items.
    """

    loadings: FloatArray
    uniquenesses: FloatArray
    omega: float
    discrepancy: float
    degrees_of_freedom: int
    residual: float
    iterations: int
    gradient_norm: float
    converged: bool
    is_heywood: bool


def fit_one_factor(covariance: ArrayLike, *, max_iterations: int = 1000) -> OneFactor:
    """Fit one common factor to a covariance matrix of items.

    Parameters
    ----------
    covariance : array-like, shape (n_items, n_items)
        Finite and symmetric; at least 3 items that vary and a matrix that is positive definite over them.
    max_iterations : int, default 1000
        Of the L-BFGS-B climb.

    Returns
    -------
    OneFactor
        A climb that did not converge is returned as such.

    Raises
    ------
    ValueError
        If the matrix is none, has fewer than 3 items that vary, or is not positive definite: likelihood does not
        exist there (as with fewer persons than items).

    Notes
    -----
    Maximum likelihood on the standardised items, which gives the same factor as on the covariances (Jöreskog, 1967,
    Psychometrika 32, 443–482): ``F = log|Σ| + tr(R Σ⁻¹) - log|R| - n`` with ``Σ = λλ' + Ψ``, whose inverse and
    determinant need only ``λ' Ψ⁻¹ λ``. ``omega = (Σλ)² / ((Σλ)² + Σψ)`` over loadings in the unit of the scores
    (McDonald, 1999, Test Theory, chapter 6): the denominator is the variance that the model implies, not the
    observed one. With items scored in few categories this is the linear factor model of the scores, as for alpha.

    Examples
    --------
    >>> fit = fit_one_factor([[1, 0.56, 0.48], [0.56, 1, 0.42], [0.48, 0.42, 1]])
    >>> fit.loadings.round(4), round(fit.omega, 4), fit.converged
    (array([0.8, 0.7, 0.6]), 0.7449, True)
    """
    matrix = check_covariance(covariance, least=3)
    varies = np.diag(matrix) > 0
    size = int(varies.sum())
    if size < 3:
        raise ValueError("a factor needs at least 3 items that vary")
    deviation = np.sqrt(np.diag(matrix)[varies])
    correlation = matrix[np.ix_(varies, varies)] / np.outer(deviation, deviation)
    values, vectors = np.linalg.eigh(correlation)
    if values[0] <= 1e-10 * values[-1]:
        raise ValueError(
            "the covariance must be positive definite: more persons than items, none a sum of others"
        )
    start = np.clip(0.5 * (1 / ((vectors**2 / values).sum(axis=1))), 2 * LEAST_UNIQUENESS, 0.95)
    common = vectors[:, -1] * np.sqrt(max(values[-1] - 1.0, 0.1))
    floor = np.log(LEAST_UNIQUENESS)
    found = minimize(
        _discrepancy,
        np.concatenate([common, np.log(start)]),
        args=(correlation,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None)] * size + [(floor, 2.0)] * size,
        options={"maxiter": max_iterations, "maxfun": 3 * max_iterations, "ftol": 1e-15, "gtol": 1e-9},
    )
    slope = np.asarray(found.jac, dtype=np.float64)
    held = found.x[size:] <= floor + 1e-9
    slope[size:][held] = np.minimum(slope[size:][held], 0.0)
    loadings = found.x[:size] * (1.0 if found.x[:size] @ deviation >= 0 else -1.0)
    unique = np.exp(found.x[size:])
    return _solution(
        varies,
        deviation,
        loadings,
        unique,
        correlation,
        discrepancy=float(found.fun) - float(np.log(values).sum()) - size,
        iterations=int(found.nit),
        gradient_norm=float(np.abs(slope).max()),
        is_heywood=bool(held.any()),
    )


def _solution(
    varies: NDArray[np.bool_],
    deviation: FloatArray,
    loadings: FloatArray,
    unique: FloatArray,
    correlation: FloatArray,
    *,
    discrepancy: float,
    iterations: int,
    gradient_norm: float,
    is_heywood: bool,
) -> OneFactor:
    size = loadings.size
    left = correlation - np.outer(loadings, loadings)
    off = left[~np.eye(size, dtype=np.bool_)]
    all_loadings, all_unique = np.zeros(varies.size), np.zeros(varies.size)
    all_loadings[varies], all_unique[varies] = loadings * deviation, unique * deviation**2
    common = float(all_loadings.sum()) ** 2
    return OneFactor(
        loadings=all_loadings,
        uniquenesses=all_unique,
        omega=common / (common + float(all_unique.sum())),
        discrepancy=max(discrepancy, 0.0),
        degrees_of_freedom=size * (size - 3) // 2,
        residual=float(np.sqrt(np.mean(off**2))),
        iterations=iterations,
        gradient_norm=gradient_norm,
        converged=gradient_norm < GRADIENT,
        is_heywood=is_heywood,
    )


def _discrepancy(x: FloatArray, correlation: FloatArray) -> tuple[float, FloatArray]:
    """Return ``log|Σ| + tr(R Σ⁻¹)`` and its slopes by loading and by log uniqueness."""
    size = len(correlation)
    loading, unique = x[:size], np.exp(x[size:])
    weight = loading / unique
    total = 1.0 + float(loading @ weight)
    image = correlation @ weight
    form = float(weight @ image)
    own = np.diag(correlation) / unique
    value = float(x[size:].sum()) + np.log(total) + float(own.sum()) - form / total
    by_loading = 2 * weight * (1 / total + form / total**2) - 2 * image / (unique * total)
    by_unique = 1 - own - loading * weight * (1 / total + form / total**2) + 2 * weight * image / total
    return value, np.concatenate([by_loading, by_unique])
