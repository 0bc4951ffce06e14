"""Component results."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.results.rules import (
    FULL_SCORE,
    Outcome,
    ResultState,
    ScoreOutOfRange,
    check_score,
    plain,
    to_hundred,
)

PASS = Decimal(60)


@pytest.mark.parametrize(("score", "passed"), [("60", True), ("59.99", False), ("100", True), ("0", False)])
def test_the_pass_mark_itself_passes(score: str, passed: bool) -> None:
    outcome = Outcome("theory", ResultState.SCORED, Decimal(score), PASS)

    assert outcome.is_pass is passed


@pytest.mark.parametrize("state", [ResultState.ABSENT, ResultState.CHEATING, ResultState.MISSING])
def test_absence_cheating_and_missing_are_states_without_score(state: ResultState) -> None:
    assert not Outcome("theory", state, None, Decimal(0)).is_pass
    with pytest.raises(ValueError, match="scored"):
        Outcome("theory", state, Decimal(0), PASS)


def test_scored_without_score_is_refused() -> None:
    with pytest.raises(ValueError, match="scored"):
        Outcome("theory", ResultState.SCORED, None, PASS)


@given(st.integers(0, 4000), st.integers(1, 4000))
def test_a_score_out_of_hundred_stays_in_bounds(earned: int, total: int) -> None:
    earned = min(earned, total)
    score = to_hundred(Decimal(earned) / 4, Decimal(total) / 4)

    assert 0 <= score <= FULL_SCORE
    assert abs(score - Decimal(100 * earned) / total) <= Decimal("0.005")


@pytest.mark.parametrize("value", ["-0.5", "100.5", "NaN", "Infinity", "59.999"])
def test_a_score_out_of_bounds_or_between_steps_is_refused(value: str) -> None:
    with pytest.raises(ScoreOutOfRange, match="M1"):
        check_score("M1", Decimal(value))


def test_scores_are_written_without_trailing_zeros() -> None:
    assert [plain(Decimal(text)) for text in ("60.00", "59.50", "1E+2", "0.00")] == ["60", "59.5", "100", "0"]
