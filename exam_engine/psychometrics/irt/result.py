"""What a calibration found: parameters, standard errors, whether the grid served, what to beware of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpocon
from scipy.special import expit

from exam_engine.psychometrics.irt.climb import LARGEST_LOGIT, Climb, Point
from exam_engine.psychometrics.irt.densities import variance_limits
from exam_engine.psychometrics.irt.expectation import Grid, expect
from exam_engine.psychometrics.irt.families import Exponential, Family, Graded
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.layout import LOWEST_LOGIT, Layout
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.newton import factorise

GRID_SHIFT_LIMIT = 0.01
"""A finer and wider grid may move no parameter by more than this share of its standard error."""

STEEP_SLOPE = 4.0
"""A slope above this is more often a sign of too few persons than of a very good item."""

SINGULAR = 1e-6
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
    ASYMPTOTE_AT_BOUND = "asymptote_at_bound"
    """A lower asymptote fell to 0 or an upper one rose to 1, and was held there: it has no standard error."""


class ErrorMethod(StrEnum):
    """Where standard errors come from."""

    OBSERVED = "observed"
    """The observed information at the solution (Louis, 1982)."""
    CROSS_PRODUCT = "cross_product"
    """The sum of cross products of the persons' scores."""
    SANDWICH = "sandwich"
    """Both, robust against a model that does not hold (White, 1982, Econometrica 50, 1–25)."""
    NONE = "none"


@dataclass(frozen=True)
class GridCheck:
    """Whether the quadrature was fine and wide enough.

    Attributes
    ----------
    log_likelihood_change : float
        Log-likelihood on a finer and wider grid, at least 161 nodes from −8 to 8, less that on the grid used.
    shift : float
        Largest movement of a parameter that the finer grid asks for, in standard errors; NaN without them.
    spacing : float
        Node spacing over the root mean square posterior standard deviation: above about 0.6 the sums begin to
        depend on where the nodes lie.
    adequate : bool
        Whether the shift keeps within its limit; without standard errors whether the spacing keeps below 0.6. Never
        where a variance stopped at the highest that the nodes can carry, a standard deviation of their bound.
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
    model : Model or None
        The model of all items; None where they are mixed.
    items : Items
        The estimated items, ready for scoring, fit and linking.
    a, se_a : ndarray, shape (n_items,)
        Discrimination per logit; 1 with standard error 0 under Rasch and partial credit, NaN for nominal items.
    b, se_b : ndarray, shape (n_items,)
        Difficulty in logits, ``b = -d / a``, with several categories the mean of the steps or thresholds; its
        standard error by the delta method. NaN for nominal items.
    c, se_c, u, se_u : ndarray, shape (n_items,)
        Asymptotes; 0 and 1 with standard error 0 where the model has none, standard error NaN at a bound.
    d, se_d : ndarray, shape (n_items,)
        Intercept, with several categories that of the highest score.
    highest : ndarray of int, shape (n_items,)
        Highest score of each item.
    steps, se_steps : ndarray, shape (n_items, highest score of all)
        Step difficulties or graded thresholds in logits; NaN beyond an item's highest.
    slopes, se_slopes : ndarray, shape (n_items, highest score of all)
        Of each score, ``k a`` for partial credit models; NaN beyond.
    intercepts, se_intercepts : ndarray, shape (n_items, highest score of all)
        NaN beyond an item's highest.
    means, se_means, variances, se_variances : ndarray, shape (n_groups,)
        Ability in each group; fixed ones with standard error 0.
    covariance : ndarray, shape (n_free, n_free)
        Of the free parameters, NaN where it does not exist or was not asked for: item after item in the order
        ``a, d_1, …, logit c, logit u`` (nominal: slopes, then intercepts), then mean and log variance of each group.
    names : tuple of (int, str)
        Item, −1 − group for a group's, and name of each row of the covariance.
    log_likelihood : float
        Marginal log-likelihood at the solution, without priors.
    log_prior : float
        Log density of the priors there; 0 without priors.
    n_free : int
        Free parameters.
    converged : bool
        Whether the climb ended within its tolerance at a proper maximum: one with a covariance matrix, where one was
        asked for.
    iterations : int
        Passes over the data that moved the parameters.
    gradient_norm : float
        Largest absolute element of the gradient of what was maximised, at the solution.
    error_method : ErrorMethod
    nodes, density : ndarray, shape (n_nodes,), (n_groups, n_nodes)
        Quadrature nodes and the weights of ability on them.
    n_persons : float
        Persons, or the sum of their weights.
    n_responses : ndarray of float, shape (n_items,)
        Persons to whom each item was presented.
    grid : GridCheck
    warnings : tuple of Warn
    """

    model: Model | None
    items: Items
    a: FloatArray
    b: FloatArray
    c: FloatArray
    u: FloatArray
    d: FloatArray
    se_a: FloatArray
    se_b: FloatArray
    se_c: FloatArray
    se_u: FloatArray
    se_d: FloatArray
    highest: NDArray[np.intp]
    steps: FloatArray
    se_steps: FloatArray
    slopes: FloatArray
    se_slopes: FloatArray
    intercepts: FloatArray
    se_intercepts: FloatArray
    means: FloatArray
    se_means: FloatArray
    variances: FloatArray
    se_variances: FloatArray
    covariance: FloatArray
    names: tuple[tuple[int, str], ...]
    log_likelihood: float
    log_prior: float
    n_free: int
    converged: bool
    iterations: int
    gradient_norm: float
    error_method: ErrorMethod
    nodes: FloatArray
    density: FloatArray
    n_persons: float
    n_responses: FloatArray
    grid: GridCheck
    warnings: tuple[Warn, ...]

    @property
    def latent_variance(self) -> float:
        """Variance of ability of the first group."""
        return float(self.variances[0])

    @property
    def se_latent_variance(self) -> float:
        """Standard error of `latent_variance`."""
        return float(self.se_variances[0])

    @property
    def aic(self) -> float:
        """Akaike's information criterion, ``2 k − 2 log L``."""
        return 2.0 * self.n_free - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's information criterion, ``k log N − 2 log L``."""
        return self.n_free * float(np.log(self.n_persons)) - 2.0 * self.log_likelihood


