"""Circle-arc equating, for samples too small for anything but a mean."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.common_items import chained_line
from exam_engine.psychometrics.linking.equating import Equating, EquatingMethod, EquatingWarning, curve
from exam_engine.psychometrics.linking.frequencies import Frequencies, JointFrequencies
from exam_engine.psychometrics.linking.sample_size import is_enough
from exam_engine.psychometrics.linking.sampling import ErrorSource, delta_covariance
from exam_engine.psychometrics.linking.score_moments import JointMoments, Moments, joint, single

_Point = Callable[[FloatArray, FloatArray], tuple[float, float]]

FLAT = 1e-9
"""An arc less high than this share of its chord is drawn as the chord."""


class Arc(StrEnum):
    """Which curve goes through the three points."""

    SIMPLIFIED = "simplified"
    """A circle's arc added to the straight line of the end points."""
    SYMMETRIC = "symmetric"
    """A circle's arc through the three points themselves: old to new is its inverse."""


def circle_arc(
    new: Frequencies | Moments | JointFrequencies | JointMoments,
    old: Frequencies | Moments | JointFrequencies | JointMoments,
    *,
    arc: Arc = Arc.SYMMETRIC,
    lower: tuple[float, float] = (0.0, 0.0),
    upper: tuple[float, float] | None = None,
) -> Equating:
    """Equate along an arc through two end points that are known and a middle point that is estimated.

    Parameters
    ----------
    new, old : Frequencies or Moments, or JointFrequencies or JointMoments
        Scores of random groups, or of nonequivalent groups with an anchor.
    arc : Arc, default symmetric
    lower : tuple of float, default (0, 0)
        Lowest meaningful score of the new form, as the score by guessing, and its equivalent.
    upper : tuple of float, optional
        Highest score of the new form and its equivalent; by default the highest possible of either form.

    Returns
    -------
    Equating

    Notes
    -----
    The middle point is the mean of the new form and its equivalent: the mean of the old form for random groups, by
    chained linear equating for groups with an anchor (Livingston & Kim, 2009, Journal of Educational Measurement 46,
    330–343; symmetric and simplified: 2010, the same 47, 175–185). Scores below the lower end are joined to
    (0, 0), above the upper end to the highest scores, in straight lines. Errors by the delta method: they are 0 at the
    ends, which are not estimated, and do not contain the error of choosing an arc.

    Raises
    ------
    ValueError
        If the samples are of two kinds, the end points are not in order, or the middle point is not between them.

    Examples
    --------
    >>> new = Moments.normal(n=40, highest=10, mean=5.0, sd=2.0)
    >>> old = Moments.normal(n=40, highest=10, mean=6.0, sd=2.0)
    >>> circle_arc(new, old, arc=Arc.SIMPLIFIED).equivalents.round(2)
    array([ 0.  ,  1.37,  2.65,  3.85,  4.96,  6.  ,  6.96,  7.85,  8.65,
            9.37, 10.  ])
    """
    first, second, middle = _middle(new, old)
    top = (float(first.highest), float(second.highest)) if upper is None else upper
    scores = np.arange(first.highest + 1, dtype=np.float64)
    outer = (float(first.highest), float(second.highest))
    if not (0 <= lower[0] < top[0] <= outer[0] and lower[1] < top[1]):
        raise ValueError("the end points must lie in order within the range of scores")
    drawn = _simplified if Arc(arc) is Arc.SIMPLIFIED else _symmetric

    def equivalents(x: FloatArray, y: FloatArray) -> FloatArray:
        through = middle(x, y)
        if not (lower[0] < through[0] < top[0] and lower[1] < through[1] < top[1]):
            raise ValueError("the middle point must lie between the end points: choose others")
        inside = drawn(np.clip(scores, lower[0], top[0]), lower, through, top)
        below = _share(scores, 0.0, lower[0]) * lower[1]
        above = top[1] + _share(scores, top[0], outer[0]) * (outer[1] - top[1])
        return np.where(scores < lower[0], below, np.where(scores > top[0], above, inside))

    covariance = delta_covariance(
        equivalents, (first.vector, first.sampling), (second.vector, second.sampling)
    )
    found = equivalents(first.vector, second.vector)
    warnings: list[EquatingWarning] = []
    if not is_enough(EquatingMethod.CIRCLE_ARC, first.n, second.n):
        warnings.append(EquatingWarning.FEW_PERSONS)
    if np.any(np.diff(found) <= 0):
        warnings.append(EquatingWarning.NOT_RISING)
    return curve(
        EquatingMethod.CIRCLE_ARC,
        found,
        highest_old=second.highest,
        n=(first.n, second.n),
        standard_errors=np.sqrt(np.maximum(np.diag(covariance), 0.0)),
        errors_by=ErrorSource.DELTA,
        warnings=tuple(warnings),
    )


