"""Purification settles, stops, and finds its way out of circles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.dif.outcome import Warn
from exam_engine.psychometrics.dif.purification import purified

ALL = np.ones(8, dtype=np.bool_)


def flags(*positions: int) -> NDArray[np.bool_]:
    return np.isin(np.arange(8), positions)


def test_nothing_flagged_is_settled_at_once() -> None:
    result, path = purified(lambda anchor: ("clean", flags()), ALL, max_rounds=10)

    assert (result, path.rounds, path.warnings) == ("clean", 0, ())


def test_flags_that_stay_settle() -> None:
    _, path = purified(lambda anchor: (0, flags(0) if anchor.all() else flags(0, 1)), ALL, max_rounds=10)

    assert path.rounds == 2
    np.testing.assert_array_equal(path.anchor, ~flags(0, 1))
    assert path.warnings == ()


def test_a_circle_ends_without_any_item_of_it() -> None:
    def study(anchor: NDArray[np.bool_]) -> tuple[int, NDArray[np.bool_]]:
        return int(anchor.sum()), flags(1) if not anchor[0] else flags(0)

    result, path = purified(study, ALL, max_rounds=10)

    assert path.warnings == (Warn.PURIFICATION_CYCLE,)
    np.testing.assert_array_equal(path.anchor, ~flags(0, 1))
    assert result == 6


def test_the_last_round_is_said_to_be_the_last() -> None:
    def study(anchor: NDArray[np.bool_]) -> tuple[int, NDArray[np.bool_]]:
        return 0, flags(*range(8 - int(anchor.sum()) + 1))

    _, path = purified(study, ALL, max_rounds=2)

    assert path.warnings == (Warn.PURIFICATION_LIMIT,)
    assert path.rounds == 2


def test_four_items_are_kept() -> None:
    _, path = purified(lambda anchor: (0, flags(0, 1, 2, 3, 4)), ALL, max_rounds=10)

    assert path.warnings == (Warn.FEW_ANCHORS,)
    assert path.anchor.all()


def test_an_anchor_of_the_fewer_items_is_warned_of() -> None:
    many = np.arange(12) < 7

    _, path = purified(lambda anchor: (0, many), np.ones(12, dtype=np.bool_), max_rounds=10)

    assert path.warnings == (Warn.FEW_ANCHORS,)
    np.testing.assert_array_equal(path.anchor, ~many)
