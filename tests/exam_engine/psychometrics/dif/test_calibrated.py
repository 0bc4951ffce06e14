"""Likelihood ratios and Wald tests of both groups' calibration."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.dif.concurrent import concurrent_wald, estimates_of
from exam_engine.psychometrics.dif.design import Design
from exam_engine.psychometrics.dif.likelihood_ratio import likelihood_ratio
from exam_engine.psychometrics.dif.lord import lord
from exam_engine.psychometrics.dif.outcome import Favours, Reason, Warn
from exam_engine.psychometrics.irt.calibrate import CalibrationCancelled, calibrate
from tests.exam_engine.psychometrics.dif.simulated import answers

HOLM = Correction.HOLM


def test_a_planted_item_is_found_and_leaves_the_anchor() -> None:
    responses, group = answers(seed=1, persons=1500, items=8, harder=1.0, impact=0.4)

    found = likelihood_ratio(responses, group, model="rasch", design=Design(purify=True, adjustment=HOLM))

    assert found.flagged.tolist() == [True] + [False] * 7
    assert not found.anchor[0]
    assert found.rounds >= 1
    assert found.favours[0] is Favours.REFERENCE
    assert found.effect[0] < -0.1
    assert found.mean == pytest.approx(-0.4, abs=0.15)
    assert found.warnings == ()


def test_an_item_outside_the_anchor_is_tested_the_other_way_round() -> None:
    responses, group = answers(seed=2, persons=1000, items=6, harder=0.6)
    anchor = np.arange(6) != 0

    freed = likelihood_ratio(responses, group, model="rasch")
    made_equal = likelihood_ratio(responses, group, model="rasch", design=Design(anchor=anchor))

    assert made_equal.statistic[0] == pytest.approx(freed.statistic[0], abs=1e-6)
    assert made_equal.effect[0] == pytest.approx(freed.effect[0], abs=1e-5)


def test_likelihood_ratio_and_wald_agree_in_large_samples() -> None:
    responses, group = answers(seed=3, persons=4000, items=8, harder=0.25)
    anchor = np.arange(8) > 0

    ratio = likelihood_ratio(responses, group, design=Design(anchor=anchor))
    wald = concurrent_wald(responses, group, design=Design(anchor=anchor))

    assert wald.statistic[0] == pytest.approx(ratio.statistic[0], rel=0.05)
    assert wald.reasons[1:] == (Reason.ANCHOR,) * 7
    assert wald.effect[0] == pytest.approx(ratio.effect[0], abs=1e-4)


def test_the_tests_keep_their_level() -> None:
    ratio, wald = [], []
    for seed in range(10):
        responses, group = answers(seed=seed, persons=600, items=8, impact=0.5)
        ratio.append(likelihood_ratio(responses, group, model="rasch").p_value)
        anchor = np.arange(8) > 3
        wald.append(
            concurrent_wald(responses, group, model="rasch", design=Design(anchor=anchor)).p_value[:4]
        )

    # 80 and 40 tests of uniform p-values: standard errors of the means 0.032 and 0.046.
    assert np.mean(ratio) == pytest.approx(0.5, abs=0.12)
    assert np.mean(wald) == pytest.approx(0.5, abs=0.15)


def test_graded_items_have_all_their_parameters_compared() -> None:
    responses, group = answers(seed=5, persons=1500, items=6, harder=0.8, highest=2)

    found = concurrent_wald(responses, group, model="graded", design=Design(anchor=np.arange(6) > 1))

    assert found.df[:2].tolist() == [3, 3]
    assert found.flagged[:2].tolist() == [True, False]
    assert found.differences[0, 1:].max() < 0  # intercepts fall where an item is harder


def test_separate_calibrations_go_into_lord_s_test() -> None:
    responses, group = answers(seed=6, persons=3000, items=8, harder=0.8, impact=0.5)
    apart = [estimates_of(calibrate(responses[group == g], model="2pl")) for g in (0, 1)]

    found = lord(*apart, link=(1.0, -0.5))

    assert found.flagged[0]
    assert found.effect[0] == pytest.approx(0.8, abs=0.35)
    assert apart[0].n_persons == 1500


def test_estimates_of_steps_have_the_calibration_s_errors() -> None:
    responses, _ = answers(seed=7, persons=800, items=5, highest=2)

    for model in ("graded", "gpcm", "pcm"):
        found = calibrate(responses, model=model)
        estimates = estimates_of(found)

        places = estimates.of_kind["b"]
        np.testing.assert_allclose(estimates.values[:, places], found.steps)
        error = np.sqrt(np.diagonal(estimates.covariance, axis1=1, axis2=2))
        np.testing.assert_allclose(error[:, places], found.se_steps, rtol=1e-6)
        np.testing.assert_allclose(np.sqrt(estimates.location_variance), found.se_b, rtol=1e-6)
    with pytest.raises(ValueError, match="locations"):
        estimates_of(calibrate(responses, model="nominal"))


def test_items_that_cannot_be_split_are_named_and_stay_in_the_anchor() -> None:
    responses, group = answers(seed=8, persons=1000, items=7)
    responses[group == 1, 0] = -1
    responses[group == 1, 1] = 1

    found = likelihood_ratio(responses, group, model="rasch")

    assert found.reasons[:3] == (Reason.NO_MATCH, Reason.SCORES_LACKING, None)
    assert np.isnan(found.p_value[:2]).all()
    assert not np.isnan(found.p_value[2:]).any()
    assert Warn.NOT_COMPUTABLE in found.warnings


def test_small_groups_are_warned_of_by_the_model() -> None:
    responses, group = answers(seed=9, persons=300, items=6)

    assert likelihood_ratio(responses, group, model="rasch").warnings == ()
    found = concurrent_wald(responses, group, design=Design(anchor=np.arange(6) > 2))
    assert found.warnings == (Warn.SMALL_CALIBRATION, Warn.FEW_ANCHORS)


def test_progress_is_told_and_a_stop_is_obeyed() -> None:
    responses, group = answers(seed=10, persons=400, items=5)
    told: list[tuple[int, int]] = []

    likelihood_ratio(responses, group, model="rasch", progress=lambda done, of: told.append((done, of)))

    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    with pytest.raises(CalibrationCancelled):
        likelihood_ratio(responses, group, model="rasch", should_stop=lambda: True)


def test_what_does_not_go_with_a_response_model_is_refused() -> None:
    responses, group = answers(seed=11, persons=400, items=5)

    with pytest.raises(ValueError, match="matches on ability"):
        likelihood_ratio(responses, group, design=Design(matching="rest"))
    with pytest.raises(ValueError, match="1PL"):
        likelihood_ratio(responses, group, model="1pl")
    with pytest.raises(ValueError, match="one for each"):
        likelihood_ratio(responses, group, model=["2pl"])
    with pytest.raises(ValueError, match="name the anchor"):
        concurrent_wald(responses, group, design=Design())
