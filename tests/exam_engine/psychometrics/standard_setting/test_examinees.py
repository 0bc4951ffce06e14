"""Borderline and contrasting groups, bodies of work."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from exam_engine.psychometrics.standard_setting.body_of_work import body_of_work
from exam_engine.psychometrics.standard_setting.examinees import (
    borderline_group,
    contrasting_groups,
    distribution_crossing,
    misclassified,
)
from exam_engine.psychometrics.standard_setting.panel import Warn


def judged(seed: int, n: int = 400) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return scores and judgements that turn at 60."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(62, 10, n).round()
    return scores, rng.random(n) < 1 / (1 + np.exp(-0.25 * (scores - 60)))


def test_the_error_of_the_borderline_median_is_its_spread_over_samples() -> None:
    rng = np.random.default_rng(1)
    found = [borderline_group(rng.normal(60, 6, 41)) for _ in range(600)]

    spread = np.std([one.cut for one in found])
    assert np.mean([one.standard_error for one in found]) == pytest.approx(spread, rel=0.1)
    assert found[0].warnings == ()


def test_few_borderline_persons_are_warned_of() -> None:
    assert borderline_group([55, 60, 61]).warnings == (Warn.FEW_PERSONS,)
    assert borderline_group([55]).warnings == (Warn.FEW_PERSONS, Warn.NO_ERROR)
    with pytest.raises(ValueError, match="one person"):
        borderline_group([])


def test_logistic_cuts_are_where_judgements_turn_and_their_error_is_their_spread() -> None:
    found = [contrasting_groups(*judged(seed)) for seed in range(100)]
    cuts = np.array([one.cut for one in found])

    assert cuts.mean() == pytest.approx(60, abs=0.3)
    assert np.mean([one.standard_error for one in found]) == pytest.approx(cuts.std(), rel=0.2)


def test_passing_the_incompetent_may_weigh_more() -> None:
    scores, competent = judged(3)

    strict, even = (
        contrasting_groups(scores, competent, cost_of_passing=3.0),
        contrasting_groups(scores, competent),
    )

    assert strict.cut == pytest.approx(even.cut + np.log(3) / even.slope)


def test_groups_that_do_not_overlap_have_an_interval_not_a_regression() -> None:
    found = contrasting_groups([40, 45, 60, 70], [0, 0, 1, 1])

    assert found.cut == 52.5
    assert found.interval == (45.0, 60.0)
    assert Warn.SEPARATED in found.warnings
    assert np.isnan(found.slope)


def test_groups_the_wrong_way_round_have_no_cut() -> None:
    scores, competent = judged(4)

    for found in (
        contrasting_groups(scores, ~competent),
        contrasting_groups(np.full(10, 50), np.arange(10) % 2),
    ):
        assert Warn.REVERSED in found.warnings
        assert np.isnan(found.cut)
    assert Warn.REVERSED in distribution_crossing(scores, ~competent).warnings


def test_normal_curves_cross_where_the_densities_are_alike() -> None:
    scores, competent = judged(5)
    low, high = scores[~competent], scores[competent]

    found = distribution_crossing(scores, competent)
    by_size = distribution_crossing(scores, competent, by_size=True)

    density = [norm.pdf(found.cut, group.mean(), group.std(ddof=1)) for group in (low, high)]
    assert density[0] == pytest.approx(density[1], rel=1e-5)
    density = [len(g) * norm.pdf(by_size.cut, g.mean(), g.std(ddof=1)) for g in (low, high)]
    assert density[0] == pytest.approx(density[1], rel=1e-5)
    assert by_size.cut < found.cut  # more are competent
    assert found.crossings.size == 1


def test_kernels_cross_near_the_normal_curves() -> None:
    scores, competent = judged(6, n=3000)

    normal = distribution_crossing(scores, competent)
    kernel = distribution_crossing(scores, competent, smoothing="kernel")

    assert kernel.cut == pytest.approx(normal.cut, abs=2.0)


def test_a_curve_that_is_covered_by_the_other_does_not_cross() -> None:
    rng = np.random.default_rng(7)
    scores = np.r_[rng.normal(60, 10, 40), rng.normal(61, 10, 4000)]

    found = distribution_crossing(scores, np.arange(4040) >= 40, by_size=True)

    assert found.warnings == (Warn.NO_CROSSING,)
    assert np.isnan(found.cut)


def test_misclassifications_are_those_of_a_loop() -> None:
    scores, competent = judged(8, n=60)

    found = misclassified(scores, competent, cost_of_passing=2.0)

    for cut, passed, failed in zip(found.cuts, found.passed_others, found.failed_competent, strict=True):
        assert passed == sum(s >= cut and not c for s, c in zip(scores, competent, strict=True))
        assert failed == sum(s < cut and c for s, c in zip(scores, competent, strict=True))
    np.testing.assert_allclose(found.loss, 2 * found.passed_others + found.failed_competent)
    assert (
        found.loss.min() == found.loss[np.argmin(np.abs(found.cuts - found.best))]
        or found.best not in found.cuts
    )


@pytest.mark.parametrize("method", [contrasting_groups, misclassified])
def test_one_group_alone_is_refused(method: type) -> None:
    with pytest.raises(ValueError, match="persons who are not"):
        method([50, 60], [1, 1])  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="true or false"):
        method([50, 60], [1, 2])  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="cost"):
        method([50, 60], [0, 1], cost_of_passing=0.0)  # type: ignore[call-arg]


def test_levels_of_work_have_rising_cuts() -> None:
    rng = np.random.default_rng(9)
    scores = rng.uniform(0, 100, 60)
    severity = rng.normal(0, 4, (12, 1))
    levels = np.digitize(scores + severity + rng.normal(0, 8, (12, 60)), [40, 70]).astype(float)
    levels[0, 0] = np.nan

    found = body_of_work(scores, levels, n_levels=3)

    np.testing.assert_allclose(found.cuts, [40, 70], atol=4)
    assert np.all((found.standard_error > 0.3) & (found.standard_error < 3))
    assert found.warnings == ()


def test_works_that_fit_no_level_are_refused() -> None:
    with pytest.raises(ValueError, match="whole numbers from 0 to 1"):
        body_of_work([40, 50], [[0, 2]], n_levels=2)
    with pytest.raises(ValueError, match="judges × works"):
        body_of_work([40], [[0, 1]], n_levels=2)


def test_a_cut_beyond_all_scores_is_said_to_be() -> None:
    scores, competent = judged(10)

    found = contrasting_groups(scores, competent, cost_of_passing=1e6)

    assert found.cut > scores.max()
    assert Warn.OUT_OF_RANGE in found.warnings
    assert Warn.OUT_OF_RANGE not in contrasting_groups(scores, competent).warnings
