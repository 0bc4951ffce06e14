"""Several exchanges at once that keep every rule."""

from __future__ import annotations

import numpy as np

from exam_engine.assembly.mend import Table, excess, mend

ITEMS, FORMS, LENGTH = 40, 3, 12
ENOUGH = 0.001


def make_table(seed: int) -> Table:
    """Three forms of 12 from 40 items that keep counts of four kinds exactly, and one worth nearly exactly."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(4, size=ITEMS) == np.arange(4)[:, None]
    worth = rng.uniform(1, 2, (ITEMS, 1))
    values = np.hstack([kinds.T, worth]).astype(np.float64)
    at = np.repeat(np.arange(FORMS + 1), [LENGTH] * FORMS + [ITEMS - FORMS * LENGTH])
    sums = np.stack([values[at == f].sum(axis=0) for f in range(FORMS)])
    slack = np.array([0, 0, 0, 0, 0.2])
    pulls = rng.uniform(0.5, 1.5, (ITEMS, 2)) / LENGTH
    goals = np.tile(pulls.mean(axis=0) * LENGTH, (FORMS, 1))
    allowed = np.ones((FORMS + 1, ITEMS), dtype=bool)
    return Table(at, values, sums - slack, sums + slack, pulls, goals, allowed)


def test_exchanges_keep_every_row_and_bring_forms_nearer() -> None:
    table, rng = make_table(1), np.random.default_rng(1)
    off = [float(excess(table.off().ravel(), ENOUGH))]
    while mend(table, ENOUGH, rng):
        off.append(float(excess(table.off().ravel(), ENOUGH)))

        assert table.keeps()
        assert np.bincount(table.at).tolist() == [LENGTH] * FORMS + [ITEMS - FORMS * LENGTH]
        assert off[-1] < off[-2]
    assert off[0] > 0.1 > 10 * off[-1]


def test_items_stay_where_others_are_not_allowed() -> None:
    table = make_table(2)
    table.allowed[:] = table.at == np.arange(FORMS + 1)[:, None]

    assert not mend(table, ENOUGH, np.random.default_rng(2))


def test_forms_that_are_near_enough_are_left() -> None:
    table = make_table(3)

    assert not mend(table, 1.0, np.random.default_rng(3))
