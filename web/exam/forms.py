"""Forms of the candidate's pages."""

from __future__ import annotations

from pydantic import BaseModel, Field


class EntryForm(BaseModel):
    """Ticket number and entry code."""

    ticket_number: str = Field(min_length=1, max_length=40)
    entry_code: str = Field(min_length=1, max_length=40)


class EpochForm(BaseModel):
    """Which device's page was sent."""

    epoch: int = Field(ge=1, le=1_000_000_000)


class StepForm(EpochForm):
    """Which step the page wants to leave."""

    step: int = Field(ge=0, le=1_000_000)
