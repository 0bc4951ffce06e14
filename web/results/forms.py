"""Forms of results."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from exam_engine.results.rules import ResultState


class StateForm(BaseModel):
    """A state recorded by hand, with its reason; ``missing`` takes it back."""

    state: Literal[ResultState.ABSENT, ResultState.CHEATING, ResultState.MISSING]
    reason: str = Field("", max_length=2000)
