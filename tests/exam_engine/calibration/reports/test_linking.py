"""Links of scales: what is frozen, how asymptotes and errors pass over."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from exam_engine.calibration.outcome import describe_items
from exam_engine.calibration.reports import linking
from exam_engine.calibration.reports.linking import Anchor, Figures, ScalePair, transform
from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.calibration.rules import Method
from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.linking.calibrated import anchors_of
from exam_engine.psychometrics.linking.link import link

TRUTH = Items.dichotomous(np.linspace(0.9, 1.7, 10), np.linspace(-1.5, 1.5, 10), c=0.2)
KEPT = ("a", "b", "se_a", "se_b", "se_d", "cov_ad", "c", "se_c", "cov_ac", "cov_dc")


def draw(ability: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    chance = TRUTH.expected_score(rng.normal(ability, 1.0, 1500))
    return (rng.random(chance.shape) < chance).astype(np.int8)


def figures_of(marks: np.ndarray, method: Method) -> list[Figures]:
    outcome = describe_items(ResponseMatrix(tuple(map(str, range(10))), marks), method)
    keys = KEPT if method is Method.THREE_PL else KEPT[:6]
    return [Figures(**{key: getattr(item, key) for key in keys}) for item in outcome.items]


def pair(new: list[Figures], old: list[Figures], models: tuple[str, str], *, is_rasch: bool = False) -> bytes:
    anchors = tuple(
        Anchor(f"id{k}", str(k), one, other) for k, (one, other) in enumerate(zip(new, old, strict=True))
    )
    return ScalePair("新", "旧", models, is_rasch, anchors, (1 / 1500, 1 / 1500)).to_bytes()


def compute(content: bytes, method: str = "") -> dict[str, Any]:
    return linking.compute(content, {"method": method}, lambda *_: None)


@pytest.mark.parametrize("method", [Method.THREE_PL, Method.TWO_PL, Method.ONE_PL])
def test_errors_from_kept_figures_are_near_those_from_whole_calibrations(method: Method) -> None:
    """Of the covariances between items, that of the persons' mean and of a common slope are what matters."""
    new, old = draw(0.6, 1), draw(0.0, 2)

    found = compute(pair(figures_of(new, method), figures_of(old, method), (method.value, method.value)))

    assert method.model is not None
    one, other = (anchors_of(calibrate(marks, model=method.model), np.arange(10)) for marks in (new, old))
    whole = link(
        one.items,
        other.items,
        covariance_new=one.covariance,
        covariance_old=other.covariance,
    ).transformation
    assert found["models"] == [method.value] * 2
    assert found["n_kept"] == 10
    assert found["line"]["scale"] == pytest.approx(whole.scale, abs=1e-6)
    assert found["line"]["scale_error"] == pytest.approx(whole.scale_error, rel=0.06)
    assert found["line"]["shift_error"] == pytest.approx(whole.shift_error, rel=0.02)


def test_a_3pl_scale_keeps_its_asymptotes_and_their_covariances_follow() -> None:
    figures = figures_of(draw(0.0, 3), Method.THREE_PL)[4]
    moved = transform(figures, 1.25, -0.4)

    assert (moved["c"], moved["se_c"]) == (figures.c, figures.se_c)
    original = Items.dichotomous([figures.a], [figures.b], c=[figures.c])
    np.testing.assert_allclose(
        Items.dichotomous([moved["a"]], [moved["b"]], c=[moved["c"]]).expected_score([1.25 * 0.3 - 0.4]),
        original.expected_score([0.3]),
    )
    jacobian = np.array([[1 / 1.25, 0, 0], [0.4 / 1.25, 1, 0], [0, 0, 1]])
    assert None not in vars(figures).values()
    before = np.array(
        [
            [figures.se_a**2, figures.cov_ad, figures.cov_ac],
            [figures.cov_ad, figures.se_d**2, figures.cov_dc],
            [figures.cov_ac, figures.cov_dc, figures.se_c**2],
        ]
    )
    after = jacobian @ before @ jacobian.T
    np.testing.assert_allclose(
        [moved["se_a"], moved["se_d"], moved["cov_ad"], moved["cov_ac"], moved["cov_dc"]],
        [np.sqrt(after[0, 0]), np.sqrt(after[1, 1]), after[0, 1], after[0, 2], after[1, 2]],
    )


def test_scales_without_errors_are_linked_and_the_link_has_none() -> None:
    bare = [Figures(float(a), float(b)) for a, b in zip(TRUTH.a, TRUTH.b, strict=True)]

    found = compute(pair(bare, bare, ("2pl", "rasch")))

    assert found["line"]["scale"] == pytest.approx(1.0)
    assert found["line"]["scale_error"] is None
    assert json.dumps(found, allow_nan=False)


def test_a_pair_frozen_in_the_first_format_still_opens_and_gives_its_link() -> None:
    items = [
        {
            "item_id": f"id{k}",
            "name": str(k),
            "new": [1.0, b + 0.5, 0.0, 0.1, 0.1, 0.0],
            "old": [1.0, b, 0.0, 0.1, 0.1, 0.0],
        }
        for k, b in enumerate((-1.0, -0.4, 0.1, 0.5, 1.1))
    ]
    content = json.dumps({"format": 1, "new": "新", "old": "旧", "is_rasch": True, "items": items}).encode()

    found = compute(content)

    assert found["line"]["shift"] == pytest.approx(-0.5)
    assert found["line"]["shift_error"] == pytest.approx(np.sqrt(2 * 0.01 / 5))
    assert "models" not in found
    assert "c" not in found["items"][0]


def test_anchors_that_share_no_order_of_difficulty_carry_no_link() -> None:
    rng = np.random.default_rng(5)
    b = rng.normal(0, 1, 40)
    old = [Figures(1.0, value, 0.0, 0.3) for value in b]
    shaken = [Figures(1.0, value, 0.0, 0.3) for value in b - 0.4 + rng.normal(0, 0.3, 40)]
    strange = [Figures(1.0, value, 0.0, 0.3) for value in rng.normal(0, 1, 40)]

    alike, apart = (compute(pair(new, old, ("rasch", "rasch"), is_rasch=True)) for new in (shaken, strange))

    assert alike["agreement"]["correlation"] == pytest.approx(
        np.corrcoef(b, [one.b for one in shaken])[0, 1], abs=0.02
    )
    assert alike["agreement"]["correlation"] < alike["agreement"]["corrected"] <= 1
    assert "anchors_disagree" not in alike["warnings"]
    assert "anchors_disagree" in apart["warnings"]
