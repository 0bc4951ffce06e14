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


def start_of(layout: Layout, blocks: Blocks) -> FloatArray:
    """Return slopes of 1 and the intercepts that give the proportions seen."""
    vector = np.zeros(layout.size)
    for family, slots in zip(layout.families, layout.slots, strict=True):
        counts = blocks.answered[family.positions, : family.highest + 1] + 1e-9
        vector[slots] = _start(family, counts / counts.sum(axis=1, keepdims=True))
    return vector


def _start(family: Family, share: FloatArray) -> FloatArray:
    m = family.highest
    if isinstance(family, Graded):
        above = np.cumsum(share[:, ::-1], axis=1)[:, m - 1 :: -1]
        return np.column_stack([np.ones(len(share)), logit(above) * STRETCH])
    if isinstance(family, Exponential):
        d = np.log(share[:, 1:] / share[:, :1]) * STRETCH
        if family.model is Model.NOMINAL:
            return np.column_stack([np.tile(0.5 * np.arange(1, m + 1), (len(share), 1)), d])
        return np.column_stack([np.ones((len(share), family.n_slopes)), d])
    lower = expit(GUESSING.mean)
    upper = expit(SLIPPING.mean) if family.model is Model.FOUR_PL else 1.0
    inside = np.clip((share[:, 1] - lower) / (upper - lower), 0.03, 0.97)
    tail = [np.full(len(share), prior.mean) for prior in (GUESSING, SLIPPING)]
    columns = [np.ones(len(share)), logit(inside) * STRETCH, *tail[: family.n_parameters - 2]]
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
