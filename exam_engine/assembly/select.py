"""Which items of a pool a filter means."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from exam_engine.assembly.pool import Pool
from exam_engine.assembly.rows import BoolArray, IntArray
from exam_engine.assembly.where import Among, Is, Where


def select(pool: Pool, where: Where) -> BoolArray:
    """Return which items fulfil all conditions, shape (n_items,).

    Raises
    ------
    ValueError
        If the pool lacks an attribute or an item.

    Examples
    --------
    >>> pool = Pool(ids=["i", "j"], categorical={"type": ["single", "multiple"]})
    >>> select(pool, (Is("type", "single"),))
    array([ True, False])
    """
    mask = np.ones(pool.size, dtype=bool)
    for condition in where:
        if isinstance(condition, Is):
            mask &= np.isin(pool.texts(condition.attribute), condition.values)
        elif isinstance(condition, Among):
            among = np.zeros(pool.size, dtype=bool)
            among[positions(pool, condition.ids)] = True
            mask &= among
        else:
            values = pool.numbers(condition.attribute)
            mask &= (values >= condition.low) & (values <= condition.high)
    return mask


def positions(pool: Pool, ids: Iterable[str]) -> IntArray:
    """Return where items stand in the pool; ValueError for one that it lacks."""
    for name in ids:
        if name not in pool.positions:
            raise ValueError(f"item {name!r} is not in the pool")
    return np.array([pool.positions[name] for name in ids], dtype=np.int64)
