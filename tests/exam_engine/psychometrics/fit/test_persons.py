"""Person fit agrees with slow computations, is standard normal under the model, and finds odd patterns."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.fit import Caution, person_fit
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.scoring import blocks
from tests.exam_engine.psychometrics.irt.scoring.simulated import answer, mixed


def long_test() -> Items:
    rng = np.random.default_rng(3)
    return Items.concatenate(
        [
            Items.dichotomous(
                rng.lognormal(0, 0.3, 25), rng.normal(size=25), c=np.repeat([0.0, 0.2], [15, 10])
            ),
            Items.partial_credit(np.ones(5), np.sort(rng.normal(size=(5, 3)), axis=1)),
            Items.graded(np.full(5, 1.4), np.sort(rng.normal(size=(5, 3)), axis=1)),
        ]
    )


def test_everything_agrees_with_a_slow_computation() -> None:
    rng, items, step = np.random.default_rng(7), mixed(), 1e-5
    answers = answer(items, rng.normal(size=10), rng, missing=0.2)

    found = person_fit(answers, items, estimator="map", mean=0.2, variance=1.4)

    for row, theta in enumerate(found.theta):
        low, here, high = (items.probability([at])[0] for at in (theta - step, theta, theta + step))
        gap = spread = information = tie = 0.0
        residuals, variances = [], []
        for item, score in enumerate(answers[row]):
            if score < 0:
                continue
            chance = here[item, : items.highest[item] + 1]
            slope = ((high - low) / (2 * step))[item, : chance.size]
            logs, scores = np.log(chance), np.arange(chance.size)
            gap += logs[score] - chance @ logs
            spread += chance @ logs**2 - (chance @ logs) ** 2
            information += (slope**2 / chance).sum()
            tie += slope @ logs
            if not items.is_nominal[item]:
                mean = chance @ scores
                residuals.append((score - mean) ** 2)
                variances.append(chance @ (scores - mean) ** 2)
        c, start = tie / information, (0.2 - theta) / 1.4
        star = (gap + c * start) / np.sqrt(spread - c**2 * information)
        assert found.lz[row] == pytest.approx(gap / np.sqrt(spread), abs=1e-9)
        assert found.lz_star[row] == pytest.approx(star, abs=1e-5)
        squares = found.mean_squares
        assert squares.infit[row] == pytest.approx(sum(residuals) / sum(variances), abs=1e-9)
        assert squares.outfit[row] == pytest.approx(np.mean(np.array(residuals) / variances), abs=1e-9)
        assert squares.n[row] == len(residuals)


@pytest.mark.parametrize("estimator", ["ml", "wle", "map"])
def test_the_corrected_statistic_has_its_error_rate_where_the_plain_one_is_too_timid(estimator: str) -> None:
    rng, items = np.random.default_rng(21), long_test()
    answers = answer(items, rng.normal(size=4000), rng)

    found = person_fit(answers, items, estimator=estimator)

    star, plain = found.lz_star[np.isfinite(found.lz_star)], found.lz[np.isfinite(found.lz)]
    assert abs(star.mean()) < 0.12
    assert star.std() == pytest.approx(1, abs=0.05)
    # The lower tail is a little heavier than the normal one, as in the literature: 5 % nominal.
    assert 0.04 < np.mean(star < -1.645) < 0.075
    assert np.mean(plain < -1.645) < np.mean(star < -1.645)


def test_answers_against_the_order_of_difficulty_are_found() -> None:
    items = Items.dichotomous(np.ones(30), np.linspace(-2, 2, 30))
    orderly, reversed_ = np.repeat([1, 0], 15), np.repeat([0, 1], 15)

    found = person_fit([orderly, reversed_], items)

    assert found.lz_star[0] > 1 > -5 > found.lz_star[1]
    assert found.mean_squares.outfit[1] > 2 > 1 > found.mean_squares.outfit[0]
    assert found.mean_squares.z_infit[1] > 3
    assert found.warnings == ()


def test_what_cannot_be_said_is_nan_with_a_reason() -> None:
    items = Items.dichotomous(np.ones(4), [-1.0, 0.0, 0.5, 1.0])
    answers = [[1, 1, 1, 1], [-1, -1, -1, -1], [1, 0, 1, 0]]

    by_ml, by_eap = (person_fit(answers, items, estimator=name) for name in ("ml", "eap"))
    given = person_fit(answers, items, theta=[0.0, 0.0, 0.0])

    assert list(np.isnan(by_ml.lz_star)) == [True, True, False]
    assert list(np.isnan(by_ml.mean_squares.outfit)) == [True, True, False]
    assert list(by_ml.n_items) == [4, 0, 4]
    assert by_ml.warnings == (Caution.FEW_ITEMS,)
    assert np.all(np.isnan(by_eap.lz_star))
    assert not np.isnan(by_eap.lz[0])
    assert by_eap.warnings == (Caution.FEW_ITEMS, Caution.NO_CORRECTION)
    assert given.warnings == by_eap.warnings
    with pytest.raises(ValueError, match="theta must hold 3"):
        person_fit(answers, items, theta=[0.0])


def test_items_of_equal_parameters_have_no_odd_pattern() -> None:
    found = person_fit([[1, 0, 1], [0, 0, 1]], Items.dichotomous(np.ones(3), np.zeros(3)), estimator="ml")

    assert np.all(np.isnan(found.lz_star))
    assert Caution.NOT_TESTABLE in found.warnings


@pytest.mark.parametrize("cost", [0, blocks.BOOKLET_COST])
def test_booklets_change_nothing(cost: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BOOKLET_COST", cost)
    rng, items = np.random.default_rng(5), mixed()
    answers = answer(items, rng.normal(size=60), rng)
    answers[::2, :3] = -1

    whole, half = person_fit(answers, items), person_fit(answers[::2, 3:], items.take(np.arange(3, 8)))

    assert_allclose(whole.lz_star[::2], half.lz_star, atol=1e-7)
    assert_allclose(whole.mean_squares.infit[::2], half.mean_squares.infit, atol=1e-7)
