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
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import Model

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
    items = tuple((f"id{k}", str(k), 1.0, float(found.b[k]), 0.0) for k in range(N_ITEMS))
    return ScaleAnswers("量表", Model.RASCH, float(found.variances[0]), items, marks)


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
        compute(ScaleAnswers("x", Model.RASCH, 1.0, answers.items, answers.responses[:50]))


def test_guessing_belongs_to_the_model_of_a_3pl_scale() -> None:
    truth = Items.dichotomous(np.full(12, 1.4), np.linspace(-1.2, 1.2, 12), c=0.22)
    rng = np.random.default_rng(8)
    chance = truth.expected_score(rng.normal(size=3000))
    marks = (rng.random(chance.shape) < chance).astype(np.int8)
    figures = list(zip(truth.a, truth.b, truth.lower, strict=True))
    with_c = tuple((f"id{k}", str(k), a, b, c) for k, (a, b, c) in enumerate(figures))
    without = tuple((*item[:4], 0.0) for item in with_c)

    found = compute(ScaleAnswers("三参数", Model.THREE_PL, 1.0, with_c, marks, has_priors=True))
    ignored = compute(ScaleAnswers("两参数", Model.TWO_PL, 1.0, without, marks))

    assert not [item["name"] for item in found["items"] if item["misfits"]]
    assert found["test"]["rmsea"] < 0.02 < ignored["test"]["rmsea"]
    assert max(item["rmsd"] for item in found["items"]) < min(item["rmsd"] for item in ignored["items"])
    assert found["items"][0]["df"] == ignored["items"][0]["df"] - 1
    assert fit.WITH_PRIORS in found["limits"]


def test_answers_frozen_before_asymptotes_were_kept_still_open() -> None:
    header = {
        "format": 1,
        "scale": "旧",
        "is_rasch": False,
        "variance": 1.0,
        "items": [["id0", "1", 1.2, 0.5]],
    }
    text = json.dumps(header).encode()
    content = len(text).to_bytes(8, "little") + text + np.array([1, 0, -1], dtype=np.int8).tobytes()

    answers = ScaleAnswers.from_bytes(content)

    assert (answers.model, answers.items) == (Model.TWO_PL, (("id0", "1", 1.2, 0.5, 0.0),))
    assert answers.responses.tolist() == [[1], [0], [-1]]
