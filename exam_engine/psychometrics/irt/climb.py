"""The way to the maximum: EM (Bock & Aitkin, 1981) with safeguarded Anderson acceleration, then Newton."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from exam_engine.psychometrics.irt.acceleration import Anderson
from exam_engine.psychometrics.irt.marginal import (
    Density,
    Expectation,
    Parameters,
    curves,
    expect,
    information,
)
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.patterns import Patterns

NEWTON_DISTANCE = 0.05
"""When an EM step would move no parameter further than this, Newton steps take over."""

TINY = 1e-12

Progress = Callable[[int, float, float], None]
"""Called after each iteration with its number, the log-likelihood and the gradient norm."""


class CalibrationCancelled(Exception):
    """The caller asked to stop; nothing was computed to the end."""


class Climb:
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
        reached = expect(self.patterns, em, self.nodes)
        return (em, reached) if np.isfinite(reached.log_likelihood) else (parameters, state)

    def _newton(self, parameters: Parameters, state: Expectation) -> tuple[Parameters, Expectation] | None:
        """Take a Newton step, halved until the likelihood does not fall; None where Newton does not apply."""
        factor = factorise(information(self.patterns, parameters, self.nodes))
        if factor is None:
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
    """Return the parameters that raise the expected complete log-likelihood (the M-step)."""
    counts = patterns.presented.T.astype(np.float64) @ state.booklet_counts
    if parameters.model is Model.TWO_PL:
        return _regress(patterns, parameters, state, counts, nodes)
    d = _fit_intercepts(patterns, parameters, state, counts, nodes)
    return replace(parameters, d=d, log_variance=_variance_step(parameters, state, nodes))


def _regress(
    patterns: Patterns, parameters: Parameters, state: Expectation, counts: FloatArray, nodes: FloatArray
) -> Parameters:
    """Fit each item as a logistic regression on the nodes, Newton on all items at once."""
    for _ in range(3):
        probability, _ = curves(patterns, parameters, nodes)
        expected = counts * probability
        variance = expected * (1.0 - probability)
        g_d = state.correct - expected.sum(axis=1)
        g_a = state.correct_theta - expected @ nodes
        h_dd = np.maximum(variance.sum(axis=1), TINY)
        h_ad, h_aa = variance @ nodes, variance @ nodes**2
        determinant = np.maximum(h_aa * h_dd - h_ad**2, TINY)
        parameters = replace(
            parameters,
            a=parameters.a + np.clip((h_dd * g_a - h_ad * g_d) / determinant, -1.0, 1.0),
            d=parameters.d + np.clip((h_aa * g_d - h_ad * g_a) / determinant, -1.0, 1.0),
        )
    return parameters


def _fit_intercepts(
    patterns: Patterns, parameters: Parameters, state: Expectation, counts: FloatArray, nodes: FloatArray
) -> FloatArray:
    """Scale the expected number of each score to the number seen, slopes being fixed.

    Generalised iterative scaling (Darroch & Ratcliff, 1972, Annals of Mathematical Statistics 43, 1470–1480): it
    never loses likelihood and needs no matrix, whatever the number of categories.
    """
    columns = patterns.columns
    none = patterns.n_responses - columns.total(state.correct)
    for _ in range(3):
        probability, log_total = curves(patterns, parameters, nodes)
        scaling = np.log(state.correct / (counts[columns.item] * probability).sum(axis=1))
        scaling_none = np.log(none / (counts * np.exp(-log_total)).sum(axis=1))
        parameters = replace(parameters, d=parameters.d + scaling - scaling_none[columns.item])
    return parameters.d


def _variance_step(parameters: Parameters, state: Expectation, nodes: FloatArray) -> float:
    """Return the log variance whose density on the nodes has the posterior mean square."""
    log_variance = parameters.log_variance
    lowest, highest = variance_limits(nodes)
    for _ in range(3):
        density = Density.normal(nodes, float(np.exp(log_variance)))
        mean, spread = density.moments_of_square()
        slope = max(spread / (2.0 * density.variance), TINY)
        log_variance += float(np.clip((state.mean_square - mean) / slope, -1.0, 1.0))
        log_variance = min(max(log_variance, lowest), highest)
    return log_variance


def variance_limits(nodes: FloatArray) -> tuple[float, float]:
    """Return the log variances the nodes can carry: standard deviations from half a spacing to the bound."""
    return 2.0 * float(np.log((nodes[1] - nodes[0]) / 2.0)), 2.0 * float(np.log(nodes[-1]))


def _within(parameters: Parameters, nodes: FloatArray) -> Parameters:
    """Keep the latent variance where the nodes can carry it."""
    if parameters.model is not Model.RASCH:
        return parameters
    lowest, highest = variance_limits(nodes)
    return replace(parameters, log_variance=min(max(parameters.log_variance, lowest), highest))


def start_of(patterns: Patterns, model: Model) -> Parameters:
    """Begin with slope 1 and the intercepts that give the proportions seen."""
    seen = (patterns.count @ patterns.x) / patterns.n_responses[patterns.columns.item]
    none = 1.0 - patterns.columns.total(seen)
    intercept = np.log(seen / none[patterns.columns.item]) * np.sqrt(1.0 + 1.0 / 2.89)
    return Parameters(model, np.ones(patterns.columns.n_columns), intercept, 0.0)


def factorise(observed: FloatArray) -> tuple[FloatArray, bool] | None:
    """Return the Cholesky factor of an information matrix; None where it is not positive definite."""
    if not np.all(np.isfinite(observed)):
        return None
    try:
        factor, lower = cho_factor(observed)
    except LinAlgError:
        return None
    return factor, bool(lower)
