"""Simulation studies: figures against loops, and estimates that are as good as they say."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from exam_engine.psychometrics.adaptive.design import AdaptiveDesign, Stopping
from exam_engine.psychometrics.adaptive.estimation import Estimator
from exam_engine.psychometrics.adaptive.pool import Pool
from exam_engine.psychometrics.adaptive.selection import AtRandom, MaximumInformation, WeightedInformation
from exam_engine.psychometrics.adaptive.simulate import SimulationCancelled, simulate_adaptive
from exam_engine.psychometrics.adaptive.stopping import Interval, Reason, StandardErrorBelow
from exam_engine.psychometrics.adaptive.study import StudyWarning, study
from exam_engine.psychometrics.simulation.parameters import draw_items
from tests.exam_engine.psychometrics.adaptive.pools import pool_2pl

THETA = np.random.default_rng(7).standard_normal(1500)


def test_eaps_of_a_population_that_follows_the_prior_are_calibrated() -> None:
    rng = np.random.default_rng(1)
    design = AdaptiveDesign(pool_2pl(200), Stopping(15))

    report = study(design, simulate_adaptive(design, THETA, rng=rng))

    overall = report.overall
    assert abs(overall.bias) < 4 * overall.bias_error
    assert overall.mean_se == pytest.approx(overall.rmse, abs=4 * overall.rmse_error)
    assert overall.coverage == pytest.approx(0.95, abs=4 * overall.coverage_error)
    assert sum(band.n_persons for band in report.bands) == 1500
    # Shrinkage: the able are underestimated, the weak overestimated.
    assert report.bands[0].bias > 0 > report.bands[-1].bias
    assert report.warnings == ()


def test_weighted_likelihood_has_little_bias_at_each_ability() -> None:
    rng = np.random.default_rng(1)
    design = AdaptiveDesign(pool_2pl(300), Stopping(25), final=Estimator.WLE)

    report = study(design, simulate_adaptive(design, THETA, rng=rng))

    for band in report.bands[1:-1]:
        assert abs(band.bias) < 0.03 + 4 * band.bias_error
        assert band.coverage == pytest.approx(0.95, abs=0.02 + 4 * band.coverage_error)


def test_information_beats_chance() -> None:
    rmse = {}
    for rule in (AtRandom(), MaximumInformation(), WeightedInformation()):
        design = AdaptiveDesign(pool_2pl(200), Stopping(12), selection=rule)
        run = simulate_adaptive(design, THETA[:600], rng=np.random.default_rng(1))
        rmse[type(rule)] = study(design, run).overall.rmse

    assert max(rmse[MaximumInformation], rmse[WeightedInformation]) < 0.75 * rmse[AtRandom]


def test_figures_are_what_loops_give() -> None:
    design = AdaptiveDesign(
        pool_2pl(40, n_areas=2), Stopping(12, shortest=3, rules=(StandardErrorBelow(0.5),)), randomesque=(5,)
    )
    run = simulate_adaptive(design, THETA[:30], rng=np.random.default_rng(1))

    report = study(design, run, bands=[0.0])

    met = [set(row[row >= 0].tolist()) for row in run.items]
    common = [len(one & two) for one, two in combinations(met, 2)]
    assert report.usage.overlap == pytest.approx(np.mean(common) / np.mean([len(each) for each in met]))
    rate = [np.mean([item in each for each in met]) for item in range(40)]
    assert report.usage.rate == pytest.approx(rate)
    assert report.usage.highest == max(rate)
    assert report.usage.share_unused == np.mean(np.array(rate) == 0)
    even = [sum(item % 2 == 0 for item in each) for each in met]
    assert report.usage.mean_of_area[0] == np.mean(even)
    assert (report.usage.fewest_of_area[0], report.usage.most_of_area[0]) == (min(even), max(even))
    error = [run.theta[p] - THETA[p] for p in range(30)]
    assert report.overall.bias == pytest.approx(np.mean(error))
    assert report.overall.rmse == pytest.approx(np.sqrt(np.mean(np.square(error))))
    low = report.bands[0]
    assert low.n_persons == sum(THETA[:30] < 0)
    assert low.bias == pytest.approx(np.mean([e for e, t in zip(error, THETA[:30], strict=True) if t < 0]))
    assert report.length_quantiles[[0, -1]].tolist() == [run.n_items.min(), run.n_items.max()]
    assert sum(report.reasons.values()) == pytest.approx(1.0)
    assert StudyWarning.FEW_PERSONS in report.warnings


def test_classification_is_counted() -> None:
    design = AdaptiveDesign(pool_2pl(200), Stopping(20, rules=(Interval((0.0,), level=0.9),)))
    run = simulate_adaptive(design, THETA[:800], rng=np.random.default_rng(1))

    found = study(design, run).classification

    assert found is not None
    placed = np.where(run.decision >= 0, run.decision, run.theta >= 0)
    truth = THETA[:800] >= 0
    assert found.accuracy == np.mean(placed == truth)
    assert found.too_high == np.mean(placed & ~truth)
    assert found.accuracy + found.too_high + found.too_low == pytest.approx(1.0)
    assert found.accuracy > 0.88
    assert found.share_undecided == pytest.approx(1 - run.share_ended_by(Reason.CLASSIFIED), abs=0.02)
    assert StudyWarning.UNDECIDED in study(design, run).warnings


def test_times_are_simulated_where_the_pool_knows_them() -> None:
    items = draw_items(30, model="2pl", rng=np.random.default_rng(1))
    pool = Pool.of(items, time_intensity=np.full(30, np.log(60.0)), time_discrimination=np.full(30, 2.0))
    design, rng = AdaptiveDesign(pool, Stopping(10)), np.random.default_rng(1)

    run = simulate_adaptive(design, np.zeros(2000), rng=rng, speed=np.full(2000, 0.5))

    expected = 10 * 60 * np.exp(-0.5 + 0.25 / 2)
    assert run.seconds.mean() == pytest.approx(expected, rel=0.02)
    assert study(design, run).mean_seconds == run.seconds.mean()


def test_recorded_responses_stand_in_for_abilities() -> None:
    pool = pool_2pl(20)
    responses = np.random.default_rng(1).integers(0, 2, (50, 20))
    responses[:, 5:] = -1
    design = AdaptiveDesign(pool, Stopping(10))

    run = simulate_adaptive(design, responses=responses, rng=np.random.default_rng(1))

    assert np.all(run.items[:, :5] < 5)
    assert run.share_ended_by(Reason.NO_ITEM_LEFT) == 1.0
    assert np.array_equal(run.scores[:, :5], np.take_along_axis(responses, run.items[:, :5], axis=1))
    report = study(design, run)
    assert report.overall.n_persons == 0
    assert np.isnan(report.overall.rmse)
    again = run.responses(20)
    assert np.array_equal(again, responses)
    known = simulate_adaptive(design, np.zeros(50), responses=responses, rng=np.random.default_rng(1))
    assert study(design, known).overall.n_persons == 50


def test_a_grid_too_coarse_for_the_precision_is_named() -> None:
    pool = pool_2pl(200)
    for n_nodes, named in ((31, True), (121, False)):
        design = AdaptiveDesign(pool, Stopping(60), n_nodes=n_nodes)
        run = simulate_adaptive(design, THETA[:200], rng=np.random.default_rng(1))
        assert (StudyWarning.COARSE_GRID in study(design, run).warnings) == named


def test_the_same_seed_gives_the_same_run_and_progress_is_told() -> None:
    design, told = AdaptiveDesign(pool_2pl(30), Stopping(5), randomesque=(3,)), []

    runs = [
        simulate_adaptive(design, THETA[:60], rng=np.random.default_rng(2), cohort=25, progress=told.append)
        for _ in range(2)
    ]

    assert np.array_equal(runs[0].items, runs[1].items)
    assert np.array_equal(runs[0].theta_path, runs[1].theta_path)
    assert told == [25, 50, 60] * 2
    with pytest.raises(SimulationCancelled):
        simulate_adaptive(design, THETA, rng=np.random.default_rng(2), should_stop=lambda: True)


def test_what_does_not_fit_is_refused() -> None:
    design, rng = AdaptiveDesign(pool_2pl(5), Stopping(3)), np.random.default_rng(1)
    ones = np.ones((2, 5))

    with pytest.raises(ValueError, match="give abilities, or recorded"):
        simulate_adaptive(design, rng=rng)
    with pytest.raises(ValueError, match="same persons"):
        simulate_adaptive(design, [0.0], responses=ones, rng=rng)
    with pytest.raises(ValueError, match="finite numbers"):
        simulate_adaptive(design, [np.inf], rng=rng)
    with pytest.raises(ValueError, match="speed needs"):
        simulate_adaptive(design, [0.0], rng=rng, speed=[0.0])
    with pytest.raises(ValueError, match="1 values"):
        simulate_adaptive(design, [0.0], rng=rng, prior_mean=[0.0, 1.0])
    with pytest.raises(ValueError, match="between -6 and 6"):
        simulate_adaptive(design, [0.0], rng=rng, prior_mean=[7.0])
    with pytest.raises(ValueError, match="cohort"):
        simulate_adaptive(design, [0.0], rng=rng, cohort=0)
    with pytest.raises(ValueError, match="5 items"):
        simulate_adaptive(design, responses=np.ones((2, 4)), rng=rng)
    with pytest.raises(ValueError, match="above the highest"):
        simulate_adaptive(design, responses=2 * ones, rng=rng)
    with pytest.raises(ValueError, match="at least one response"):
        simulate_adaptive(design, responses=-ones, rng=rng)
    with pytest.raises(ValueError, match="bands"):
        study(design, simulate_adaptive(design, [0.0], rng=rng), bands=[1.0, 0.0])
