"""Rasch and 2PL item parameters by marginal maximum likelihood, with standard errors.

EM (Bock & Aitkin, 1981) with safeguarded Anderson acceleration leads near the solution; Newton steps with
the exact observed information finish, and the same information gives the standard errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit

from exam_engine.psychometrics.irt.acceleration import Anderson
from exam_engine.psychometrics.irt.marginal import Density, Expectation, Parameters, expect, information
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.patterns import Patterns, check_responses, collapse

NODES = 61
BOUND = 6.0
TOLERANCE = 1e-6
MAX_ITERATIONS = 500
NEWTON_DISTANCE = 0.05
"""When an EM step would move no parameter further than this, Newton steps take over."""

GRID_SHIFT_LIMIT = 0.01
"""A finer and wider grid may move no parameter by more than this share of its standard error."""

STEEP_SLOPE = 4.0
"""A slope above this is more often a sign of too few persons than of a very good item."""

TINY = 1e-12

Progress = Callable[[int, float, float], None]
"""Called after each iteration with its number, the log-likelihood and the gradient norm."""


class CalibrationCancelled(Exception):
    """The caller asked to stop; nothing was computed to the end."""


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
        Log-likelihood on 161 nodes from −8 to 8 less that on the grid used.
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
        Difficulty in logits, ``b = -d / a``; its standard error by the delta method.
    d, se_d : ndarray, shape (n_items,)
        Intercept.
    latent_variance, se_latent_variance : float
        Variance of ability: estimated under Rasch, 1 (standard error 0) under the 2PL.
    covariance : ndarray, shape (n_parameters, n_parameters)
        Inverse observed information. 2PL: ``a_1, d_1, a_2, d_2, …``. Rasch: ``d_1, …, d_I, log variance``.
    log_likelihood : float
        Marginal log-likelihood at the solution.
    converged : bool
        Whether `gradient_norm` fell below the tolerance.
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


def calibrate(
    responses: ArrayLike,
    *,
    model: Model | str = Model.TWO_PL,
    weights: ArrayLike | None = None,
    nodes: int = NODES,
    bound: float = BOUND,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Calibration:
    """Estimate item parameters by marginal maximum likelihood.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        1 correct, 0 wrong, negative or NaN not presented. Missing by design only: a response that was
        presented and left open must be scored by the caller.
    model : Model or {"rasch", "2pl"}, default 2PL
        Rasch fixes every slope to 1 and estimates the latent variance; the 2PL fixes the variance to 1.
    weights : array-like, shape (n_persons,), optional
        Persons a row stands for.
    nodes : int, default 61
        Equally spaced quadrature nodes.
    bound : float, default 6
        The nodes reach from ``-bound`` to ``bound`` logits.
    tolerance : float, default 1e-6
        Largest absolute gradient element that counts as converged.
    max_iterations : int, default 500
    progress : callable, optional
        Called after each iteration with number, log-likelihood and gradient norm.
    should_stop : callable, optional
        Asked before each iteration; True raises `CalibrationCancelled`.

    Returns
    -------
    Calibration
        Not converging is a returned fact, never an exception: read `converged` and `warnings`.

    Raises
    ------
    ValueError
        If the responses are not usable, or an item was answered alike by everybody who saw it (it has no
        finite difficulty).
    CalibrationCancelled
        If `should_stop` said so.

    Notes
    -----
    Maximises ``Σ_p log Σ_q w_q Π_i P_i(q)^x (1 - P_i(q))^(1-x)`` with normal weights ``w`` renormalised on
    the nodes (Bock & Lieberman, 1970; EM by Bock & Aitkin, 1981). Standard errors are analytic, from the
    observed information at the solution (Louis, 1982).

    Examples
    --------
    >>> patterns = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> result = calibrate(patterns, model="rasch", weights=[30, 20, 20, 30])
    >>> result.converged, result.b.round(3) + 0.0, round(result.latent_variance, 2)
    (True, array([0., 0.]), 1.22)
    """
    kind = Model(model)
    matrix = check_responses(responses)
    patterns = collapse(matrix, kind, weights)
    _check_items(patterns)
    grid = np.linspace(-bound, bound, nodes)
    climb = _Climb(patterns, grid, tolerance)
    parameters, state, iterations = climb.run(_start(patterns, kind), max_iterations, progress, should_stop)
    return _result(patterns, parameters, state, grid, iterations, tolerance)


class _Climb:
    """The way up: Anderson-accelerated EM, then Newton, never losing likelihood."""

    def __init__(self, patterns: Patterns, nodes: FloatArray, tolerance: float) -> None:
        self.patterns = patterns
        self.nodes = nodes
        self.tolerance = tolerance

    def run(
        self,
        start: Parameters,
        max_iterations: int,
        progress: Progress | None,
        should_stop: Callable[[], bool] | None,
    ) -> tuple[Parameters, Expectation, int]:
        """Climb from the start until the gradient is below the tolerance."""
        parameters, state = start, expect(self.patterns, start, self.nodes)
        anderson = Anderson(window=5)
        for iteration in range(1, max_iterations + 1):
            if should_stop is not None and should_stop():
                raise CalibrationCancelled
            norm = float(np.abs(state.gradient).max())
            if progress is not None:
                progress(iteration - 1, state.log_likelihood, norm)
            if norm <= self.tolerance:
                return parameters, state, iteration - 1
            em = maximise(self.patterns, parameters, state, self.nodes)
            distance = float(np.abs(em.vector() - parameters.vector()).max())
            moved = self._newton(parameters, state) if distance < NEWTON_DISTANCE else None
            if moved is None:
                moved = self._accelerated(anderson, parameters, state, em)
            if np.array_equal(moved[0].vector(), parameters.vector()):
                return *moved, iteration
            parameters, state = moved
        return parameters, state, max_iterations

    def _accelerated(
        self, anderson: Anderson, parameters: Parameters, state: Expectation, em: Parameters
    ) -> tuple[Parameters, Expectation]:
        """Take the Anderson step if the likelihood rises, else the EM step."""
        vector = anderson.propose(parameters.vector(), em.vector())
        proposal = _within(Parameters.from_vector(em.model, vector), self.nodes)
        reached = expect(self.patterns, proposal, self.nodes)
        if np.isfinite(reached.log_likelihood) and reached.log_likelihood >= state.log_likelihood:
            return proposal, reached
        anderson.forget()
        return em, expect(self.patterns, em, self.nodes)

    def _newton(self, parameters: Parameters, state: Expectation) -> tuple[Parameters, Expectation] | None:
        """Take a Newton step, halved until the likelihood does not fall; None where Newton does not apply."""
        try:
            factor = cho_factor(information(self.patterns, parameters, self.nodes))
        except LinAlgError:
            return None
        step = cho_solve(factor, state.gradient)
        # Next to the solution the likelihood is flat to rounding: there the gradient judges.
        slack = 1e-12 * abs(state.log_likelihood)
        for share in (1.0, 0.5, 0.25):
            vector = parameters.vector() + share * step
            proposal = _within(Parameters.from_vector(parameters.model, vector), self.nodes)
            reached = expect(self.patterns, proposal, self.nodes)
            gain = reached.log_likelihood - state.log_likelihood
            if gain > slack or (
                gain >= -slack and np.abs(reached.gradient).max() < np.abs(state.gradient).max()
            ):
                return proposal, reached
        return None


def maximise(patterns: Patterns, parameters: Parameters, state: Expectation, nodes: FloatArray) -> Parameters:
    """Return the parameters that maximise the expected complete log-likelihood (the M-step).

    Each item is a logistic regression on the nodes with the expected counts as weights: Newton on all items
    at once.
    """
    counts = patterns.presented.T.astype(np.float64) @ state.booklet_counts
    a, d = parameters.a.copy(), parameters.d.copy()
    rasch = parameters.model is Model.RASCH
    for _ in range(3):
        probability = expit(a[:, None] * nodes + d[:, None])
        expected = counts * probability
        variance = expected * (1.0 - probability)
        g_d = state.correct - expected.sum(axis=1)
        h_dd = np.maximum(variance.sum(axis=1), TINY)
        if rasch:
            d += np.clip(g_d / h_dd, -1.0, 1.0)
            continue
        g_a = state.correct_theta - expected @ nodes
        h_ad, h_aa = variance @ nodes, variance @ nodes**2
        determinant = np.maximum(h_aa * h_dd - h_ad**2, TINY)
        a += np.clip((h_dd * g_a - h_ad * g_d) / determinant, -1.0, 1.0)
        d += np.clip((h_aa * g_d - h_ad * g_a) / determinant, -1.0, 1.0)
    if not rasch:
        return Parameters(parameters.model, a, d, 0.0)
    return Parameters(parameters.model, a, d, _variance_step(parameters, state, nodes))


def _variance_step(parameters: Parameters, state: Expectation, nodes: FloatArray) -> float:
    """Return the log variance whose density on the nodes has the posterior mean square."""
    log_variance = parameters.log_variance
    lowest, highest = _variance_limits(nodes)
    for _ in range(3):
        density = Density.normal(nodes, float(np.exp(log_variance)))
        mean, spread = density.moments_of_square()
        slope = max(spread / (2.0 * density.variance), TINY)
        log_variance += float(np.clip((state.mean_square - mean) / slope, -1.0, 1.0))
        log_variance = min(max(log_variance, lowest), highest)
    return log_variance


def _variance_limits(nodes: FloatArray) -> tuple[float, float]:
    """Return the log variances the nodes can carry: standard deviations from half a spacing to the bound."""
    return 2.0 * float(np.log((nodes[1] - nodes[0]) / 2.0)), 2.0 * float(np.log(nodes[-1]))


def _within(parameters: Parameters, nodes: FloatArray) -> Parameters:
    """Keep the latent variance where the nodes can carry it."""
    if parameters.model is not Model.RASCH:
        return parameters
    lowest, highest = _variance_limits(nodes)
    return replace(parameters, log_variance=min(max(parameters.log_variance, lowest), highest))


def _start(patterns: Patterns, model: Model) -> Parameters:
    """Begin with slope 1 and the intercept that gives the observed proportion."""
    proportion = (patterns.count @ patterns.x) / patterns.n_responses
    intercept = np.log(proportion / (1.0 - proportion)) * np.sqrt(1.0 + 1.0 / 2.89)
    return Parameters(model, np.ones(patterns.n_items), intercept, 0.0)


def _check_items(patterns: Patterns) -> None:
    correct = patterns.count @ patterns.x
    constant = np.flatnonzero((correct < 1e-9) | (correct > patterns.n_responses - 1e-9))
    if constant.size:
        raise ValueError(f"items answered alike by everybody who saw them, by position: {constant.tolist()}")


def _result(
    patterns: Patterns,
    parameters: Parameters,
    state: Expectation,
    nodes: FloatArray,
    iterations: int,
    tolerance: float,
) -> Calibration:
    """Add standard errors, the grid check and the warnings."""
    rasch = parameters.model is Model.RASCH
    size = patterns.n_items
    observed = information(patterns, parameters, nodes)
    try:
        covariance = cho_solve(cho_factor(observed), np.eye(len(observed)))
        proper = bool(np.all(np.diag(covariance) > 0))
    except LinAlgError:
        covariance, proper = np.full_like(observed, np.nan), False
    variances = np.diag(covariance)
    a, d = parameters.a, parameters.d
    variance_a, variance_d = (
        (np.zeros(size), variances[:size]) if rasch else (variances[0::2], variances[1::2])
    )
    cross = np.zeros(size) if rasch else covariance[np.arange(0, 2 * size, 2), np.arange(1, 2 * size, 2)]
    with np.errstate(divide="ignore", invalid="ignore"):
        b = -d / a
        se_b = np.sqrt(variance_d + b**2 * variance_a + 2.0 * b * cross) / np.abs(a)
    latent_variance = float(np.exp(parameters.log_variance))
    norm = float(np.abs(state.gradient).max())
    grid = _check_grid(patterns, parameters, state, nodes, covariance)
    converged = norm <= tolerance
    found = {
        Warn.NOT_CONVERGED: not converged,
        Warn.NOT_A_MAXIMUM: not proper,
        Warn.GRID_TOO_COARSE: not grid.adequate,
        Warn.NEGATIVE_SLOPE: bool(np.any(a < 0)),
        Warn.STEEP_SLOPE: bool(np.any(np.abs(a) > STEEP_SLOPE)),
        Warn.NO_SPREAD: rasch and parameters.log_variance <= _variance_limits(nodes)[0],
    }
    return Calibration(
        model=parameters.model,
        a=a,
        b=b,
        d=d,
        se_a=np.sqrt(variance_a),
        se_b=se_b,
        se_d=np.sqrt(variance_d),
        latent_variance=latent_variance,
        se_latent_variance=latent_variance * float(np.sqrt(variances[-1])) if rasch else 0.0,
        covariance=covariance,
        log_likelihood=state.log_likelihood,
        converged=converged,
        iterations=iterations,
        gradient_norm=norm,
        n_persons=patterns.total,
        n_responses=patterns.n_responses,
        grid=grid,
        warnings=tuple(warning for warning, is_so in found.items() if is_so),
    )


def _check_grid(
    patterns: Patterns, parameters: Parameters, state: Expectation, nodes: FloatArray, covariance: FloatArray
) -> GridCheck:
    """Compare with 161 nodes from −8 to 8: how far would the solution move?"""
    fine = expect(patterns, parameters, np.linspace(-8.0, 8.0, 161))
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
