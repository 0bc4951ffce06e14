"""What an equating gives: a score of the old form for each score of the new one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.sampling import ErrorSource


class EquatingMethod(StrEnum):
    """How scores are equated."""

    IDENTITY = "identity"
    MEAN = "mean"
    LINEAR = "linear"
    CIRCLE_ARC = "circle_arc"
    EQUIPERCENTILE = "equipercentile"
    SMOOTHED_EQUIPERCENTILE = "smoothed_equipercentile"
    """Equipercentile after log-linear presmoothing or cubic-spline postsmoothing."""
    TUCKER = "tucker"
    LEVINE_OBSERVED = "levine_observed"
    LEVINE_TRUE = "levine_true"
    CHAINED_LINEAR = "chained_linear"
    FREQUENCY_ESTIMATION = "frequency_estimation"
    CHAINED_EQUIPERCENTILE = "chained_equipercentile"
    IRT_TRUE_SCORE = "irt_true_score"
    IRT_OBSERVED_SCORE = "irt_observed_score"


class EquatingWarning(StrEnum):
    """What a reader of the equating must know."""

    FEW_PERSONS = "few_persons"
    """Fewer than the method needs: `sample_size.recommend` names what the sample carries."""
    GROUPS_DIFFER = "groups_differ"
    """The groups differ by 0.3 standard deviations or more on the anchor: methods will disagree."""
    WEAK_ANCHOR = "weak_anchor"
    """Form and anchor correlate below 0.7 in a group: the anchor says little about the form."""
    ANCHOR_SCORES_UNSEEN = "anchor_scores_unseen"
    """Some anchor scores of one group never occur in the other: they were left out."""
    NO_ERRORS_IN_TAILS = "no_errors_in_tails"
    """Where nobody scored lower (or higher) the formula has no standard error; it is NaN there."""
    BELOW_CHANCE = "below_chance"
    """Scores below the sum of the lower asymptotes have no ability: they are joined to 0 in a straight line."""
    ABOVE_CEILING = "above_ceiling"
    """Scores above the sum of the upper asymptotes have no ability: they are joined to the highest score."""
    NOT_RISING = "not_rising"
    """Somewhere a higher score of the new form gets a lower equivalent: the forms are too different for this curve."""


@dataclass(frozen=True)
class Equating:
    """Scores of the new form on the scale of the old one.

    Attributes
    ----------
    method : EquatingMethod
    scores : ndarray, shape (K + 1,)
        Scores 0 … K of the new form.
    equivalents : ndarray, shape (K + 1,)
        Equivalent of each on the old form, in its marks; not rounded, and not limited to its range.
    standard_errors : ndarray, shape (K + 1,)
        Of the equivalents, over samples of persons; NaN where they are not known, for the reason in ``errors_by``
        or ``warnings``.
    errors_by : ErrorSource
    slope, intercept : float
        Of a straight line; NaN for curves.
    n_new, n_old : float
        Persons; 0 where no sample entered.
    highest_old : int
        Highest score of the old form.
    warnings : tuple of EquatingWarning
    """

    method: EquatingMethod
    scores: FloatArray
    equivalents: FloatArray
    standard_errors: FloatArray
    errors_by: ErrorSource
    slope: float
    intercept: float
    n_new: float
    n_old: float
    highest_old: int
    warnings: tuple[EquatingWarning, ...]

    @property
    def is_line(self) -> bool:
        """Whether slope and intercept say it all."""
        return bool(np.isfinite(self.slope))

    def at(self, scores: ArrayLike) -> FloatArray:
        """Return the equivalents of any scores of the new form; between whole scores by straight lines.

        Raises
        ------
        ValueError
            If a score is outside the new form.
        """
        points = np.asarray(scores, dtype=np.float64)
        if not np.all((points >= 0) & (points <= self.scores[-1])):
            raise ValueError(f"scores of the new form lie from 0 to {self.scores[-1]:g}")
        return np.asarray(np.interp(points, self.scores, self.equivalents), dtype=np.float64)

    def within_range(self) -> Equating:
        """Return the same with equivalents cut off at 0 and at the highest score of the old form."""
        return replace(self, equivalents=np.clip(self.equivalents, 0.0, float(self.highest_old)))


def curve(
    method: EquatingMethod,
    equivalents: FloatArray,
    *,
    highest_old: int,
    n: tuple[float, float],
    standard_errors: FloatArray | None = None,
    errors_by: ErrorSource = ErrorSource.NOT_ASKED,
    warnings: tuple[EquatingWarning, ...] = (),
) -> Equating:
    """Return an equating that is no straight line, by default without errors."""
    scores = np.arange(equivalents.size, dtype=np.float64)
    errors = np.full(equivalents.shape, np.nan) if standard_errors is None else standard_errors
    return Equating(
        method, scores, equivalents, errors, errors_by, np.nan, np.nan, n[0], n[1], highest_old, warnings
    )
