"""How many persons an equating method needs, and which method a sample carries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exam_engine.psychometrics.linking.equating import EquatingMethod

MINIMUM_PERSONS = {
    EquatingMethod.IDENTITY: 0,
    EquatingMethod.CIRCLE_ARC: 25,
    EquatingMethod.MEAN: 50,
    EquatingMethod.LINEAR: 100,
    EquatingMethod.TUCKER: 100,
    EquatingMethod.LEVINE_OBSERVED: 100,
    EquatingMethod.LEVINE_TRUE: 100,
    EquatingMethod.CHAINED_LINEAR: 100,
    EquatingMethod.SMOOTHED_EQUIPERCENTILE: 750,
    EquatingMethod.EQUIPERCENTILE: 1500,
    EquatingMethod.FREQUENCY_ESTIMATION: 1500,
    EquatingMethod.CHAINED_EQUIPERCENTILE: 1500,
}
"""Persons a form below which a method is advised against.

Circle-arc 25: of the methods compared with common items and 10 to 100 persons on the new form it was the most
accurate in the upper half of the scores (Kim & Livingston, 2010, Journal of Educational Measurement 47, 286–298), and
with random groups of 50 to 400 in all (Livingston & Kim, 2010, the same 47, 175–185); to stop at 25 is a house rule.
Mean 50: with 25 a form the identity did better than any method (Skaggs, 2005, Journal of Educational Measurement 42,
309–330). Linear 100: a house rule, below which the errors in the tails exceed most differences between forms; Kolen
and Brennan (2014, Test Equating, Scaling, and Linking, 3rd ed., chapter 8) advise about 400 for linear and 1,500 for
equipercentile methods. Smoothed equipercentile half of that: log-linear presmoothing at least halved the sample that
was needed, in samples of 25 to 200 (Livingston, 1993, Journal of Educational Measurement 30, 23–39).
"""

COMFORTABLE_PERSONS_LINEAR = 400
"""Persons a form from which linear methods are advised without reserve (Kolen & Brennan, 2014, chapter 8)."""

SIMILAR_GROUPS = 0.1
"""Standardised difference on the anchor up to which all methods agree (Kolen & Brennan, 2014, chapter 8)."""

DIFFERENT_GROUPS = 0.3
"""From here on methods disagree substantially; from 0.5 none is safe (the same)."""


class Design(StrEnum):
    """How the samples of two forms were had."""

    RANDOM_GROUPS = "random_groups"
    COMMON_ITEMS = "common_items"
    """Nonequivalent groups with an anchor test."""


class Hint(StrEnum):
    """What comes with a recommendation."""

    TOO_FEW_TO_EQUATE = "too_few_to_equate"
    """Report on the form's own scale, or pool occasions; an equating would add more error than it removes."""
    ERRORS_WILL_BE_LARGE = "errors_will_be_large"
    """Usable, with the bootstrap errors shown beside every score."""
    GROUPS_DIFFER = "groups_differ"
    """The groups differ on the anchor: chained and Levine methods depend less on them being alike."""
    RASCH_MAY_SERVE = "rasch_may_serve"
    """With an anchor, a Rasch link with fixed anchors uses the sample better."""


@dataclass(frozen=True)
class Recommendation:
    """Which method a sample carries.

    Attributes
    ----------
    method : EquatingMethod
        The method advised.
    offered : tuple of EquatingMethod
        All methods of the design whose minimum the smaller sample reaches.
    n_persons : float
        Persons of the smaller sample.
    hints : tuple of Hint
    """

    method: EquatingMethod
    offered: tuple[EquatingMethod, ...]
    n_persons: float
    hints: tuple[Hint, ...]


