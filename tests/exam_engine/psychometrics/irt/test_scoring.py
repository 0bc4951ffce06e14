"""Scores rise with answers, stay finite where they promise to, and fall back on the prior."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt.models import FloatArray, item_information, probability_2pl
from exam_engine.psychometrics.irt.scoring import Scores, score_eap, score_map, score_ml, score_wle

parameters = st.lists(st.tuples(st.floats(0.3, 2.5), st.floats(-3, 3)), min_size=2, max_size=12)


@settings(deadline=None)
@given(parameters, st.data())
def test_one_more_right_answer_never_lowers_a_score(
    items: list[tuple[float, float]], data: st.DataObject
) -> None:
    a, b = (list(column) for column in zip(*items, strict=True))
    answers = data.draw(st.lists(st.integers(0, 1), min_size=len(a), max_size=len(a)))
    position = data.draw(st.integers(0, len(a) - 1))
    less, more = list(answers), list(answers)
    less[position], more[position] = 0, 1

    for score in (score_eap, score_map, score_ml):
        low, high = score([less, more], a=a, b=b).theta
        assert low <= high + 1e-9


@settings(deadline=None)
@given(parameters)
def test_perfect_scores_are_infinite_only_for_maximum_likelihood(items: list[tuple[float, float]]) -> None:
    a, b = (list(column) for column in zip(*items, strict=True))
    extremes = [[0] * len(a), [1] * len(a)]

    assert list(score_ml(extremes, a=a, b=b).theta) == [-np.inf, np.inf]
    for score in (score_eap, score_map, score_wle):
        low, high = score(extremes, a=a, b=b).theta
        assert np.isfinite(low)
        assert np.isfinite(high)
        assert low < high


def test_who_saw_nothing_gets_the_prior_or_nothing() -> None:
    nothing = [[-1, -1]]

    eap, mode = (score(nothing, a=[1, 1], b=[0, 1], variance=2.0) for score in (score_eap, score_map))

    assert_allclose([eap.theta[0], mode.theta[0]], 0, atol=1e-12)
    assert_allclose([eap.se[0], mode.se[0]], np.sqrt(2), atol=1e-3)
    assert np.isnan(score_ml(nothing, a=[1, 1], b=[0, 1]).theta[0])
    assert np.isnan(score_wle(nothing, a=[1, 1], b=[0, 1]).theta[0])


def test_parameters_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values"):
        score_eap([[1, 0]], a=[1.0], b=[0.0])
    with pytest.raises(ValueError, match="no discrimination 0"):
        score_ml([[1, 0]], a=[1.0, 0.0], b=[0.0, 0.0])


@pytest.mark.parametrize("variance", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("score", [score_eap, score_map])
def test_a_prior_without_a_variance_is_refused(score: Callable[..., Scores], variance: float) -> None:
    with pytest.raises(ValueError, match="variance must be positive"):
        score([[1, 0]], a=[1.0, 1.0], b=[0.0, 0.0], variance=variance)


@pytest.mark.parametrize("score", [score_ml, score_wle])
def test_abilities_far_from_zero_are_found(score: Callable[..., Scores]) -> None:
    far = score([[1, 0]], a=[1.0, 1.0], b=[50.0, 52.0])
    flat = score([[1, 0]], a=[0.01, 0.01], b=[0.0, 1.0])

    assert far.theta[0] == pytest.approx(51.0)
    assert flat.theta[0] == pytest.approx(0.5)


def test_no_right_answer_on_steep_easy_items_is_below_one() -> None:
    # Fisher scoring swings between -5 and 0 here and used to be cut off on the way.
    low, high = score_map([[0, 0, 0], [1, 0, 0]], a=[2.5, 2.484375, 0.34375], b=[-2.5, -3.0, 0.0]).theta

    assert low < high
    assert low == pytest.approx(-2.706778, abs=1e-6)


@settings(deadline=None)
@given(parameters, st.data())
def test_the_mode_and_the_weighted_estimate_are_the_highest_points(
    items: list[tuple[float, float]], data: st.DataObject
) -> None:
    a, b = (np.array(column) for column in zip(*items, strict=True))
    answers = np.array(data.draw(st.lists(st.integers(0, 1), min_size=a.size, max_size=a.size)))

    def objectives(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        right = probability_2pl(theta, a, b)
        likelihood = np.log(np.where(answers == 1, right, probability_2pl(-theta, a, -b))).sum(axis=1)
        with np.errstate(divide="ignore"):
            spread = np.log(item_information(theta, a, b).sum(axis=1))
        return likelihood - theta**2 / 2, likelihood + spread / 2

    points = np.linspace(-15, 15, 3001)
    found = np.array([score([answers], a=a, b=b).theta[0] for score in (score_map, score_wle)])

    for at, (everywhere, here) in enumerate(zip(objectives(points), objectives(found), strict=True)):
        assert here[at] >= everywhere.max() - 1e-9


def test_the_weighted_estimate_takes_the_highest_of_several_maxima() -> None:
    (theta,) = score_wle([[1, 1]], a=[100.0, 50.0], b=[0.0, 3.0]).theta

    assert theta == pytest.approx(3 + np.log(3) / 50, abs=1e-6)
