"""Small pools for the tests of adaptive testing."""

from __future__ import annotations

import numpy as np

from exam_engine.psychometrics.adaptive.pool import Pool
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.simulation.parameters import draw_items


def mixed_items(seed: int = 1) -> Items:
    """Return twelve items of six models."""
    rng = np.random.default_rng(seed)
    kinds = ("2pl", "3pl", "4pl", "gpcm", "graded", "nominal")
    return Items.concatenate([draw_items(2, model=kind, rng=rng, n_categories=3) for kind in kinds])


def pool_2pl(n_items: int = 60, *, n_areas: int = 1, seed: int = 1) -> Pool:
    """Return items of the 2PL, areas in turn."""
    items = draw_items(n_items, model="2pl", rng=np.random.default_rng(seed))
    return Pool.of(items, area=np.arange(n_items) % n_areas)