_BY_DESIGN = {
    Design.RANDOM_GROUPS: (
        EquatingMethod.IDENTITY,
        EquatingMethod.CIRCLE_ARC,
        EquatingMethod.MEAN,
        EquatingMethod.LINEAR,
        EquatingMethod.SMOOTHED_EQUIPERCENTILE,
        EquatingMethod.EQUIPERCENTILE,
    ),
    Design.COMMON_ITEMS: (
        EquatingMethod.IDENTITY,
        EquatingMethod.CIRCLE_ARC,
        EquatingMethod.TUCKER,
        EquatingMethod.LEVINE_OBSERVED,
        EquatingMethod.LEVINE_TRUE,
        EquatingMethod.CHAINED_LINEAR,
        EquatingMethod.SMOOTHED_EQUIPERCENTILE,
        EquatingMethod.FREQUENCY_ESTIMATION,
        EquatingMethod.CHAINED_EQUIPERCENTILE,
    ),
}


def is_enough(method: EquatingMethod, n_new: float, n_old: float) -> bool:
    """Return whether the smaller sample reaches the method's minimum; true for methods without one.

    Examples
    --------
    >>> is_enough(EquatingMethod.LINEAR, 90, 500), is_enough(EquatingMethod.CIRCLE_ARC, 90, 500)
    (False, True)
    """
    return min(n_new, n_old) >= MINIMUM_PERSONS.get(method, 0)


def recommend(
    n_new: float,
    n_old: float,
    *,
    design: Design = Design.RANDOM_GROUPS,
    anchor_difference: float | None = None,
) -> Recommendation:
    """Recommend an equating method for a sample.

    Parameters
    ----------
    n_new, n_old : float
        Persons who took each form.
    design : Design, default random groups
    anchor_difference : float, optional
        Difference of the groups' anchor means in pooled standard deviations.

    Returns
    -------
    Recommendation

    Notes
    -----
    By the smaller sample, with the thresholds and sources of `MINIMUM_PERSONS`: identity below 25, circle-arc to 99,
    linear to 749, from there equipercentile with smoothing. Among the linear methods for common items Tucker's where
    the groups are alike on the anchor (0.1 standard deviations), else Levine's for observed scores.

    Raises
    ------
    ValueError
        If a sample is negative.

    Examples
    --------
    >>> [str(recommend(n, n).method) for n in (20, 60, 300, 2000)]
    ['identity', 'circle_arc', 'linear', 'smoothed_equipercentile']
    >>> str(recommend(300, 250, design=Design.COMMON_ITEMS, anchor_difference=0.25).method)
    'levine_observed'
    """
    if not (n_new >= 0 and n_old >= 0):
        raise ValueError("samples must not be negative")
    size = min(n_new, n_old)
    chosen = Design(design)
    offered = tuple(each for each in _BY_DESIGN[chosen] if size >= MINIMUM_PERSONS[each])
    apart = abs(anchor_difference or 0.0)
    hints: list[Hint] = []
    if size < MINIMUM_PERSONS[EquatingMethod.CIRCLE_ARC]:
        method = EquatingMethod.IDENTITY
        hints.append(Hint.TOO_FEW_TO_EQUATE)
    elif size < MINIMUM_PERSONS[EquatingMethod.LINEAR]:
        method = EquatingMethod.CIRCLE_ARC
        hints.append(Hint.ERRORS_WILL_BE_LARGE)
    elif size < MINIMUM_PERSONS[EquatingMethod.SMOOTHED_EQUIPERCENTILE]:
        method = _linear(chosen, apart)
        if size < COMFORTABLE_PERSONS_LINEAR:
            hints.append(Hint.ERRORS_WILL_BE_LARGE)
    else:
        method = EquatingMethod.SMOOTHED_EQUIPERCENTILE
    if apart >= DIFFERENT_GROUPS:
        hints.append(Hint.GROUPS_DIFFER)
    if chosen is Design.COMMON_ITEMS and size < COMFORTABLE_PERSONS_LINEAR:
        hints.append(Hint.RASCH_MAY_SERVE)
    return Recommendation(method, offered, size, tuple(hints))


def _linear(design: Design, apart: float) -> EquatingMethod:
    if design is Design.RANDOM_GROUPS:
        return EquatingMethod.LINEAR
    return EquatingMethod.TUCKER if apart <= SIMILAR_GROUPS else EquatingMethod.LEVINE_OBSERVED
