"""Latent regression: how ability depends on what is known of the persons, the items being calibrated. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.likelihood import log_likelihood

MAX_ITERATIONS = 500
NEAR_LOWEST = -2.0
"""Log residual variance below which a falling one is tried at its lowest."""

REACH = 8.0
"""The nodes reach this many residual standard deviations beyond every predicted ability."""


@dataclass(frozen=True)
class LatentRegression:
    """Ability regressed on covariates.

    Attributes
    ----------
    coefficients, se : ndarray, shape (n_covariates + 1,)
        Intercept first, then in logits per unit of each covariate.
    covariance : ndarray, shape (n_covariates + 2, n_covariates + 2)
        Of the coefficients and the log residual variance.
    variance, se_variance : float
        Residual variance of ability.
    r_squared : float
        Share of the variance of ability that the covariates explain, in [0, 1].
    theta, theta_sd : ndarray, shape (n_persons,)
        Posterior mean and standard deviation of each person under the fitted regression.
    log_likelihood : float
    converged : bool
        Whether the gradient fell below the tolerance at a proper maximum.
    iterations : int
    has_residual : bool
        False where the covariates explain ability as well as these responses can tell: the residual standard deviation
        fell to the distance of the nodes and was held there. It has no standard error then, and those of the
        coefficients take it as known.
    """

    coefficients: FloatArray
    se: FloatArray
    covariance: FloatArray
    variance: float
    se_variance: float
    r_squared: float
    theta: FloatArray
    theta_sd: FloatArray
    log_likelihood: float
    converged: bool
    iterations: int
    has_residual: bool


@dataclass(frozen=True)
class _State:
    log_likelihood: float
    gradient: FloatArray
    information: FloatArray
    mean: FloatArray
    variance: FloatArray


def latent_regression(
    responses: ArrayLike,
    items: Items,
    covariates: ArrayLike,
    *,
    spacing: float = 0.1,
    tolerance: float = 1e-8,
) -> LatentRegression:
    """Regress ability on covariates by marginal maximum likelihood, with the items' parameters known.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
    covariates : array-like, shape (n_persons, n_covariates)
        Finite; groups as indicators. The intercept is added.
    spacing : float, default 0.1
        Distance of the quadrature nodes, in logits.
    tolerance : float, default 1e-8
        Largest gradient element per person that counts as converged.

    Returns
    -------
    LatentRegression

    Raises
    ------
    ValueError
        If the shapes differ, a covariate is not finite, or the covariates (with the intercept) depend on each other
        or outnumber the persons.

    Notes
    -----
    ``theta = beta_0 + x' beta + e`` with ``e ~ N(0, s²)`` (Mislevy, 1984, Psychometrika 49, 359–381). EM steps are
    ordinary regressions of posterior means; Newton steps with the observed information (Louis, 1982) finish and give
    the standard errors, which take the items' parameters as known.

    Examples
    --------
    >>> items = Items.dichotomous(np.ones(4), [-1.0, 0.0, 0.0, 1.0])
    >>> scores = [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1], [0, 1, 1, 1]] * 20
    >>> found = latent_regression(scores, items, [[0], [1], [0], [1], [1], [0]] * 20)
    >>> found.converged, found.coefficients.round(2)
    (True, array([-0.54,  1.58]))
    """
    x = np.asarray(covariates, dtype=np.float64)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or not np.all(np.isfinite(x)):
        raise ValueError("covariates must be a matrix of finite numbers, one row a person")
    design = np.column_stack([np.ones(len(x)), x])
    if len(design) <= design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError(
            "covariates must not depend on each other or be constant, and fewer than the persons"
        )
    bound = 6.0
    vector = np.zeros(design.shape[1] + 1)
    for _ in range(4):
        nodes = np.linspace(-bound, bound, 2 * round(bound / spacing) + 1)
        curves = _curves(responses, items, nodes, len(design))
        vector, state, iterations, arrived = _climb(curves, design, nodes, vector, tolerance)
        needed = float(np.abs(design @ vector[:-1]).max() + REACH * np.exp(vector[-1] / 2.0))
        if needed <= bound or bound >= 60.0:
            break
        bound = min(60.0, 1.2 * needed)
    free = _free(vector, state, nodes)
    own = np.ix_(free, free)
    information = state.information[own]
    proper = bool(np.all(np.linalg.eigvalsh(information) > 0))
    covariance: FloatArray = np.full_like(state.information, np.nan)
    if proper:
        covariance[own] = np.linalg.inv(information)
    errors = np.sqrt(np.diag(covariance))
    variance = float(np.exp(vector[-1]))
    explained = float(np.var(design @ vector[:-1]))
    return LatentRegression(
        coefficients=vector[:-1],
        se=errors[:-1],
        covariance=covariance,
        variance=variance,
        se_variance=variance * float(errors[-1]),
        r_squared=explained / (explained + variance),
        theta=state.mean,
        theta_sd=np.sqrt(state.variance),
        log_likelihood=state.log_likelihood,
        converged=arrived and proper,
        iterations=iterations,
        has_residual=bool(free[-1]),
    )


def _curves(responses: ArrayLike, items: Items, nodes: FloatArray, n_persons: int) -> FloatArray:
    """Return the log-likelihood of every person at the nodes."""
    found = np.full((n_persons, nodes.size), np.nan)
    count = 0
    for rows, values in log_likelihood(responses, items, nodes):
        count += rows.size
        if rows.max() >= n_persons:
            break
        found[rows] = values
    if count != n_persons:
        raise ValueError("covariates and responses must have one row a person each")
    return found


def _climb(
    curves: FloatArray, design: FloatArray, nodes: FloatArray, vector: FloatArray, tolerance: float
) -> tuple[FloatArray, _State, int, bool]:
    lowest = _lowest(nodes)
    vector = np.append(vector[:-1], max(vector[-1], lowest))
    state = _evaluate(curves, design, nodes, vector)
    for iteration in range(MAX_ITERATIONS):
        free = _free(vector, state, nodes)
        if np.abs(state.gradient[free]).max() <= tolerance * len(design):
            return vector, state, iteration, True
        moved = _newton(curves, design, nodes, vector, state, free)
        if moved is None:
            beta = np.linalg.lstsq(design, state.mean, rcond=None)[0]
            spread = float(np.mean(state.variance + (state.mean - design @ beta) ** 2))
            target = np.append(beta, max(float(np.log(spread)), lowest))
            moved = target, _evaluate(curves, design, nodes, target)
            if target[-1] < NEAR_LOWEST and state.gradient[-1] < 0:
                # EM takes hundreds of steps to a variance of nothing: try it at once.
                target = np.append(beta, lowest)
                at_once = target, _evaluate(curves, design, nodes, target)
                moved = max(moved, at_once, key=lambda one: one[1].log_likelihood)
        vector, state = moved
    return vector, state, MAX_ITERATIONS, False


def _lowest(nodes: FloatArray) -> float:
    """Return the lowest log residual variance that the nodes carry: a standard deviation of their distance."""
    return 2.0 * float(np.log(nodes[1] - nodes[0]))


def _free(vector: FloatArray, state: _State, nodes: FloatArray) -> NDArray[np.bool_]:
    """Return which parameters may move: the residual variance not, where it would fall below its lowest."""
    free = np.ones(vector.size, dtype=np.bool_)
    free[-1] = vector[-1] > _lowest(nodes) or state.gradient[-1] > 0
    return free


def _newton(
    curves: FloatArray,
    design: FloatArray,
    nodes: FloatArray,
    vector: FloatArray,
    state: _State,
    free: NDArray[np.bool_],
) -> tuple[FloatArray, _State] | None:
    """Take a Newton step where the information is positive definite and the likelihood does not fall."""
    information = state.information[np.ix_(free, free)]
    if np.any(np.linalg.eigvalsh(information) <= 0):
        return None
    target = vector.copy()
    target[free] += np.clip(np.linalg.solve(information, state.gradient[free]), -2.0, 2.0)
    target[-1] = max(target[-1], _lowest(nodes))
    reached = _evaluate(curves, design, nodes, target)
    slack = 1e-12 * abs(state.log_likelihood)
    return (target, reached) if reached.log_likelihood >= state.log_likelihood - slack else None


def _evaluate(curves: FloatArray, design: FloatArray, nodes: FloatArray, vector: FloatArray) -> _State:
    predicted, variance = design @ vector[:-1], float(np.exp(vector[-1]))
    apart = nodes - predicted[:, None]
    joint = curves - apart**2 / (2.0 * variance)
    largest = joint.max(axis=1, keepdims=True)
    weights = np.exp(joint - largest)
    total = weights.sum(axis=1, keepdims=True)
    weights /= total
    scale = np.log((nodes[1] - nodes[0]) / np.sqrt(2.0 * np.pi * variance))
    first, second = (weights * apart).sum(axis=1), (weights * apart**2).sum(axis=1)
    third, fourth = (weights * apart**3).sum(axis=1), (weights * apart**4).sum(axis=1)
    spread = second - first**2
    slope = np.append(design.T @ first / variance, 0.5 * float((second / variance - 1.0).sum()))
    size = vector.size - 1
    information = np.empty((size + 1, size + 1))
    information[:size, :size] = (design * (1.0 / variance - spread / variance**2)[:, None]).T @ design
    mixed = design.T @ (first / variance - (third - first * second) / (2.0 * variance**2))
    information[:size, size] = information[size, :size] = mixed
    information[size, size] = float(
        (second / (2.0 * variance) - (fourth - second**2) / (4.0 * variance**2)).sum()
    )
    likelihood = float((largest[:, 0] + np.log(total[:, 0]) + scale).sum())
    return _State(likelihood, slope, information, predicted + first, spread)
