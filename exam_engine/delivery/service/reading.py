"""What others read of attempts: responses for marking and calibration, states for the invigilator. No keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import store
from exam_engine.delivery.models import Attempt
from exam_engine.delivery.rules import AttemptUnknown, is_overdue, remaining_seconds
from exam_engine.delivery.service.stepping import state_of
from itembank.base.db import database_now


class AttemptStage(StrEnum):
    """Where an attempt stands."""

    WORKING = "working"
    PAUSED = "paused"
    HANDED_IN = "handed_in"
    FORCED = "forced"
    TERMINATED = "terminated"


@dataclass(frozen=True)
class AttemptResponses:
    """One attempt with everything that was answered."""

    attempt_id: UUID
    registration_id: UUID
    paper_id: UUID
    form: Sequence[int] | None
    """What of the paper was given, as places on it; None for the whole."""
    started_at: datetime
    submitted_at: datetime | None
    """None while the attempt is under way: its responses may still change."""
    forced: bool
    terminated_reason: str
    responses: Mapping[UUID, list[str]]
    """Sorted original option labels by item; items without an answer are absent."""
    seed: int = 0
    is_over: bool = True
    """Whether nothing was left to be given; False where time cut the attempt off before its last step."""


@dataclass(frozen=True)
class AttemptProgress:
    """One attempt as the invigilator sees it."""

    attempt_id: UUID
    registration_id: UUID
    stage: AttemptStage
    answered: int
    last_saved_at: datetime | None
    remaining_seconds: float
    started_at: datetime
    due_at: datetime
    extra_seconds: int
    submitted_at: datetime | None
    epoch: int
    """Rises with every log-in, opening and step: of the devices that opened the attempt, the newest has it."""
    terminated_reason: str
    form_size: int | None
    """Items of the candidate's own form; None for the whole paper."""
    part: int = 0
    """Number, from 1, of the present step; 0 where there are no steps."""
    resting: bool = False
    """The present step is a break."""


def responses(session: Session, sitting_id: UUID) -> Sequence[AttemptResponses]:
    """Return every attempt of a sitting with its responses."""
    found: dict[UUID, dict[UUID, list[str]]] = {}
    for attempt_id, item_id, response in store.sitting_answers(session, sitting_id):
        if response:
            found.setdefault(attempt_id, {})[item_id] = response
    return [_read(attempt, found.get(attempt.id, {})) for attempt in store.attempts(session, sitting_id)]


def responses_of(session: Session, attempt_id: UUID) -> AttemptResponses:
    """Return one attempt with its responses; raises AttemptUnknown."""
    attempt = store.attempt(session, attempt_id)
    if attempt is None:
        raise AttemptUnknown
    given = store.answers(session, attempt_id)
    return _read(attempt, {answer.item_id: answer.response for answer in given if answer.response})


def _read(attempt: Attempt, responses: Mapping[UUID, list[str]]) -> AttemptResponses:
    return AttemptResponses(
        attempt.id,
        attempt.registration_id,
        attempt.paper_id,
        attempt.form,
        attempt.started_at,
        attempt.submitted_at,
        attempt.forced,
        attempt.terminated_reason,
        responses,
        attempt.seed,
        attempt.last_step,
    )


def attempt_states(
    session: Session, sitting_id: UUID, registration_ids: Sequence[UUID] | None = None
) -> Sequence[AttemptProgress]:
    """Return the progress of every attempt of a sitting, or of some candidates' (a room's at most).

    Health is the last acknowledged save.
    """
    now = database_now(session)
    progress = store.progress(session, sitting_id, registration_ids)
    attempts = store.attempts(session, sitting_id, registration_ids)
    has_steps = any(attempt.ends_at for attempt in attempts)
    rests = store.break_steps(session, sitting_id) if has_steps else set()
    rested = Counter(attempt_id for attempt_id, _ in rests)
    return [
        AttemptProgress(
            attempt.id,
            attempt.registration_id,
            _stage(attempt, now),
            progress[attempt.id].answered if attempt.id in progress else 0,
            progress[attempt.id].last_saved_at if attempt.id in progress else None,
            0.0
            if attempt.submitted_at
            else remaining_seconds(due_at=attempt.due_at, paused_at=attempt.paused_at, now=now),
            attempt.started_at,
            attempt.due_at,
            attempt.extra_seconds,
            attempt.submitted_at,
            attempt.epoch,
            attempt.terminated_reason,
            None if attempt.form is None else len(attempt.form),
            0 if attempt.ends_at is None else attempt.step + 1 - rested[attempt.id],
            (attempt.id, attempt.step) in rests,
        )
        for attempt in attempts
    ]


def _stage(attempt: Attempt, now: datetime) -> AttemptStage:
    if attempt.terminated_reason:
        return AttemptStage.TERMINATED
    if attempt.forced or is_overdue(state_of(attempt), now=now):
        return AttemptStage.FORCED
    if attempt.submitted_at is not None:
        return AttemptStage.HANDED_IN
    return AttemptStage.PAUSED if attempt.paused_at is not None else AttemptStage.WORKING
