"""More than two groups: each focal group against the reference, and all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.dif.design import Design, Frame, Tables, labels_of
from exam_engine.psychometrics.dif.outcome import BoolArray, Dif, Reason, Warn, reasons_of, size_warnings
from exam_engine.psychometrics.dif.polytomous import association
from exam_engine.psychometrics.dif.standardization import Weight, mean_differences
from exam_engine.psychometrics.dif.verdict import counted, no_comparison
from exam_engine.psychometrics.irt.models import FloatArray

Found = TypeVar("Found", bound=Dif)


@dataclass(frozen=True)
class Generalized:
    """One test of n items over all groups.

    Attributes
    ----------
    labels : tuple of str
        The reference group and the focal groups.
    statistic, p_value, p_adjusted : ndarray, shape (n_items,)
        Chi-squared; NaN where `reasons` says why.
    df : ndarray of int, shape (n_items,)
    differences : ndarray, shape (n_items, n_focal)
        Standardised mean difference of each focal group from the reference, in score points: the size and the
        direction; NaN where the two have no match.
    flagged : ndarray of bool, shape (n_items,)
    reasons : tuple of Reason or None
    warnings : tuple of Warn
    """

    labels: tuple[str, ...]
    statistic: FloatArray
    p_value: FloatArray
    p_adjusted: FloatArray
    df: NDArray[np.intp]
    differences: FloatArray
    flagged: BoolArray
    reasons: tuple[Reason | None, ...]
    warnings: tuple[Warn, ...]


def each_focal(
    method: Callable[[ArrayLike, ArrayLike, Design], Found],
    responses: ArrayLike,
    groups: ArrayLike,
    *,
    design: Design,
    focals: Sequence[str | int] | None = None,
) -> dict[str, Found]:
    """Compare each focal group with the reference, p-values allowing for all comparisons together.

    Parameters
    ----------
    method : callable
        Takes responses, groups and a design, such as
        ``lambda x, g, d: mantel_haenszel(x, g, design=d)``.
    responses : array-like, shape (n_persons, n_items)
    groups : array-like, shape (n_persons,)
        Group labels.
    design : Design
        Names the reference group. Its adjustment is applied within each comparison (and so steers
        purification), and at the end once more over all items and comparisons.
    focals : sequence of labels, optional
        All other groups by default.

    Returns
    -------
    dict of label to result
        `p_adjusted` over all comparisons. `flagged` items were flagged by the comparison itself and, where an
        adjustment is made, hold at the level after it.

    Raises
    ------
    ValueError
        If a group is missing or too small, or the method refuses.

    Examples
    --------
    >>> from exam_engine.psychometrics.dif.mantel_haenszel import mantel_haenszel
    >>> rng = np.random.default_rng(2)
    >>> answers = rng.integers(0, 2, (300, 10))
    >>> def by_mh(x, g, plan):
    ...     return mantel_haenszel(x, g, design=plan)
    >>> found = each_focal(by_mh, answers, np.arange(300) % 3, design=Design(reference=0))
    >>> list(found)
    ['1', '2']
    """
    if focals is None:
        names = [label for label in np.unique(labels_of(groups, len(np.asarray(groups)))).tolist() if label]
        reference = str(design.reference) if design.reference is not None else names[0]
        focals = [label for label in names if label != reference]
    found = {str(label): method(responses, groups, design.of_focal(label)) for label in focals}
    if design.adjustment is Correction.NONE or not found:
        return found
    together = adjusted_p_values(
        np.concatenate([one.p_value for one in found.values()]), correction=design.adjustment
    )
    parts = np.split(together, len(found))
    return {
        label: replace(one, p_adjusted=part, flagged=one.flagged & (part <= design.level))
        for (label, one), part in zip(found.items(), parts, strict=True)
    }


def generalized_mantel_haenszel(
    responses: ArrayLike,
    groups: ArrayLike,
    *,
    design: Design | None = None,
    focals: Sequence[str | int] | None = None,
    ordered: bool = False,
) -> Generalized:
    """Test each item over all groups at once.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, …, or with ``ordered=False`` names of options; negative or NaN not presented.
    groups : array-like, shape (n_persons,)
        Group labels.
    design : Design, optional
        Reference, matching, level; without purification.
    focals : sequence of labels, optional
        All other groups by default.
    ordered : bool, default False
        Whether scores count as numbers, so that means are compared, or as names.

    Returns
    -------
    Generalized

    Raises
    ------
    ValueError
        If responses, labels or design do not fit, purification is asked for, or a group has fewer than 25
        persons.

    Notes
    -----
    See `polytomous.association` (Landis, Heyman & Koch, 1978; Somes, 1986, American Statistician 40, 106–108;
    Penfield, 2001, Applied Measurement in Education 14, 235–259).

    Examples
    --------
    >>> rng = np.random.default_rng(2)
    >>> found = generalized_mantel_haenszel(rng.integers(0, 3, (600, 10)), np.arange(600) % 3)
    >>> found.df[0], found.differences.shape
    (np.int64(4), (10, 2))
    """
    plan = design or Design()
    if plan.purify:
        raise ValueError(
            "the generalised test is not purified: name the anchor, or purify a comparison of two"
        )
    if focals is None:
        names = [label for label in np.unique(labels_of(groups, len(np.asarray(groups)))).tolist() if label]
        reference = str(plan.reference) if plan.reference is not None else names[0]
        focals = [label for label in names if label != reference]
    frame = Frame.of(responses, groups, plan, focals=focals)
    tables = counted(frame, frame.first_anchor())
    return generalized_tables(
        tables, ordered=ordered, level=plan.level, adjustment=plan.adjustment, persons=frame.persons
    )


def generalized_tables(
    tables: Tables,
    *,
    ordered: bool = False,
    level: float = 0.05,
    adjustment: Correction = Correction.NONE,
    persons: NDArray[np.intp] | None = None,
) -> Generalized:
    """Compute the generalised test of counts; see `generalized_mantel_haenszel`."""
    statistic, df = association(tables, ordered=ordered)
    p_value = np.where(df > 0, chi2.sf(statistic, np.maximum(df, 1)), np.nan)
    p_adjusted = adjusted_p_values(p_value, correction=adjustment)
    reasons = reasons_of(len(statistic), *no_comparison(tables))
    differences = np.stack(
        [
            mean_differences(replace(tables, counts=tables.counts[:, :, [0, focal]]), Weight.FOCAL)[0]
            for focal in range(1, len(tables.labels))
        ],
        axis=1,
    )
    groups = tables.seen.max(axis=0) if persons is None else persons
    notes = size_warnings(np.sort(groups)[[0, -1]], tables.compared, tables.seen)
    if any(reasons):
        notes.append(Warn.NOT_COMPUTABLE)
    return Generalized(
        tables.labels,
        statistic,
        p_value,
        p_adjusted,
        df,
        differences,
        p_adjusted <= level,
        reasons,
        tuple(notes),
    )
