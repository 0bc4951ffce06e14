"""Means, variances and covariance of scores with their sampling covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.frequencies import Frequencies, JointFrequencies


@dataclass(frozen=True)
class Moments:
    """Mean and variance of a form's scores.

    Attributes
    ----------
    n : float
        Persons.
    highest : int
        Highest possible score.
    mean, variance : float
        In marks and marks squared; the variance with divisor n.
    sampling : ndarray, shape (2, 2)
        Sampling covariance of (mean, variance).
    """

    n: float
    highest: int
    mean: float
    variance: float
    sampling: FloatArray

    def __post_init__(self) -> None:
        _check(self.n, self.variance, "scores")

    @classmethod
    def of(cls, sample: Frequencies) -> Moments:
        """Return the moments of a sample, their sampling covariance free of any distribution.

        >>> Moments.of(Frequencies.of([0, 1, 1, 3], highest=3)).variance
        1.1875
        """
        away = np.arange(sample.counts.size) - sample.mean
        influence = np.stack([away, away**2 - sample.variance])
        return cls(sample.n, sample.highest, sample.mean, sample.variance, _spread(influence, sample.counts))

    @classmethod
    def normal(cls, *, n: float, highest: int, mean: float, sd: float) -> Moments:
        """Return published moments, their sampling covariance that of normal scores."""
        return cls(n, highest, mean, sd**2, np.diag([sd**2, 2.0 * sd**4]) / n)

    @property
    def vector(self) -> FloatArray:
        """Mean and variance."""
        return np.array([self.mean, self.variance])


@dataclass(frozen=True)
class JointMoments:
    """Means, variances and covariance of a form's and an anchor's scores.

    Attributes
    ----------
    n : float
        Persons.
    highest : int
        Highest possible score of the form.
    mean, anchor_mean : float
        In marks.
    variance, anchor_variance, covariance : float
        In marks squared, with divisor n.
    sampling : ndarray, shape (5, 5)
        Sampling covariance of (mean, anchor mean, variance, anchor variance, covariance).
    """

    n: float
    highest: int
    mean: float
    anchor_mean: float
    variance: float
    anchor_variance: float
    covariance: float
    sampling: FloatArray

    def __post_init__(self) -> None:
        _check(self.n, self.variance, "scores")
        _check(self.n, self.anchor_variance, "anchor scores")
        if not 0 < self.covariance <= np.sqrt(self.variance * self.anchor_variance) * (1 + 1e-12):
            raise ValueError("form and anchor must correlate positively: this anchor carries no link")

    @classmethod
    def of(cls, sample: JointFrequencies) -> JointMoments:
        """Return the moments of a sample, their sampling covariance free of any distribution."""
        form, anchor = sample.form, sample.anchor
        x = (np.arange(form.counts.size) - form.mean)[:, None]
        v = (np.arange(anchor.counts.size) - anchor.mean)[None, :]
        covariance = float((sample.counts * x * v).sum() / sample.n)
        shape = sample.counts.shape
        rows = (x, v, x**2 - form.variance, v**2 - anchor.variance, x * v - covariance)
        influence = np.stack([np.broadcast_to(row, shape).reshape(-1) for row in rows])
        return cls(
            sample.n,
            form.highest,
            form.mean,
            anchor.mean,
            form.variance,
            anchor.variance,
            covariance,
            _spread(influence, sample.counts.reshape(-1)),
        )

    @classmethod
    def normal(
        cls,
        *,
        n: float,
        highest: int,
        mean: float,
        sd: float,
        anchor_mean: float,
        anchor_sd: float,
        covariance: float,
    ) -> JointMoments:
        """Return published moments, their sampling covariance that of normal scores."""
        x, v, xv = sd**2, anchor_sd**2, covariance
        sampling = np.zeros((5, 5))
        sampling[:2, :2] = [[x, xv], [xv, v]]
        sampling[2:, 2:] = [
            [2 * x**2, 2 * xv**2, 2 * x * xv],
            [2 * xv**2, 2 * v**2, 2 * v * xv],
            [2 * x * xv, 2 * v * xv, x * v + xv**2],
        ]
        return cls(n, highest, mean, anchor_mean, x, v, xv, sampling / n)

    @property
    def vector(self) -> FloatArray:
        """Mean, anchor mean, variance, anchor variance, covariance."""
        return np.array([self.mean, self.anchor_mean, self.variance, self.anchor_variance, self.covariance])

    @property
    def correlation(self) -> float:
        """Correlation of form and anchor."""
        return float(self.covariance / np.sqrt(self.variance * self.anchor_variance))


def single(sample: Frequencies | Moments) -> Moments:
    """Return the moments of what may be a sample."""
    return Moments.of(sample) if isinstance(sample, Frequencies) else sample


def joint(sample: JointFrequencies | JointMoments) -> JointMoments:
    """Return the moments of what may be a sample."""
    return JointMoments.of(sample) if isinstance(sample, JointFrequencies) else sample


def _spread(influence: FloatArray, counts: FloatArray) -> FloatArray:
    return np.asarray((influence * counts) @ influence.T / counts.sum() ** 2)


def _check(n: float, variance: float, name: str) -> None:
    if n < 2 or not variance > 0:
        raise ValueError(f"{name} need at least two persons who differ")
