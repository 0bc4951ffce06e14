"""The qualification review 资格审核 of claimed entry conditions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.sittings import store
from exam_engine.sittings.conditions import Finding, doubts
from exam_engine.sittings.rules import ReasonNeeded, RegistrationStatus, TicketIssued
from exam_engine.sittings.service.plans import find_plan, plan_conditions
from exam_engine.sittings.service.records import RegistrationView, note_event, read_extras
from itembank.base import audit
from itembank.base.errors import NotFound
from itembank.people import service as people
from itembank.people.rules import Actor


def review_registrations(
    session: Session,
    *,
    actor: Actor,
    plan_id: UUID,
    registration_ids: Sequence[UUID],
    approve: bool,
    reason: str,
    now: datetime,
) -> int:
    """Decide the claims of some registrations of a plan; returns how many changed.

    Raises ReasonNeeded for a rejection without one, TicketIssued, or NotFound if any is not of this plan.
    """
    if not approve and not reason.strip():
        raise ReasonNeeded
    wanted = dict.fromkeys(registration_ids)
    rows = [row for row in store.registrations_by_id(session, list(wanted)) if row.plan_id == plan_id]
    if not rows or len(rows) != len(wanted):
        raise NotFound
    status = RegistrationStatus.APPROVED if approve else RegistrationStatus.REJECTED
    changed = [row for row in rows if row.status is not status]
    for row in changed:
        if row.ticket_number is not None and not approve:
            raise TicketIssued(name=people.read_person(session, row.person_id).name)
        old = row.status.value
        row.status, row.reviewed_by, row.reviewed_at = status, str(actor), now
        row.review_reason = reason.strip()[:400]
        note_event(
            session,
            actor=actor,
            registration=row,
            kind="reviewed",
            field="status",
            old=old,
            new=status.value,
            reason=reason.strip(),
            now=now,
        )
        audit.record(
            session,
            actor=actor,
            action=f"registration.{status.value}",
            subject=("registration", row.id),
            institution_id=row.institution_id,
            detail={"condition": row.condition, "reason": row.review_reason},
        )
    session.flush()
    return len(changed)


def claim_doubts(
    session: Session, plan_id: UUID, views: Sequence[RegistrationView]
) -> dict[UUID, tuple[Finding, ...]]:
    """Return what the stated dates say against the claims of some registrations of a plan, by id."""
    plan = find_plan(session, plan_id)
    conditions = {row.ordinal: row for row in plan_conditions(session, plan)}
    found: dict[UUID, tuple[Finding, ...]] = {}
    for view in views:
        claimed = conditions.get(view.registration.condition)
        if claimed is not None:
            started = read_extras(session, view.registration).started_work_on
            found[view.registration.id] = doubts(
                claimed, born_on=view.person.born_on, started_work_on=started, on=plan.examined_on
            )
    return found


def waiting_for_review(session: Session) -> Sequence[tuple[UUID, int]]:
    """Return (plan id, how many) of registrations that wait for their review."""
    return store.waiting_for_review(session)


def claimed_ids(session: Session, plan_id: UUID) -> list[UUID]:
    """Return the registrations of a plan that wait for their review."""
    return list(store.claimed(session, plan_id))
