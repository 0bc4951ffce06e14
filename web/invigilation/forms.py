"""Forms of the rooms."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field

from exam_engine.delivery.service import Deed
from exam_engine.invigilation.rules import AttendanceState, IncidentKind


class AttendanceForm(BaseModel):
    """Who came, or did not."""

    registration_ids: list[UUID] = Field(default_factory=list)
    state: AttendanceState


class IncidentForm(BaseModel):
    """What happened."""

    registration_id: UUID | None = None
    kind: IncidentKind
    note: str = Field("", max_length=1000)


class ReasonForm(BaseModel):
    """Why something is taken back."""

    reason: str = Field("", max_length=400)


class RecordForm(BaseModel):
    """The room record."""

    video_reference: str = Field("", max_length=200)
    substitute: str = Field("", max_length=400)
    substitute_reason: str = Field("", max_length=400)
    notes: str = Field("", max_length=2000)


class ControlForm(BaseModel):
    """What is done to the attempts under way of one candidate, a room, or all."""

    deed: Deed
    minutes: int = Field(5, ge=1, le=600)
    reason: str = Field("", max_length=400)


class MessageForm(BaseModel):
    """What is said to one candidate, a room, or all."""

    text: str = Field("", max_length=400)


class SebForm(BaseModel):
    """Whether a candidate may work without the Safe Exam Browser, and why."""

    let_in: bool = False
    seb_reason: str = Field("", max_length=400)


class MoveForm(BaseModel):
    """Where a candidate goes, and why."""

    room_id: UUID
    number: int = Field(ge=1, le=500)
    move_reason: str = Field("", max_length=400)


class ReplacementForm(BaseModel):
    """A new slip, and another seat where one is named."""

    room_id: UUID | None = None
    number: int | None = Field(None, ge=1, le=500)
    move_reason: str = Field("", max_length=400)
