"""What the forms are like together: exposure by item and difficulty, spread of targets, and fairness."""

from __future__ import annotations

import numpy as np

from exam_engine.assembly.individual.check import Checked, item_information, item_marks
from exam_engine.assembly.individual.overlap import Membership
from exam_engine.assembly.individual.result import Band, Exposure, Spread, TargetSpread
from exam_engine.assembly.pool import FloatArray, Pool
from exam_engine.assembly.rows import BoolArray
from exam_engine.assembly.specification import Specification
from exam_engine.assembly.targets import CurveTarget, InformationTarget, Near

FIFTHS = 5

THETA = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Abilities at which forms are compared when no target names any."""


def exposure_of(
    pool: Pool, uses: FloatArray, forms: int, always: BoolArray, least: float, cap: float | None
) -> Exposure:
    """Return how often items are used; ``uses`` and ``always`` have shape (n_items,)."""
    rate = uses / forms
    largest = float(rate[~always].max(initial=0.0))
    return Exposure(rate, int(always.sum()), largest, least, cap, _bands(pool, rate))


def _bands(pool: Pool, rate: FloatArray) -> tuple[Band, ...]:
    """Return exposure by fifths of the difficulties; nothing without item parameters."""
    if pool.b is None:
        return ()
    b = np.asarray(pool.b, dtype=np.float64)
    parts = np.array_split(np.argsort(b, kind="stable"), min(FIFTHS, pool.size))
    return tuple(
        Band(
            float(b[items].min()),
            float(b[items].max()),
            len(items),
            float(rate[items].mean()),
            float(rate[items].max()),
        )
        for items in parts
    )


def target_spreads(specification: Specification, checked: Checked) -> tuple[TargetSpread, ...]:
    """Return how each target came out over all forms."""
    found = []
    targets = [target for target in specification.targets if isinstance(target, Near)]
    for target, totals in zip(targets, checked.totals, strict=True):
        scale = target.scale or abs(target.goal) or 1.0
        off = float(np.abs(totals - target.goal).max()) / scale
        tolerance = target.tolerance if target.tolerance is not None else float("inf")
        found.append(TargetSpread(target.name, target.goal, tolerance, off, Spread.of(target.name, totals)))
    return tuple(found)


def fairness_of(pool: Pool, specification: Specification, inside: Membership) -> tuple[Spread, ...]:
    """Return how test information and expected score differ between forms (n_forms, n_items).

    At the abilities that targets name, in logits; items count their score unless a target names their marks.
    Nothing without item parameters.
    """
    if pool.a is None and pool.items is None:
        return ()
    curves = [t for t in specification.targets if isinstance(t, CurveTarget)]
    named = {t.theta for t in specification.targets if isinstance(t, InformationTarget | CurveTarget)}
    marks = next((t.marks for t in curves if t.marks is not None), None)
    theta = sorted(named) or list(THETA)
    names = [f"information at {at:g}" for at in theta] + [f"expected score at {at:g}" for at in theta]
    values = [item_information(pool, at) for at in theta] + [item_marks(pool, at, marks) for at in theta]
    totals = np.zeros((len(inside), len(names)))
    columns = np.array(values).T
    for begin in range(0, len(inside), 1000):
        totals[begin : begin + 1000] = inside[begin : begin + 1000] @ columns
    return tuple(Spread.of(name, one) for name, one in zip(names, totals.T, strict=True))
