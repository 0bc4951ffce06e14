"""What invigilators can do to an attempt. Each needs a reason and leaves an audit record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import store
from exam_engine.delivery.models import Attempt, EntryBar
from exam_engine.delivery.rules import (
    AttemptClosed,
    AttemptUnknown,
    check_extra_minutes,
    check_reason,
    is_overdue,
)
from exam_engine.delivery.service.entering import is_over
from exam_engine.delivery.service.handing_in import close
from exam_engine.delivery.service.stepping import state_of
from itembank.base import audit
from itembank.base.db import database_now
from itembank.people.rules import Actor


def _running(session: Session, attempt_id: UUID) -> Attempt:
    attempt = store.attempt(session, attempt_id, lock=True)
    if attempt is None:
        raise AttemptUnknown
    if is_over(session, attempt):
        raise AttemptClosed
    return attempt


def _record(session: Session, actor: Actor, attempt: Attempt, action: str, **detail: object) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("attempt", attempt.id),
        institution_id=attempt.institution_id,
        detail=detail,
    )


class Deed(StrEnum):
    """What can be done to attempts under way."""

    EXTEND = "extend"
    PAUSE = "pause"
    RESUME = "resume"
    SUBMIT = "submit"
    TERMINATE = "terminate"


def control_attempts(
    session: Session,
    *,
    actor: Actor,
    attempt_ids: Sequence[UUID],
    deed: Deed,
    minutes: int = 0,
    reason: str = "",
) -> int:
    """Do one thing to many attempts in one transaction, an audit record for each; return to how many.

    Attempts that are over, or stand already where they are wanted, are left alone.

    Raises ExtraTimeWrong or ReasonMissing.
    """
    if deed is Deed.EXTEND:
        check_extra_minutes(minutes)
    if deed is not Deed.RESUME:
        reason = check_reason(reason)
    attempts = store.locked(session, attempt_ids)
    now = database_now(session)  # after the locks: what waited for them is decided by the time it is done
    done = 0
    for attempt in attempts:
        if attempt.submitted_at is None and not is_overdue(state_of(attempt), now=now):
            done += _do(session, actor, attempt, deed, minutes, reason, now)
    session.flush()
    return done


def _do(
    session: Session, actor: Actor, attempt: Attempt, deed: Deed, minutes: int, reason: str, now: datetime
) -> bool:
    if deed is Deed.EXTEND:
        _extend(session, actor, attempt, minutes, reason)
    elif deed is Deed.PAUSE:
        return _pause(session, actor, attempt, reason, now)
    elif deed is Deed.RESUME:
        # A break is the candidate's own: it ends by itself, and a room that goes on does not cut it short.
        return store.open_break(session, attempt.id) is None and resume(session, actor, attempt, now)
    else:
        _end(session, actor, attempt, reason, now, terminated=deed is Deed.TERMINATE)
    return True


def extend_attempt(session: Session, *, actor: Actor, attempt_id: UUID, minutes: int, reason: str) -> Attempt:
    """Give extra time on top of the deadline, beyond the common end if need be.

    Raises AttemptUnknown, AttemptClosed, ExtraTimeWrong or ReasonMissing.
    """
    check_extra_minutes(minutes)
    reason = check_reason(reason)
    attempt = _running(session, attempt_id)
    _extend(session, actor, attempt, minutes, reason)
    return attempt


def _extend(session: Session, actor: Actor, attempt: Attempt, minutes: int, reason: str) -> None:
    move_deadline(attempt, timedelta(minutes=minutes))
    _record(session, actor, attempt, "attempt.extended", minutes=minutes, reason=reason)


def move_deadline(attempt: Attempt, by: timedelta) -> None:
    """Lengthen the present step, and with it the whole."""
    attempt.due_at += by
    if attempt.ends_at is not None:
        attempt.ends_at += by
    attempt.extra_seconds += round(by.total_seconds())


def pause_attempt(session: Session, *, actor: Actor, attempt_id: UUID, reason: str) -> Attempt:
    """Stop the clock; answers are not taken until it runs again. Doing it twice changes nothing."""
    reason = check_reason(reason)
    attempt = _running(session, attempt_id)
    _pause(session, actor, attempt, reason, database_now(session))
    return attempt


def _pause(session: Session, actor: Actor, attempt: Attempt, reason: str, now: datetime) -> bool:
    if attempt.paused_at is not None:
        if store.open_break(session, attempt.id) is None:
            return False
        resume(session, actor, attempt, now)  # the break ends: the candidate cannot end this pause
    attempt.paused_at = now
    _record(session, actor, attempt, "attempt.paused", reason=reason)
    return True


def resume_attempt(session: Session, *, actor: Actor, attempt_id: UUID) -> Attempt:
    """Let the clock run on; the deadline moves by the length of the pause."""
    attempt = _running(session, attempt_id)
    resume(session, actor, attempt, database_now(session))
    return attempt


def resume(session: Session, actor: Actor, attempt: Attempt, now: datetime) -> bool:
    """Let the clock of a locked attempt run on; tell whether it stood. A break ends when it must, however late."""
    if attempt.paused_at is None:
        return False
    rest = store.open_break(session, attempt.id)
    if rest is not None:
        now = rest.ended_at = min(now, rest.until)
    pause = now - attempt.paused_at
    move_deadline(attempt, pause)
    attempt.paused_at = None
    _record(session, actor, attempt, "attempt.resumed", seconds=round(pause.total_seconds()))
    return True


def terminate_attempt(session: Session, *, actor: Actor, attempt_id: UUID, reason: str) -> Attempt:
    """End an attempt at once; what was saved until now is kept and counts as handed in.

    Raises AttemptUnknown, AttemptClosed or ReasonMissing.
    """
    reason = check_reason(reason)
    attempt = _running(session, attempt_id)
    _end(session, actor, attempt, reason, database_now(session), terminated=True)
    return attempt


def _end(
    session: Session, actor: Actor, attempt: Attempt, reason: str, now: datetime, *, terminated: bool
) -> None:
    if attempt.paused_at is not None and store.open_break(session, attempt.id) is not None:
        resume(session, actor, attempt, now)
    if terminated:
        attempt.terminated_reason = reason[:400]
    close(session, attempt, actor=actor, at=min(now, attempt.due_at), forced=True)
    action = "attempt.terminated" if terminated else "attempt.collected"
    _record(session, actor, attempt, action, reason=reason)


def bar_entry(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    sitting_id: UUID,
    registration_id: UUID,
    reason: str,
) -> bool:
    """Keep a candidate from beginning a sitting; tell whether nobody had before.

    Raises ReasonMissing.
    """
    reason = check_reason(reason)
    if store.bar(session, sitting_id, registration_id) is not None:
        return False
    bar = EntryBar(
        institution_id=institution_id,
        sitting_id=sitting_id,
        registration_id=registration_id,
        reason=reason[:400],
        barred_at=database_now(session),
    )
    session.add(bar)
    _record_bar(session, actor, bar, "entry.barred", reason=reason)
    return True


def lift_bar(session: Session, *, actor: Actor, sitting_id: UUID, registration_id: UUID, reason: str) -> None:
    """Let a barred candidate begin after all."""
    reason = check_reason(reason)
    bar = store.bar(session, sitting_id, registration_id)
    if bar is not None:
        session.delete(bar)
        _record_bar(session, actor, bar, "entry.allowed", reason=reason)


def _record_bar(session: Session, actor: Actor, bar: EntryBar, action: str, **detail: object) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("registration", bar.registration_id),
        institution_id=bar.institution_id,
        detail={"sitting": bar.sitting_id, **detail},
    )
