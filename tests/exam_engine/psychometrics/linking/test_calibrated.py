"""Anchors of a calibration with their covariance; from responses to a link."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.linking.calibrated import anchors_of
from exam_engine.psychometrics.linking.link import Linker, Method, link
from exam_engine.psychometrics.linking.parameters import free_parameters

REPLICATIONS = 10
SCALE, SHIFT = 1.25, 0.5


def answers(items: Items, n: int, seed: int, mean: float = 0.0, deviation: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    chance = items.probability(rng.normal(mean, deviation, n))
    draws = rng.random(chance.shape[:2])
    return (draws[:, :, None] > np.cumsum(chance, axis=2)).sum(axis=2)


def test_errors_of_mixed_models_are_those_of_the_calibration() -> None:
    truth = Items.concatenate(
        [
            Items.dichotomous([1.0, 1.3, 0.9], [-0.5, 0.5, 0.0], c=[0.0, 0.2, 0.0]),
            Items.partial_credit([1.0], [[-0.5, 0.7]]),
            Items.graded([1.2], [[-0.8, 0.6]]),
            Items.nominal([[0.8, 1.6]], [[0.2, -0.4]]),
        ]
    )
    models = ["2pl", "3pl", "2pl", "gpcm", "graded", "nominal"]
    found = calibrate(answers(truth, 1500, 1), model=models)

    anchors = anchors_of(found, [5, 1, 3, 4, 0])

    error = np.sqrt(np.diag(anchors.covariance))
    assert anchors.items.models == found.items.take([5, 1, 3, 4, 0]).models
    assert error.shape == free_parameters(anchors.items).shape
    nominal = [*found.se_slopes[5], *found.se_intercepts[5]]
    three = [found.se_a[1], found.se_d[1], found.se_c[1]]
    partial = [found.se_a[3], *found.se_intercepts[3]]
    graded = [found.se_a[4], *found.se_intercepts[4]]
    assert error == pytest.approx([*nominal, *three, *partial, *graded, found.se_a[0], found.se_d[0]])


def test_a_common_slope_moves_all_items_together() -> None:
    found = calibrate(answers(Items.dichotomous(np.ones(5), np.linspace(-1, 1, 5)), 400, 2), model="1pl")

    anchors = anchors_of(found, [1, 4])

    assert np.sqrt(anchors.covariance[0, 0]) == pytest.approx(found.se_a[1])
    assert anchors.covariance[0, 2] == pytest.approx(anchors.covariance[0, 0])


def test_fixed_slopes_have_no_error() -> None:
    found = calibrate(answers(Items.dichotomous(np.ones(5), np.linspace(-1, 1, 5)), 400, 2), model="rasch")

    anchors = anchors_of(found, np.arange(5) > 2)

    assert np.diag(anchors.covariance)[[0, 2]] == pytest.approx([0.0, 0.0])
    assert np.sqrt(anchors.covariance[1, 1]) == pytest.approx(found.se_b[3])
    again = link(
        anchors.items,
        anchors.items,
        linker=Linker(Method.MEAN),
        covariance_new=anchors.covariance,
        covariance_old=anchors.covariance,
    )
    assert again.transformation.shift_error > 0


def test_without_errors_there_is_a_refusal() -> None:
    responses = answers(Items.dichotomous(np.ones(4), np.linspace(-1, 1, 4)), 200, 3)

    with pytest.raises(ValueError, match="no standard errors"):
        anchors_of(calibrate(responses, model="rasch", errors="none"), [0])


def test_links_of_calibrated_forms_recover_the_groups() -> None:
    """The new group has mean 0.5 and deviation 1.25 on the old scale: that is the line to be found."""
    rng = np.random.default_rng(21)
    truth = Items.dichotomous(rng.uniform(0.8, 1.6, 10), np.linspace(-1.5, 1.8, 10))
    z: dict[Method, list[list[float]]] = {Method.MEAN_MEAN: [], Method.STOCKING_LORD: []}
    for seed in range(REPLICATIONS):
        new, old = (
            anchors_of(calibrate(answers(truth, 400, *group), model="2pl"), np.arange(10))
            for group in ((2 * seed + 100, SHIFT, SCALE), (2 * seed + 101, 0.0, 1.0))
        )
        for method, kept in z.items():
            line = link(
                new.items,
                old.items,
                linker=Linker(method),
                covariance_new=new.covariance,
                covariance_old=old.covariance,
            ).transformation
            kept.append([(line.scale - SCALE) / line.scale_error, (line.shift - SHIFT) / line.shift_error])

    for kept in z.values():
        # 10 replications: the mean of z has an error of 0.32, its root mean square one of 0.22; three of them.
        assert np.all(np.abs(np.mean(kept, axis=0)) < 0.95)
        assert np.all(np.abs(np.sqrt(np.mean(np.square(kept), axis=0)) - 1.0) < 0.66)
