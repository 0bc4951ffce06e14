"""A calibration says what it found, what it could not find, and what to beware of."""

from __future__ import annotations

import json

import numpy as np
import pytest

from exam_engine.calibration.outcome import Outcome, describe_items
from exam_engine.calibration.reading import ResponseMatrix
from exam_engine.calibration.rules import Method, NoResponses, SampleTooSmall, TooFewItems
from exam_engine.psychometrics.irt.calibrate import CalibrationCancelled
from exam_engine.psychometrics.irt.items import Items


def simulate(n_persons: int, n_items: int = 12) -> ResponseMatrix:
    rng = np.random.default_rng(6)
    items = Items.dichotomous(np.full(n_items, 1.2), np.linspace(-1.5, 1.5, n_items))
    right = items.probability(rng.normal(size=n_persons))[..., 1]
    names = tuple(f"Q{number}" for number in range(1, n_items + 1))
    return ResponseMatrix(names, (rng.random(right.shape) < right).astype(np.int8))


def test_two_parameter_outcome_is_whole_and_survives_json() -> None:
    outcome = describe_items(simulate(800), Method.TWO_PL)

    assert outcome.converged
    assert outcome.warnings == ()
    assert [item.item for item in outcome.items] == [f"Q{number}" for number in range(1, 13)]
    assert all(item.se_a and item.se_b for item in outcome.items)
    assert Outcome.from_json(json.loads(json.dumps(outcome.as_json()))) == outcome


def test_classical_needs_no_sample_size() -> None:
    outcome = describe_items(simulate(12), Method.CLASSICAL)

    assert outcome.converged is None
    assert all(item.a is None and item.p_value is not None for item in outcome.items)


def test_small_samples_get_a_warning_under_rasch_and_a_refusal_under_2pl() -> None:
    outcome = describe_items(simulate(60), Method.RASCH)

    assert "small_sample" in outcome.warnings
    with pytest.raises(SampleTooSmall, match="499 persons are too few"):
        describe_items(simulate(499), Method.TWO_PL)


def test_constant_items_are_reported_and_the_rest_calibrated() -> None:
    matrix = simulate(800)
    matrix.responses[:, 4] = 1

    outcome = describe_items(matrix, Method.TWO_PL)

    assert "constant_items" in outcome.warnings
    assert outcome.items[4].is_constant
    assert outcome.items[4].b is None
    assert outcome.items[5].b is not None


def test_persons_who_saw_nothing_do_not_count() -> None:
    matrix = simulate(800)
    matrix.responses[:400] = -1

    with pytest.raises(SampleTooSmall, match="400 persons"):
        describe_items(matrix, Method.TWO_PL)
    matrix.responses[:] = -1
    with pytest.raises(NoResponses):
        describe_items(matrix, Method.CLASSICAL)


def test_too_few_items_are_refused() -> None:
    with pytest.raises(TooFewItems, match="Only 2 items"):
        describe_items(simulate(800, n_items=2), Method.TWO_PL)


def test_progress_goes_forward_and_can_be_stopped() -> None:
    seen: list[int] = []
    describe_items(simulate(800), Method.TWO_PL, report=lambda done, total, stage: seen.append(done))

    assert seen == sorted(seen)
    with pytest.raises(CalibrationCancelled):
        describe_items(simulate(800), Method.TWO_PL, should_stop=lambda: True)


def test_persons_left_without_a_usable_item_do_not_carry_the_model() -> None:
    matrix = simulate(800)
    matrix.responses[:, 0] = 1
    matrix.responses[:350, 1:] = -1

    with pytest.raises(SampleTooSmall, match="450 persons"):
        describe_items(matrix, Method.TWO_PL)


def test_scores_of_several_categories_are_refused_unless_asked_for_and_survive_json() -> None:
    matrix = simulate(300)
    matrix.responses[:, 0] += matrix.responses[:, 1]

    outcome = describe_items(matrix, Method.RASCH, highest=2)

    assert outcome.items[0].steps is not None
    assert outcome.items[1].steps is None
    assert Outcome.from_json(json.loads(json.dumps(outcome.as_json()))) == outcome
    with pytest.raises(ValueError, match="responses must be 0, 1"):
        describe_items(matrix, Method.RASCH)
