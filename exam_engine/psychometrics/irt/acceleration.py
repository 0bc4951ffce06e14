"""Anderson acceleration of a fixed-point iteration. Pure arrays."""

from __future__ import annotations

from collections import deque

import numpy as np

from exam_engine.psychometrics.irt.models import FloatArray


class Anderson:
    """Extrapolate ``x ← g(x)`` from its last steps (Anderson, 1965; Walker & Ni, 2011).

    The next point minimises, in least squares, the residual ``g(x) − x`` over the affine combinations of
    the last `window` + 1 points. It knows nothing of the likelihood: the caller checks each proposal and
    calls `forget` when one was bad.

    Examples
    --------
    >>> anderson, x = Anderson(window=2), np.array([1.0])
    >>> for _ in range(8):
    ...     x = anderson.propose(x, np.cos(x))
    >>> x.round(6)
    array([0.739085])
    """

    def __init__(self, window: int) -> None:
        self._points: deque[tuple[FloatArray, FloatArray]] = deque(maxlen=window + 1)

    def forget(self) -> None:
        """Start anew from the next point."""
        self._points.clear()

    def propose(self, x: FloatArray, image: FloatArray) -> FloatArray:
        """Return the next point, given ``x`` and ``g(x)``."""
        residual = image - x
        self._points.append((image, residual))
        if len(self._points) == 1 or not np.any(residual):
            return image
        images = np.stack([point - image for point, _ in list(self._points)[:-1]], axis=1)
        residuals = np.stack([other - residual for _, other in list(self._points)[:-1]], axis=1)
        mix, *_ = np.linalg.lstsq(residuals, -residual, rcond=1e-10)
        return np.asarray(image + images @ mix, dtype=np.float64)
