"""From statistics to a verdict: p-values, directions, flags, warnings; and the round trip of purification."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.dif.counting import count, n_booklets
from exam_engine.psychometrics.dif.design import Criterion, Design, Frame, Tables
from exam_engine.psychometrics.dif.outcome import (
    BoolArray,
    Dif,
    Reason,
    Warn,
    directions,
    reasons_of,
    size_warnings,
    sizes_of,
)
from exam_engine.psychometrics.dif.purification import MINIMUM_ANCHORS, purified
from exam_engine.psychometrics.irt.models import FloatArray

Found = TypeVar("Found", bound=Dif)

MAX_STRATA = 1000
"""Distinct matching values from outside that may each be a stratum; more of them have to be banded."""

IMPACT = 0.25
"""Standard deviations between the groups' mean scores from which matching without the item misleads: a house rule."""


def verdict(
    *,
    labels: tuple[str, ...],
    compared: NDArray[np.intp],
    statistic: FloatArray,
    df: NDArray[np.intp],
    effect: FloatArray,
    effect_error: FloatArray,
    towards_focal: FloatArray,
    grade: FloatArray,
    cases: Sequence[tuple[BoolArray, Reason]],
    level: float,
    adjustment: Correction,
    flagged: BoolArray | None = None,
    warnings: Sequence[Warn] = (),
) -> Dif:
    """Assemble what all methods share; ``flagged`` replaces the rule ``p_adjusted <= level``."""
    tested = (df > 0) & ~np.isnan(statistic)
    p_value = np.full(statistic.shape, np.nan)
    p_value[tested] = chi2.sf(statistic[tested], df[tested])
    p_adjusted = adjusted_p_values(p_value, correction=adjustment)
    reasons = reasons_of(statistic.size, *cases)
    lacking = (Warn.NOT_COMPUTABLE,) if set(reasons) - {None, Reason.ANCHOR} else ()
    return Dif(
        reference=labels[0],
        focal=labels[1],
        compared=compared,
        statistic=np.where(tested, statistic, np.nan),
        df=np.where(tested, df, 0),
        p_value=p_value,
        p_adjusted=p_adjusted,
        effect=effect,
        effect_error=effect_error,
        favours=directions(towards_focal),
        sizes=sizes_of(grade),
        flagged=(p_adjusted <= level) if flagged is None else flagged,
        reasons=reasons,
        anchor=np.zeros(statistic.size, dtype=np.bool_),
        rounds=0,
        warnings=(*warnings, *lacking),
    )


def table_warnings(tables: Tables) -> list[Warn]:
    """Warn of small groups and of persons without a match."""
    return size_warnings(tables.seen.max(axis=0), tables.compared, tables.seen)


def no_comparison(tables: Tables) -> list[tuple[BoolArray, Reason]]:
    """Name items with no stratum that holds both groups, or where all who are matched answered alike."""
    unmatched = ~tables.matched.any(axis=1)
    pooled = (tables.counts * tables.matched[:, :, None, None]).sum(axis=2) > 0
    alike = ~np.any(pooled.sum(axis=2) > 1, axis=1)
    return [(unmatched, Reason.NO_MATCH), (alike, Reason.ALIKE)]


def conduct(
    responses: ArrayLike,
    groups: ArrayLike,
    design: Design,
    study: Callable[[Frame, BoolArray], Found],
    *,
    corrects: bool = False,
) -> Found:
    """Run a study of two groups, with purification where the design asks for it.

    ``corrects`` says that the method allows for the error of a score without the item.
    """
    frame = Frame.of(responses, groups, design)
    first = frame.first_anchor()

    def once(anchor: BoolArray) -> tuple[Found, BoolArray]:
        found = study(frame, anchor)
        return found, found.flagged

    notes: list[Warn] = []
    if design.criterion is Criterion.REST and not corrects and _apart(frame) > IMPACT:
        notes.append(Warn.REST_SCORE)
    if frame.given is None and n_booklets(frame, first) > 1:
        notes.append(Warn.SEVERAL_BOOKLETS)
    if not design.purify:
        found, anchor, rounds = study(frame, first), first, 0
    else:
        found, path = purified(once, first, max_rounds=design.max_rounds)
        anchor, rounds = path.anchor, path.rounds
        notes += path.warnings
    if frame.given is None and anchor.sum() < MINIMUM_ANCHORS and Warn.FEW_ANCHORS not in notes:
        notes.append(Warn.FEW_ANCHORS)
    return replace(found, anchor=anchor, rounds=rounds, warnings=(*found.warnings, *notes))


def counted(frame: Frame, anchor: BoolArray) -> Tables:
    """Count a comparison by the score bands of its design.

    Raises
    ------
    ValueError
        If matching values are so many that hardly any two persons share one.
    """
    if frame.given is not None and frame.design.bands is None and np.unique(frame.given).size > MAX_STRATA:
        raise ValueError(
            f"the matching values are more than {MAX_STRATA} different ones: name a number of bands"
        )
    return count(frame, anchor, bands=frame.design.bands)


def refuse_bands(design: Design, method: str) -> None:
    """Refuse bands where the matching score is used as a number or as it is."""
    if design.bands is not None:
        raise ValueError(f"{method} takes no score bands")


def _apart(frame: Frame) -> float:
    """Return how far the groups' mean shares of points differ, in standard deviations."""
    seen = frame.matrix >= 0
    points = np.maximum(seen @ frame.highest, 1)
    share = np.where(seen, frame.matrix, 0).sum(axis=1) / points
    means = [share[frame.group == group].mean() for group in (0, 1)]
    spread = float(np.sqrt(np.mean([share[frame.group == group].var() for group in (0, 1)])))
    return abs(float(means[1] - means[0])) / spread if spread > 0 else 0.0
