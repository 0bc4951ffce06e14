"""Where to look for an ability: nodes that see every peak, and a climb inside a bracket. Pure arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

THETA_LIMIT = 20.0
"""Abilities are searched at least within this many logits of 0."""

STEP_TOLERANCE = 1e-10

MAX_STEPS = 400
"""More than halving the widest bracket down to the tolerance can take."""

STRIDE = 0.4
"""Nodes of the search lie this many standard errors apart: no peak of a likelihood is narrower."""

STEEP = 4.0
"""Slopes above this get points of their own around their steps before the nodes are laid out."""


def limit_of(items: Items) -> float:
    """Return how far from 0 abilities are searched: beyond every step by 20 units of the flattest item."""
    slope = np.abs(items.slopes[:, 0])
    flattest = float(slope[slope > 0].min(initial=1.0))
    furthest = float(np.abs(_places(items)).max(initial=0.0))
    return max(THETA_LIMIT, furthest + THETA_LIMIT / flattest)


def search_nodes(items: Items, *, longest: int) -> FloatArray:
    """Return nodes between ``-limit`` and ``limit``, dense where the likelihood can bend.

    Parameters
    ----------
    items : Items
    longest : int
        How many of them a person saw at most.
    """
    limit = limit_of(items)
    reach = np.arcsinh(limit)
    probe = np.sinh(np.linspace(-reach, reach, 401))
    steep = np.nanmax(np.abs(items.slopes), axis=1) > STEEP
    if steep.any():
        sharp = items.take(steep)
        slope = np.nanmax(np.abs(sharp.slopes), axis=1)[:, None, None]
        offsets = np.array([-16, -8, -4, -2, -1, -0.5, 0, 0.5, 1, 2, 4, 8, 16])
        around = (_places(sharp)[:, :, None] + offsets / slope).reshape(-1)
        probe = np.unique(np.append(probe, around[np.abs(around) < limit]))
    # A lower asymptote hides how sharply a likelihood can bend below the difficulty: look without it.
    open_items = replace(items, lower=np.zeros(len(items)), upper=np.ones(len(items)))
    information = open_items.information(probe)
    if longest < len(items):
        information = -np.partition(-information, longest - 1, axis=1)[:, :longest]
    density = np.sqrt(information.sum(axis=1)) / STRIDE + 32.0 / (reach * np.hypot(1.0, probe))
    steps = np.diff(probe) * 0.5 * (density[1:] + density[:-1])
    passed = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0.0, passed[-1], int(np.ceil(passed[-1])) + 1)
    return np.asarray(np.interp(wanted, passed, probe), dtype=np.float64)


def _places(items: Items) -> FloatArray:
    """Return where the scores of each item change, shape (n_items, highest), 0 beyond an item's highest."""
    own = items.intercepts / np.where(items.slopes == 0.0, np.nan, -items.slopes)
    return np.nan_to_num(np.where(items.is_nominal[:, None], own, items.steps))


Slope = Callable[[NDArray[np.intp], FloatArray], tuple[FloatArray, FloatArray]]
"""From rows and their abilities to the slope to be brought to 0 and its rate of falling."""


def climb(
    slope: Slope, low: FloatArray, start: FloatArray, high: FloatArray
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Find where the slope falls through zero, for all rows at once, between ``low`` and ``high``.

    Newton's steps inside a shrinking bracket; a step that is not at most half the one before is replaced by
    halving the bracket, because steps alone may swing from side to side for ever. Rows that have settled are
    not looked at again.

    Returns
    -------
    theta : ndarray, shape (n,)
    settled : ndarray of bool, shape (n,)
        Whether the last step was below the tolerance.
    """
    theta, low, high = start.copy(), low.copy(), high.copy()
    last = high - low
    open_rows = np.arange(theta.size)
    for _ in range(MAX_STEPS):
        at, bottom, top = theta[open_rows], low[open_rows], high[open_rows]
        value, rate = slope(open_rows, at)
        bottom, top = np.where(value > 0, at, bottom), np.where(value < 0, at, top)
        step = value / np.maximum(rate, 1e-300)
        moved = at + step
        settled = np.abs(step) <= STEP_TOLERANCE
        swift = (bottom < moved) & (moved < top) & (np.abs(step) <= 0.5 * np.abs(last[open_rows]))
        moved = np.where(settled | swift, moved, 0.5 * (bottom + top))
        moved = np.clip(moved, bottom, top)
        settled |= np.abs(moved - at) <= STEP_TOLERANCE
        theta[open_rows], low[open_rows], high[open_rows] = moved, bottom, top
        last[open_rows] = moved - at
        open_rows = open_rows[~settled]
        if not open_rows.size:
            break
    done = np.ones(theta.size, dtype=np.bool_)
    done[open_rows] = False
    return theta, done
