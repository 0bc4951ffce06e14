"""Hofstee and Beuk: crossings, and their absence said in words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.psychometrics.standard_setting.compromise import Compromise, Outcome, beuk, hofstee
from exam_engine.psychometrics.standard_setting.panel import Warn

SCORES = np.random.default_rng(1).normal(65, 10, 500).round()


def by_search(scores: np.ndarray[tuple[int], np.dtype[np.float64]], line: Compromise) -> float:
    """Return the crossing by looking at a million cuts."""
    (low, most), (high, fewest) = line.line
    values, number = np.unique(scores, return_counts=True)
    below = np.concatenate([[0.0], np.cumsum(number) / number.sum()])
    at = np.linspace(low, high, 1_000_001)
    fail = np.interp(at, np.append(values, values[-1] + np.diff(values).min()), below)
    return float(at[np.argmin(np.abs(fail - (most + (fewest - most) * (at - low) / (high - low))))])


def test_hofstee_crosses_where_a_search_does() -> None:
    found = hofstee(
        SCORES,
        lowest_cut=[50, 55, 52, 54],
        highest_cut=[70, 66, 72, 68],
        lowest_fail_rate=[0.05, 0.1, 0.1, 0.0],
        highest_fail_rate=[0.4, 0.3, 0.5, 0.35],
    )

    assert found.outcome is Outcome.CROSSED
    assert found.cut == pytest.approx(by_search(SCORES, found), abs=1e-3)
    np.testing.assert_allclose(found.line, [[52.75, 0.3875], [69.0, 0.0625]])
    assert found.standard_error > 0
    assert found.warnings == (Warn.FEW_JUDGES,)


@given(st.floats(30, 60), st.floats(5, 30), st.floats(0, 0.4), st.floats(0.05, 0.5))
def test_a_crossing_lies_on_the_line_and_within_the_bounds(
    low: float, width: float, fewest: float, more: float
) -> None:
    found = hofstee(
        SCORES,
        lowest_cut=[low],
        highest_cut=[low + width],
        lowest_fail_rate=[fewest],
        highest_fail_rate=[fewest + more],
    )

    if found.outcome is Outcome.CROSSED:
        assert low <= found.cut <= low + width
        assert found.fail_rate == pytest.approx(fewest + more - more * (found.cut - low) / width, abs=1e-9)
        assert found.nearest == found.cut
    else:
        assert np.isnan(found.cut)
        assert Warn.NO_CROSSING in found.warnings


def test_too_many_and_too_few_failures_are_told_apart() -> None:
    rates = {"lowest_fail_rate": [0.1], "highest_fail_rate": [0.3]}

    harsh = hofstee(SCORES, lowest_cut=[80], highest_cut=[90], **rates)
    mild = hofstee(SCORES, lowest_cut=[20], highest_cut=[30], **rates)

    assert (harsh.outcome, harsh.nearest) == (Outcome.TOO_MANY_FAIL, 80.0)
    assert (mild.outcome, mild.nearest) == (Outcome.TOO_FEW_FAIL, 30.0)


def test_counts_and_persons_are_the_same() -> None:
    values, number = np.unique(SCORES, return_counts=True)
    judges = {
        "lowest_cut": [50],
        "highest_cut": [70],
        "lowest_fail_rate": [0.1],
        "highest_fail_rate": [0.5],
    }

    assert hofstee(values, counts=number, **judges).cut == hofstee(SCORES, **judges).cut


def test_beuk_moves_further_where_judges_agree_less() -> None:
    exact_cut = beuk(SCORES, cut=[69.9, 70.1], pass_rate=[0.5, 0.9], highest=100)
    exact_rate = beuk(SCORES, cut=[60, 80], pass_rate=[0.69, 0.71], highest=100)

    assert exact_cut.cut == pytest.approx(70, abs=0.5)
    assert 1 - exact_rate.fail_rate == pytest.approx(0.7, abs=0.03)
    assert exact_cut.cut == pytest.approx(by_search(SCORES, exact_cut), abs=2e-4)


def test_judges_who_agree_exactly_give_beuk_no_slope() -> None:
    with pytest.raises(ValueError, match="no slope"):
        beuk(SCORES, cut=[60, 60], pass_rate=[0.5, 0.6], highest=100)
    with pytest.raises(ValueError, match="no slope"):  # their standard deviation is 1e-16
        beuk(SCORES, cut=[60, 65, 70], pass_rate=[0.7, 0.7, 0.7], highest=100)
    with pytest.raises(ValueError, match="shares"):
        beuk(SCORES, cut=[60, 61], pass_rate=[50, 60], highest=100)


def test_bounds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValueError, match="lowest cut"):
        hofstee(SCORES, lowest_cut=[70], highest_cut=[60], lowest_fail_rate=[0.1], highest_fail_rate=[0.3])
    with pytest.raises(ValueError, match="every question"):
        hofstee(
            SCORES, lowest_cut=[60, 61], highest_cut=[70], lowest_fail_rate=[0.1], highest_fail_rate=[0.3]
        )
