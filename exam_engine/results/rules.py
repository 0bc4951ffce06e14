"""What a component's result can be. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from itembank.base.errors import Invalid


class ResultState(StrEnum):
    """Why a component has a score, or has none."""

    SCORED = "scored"
    ABSENT = "absent"
    CHEATING = "cheating"
    MISSING = "missing"


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
