"""Lord's test: do an item's parameters differ between two groups, once both are on one scale?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.dif.estimates import (
    Estimates,
    Link,
    check_pair,
    compared_of,
    pair_warnings,
)
from exam_engine.psychometrics.dif.mantel_haenszel import DELTA, delta_grades
from exam_engine.psychometrics.dif.outcome import BoolArray, Dif, Reason
from exam_engine.psychometrics.dif.purification import purified
from exam_engine.psychometrics.dif.verdict import verdict
from exam_engine.psychometrics.irt.models import FloatArray

Found = TypeVar("Found", bound="Linked")


@dataclass(frozen=True, kw_only=True)
class Linked(Dif):
    """A comparison of calibrations; `effect` is how much harder an item is for the focal group, in logits.

    Attributes
    ----------
    scale, shift : float
        From the focal to the reference group's logits, as used at last.
    """

    scale: float
    shift: float


@dataclass(frozen=True, kw_only=True)
class Lord(Linked):
    """Lord's test of the equality of all parameters of an item.

    Attributes
    ----------
    differences : ndarray, shape (n_items, n_names)
        Parameters of the focal group, linked, less those of the reference group.
    """

    differences: FloatArray


def lord(
    reference: Estimates,
    focal: Estimates,
    *,
    link: Link | tuple[float, float] = (1.0, 0.0),
    purify: bool = False,
    max_rounds: int = 10,
    level: float = 0.05,
    adjustment: Correction = Correction.NONE,
) -> Lord:
    """Test the equality of item parameters estimated in two groups apart.

    Parameters
    ----------
    reference, focal : Estimates
        The same items and parameters.
    link : pair of float or callable, default (1, 0)
        Scale and shift that take focal logits to reference logits, or a function that finds them from the items
        it is given (a mask): with a function the link itself can be purified.
    purify : bool, default False
        Whether flagged items leave the link until the flags stay.
    max_rounds : int, default 10
    level : float, default 0.05
    adjustment : Correction, default none

    Returns
    -------
    Lord
        `anchor` are the items that linked.

    Raises
    ------
    ValueError
        If the estimates do not fit together, or constants are to be purified.

    Notes
    -----
    ``chi² = d' (V_R + V_F)⁻¹ d`` with as many degrees of freedom as parameters, ``d`` their differences (Lord,
    1980, Applications of Item Response Theory, p. 223). The linking constants count as known, as in Lord's
    account: with few linking items the test is a little too ready to flag. Only for items of a location alone
    (Rasch) there are sizes, on the delta scale: B from 0.43 logits, C from 0.64.

    Examples
    --------
    >>> v = np.tile(np.diag([0.01, 0.01]), (2, 1, 1))
    >>> one = Estimates.of(("a", "b"), [[1.0, 0.0], [1.0, 1.0]], v)
    >>> other = Estimates.of(("a", "b"), [[1.0, 0.5], [1.0, 1.0]], v)
    >>> found = lord(one, other)
    >>> found.statistic, found.df, str(found.favours[0])
    (array([12.5,  0. ]), array([2, 2]), 'reference')
    """

    def study(moved: Estimates, scale: float, shift: float) -> Lord:
        return _study(reference, moved, scale, shift, level, adjustment)

    return linked_study(reference, focal, link, study, purify=purify, max_rounds=max_rounds)


def linked_study(
    reference: Estimates,
    focal: Estimates,
    link: Link | tuple[float, float],
    study: Callable[[Estimates, float, float], Found],
    *,
    purify: bool,
    max_rounds: int,
) -> Found:
    """Link, compare, and link again without the items flagged where that is asked for."""
    check_pair(reference, focal)
    everything = np.ones(len(reference.values), dtype=np.bool_)
    if not callable(link):
        if purify:
            raise ValueError("constants cannot be purified: give a function of the linking items")
        return replace(study(focal.rescaled(*link), *link), anchor=everything)

    def once(anchor: BoolArray) -> tuple[Found, BoolArray]:
        scale, shift = link(anchor)
        found = study(focal.rescaled(scale, shift), scale, shift)
        return found, found.flagged

    if not purify:
        return replace(once(everything)[0], anchor=everything)
    found, path = purified(once, everything, max_rounds=max_rounds)
    return replace(found, anchor=path.anchor, rounds=path.rounds, warnings=(*found.warnings, *path.warnings))


def _study(
    reference: Estimates, focal: Estimates, scale: float, shift: float, level: float, adjustment: Correction
) -> Lord:
    difference = focal.values - reference.values
    statistic, df = quadratic(difference, reference.covariance + focal.covariance)
    effect = focal.location - reference.location
    error = np.sqrt(focal.location_variance + reference.location_variance)
    sized = delta_grades(DELTA * effect, abs(DELTA) * error, chi2.sf(statistic, 1) <= level, level=level)
    base = verdict(
        labels=("reference", "focal"),
        compared=compared_of(reference, focal),
        statistic=statistic,
        df=df,
        effect=effect,
        effect_error=error,
        towards_focal=-effect,
        grade=sized if len(reference.names) == 1 else np.full(len(effect), np.nan),
        cases=[(df == 0, Reason.NOT_IDENTIFIED)],
        level=level,
        adjustment=adjustment,
        warnings=pair_warnings(reference, focal),
    )
    return Lord(**vars(base), scale=scale, shift=shift, differences=difference)


def quadratic(difference: ArrayLike, covariance: ArrayLike) -> tuple[FloatArray, NDArray[np.intp]]:
    """Return ``d' V⁻¹ d`` of each row, and its degrees of freedom.

    Parameters
    ----------
    difference : array-like, shape (n_items, n_parameters)
        NaN for a parameter that an item does not have.
    covariance : array-like, shape (n_items, n_parameters, n_parameters)

    Returns
    -------
    statistic : ndarray, shape (n_items,)
        NaN where the covariance cannot be inverted.
    df : ndarray of int, shape (n_items,)
        Parameters of the item; 0 where the covariance cannot be inverted.

    Examples
    --------
    >>> quadratic([[1.0, 2.0]], [[[1.0, 0.0], [0.0, 4.0]]])
    (array([2.]), array([2]))
    """
    d, V = np.array(difference, dtype=np.float64), np.array(covariance, dtype=np.float64)
    lacking = np.isnan(d)
    index = np.arange(d.shape[1])
    V[lacking[:, :, None] | lacking[:, None, :]] = 0.0
    V[:, index, index] = np.where(lacking, 1.0, V[:, index, index])
    d[lacking] = 0.0
    usable = np.isfinite(V).all(axis=(1, 2)) & np.isfinite(d).all(axis=1)
    V[~usable] = np.eye(d.shape[1])
    values, vectors = np.linalg.eigh(V)
    usable &= values[:, 0] > 1e-12 * values[:, -1]
    along = np.einsum("nab,na->nb", vectors, np.where(usable[:, None], d, 0.0))
    statistic = (along**2 / np.where(usable[:, None], values, 1.0)).sum(axis=1)
    return np.where(usable, statistic, np.nan), np.where(usable, (~lacking).sum(axis=1), 0)
