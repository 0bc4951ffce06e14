"""Forms of the public pages."""

from __future__ import annotations

from pydantic import BaseModel, Field


class ObjectionForm(BaseModel):
    """An objection; without a line it is against the whole notice."""

    position: int | None = None
    ground: str = Field(min_length=1, max_length=5000)
    objector: str = Field("", max_length=60)
    telephone: str = Field("", max_length=30)


class ResultForm(BaseModel):
    """What a candidate holds: admission ticket and identity document."""

    ticket: str = Field(min_length=1, max_length=40)
    document: str = Field(min_length=1, max_length=40)


class VerifyForm(BaseModel):
    """What stands on a certificate."""

    number: str = Field(min_length=1, max_length=60)
    name: str = Field(min_length=1, max_length=80)
