"""The line between two ability scales, with its sampling covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray


def unknown_covariance() -> FloatArray:
    """Return the covariance of a transformation whose errors were not asked for."""
    return np.full((2, 2), np.nan)


@dataclass(frozen=True)
class Transformation:
    """``theta_old = scale · theta_new + shift``.

    Attributes
    ----------
    scale : float
        Old logits in a new logit, positive.
    shift : float
        Old logits.
    covariance : ndarray, shape (2, 2)
        Sampling covariance of (scale, shift); NaN where it was not asked for, 0 where the scales are one by design.

    Raises
    ------
    ValueError
        If the scale is not positive, the shift not finite or the covariance not 2 × 2.

    Examples
    --------
    >>> line = Transformation(1.2, -0.5, np.diag([0.01, 0.04]))
    >>> line.abilities([0.0, 1.0])
    array([-0.5,  0.7])
    >>> line.error_at([0.0, 1.0]).round(3)
    array([0.2  , 0.224])
    >>> line.inverse().abilities([0.7]).round(12)
    array([1.])
    """

    scale: float
    shift: float
    covariance: FloatArray

    def __post_init__(self) -> None:
        if not (np.isfinite(self.shift) and 0 < self.scale < np.inf):
            raise ValueError("scale must be positive and shift finite")
        if self.covariance.shape != (2, 2):
            raise ValueError("the covariance of scale and shift must be 2 × 2")

    @classmethod
    def identity(cls) -> Transformation:
        """Return the link of two calibrations that share a scale by design, as after fixed-item calibration."""
        return cls(1.0, 0.0, np.zeros((2, 2)))

    @property
    def has_errors(self) -> bool:
        """Whether the sampling covariance is known."""
        return bool(np.isfinite(self.covariance).all())

    @property
    def scale_error(self) -> float:
        """Standard error of the scale; NaN where it was not asked for."""
        return float(np.sqrt(self.covariance[0, 0]))

    @property
    def shift_error(self) -> float:
        """Standard error of the shift, in old logits; NaN where it was not asked for."""
        return float(np.sqrt(self.covariance[1, 1]))

    def items(self, items: Items) -> Items:
        """Return new items on the old scale."""
        return items.rescaled(self.scale, self.shift)

    def abilities(self, theta: ArrayLike) -> FloatArray:
        """Return new abilities on the old scale, in logits."""
        return self.scale * np.asarray(theta, dtype=np.float64) + self.shift

    def ability_errors(self, errors: ArrayLike) -> FloatArray:
        """Return standard errors of measurement on the old scale, in logits.

        The error of the line itself is left out: it is shared by all persons. It is `error_at`.
        """
        return self.scale * np.asarray(errors, dtype=np.float64)

    def error_at(self, theta: ArrayLike) -> FloatArray:
        """Return the standard error of linking at new abilities, in old logits."""
        points = np.asarray(theta, dtype=np.float64)
        cov = self.covariance
        variance = cov[0, 0] * points**2 + 2.0 * cov[0, 1] * points + cov[1, 1]
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)), dtype=np.float64)

    def inverse(self) -> Transformation:
        """Return the way back, errors by the delta method."""
        a, b = self.scale, self.shift
        jacobian = np.array([[-1.0 / a**2, 0.0], [b / a**2, -1.0 / a]])
        return Transformation(1.0 / a, -b / a, jacobian @ self.covariance @ jacobian.T)

    def then(self, following: Transformation) -> Transformation:
        """Return this line followed by another; errors by the delta method, the two taken as independent."""
        a, b = self.scale, self.shift
        c = following.scale
        first = np.array([[c, 0.0], [0.0, c]])
        second = np.array([[a, 0.0], [b, 1.0]])
        covariance = first @ self.covariance @ first.T + second @ following.covariance @ second.T
        return Transformation(c * a, c * b + following.shift, covariance)
