"""Content rules keep their shares and bounds."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.adaptive.content import Content, Priorities, RandomShares, TargetShares
from exam_engine.psychometrics.adaptive.design import AdaptiveDesign, Stopping
from exam_engine.psychometrics.adaptive.estimation import Prior
from exam_engine.psychometrics.adaptive.pool import Pool
from exam_engine.psychometrics.adaptive.selection import MatchDifficulty
from exam_engine.psychometrics.adaptive.simulate import simulate_adaptive
from exam_engine.psychometrics.adaptive.study import usage
from tests.exam_engine.psychometrics.adaptive.pools import pool_2pl

SHARES = (0.5, 0.3, 0.2)


def run_with(content: Content, *, pool: Pool | None = None, longest: int = 20):
    design = AdaptiveDesign(pool or pool_2pl(120, n_areas=3), Stopping(longest), content=content)
    rng = np.random.default_rng(1)
    run = simulate_adaptive(design, rng.standard_normal(80), rng=rng)
    return design, run


@pytest.mark.parametrize("rule", [TargetShares(SHARES), RandomShares(SHARES)])
def test_shares_are_kept_by_everybody(rule: Content) -> None:
    design, run = run_with(rule)

    used = usage(design, run)

    assert used.mean_of_area == pytest.approx([10, 6, 4])
    assert np.array_equal(used.fewest_of_area, used.most_of_area)


def test_the_lagging_area_comes_next_and_the_random_one_cannot_be_foreseen() -> None:
    design, fixed = run_with(TargetShares(SHARES))
    _, drawn = run_with(RandomShares(SHARES))

    areas = design.pool.area[fixed.items]
    assert np.all(areas == areas[0])
    first = np.bincount(design.pool.area[drawn.items[:, 0]], minlength=3) / 80
    assert first == pytest.approx(SHARES, abs=0.17)


def test_bounds_are_kept_by_everybody() -> None:
    design, run = run_with(Priorities((6, 4, 2), (12, 8, 4)))

    used = usage(design, run)

    assert np.all(used.fewest_of_area >= [6, 4, 2])
    assert np.all(used.most_of_area <= [12, 8, 4])


def test_an_area_that_runs_out_is_passed_over() -> None:
    pool = Pool.of(pool_2pl(30).items, area=[0] * 4 + [1] * 26)
    design, run = run_with(TargetShares((0.4, 0.6)), pool=pool, longest=10)
    assert usage(design, run).mean_of_area == pytest.approx([4, 6])

    tight = Pool.of(pool.items, area=pool.area, enemies=[(0, 1, 2, 3)])
    design, run = run_with(RandomShares((0.4, 0.6)), pool=tight, longest=10)
    assert usage(design, run).mean_of_area == pytest.approx([1, 9])


def test_what_cannot_be_kept_is_refused() -> None:
    pool = pool_2pl(12, n_areas=3)

    with pytest.raises(ValueError, match="3 numbers, one an area"):
        TargetShares((0.5, 0.5)).check(pool, 6)
    with pytest.raises(ValueError, match="sum to 1"):
        RandomShares((0.5, 0.5, 0.5)).check(pool, 6)
    with pytest.raises(ValueError, match=r"fewer items than their share of 12: \[0\]"):
        TargetShares((0.6, 0.2, 0.2)).check(pool, 12)
    with pytest.raises(ValueError, match="bounds allow 3 to 6 items, the longest test has 7"):
        Priorities((1, 1, 1), (2, 2, 2)).check(pool, 7)
    with pytest.raises(ValueError, match="0 <= lower <= upper"):
        Priorities((3, 1, 1), (2, 2, 2)).check(pool, 6)
    with pytest.raises(ValueError, match="fewer items than their lower bound"):
        Priorities((5, 0, 0), (9, 9, 9)).check(pool, 6)
    with pytest.raises(ValueError, match="lower and upper must hold 3"):
        Priorities((1, 1), (2, 2)).check(pool, 4)
    with pytest.raises(ValueError, match="priorities multiply an information"):
        AdaptiveDesign(
            pool,
            Stopping(5),
            selection=MatchDifficulty(),
            prior=Prior(),
            content=Priorities((1, 1, 1), (4, 4, 4)),
        )