def conclude(
    climb: Climb,
    point: Point,
    iterations: int,
    *,
    models: tuple[Model, ...],
    model: Model | None,
    arrived: bool,
    method: ErrorMethod,
    scores: Climb | None,
) -> Calibration:
    """Add standard errors, the grid check and the warnings.

    Parameters
    ----------
    scores : Climb, optional
        Over blocks that keep their scores, where the method needs them.
    """
    layout, blocks = climb.layout, climb.blocks
    full, proper = _covariance(climb, point, method, scores)
    table = _tabulate(layout, point.vector, full)
    densities = np.exp(point.grid.densities(layout, point.vector))
    spreads = layout.densities[:, 1]
    spread = np.exp(point.vector[spreads])
    errors = np.sqrt(np.diag(full))
    free = np.flatnonzero(layout.free)
    grid = _check_grid(climb, point, full)
    held = layout.free & ~point.free
    lowest, _ = variance_limits(point.grid.nodes)
    slope = table["a"]
    found = {
        Warn.NOT_CONVERGED: not arrived,
        Warn.NOT_A_MAXIMUM: not proper,
        Warn.GRID_TOO_COARSE: proper and not grid.adequate,
        Warn.NEGATIVE_SLOPE: bool(np.any(slope < 0)),
        Warn.STEEP_SLOPE: bool(np.any(np.abs(slope) > STEEP_SLOPE)),
        Warn.NO_SPREAD: bool(np.any(layout.free[spreads] & (point.vector[spreads] <= lowest))),
        Warn.ASYMPTOTE_AT_BOUND: bool(held[layout.item_of_slot >= 0].any()),
    }
    return Calibration(
        model=model,
        items=_items(layout, table, models),
        highest=np.concatenate([np.full(f.positions.size, f.highest) for f in layout.families])[
            np.argsort(np.concatenate([f.positions for f in layout.families]))
        ],
        means=point.vector[layout.densities[:, 0]],
        se_means=errors[layout.densities[:, 0]],
        variances=spread,
        se_variances=spread * errors[spreads],
        covariance=full[np.ix_(free, free)],
        names=_names(layout, free),
        log_likelihood=point.state.log_likelihood,
        log_prior=point.prior.log_density,
        n_free=int(layout.free.sum()),
        converged=arrived and proper,
        iterations=iterations,
        gradient_norm=point.norm,
        error_method=method,
        nodes=point.grid.nodes,
        density=densities,
        n_persons=blocks.total,
        n_responses=blocks.n_responses,
        grid=grid,
        warnings=tuple(warning for warning, is_so in found.items() if is_so),
        **table,
    )


