"""Cut scores against published figures."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.standard_setting.bookmark import booklet
from exam_engine.psychometrics.standard_setting.consistency import components
from exam_engine.psychometrics.standard_setting.examinees import contrasting_groups


def test_six_targets_rated_by_four_judges() -> None:
    """Shrout & Fleiss (1979, tables 2–4): mean squares of targets 11.24, judges 32.49, residual 1.02; ICC(2,1) .29,
    ICC(2,4) .62, ICC(3,1) .71, ICC(3,4) .91, printed with two decimals."""
    by_target = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]

    found = components(np.transpose(by_target))

    assert found.residual == pytest.approx(1.02, abs=0.005)
    assert 4 * found.items + found.residual == pytest.approx(11.24, abs=0.005)
    assert 6 * found.judges + found.residual == pytest.approx(32.49, abs=0.005)
    assert found.single == pytest.approx(0.29, abs=0.005)
    assert found.average == pytest.approx(0.62, abs=0.005)
    assert found.single_relative == pytest.approx(0.71, abs=0.005)
    assert found.average_relative == pytest.approx(0.91, abs=0.005)


def test_hours_of_study_and_passing() -> None:
    """The worked example of the article "Logistic regression" of Wikipedia: 20 students, intercept -4.1 (error 1.8),
    slope 1.5 (0.6), even odds at 2.7 hours."""
    hours = [
        0.5,
        0.75,
        1,
        1.25,
        1.5,
        1.75,
        1.75,
        2,
        2.25,
        2.5,
        2.75,
        3,
        3.25,
        3.5,
        4,
        4.25,
        4.5,
        4.75,
        5,
        5.5,
    ]
    passed = [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1]

    found = contrasting_groups(hours, passed)

    assert found.intercept == pytest.approx(-4.1, abs=0.05)
    assert found.slope == pytest.approx(1.5, abs=0.05)
    assert found.slope_error == pytest.approx(0.6, abs=0.05)
    assert found.cut == pytest.approx(2.7, abs=0.05)


def test_locations_are_those_of_beretvas() -> None:
    """Beretvas (2004, Applied Psychological Measurement 28, 25–47): with 2/3, ``b + ln 2 / a`` for Rasch, 2PL and
    graded steps, ``b + ln((2/3 - c) / (1/3)) / a`` for the 3PL; closed forms, so to rounding."""
    two_thirds = {"response_probability": 2 / 3}

    rasch = booklet(Items.dichotomous([1.0], [0.4]), **two_thirds)
    guessed = booklet(Items.dichotomous([1.3], [0.4], c=0.2), **two_thirds)
    graded = booklet(Items.graded([1.3], [[-1.0, 0.5]]), **two_thirds)

    assert rasch.location[0] == pytest.approx(0.4 + np.log(2), abs=1e-9)
    assert guessed.location[0] == pytest.approx(0.4 + np.log((2 / 3 - 0.2) * 3) / 1.3, abs=1e-9)
    np.testing.assert_allclose(graded.location, np.array([-1.0, 0.5]) + np.log(2) / 1.3, atol=1e-9)
