"""Newton steps near the solution, with an information matrix that is kept while it serves. Pure arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from exam_engine.psychometrics.irt.acceleration import Anderson
from exam_engine.psychometrics.irt.information import is_affordable
from exam_engine.psychometrics.irt.models import FloatArray

if TYPE_CHECKING:
    from exam_engine.psychometrics.irt.climb import Climb, Point

LONGEST_STEP = 10.0
"""A step that moves a parameter further than this comes of a matrix that is all but singular, and is not taken."""

SLOW = 0.2
"""A step that leaves more than this share of the gradient asks for a new information matrix."""


class Newton:
    """Newton steps of a climb.

    Steps with an old matrix converge linearly; Anderson acceleration mends that at no cost, and a step that gains
    little asks for a new matrix.
    """

    def __init__(self, climb: Climb) -> None:
        self.climb = climb
        self.anderson = Anderson(window=5)
        self.matrix: FloatArray | None = None
        self.factor: tuple[FloatArray, bool] | None = None
        self.free = np.zeros(0, dtype=np.bool_)

    def step(self, point: Point) -> Point | None:
        """Return the next point; None where Newton does not apply."""
        climb = self.climb
        if climb.is_empirical or not is_affordable(climb.blocks, climb.layout, point.grid):
            return None
        is_fresh = self.matrix is None
        if is_fresh or not np.array_equal(self.free, point.free):
            self._factorise(point)
        while self.factor is not None:
            reached = self._try(point, is_fresh=is_fresh)
            if reached is None and not is_fresh:
                is_fresh, self.matrix = True, None
                self._factorise(point)
                continue
            # Where a parameter met its bound the matrix is not to blame.
            if reached is None or (
                reached.norm > SLOW * point.norm and np.array_equal(reached.free, point.free)
            ):
                self.matrix = None
            return reached
        self.matrix = None
        return None

    def _factorise(self, point: Point) -> None:
        """Factorise the matrix for the parameters that are free now, a new one if the old was given up."""
        if self.matrix is None:
            self.matrix = self.climb.information(point)
        self.free = point.free.copy()
        self.anderson.forget()
        free = np.flatnonzero(self.free)
        self.factor = factorise(self.matrix[np.ix_(free, free)])

    def _try(self, point: Point, *, is_fresh: bool) -> Point | None:
        """Take the step, shortened if the matrix is new, where the objective does not fall."""
        assert self.factor is not None
        step = np.zeros(point.vector.size)
        step[self.free] = cho_solve(self.factor, point.gradient[self.free])
        # Next to the solution the likelihood is flat to rounding: there the gradient judges.
        slack = 1e-12 * abs(point.objective)
        targets = [self.anderson.propose(point.vector, point.vector + step)]
        if is_fresh:
            targets += [point.vector + 0.5 * step, point.vector + 0.25 * step]
        for target in targets:
            if np.abs(target - point.vector).max() > LONGEST_STEP:
                continue
            reached = self.climb.at(target, point.grid)
            gain = reached.objective - point.objective
            # An old matrix that does not bring the gradient down serves no longer.
            if gain >= -slack and (reached.norm < point.norm or (is_fresh and gain > slack)):
                return reached
        return None


def factorise(matrix: FloatArray) -> tuple[FloatArray, bool] | None:
    """Return the Cholesky factor of an information matrix; None where it is not positive definite."""
    if not np.all(np.isfinite(matrix)):
        return None
    try:
        factor, lower = cho_factor(matrix)
    except LinAlgError:
        return None
    return factor, bool(lower)
