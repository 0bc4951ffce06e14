"""From the ratings of a panel to the figures that leader and judges see. No I/O; the kernels compute.

Every cut is a score out of 100, as pass marks are; raw marks stand beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.standard_setting.rules import Method


class Reason(StrEnum):
    """Why no cut follows from the ratings."""

    TOO_FEW = "too_few"
    """Fewer than two judges who take part have rated everything."""

    EMPTY_GROUP = "empty_group"
    """Most judges put nobody into one of the classes that are compared."""

    REVERSED = "reversed"
    """Those judged better did not score higher."""


@dataclass(frozen=True)
class PanelData:
    """Everything that the figures of one round are computed from.

    Attributes
    ----------
    ratings : mapping of judge to position to value
        As rated: percent, 0/1, a page, or a class.
    taking_part : tuple of UUID
        Judges whose ratings count.
    marks : ndarray, shape (n_items,)
        Marks of the items by position; empty where candidates are judged.
    a, b, c, locations : ndarray, shape (n_items,)
        Parameters (c is 0 where none was estimated) and page locations in the bookmark method; NaN elsewhere.
    p_values : ndarray, shape (n_items,)
        Proportions correct known to the bank, NaN where none is.
    candidate_scores : ndarray, shape (n_candidates,)
        Scores out of 100 of those who are put into classes.
    """

    method: Method
    ratings: Mapping[UUID, Mapping[int, int]]
    taking_part: tuple[UUID, ...]
    marks: FloatArray
    a: FloatArray
    b: FloatArray
    c: FloatArray
    locations: FloatArray
    p_values: FloatArray
    candidate_scores: FloatArray
    response_probability: float | None

    @property
    def count(self) -> int:
        """Number of items or candidates."""
        return len(self.candidate_scores) if self.method.judges_candidates else len(self.marks)


@dataclass(frozen=True)
class JudgeFigures:
    """One judge's part in a round."""

    rated: int
    cut: float | None
    """Out of 100; None while it does not follow from what is rated."""
    consistency: float | None
    """Correlation of the ratings with the proportions correct; None where there are none."""
    agreement: float | None
    """Correlation of the ratings with the mean of the other judges'; None where it is not defined."""
    is_outlier: bool


@dataclass(frozen=True)
class PositionFigures:
    """What the panel thinks of one item or candidate."""

    position: int
    n: int
    mean: float
    median: float
    lowest: int
    highest: int
    sd: float | None


@dataclass(frozen=True)
class Cut:
    """A cut score of the panel."""

    score: float
    """Out of 100."""
    marks: float | None
    """The same in the marks of the paper; None where candidates are judged."""
    theta: float | None
    se: float | None
    """Standard error of the score: over judges, or over candidates where these are judged."""
    se_with_items: float | None
    """Over judges and items, both taken as samples; None where it is not defined."""
    median: float | None
    """Of the judges' cuts."""
    sd: float | None
    """Of the judges' cuts."""
    judges: int
    """How many count."""


@dataclass(frozen=True)
class Summary:
    """The figures of one round."""

    cut: Cut | None
    reason: str
    """Why there is no cut, a value of `Reason`; empty when there is one."""
    judges: Mapping[UUID, JudgeFigures]
    positions: tuple[PositionFigures, ...]
    reliability: float | None
    """Of the panel's mean ratings, judges as raters; None where it is not defined."""
    difficulty_correlation: float | None
    """Correlation of the item means with the proportions correct."""
    warnings: tuple[str, ...]
    """Values of the kernels' warnings."""


@dataclass(frozen=True)
class Impact:
    """What cuts would have meant for the candidates of a past sitting."""

    candidates: int
    named: Mapping[str, tuple[float, float]]
    """Name → cut out of 100, share of candidates at or above it."""
    curve: tuple[tuple[float, float], ...]
    """Cut out of 100 → share at or above it, over the range."""


@dataclass(frozen=True)
class Questions:
    """What the answers to the final questions lead to (Hofstee)."""

    judges: int
    lowest_cut: float
    highest_cut: float
    lowest_fail: float
    highest_fail: float
    outcome: str
    """Whether the curves crossed, a value of the kernel's `Outcome`."""
    cut: float | None
    """Out of 100; None where the curve of fail rates does not cross the panel's line."""
    fail_rate: float | None
    """Percent at that cut."""
    se: float | None
    """Standard error of the cut over judges."""
