"""Simulated answers of two groups, the first item harder for the second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def answers(
    *,
    seed: int,
    persons: int = 1000,
    items: int = 15,
    harder: float = 0.0,
    steeper: float = 1.0,
    impact: float = 0.0,
    highest: int = 1,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return responses and groups (0, 1); ``highest`` binary parts make an item of several scores."""
    rng = np.random.default_rng(seed)
    group = np.repeat([0, 1], [persons - persons // 2, persons // 2])
    theta = rng.normal(size=persons) - impact * group
    b = np.linspace(-1.5, 1.5, items)
    shift, slope = np.zeros((persons, items)), np.ones((persons, items))
    shift[:, 0] = harder * group
    slope[:, 0] = np.where(group == 1, steeper, 1.0)
    chance = 1 / (1 + np.exp(-slope * (theta[:, None] - b - shift)))
    return rng.binomial(highest, chance), group
