"""What p-values are worth after many tests."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.models import FloatArray


class Correction(StrEnum):
    """How p-values are adjusted for the number of tests."""

    NONE = "none"
    BONFERRONI = "bonferroni"
    HOLM = "holm"
    BENJAMINI_HOCHBERG = "benjamini_hochberg"


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
        ``"bonferroni"`` and ``"holm"``, which flags at least as much, keep the chance of any false flag below the
        level, ``"benjamini_hochberg"`` the expected share of false flags among the flags.
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
    For the j-th smallest of m. Bonferroni: ``m p``. Holm (1979, Scandinavian Journal of Statistics 6, 65–70): the
    largest ``(m - i + 1) p_i`` for ``i ≤ j``. Benjamini & Hochberg (1995, Journal of the Royal Statistical Society B
    57, 289–300): the smallest ``m p_i / i`` for ``i ≥ j``, which is exact as far as it lies below the largest p-value
    given where only the smallest are.

    Examples
    --------
    >>> adjusted_p_values([0.01, 0.04, 0.03])
    array([0.03, 0.12, 0.09])
    >>> adjusted_p_values([0.01, 0.04, 0.03], correction="holm")
    array([0.03, 0.06, 0.06])
    >>> adjusted_p_values([0.01, 0.04, 0.03], correction="benjamini_hochberg")
    array([0.03, 0.04, 0.04])
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or np.any((p < 0) | (p > 1)):
        raise ValueError("p_values must be a vector of numbers from 0 to 1, NaN where there was no test")
    made = np.flatnonzero(~np.isnan(p))
    total = made.size if n_tests is None else n_tests
    if total < made.size:
        raise ValueError(f"n_tests must be at least {made.size}, the number of p-values")
    how = Correction(correction)
    if how is Correction.NONE:
        return p.copy()
    order = made[np.argsort(p[made], kind="stable")]
    ordered, rank = p[order], np.arange(1, made.size + 1)
    if how is Correction.BONFERRONI:
        ranked = ordered * total
    elif how is Correction.HOLM:
        ranked = np.maximum.accumulate(ordered * (total - rank + 1))
    else:
        ranked = np.minimum.accumulate((ordered * total / rank)[::-1])[::-1]
    adjusted = np.full(p.shape, np.nan)
    adjusted[order] = np.minimum(ranked, 1.0)
    return adjusted
