"""Which anchors carry a link: the worst is dropped and the link made anew, down to a limit."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.curves import Grid
from exam_engine.psychometrics.linking.drift import LIMITS, AnchorDrift, Criterion, anchor_drift
from exam_engine.psychometrics.linking.link import MINIMUM_ANCHORS, Link, Linker, check_anchors, link
from exam_engine.psychometrics.linking.parameters import check_covariance, free_parameters
from exam_engine.psychometrics.linking.transformation import Transformation


class Reason(StrEnum):
    """Why an anchor was kept or dropped."""

    STABLE = "stable"
    """Kept: within the limits of the rule."""
    DRIFTED = "drifted"
    """Dropped: beyond the limits, and the worst of those that could be spared."""
    NEEDED_FOR_NUMBER = "needed_for_number"
    """Kept although beyond the limit: fewer anchors would be left than were asked for."""
    NEEDED_FOR_CONTENT = "needed_for_content"
    """Kept although beyond the limit: its content group would fall below its minimum."""
    CANNOT_BE_JUDGED = "cannot_be_judged"
    """Kept: no criterion can be computed for it."""


@dataclass(frozen=True)
class Verdict:
    """What became of one anchor.

    Attributes
    ----------
    kept : bool
    reason : Reason
    criterion : Criterion or None
        The criterion that decided: of those that count together the one that came nearest to clearing the anchor,
        otherwise the one exceeded most.
    excess : float
        That criterion as a multiple of its limit, at the step the anchor was dropped or else in the final link: above
        1 the rule condemns. NaN where no criterion can be computed.
    step : int
        After how many links it was dropped, counted from 1; 0 for anchors that were kept.
    """

    kept: bool
    reason: Reason
    criterion: Criterion | None
    excess: float
    step: int


@dataclass(frozen=True)
class Purification:
    """A link on the anchors that held still.

    Attributes
    ----------
    link : Link
        Made with the anchors that were kept.
    verdicts : tuple of Verdict
        One for each anchor, in their order.
    drift : AnchorDrift
        Of all anchors under the final link.
    path : tuple of Transformation
        The link before each drop, and the final one.
    """

    link: Link
    verdicts: tuple[Verdict, ...]
    drift: AnchorDrift
    path: tuple[Transformation, ...]

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which anchors made the link."""
        return np.array([verdict.kept for verdict in self.verdicts])


