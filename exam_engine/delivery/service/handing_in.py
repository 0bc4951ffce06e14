"""Handing in: by the candidate, by the server at the deadline, by an invigilator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from exam_engine.delivery import store
from exam_engine.delivery.models import Answer, Attempt
from exam_engine.delivery.rules import (
    AttemptPaused,
    SectionClosed,
    TakenOver,
    check_hand_in,
    is_overdue,
    is_step_over,
    receipt,
)
from exam_engine.delivery.service.entering import own_attempt, place_of, terms_of
from exam_engine.delivery.service.stepping import advance, catch_up, state_of
from exam_engine.delivery.steps.rules import StepsFollow
from itembank.base import audit
from itembank.base.db import database_now
from itembank.people.rules import SYSTEM, Actor

log = structlog.get_logger(__name__)

SWEEP_LIMIT = 200
"""Attempts handed in by one transaction of the sweeper."""


@dataclass(frozen=True)
class HandedIn:
    """A hand-in with its receipt."""

    attempt: Attempt
    answered: int
    already: bool
    """It had been handed in before; nothing was changed now."""


def hand_in(session: Session, *, actor: Actor, attempt_id: UUID, epoch: int) -> HandedIn:
    """Hand the candidate's paper in; a second time, return the first receipt.

    Raises AttemptUnknown, TakenOver for an older device, SectionClosed for the page of a former step, AttemptPaused,
    StepsFollow before the last step, or SubmittedTooEarly.
    """
    attempt = own_attempt(session, actor=actor, attempt_id=attempt_id, lock=True)
    now = database_now(session)
    if attempt.submitted_at is not None:
        return HandedIn(attempt, _answered(session, attempt), already=True)
    catch_up(session, attempt, now)
    if is_overdue(state_of(attempt), now=now):  # the server's turn, whether or not its sweeper came by
        close(session, attempt, actor=SYSTEM, at=attempt.due_at, forced=True)
        return HandedIn(attempt, _answered(session, attempt), already=True)
    if attempt.epoch != epoch:
        raise SectionClosed if epoch < attempt.step_epoch else TakenOver
    if attempt.paused_at is not None:
        raise AttemptPaused
    if not attempt.last_step:
        raise StepsFollow
    check_hand_in(terms_of(place_of(session, attempt).sitting), due_at=attempt.due_at, now=now)
    close(session, attempt, actor=actor, at=min(now, attempt.due_at), forced=False)
    return HandedIn(attempt, _answered(session, attempt), already=False)


def receipt_of(session: Session, *, actor: Actor, attempt_id: UUID) -> HandedIn | None:
    """Return the receipt of the candidate's attempt, or None while it is under way."""
    attempt = own_attempt(session, actor=actor, attempt_id=attempt_id)
    if attempt.submitted_at is None:
        return None
    return HandedIn(attempt, _answered(session, attempt), already=True)


def something_due(session: Session) -> tuple[bool, bool]:
    """Tell whether the sweeper has breaks to end, and attempts to hand in, without locking anything."""
    return store.something_due(session, database_now(session))


def hand_in_overdue(session: Session) -> int:
    """Hand in the attempts whose time and grace are over, or let them go on to their next step; return how many.

    Both count as of the deadline, so that it does not matter how late this runs, how often, or where.
    """
    now = database_now(session)
    overdue = store.overdue(session, now, limit=SWEEP_LIMIT)
    closing = [attempt for attempt in overdue if not is_step_over(state_of(attempt), now=now)]
    going = [attempt for attempt in overdue if attempt not in closing]
    moved = sum(_goes_on(session, attempt) for attempt in going)
    answers = store.answers_of(session, [attempt.id for attempt in closing])
    for attempt in closing:
        _close(session, attempt, answers[attempt.id], actor=SYSTEM, at=attempt.due_at, forced=True)
    return len(closing) + moved


def _goes_on(session: Session, attempt: Attempt) -> bool:
    """Let an attempt go on as of its deadline; one that cannot must not keep the others from being handed in."""
    try:
        with session.begin_nested():
            advance(session, actor=SYSTEM, attempt=attempt, at=attempt.due_at)
    except Exception:
        log.exception("attempt_cannot_go_on", attempt_id=str(attempt.id))
        return False
    return True


def close(session: Session, attempt: Attempt, *, actor: Actor, at: datetime, forced: bool) -> None:
    """Hand in a locked attempt and give it its receipt."""
    _close(session, attempt, store.answers(session, attempt.id), actor=actor, at=at, forced=forced)


def _close(
    session: Session,
    attempt: Attempt,
    answers: Iterable[Answer],
    *,
    actor: Actor,
    at: datetime,
    forced: bool,
) -> None:
    rows = [(a.item_id, a.epoch, a.revision, a.response) for a in answers]
    attempt.submitted_at, attempt.forced, attempt.paused_at = at, forced, None
    attempt.receipt = receipt(attempt.id, rows)
    audit.record(
        session,
        actor=actor,
        action="attempt.handed_in",
        subject=("attempt", attempt.id),
        institution_id=attempt.institution_id,
        detail={"forced": forced, "receipt": attempt.receipt, "answered": sum(bool(row[3]) for row in rows)},
    )


def _answered(session: Session, attempt: Attempt) -> int:
    return sum(bool(answer.response) for answer in store.answers(session, attempt.id))
