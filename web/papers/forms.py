"""What several pages of papers read from their forms."""

from __future__ import annotations

from pydantic import BaseModel, Field

from exam_engine.papers.rules import MAX_FORMS

TYPES = ("single_choice", "multiple_choice", "true_false")


class AssembleForm(BaseModel):
    """How many forms, and from which seed."""

    forms: int = Field(2, ge=1, le=MAX_FORMS)
    seed: int | None = Field(None, ge=0, le=2**31 - 1)