@dataclass(frozen=True)
class Rule:
    """When an anchor is dropped, and when not.

    Attributes
    ----------
    limits : tuple of (Criterion, float)
        Each criterion with its limit, in the criterion's unit. By default robust z at 1.645 and displacement at 0.3
        logits: unusual among its fellows, and large enough to matter. `drift.LIMITS` holds the usual limits.
    together : bool, default True
        Whether an anchor must be beyond all limits to be dropped; otherwise beyond any.
    minimum : int or None
        Anchors that must stay; by default half of them, and at least `link.MINIMUM_ANCHORS`.
    group_minimum : int
        Anchors of each content group that must stay, default 1; a group that has fewer from the outset keeps all.
    """

    limits: tuple[tuple[Criterion, float], ...] = (
        (Criterion.ROBUST_Z, LIMITS[Criterion.ROBUST_Z]),
        (Criterion.DISPLACEMENT, LIMITS[Criterion.DISPLACEMENT]),
    )
    together: bool = True
    minimum: int | None = None
    group_minimum: int = 1

    def __post_init__(self) -> None:
        if not self.limits or any(not limit > 0 for _, limit in self.limits):
            raise ValueError("a rule needs at least one criterion with a positive limit")
        if (self.minimum is not None and self.minimum < 1) or self.group_minimum < 0:
            raise ValueError("minimum must be at least 1 and group_minimum not negative")

    def least(self, size: int) -> int:
        """Return how many of so many anchors must stay."""
        return max(MINIMUM_ANCHORS, -(-size // 2)) if self.minimum is None else self.minimum


def purify(
    new: Items,
    old: Items,
    *,
    rule: Rule | None = None,
    linker: Linker | None = None,
    groups: Sequence[Hashable] | None = None,
    grid: Grid | None = None,
    covariance_new: FloatArray | None = None,
    covariance_old: FloatArray | None = None,
) -> Purification:
    """Drop drifting anchors one at a time and link with those that stay.

    Parameters
    ----------
    new, old : Items
        The same anchors, as calibrated on the new and on the old scale.
    rule : Rule, optional
    linker : Linker, optional
        By default symmetric Stocking–Lord.
    groups : sequence, one entry an anchor, optional
        Content group of each; by default all are one.
    grid : Grid, optional
        For d².
    covariance_new, covariance_old : ndarray, optional
        Of the parameters of *all* anchors, as in `link.link`; the final link then has standard errors.

    Returns
    -------
    Purification

    Notes
    -----
    In turn: link with the anchors left; measure the drift of each; of those the rule condemns that can be spared drop
    the one with the largest multiple of its limit; until there is none. Median and interquartile range of robust z are
    those of all anchors at every step: they withstand outliers, and taken anew from the anchors left they would
    shrink with every drop and condemn without end. A dropped anchor does not return: an anchor condemned only because
    of others is rare when the worst goes first, and a rule without a way back ends after at most n links.

    Raises
    ------
    ValueError
        If the sets are not the same items or groups are not one an anchor.

    Examples
    --------
    >>> b = [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5]
    >>> old = Items.dichotomous([1.0] * 7, b)
    >>> new = Items.dichotomous([1.0] * 7, [-1.4, -1.05, -0.5, 0.05, 0.4, 1.0, 2.6])
    >>> found = purify(new, old, rule=Rule(((Criterion.DISPLACEMENT, 0.3),)))
    >>> [str(verdict.reason) for verdict in found.verdicts][-2:], found.verdicts[-1].step
    (['stable', 'drifted'], 1)
    """
    check_anchors(new, old)
    used = rule or Rule()
    labels = [0] * len(new) if groups is None else list(groups)
    if len(labels) != len(new):
        raise ValueError("groups must hold one entry an anchor")
    kept = np.ones(len(new), dtype=bool)
    dropped: dict[int, Verdict] = {}
    path: list[Transformation] = []
    while True:
        fit = (linker or Linker()).fit(new.take(kept), old.take(kept))
        path.append(Transformation(fit.scale, fit.shift, np.full((2, 2), np.nan)))
        drift = anchor_drift(new, old, path[-1], grid=grid)
        excess, worst = _excess(drift, used)
        spare = np.array([_refusal(at, kept, labels, used) is None for at in range(len(new))])
        candidates = np.flatnonzero(kept & spare & (excess > 1.0))
        if not candidates.size:
            break
        at = int(candidates[np.argmax(excess[candidates])])
        kept[at] = False
        dropped[at] = Verdict(False, Reason.DRIFTED, worst[at], float(excess[at]), len(path))
    verdicts = []
    for at in range(len(new)):
        refusal = _refusal(at, kept, labels, used)
        verdicts.append(dropped.get(at) or _verdict(float(excess[at]), worst[at], refusal))
    final = link(
        new.take(kept),
        old.take(kept),
        linker=linker,
        covariance_new=_part(new, covariance_new, kept),
        covariance_old=_part(old, covariance_old, kept),
    )
    return Purification(final, tuple(verdicts), drift, tuple(path))


def _verdict(excess: float, worst: Criterion | None, refusal: Reason | None) -> Verdict:
    if np.isnan(excess):
        return Verdict(True, Reason.CANNOT_BE_JUDGED, None, excess, 0)
    if excess > 1.0 and refusal is not None:
        return Verdict(True, refusal, worst, excess, 0)
    return Verdict(True, Reason.STABLE, worst, excess, 0)


def _excess(drift: AnchorDrift, rule: Rule) -> tuple[FloatArray, list[Criterion | None]]:
    """Return the multiple of the limit that decides for each anchor, and whose limit it is."""
    table = np.stack([drift.strength(criterion) / limit for criterion, limit in rule.limits])
    known = ~np.isnan(table)
    judged: NDArray[np.bool_] = np.asarray(known.any(axis=0))
    if rule.together:
        which = np.where(known, table, np.inf).argmin(axis=0)
    else:
        which = np.where(known, table, -1.0).argmax(axis=0)
    excess = np.where(judged, table[which, np.arange(judged.size)], np.nan)
    return excess, [rule.limits[at][0] if ok else None for at, ok in zip(which, judged, strict=True)]


def _refusal(at: int, kept: NDArray[np.bool_], labels: Sequence[Hashable], rule: Rule) -> Reason | None:
    """Return why an anchor cannot be spared; None where it can."""
    if kept.sum() <= rule.least(len(labels)):
        return Reason.NEEDED_FOR_NUMBER
    left = sum(label == labels[at] for place, label in enumerate(labels) if kept[place])
    return Reason.NEEDED_FOR_CONTENT if left <= rule.group_minimum else None


def _part(items: Items, covariance: FloatArray | None, kept: NDArray[np.bool_]) -> FloatArray | None:
    """Return the rows and columns of the anchors that were kept."""
    if covariance is None:
        return None
    sizes = [len(free_parameters(items.take([at]))) for at in range(len(items))]
    chosen = np.repeat(kept, sizes)
    matrix = check_covariance(items, covariance, "covariance")
    return matrix[np.ix_(chosen, chosen)]
