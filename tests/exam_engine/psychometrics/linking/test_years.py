"""Chains whose links share calibrations."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.linking.calibrated import Anchors
from exam_engine.psychometrics.linking.link import Linker, Method
from exam_engine.psychometrics.linking.years import Common, draw_years

VARIANCE = 0.01
ALL = Common.of(range(6), range(6))
MEAN = Linker(Method.MEAN)


def year(shift: float = 0.0) -> Anchors:
    items = Items.dichotomous(np.ones(6), np.linspace(-1, 1, 6) + shift)
    return Anchors(items, np.diag(np.tile([0.0, VARIANCE], 6)))


def test_an_item_common_to_three_years_cancels_in_the_middle() -> None:
    """Rasch, the same six anchors throughout: the middle year's errors leave the chain again."""
    found = draw_years(
        [year(0.3), year(0.1), year(0.0)],
        [ALL, ALL],
        rng=np.random.default_rng(1),
        direct=ALL,
        replications=400,
        linker=MEAN,
    )

    assert [each.shift for each in found.chain.cumulative] == pytest.approx([-0.2, -0.3])
    # Newest and oldest year only, not four calibrations: 400 replications, 3.5 %; four of them.
    assert found.chain.total.shift_error == pytest.approx(np.sqrt(2 * VARIANCE / 6), rel=0.14)
    drift = found.drift([-1.0, 0.0, 1.0])
    assert drift.difference == pytest.approx(np.zeros(3), abs=1e-12)
    assert np.all(drift.standard_error < 1e-9)


def test_links_through_other_items_add_their_errors() -> None:
    first, last = Common.of([0, 1, 2], [0, 1, 2]), Common.of([3, 4, 5], [3, 4, 5])

    found = draw_years(
        [year(), year(), year()],
        [first, last],
        rng=np.random.default_rng(1),
        direct=Common.of([0, 1], [0, 1]),
        replications=400,
        linker=MEAN,
    )

    assert found.chain.total.shift_error == pytest.approx(np.sqrt(4 * VARIANCE / 3), rel=0.14)
    assert found.direct is not None
    assert found.direct.shift_error == pytest.approx(np.sqrt(2 * VARIANCE / 2), rel=0.14)
    # Squared shares of each item's difficulty in the difference: of the newest, the middle and the oldest year.
    newest = 2 * (1 / 2 - 1 / 3) ** 2 + (1 / 3) ** 2
    middle, oldest = 6 * (1 / 3) ** 2, 3 * (1 / 3) ** 2 + 2 * (1 / 2) ** 2
    expected = np.sqrt(VARIANCE * (newest + middle + oldest))
    drift = found.drift([0.0])
    assert drift.standard_error[0] == pytest.approx(expected, rel=0.14)
    assert drift.p_value == pytest.approx([1.0])


def test_curves_link_years_too() -> None:
    found = draw_years([year(0.5), year()], [ALL], rng=np.random.default_rng(3), replications=20)

    assert found.chain.total.shift == pytest.approx(-0.5)
    assert found.chain.total.has_errors
    with pytest.raises(ValueError, match="no direct link"):
        found.drift([0.0])


def test_years_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="neighbouring pair"):
        draw_years([year(), year()], [], rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match="pairs of positions"):
        Common.of([1, 2], [1])
