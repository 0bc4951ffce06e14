"""Forms of marking."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from pydantic import BaseModel, Field, field_validator

from exam_engine.marking.rules import RubricLine
from web.i18n import N_

LINE_FORM = N_("Write one line for each rubric line: code, points and text, separated by | or a tab.")


class TaskForm(BaseModel):
    """A practical task with its rubric, one line of text per rubric line."""

    title: str = Field(min_length=1, max_length=200)
    total: Decimal = Field(gt=0, le=1000, decimal_places=2)
    lines: str = Field(min_length=1, max_length=20_000)
    instructions: str = Field("", max_length=20_000)

    @field_validator("lines")
    @classmethod
    def check_lines(cls, text: str) -> str:
        """Refuse what cannot be read as rubric lines."""
        parse_lines(text)
        return text


def parse_lines(text: str) -> list[RubricLine]:
    """Return the rubric lines written as ``M1 | 2 | text``; raises ValueError with LINE_FORM."""
    lines = []
    for row in text.splitlines():
        if not row.strip():
            continue
        parts = [part.strip() for part in row.replace("\t", "|").replace("｜", "|").split("|", 2)]
        if len(parts) < 2 or not 1 <= len(parts[0]) <= 12:
            raise ValueError(LINE_FORM)
        try:
            points = Decimal(parts[1])
        except InvalidOperation:
            raise ValueError(LINE_FORM) from None
        if not points.is_finite() or not 0 <= points <= 1000 or points != points.quantize(Decimal("0.01")):
            raise ValueError(LINE_FORM)
        lines.append(RubricLine(parts[0], points, parts[2] if len(parts) > 2 else ""))
    if not lines:
        raise ValueError(LINE_FORM)
    return lines
