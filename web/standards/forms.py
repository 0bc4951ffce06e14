"""Forms of standard setting."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field, field_validator

from exam_engine.standard_setting.rules import DEFAULT_RESPONSE_PROBABILITY, MAX_ROUNDS, Method
from exam_engine.standard_setting.service import WorkshopDraft
from web.forms import FormData
from web.i18n import N_

BANK_FORM = N_("Choose one of the values offered.")


class WorkshopForm(BaseModel):
    """A workshop to be made."""

    name: str = Field(min_length=1, max_length=120)
    standard_method: Method
    description: str = Field(min_length=20, max_length=4000)
    rounds: int = Field(2, ge=1, le=MAX_ROUNDS)
    paper_id: UUID | None = None
    bank: str = Field("", max_length=60)
    numbers: str = Field("", max_length=4000)
    scale_id: UUID | None = None
    response_probability: float = Field(DEFAULT_RESPONSE_PROBABILITY, ge=0.5, le=0.9)
    sitting_id: UUID | None = None
    with_key: bool = False
    with_statistics: bool = False
    with_impact: bool = False
    with_questions: bool = False

    @field_validator("bank")
    @classmethod
    def check_bank(cls, text: str) -> str:
        """Refuse what is no occupation and level."""
        read_bank(text)
        return text

    def draft(self) -> WorkshopDraft:
        """Return what the service is asked for."""
        return WorkshopDraft(
            name=self.name,
            method=self.standard_method,
            description=self.description,
            rounds=self.rounds,
            paper_id=self.paper_id,
            bank=read_bank(self.bank),
            numbers=self.numbers,
            scale_id=self.scale_id,
            response_probability=self.response_probability,
            sitting_id=self.sitting_id,
            with_key=self.with_key,
            with_statistics=self.with_statistics,
            with_impact=self.with_impact,
            with_questions=self.with_questions,
        )


class DescriptionForm(BaseModel):
    """The description of the minimally competent candidate."""

    description: str = Field(min_length=20, max_length=4000)


class JudgesForm(BaseModel):
    """Judges to be invited."""

    judges: list[UUID] = Field(min_length=1)


class AnswersForm(BaseModel):
    """A judge's answers to the final questions, in percent."""

    lowest_cut: float = Field(ge=0, le=100)
    highest_cut: float = Field(ge=0, le=100)
    lowest_fail: float = Field(ge=0, le=100)
    highest_fail: float = Field(ge=0, le=100)


def read_bank(text: str) -> tuple[UUID, int] | None:
    """Return occupation and level of ``<id>:<level>``, None when nothing is chosen; raises ValueError."""
    if not text:
        return None
    occupation, _, level = text.partition(":")
    try:
        found = UUID(occupation), int(level)
    except ValueError:
        raise ValueError(BANK_FORM) from None
    if not 1 <= found[1] <= 5:
        raise ValueError(BANK_FORM)
    return found


def read_ratings(data: FormData) -> dict[int, str]:
    """Return the fields ``r-<position>`` by position; others are none of ours."""
    found: dict[int, str] = {}
    for name, value in data.as_dict().items():
        prefix, _, position = name.partition("-")
        if prefix == "r" and position.isascii() and position.isdigit() and len(position) < 5:
            found[int(position)] = str(value)
    return found
