"""Pools refuse what does not fit their items."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.adaptive.pool import Curves, Pool
from tests.exam_engine.psychometrics.adaptive.pools import mixed_items


def test_curves_are_those_of_the_items() -> None:
    items, nodes = mixed_items(), np.linspace(-3, 3, 7)
    curves = Curves(Pool.of(items), nodes)

    chance = items.probability(nodes)

    rows = curves.log_chance.reshape(len(items), curves.n_scores, 7)
    possible = chance > 0
    assert rows.transpose(2, 0, 1)[possible] == pytest.approx(np.log(chance[possible]))
    points = curves.log_chance_at((0.5,)).reshape(len(items), curves.n_scores)
    assert np.exp(points) == pytest.approx(items.probability(0.5)[0])


def test_what_does_not_fit_is_refused() -> None:
    items = mixed_items()

    with pytest.raises(ValueError, match="area"):
        Pool.of(items, area=[0])
    with pytest.raises(ValueError, match="area"):
        Pool.of(items, area=np.full(12, -1))
    with pytest.raises(ValueError, match="belong together"):
        Pool.of(items, time_intensity=np.zeros(12))
    with pytest.raises(ValueError, match="must be positive"):
        Pool.of(items, time_intensity=np.zeros(12), time_discrimination=np.zeros(12))
    with pytest.raises(ValueError, match="12 finite numbers"):
        Pool.of(items, time_intensity=[0.0], time_discrimination=[1.0])
    with pytest.raises(ValueError, match="enemies"):
        Pool.of(items, enemies=[(0, 12)])
    with pytest.raises(ValueError, match="enemies"):
        Pool.of(items, enemies=[(0,)])
