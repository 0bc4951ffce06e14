"""Exposure rules: their formulas, and the rates they lead to."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.adaptive.design import AdaptiveDesign, Stopping
from exam_engine.psychometrics.adaptive.exposure import (
    Eligibility,
    Exposure,
    ExposureRecord,
    MaximumRate,
    SympsonHetter,
    seen_by,
)
from exam_engine.psychometrics.adaptive.simulate import SimulationCancelled, simulate_adaptive
from exam_engine.psychometrics.adaptive.study import StudyWarning, study
from exam_engine.psychometrics.adaptive.sympson_hetter import calibrate_sympson_hetter
from tests.exam_engine.psychometrics.adaptive.pools import pool_2pl

LIMIT = 0.3


def design_with(exposure: Exposure | None, **others) -> AdaptiveDesign:
    return AdaptiveDesign(pool_2pl(100), Stopping(10), exposure=exposure, **others)


def rates(design: AdaptiveDesign, *, cohort: int = 50, n: int = 2000) -> np.ndarray:
    rng = np.random.default_rng(3)
    run = simulate_adaptive(design, rng.standard_normal(n), rng=rng, cohort=cohort)
    assert run.record.persons == n
    assert run.record.rate.sum() == pytest.approx(10)
    return run.record.rate


def test_without_control_the_best_items_are_shown_to_nearly_everybody() -> None:
    assert rates(design_with(None)).max() > 0.9


def test_a_maximum_rate_is_kept_exactly() -> None:
    # Rounding by chance may add one candidate a cohort; the next cohort makes up for it.
    assert rates(design_with(MaximumRate(LIMIT))).max() <= LIMIT + 1 / 2000 + 1e-12


def test_eligibility_comes_down_to_its_limit() -> None:
    rng = np.random.default_rng(3)
    design = design_with(Eligibility(LIMIT, fading=0.998))
    early = simulate_adaptive(design, rng.standard_normal(2000), rng=rng, cohort=25)

    later = simulate_adaptive(design, rng.standard_normal(2000), rng=rng, cohort=25, record=early.record)

    # The first cohort meets no limit yet.
    assert study(design, early).usage.highest > LIMIT + 0.02
    assert study(design, later).usage.highest <= LIMIT + 3 * np.sqrt(LIMIT * (1 - LIMIT) / 2000)
    assert not later.lifted.any()


def test_the_probability_of_eligibility_is_its_formula() -> None:
    record = ExposureRecord(100.0, np.array([60.0, 10.0, 0.0]), np.array([80.0, 100.0, 100.0]), 0.0)
    strained = ExposureRecord(100.0, record.administered, record.eligible, 20.0)

    assert Eligibility(0.3).probability(record) == pytest.approx([0.4, 1.0, 1.0])
    # 1 − 1 / 0.8 + 0.4 / 0.8
    assert Eligibility(0.3).probability(strained) == pytest.approx([0.25, 1.0, 1.0])
    assert Eligibility(0.3).probability(ExposureRecord.empty(3)).tolist() == [1, 1, 1]
    hopeless = ExposureRecord(10.0, record.administered, record.eligible, 10.0)
    assert Eligibility(0.3).probability(hopeless).tolist() == [1, 1, 1]


def test_sympson_hetter_finds_probabilities_that_keep_the_limit() -> None:
    rng = np.random.default_rng(4)
    theta = rng.standard_normal(1000)

    found = calibrate_sympson_hetter(design_with(None), theta, limit=LIMIT, rng=rng)

    assert found.converged
    assert found.highest_rate[0] > 0.9
    fresh = rates(design_with(found.control))
    assert fresh.max() <= LIMIT + found.tolerance + 3 * np.sqrt(LIMIT * (1 - LIMIT) / 2000)
    assert np.sum(found.control.probability == 1) >= 10


def test_the_experiment_before_the_test_is_the_experiment_at_selection() -> None:
    """Compare with a loop that tosses at the moment of selection and sets the item aside on failure."""
    design = AdaptiveDesign(pool_2pl(30), Stopping(3))
    chance = np.where(np.arange(30) % 2, 0.6, 1.0)
    information, rng = design.pool.items.information(0.0)[0], np.random.default_rng(5)
    n, counts = 3000, np.zeros(30)
    for _ in range(n):
        aside = np.zeros(30, dtype=bool)
        while True:
            best = int(np.where(aside, -1, information).argmax())
            aside[best] = True
            if rng.random() < chance[best]:
                counts[best] += 1
                break

    shown = SympsonHetter(chance).draw(n, ExposureRecord.empty(30), rng)
    first = np.where(shown, information, -1).argmax(axis=1)

    ours = np.bincount(first, minlength=30)
    assert ours / n == pytest.approx(counts / n, abs=5 * np.sqrt(0.25 * 2 / n))


def test_lifted_eligibility_is_counted_and_reported() -> None:
    chance = np.full(100, 0.02)
    chance[:10] = 1.0
    design = AdaptiveDesign(pool_2pl(100), Stopping(11), exposure=SympsonHetter(chance))
    rng = np.random.default_rng(1)

    run = simulate_adaptive(design, rng.standard_normal(300), rng=rng)

    # Nobody is without the tenth item; the eleventh has to be lifted where no other came through.
    expected = 0.98**90
    assert run.lifted.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / 300))
    assert run.record.unrestricted == run.lifted.sum()
    assert StudyWarning.EXPOSURE_LIFTED in study(design, run).warnings


def test_randomesque_spreads_the_first_items() -> None:
    spread = rates(design_with(None, randomesque=(10,)))
    first_only = rates(design_with(None, randomesque=(5, 1)))

    none = rates(design_with(None))
    assert spread.max() < first_only.max() <= none.max()
    assert np.sum(spread > 0) > np.sum(none > 0)


def test_the_record_counts_and_forgets() -> None:
    items = np.array([[0, 2], [2, -1]])
    seen = seen_by(items, 3)

    record = ExposureRecord.empty(3).updated(seen, None).updated(seen, seen, lifted=[True, False], fading=0.5)

    assert seen.tolist() == [[True, False, True], [False, False, True]]
    assert record.persons == 2.5
    assert record.administered.tolist() == [1.25, 0.0, 2.5]
    assert record.eligible.tolist() == [1.5, 0.5, 2.5]
    assert record.unrestricted == 1.0


def test_limits_that_a_pool_cannot_keep_are_refused() -> None:
    rng = np.random.default_rng(1)

    with pytest.raises(ValueError, match="give 5 items a candidate"):
        design_with(Eligibility(0.05))
    with pytest.raises(ValueError, match="limit must lie"):
        design_with(MaximumRate(0.0))
    with pytest.raises(ValueError, match="fading"):
        Eligibility(0.3, fading=0.0)
    with pytest.raises(ValueError, match="100 values"):
        design_with(SympsonHetter(np.ones(3)))
    with pytest.raises(ValueError, match=r"\(0, 1\]"):
        design_with(SympsonHetter(np.zeros(100)))
    with pytest.raises(ValueError, match="sum to 10"):
        design_with(SympsonHetter(np.full(100, 0.05)))
    with pytest.raises(ValueError, match="at least 500"):
        calibrate_sympson_hetter(design_with(None), np.zeros(10), limit=0.3, rng=rng)
    with pytest.raises(ValueError, match="max_iterations"):
        calibrate_sympson_hetter(design_with(None), np.zeros(500), limit=0.3, rng=rng, max_iterations=0)
    with pytest.raises(SimulationCancelled):
        calibrate_sympson_hetter(
            design_with(None), np.zeros(500), limit=0.3, rng=rng, should_stop=lambda: True
        )
