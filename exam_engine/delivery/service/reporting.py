"""What a candidate's page reports of itself: focus lost, full screen left, paste. Evidence, never a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import store
from exam_engine.delivery.models import AttemptEvent
from exam_engine.delivery.rules import MAX_EVENTS_PER_EPOCH, AttemptPaused, EventKind, refusal
from exam_engine.delivery.service.stepping import state_of
from exam_engine.delivery.tokens import AttemptToken
from itembank.base.db import database_now


@dataclass(frozen=True)
class ReportedEvent:
    """One event as the page reports it."""

    number: int
    """The page's own, at random: sending twice counts once."""
    kind: EventKind
    seconds_ago: float
    lasted_seconds: float


def record_events(session: Session, token: AttemptToken, events: Sequence[ReportedEvent]) -> int:
    """Keep events of the page that holds ``token``; return how many. Beyond the cap of a page nothing is kept.

    A pause stops the clock and not the page, so events of a paused attempt are kept.

    Raises NotYourAttempt, AttemptClosed or TakenOver, as for saving.
    """
    attempt, now = store.attempt(session, token.attempt_id), database_now(session)
    refused = refusal(state_of(attempt) if attempt else None, epoch=token.epoch, now=now)
    if refused is not None and refused is not AttemptPaused:
        raise refused
    room = MAX_EVENTS_PER_EPOCH - store.count_events(session, token.attempt_id, token.epoch)
    rows = [
        {
            "attempt_id": token.attempt_id,
            "epoch": token.epoch,
            "number": event.number,
            "kind": event.kind,
            "at": now - timedelta(seconds=event.seconds_ago),
            "lasted_seconds": event.lasted_seconds,
        }
        for event in events[: max(0, room)]
    ]
    if rows:
        store.add_events(session, rows)
    return len(rows)


@dataclass(frozen=True)
class AttemptEvidence:
    """One recorded event."""

    attempt_id: UUID
    epoch: int
    kind: EventKind
    at: datetime
    lasted_seconds: float


def evidence(session: Session, sitting_id: UUID) -> Sequence[AttemptEvidence]:
    """Return the events of a sitting's attempts in the order of time."""
    return [_evidence(event) for event in store.sitting_events(session, sitting_id)]


def evidence_of(session: Session, attempt_id: UUID) -> Sequence[AttemptEvidence]:
    """Return the events of one attempt in the order of time."""
    return [_evidence(event) for event in store.attempt_events(session, attempt_id)]


def _evidence(event: AttemptEvent) -> AttemptEvidence:
    return AttemptEvidence(event.attempt_id, event.epoch, event.kind, event.at, event.lasted_seconds)
