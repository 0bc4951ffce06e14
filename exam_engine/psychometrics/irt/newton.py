"""Newton steps near the solution, with an information matrix that is kept while it serves. Pure arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit, logit

from exam_engine.psychometrics.irt.acceleration import Anderson
from exam_engine.psychometrics.irt.information import is_affordable
from exam_engine.psychometrics.irt.layout import LOWEST_LOGIT
from exam_engine.psychometrics.irt.models import FloatArray

if TYPE_CHECKING:
    from exam_engine.psychometrics.irt.climb import Climb, Point

LONGEST_STEP = 10.0
"""A step that moves a parameter further than this comes of a matrix that is all but singular, and is not taken."""

HIGHEST_ASYMPTOTE = 0.75
"""No step takes c or 1 − u beyond this."""

LONGEST_ASYMPTOTE_STEP, LONGEST_CURVED_STEP = 0.1, 0.5
"""Longest steps of c and 1 − u, and of slope and intercept of the same items."""

ASYMPTOTE_WEIGHT = 10.0
"""A move of c counts as much as one so many times as long of a slope or an intercept."""

SLOW = 0.2
"""A step with observed information that leaves more than this share of the gradient asks for a new matrix."""

SLOW_SCORING = 0.7
"""The same for the cross product of scores, which is never the information itself."""


PATIENCE = 3
"""Steps that a cross product of scores has to show what it is worth."""

MOST_MATRICES = 3
"""After so many the observed information takes their place."""


class Newton:
    """Newton steps of a climb.

    Steps with an old matrix converge linearly; Anderson acceleration mends that at no cost, and a step that gains
    little asks for a new matrix. Asymptotes are c and 1 − u here instead of their logits, in which the likelihood
    flattens as they near 0. Where all items belong to general families the cross product of scores, which costs
    a quarter of the observed information and is never indefinite, leads first (Berndt, Hall, Hall & Hausman, 1974,
    Annals of Economic and Social Measurement 3, 653–665).
    """

    def __init__(self, climb: Climb) -> None:
        self.climb = climb
        self.anderson = Anderson(window=8)
        self.matrix: FloatArray | None = None
        self.factor: tuple[FloatArray, bool] | None = None
        self.free = np.zeros(0, dtype=np.bool_)
        self.steps = self.matrices = 0
        self.left = 1.0
        self.sign = np.where(climb.layout.free, climb.layout.asymptote_sign, 0)
        self.curved = np.isin(climb.layout.item_of_slot, climb.layout.item_of_slot[self.sign != 0])
        self.by_scores = climb.has_general_items_only

    def step(self, point: Point) -> Point | None:
        """Return the next point; None where Newton does not apply."""
        climb = self.climb
        if climb.is_empirical or not is_affordable(climb.blocks, climb.layout, point.grid):
            return None
        if self.matrix is None or not np.array_equal(self.free, point.free):
            self._factorise(point)
        reached = self._try(point)
        while reached is None and (self.by_scores or self.steps):
            self.by_scores = self.by_scores and self.steps > 0
            self.matrix = None
            self._factorise(point)
            reached = self._try(point)
        if reached is None:
            self.matrix = None
            return None
        self.steps += 1
        limit, patience = (SLOW_SCORING, PATIENCE) if self.by_scores else (SLOW, 1)
        # Where a parameter met its bound the matrix is not to blame.
        if self.left > limit and self.steps >= patience and np.array_equal(reached.free, point.free):
            self.matrix = None
        return reached

    def _distance(self, point: Point) -> float:
        """Return the length of the gradient by the matrix: about the standard errors that are left to go."""
        if self.factor is None:
            return 0.0
        gradient = (point.gradient / self._asymptote_slope(point.vector))[self.free]
        return float(np.sqrt(gradient @ cho_solve(self.factor, gradient)))

    def distance(self, here: FloatArray, there: FloatArray) -> float:
        """Return how far apart two parameter vectors lie, asymptotes by c and 1 − u."""
        apart = np.abs(self._straightened(here) - self._straightened(there))
        return float(np.where(self.sign != 0, ASYMPTOTE_WEIGHT * apart, apart).max())

    def _factorise(self, point: Point) -> None:
        """Factorise the matrix for the parameters that are free now, a new one if the old was given up."""
        if self.matrix is None:
            climb = self.climb
            found = climb.cross_product(point) if self.by_scores else climb.information(point)
            slope = self._asymptote_slope(point.vector)
            self.matrix = found / slope / slope[:, None]
            self.steps = 0
            self.matrices += 1
            self.by_scores = self.by_scores and self.matrices < MOST_MATRICES
        self.free = point.free.copy()
        self.anderson.forget()
        free = np.flatnonzero(self.free)
        self.factor = factorise(self.matrix[np.ix_(free, free)])

    def _try(self, point: Point) -> Point | None:
        """Take the step, shortened if the matrix is new, where the objective does not fall."""
        if self.factor is None:
            return None
        before, is_fresh = self._distance(point), self.steps == 0
        now = self._straightened(point.vector)
        step = self._step(point, now)
        # Next to the solution the likelihood is flat to rounding: there the gradient judges.
        slack = 1e-12 * abs(point.objective)
        targets = [self.anderson.propose(now, now + step)]
        if self.steps:
            targets.append(now + step)
        if is_fresh:
            targets += [now + 0.5 * step, now + 0.25 * step]
        for target in targets:
            if np.abs(target - now).max() > LONGEST_STEP:
                continue
            reached = self.climb.at(self._bent(target, now), point.grid)
            gain = reached.objective - point.objective
            # An old matrix that does not bring the gradient down serves no longer.
            after = self._distance(reached)
            if gain >= -slack and (after < before or (is_fresh and gain > slack)):
                self.left = after / max(before, 1e-300)
                return reached
        return None

    def _step(self, point: Point, now: FloatArray) -> FloatArray:
        """Return the step; asymptotes that would pass their bound stop there, and the others are told so."""
        assert self.factor is not None
        assert self.matrix is not None
        gradient = point.gradient / self._asymptote_slope(point.vector)
        free, step = np.flatnonzero(self.free), np.zeros(now.size)
        step[free] = cho_solve(self.factor, gradient[free])
        room = np.where(self.sign != 0, expit(LOWEST_LOGIT) - now, -np.inf)
        over = self.free & (step < room)
        if over.any():
            step[over] = room[over]
            rest = np.flatnonzero(self.free & ~over)
            factor = factorise(self.matrix[np.ix_(rest, rest)])
            if factor is not None:
                told = gradient[rest] - self.matrix[np.ix_(rest, np.flatnonzero(over))] @ step[over]
                step[rest] = cho_solve(factor, told)
        return self._shortened(step)

    def _shortened(self, step: FloatArray) -> FloatArray:
        """Shorten the steps of items with asymptotes: c and d of an easy item trade off along a curve."""
        excess = np.abs(step) / np.where(self.sign != 0, LONGEST_ASYMPTOTE_STEP, LONGEST_CURVED_STEP)
        item = self.climb.layout.item_of_slot
        largest = np.ones(self.climb.layout.n_items + 1)
        np.maximum.at(largest, item[self.curved], excess[self.curved])
        return np.where(self.curved, step / largest[item], step)

    def _straightened(self, vector: FloatArray) -> FloatArray:
        """Return the parameters with c and 1 − u in place of their logits."""
        return np.where(self.sign != 0, expit(self.sign * vector), vector)

    def _bent(self, straight: FloatArray, now: FloatArray) -> FloatArray:
        """Return the parameters with logits again, inside their bounds; ``now`` is where the step began."""
        vector, own = straight.copy(), self.sign != 0
        highest = np.maximum(HIGHEST_ASYMPTOTE, now[own])
        logits = logit(np.clip(straight[own], expit(LOWEST_LOGIT), highest))
        # Exactly the bound again, in spite of rounding, for those that lie there.
        logits[logits < LOWEST_LOGIT + 1e-9] = LOWEST_LOGIT
        vector[own] = self.sign[own] * logits
        return vector

    def _asymptote_slope(self, vector: FloatArray) -> FloatArray:
        """Return the derivatives of c and 1 − u by their logits, 1 for all other parameters."""
        inside = expit(self.sign * vector)
        return np.where(self.sign != 0, self.sign * inside * (1.0 - inside), 1.0)


def factorise(matrix: FloatArray) -> tuple[FloatArray, bool] | None:
    """Return the Cholesky factor of an information matrix; None where it is not positive definite."""
    if not np.all(np.isfinite(matrix)):
        return None
    try:
        factor, lower = cho_factor(matrix)
    except LinAlgError:
        return None
    return factor, bool(lower)
