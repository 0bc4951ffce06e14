"""What a flag means: the level after allowing for many tests, and what makes a result rough."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.models import FloatArray

LEVEL = 0.05
"""Chance of a false flag that is accepted by default, after the correction for many tests."""


class Correction(StrEnum):
    """How p-values are adjusted for the number of tests."""

    NONE = "none"
    BONFERRONI = "bonferroni"
    BENJAMINI_HOCHBERG = "benjamini_hochberg"


class Caution(StrEnum):
    """Why a result is rough; the module that raises one names the size it needs."""

    FEW_ITEMS = "few_items"
    FEW_PERSONS = "few_persons"
    THIN_GROUPS = "thin_groups"
    INCOMPLETE = "incomplete"
    NOT_CONVERGED = "not_converged"
    NOT_BIMODAL = "not_bimodal"
    NOT_COMPUTED = "not_computed"


def adjusted_p_values(
    p_values: ArrayLike,
    *,
    correction: Correction | str = Correction.BONFERRONI,
    n_tests: int | None = None,
) -> FloatArray:
    """Return p-values adjusted for the number of tests.

    Parameters
    ----------
    p_values : array-like, shape (n_values,)
        In [0, 1]; NaN where no test could be made.
    correction : Correction, default ``"bonferroni"``
        ``"bonferroni"`` keeps the chance of any false flag below the level, ``"benjamini_hochberg"`` the expected
        share of false flags among the flags.
    n_tests : int, optional
        Tests made; by default the p-values that are not NaN. More than those when only the smallest are given.

    Returns
    -------
    ndarray, shape (n_values,)
        In [0, 1]; flag where it does not exceed the level. NaN stays NaN.

    Raises
    ------
    ValueError
        If a p-value lies outside [0, 1] or ``n_tests`` is below the number given.

    Notes
    -----
    Bonferroni: ``m p``. Benjamini & Hochberg (1995, Journal of the Royal Statistical Society B 57, 289–300):
    ``min over j ≥ i of m p_(j) / j``. If only the smallest p-values are given, the adjusted ones are exact as
    far as they lie below the largest p-value given.

    Examples
    --------
    >>> adjusted_p_values([0.01, 0.04, 0.03])
    array([0.03, 0.12, 0.09])
    >>> adjusted_p_values([0.01, 0.04, 0.03], correction="benjamini_hochberg")
    array([0.03, 0.04, 0.04])
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or np.any((p < 0) | (p > 1)):
        raise ValueError("p_values must be a vector of numbers from 0 to 1, NaN where there was no test")
    tested = ~np.isnan(p)
    total = int(tested.sum()) if n_tests is None else n_tests
    if total < tested.sum():
        raise ValueError(f"n_tests must be at least {int(tested.sum())}, the number of p-values")
    how = Correction(correction)
    if how is Correction.NONE:
        return p.copy()
    if how is Correction.BONFERRONI:
        return np.asarray(np.minimum(p * total, 1.0), dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    where = np.flatnonzero(tested)
    order = where[np.argsort(p[where], kind="stable")]
    scaled = p[order] * total / np.arange(1, order.size + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def check_level(level: float) -> None:
    """Raise ValueError unless the level is a chance strictly between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise ValueError("level must lie between 0 and 1")
