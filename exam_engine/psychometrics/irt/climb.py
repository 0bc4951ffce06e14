"""The way to the maximum: EM (Bock & Aitkin, 1981) with safeguarded Anderson acceleration, then Newton."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt import priors as prior_densities
from exam_engine.psychometrics.irt.acceleration import Anderson
from exam_engine.psychometrics.irt.blocks import Blocks
from exam_engine.psychometrics.irt.densities import fit_normal, variance_limits
from exam_engine.psychometrics.irt.empirical import fit_weights
from exam_engine.psychometrics.irt.expectation import Expectation, Grid, expect, node_counts, observed
from exam_engine.psychometrics.irt.families import Exponential, Graded
from exam_engine.psychometrics.irt.information import cross_product, observed_information
from exam_engine.psychometrics.irt.layout import LOWEST_LOGIT, Layout
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.newton import Newton
from exam_engine.psychometrics.irt.priors import Priors, PriorState

NEWTON_DISTANCE = 0.005
"""When an EM step would move no parameter further than this, Newton steps take over."""

SCORING_DISTANCE = 0.05
"""The same where scores can lead, which do not mind a long way."""

ROUGH = 1e4
"""How many times the tolerance the climb on half the nodes ends with."""

ROUGH_SPACING = 2.0
"""Half the nodes serve for a start where they lie no more than so many posterior standard deviations apart."""

FEWEST_TO_HALVE = 31
"""Fewer nodes are not halved."""

LARGEST_LOGIT = 40.0
"""The logit by which a known asymptote of 0 or 1 enters: to rounding it is one."""

LONGEST_LEAP = 10.0
"""Acceleration may not carry a parameter further than this beyond an EM step: parameters of 10¹⁵, to which data
without a finite solution would lead at once, leave no digit of the likelihood right.
"""

M_STEPS, SHORT_STEP = 3, 0.03
"""So many scoring steps an M-step, or until none moves a parameter further than this."""

EMPIRICAL_STEP = 1e-4
"""With an empirical density, whose weights drift towards spikes for ever, the climb ends when an EM step would move no
item parameter further than this.
"""

Progress = Callable[[int, float, float], None]
"""Called before each iteration with its number, from 0, and the log-likelihood and gradient norm reached."""


class CalibrationCancelled(Exception):
    """The caller asked to stop; nothing was computed to the end."""


@dataclass(frozen=True)
class Point:
    """A parameter vector with what was found there.

    Attributes
    ----------
    vector : ndarray, shape (size,)
    grid : Grid
    state : Expectation
    prior : PriorState
    free : ndarray of bool, shape (size,)
        Free parameters that are not held at a bound.
    """

    vector: FloatArray
    grid: Grid
    state: Expectation
    prior: PriorState
    free: NDArray[np.bool_]

    @property
    def objective(self) -> float:
        """Log-likelihood plus log prior density."""
        return self.state.log_likelihood + self.prior.log_density

    @property
    def gradient(self) -> FloatArray:
        """Gradient of the objective, 0 where a parameter is not free."""
        return np.where(self.free, self.state.gradient + self.prior.gradient, 0.0)

    @property
    def norm(self) -> float:
        """Largest absolute element of the gradient."""
        return float(np.abs(self.gradient).max())


class Climb:
    """The way up: Anderson-accelerated EM, then Newton, never losing likelihood."""

    def __init__(self, blocks: Blocks, layout: Layout, priors: Priors, *, is_empirical: bool = False) -> None:
        self.blocks = blocks
        self.layout = layout
        self.priors = priors
        self.is_empirical = is_empirical

    @property
    def has_general_items_only(self) -> bool:
        return not any(family.is_exponential for family in self.layout.families)

    def run(
        self,
        start: FloatArray,
        grid: Grid,
        *,
        tolerance: float,
        max_iterations: int,
        progress: Progress | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> tuple[Point, int, bool]:
        """Climb from the start until the gradient is below the tolerance.

        Returns
        -------
        point : Point
        iterations : int
        arrived : bool
            Whether the climb ended where it should.
        """

        def report(iteration: int, point: Point) -> None:
            if should_stop is not None and should_stop():
                raise CalibrationCancelled
            if progress is not None:
                progress(iteration, point.state.log_likelihood, point.norm)

        newton, passed = Newton(self), 0
        rough = self._rough_start(start, grid)
        if rough is not None:
            limit = ROUGH * tolerance
            rough, passed, _ = self._ascend(rough, newton, limit, range(max_iterations), report)
            start = rough.vector
        point = self.at(start, grid)
        return self._ascend(point, newton, tolerance, range(passed, max_iterations), report)

    def _rough_start(self, start: FloatArray, grid: Grid) -> Point | None:
        """Return the start on half the nodes, where that saves much and serves to get near."""
        if not self.has_general_items_only or self.is_empirical or grid.nodes.size < FEWEST_TO_HALVE:
            return None
        nodes = np.linspace(grid.nodes[0], grid.nodes[-1], (grid.nodes.size + 1) // 2)
        point = self.at(start, Grid(nodes))
        spacing = float(nodes[1] - nodes[0])
        return point if spacing < ROUGH_SPACING * np.sqrt(point.state.mean_variance) else None

    def _ascend(
        self,
        point: Point,
        newton: Newton,
        tolerance: float,
        iterations: range,
        report: Callable[[int, Point], None],
    ) -> tuple[Point, int, bool]:
        """Climb on one grid."""
        anderson = Anderson(window=5)
        newton.anderson.forget()
        limit = SCORING_DISTANCE if newton.by_scores else NEWTON_DISTANCE
        is_near = newton.matrix is not None
        for iteration in iterations:
            report(iteration, point)
            if point.norm <= tolerance:
                return point, iteration, True
            moved = newton.step(point) if is_near else None
            if moved is None:
                target, next_grid = self._maximise(point)
                distance = newton.distance(target, point.vector)
                if self.is_empirical and distance <= EMPIRICAL_STEP:
                    return point, iteration, True
                was_near, is_near = is_near, distance < limit
                if is_near and not was_near:
                    moved = newton.step(point)
            if moved is None:
                moved = self._accelerated(anderson, point, target, next_grid)
            if moved is None:
                return point, iteration, False
            point = moved
        return point, iterations.stop, point.norm <= tolerance

    def at(self, vector: FloatArray, grid: Grid) -> Point:
        """Return what is found at a parameter vector, moved inside its bounds."""
        lowest, highest = self._bounds(grid)
        vector = np.where(self.layout.free, np.clip(vector, lowest, highest), vector)
        state = expect(self.blocks, self.layout, vector, grid)
        prior = prior_densities.evaluate(self.priors, self.layout, vector)
        gradient = state.gradient + prior.gradient
        held = ((vector <= lowest) & (gradient <= 0)) | ((vector >= highest) & (gradient >= 0))
        return Point(vector, grid, state, prior, self.layout.free & ~held)

    def information(self, point: Point) -> FloatArray:
        """Return minus the Hessian of the objective, shape (size, size)."""
        found = observed_information(self.blocks, self.layout, point.vector, point.grid, point.state)
        for slots, bend in zip(self.layout.slots, point.prior.curvature, strict=True):
            found[slots[:, :, None], slots[:, None, :]] += bend
        return found

    def cross_product(self, point: Point) -> FloatArray:
        """Return the cross product of the persons' scores, and what the priors add, shape (size, size)."""
        found = cross_product(self.blocks, self.layout, point.vector, point.grid)
        for slots, bend in zip(self.layout.slots, point.prior.curvature, strict=True):
            found[slots[:, :, None], slots[:, None, :]] += bend
        return found

    def _bounds(self, grid: Grid) -> tuple[FloatArray, FloatArray]:
        lowest = np.full(self.layout.size, -np.inf)
        highest = np.full(self.layout.size, np.inf)
        is_asymptote = self.layout.asymptote_sign != 0
        lowest[is_asymptote], highest[is_asymptote] = LOWEST_LOGIT, -LOWEST_LOGIT
        lowest[self.layout.densities[:, 1]], highest[self.layout.densities[:, 1]] = variance_limits(
            grid.nodes
        )
        return lowest, highest

    def _accelerated(self, anderson: Anderson, point: Point, target: FloatArray, grid: Grid) -> Point | None:
        """Take the Anderson step if the objective rises, else the EM step, shortened until it does."""
        proposal = anderson.propose(point.vector, target)
        if np.abs(proposal - target).max() > LONGEST_LEAP:
            anderson.forget()
            proposal = target
        reached = self.at(proposal, grid)
        if np.isfinite(reached.objective) and reached.objective >= point.objective:
            return reached
        anderson.forget()
        for share in (1.0, 0.5, 0.25, 0.1, 0.03, 0.01):
            reached = self.at(point.vector + share * (target - point.vector), grid)
            if np.isfinite(reached.objective) and reached.objective > point.objective:
                return reached
        return None

    def _maximise(self, point: Point) -> tuple[FloatArray, Grid]:
        """Return the parameters that raise the expected complete log-likelihood (the M-step)."""
        vector = point.vector.copy()
        for at in range(len(self.layout.families)):
            self._fit_items(vector, point, at)
        if self.is_empirical:
            log_weights = np.stack([fit_weights(point.grid.nodes, counts) for counts in point.state.groups])
            return vector, replace(point.grid, log_weights=log_weights)
        for slots, counts in zip(self.layout.densities, point.state.groups, strict=True):
            free_mean, free_variance = self.layout.free[slots].tolist()
            vector[slots] = fit_normal(
                point.grid.nodes,
                counts,
                *vector[slots],
                free_mean=free_mean,
                free_variance=free_variance,
            )
        return vector, point.grid

    def _fit_items(self, vector: FloatArray, point: Point, at: int) -> None:
        """Fit the items of a family by scoring steps, all at once."""
        layout, nodes, state = self.layout, point.grid.nodes, point.state
        family, slots = layout.families[at], layout.slots[at]
        free = point.free[slots]
        if not free.any():
            return
        persons = state.persons[family.positions]
        if isinstance(family, Exponential):
            seen = observed(layout, self.blocks, state.weighted, at)
        else:
            counts = node_counts(layout, state, at)
        for _ in range(M_STEPS):
            values = vector[slots]
            prior = prior_densities.evaluate(self.priors, layout, vector)
            if isinstance(family, Exponential):
                expected = np.einsum("npq,nq->np", family.expected(values, nodes), persons)
                slope = seen - expected
            else:
                slope = np.einsum("npkq,nkq->np", family.scores(values, nodes), counts)
            slope = np.where(free, slope + prior.gradient[slots], 0.0)
            bend = family.expected_information(values, nodes, persons) + np.maximum(prior.curvature[at], 0.0)
            bend = np.where(free[:, :, None] & free[:, None, :], bend, 0.0)
            ridge = np.where(free, 1e-9 * np.maximum(persons.sum(axis=1), 1.0)[:, None], 1.0)
            bend[:, np.arange(bend.shape[1]), np.arange(bend.shape[1])] += ridge
            step = np.asarray(np.linalg.solve(bend, slope[:, :, None])[:, :, 0], dtype=np.float64)
            # Shortened as a whole, so that it still leads up.
            step /= np.maximum(np.abs(step).max(axis=1, keepdims=True), 1.0)
            if self.priors.log_a is not None and "a" in family.names:
                # A lognormal prior has no density at a slope of 0: no step goes more than half the way there.
                fall = np.maximum(-step[:, :1] / np.where(values[:, :1] > 0, values[:, :1], np.inf), 0.0)
                step /= np.maximum(2.0 * fall, 1.0)
            if isinstance(family, Exponential):
                vector[slots] = values + step
            else:
                self._move_up(
                    vector,
                    at,
                    _ordered(values, step) - values if isinstance(family, Graded) else step,
                    counts,
                    nodes,
                )
            if np.abs(step).max() < SHORT_STEP:
                return

    def _move_up(
        self, vector: FloatArray, at: int, step: FloatArray, counts: FloatArray, nodes: FloatArray
    ) -> None:
        """Move the items of a general family, each as far along its step as its expected likelihood rises."""
        family, slots = self.layout.families[at], self.layout.slots[at]
        values = vector[slots]

        def worth() -> FloatArray:
            log_chance = family.log_probability(vector[slots], nodes)
            with np.errstate(invalid="ignore"):
                likelihood = np.where(counts > 0, counts * log_chance, 0.0).sum(axis=(1, 2))
            prior = prior_densities.evaluate(self.priors, self.layout, vector).by_item[at]
            return np.asarray(likelihood + prior, dtype=np.float64)

        before, share = worth(), np.ones((len(values), 1))
        for _ in range(8):
            vector[slots] = values + share * step
            fallen = ~(worth() >= before - 1e-10 * np.abs(before))
            if not fallen.any():
                return
            share[fallen] *= 0.5
        vector[slots] = np.where(fallen[:, None], values, vector[slots])


def _ordered(values: FloatArray, step: FloatArray) -> FloatArray:
    """Shorten the steps of graded items until their intercepts still fall."""
    share = np.ones((len(values), 1))
    for _ in range(8):
        moved = values + share * step
        crossed = np.any(np.diff(moved[:, 1:], axis=1) >= -1e-6, axis=1)
        if not crossed.any():
            return np.asarray(moved)
        share[crossed] *= 0.5
    return np.where(crossed[:, None], values, moved)
