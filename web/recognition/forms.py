"""Forms of recognition."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field


class NoticeForm(BaseModel):
    """When a notice ends, and whom the public can ask."""

    last_day: date
    contact: str = Field("", max_length=200)


class DecisionForm(BaseModel):
    """How an objection is decided, on which findings."""

    verdict: Literal["upheld", "dismissed"]
    finding: str = Field(min_length=1, max_length=10_000)


class ApprovalForm(BaseModel):
    """Recognitions chosen, and what becomes of them."""

    then: Literal["approve", "return"]
    decision: list[UUID] = Field(default_factory=list)
    comment: str = Field("", max_length=2000)


class ResubmissionForm(BaseModel):
    """What was done about a return."""

    comment: str = Field("", max_length=2000)


class RevocationForm(BaseModel):
    """Why a certificate is revoked."""

    reason: str = Field(min_length=1, max_length=400)
