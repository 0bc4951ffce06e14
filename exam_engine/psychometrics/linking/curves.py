"""Links from the anchors' curves: Haebara and Stocking–Lord, with exact gradients."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares
from scipy.stats import norm

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

GRADIENT_LIMIT = 1e-9
"""The fit has converged when no derivative of the objective by log scale or shift exceeds this."""

LARGEST_SCALE = 20.0
"""A scale beyond this, or below its inverse, is no link: curves that cannot be brought together were flattened."""

LOG_LIMIT = 15.0
"""Log scales are cut off here, so that a search that runs away stays finite."""

QUICK_TOLERANCE = 1e-10
"""Relative change of objective and point at which a replication ends."""

POLISHING_STEPS = 5
"""Newton steps after Levenberg–Marquardt, which stops where the objective no longer moves: too early for a gradient."""

STEP = 1e-5
"""Step of the central differences that give the second derivatives from the exact first ones."""


class Loss(StrEnum):
    """What is compared."""

    ITEM_CURVES = "haebara"
    TEST_CURVE = "stocking_lord"


class Direction(StrEnum):
    """On whose scale the curves are compared."""

    SYMMETRIC = "symmetric"
    OLD = "old"
    """On the old scale only: the new items are brought there. Most programs call this one-sided."""


@dataclass(frozen=True)
class Grid:
    """Abilities at which curves are compared, and what each counts.

    Attributes
    ----------
    nodes : ndarray, shape (n_nodes,)
        Logits.
    weights : ndarray, shape (n_nodes,)
        At least 0, with sum 1.

    Examples
    --------
    >>> Grid.normal().nodes.size, round(float(Grid.normal().weights.sum()), 12)
    (41, 1.0)
    """

    nodes: FloatArray
    weights: FloatArray

    def __post_init__(self) -> None:
        if self.nodes.ndim != 1 or self.nodes.shape != self.weights.shape or self.nodes.size < 2:
            raise ValueError("nodes and weights must be vectors of one length, at least 2")
        if not (np.isfinite(self.nodes).all() and np.all(self.weights >= 0) and self.weights.sum() > 0):
            raise ValueError("nodes must be finite and weights not negative, with a positive sum")

    @classmethod
    def of(cls, nodes: ArrayLike, weights: ArrayLike) -> Grid:
        """Return a grid of one's own; the weights are scaled to sum 1."""
        share = np.asarray(weights, dtype=np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            return cls(np.asarray(nodes, dtype=np.float64), np.asarray(share / share.sum()))

    @classmethod
    def normal(cls, *, count: int = 41, limit: float = 4.0) -> Grid:
        """Return equally spaced nodes with standard normal weights."""
        nodes = np.linspace(-limit, limit, count)
        return cls.of(nodes, norm.pdf(nodes))

    @classmethod
    def uniform(cls, *, count: int = 41, limit: float = 4.0) -> Grid:
        """Return equally spaced nodes that all count the same."""
        return cls.of(np.linspace(-limit, limit, count), np.ones(count))


@dataclass(frozen=True)
class CurveFit:
    """Scale and shift that bring the curves together, and how well they do.

    Attributes
    ----------
    scale, shift : float
    objective : float
        Weighted mean over the nodes of the squared difference, summed over directions: of expected test scores
        (marks squared), or summed over the items' scores 0 … m of probabilities.
    gradient_norm : float
        Largest absolute derivative of the objective by log scale and shift.
    converged : bool
        Whether the gradient vanished in a minimum, at a scale that is a link at all: within a factor of 20.
    """

    scale: float
    shift: float
    objective: float
    gradient_norm: float
    converged: bool


@dataclass(frozen=True)
class CurveProblem:
    """The residuals between two sets of anchors as functions of log scale and shift."""

    new: Items
    old: Items
    loss: Loss
    direction: Direction
    on_new: Grid
    on_old: Grid

    def residuals(self, point: FloatArray) -> FloatArray:
        """Return all weighted differences, shape (n_residuals,)."""
        scale, shift = self._line(point)
        nodes = self.on_old.nodes
        found = [self._weighted(self.on_old, self._value(self.old, nodes))]
        found[0] = found[0] - self._weighted(self.on_old, self._value(self.new, (nodes - shift) / scale))
        if self.direction is Direction.SYMMETRIC:
            nodes = self.on_new.nodes
            here = self._value(self.new, nodes) - self._value(self.old, scale * nodes + shift)
            found.append(self._weighted(self.on_new, here))
        return np.concatenate(found)

    def jacobian(self, point: FloatArray) -> FloatArray:
        """Return the derivatives of `residuals` by log scale and shift, shape (n_residuals, 2)."""
        scale, shift = self._line(point)
        moved = (self.on_old.nodes - shift) / scale
        rise = self._slope(self.new, moved) / scale
        parts = [self._both(self.on_old, rise * scale, moved, rise)]
        if self.direction is Direction.SYMMETRIC:
            nodes = self.on_new.nodes
            rise = -self._slope(self.old, scale * nodes + shift)
            parts.append(self._both(self.on_new, rise * scale, nodes, rise))
        return np.concatenate(parts)

    @staticmethod
    def _line(point: FloatArray) -> tuple[float, float]:
        return float(np.exp(np.clip(point[0], -LOG_LIMIT, LOG_LIMIT))), float(point[1])

    def gradient(self, point: FloatArray) -> FloatArray:
        """Return the derivatives of the objective by log scale and shift, shape (2,)."""
        return np.asarray(2.0 * self.jacobian(point).T @ self.residuals(point))

    def curvature(self, point: FloatArray) -> FloatArray:
        """Return the second derivatives of the objective, shape (2, 2)."""
        steps = STEP * np.eye(2)
        rows = [(self.gradient(point + step) - self.gradient(point - step)) / (2.0 * STEP) for step in steps]
        return np.asarray(np.stack(rows) + np.stack(rows).T) / 2.0

    def _both(self, grid: Grid, by_scale: FloatArray, times: FloatArray, by_shift: FloatArray) -> FloatArray:
        first = by_scale * times.reshape((-1,) + (1,) * (by_scale.ndim - 1))
        return np.stack([self._weighted(grid, first), self._weighted(grid, by_shift)], axis=1)

    def _weighted(self, grid: Grid, values: FloatArray) -> FloatArray:
        root = np.sqrt(grid.weights).reshape((-1,) + (1,) * (values.ndim - 1))
        return np.asarray(root * values).reshape(-1)

    def _value(self, items: Items, theta: FloatArray) -> FloatArray:
        if self.loss is Loss.ITEM_CURVES:
            return items.probability(theta)
        return np.asarray(items.expected_score(theta).sum(axis=1), dtype=np.float64)

    def _slope(self, items: Items, theta: FloatArray) -> FloatArray:
        slope = items.slope_of_probability(theta)
        if self.loss is Loss.ITEM_CURVES:
            return slope
        return np.asarray((slope @ np.arange(slope.shape[2])).sum(axis=1), dtype=np.float64)


def fit_curves(problem: CurveProblem, start: tuple[float, float], *, polish: bool = True) -> CurveFit:
    """Return the scale and shift with the smallest squared differences.

    Parameters
    ----------
    problem : CurveProblem
    start : tuple of float
        Scale and shift to begin from.
    polish : bool, default True
        Whether to go on to a gradient of 0; without, scale and shift are good to about six digits, enough for a
        replication, and `converged` says whether the search ended there.

    Notes
    -----
    Haebara (1980, Japanese Psychological Research 22, 144–149) compares the curves of every item; Stocking and Lord
    (1983, Applied Psychological Measurement 7, 201–210) the curve of the whole test. Items of several scores
    enter with all their scores 0 … m (Kim & Lee, 2006): an item scored 0 or 1 thus counts the square of its curve
    twice, and the Haebara objective of such items is twice that of programs that compare P(1) only, with the same
    minimum. Levenberg–Marquardt with the analytic Jacobian, in log scale so that the scale stays positive.
    """
    begin = np.array([np.log(start[0]), start[1]])
    close = 1e-15 if polish else QUICK_TOLERANCE
    found = least_squares(
        problem.residuals, begin, jac=problem.jacobian, method="lm", ftol=close, xtol=close, gtol=close
    )
    point = np.asarray(found.x, dtype=np.float64)
    if polish:
        point = _polished(problem, point)
    residuals = problem.residuals(point)
    steepness = float(np.abs(problem.gradient(point)).max())
    scale = float(np.exp(np.clip(point[0], -LOG_LIMIT, LOG_LIMIT)))
    still = steepness <= GRADIENT_LIMIT and _is_hollow(problem, point) if polish else found.status > 0
    settled = bool(still) and 1.0 / LARGEST_SCALE <= scale <= LARGEST_SCALE
    return CurveFit(scale, float(point[1]), float(residuals @ residuals), steepness, settled)


def _is_hollow(problem: CurveProblem, point: FloatArray) -> bool:
    """Return whether the objective bends upwards in every direction: a minimum, not a saddle."""
    return bool(np.linalg.eigvalsh(problem.curvature(point))[0] > 0)


def _polished(problem: CurveProblem, point: FloatArray) -> FloatArray:
    """Return the point after Newton steps, as long as they flatten the gradient."""
    steepness = np.abs(problem.gradient(point)).max()
    for _ in range(POLISHING_STEPS):
        if steepness <= GRADIENT_LIMIT / 1000.0:
            break
        curvature = problem.curvature(point)
        if np.linalg.det(curvature) <= 0:
            break
        further = point - np.linalg.solve(curvature, problem.gradient(point))
        flatter = np.abs(problem.gradient(further)).max()
        if not flatter < steepness:
            break
        point, steepness = further, flatter
    return point
