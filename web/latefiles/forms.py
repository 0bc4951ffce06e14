"""Forms of late answer files."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class DecisionForm(BaseModel):
    """Whether the answers count, and why."""

    decision: Literal["accept", "refuse"]
    reason: str = Field("", max_length=400)
