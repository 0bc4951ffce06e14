"""What a calibration found: parameters, standard errors, whether the grid served, what to beware of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpocon

from exam_engine.psychometrics.irt.categories import Columns
from exam_engine.psychometrics.irt.climb import factorise, variance_limits
from exam_engine.psychometrics.irt.marginal import Expectation, Parameters, expect, information
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.patterns import Patterns

GRID_SHIFT_LIMIT = 0.01
"""A finer and wider grid may move no parameter by more than this share of its standard error."""

STEEP_SLOPE = 4.0
"""A slope above this is more often a sign of too few persons than of a very good item."""

SINGULAR = 1e-10
"""Below this reciprocal condition of the information, scaled to diagonal 1, some parameters are not determined."""


class Warn(StrEnum):
    """What a reader of the results must know."""

    NOT_CONVERGED = "not_converged"
    NOT_A_MAXIMUM = "not_a_maximum"
    GRID_TOO_COARSE = "grid_too_coarse"
    NEGATIVE_SLOPE = "negative_slope"
    STEEP_SLOPE = "steep_slope"
    NO_SPREAD = "no_spread"
    """The persons differ no more than chance would make them: the latent variance fell to its lower limit."""


@dataclass(frozen=True)
class GridCheck:
    """Whether the quadrature was fine and wide enough.

    Attributes
    ----------
    log_likelihood_change : float
        Log-likelihood on a finer and wider grid, at least 161 nodes from −8 to 8, less that on the grid used.
    shift : float
        Largest movement of a parameter that the finer grid asks for, in standard errors.
    spacing : float
        Node spacing over the root mean square posterior standard deviation: above about 0.6 the sums begin to
        depend on where the nodes lie.
    adequate : bool
        Whether the shift keeps within its limit.
    """

    log_likelihood_change: float
    shift: float
    spacing: float
    adequate: bool


@dataclass(frozen=True)
class Calibration:
    """Item parameters with their standard errors, and how they were found.

    Attributes
    ----------
    model : Model
    a, se_a : ndarray, shape (n_items,)
        Discrimination per logit; under Rasch 1 with standard error 0.
    b, se_b : ndarray, shape (n_items,)
        Difficulty in logits, ``b = -d / a``, with several categories the mean of the steps; its standard error by
        the delta method.
    d, se_d : ndarray, shape (n_items,)
        Intercept, with several categories that of the highest score.
    highest : ndarray of int, shape (n_items,)
        Highest score of each item; 1 under the 2PL.
    steps, se_steps : ndarray, shape (n_items, highest score of all)
        Step difficulties in logits, where score k becomes likelier than score k − 1; NaN beyond an item's highest.
        They need not rise.
    intercepts, se_intercepts : ndarray, shape (n_items, highest score of all)
        ``d_k = -a (step_1 + … + step_k)``; NaN beyond an item's highest.
    latent_variance, se_latent_variance : float
        Variance of ability: estimated under Rasch, 1 (standard error 0) under the 2PL.
    covariance : ndarray, shape (n_parameters, n_parameters)
        Inverse observed information. NaN where that has no inverse. 2PL: ``a_1, d_1, a_2, d_2, …``. Rasch: the
        intercepts, item after item and score after score, then the log variance.
    log_likelihood : float
        Marginal log-likelihood at the solution.
    converged : bool
        Whether `gradient_norm` fell below the tolerance at a proper maximum: one with a covariance matrix.
    iterations : int
        Passes over the data that moved the parameters.
    gradient_norm : float
        Largest absolute element of the gradient of the log-likelihood at the solution.
    n_persons : float
        Persons, or the sum of their weights.
    n_responses : ndarray of float, shape (n_items,)
        Persons to whom each item was presented.
    grid : GridCheck
    warnings : tuple of Warn
    """

    model: Model
    a: FloatArray
    b: FloatArray
    d: FloatArray
    se_a: FloatArray
    se_b: FloatArray
    se_d: FloatArray
    highest: NDArray[np.intp]
    steps: FloatArray
    se_steps: FloatArray
    intercepts: FloatArray
    se_intercepts: FloatArray
    latent_variance: float
    se_latent_variance: float
    covariance: FloatArray
    log_likelihood: float
    converged: bool
    iterations: int
    gradient_norm: float
    n_persons: float
    n_responses: FloatArray
    grid: GridCheck
    warnings: tuple[Warn, ...]


def conclude(
    patterns: Patterns,
    parameters: Parameters,
    state: Expectation,
    nodes: FloatArray,
    iterations: int,
    tolerance: float,
) -> Calibration:
    """Add standard errors, the grid check and the warnings."""
    rasch = parameters.model is Model.RASCH
    columns = patterns.columns
    covariance, proper = _invert(information(patterns, parameters, nodes))
    errors = _Errors.of(parameters, columns, covariance)
    a, d = parameters.a[columns.last], parameters.d[columns.last]
    variance_a, variance_d = errors.aa[columns.last], errors.dd[columns.last]
    whole = a * columns.highest
    with np.errstate(divide="ignore", invalid="ignore"):
        b = -d / whole
        extent = b * columns.highest
        se_b = np.sqrt(variance_d + extent**2 * variance_a + 2.0 * extent * errors.ad[columns.last]) / np.abs(
            whole
        )
    steps, se_steps = errors.steps(parameters, columns)
    norm = float(np.abs(state.gradient).max())
    latent_variance = float(np.exp(parameters.log_variance))
    grid = _check_grid(patterns, parameters, state, nodes, covariance)
    found_zero = norm <= tolerance
    found = {
        Warn.NOT_CONVERGED: not found_zero,
        Warn.NOT_A_MAXIMUM: not proper,
        Warn.GRID_TOO_COARSE: proper and not grid.adequate,
        Warn.NEGATIVE_SLOPE: bool(np.any(a < 0)),
        Warn.STEEP_SLOPE: bool(np.any(np.abs(a) > STEEP_SLOPE)),
        Warn.NO_SPREAD: rasch and parameters.log_variance <= variance_limits(nodes)[0],
    }
    return Calibration(
        model=parameters.model,
        a=a,
        b=b,
        d=d,
        se_a=np.sqrt(variance_a),
        se_b=se_b,
        se_d=np.sqrt(variance_d),
        highest=columns.highest,
        steps=columns.padded(steps),
        se_steps=columns.padded(se_steps),
        intercepts=columns.padded(parameters.d),
        se_intercepts=columns.padded(np.sqrt(errors.dd)),
        latent_variance=latent_variance,
        se_latent_variance=latent_variance * float(np.sqrt(covariance[-1, -1])) if rasch else 0.0,
        covariance=covariance,
        log_likelihood=state.log_likelihood,
        converged=found_zero and proper,
        iterations=iterations,
        gradient_norm=norm,
        n_persons=patterns.total,
        n_responses=patterns.n_responses,
        grid=grid,
        warnings=tuple(warning for warning, is_so in found.items() if is_so),
    )


@dataclass(frozen=True)
class _Errors:
    """Variances and covariance of slope and intercept of each column, and the covariance with the column before."""

    aa: FloatArray
    ad: FloatArray
    dd: FloatArray
    before: FloatArray

    @classmethod
    def of(cls, parameters: Parameters, columns: Columns, covariance: FloatArray) -> _Errors:
        size = columns.n_columns
        variances = np.diag(covariance)
        before = np.zeros(size)
        if parameters.model is Model.RASCH:
            before[1:] = covariance[np.arange(1, size), np.arange(size - 1)]
            return cls(np.zeros(size), np.zeros(size), variances[:size], before)
        slopes = np.arange(0, 2 * size, 2)
        return cls(variances[slopes], covariance[slopes, slopes + 1], variances[slopes + 1], before)

    def steps(self, parameters: Parameters, columns: Columns) -> tuple[FloatArray, FloatArray]:
        """Return the step difficulties ``(d_{k-1} - d_k) / a`` with their standard errors by the delta method."""
        later = np.flatnonzero(columns.category > 1)
        jump, spread = parameters.d.copy(), self.dd.copy()
        jump[later] -= parameters.d[later - 1]
        spread[later] += self.dd[later - 1] - 2.0 * self.before[later]
        with np.errstate(divide="ignore", invalid="ignore"):
            step = -jump / parameters.a
            return step, np.sqrt(spread + step**2 * self.aa + 2.0 * step * self.ad) / np.abs(parameters.a)


def _invert(observed: FloatArray) -> tuple[FloatArray, bool]:
    """Return the covariance and whether it is one; NaN where the information is singular to rounding."""
    factor = factorise(observed)
    if factor is not None:
        # The factor of the information scaled to diagonal 1: its condition does not depend on the units.
        scale = 1.0 / np.sqrt(np.diag(observed))
        size = np.abs(observed * scale * scale[:, None]).sum(axis=0).max()
        reciprocal, _ = dpocon(factor[0] * scale, size)
        if reciprocal > SINGULAR:
            return np.asarray(cho_solve(factor, np.eye(len(observed))), dtype=np.float64), True
    return np.full_like(observed, np.nan), False


def _check_grid(
    patterns: Patterns, parameters: Parameters, state: Expectation, nodes: FloatArray, covariance: FloatArray
) -> GridCheck:
    """Compare with a finer and wider grid: how far would the solution move?"""
    bound = max(8.0, float(nodes[-1]) * 4.0 / 3.0)
    spacing = min(0.1, float(nodes[1] - nodes[0]) / 2.0)
    fine = expect(patterns, parameters, np.linspace(-bound, bound, 2 * round(bound / spacing) + 1))
    with np.errstate(invalid="ignore"):
        shift = np.abs(covariance @ (fine.gradient - state.gradient)) / np.sqrt(np.diag(covariance))
    posterior_sd = float(np.sqrt(max(state.mean_square - state.square_of_mean, 1e-300)))
    largest = float(np.max(shift)) if np.all(np.isfinite(shift)) else float("nan")
    return GridCheck(
        log_likelihood_change=fine.log_likelihood - state.log_likelihood,
        shift=largest,
        spacing=float(nodes[1] - nodes[0]) / posterior_sd,
        adequate=largest <= GRID_SHIFT_LIMIT,
    )
