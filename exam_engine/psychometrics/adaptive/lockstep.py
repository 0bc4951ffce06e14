"""Candidates who take an adaptive test in lock-step: everybody at the same item number, nobody in a loop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.adaptive.content import Turn
from exam_engine.psychometrics.adaptive.design import AdaptiveDesign
from exam_engine.psychometrics.adaptive.estimation import Estimate, Evidence, estimate
from exam_engine.psychometrics.adaptive.selection import View
from exam_engine.psychometrics.adaptive.stopping import Reason, Situation
from exam_engine.psychometrics.adaptive.terms import IntArray, Mask
from exam_engine.psychometrics.irt.models import FloatArray

REASONS = tuple(Reason)
"""Reasons by number; −1 stands for a test that goes on."""


@dataclass
class LockStep:
    """Where ``n`` candidates stand, all after the same number of answers.

    Attributes
    ----------
    design : AdaptiveDesign
    evidence : Evidence
    theta, se, previous : ndarray, shape (n,)
        Interim ability, its error, the ability one answer earlier.
    seconds : ndarray, shape (n,)
    used : ndarray of bool, shape (n, n_items)
        Not to be shown any more: answered, an enemy of an answered item, or not to be had at all.
    eligible : ndarray of bool, shape (n, n_items), or None
        By the exposure rule; None when everything is.
    lifted : ndarray of bool, shape (n,)
        Whose eligibility had to be lifted.
    """

    design: AdaptiveDesign
    evidence: Evidence
    theta: FloatArray
    se: FloatArray
    previous: FloatArray
    seconds: FloatArray
    used: Mask
    eligible: Mask | None
    lifted: Mask

    @classmethod
    def begin(
        cls,
        design: AdaptiveDesign,
        *,
        theta: FloatArray,
        prior_mean: FloatArray,
        eligible: Mask | None = None,
        unavailable: Mask | None = None,
    ) -> LockStep:
        """Place candidates before their first item; ``theta`` is the ability it is chosen at."""
        n, size = theta.size, len(design.pool)
        none = np.zeros((n, 0))
        evidence = Evidence(
            none.astype(np.intp),
            none.astype(np.int8),
            np.zeros((n, design.n_nodes)),
            prior_mean,
            design.prior.variance,
        )
        used = np.zeros((n, size), dtype=np.bool_) if unavailable is None else unavailable.copy()
        se = np.full(n, np.sqrt(design.prior.variance))
        return cls(design, evidence, theta, se, theta, np.zeros(n), used, eligible, np.zeros(n, np.bool_))

    @property
    def step(self) -> int:
        """Return how many items have been answered."""
        return int(self.evidence.items.shape[1])

    @property
    def n(self) -> int:
        return int(self.theta.size)

    def select(self, rng: np.random.Generator, considered: Mask | None = None) -> IntArray:
        """Return the next item of each candidate, shape (n,); somebody must have one left.

        Parameters
        ----------
        rng : numpy.random.Generator
        considered : ndarray of bool, shape (n, n_items), optional
            Where given, marks the items that were selected, whether or not the exposure rule let them be shown.
        """
        design = self.design
        if self.step < len(design.start.items):
            return np.full(self.n, design.start.items[self.step], dtype=np.intp)
        view = View(
            design.curves, self.step, design.stopping.longest, self.theta, self.se, self.evidence, rng
        )
        criterion = design.selection.criterion(view)
        np.putmask(criterion, self.used, -np.inf)
        if design.content is not None:
            turn = Turn(design.pool.area, self._given(), design.stopping.longest, rng)
            criterion = design.content.apply(criterion, turn)
        offered = criterion
        if self.eligible is not None:
            offered = np.where(self.eligible, criterion, -np.inf)
            stuck = offered.max(axis=1) == -np.inf
            offered[stuck] = criterion[stuck]
            self.lifted |= stuck
        items = _pick(offered, design.width_of_choice(self.step), rng)
        if considered is not None:
            rows = np.arange(self.n)
            if self.eligible is not None:
                passed_over = np.maximum(criterion[rows, items], -1e300)[:, None]
                considered |= (criterion >= passed_over) & ~self.eligible
            considered[rows, items] = True
        return items

    def answer(self, items: IntArray, scores: NDArray[np.int8], seconds: FloatArray | None = None) -> None:
        """Take the answers to the items, and estimate the abilities anew."""
        curves = self.design.curves
        before = self.evidence
        gained = curves.log_chance[items * curves.n_scores + scores]
        self.evidence = Evidence(
            np.column_stack([before.items, items]),
            np.column_stack([before.scores, scores]),
            before.log_likelihood + gained,
            before.prior_mean,
            before.prior_variance,
        )
        self.used[np.arange(self.n), items] = True
        if self.design.pool.enemies is not None:
            self.used |= self.design.pool.enemies[items]
        if seconds is not None:
            self.seconds = self.seconds + seconds
        found = self.estimated()
        self.previous, self.theta, self.se = self.theta, found.theta, found.se

    def reasons(self) -> NDArray[np.int8]:
        """Return why each test ends now, as a position in `REASONS`; −1 where it goes on."""
        stopping = self.design.stopping
        found = np.full(self.n, -1, dtype=np.int8)
        if self.step == 0:
            return found
        if self.step >= stopping.shortest:
            situation = self.situation()
            for rule in stopping.rules:
                found[rule.is_met(situation) & (found < 0)] = REASONS.index(rule.reason)
        if self.step >= stopping.longest:
            found[found < 0] = REASONS.index(Reason.LONGEST)
        if self.step >= len(self.design.start.items):
            found[self.used.all(axis=1) & (found < 0)] = REASONS.index(Reason.NO_ITEM_LEFT)
        return found

    def situation(self) -> Situation:
        """Return what stopping rules look at."""
        return Situation(
            self.design.curves, self.evidence, self.theta, self.se, self.previous, self.seconds, self.used
        )

    def estimated(self) -> Estimate:
        """Return the interim abilities from the answers so far."""
        return estimate(self.design.curves, self.evidence, self.design.interim)

    def final(self) -> Estimate:
        """Return the final abilities."""
        return estimate(self.design.curves, self.evidence, self.design.final)

    def take(self, rows: Mask) -> LockStep:
        """Return some of the candidates."""
        return LockStep(
            self.design,
            self.evidence.take(rows),
            self.theta[rows],
            self.se[rows],
            self.previous[rows],
            self.seconds[rows],
            self.used[rows],
            None if self.eligible is None else self.eligible[rows],
            self.lifted[rows],
        )

    def _given(self) -> IntArray:
        """Return how many items of each area have been answered, shape (n, n_areas)."""
        areas = self.design.pool.area[self.evidence.items]
        return np.asarray((areas[:, :, None] == np.arange(self.design.pool.n_areas)).sum(axis=1))


def _pick(criterion: FloatArray, width: int, rng: np.random.Generator) -> IntArray:
    """Return a column for each row: the best, or one drawn from the ``width`` best."""
    if width == 1:
        return np.asarray(criterion.argmax(axis=1))
    width = min(width, criterion.shape[1])
    best = np.argpartition(criterion, -width, axis=1)[:, -width:]
    values = np.take_along_axis(criterion, best, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    usable = (values > -np.inf).sum(axis=1)
    drawn = np.minimum((rng.random(len(best)) * usable).astype(np.intp), usable - 1)
    rows = np.arange(len(best))
    return np.asarray(best[rows, order[rows, drawn]])
