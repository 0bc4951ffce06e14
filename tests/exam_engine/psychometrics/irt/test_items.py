"""Item parameters of mixed models: probabilities, slopes, information, scales."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import expit

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import Model

THETA = np.linspace(-4, 4, 9)
NAN = np.nan

abilities = st.lists(st.floats(-40, 40), min_size=2, max_size=20)
slopes = st.floats(0.01, 5)
difficulties = st.floats(-10, 10)


def mixed() -> Items:
    """One item of each kind, with two to four scores."""
    return Items.concatenate(
        [
            Items.dichotomous([1.2, 0.8], [0.3, -0.5], c=[0.0, 0.2], u=[1.0, 0.95]),
            Items.partial_credit([0.9, 1.0], [[-0.5, 0.4, 1.0], [0.2, NAN, NAN]]),
            Items.graded([1.5, 0.7], [[-1.0, 0.0, 1.5], [-0.2, 0.6, NAN]]),
            Items.nominal([[0.5, 1.0, -0.3]], [[0.2, -0.4, 0.1]]),
        ]
    )


def test_probabilities_sum_to_one_and_scores_beyond_the_highest_get_none() -> None:
    items = mixed()

    chance = items.probability(THETA)

    assert chance.shape == (9, 7, 4)
    assert chance.sum(axis=2) == pytest.approx(np.ones((9, 7)), abs=1e-14)
    beyond = np.arange(4) > items.highest[:, None]
    assert np.all(chance[:, beyond] == 0)
    assert np.all(chance[:, ~beyond] > 0)


def test_the_known_forms_agree() -> None:
    items = mixed()
    chance = items.probability(THETA)

    assert chance[:, 0, 1] == pytest.approx(expit(1.2 * (THETA - 0.3)), abs=1e-15)
    expected = 0.2 + 0.75 * expit(0.8 * (THETA + 0.5))
    assert chance[:, 1, 1] == pytest.approx(expected, abs=1e-15)
    weight = np.exp(np.cumsum(0.9 * (THETA[:, None] - np.array([THETA[0], -0.5, 0.4, 1.0])), axis=1))
    weight = weight / np.exp(0.9 * (THETA - THETA[0]))[:, None]
    assert chance[:, 2] == pytest.approx(weight / weight.sum(axis=1, keepdims=True), abs=1e-14)
    spread = chance[:, 2] @ np.arange(4) ** 2 - (chance[:, 2] @ np.arange(4)) ** 2
    assert items.information(THETA)[:, 2] == pytest.approx(0.81 * spread, abs=1e-12)
    above = 1 / (1 + np.exp(-1.5 * (THETA[:, None] - np.array([-1.0, 0.0, 1.5]))))
    assert np.cumsum(chance[:, 4, ::-1], axis=1)[:, 2::-1] == pytest.approx(above, abs=1e-14)


def test_the_slope_is_the_derivative() -> None:
    items, step = mixed(), 1e-5

    numeric = (items.probability(THETA + step) - items.probability(THETA - step)) / (2 * step)

    assert items.slope_of_probability(THETA) == pytest.approx(numeric, abs=1e-9)


def test_graded_probabilities_keep_their_digits_in_the_tails() -> None:
    items = Items.graded([2.0], [[0.0, 0.5]])

    middle = items.probability(40.0)[0, 0, 1]

    assert middle == pytest.approx(np.exp(-79) - np.exp(-80), rel=1e-9)


@given(scale=st.floats(0.3, 3.0), shift=st.floats(-2.0, 2.0), theta=st.floats(-4, 4))
def test_a_change_of_scale_changes_no_probability(scale: float, shift: float, theta: float) -> None:
    items = mixed()

    moved = items.rescaled(scale, shift)

    assert moved.probability(scale * theta + shift) == pytest.approx(items.probability(theta), abs=1e-12)
    assert moved.b[0] == pytest.approx(scale * 0.3 + shift)


def test_difficulties_and_steps_come_back() -> None:
    items = mixed()

    assert items.a[:6] == pytest.approx([1.2, 0.8, 0.9, 1.0, 1.5, 0.7])
    assert items.steps[2] == pytest.approx([-0.5, 0.4, 1.0])
    assert items.steps[4] == pytest.approx([-1.0, 0.0, 1.5])
    assert items.b[:6] == pytest.approx([0.3, -0.5, 0.3, 0.2, 1 / 6, 0.2])
    assert np.isnan(items.a[6])
    assert np.isnan(items.b[6])


def test_taking_items_keeps_their_curves() -> None:
    items = mixed()

    some = items.take([3, 0])

    assert some.models == (Model.GPCM, Model.TWO_PL)
    assert some.slopes.shape == (2, 1)
    assert some.probability(THETA) == pytest.approx(items.probability(THETA)[:, [3, 0], :2], abs=1e-15)


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: Items.dichotomous([1.0], [np.inf]), "intercepts must be finite"),
        (lambda: Items.dichotomous([1.0, 2.0], [0.0]), "one length"),
        (lambda: Items.dichotomous([1.0], [0.0], c=0.5, u=0.4), "lower < upper"),
        (lambda: Items.graded([1.0], [[1.0, 0.0]]), "thresholds must rise"),
        (lambda: Items.partial_credit([1.0], [[NAN, 0.0]]), "NaN beyond"),
        (lambda: Items.partial_credit([1.0, 1.0], [[0.0]]), "one row an item"),
        (lambda: Items.concatenate([]), "at least one item"),
        (lambda: mixed().rescaled(0.0, 0.0), "scale must be positive"),
    ],
)
def test_unusable_parameters_are_refused(build: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        build()  # type: ignore[operator]


@given(abilities, slopes, difficulties)
def test_probability_is_bounded_and_does_not_fall(theta: list[float], a: float, b: float) -> None:
    curve = Items.dichotomous([a], [b]).probability(sorted(theta))[:, 0, 1]

    assert np.all((curve >= 0) & (curve <= 1))
    assert np.all(np.diff(curve) >= 0)


@given(abilities, slopes, difficulties)
def test_information_is_largest_at_the_difficulty(theta: list[float], a: float, b: float) -> None:
    items = Items.dichotomous([a], [b])

    values = items.information(theta)[:, 0]

    assert np.all(values >= 0)
    assert np.all(values <= a**2 / 4 + 1e-12)
    assert items.information([b])[0, 0] == pytest.approx(a**2 / 4)


@given(abilities, st.lists(difficulties, min_size=1, max_size=8))
def test_information_is_the_slope_of_the_expected_score_under_rasch(
    theta: list[float], b: list[float]
) -> None:
    h, items = 1e-5, Items.dichotomous(np.ones(len(b)), b)
    points = np.asarray(theta)

    slope = (items.expected_score(points + h) - items.expected_score(points - h)).sum(axis=1) / (2 * h)

    assert_allclose(items.information(points).sum(axis=1), slope, atol=1e-5)
