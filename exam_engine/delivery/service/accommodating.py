"""Accommodations while attempts may be under way: their clocks follow what is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import store
from exam_engine.delivery.models import Attempt
from exam_engine.delivery.rules import is_overdue
from exam_engine.delivery.service.controlling import move_deadline
from exam_engine.delivery.service.entering import terms_of
from exam_engine.delivery.service.stepping import state_of
from exam_engine.sittings import service as sittings
from exam_engine.sittings.accommodations import Accommodations
from exam_engine.sittings.service import CheckedList, SeatChange
from itembank.base import audit
from itembank.base.db import database_now
from itembank.people.rules import Actor

LEAST_LEFT = timedelta(minutes=5)
"""Who loses extra time during the examination keeps at least this."""


@dataclass(frozen=True)
class Given:
    """To how many candidates something was given, and how many clocks under way changed."""

    candidates: int
    clocks: int


def give_accommodations(
    session: Session,
    *,
    actor: Actor,
    plan_id: UUID,
    sitting_id: UUID | None,
    registration_ids: Sequence[UUID],
    given: Accommodations,
    reason: str,
    now: datetime,
) -> Given:
    """Give candidates something; attempts under way get the time at once. Raises as ``keep_accommodation``."""
    _lock(session, registration_ids)
    changes = sittings.keep_accommodation(
        session,
        actor=actor,
        plan_id=plan_id,
        sitting_id=sitting_id,
        registration_ids=registration_ids,
        given=given,
        reason=reason,
        now=now,
    )
    return Given(len(set(registration_ids)), _follow(session, actor, changes))


def give_listed(
    session: Session,
    *,
    actor: Actor,
    plan_id: UUID,
    sitting_id: UUID | None,
    listed: CheckedList,
    now: datetime,
) -> Given:
    """Give everybody in a checked list what it says, or nobody anything. Raises as ``keep_accommodation``."""
    _lock(session, [registration_id for registration_id, _ in listed.rows])
    changes = []
    for registration_id, row in listed.rows:
        changes += sittings.keep_accommodation(
            session,
            actor=actor,
            plan_id=plan_id,
            sitting_id=sitting_id,
            registration_ids=[registration_id],
            given=row.given,
            reason=row.reason,
            now=now,
        )
    return Given(len(listed.rows), _follow(session, actor, changes))


def withdraw_accommodation(
    session: Session, *, actor: Actor, plan_id: UUID, accommodation_id: UUID, reason: str, now: datetime
) -> Given:
    """Take an accommodation back; a clock under way loses its minutes, but keeps LEAST_LEFT.

    Raises as ``sittings.service.withdraw_accommodation``.
    """
    row = sittings.find_accommodation(session, plan_id, accommodation_id)
    _lock(session, [row.registration_id])
    changes = sittings.withdraw_accommodation(
        session, actor=actor, plan_id=plan_id, accommodation_id=accommodation_id, reason=reason, now=now
    )
    return Given(1, _follow(session, actor, changes))


def _lock(session: Session, registration_ids: Sequence[UUID]) -> None:
    """Let no candidate of these begin meanwhile: the seat for the ordinary start, its key for the lean one."""
    store.lock_seats(session, registration_ids)


def _follow(session: Session, actor: Actor, changes: Sequence[SeatChange]) -> int:
    """Move the deadlines of attempts under way; return how many."""
    moved = 0
    for change in changes:
        limit = terms_of(change.sitting).limit_minutes if change.sitting.rules is not None else 0
        minutes = change.after.extra_of(limit) - change.before.extra_of(limit)
        attempt = store.attempt_at(session, change.sitting.id, change.seat.registration_id)
        if attempt is None or not minutes:
            continue
        attempt = store.attempt(session, attempt.id, lock=True)
        now = database_now(session)
        if attempt is not None and not attempt.submitted_at and not is_overdue(state_of(attempt), now=now):
            _move(session, actor, attempt, minutes, now)
            moved += 1
    session.flush()
    return moved


def _move(session: Session, actor: Actor, attempt: Attempt, minutes: int, now: datetime) -> None:
    wanted = attempt.due_at + timedelta(minutes=minutes)
    least = min(attempt.due_at, (attempt.paused_at or now) + LEAST_LEFT)
    due_at = max(wanted, least)
    seconds = round((due_at - attempt.due_at).total_seconds())
    move_deadline(attempt, due_at - attempt.due_at)
    audit.record(
        session,
        actor=actor,
        action="attempt.accommodated",
        subject=("attempt", attempt.id),
        institution_id=attempt.institution_id,
        detail={"seconds": seconds, "due_at": due_at.isoformat()},
    )
