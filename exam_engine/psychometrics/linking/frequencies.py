"""Score frequencies of one form, alone or with an anchor: what classical equating starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.models import FloatArray

TIE = 1e-12
"""Cumulative proportions closer than this are one: sums of the same persons in another order."""


@dataclass(frozen=True)
class Frequencies:
    """How many persons got each score of a form.

    Scores are whole numbers 0 … K in units of the smallest mark; a form marked in halves is counted in halves.

    Attributes
    ----------
    counts : ndarray, shape (K + 1,)
        Persons at each score, at least 0; fractions after smoothing.
    is_smoothed : bool
        Whether the counts come from a model: formulas for sampling error then no longer apply.

    Examples
    --------
    >>> sample = Frequencies.of([0, 1, 1, 3], highest=3)
    >>> sample.counts, sample.mean
    (array([1., 2., 0., 1.]), 1.25)
    """

    counts: FloatArray
    is_smoothed: bool = False

    def __post_init__(self) -> None:
        if self.counts.ndim != 1 or self.counts.size < 2:
            raise ValueError("counts must be a vector with an entry for each score from 0")
        _check_counts(self.counts)

    @classmethod
    def of(cls, scores: ArrayLike, *, highest: int) -> Frequencies:
        """Count the scores of persons.

        Parameters
        ----------
        scores : array-like, shape (n_persons,)
            Whole numbers from 0 to ``highest``.
        highest : int
            Highest possible score of the form.

        Raises
        ------
        ValueError
            If a score is none of these.
        """
        found = _whole(scores, highest, "scores")
        return cls(np.bincount(found, minlength=highest + 1).astype(np.float64))

    @property
    def n(self) -> float:
        """Persons."""
        return float(self.counts.sum())

    @property
    def highest(self) -> int:
        """Highest possible score."""
        return self.counts.size - 1

    @property
    def probability(self) -> FloatArray:
        """Share of each score, shape (K + 1,)."""
        return np.asarray(self.counts / self.counts.sum())

    @property
    def mean(self) -> float:
        """Mean score, in marks."""
        return float(self.probability @ np.arange(self.counts.size))

    @property
    def variance(self) -> float:
        """Variance of the score with divisor n, in marks squared."""
        return float(self.probability @ (np.arange(self.counts.size) - self.mean) ** 2)

    def rank(self, points: ArrayLike) -> FloatArray:
        """Return the share below each point, the persons of a score spread evenly over ± 0.5.

        At a whole score this is the percentile rank over 100: half its persons lie below it.

        >>> Frequencies.of([0, 1, 1, 3], highest=3).rank([0, 1, 1.5, 3])
        array([0.125, 0.5  , 0.75 , 0.875])
        """
        return np.asarray(np.interp(np.asarray(points, dtype=np.float64), *self._steps()), dtype=np.float64)

    def point(self, ranks: ArrayLike) -> FloatArray:
        """Return the point below which the given shares lie: the inverse of `rank`.

        Where scores without persons leave a range of such points, its middle.

        >>> Frequencies.of([0, 1, 1, 3], highest=3).point([0.0, 0.125, 0.75, 1.0])
        array([-0.5,  0. ,  2. ,  3.5])
        """
        knots, total = self._steps()
        share = np.clip(np.asarray(ranks, dtype=np.float64), 0.0, 1.0)
        above = np.searchsorted(total, share + TIE, side="right")
        below = np.searchsorted(total, share - TIE, side="left")
        return np.asarray((_within(knots, total, share, above) + _within(knots, total, share, below)) / 2.0)

    def resampled(self, rng: np.random.Generator) -> Frequencies:
        """Return the frequencies of another sample of as many persons from these."""
        drawn = rng.multinomial(round(self.n), self.probability)
        return Frequencies(drawn.astype(np.float64))

    def _steps(self) -> tuple[FloatArray, FloatArray]:
        total: FloatArray = np.concatenate([[0.0], np.cumsum(self.probability)])
        total[total > 1.0 - TIE] = 1.0
        return np.arange(self.counts.size + 1, dtype=np.float64) - 0.5, total


@dataclass(frozen=True)
class JointFrequencies:
    """How many persons got each score of a form together with each score of the anchor.

    Attributes
    ----------
    counts : ndarray, shape (K + 1, V + 1)
        Persons, rows the form's score 0 … K, columns the anchor's 0 … V.
    is_smoothed : bool
        Whether the counts come from a model.

    Examples
    --------
    >>> sample = JointFrequencies.of([0, 1, 2], [0, 1, 1], highest=2, highest_anchor=1)
    >>> sample.form.counts, sample.anchor.counts
    (array([1., 1., 1.]), array([1., 2.]))
    """

    counts: FloatArray
    is_smoothed: bool = False

    def __post_init__(self) -> None:
        if self.counts.ndim != 2 or min(self.counts.shape) < 2:
            raise ValueError(
                "counts must be a matrix: a row for each score of the form, a column of the anchor"
            )
        _check_counts(self.counts)

    @classmethod
    def of(
        cls, scores: ArrayLike, anchor_scores: ArrayLike, *, highest: int, highest_anchor: int
    ) -> JointFrequencies:
        """Count the scores of persons on form and anchor.

        Parameters
        ----------
        scores, anchor_scores : array-like, shape (n_persons,)
            Whole numbers from 0.
        highest, highest_anchor : int
            Highest possible scores.

        Raises
        ------
        ValueError
            If a score is none of these, or the vectors differ in length.
        """
        form = _whole(scores, highest, "scores")
        anchor = _whole(anchor_scores, highest_anchor, "anchor_scores")
        if form.shape != anchor.shape:
            raise ValueError("scores and anchor_scores must hold one entry a person each")
        width = highest_anchor + 1
        cells = np.bincount(form * width + anchor, minlength=(highest + 1) * width)
        return cls(cells.reshape(highest + 1, width).astype(np.float64))

    @property
    def n(self) -> float:
        """Persons."""
        return float(self.counts.sum())

    @property
    def form(self) -> Frequencies:
        """Scores of the form alone."""
        return Frequencies(self.counts.sum(axis=1), self.is_smoothed)

    @property
    def anchor(self) -> Frequencies:
        """Scores of the anchor alone."""
        return Frequencies(self.counts.sum(axis=0), self.is_smoothed)

    def resampled(self, rng: np.random.Generator) -> JointFrequencies:
        """Return the frequencies of another sample of as many persons from these."""
        share = (self.counts / self.counts.sum()).reshape(-1)
        drawn = rng.multinomial(round(self.n), share).reshape(self.counts.shape)
        return JointFrequencies(drawn.astype(np.float64))


def _within(
    knots: FloatArray,
    total: FloatArray,
    share: FloatArray,
    index: np.ndarray[tuple[int, ...], np.dtype[np.intp]],
) -> FloatArray:
    """Return where the share is reached in the step that ends at each index."""
    end = np.clip(index, 1, total.size - 1)
    rise = total[end] - total[end - 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(rise > 0, (share - total[end - 1]) / rise, 0.0)
    inside = knots[end - 1] + np.clip(part, 0.0, 1.0)
    return np.asarray(np.where(index == 0, knots[0], np.where(index >= total.size, knots[-1], inside)))


def _whole(scores: ArrayLike, highest: int, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or not values.size:
        raise ValueError(f"{name} must be a vector with at least one person")
    if highest < 1 or not np.all((values >= 0) & (values <= highest) & (values == np.floor(values))):
        raise ValueError(f"{name} must be whole numbers from 0 to {highest}")
    return values.astype(np.intp)


def _check_counts(counts: FloatArray) -> None:
    if not (np.isfinite(counts).all() and np.all(counts >= 0) and counts.sum() > 0):
        raise ValueError("counts must be finite and not negative, with at least one person")
