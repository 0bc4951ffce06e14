"""Probabilities stay in bounds and rise; information is never negative."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt.models import (
    expected_score,
    item_information,
    probability_2pl,
    probability_rasch,
)
from exam_engine.psychometrics.irt.models import test_information as information_of_test

abilities = st.lists(st.floats(-40, 40), min_size=2, max_size=20)
slopes = st.floats(0.01, 5)
difficulties = st.floats(-10, 10)


@given(abilities, slopes, difficulties)
def test_probability_is_bounded_and_does_not_fall(theta: list[float], a: float, b: float) -> None:
    curve = probability_2pl(sorted(theta), [a], [b])[:, 0]

    assert np.all((curve >= 0) & (curve <= 1))
    assert np.all(np.diff(curve) >= 0)


@given(abilities, slopes, difficulties)
def test_information_is_largest_at_the_difficulty(theta: list[float], a: float, b: float) -> None:
    values = item_information(theta, [a], [b])[:, 0]

    assert np.all(values >= 0)
    assert np.all(values <= a**2 / 4 + 1e-12)
    assert item_information([b], [a], [b])[0, 0] == pytest.approx(a**2 / 4)


@given(abilities, st.lists(difficulties, min_size=1, max_size=8))
def test_information_is_the_slope_of_the_expected_score_under_rasch(
    theta: list[float], b: list[float]
) -> None:
    h, a = 1e-5, np.ones(len(b))
    points = np.asarray(theta)

    slope = (expected_score(points + h, a, b) - expected_score(points - h, a, b)) / (2 * h)

    assert_allclose(information_of_test(points, a, b), slope, atol=1e-5)
    assert_allclose(expected_score(points, a, b), probability_rasch(points, b).sum(axis=1))


def test_ragged_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        probability_2pl([0.0], [1.0, 1.0], [0.0])
