"""When a test has said enough. Rules look at many candidates at once; any of them stops a test."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import stats

from exam_engine.psychometrics.adaptive.estimation import Evidence
from exam_engine.psychometrics.adaptive.pool import Curves
from exam_engine.psychometrics.adaptive.terms import IntArray, Mask
from exam_engine.psychometrics.irt.models import FloatArray

UNDECIDED = -1


class Reason(StrEnum):
    """Why a test ended."""

    LONGEST = "longest"
    STANDARD_ERROR = "standard_error"
    LITTLE_INFORMATION = "little_information"
    LITTLE_CHANGE = "little_change"
    CLASSIFIED = "classified"
    TIME = "time"
    NO_ITEM_LEFT = "no_item_left"


@dataclass(frozen=True)
class Situation:
    """Where candidates stand after an answer.

    Attributes
    ----------
    curves : Curves
    evidence : Evidence
    theta, se, previous : ndarray, shape (n,)
        Interim ability, its standard error, and the ability before the last answer.
    seconds : ndarray, shape (n,)
        Time used.
    used : ndarray of bool, shape (n, n_items)
        Items answered, and their enemies.
    """

    curves: Curves
    evidence: Evidence
    theta: FloatArray
    se: FloatArray
    previous: FloatArray
    seconds: FloatArray
    used: Mask

    def log_likelihood_at(self, points: tuple[float, ...]) -> FloatArray:
        """Return the log-likelihood at given abilities, shape (n, n_points)."""
        rows = self.evidence.items * self.curves.n_scores + self.evidence.scores
        return np.asarray(self.curves.log_chance_at(points)[rows].sum(axis=1))

    @cached_property
    def best_left(self) -> FloatArray:
        """Return the information of the best item left at the interim ability, shape (n,)."""
        left = np.where(self.used, 0.0, self.curves.terms.information(self.theta))
        return np.asarray(left.max(axis=1))


class StopRule(Protocol):
    """A rule that ends tests."""

    @property
    def reason(self) -> Reason: ...

    def is_met(self, situation: Situation) -> Mask:
        """Return whose test ends, shape (n,)."""


class ClassifyRule(StopRule, Protocol):
    """A rule that ends a test when its class is known."""

    def decide(self, situation: Situation) -> IntArray:
        """Return the class of each candidate, −1 while undecided: how many cuts lie below the ability."""


@dataclass(frozen=True)
class StandardErrorBelow:
    """The standard error has fallen to a limit.

    Attributes
    ----------
    limit : float
        In logits, positive.
    """

    limit: float
    reason = Reason.STANDARD_ERROR

    def __post_init__(self) -> None:
        _check_positive(self.limit)

    def is_met(self, situation: Situation) -> Mask:
        return np.asarray(situation.se <= self.limit)


@dataclass(frozen=True)
class InformationBelow:
    """No item left tells more than a limit at the interim ability (Dodd, Koch & De Ayala, 1993).

    Attributes
    ----------
    limit : float
        Fisher information, positive.
    """

    limit: float
    reason = Reason.LITTLE_INFORMATION

    def __post_init__(self) -> None:
        _check_positive(self.limit)

    def is_met(self, situation: Situation) -> Mask:
        return np.asarray(situation.best_left < self.limit)


@dataclass(frozen=True)
class GainBelow:
    """The best item left is expected to lower the standard error by less than a limit.

    The gain ``se − 1 / sqrt(1 / se² + I)`` is that of the predicted standard error reduction (Choi, Grady & Dodd, 2010,
    Educational and Psychological Measurement 70, 1–17).

    Attributes
    ----------
    limit : float
        In logits, positive.
    """

    limit: float
    reason = Reason.LITTLE_INFORMATION

    def __post_init__(self) -> None:
        _check_positive(self.limit)

    def is_met(self, situation: Situation) -> Mask:
        after = 1.0 / np.sqrt(1.0 / situation.se**2 + situation.best_left)
        return np.asarray(situation.se - after < self.limit)


@dataclass(frozen=True)
class ChangeBelow:
    """The last answer moved the ability by less than a limit.

    Attributes
    ----------
    limit : float
        In logits, positive.
    """

    limit: float
    reason = Reason.LITTLE_CHANGE

    def __post_init__(self) -> None:
        _check_positive(self.limit)

    def is_met(self, situation: Situation) -> Mask:
        return np.asarray(np.abs(situation.theta - situation.previous) < self.limit)


@dataclass(frozen=True)
class TimeUsed:
    """The time is used up; the answer under way still counts.

    Attributes
    ----------
    limit_seconds : float
    """

    limit_seconds: float
    reason = Reason.TIME

    def __post_init__(self) -> None:
        _check_positive(self.limit_seconds)

    def is_met(self, situation: Situation) -> Mask:
        return np.asarray(situation.seconds >= self.limit_seconds)


@dataclass(frozen=True)
class Interval:
    """The confidence interval of ability holds no cut score (Kingsbury & Weiss, 1983).

    Attributes
    ----------
    cuts : tuple of float
        Rising, in logits.
    level : float, default 0.95
        Two-sided confidence.
    """

    cuts: tuple[float, ...]
    level: float = 0.95
    reason = Reason.CLASSIFIED

    def __post_init__(self) -> None:
        _check_cuts(self.cuts, 1e-9)
        if not 0.0 < self.level < 1.0:
            raise ValueError("level must lie in (0, 1)")

    def decide(self, situation: Situation) -> IntArray:
        reach = stats.norm.ppf(0.5 + self.level / 2.0) * situation.se[:, None]
        gap = situation.theta[:, None] - np.array(self.cuts)
        return _class_of(gap > reach, gap < -reach)

    def is_met(self, situation: Situation) -> Mask:
        return np.asarray(self.decide(situation) != UNDECIDED)


@dataclass(frozen=True)
class RatioTest:
    """Wald's sequential test of the ability against each cut (Reckase, 1983; Spray, 1993, for several cuts).

    Compares the likelihoods at ``cut + half_width`` and ``cut − half_width`` with ``log((1 − beta) / alpha)`` and
    ``log(beta / (1 − alpha))``. With ``generalised`` the highest likelihoods at or beyond these points (Thompson, 2009;
    Bartroff, Finkelman & Lai, 2008, Psychometrika 73, 473–486), which decides sooner far from the cut.

    Attributes
    ----------
    cuts : tuple of float
        Rising, further apart than twice the half-width, in logits.
    half_width : float, default 0.25
        Of the zone of indifference about a cut, in logits.
    alpha, beta : float, default 0.05
        Error rates at the ends of the zone: passing below it, failing above it.
    generalised : bool, default False
        The maxima are taken over the grid, corrected by a parabola.
    """

    cuts: tuple[float, ...]
    half_width: float = 0.25
    alpha: float = 0.05
    beta: float = 0.05
    generalised: bool = False
    reason = Reason.CLASSIFIED

    def __post_init__(self) -> None:
        _check_positive(self.half_width)
        _check_cuts(self.cuts, 2.0 * self.half_width)
        if not (0.0 < self.alpha < 0.5 and 0.0 < self.beta < 0.5):
            raise ValueError("alpha and beta must lie in (0, 0.5)")

    def decide(self, situation: Situation) -> IntArray:
        cut = np.array(self.cuts)
        low, high = cut - self.half_width, cut + self.half_width
        below = situation.log_likelihood_at(tuple(low.tolist()))
        above = situation.log_likelihood_at(tuple(high.tolist()))
        if self.generalised:
            nodes, logs = situation.curves.nodes, with_vertices(situation.evidence.log_likelihood)
            for at in range(cut.size):
                under = logs[:, nodes <= low[at]].max(axis=1, initial=-np.inf)
                over = logs[:, nodes >= high[at]].max(axis=1, initial=-np.inf)
                below[:, at] = np.maximum(below[:, at], under)
                above[:, at] = np.maximum(above[:, at], over)
        ratio = above - below
        pass_at = np.log((1.0 - self.beta) / self.alpha)
        return _class_of(ratio >= pass_at, ratio <= np.log(self.beta / (1.0 - self.alpha)))

    def is_met(self, situation: Situation) -> Mask:
        return np.asarray(self.decide(situation) != UNDECIDED)


def with_vertices(logs: FloatArray) -> FloatArray:
    """Raise the inner local maxima on a grid to the vertex of the parabola through their neighbours.

    Examples
    --------
    >>> with_vertices(-((np.array([[-1.0, 0.0, 1.0]]) - 0.25) ** 2)).round(12) + 0.0
    array([[-1.5625,  0.    , -0.5625]])
    """
    left, middle, right = logs[:, :-2], logs[:, 1:-1], logs[:, 2:]
    bend = np.minimum(left + right - 2.0 * middle, -1e-300)
    top = (middle >= left) & (middle >= right)
    raised = logs.copy()
    raised[:, 1:-1] += np.where(top, -((right - left) ** 2) / (8.0 * bend), 0.0)
    return raised


def _class_of(above: Mask, below: Mask) -> IntArray:
    """Return how many cuts are passed where each is decided and they agree, else −1."""
    decided = (above | below).all(axis=1) & np.all(above[:, :-1] >= above[:, 1:], axis=1)
    return np.where(decided, above.sum(axis=1), UNDECIDED).astype(np.intp)


def _check_cuts(cuts: tuple[float, ...], apart: float) -> None:
    if not cuts or not np.isfinite(cuts).all() or np.any(np.diff(cuts) < apart):
        raise ValueError(f"cuts must be finite, rise, and stand at least {apart:g} apart")


def _check_positive(value: float) -> None:
    if not 0.0 < value < np.inf:
        raise ValueError("a limit must be positive and finite")
