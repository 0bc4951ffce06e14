"""Component results."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exam_engine.results.rules import (
    Outcome,
    ResultState,
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
