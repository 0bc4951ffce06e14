"""Where a calibration begins: from the proportions seen, or from parameters known before. Pure arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from exam_engine.psychometrics.irt.blocks import Blocks
from exam_engine.psychometrics.irt.climb import LARGEST_LOGIT
from exam_engine.psychometrics.irt.families import Exponential, Family, Graded
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.layout import Layout
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.priors import GUESSING, SLIPPING
from exam_engine.psychometrics.irt.result import Calibration

STRETCH = np.sqrt(1.0 + 1.0 / 2.89)
"""From the logit of a proportion to an intercept, with slope 1 and variance 1 (1.7² = 2.89)."""


MOST_ROWS = 4000
"""So many rows of a block, evenly spread, tell its covariances well enough."""

SMALLEST_SLOPE, LARGEST_SLOPE = 0.3, 2.5
"""Slopes begin between these."""


def start_of(layout: Layout, blocks: Blocks, *, only_positive: bool = False) -> FloatArray:
    """Return slopes from the covariances of items and score, and the intercepts that give the proportions seen.

    Slopes begin at 1 where no dense block tells more, and for graded and nominal items. An item that clearly goes
    against the others begins with a negative slope: a prior of b divides the two sides, and the maximum is there.

    Parameters
    ----------
    only_positive : bool, default False
        Whether a prior keeps slopes above 0.
    """
    vector = np.zeros(layout.size)
    loading = _loadings(layout, blocks)
    for family, slots in zip(layout.families, layout.slots, strict=True):
        counts = blocks.answered[family.positions, : family.highest + 1] + 1e-9
        share = counts / counts.sum(axis=1, keepdims=True)
        vector[slots] = _start(family, share, loading[family.positions], only_positive)
    return vector


def _loadings(layout: Layout, blocks: Blocks) -> FloatArray:
    """Return the covariance of each item's score with ability, NaN where it is not known, shape (n_items,).

    With one factor the covariance of item i with the sum of the others is ``λ_i (Λ − λ_i)``, ``Λ = Σ λ_j``.
    """
    total, persons = np.zeros(layout.n_items), np.zeros(layout.n_items)
    for block in blocks:
        scores = layout.statistics.score[block.statistics], layout.columns.score[block.columns]
        if block.seen is not None or block.unit_score.any() or any(part.any() for part in scores):
            continue
        rows = slice(None, None, max(1, block.n_rows // MOST_ROWS))
        values = np.concatenate([block.y[rows], block.x[rows]], axis=1).astype(np.float64)
        items = np.concatenate([layout.statistics.item[block.statistics], layout.columns.item[block.columns]])
        share = block.count[rows] / block.count[rows].sum()
        values -= share @ values
        weighted = values * share[:, None]
        other = weighted.T @ values.sum(axis=1) - (weighted * values).sum(axis=0)
        one = np.zeros(items.size)
        for _ in range(5):
            whole = np.sqrt(max(float(other.sum() + one @ one), 1e-12))
            one = np.clip(other / np.maximum(whole - one, 0.5 * whole), -0.5 * whole, 0.5 * whole)
        weight = float(block.count.sum())
        total[items] += weight * one
        persons[items] += weight
    with np.errstate(invalid="ignore"):
        return total / persons


def _slope(loading: FloatArray, variance: FloatArray, only_positive: bool) -> FloatArray:
    """Return the slope ``λ / E[Var(x | theta)]`` (Stein's identity), the denominator about ``Var(x) − λ²``."""
    left = np.maximum(variance - loading**2, 0.1 * variance)
    slope = loading / np.maximum(left, 1e-9)
    side = np.where((slope < -SMALLEST_SLOPE) & (not only_positive), -1.0, 1.0)
    slope = side * np.clip(side * slope, SMALLEST_SLOPE, LARGEST_SLOPE)
    return np.where(np.isnan(slope), 1.0, slope)


def _start(family: Family, share: FloatArray, loading: FloatArray, only_positive: bool) -> FloatArray:
    m = family.highest
    if isinstance(family, Graded):
        above = np.cumsum(share[:, ::-1], axis=1)[:, m - 1 :: -1]
        return np.column_stack([np.ones(len(share)), logit(above) * STRETCH])
    if isinstance(family, Exponential):
        d = np.log(share[:, 1:] / share[:, :1])
        if family.model is Model.NOMINAL:
            return np.column_stack([np.tile(0.5 * np.arange(1, m + 1), (len(share), 1)), d * STRETCH])
        if not family.n_slopes:
            return np.asarray(d * STRETCH)
        score = np.arange(m + 1.0)
        a = _slope(loading, share @ score**2 - (share @ score) ** 2, only_positive)
        return np.column_stack([a, d * np.sqrt(1.0 + a**2 / 2.89)[:, None]])
    lower = expit(GUESSING.mean)
    upper = expit(SLIPPING.mean) if family.model is Model.FOUR_PL else 1.0
    inside = np.clip((share[:, 1] - lower) / (upper - lower), 0.03, 0.97)
    tail = [np.full(len(share), prior.mean) for prior in (GUESSING, SLIPPING)]
    a = _slope(loading / (upper - lower), inside * (1.0 - inside), only_positive)
    columns = [a, logit(inside) * np.sqrt(1.0 + a**2 / 2.89), *tail[: family.n_parameters - 2]]
    return np.column_stack(columns)


def vector_of(layout: Layout, items: Items, which: NDArray[np.bool_], vector: FloatArray) -> FloatArray:
    """Return the vector with the parameters of known items put in.

    Parameters
    ----------
    items : Items
        The known items, those of ``which`` in their order.
    which : ndarray of bool, shape (n_items,)
    vector : ndarray, shape (size,)
    """
    found = vector.copy()
    place = np.cumsum(which) - 1
    for family, slots in zip(layout.families, layout.slots, strict=True):
        own = which[family.positions]
        if own.any():
            found[slots[own]] = _known(family, items.take(place[family.positions[own]]))
    return found


def started_from(
    layout: Layout, former: Calibration, models: Sequence[Model], vector: FloatArray
) -> FloatArray:
    """Return the vector with what a former solution knows put in.

    Items under another model, or with another highest score, stay as they are; densities are taken over where the
    groups are as many.

    Raises
    ------
    ValueError
        If the former solution has another number of items.
    """
    items = former.items
    if len(items) != layout.n_items:
        raise ValueError(
            f"start must be a solution of the same items: it has {len(items)}, not {layout.n_items}"
        )
    means, variances = former.means, former.variances
    if set(items.models) == {Model.ONE_PL}:
        # Estimated as Rasch, with the slope as the standard deviation of the first group.
        slope = float(items.slopes[0, 0])
        items, means, variances = items.rescaled(slope, 0.0), means * slope, variances * slope**2
        items = replace(
            items, models=tuple(Model.RASCH if top == 1 else Model.PCM for top in items.highest.tolist())
        )
    tops = np.zeros(layout.n_items, dtype=np.intp)
    for family in layout.families:
        tops[family.positions] = family.highest
    same = np.array([mine is his for mine, his in zip(models, items.models, strict=True)])
    same &= tops == items.highest
    found = vector_of(layout, items.take(same), same, vector) if same.any() else vector.copy()
    if means.size == layout.n_groups:
        table = np.stack([means, np.log(variances)], axis=1)
        found[layout.densities] = np.where(layout.free[layout.densities], table, found[layout.densities])
    return found


def _known(family: Family, items: Items) -> FloatArray:
    if not np.all(items.highest == family.highest):
        raise ValueError("known items have other scores than the responses")
    m = family.highest
    slopes, intercepts = items.slopes[:, :m], items.intercepts[:, :m]
    if family.model is Model.NOMINAL:
        return np.concatenate([slopes, intercepts], axis=1)
    if isinstance(family, Exponential) and family.n_slopes == 0:
        if not np.allclose(slopes[:, 0], 1.0):
            raise ValueError("items of the Rasch family have slope 1")
        return intercepts
    parts = [slopes[:, :1], intercepts]
    if "logit_c" in family.names:
        parts.append(np.clip(logit(items.lower), -LARGEST_LOGIT, LARGEST_LOGIT)[:, None])
    if "logit_u" in family.names:
        parts.append(np.clip(logit(items.upper), -LARGEST_LOGIT, LARGEST_LOGIT)[:, None])
    return np.concatenate(parts, axis=1)
