"""How sure scores and passes are: reliability, standard errors, decisions at the cut. No I/O."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.ctt import analyse


def precision_of(points: NDArray[np.int32], *, possible: int, cut: float) -> dict[str, Any]:
    """Return the precision of one form's scores, all in points of 100.

    Parameters
    ----------
    points : ndarray of int, shape (n_persons, n_items)
        Points of those who had the form; complete.
    possible : int
        Points of the whole form.
    cut : float
        Pass mark out of 100.
    """
    unknown: dict[str, Any] = {"alpha": None, "sem": None}
    if len(points) < 2 or points.shape[1] < 2:
        return unknown
    whole = analyse(points, highest=max(int(points.max()), 1))
    scale = 100.0 / possible
    sem = whole.standard_error * scale
    return {
        "alpha": float(whole.alpha) if np.isfinite(whole.alpha) else None,
        "sem": float(sem) if np.isfinite(sem) else None,
        "cut": cut,
    }
