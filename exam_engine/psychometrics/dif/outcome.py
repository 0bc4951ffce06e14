"""What a study of differential item functioning says: enums, sample sizes, and the result all methods share.

An item *favours* a group when that group's members do better on it than members of the other group with the
same matching score. Effects have the sign their authors gave them, so `Dif.favours` says the direction in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.models import FloatArray

BoolArray = NDArray[np.bool_]

MINIMUM_GROUP = 200
MINIMUM_TOTAL = 500
"""Persons in the smaller group and in both, below which a study is rough: the rule of Educational Testing
Service for studies at test assembly (Zwick, 2012, ETS Research Report RR-12-08)."""

MINIMUM_COMPARED = 25
"""Persons a group below which a study is refused: a house rule. With 50 to 100 a group a level of 0.20 has been
advised for the Mantel–Haenszel test (Fidalgo, Ferreres & Muñiz, 2004, Educational and Psychological Measurement 64,
925–936); exact tests in small samples: Parshall & Miller (1995, Journal of Educational Measurement 32, 302–316)."""

MAXIMUM_UNMATCHED = 0.1
"""Share of a group's persons without a match in the other group from which a study warns: a house rule."""


class Warn(StrEnum):
    """What a reader of the results must know."""

    SMALL_GROUP = "small_group"
    """The smaller group has fewer than `MINIMUM_GROUP` persons."""

    SMALL_TOTAL = "small_total"
    """Both groups together have fewer than `MINIMUM_TOTAL` persons."""

    UNMATCHED = "unmatched"
    """More than `MAXIMUM_UNMATCHED` of a group's responses have no counterpart at the same matching score."""

    REST_SCORE = "rest_score"
    """Groups that differ in ability were matched on the score without the item: too many items are flagged."""

    SEVERAL_BOOKLETS = "several_booklets"
    """Persons were matched within sets of items presented alike."""

    FEW_ANCHORS = "few_anchors"
    """The matching score rests on few items: see `purification.MINIMUM_ANCHORS`; or purification took more than half
    of them out, and which items differ depends on which are believed."""

    PURIFICATION_CYCLE = "purification_cycle"
    """Purification went in a circle; items flagged anywhere in it are out of the matching score."""

    PURIFICATION_LIMIT = "purification_limit"
    """Purification was stopped at its last round without settling."""

    NOT_COMPUTABLE = "not_computable"
    """Some items have no result; `Dif.reasons` says why."""

    SMALL_CALIBRATION = "small_calibration"
    """A group is smaller than calibrations with the model should be."""


class Reason(StrEnum):
    """Why an item has no result, or a partial one."""

    NO_MATCH = "no_match"
    """No stratum holds persons of both groups who saw the item."""

    ALIKE = "alike"
    """In every stratum with both groups all persons answered alike."""

    BOUNDLESS = "boundless"
    """The odds ratio is 0 or infinite; the test stands, the size of the effect does not."""

    POLYTOMOUS = "polytomous"
    """The method takes items scored 0 or 1."""

    NOT_CONVERGED = "not_converged"
    """The regression has no finite solution (scores separate the responses) or was not reached."""

    NOT_IDENTIFIED = "not_identified"
    """The covariance matrix of the comparison cannot be inverted."""

    SCORES_LACKING = "scores_lacking"
    """A score that the item has was got by nobody of one group, so it has no parameters of its own there."""

    ANCHOR = "anchor"
    """The item holds the groups on one scale and is taken to function alike: it is not tested."""

    FEW_STRATA = "few_strata"
    """Too few strata hold enough persons of both groups."""


class Favours(StrEnum):
    """Which group does better on an item than equally able members of the other."""

    REFERENCE = "reference"
    FOCAL = "focal"
    NEITHER = "neither"


