"""Scores rise with answers, stay finite where they promise to, and fall back on the prior."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt.scoring import score_eap, score_map, score_ml, score_wle

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