def _covariance(
    climb: Climb, point: Point, method: ErrorMethod, scores: Climb | None
) -> tuple[FloatArray, bool]:
    """Return the covariance of all parameters, fixed ones 0, and whether there is one."""
    size = climb.layout.size
    full = np.zeros((size, size))
    free = np.flatnonzero(point.free)
    own = np.ix_(free, free)
    if method is ErrorMethod.NONE:
        full[np.ix_(climb.layout.free, climb.layout.free)] = np.nan
        return full, True
    held = climb.layout.free & ~point.free
    full[held], full[:, held] = np.nan, np.nan
    source = scores or climb
    if method is ErrorMethod.CROSS_PRODUCT:
        covariance, proper = _invert(source.cross_product(point)[own])
    else:
        covariance, proper = _invert(climb.information(point)[own])
        if method is ErrorMethod.SANDWICH and proper:
            covariance = covariance @ source.cross_product(point)[own] @ covariance
    full[own] = covariance
    return full, proper


def _tabulate(layout: Layout, vector: FloatArray, full: FloatArray) -> dict[str, FloatArray]:
    """Return the tables of parameters and standard errors, in the order of the test."""
    n, width = layout.n_items, max(family.highest for family in layout.families)
    table = {name: np.full(n, np.nan) for name in ("a", "b", "d", "se_a", "se_b", "se_d")}
    table |= {"c": np.zeros(n), "u": np.ones(n), "se_c": np.zeros(n), "se_u": np.zeros(n)}
    wide = ("steps", "slopes", "intercepts", "se_steps", "se_slopes", "se_intercepts")
    table |= {name: np.full((n, width), np.nan) for name in wide}
    for family, slots in zip(layout.families, layout.slots, strict=True):
        own = full[slots[:, :, None], slots[:, None, :]]
        _fill(table, family, vector[slots], own)
    return table


