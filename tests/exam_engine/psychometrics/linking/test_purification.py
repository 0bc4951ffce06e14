"""Anchors that drift, and the links made without them."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.linking.curves import Grid
from exam_engine.psychometrics.linking.drift import AREA_LIMIT, Criterion, anchor_drift
from exam_engine.psychometrics.linking.link import Linker, Method
from exam_engine.psychometrics.linking.purification import Reason, Rule, purify
from exam_engine.psychometrics.linking.transformation import Transformation

B = np.linspace(-1.5, 1.5, 12)
DISPLACED = Rule(((Criterion.DISPLACEMENT, 0.3),))


def pair(changes: dict[int, float], noise: float = 0.05, seed: int = 1) -> tuple[Items, Items]:
    """Return anchors whose new difficulties are noisy, shifted by −0.4, and changed where named."""
    rng = np.random.default_rng(seed)
    new = B + 0.4 + rng.normal(0, noise, B.size)
    for at, change in changes.items():
        new[at] += change
    return Items.dichotomous(np.ones(B.size), new), Items.dichotomous(np.ones(B.size), B)


def test_robust_z_is_median_and_interquartile_range() -> None:
    new, old = pair({})
    distance = new.b - old.b
    low, high = np.quantile(distance, [0.25, 0.75])

    found = anchor_drift(new, old, Transformation.identity())

    assert found.robust_z_b == pytest.approx((distance - np.median(distance)) / (0.74 * (high - low)))
    assert np.isnan(found.robust_z_a).all()
    assert found.has_spread


def test_the_area_is_the_weighted_squared_difference() -> None:
    old = Items.concatenate([Items.dichotomous([1.0], [0.0]), Items.graded([1.0], [[-0.5, 0.5]])])
    new = old.rescaled(1.0, 0.3)
    grid = Grid.of([-1.0, 0.0, 1.0], [1.0, 2.0, 1.0])
    expected = []
    for at in range(2):
        gap = new.take([at]).expected_score(grid.nodes) - old.take([at]).expected_score(grid.nodes)
        expected.append(float(np.sum([0.25, 0.5, 0.25] * (gap[:, 0] / old.highest[at]) ** 2)))

    found = anchor_drift(new, old, Transformation.identity(), grid=grid)

    assert found.area == pytest.approx(expected)
    assert np.all(found.area < AREA_LIMIT)
    assert found.displacement == pytest.approx([0.3, 0.3])


@pytest.mark.parametrize("criterion", list(Criterion))
def test_drifted_anchors_are_dropped_and_the_link_comes_right(criterion: Criterion) -> None:
    new, old = pair({3: 1.0, 8: 1.2})
    limit = {Criterion.ROBUST_Z: 3.5, Criterion.DISPLACEMENT: 0.3, Criterion.AREA: 0.0144}[criterion]

    found = purify(new, old, rule=Rule(((criterion, limit),)), linker=Linker(Method.MEAN))

    assert np.flatnonzero(~found.kept).tolist() == [3, 8]
    assert found.verdicts[8].step == 1
    assert found.verdicts[3].step == 2
    assert {found.verdicts[at].reason for at in (3, 8)} == {Reason.DRIFTED}
    assert found.path[0].shift == pytest.approx(-0.58, abs=0.05)
    assert found.link.transformation.shift == pytest.approx(-0.4, abs=0.05)
    assert found.link.n_anchors == 10
    assert found.path[-1].shift == pytest.approx(found.link.transformation.shift)


def test_criteria_count_together_or_each_alone() -> None:
    new, old = pair({3: 0.2}, noise=0.02)

    both = purify(new, old, linker=Linker(Method.MEAN))
    either = purify(new, old, rule=Rule(together=False), linker=Linker(Method.MEAN))

    assert both.kept.all()
    assert both.verdicts[3].reason is Reason.STABLE
    assert both.verdicts[3].criterion is Criterion.DISPLACEMENT
    assert not either.kept[3]


def test_no_more_than_the_minimum_are_dropped() -> None:
    new, old = pair({0: 1.0, 3: 1.1, 6: 1.2, 9: 1.3})

    found = purify(new, old, rule=Rule(DISPLACED.limits, minimum=10), linker=Linker(Method.MEAN))

    assert found.kept.sum() == 10
    reasons = [verdict.reason for verdict in found.verdicts]
    assert reasons.count(Reason.DRIFTED) == 2
    assert reasons[0] is Reason.NEEDED_FOR_NUMBER
    assert found.verdicts[0].excess > 1


def test_a_content_group_keeps_its_share() -> None:
    new, old = pair({3: 1.0, 8: 1.2})
    groups = ["law" if at in (3, 8) else "trade" for at in range(12)]

    found = purify(new, old, rule=DISPLACED, linker=Linker(Method.MEAN), groups=groups)

    assert np.flatnonzero(~found.kept).tolist() == [8]
    assert found.verdicts[3].reason is Reason.NEEDED_FOR_CONTENT


def test_what_no_criterion_can_judge_is_kept_and_said() -> None:
    dichotomous, old = pair({})
    nominal = Items.nominal([[1.0]], [[0.0]])

    found = purify(
        Items.concatenate([dichotomous, nominal]),
        Items.concatenate([old, nominal]),
        rule=DISPLACED,
        linker=Linker(Method.MEAN),
    )

    assert found.verdicts[-1].reason is Reason.CANNOT_BE_JUDGED
    assert np.isnan(found.verdicts[-1].excess)


def test_errors_of_the_final_link_come_from_the_anchors_kept() -> None:
    new, old = pair({3: 1.0})
    noise = np.diag(np.tile([0.0, 0.01], 12))

    found = purify(
        new, old, rule=DISPLACED, linker=Linker(Method.MEAN), covariance_new=noise, covariance_old=noise
    )

    assert found.kept.sum() == 11
    assert found.link.transformation.shift_error == pytest.approx(np.sqrt(2 * 0.01 / 11), rel=1e-6)


def test_without_drift_the_robust_z_flags_about_one_anchor_in_ten() -> None:
    rng = np.random.default_rng(4)
    flagged = 0
    for _ in range(200):
        old = Items.dichotomous(np.ones(30), np.linspace(-2, 2, 30))
        new = Items.dichotomous(np.ones(30), old.b + rng.normal(0, 0.1, 30))
        drift = anchor_drift(new, old, Transformation.identity())
        flagged += int((drift.strength(Criterion.ROBUST_Z) > 1.645).sum())

    # 6,000 anchors: Monte Carlo error 0.4 %. With 30 anchors the median and range are themselves uncertain.
    assert 0.09 < flagged / 6000 < 0.14


def test_rules_and_groups_that_make_no_sense_are_refused() -> None:
    new, old = pair({})

    with pytest.raises(ValueError, match="positive limit"):
        Rule(())
    with pytest.raises(ValueError, match="at least 1"):
        Rule(minimum=0)
    with pytest.raises(ValueError, match="one entry an anchor"):
        purify(new, old, groups=["a"])
