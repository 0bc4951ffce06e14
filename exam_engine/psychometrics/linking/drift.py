"""Whether anchors still are what they were: robust z, displacement, area between the curves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.curves import Grid
from exam_engine.psychometrics.linking.link import check_anchors
from exam_engine.psychometrics.linking.transformation import Transformation

ROBUST_Z_LIMIT = 1.645
"""Two-sided 10 % of a normal distribution; the statistic is that of Huynh & Meyer (2010)."""

DISPLACEMENT_LIMIT = 0.3
"""Logits, a common criterion. With 500 persons or fewer it drops sound anchors too often, with 5,000 or more it keeps
drifting ones (Miller, Rotou & Twing, 2004, Journal of Applied Measurement 5, 172–177)."""

AREA_LIMIT = 0.0144
"""Squared share of the item's highest score: a root mean squared difference of 0.12 (the limit that PISA 2015 set for
the root mean squared deviation of an item's curve: OECD, 2017, PISA 2015 Technical Report, chapter 9).
"""

IQR_TO_DEVIATION = 0.74
"""Interquartile range times this estimates the standard deviation of a normal distribution."""


class Criterion(StrEnum):
    """What is held against an anchor."""

    ROBUST_Z = "robust_z"
    DISPLACEMENT = "displacement"
    AREA = "area"
    """The weighted squared difference of the curves, d²."""


LIMITS = {
    Criterion.ROBUST_Z: ROBUST_Z_LIMIT,
    Criterion.DISPLACEMENT: DISPLACEMENT_LIMIT,
    Criterion.AREA: AREA_LIMIT,
}


@dataclass(frozen=True)
class AnchorDrift:
    """How far each anchor has moved between two calibrations, on the old scale.

    Attributes
    ----------
    displacement : ndarray, shape (n_items,)
        New difficulty on the old scale less the old one, in logits: positive, the item became harder. NaN for nominal
        items, which have no difficulty.
    robust_z_b : ndarray, shape (n_items,)
        Displacement less its median over 0.74 of its interquartile range; NaN for nominal items, and for all where
        `has_spread` is false.
    robust_z_a : ndarray, shape (n_items,)
        The same of the log ratio of discriminations, new on the old scale to old; NaN for nominal items, where a
        discrimination is not positive, and for all where the ratios do not differ (as under Rasch).
    area : ndarray, shape (n_items,)
        d²: weighted mean over abilities of the squared difference of expected scores, as a share of the item's highest
        score squared, in [0, 1].
    has_spread : bool
        Whether the displacements differ enough for a robust z of difficulty.
    """

    displacement: FloatArray
    robust_z_b: FloatArray
    robust_z_a: FloatArray
    area: FloatArray
    has_spread: bool

    def strength(self, criterion: Criterion) -> FloatArray:
        """Return what a criterion compares with its limit, shape (n_items,), at least 0 or NaN.

        For robust z the larger of the two.
        """
        if criterion is Criterion.AREA:
            return self.area
        if criterion is Criterion.DISPLACEMENT:
            return np.abs(self.displacement)
        return np.fmax(np.abs(self.robust_z_b), np.abs(self.robust_z_a))


def anchor_drift(
    new: Items,
    old: Items,
    transformation: Transformation,
    *,
    grid: Grid | None = None,
) -> AnchorDrift:
    """Measure how far each anchor has moved.

    Parameters
    ----------
    new, old : Items
        The same anchors, as calibrated on the new and on the old scale.
    transformation : Transformation
        From new to old.
    grid : Grid, optional
        Abilities on the old scale for d²; by default 41 nodes from −4 to 4 with normal weights.

    Returns
    -------
    AnchorDrift

    Notes
    -----
    Robust z: Huynh and Meyer (2010, Practical Assessment, Research & Evaluation 15(2)), here of displacements after
    the link; a shift common to all items does not change it. d²: Wells, Hambleton, Kirkpatrick and Meng (2014, Applied
    Measurement in Education 27, 214–231) weight the squared difference of an item's curves by the distribution of
    ability; the division by the highest score makes items of several scores comparable.

    Raises
    ------
    ValueError
        If the two sets are not the same items.

    Examples
    --------
    >>> old = Items.dichotomous([1.0] * 5, [-1.0, -0.5, 0.0, 0.5, 1.0])
    >>> new = Items.dichotomous([1.0] * 5, [-1.1, -0.45, 0.0, 0.6, 1.9])
    >>> drift = anchor_drift(new, old, Transformation.identity())
    >>> drift.displacement.round(2)
    array([-0.1 ,  0.05,  0.  ,  0.1 ,  0.9 ])
    >>> drift.robust_z_b.round(1)
    array([-2. ,  0. , -0.7,  0.7, 11.5])
    """
    check_anchors(new, old)
    moved = transformation.items(new)
    displacement = moved.b - old.b
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(np.where((moved.a > 0) & (old.a > 0), moved.a / old.a, np.nan))
    robust_b = _robust_z(displacement)
    used = grid or Grid.normal()
    apart = (moved.expected_score(used.nodes) - old.expected_score(used.nodes)) / old.highest
    return AnchorDrift(
        displacement,
        robust_b,
        _robust_z(ratio),
        np.asarray(used.weights @ apart**2),
        bool(np.isfinite(robust_b).any()),
    )


def _robust_z(values: FloatArray) -> FloatArray:
    known = values[np.isfinite(values)]
    if known.size < 3:
        return np.full(values.shape, np.nan)
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    if high - low <= 1e-9:
        return np.full(values.shape, np.nan)
    return np.asarray((values - middle) / (IQR_TO_DEVIATION * (high - low)))