def _middle(
    new: Frequencies | Moments | JointFrequencies | JointMoments,
    old: Frequencies | Moments | JointFrequencies | JointMoments,
) -> tuple[Moments | JointMoments, Moments | JointMoments, _Point]:
    """Return the moments of both samples, and the middle point as a function of them."""
    if isinstance(new, JointFrequencies | JointMoments) and isinstance(old, JointFrequencies | JointMoments):
        return joint(new), joint(old), _chained_point
    if isinstance(new, Frequencies | Moments) and isinstance(old, Frequencies | Moments):
        return single(new), single(old), _mean_point
    raise ValueError("both samples must have an anchor, or neither")


def _mean_point(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    return float(x[0]), float(y[0])


def _chained_point(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    slope, intercept = chained_line(x, y)
    return float(x[0]), float(slope * x[0] + intercept)


def _share(scores: FloatArray, start: float, end: float) -> FloatArray:
    return np.clip((scores - start) / (end - start), 0.0, 1.0) if end > start else np.zeros(scores.shape)


def _simplified(
    scores: FloatArray, lower: tuple[float, float], through: tuple[float, float], upper: tuple[float, float]
) -> FloatArray:
    slope = (upper[1] - lower[1]) / (upper[0] - lower[0])
    line = lower[1] + slope * (scores - lower[0])
    height = through[1] - lower[1] - slope * (through[0] - lower[0])
    half, centre = (upper[0] - lower[0]) / 2.0, (upper[0] + lower[0]) / 2.0
    return np.asarray(line + _arc_height(scores - centre, half, through[0] - centre, height))


def _symmetric(
    scores: FloatArray, lower: tuple[float, float], through: tuple[float, float], upper: tuple[float, float]
) -> FloatArray:
    """Return the arc by turning its chord level, where a point of the arc is a root of a quadratic."""
    wide, tall = upper[0] - lower[0], upper[1] - lower[1]
    chord = float(np.hypot(wide, tall))
    cosine, sine = wide / chord, tall / chord
    away_x, away_y = through[0] - lower[0], through[1] - lower[1]
    along, height = cosine * away_x + sine * away_y, cosine * away_y - sine * away_x
    half = chord / 2.0
    if abs(height) <= FLAT * chord:
        return np.asarray(lower[1] + (scores - lower[0]) * tall / wide)
    sign = float(np.sign(height))
    centre = _centre(half, along - half, abs(height))
    # Back in the scores' own axes, from the lower end, where the circle is dx² - 2 mx dx + dy² - 2 my dy = 0.
    middle_x = cosine * half - sine * sign * centre
    middle_y = sine * half + cosine * sign * centre
    away = scores - lower[0]
    rest = away * (away - 2.0 * middle_x)
    root = np.sqrt(np.maximum(middle_y**2 - rest, 0.0))
    # For a flat arc the centre is far away; dividing keeps the digits that adding the root would lose.
    flat = sign * middle_y < 0
    rise = -sign * rest / (root - sign * middle_y) if flat else middle_y + sign * root
    return np.asarray(lower[1] + rise)


def _arc_height(away: FloatArray, half: float, at: float, height: float) -> FloatArray:
    """Return the height over a level chord of the arc that reaches ``height`` at ``at``, all from its middle."""
    if abs(height) <= FLAT * half:
        return np.zeros(away.shape)
    centre = _centre(half, at, abs(height))
    root = np.sqrt(np.maximum(centre**2 + half**2 - away**2, 0.0))
    # For a flat arc the centre is far away; this form keeps the digits that centre + root would lose.
    rise = (half**2 - away**2) / (root - centre) if centre < 0 else centre + root
    return np.asarray(np.sign(height) * rise)


def _centre(half: float, at: float, height: float) -> float:
    """Return how high over the chord the centre lies, for an arc above it; as a rule below: negative."""
    return (at**2 + height**2 - half**2) / (2.0 * height)
