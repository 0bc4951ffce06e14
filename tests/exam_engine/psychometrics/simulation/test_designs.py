"""Booklets cover the items and link; routing follows ability."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.psychometrics.simulation.designs import (
    Design,
    assign_at_random,
    linked_booklets,
    missing_at_random,
    route,
)


@given(n_booklets=st.integers(2, 20), size=st.integers(2, 40), extra=st.integers(0, 60))
def test_booklets_hold_every_item_and_neighbours_share_some(n_booklets: int, size: int, extra: int) -> None:
    n_items = min(size + extra, size * n_booklets - n_booklets)

    if n_items < size:
        return
    table = linked_booklets(n_items, n_booklets=n_booklets, size=size)

    assert np.all(table.sum(axis=1) == size)
    assert table.any(axis=0).all()
    assert all((table[g] & table[g - 1]).any() for g in range(n_booklets))


def test_routing_follows_ability_but_for_its_error() -> None:
    table = linked_booklets(40, n_booklets=4, size=16)
    theta = np.random.default_rng(1).normal(size=4000)

    exact = route(theta, table, rng=np.random.default_rng(2), error=0.0)
    rough = route(theta, table, rng=np.random.default_rng(2), error=0.5)

    assert np.bincount(exact.booklet).tolist() == [1000] * 4
    assert np.all(np.diff(exact.booklet[np.argsort(theta)]) >= 0)
    assert 0.7 < np.corrcoef(rough.booklet, theta)[0, 1] < np.corrcoef(exact.booklet, theta)[0, 1]


def test_missing_at_random_has_its_share_and_leaves_nobody_empty() -> None:
    presented = missing_at_random(20_000, 3, share=0.7, rng=np.random.default_rng(1))

    # 0.7³ of the persons would see nothing and are given one item.
    assert presented.mean() == pytest.approx(0.3 + 0.7**3 / 3, abs=0.01)
    assert presented.any(axis=1).all()


def test_what_does_not_link_is_refused() -> None:
    rng = np.random.default_rng(1)

    with pytest.raises(ValueError, match="do not overlap"):
        linked_booklets(10, n_booklets=2, size=5)
    with pytest.raises(ValueError, match="single booklet"):
        linked_booklets(10, n_booklets=1, size=5)
    with pytest.raises(ValueError, match="between 1 and n_items"):
        linked_booklets(4, n_booklets=2, size=5)
    with pytest.raises(ValueError, match="at least one item"):
        Design(np.array([0]), np.array([[False]]))
    with pytest.raises(ValueError, match="numbered from 0 to 0"):
        Design(np.array([1]), np.array([[True]]))
    with pytest.raises(ValueError, match="at least 1"):
        assign_at_random(0, np.array([[True]]), rng=rng)
    with pytest.raises(ValueError, match="error"):
        route([0.0], np.array([[True]]), rng=rng, error=-1.0)
    with pytest.raises(ValueError, match="finite numbers"):
        route([np.nan], np.array([[True]]), rng=rng)
    with pytest.raises(ValueError, match="share"):
        missing_at_random(1, 1, share=1.0, rng=rng)