def _fill(table: dict[str, FloatArray], family: Family, values: FloatArray, own: FloatArray) -> None:
    """Write a family's items into the tables; standard errors by the delta method."""
    at, m = family.positions, family.highest
    error = np.sqrt(np.diagonal(own, axis1=1, axis2=2))
    n_slopes = family.n_slopes if isinstance(family, Exponential) else 1
    step = np.arange(1, m + 1)
    d = values[:, n_slopes : n_slopes + m]
    table["intercepts"][at, :m] = d
    table["se_intercepts"][at, :m] = error[:, n_slopes : n_slopes + m]
    table["d"][at], table["se_d"][at] = d[:, -1], error[:, n_slopes + m - 1]
    for letter in ("c", "u"):
        if f"logit_{letter}" in family.names:
            column = family.names.index(f"logit_{letter}")
            asymptote = expit(values[:, column])
            # Estimates held at a bound, and known asymptotes that are 0 or 1 to rounding.
            at_bound = np.isin(np.abs(values[:, column]), (-LOWEST_LOGIT, LARGEST_LOGIT))
            table[letter][at] = np.where(at_bound, np.round(asymptote), asymptote)
            table[f"se_{letter}"][at] = asymptote * (1.0 - asymptote) * error[:, column]
    if family.model is Model.NOMINAL:
        table["slopes"][at, :m], table["se_slopes"][at, :m] = values[:, :m], error[:, :m]
        return
    has_slope = n_slopes > 0
    a = values[:, 0] if has_slope else np.ones(len(values))
    se_a = error[:, 0] if has_slope else np.zeros(len(values))
    weight = np.ones(m) if isinstance(family, Graded) else step.astype(np.float64)
    table["a"][at], table["se_a"][at] = a, se_a
    table["slopes"][at, :m], table["se_slopes"][at, :m] = a[:, None] * weight, se_a[:, None] * weight
    # Each step is −(row of J d) / a: its own intercept, under partial credit less the one before.
    matrix = np.eye(m)
    if not isinstance(family, Graded):
        matrix -= np.eye(m, k=-1)
    matrix = np.vstack([matrix, matrix.mean(axis=0)])
    with np.errstate(divide="ignore", invalid="ignore"):
        difficulty = -(d @ matrix.T) / a[:, None]
        jacobian = np.zeros((len(values), m + 1, values.shape[1]))
        jacobian[:, :, n_slopes : n_slopes + m] = -matrix / a[:, None, None]
        if has_slope:
            jacobian[:, :, 0] = -difficulty / a[:, None]
        spread = np.einsum("nsp,npr,nsr->ns", jacobian, np.nan_to_num(own), jacobian)
        bad = np.isnan(own[:, : n_slopes + m, : n_slopes + m]).any(axis=(1, 2))
        deviation = np.where(np.asarray(bad)[:, None], np.nan, np.sqrt(np.maximum(spread, 0.0)))
    table["steps"][at, :m], table["se_steps"][at, :m] = difficulty[:, :m], deviation[:, :m]
    table["b"][at], table["se_b"][at] = difficulty[:, m], deviation[:, m]


def _items(layout: Layout, table: dict[str, FloatArray], models: tuple[Model, ...]) -> Items:
    highest = np.zeros(layout.n_items, dtype=np.intp)
    for family in layout.families:
        highest[family.positions] = family.highest
    return Items(models, highest, table["slopes"], table["intercepts"], table["c"], table["u"])


def _names(layout: Layout, free: NDArray[np.intp]) -> tuple[tuple[int, str], ...]:
    names: dict[int, tuple[int, str]] = {}
    for family, slots in zip(layout.families, layout.slots, strict=True):
        for item, own in zip(family.positions.tolist(), slots.tolist(), strict=True):
            names |= {slot: (item, name) for slot, name in zip(own, family.names, strict=True)}
    for group, (mean, variance) in enumerate(layout.densities.tolist()):
        names |= {mean: (-1 - group, "mean"), variance: (-1 - group, "log_variance")}
    return tuple(names[slot] for slot in free.tolist())


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


def _check_grid(climb: Climb, point: Point, full: FloatArray) -> GridCheck:
    """Compare with a finer and wider grid: how far would the solution move?"""
    nodes = point.grid.nodes
    spacing = float(nodes[1] - nodes[0])
    relative = spacing / float(np.sqrt(max(point.state.mean_variance, 1e-300)))
    if climb.is_empirical:
        return GridCheck(float("nan"), float("nan"), relative, relative < 0.6)
    bound = max(8.0, float(nodes[-1]) * 4.0 / 3.0)
    half = round(bound / min(0.1, spacing / 2.0))
    fine = expect(climb.blocks, climb.layout, point.vector, Grid(np.linspace(-bound, bound, 2 * half + 1)))
    free = np.flatnonzero(point.free)
    covariance = full[np.ix_(free, free)]
    with np.errstate(invalid="ignore"):
        moved = covariance @ (fine.gradient - point.state.gradient)[free]
        shift = np.abs(moved) / np.sqrt(np.diag(covariance))
    known = bool(np.all(np.isfinite(shift))) and shift.size > 0
    largest = float(np.max(shift)) if known else float("nan")
    change = fine.log_likelihood - point.state.log_likelihood
    adequate = largest <= GRID_SHIFT_LIMIT if known else relative < 0.6
    spreads = climb.layout.densities[:, 1]
    _, widest = variance_limits(nodes)
    if np.any(climb.layout.free[spreads] & (point.vector[spreads] >= widest)):
        adequate = False
    return GridCheck(change, largest, relative, adequate)
