"""Fit of a scale: sound items are left alone, an item of another curve is named."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from exam_engine.calibration.reports import fit
from exam_engine.calibration.reports.fit import ScaleAnswers
from exam_engine.calibration.reports.rules import NothingToFit
from exam_engine.psychometrics.irt.calibrate import calibrate

N_ITEMS = 20


def make(n: int, *, seed: int, odd: int | None = None) -> ScaleAnswers:
    """Answers under the Rasch model; one item may hardly depend on ability."""
    rng = np.random.default_rng(seed)
    theta, b = rng.normal(size=n), np.linspace(-1.5, 1.5, N_ITEMS)
    chance = 1 / (1 + np.exp(b - theta[:, None]))
    if odd is not None:
        chance[:, odd] = 0.5 + 0.1 * np.tanh(theta)
    marks = (rng.random(chance.shape) < chance).astype(np.int8)
    found = calibrate(marks, model="rasch")
    items = tuple((f"id{k}", str(k), 1.0, float(found.b[k])) for k in range(N_ITEMS))
    return ScaleAnswers("量表", True, float(found.variances[0]), items, marks)


def compute(answers: ScaleAnswers) -> dict[str, Any]:
    return fit.compute(answers.to_bytes(), {}, lambda *_: None)


def test_an_item_that_hardly_depends_on_ability_misfits_and_no_other() -> None:
    found = compute(make(2000, seed=3, odd=7))

    assert [item["name"] for item in found["items"] if item["misfits"]] == ["7"]
    assert found["items"][7]["outfit"] > 1.1
    assert json.dumps(found, allow_nan=False)


def test_sound_items_are_left_alone() -> None:
    found = [compute(make(800, seed=seed)) for seed in range(5)]

    assert sum(item["misfits"] for one in found for item in one["items"]) == 0
    assert all(one["test"]["rmsea"] < 0.05 for one in found)
    assert sum(one["n_pairs"] for one in found) <= 2


def test_a_scale_comes_back_from_its_bytes_and_small_ones_are_refused() -> None:
    answers = make(120, seed=1)
    again = ScaleAnswers.from_bytes(answers.to_bytes())

    assert again.to_bytes() == answers.to_bytes()
    assert (again.responses == answers.responses).all()
    with pytest.raises(NothingToFit):
        compute(ScaleAnswers("x", True, 1.0, answers.items, answers.responses[:50]))