class Size(StrEnum):
    """Size of an effect: A negligible, B moderate, C large."""

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, kw_only=True)
class Dif:
    """What every method says of n items.

    Attributes
    ----------
    reference, focal : str
        Labels of the groups.
    compared : ndarray of int, shape (n_items, 2)
        Persons of the reference and the focal group who saw the item and have a match in the other group.
    statistic : ndarray, shape (n_items,)
        Test statistic: chi-squared with `df` degrees of freedom, or a squared normal deviate (`df` 1). NaN where
        `reasons` says why.
    df : ndarray of int, shape (n_items,)
        Degrees of freedom, 0 where there is no test.
    p_value, p_adjusted : ndarray, shape (n_items,)
        Two-sided; as it is, and allowing for the number of items tested.
    effect, effect_error : ndarray, shape (n_items,)
        Size of the effect in the unit of the method, and its standard error.
    favours : tuple of Favours or None
        The direction of `effect`; None where it is not known.
    sizes : tuple of Size or None
        Class of the effect by the rule of the method; None where it has none.
    flagged : ndarray of bool, shape (n_items,)
        Items that differ by the criterion of the method: as a rule ``p_adjusted <= level``.
    reasons : tuple of Reason or None
        Why an item lacks values.
    anchor : ndarray of bool, shape (n_items,)
        Items of which the matching score was made at last; all False where the caller gave a criterion.
    rounds : int
        Rounds of purification, 0 without.
    warnings : tuple of Warn
        What a reader must know.
    """

    reference: str
    focal: str
    compared: NDArray[np.intp]
    statistic: FloatArray
    df: NDArray[np.intp]
    p_value: FloatArray
    p_adjusted: FloatArray
    effect: FloatArray
    effect_error: FloatArray
    favours: tuple[Favours | None, ...]
    sizes: tuple[Size | None, ...]
    flagged: BoolArray
    reasons: tuple[Reason | None, ...]
    anchor: BoolArray
    rounds: int
    warnings: tuple[Warn, ...]


def directions(towards_focal: FloatArray) -> tuple[Favours | None, ...]:
    """Say in words whom an effect favours: the focal group where it is positive."""
    named = {1: Favours.FOCAL, -1: Favours.REFERENCE, 0: Favours.NEITHER}
    return tuple(None if np.isnan(value) else named[int(np.sign(value))] for value in towards_focal)


def sizes_of(grade: FloatArray) -> tuple[Size | None, ...]:
    """Turn 0, 1, 2, NaN into A, B, C, None."""
    return tuple(None if np.isnan(value) else (Size.A, Size.B, Size.C)[int(value)] for value in grade)


def grades(effect: FloatArray, moderate: float, large: float) -> FloatArray:
    """Return 0, 1 or 2 by the absolute size of an effect alone: from ``moderate``, from ``large``; NaN stays."""
    size = np.abs(effect)
    return np.where(np.isnan(size), np.nan, (size >= moderate) * 1.0 + (size >= large))


def reasons_of(size: int, *cases: tuple[BoolArray, Reason]) -> tuple[Reason | None, ...]:
    """Name the first case that holds for each item."""
    named: list[Reason | None] = [None] * size
    for where, reason in cases:
        for position in np.flatnonzero(where):
            named[position] = named[position] or reason
    return tuple(named)


def size_warnings(groups: NDArray[np.intp], compared: NDArray[np.intp], seen: NDArray[np.intp]) -> list[Warn]:
    """Warn of small groups and of persons without a match.

    Parameters
    ----------
    groups : ndarray of int, shape (2,)
        Persons of the reference and the focal group.
    compared, seen : ndarray of int, shape (n_items, 2)
        Persons with a match, and all who saw the item.
    """
    found = []
    if groups.min() < MINIMUM_GROUP:
        found.append(Warn.SMALL_GROUP)
    if groups.sum() < MINIMUM_TOTAL:
        found.append(Warn.SMALL_TOTAL)
    if np.any(compared.sum(axis=0) < (1.0 - MAXIMUM_UNMATCHED) * seen.sum(axis=0)):
        found.append(Warn.UNMATCHED)
    return found
