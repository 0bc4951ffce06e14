"""What a component's result can be. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from itembank.base.errors import Invalid

FULL_SCORE = Decimal(100)
"""Theory, practical and comprehensive review are each out of 100."""

SCORE_UNIT = Decimal("0.01")
"""Scores are kept to this unit; shown without trailing zeros."""


class ResultState(StrEnum):
    """Why a component has a score, or has none."""

    SCORED = "scored"
    ABSENT = "absent"
    CHEATING = "cheating"
    MISSING = "missing"


class ScoreOutOfRange(Invalid):
    """A score lies outside its bounds."""

    code = "score_out_of_range"
    message = "{what}: {value} is not a score from 0 to {highest} in steps of {step}."


class ReasonMissing(Invalid):
    """A state without a score needs its recorded reason."""

    code = "result_reason_missing"
    message = "Record the reason: a result without a score needs one."


@dataclass(frozen=True)
class Outcome:
    """One component's result as the decision reads it: a state, and a score only when scored."""

    component: str
    state: ResultState
    score: Decimal | None
    pass_mark: Decimal

    def __post_init__(self) -> None:
        if (self.state is ResultState.SCORED) != (self.score is not None):
            raise ValueError("a score belongs to the state 'scored' and to no other")

    @property
    def is_pass(self) -> bool:
        """Tell whether the component is passed; absence, cheating and missing never are."""
        return self.score is not None and self.score >= self.pass_mark


def to_hundred(earned: Decimal, total: Decimal) -> Decimal:
    """Return marks out of ``total`` as a score out of 100, rounded half up to SCORE_UNIT."""
    if total <= 0 or not 0 <= earned <= total:
        raise ValueError(f"{earned} of {total} marks")
    return (earned * FULL_SCORE / total).quantize(SCORE_UNIT, ROUND_HALF_UP)


def check_score(
    what: str, value: Decimal, *, highest: Decimal = FULL_SCORE, step: Decimal = SCORE_UNIT
) -> None:
    """Raise ScoreOutOfRange unless ``value`` lies within bounds and on the step."""
    if not value.is_finite() or not 0 <= value <= highest or value % step != 0:
        raise ScoreOutOfRange(what=what, value=value, highest=plain(highest), step=plain(step))


def plain(value: Decimal) -> str:
    """Return a Decimal as people write it: ``60``, ``59.5``, never ``6E+1``."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
