"""Breaks that a candidate was given: the clock stands still, so long and so often as was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import store
from exam_engine.delivery.models import Attempt, AttemptBreak
from exam_engine.delivery.rules import AttemptClosed, AttemptPaused, NoBreakLeft, TakenOver, remaining_seconds
from exam_engine.delivery.service.controlling import resume
from exam_engine.delivery.service.entering import is_over, own_attempt, place_of
from exam_engine.sittings.accommodations import Accommodations
from itembank.base import audit
from itembank.base.db import database_now
from itembank.people.rules import SYSTEM, Actor

SWEEP_LIMIT = 200
"""Breaks ended by one transaction of the sweeper."""


@dataclass(frozen=True)
class Rest:
    """Where a candidate stands with the breaks of an attempt."""

    left: int
    minutes: int
    seconds: float | None
    """Of the present break, until the clock runs on by itself; None outside a break."""
    remaining: float
    """Seconds of the examination."""
    paused: bool
    """The clock stands: a break, or an invigilator's pause."""


def breaks_of(session: Session, *, actor: Actor, attempt_id: UUID) -> Rest:
    """Return the breaks of the candidate's attempt; raises AttemptUnknown."""
    return _rest(session, own_attempt(session, actor=actor, attempt_id=attempt_id), database_now(session))


def _rest(session: Session, attempt: Attempt, now: datetime) -> Rest:
    given, taken = _given(session, attempt), store.breaks(session, attempt.id)
    running = next((one for one in taken if one.ended_at is None), None)
    return Rest(
        left=max(0, given.breaks - len(taken)),
        minutes=given.break_minutes,
        seconds=None if running is None else max(0.0, (running.until - now).total_seconds()),
        remaining=remaining_seconds(due_at=attempt.due_at, paused_at=attempt.paused_at, now=now),
        paused=attempt.paused_at is not None,
    )


def _given(session: Session, attempt: Attempt) -> Accommodations:
    return Accommodations.from_json(place_of(session, attempt).seat.accommodations)


def _own(session: Session, actor: Actor, attempt_id: UUID, epoch: int) -> tuple[Attempt, datetime]:
    attempt = own_attempt(session, actor=actor, attempt_id=attempt_id, lock=True)
    now = database_now(session)
    if is_over(session, attempt):
        raise AttemptClosed
    if attempt.epoch != epoch:
        raise TakenOver
    return attempt, now


def take_break(session: Session, *, actor: Actor, attempt_id: UUID, epoch: int) -> Rest:
    """Stop the clock for a break; asked again during it, tell how long it still lasts.

    Raises AttemptUnknown, AttemptClosed, TakenOver for an older device, AttemptPaused by an invigilator, or
    NoBreakLeft.
    """
    attempt, now = _own(session, actor, attempt_id, epoch)
    if attempt.paused_at is not None:
        if store.open_break(session, attempt.id) is None:
            raise AttemptPaused
        return _rest(session, attempt, now)
    given, taken = _given(session, attempt), store.breaks(session, attempt.id)
    if len(taken) >= given.breaks:
        raise NoBreakLeft
    until = now + timedelta(minutes=given.break_minutes)
    session.add(AttemptBreak(attempt_id=attempt.id, number=len(taken) + 1, began_at=now, until=until))
    attempt.paused_at = now
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="attempt.break_begun",
        subject=("attempt", attempt.id),
        institution_id=attempt.institution_id,
        detail={"number": len(taken) + 1, "of": given.breaks, "minutes": given.break_minutes},
    )
    return _rest(session, attempt, now)


def end_break(session: Session, *, actor: Actor, attempt_id: UUID, epoch: int) -> Rest:
    """Let the clock run on after a break; outside one nothing changes, whoever stopped the clock.

    Raises AttemptUnknown, AttemptClosed or TakenOver.
    """
    attempt, now = _own(session, actor, attempt_id, epoch)
    if store.open_break(session, attempt.id) is not None:
        resume(session, actor, attempt, now)
        session.flush()
    return _rest(session, attempt, now)


def end_overdue_breaks(session: Session) -> int:
    """End the breaks that have lasted as long as they may, as of that instant; return how many."""
    now, done = database_now(session), 0
    for attempt in store.locked(session, store.breaks_over(session, now, limit=SWEEP_LIMIT)):
        rest = store.open_break(session, attempt.id)  # after the lock: the candidate may have been quicker
        if rest is not None and attempt.submitted_at is None:
            done += resume(session, SYSTEM, attempt, now)
        elif rest is not None:
            rest.ended_at = min(rest.until, attempt.submitted_at or now)
            done += 1
    session.flush()
    return done


def breaks_taken(session: Session, sitting_id: UUID) -> dict[UUID, list[AttemptBreak]]:
    """Return the breaks of a sitting by registration, in order; the last one may be under way."""
    found: dict[UUID, list[AttemptBreak]] = {}
    for registration_id, one in store.sitting_breaks(session, sitting_id):
        found.setdefault(registration_id, []).append(one)
    return found
