"""Tables of decisions, and the figures read off them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.ctt.true_score import TrueScores
from exam_engine.psychometrics.irt.models import FloatArray


class ClassificationWarning(StrEnum):
    """What limits the figures."""

    SMALL_SAMPLE = "small_sample"
    """Fewer than `MINIMUM_PERSONS`: the figures are rough."""
    TWO_MOMENTS_SMALL_SAMPLE = "two_moments_small_sample"
    """Fewer than `MINIMUM_PERSONS_FOUR`: true scores are a beta distribution over the whole range."""
    FEWER_MOMENTS = "fewer_moments"
    """A beta with the moments asked for does not exist or leaves the range: fewer are reproduced."""
    LOW_RELIABILITY = "low_reliability"
    """The reliability is below 0.5: errors are larger than true differences."""


@dataclass(frozen=True)
class Classification:
    """Accuracy and consistency of decisions at one or several cut scores.

    Categories are numbered 0 … n_cuts from low to high.

    Attributes
    ----------
    cuts : ndarray, shape (n_cuts,)
        Lowest score of each category but the first, in marks.
    true_cuts : ndarray, shape (n_cuts,)
        The same for expected scores, in marks.
    true_by_observed : ndarray, shape (n_categories, n_categories)
        Share of persons by true category (row) and observed category (column).
    form_by_form : ndarray, shape (n_categories, n_categories)
        Share by the categories on two parallel forms; symmetric unless matched to the observed shares.
    accuracy, false_positive, false_negative : float
        Share decided rightly, put too high, put too low; they sum to 1.
    consistency, chance, kappa : float
        Share decided alike on two forms, the same for forms without relation, and Cohen's kappa; kappa is NaN when
        everybody falls into one category.
    accuracy_at, false_positive_at, false_negative_at : ndarray, shape (n_cuts,)
        The same for each cut alone, as passed or failed.
    consistency_at, kappa_at : ndarray, shape (n_cuts,)
    points, weights : ndarray, shape (n_points,)
        Where true scores were taken: proportions, or abilities in logits; and their shares.
    accuracy_given, consistency_given : ndarray, shape (n_points,)
        Chance of a right decision, and of the same decision twice, of a person at that point.
    true_scores : TrueScores or None
        The distribution behind the figures, None where abilities stand for it.
    warnings : tuple of ClassificationWarning
    """

    cuts: FloatArray
    true_cuts: FloatArray
    true_by_observed: FloatArray
    form_by_form: FloatArray
    accuracy: float
    false_positive: float
    false_negative: float
    consistency: float
    chance: float
    kappa: float
    accuracy_at: FloatArray
    false_positive_at: FloatArray
    false_negative_at: FloatArray
    consistency_at: FloatArray
    kappa_at: FloatArray
    points: FloatArray
    weights: FloatArray
    accuracy_given: FloatArray
    consistency_given: FloatArray
    true_scores: TrueScores | None
    warnings: tuple[ClassificationWarning, ...]


@dataclass(frozen=True)
class Agreement:
    """Consistency of decisions without a distribution of true scores.

    Attributes
    ----------
    form_by_form : ndarray, shape (n_categories, n_categories)
        Share by the categories on two parallel forms.
    consistency, chance, kappa : float
        As in `Classification`.
    """

    form_by_form: FloatArray
    consistency: float
    chance: float
    kappa: float


def check_decisions(
    scores: ArrayLike,
    cuts: ArrayLike,
    true_cuts: ArrayLike | None,
    weights: ArrayLike | None,
    lowest: float,
    highest: float,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return scores, their weights, cuts and true cuts, or raise ValueError with what would be right."""
    values = np.asarray(scores, dtype=np.float64)
    count = np.ones_like(values) if weights is None else np.asarray(weights, dtype=np.float64)
    if values.ndim != 1 or count.shape != values.shape or not values.size:
        raise ValueError("scores and weights must be vectors of one length, not empty")
    if not np.all((values >= lowest) & (values <= highest)):
        raise ValueError(f"scores must lie between {lowest:g} and {highest:g}")
    if not (np.all(count >= 0) and 0 < count.sum() < np.inf):
        raise ValueError("weights must not be negative, and their sum positive")
    borders = np.atleast_1d(np.asarray(cuts, dtype=np.float64))
    true = borders if true_cuts is None else np.atleast_1d(np.asarray(true_cuts, dtype=np.float64))
    for cut in (borders, true):
        if cut.ndim != 1 or cut.size != borders.size or not np.all(np.diff(cut) > 0):
            raise ValueError("cuts must rise, and true cuts be as many")
        if not (cut.size and cut[0] > lowest and cut[-1] <= highest):
            raise ValueError(f"cuts must lie above {lowest:g} and not above {highest:g}")
    return values, count, borders, true


def classify(
    cuts: tuple[FloatArray, FloatArray],
    given: tuple[FloatArray, FloatArray, NDArray[np.integer], FloatArray],
    fit: TrueScores | None,
    warnings: Sequence[ClassificationWarning],
    *,
    observed: FloatArray | None = None,
) -> Classification:
    """Gather the figures from the chance of each observed category (row: point) and the true category.

    Parameters
    ----------
    cuts : observed and true cuts
    given : points, their weights, true category of each, chances of the observed categories, (n_points, n_categories)
    fit : distribution behind them, if there is one
    warnings : what limits the figures
    observed : shares of the categories that occurred, to which the tables are brought
    """
    points, weights, true_category, chances = given
    n = chances.shape[1]
    member = (true_category[:, None] == np.arange(n)) * weights[:, None]
    decisions = member.T @ chances
    forms = (chances * weights[:, None]).T @ chances
    if observed is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            decisions = decisions * np.nan_to_num(observed / decisions.sum(axis=0))
            forms = forms * np.nan_to_num(observed / forms.sum(axis=1))[:, None]
    low, high = np.tril_indices(n, -1), np.triu_indices(n, 1)
    each = [_two_by_two(decisions, at) for at in range(1, n)]
    alike = [agreement(_two_by_two(forms, at)) for at in range(1, n)]
    return Classification(
        cuts[0],
        cuts[1],
        decisions,
        forms,
        float(np.trace(decisions)),
        float(decisions[high].sum()),
        float(decisions[low].sum()),
        *agreement(forms),
        np.array([float(np.trace(table)) for table in each]),
        np.array([table[0, 1] for table in each]),
        np.array([table[1, 0] for table in each]),
        np.array([consistency for consistency, _, _ in alike]),
        np.array([kappa for _, _, kappa in alike]),
        points,
        weights,
        chances[np.arange(points.size), true_category],
        (chances**2).sum(axis=1),
        fit,
        tuple(warnings),
    )


def _two_by_two(table: FloatArray, at: int) -> FloatArray:
    return np.array(
        [[table[:at, :at].sum(), table[:at, at:].sum()], [table[at:, :at].sum(), table[at:, at:].sum()]]
    )


def agreement(joint: FloatArray) -> tuple[float, float, float]:
    """Return the share on the diagonal, the same by chance, and kappa."""
    alike = float(np.trace(joint))
    chance = float(joint.sum(axis=0) @ joint.sum(axis=1))
    return alike, chance, (alike - chance) / (1 - chance) if chance < 1 - 1e-12 else float("nan")
