"""Approval by the filing authority's centre: after the notice, without open objections, never by the institution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.recognition import store
from exam_engine.recognition.models import Decision, Notice, NoticeEntry, Objection
from exam_engine.recognition.rules import (
    ApprovalState,
    NoticeMissing,
    check_approvable,
    check_no_open_objection,
    check_notice_over,
)
from itembank.base import audit
from itembank.base.errors import Conflict, Forbidden, Invalid, NotFound
from itembank.people import service as people
from itembank.people.rules import CENTRES, Actor


class NotTheAuthority(Forbidden):
    """Only the centre with which the institution is filed, or one above it, approves."""

    code = "not_the_authority"
    message = (
        "Only {authority}, with which the institution is filed, or a centre above it can approve this; "
        "an institution never approves its own results."
    )


class NobodyChosen(Invalid):
    """No line was ticked."""

    code = "nobody_chosen"
    message = "Choose at least one person."


class ReturnReasonMissing(Invalid):
    """A return says why."""

    code = "return_reason_missing"
    message = "Write down why the recognition is returned."


class NotReturned(Conflict):
    """Only what the centre returned is put before it again."""

    code = "recognition_not_returned"
    message = "This recognition was not returned, so there is nothing to submit again."


class ResubmissionEmpty(Invalid):
    """A resubmission says what was done."""

    code = "resubmission_empty"
    message = "Write down what was done about the reason of the return."


@dataclass(frozen=True)
class WaitingPlan:
    """One plan's recognitions that wait for approval, and what still stands in the way."""

    notice: Notice
    decisions: Sequence[Decision]
    entries: dict[UUID, NoticeEntry]
    objections: Sequence[Objection]


def approve(
    session: Session, *, actor: Actor, decision_ids: Sequence[UUID], comment: str = "", now: datetime
) -> int:
    """Approve the recognitions chosen, all or none; return how many.

    Raises
    ------
    NotTheAuthority
        If the actor is not at the filing authority or a centre above it.
    NoticeMissing, NoticeRunning
        If the notice is not over.
    ObjectionOpen
        If an objection to one of them, or to the whole notice, is not decided.
    NotPassed, WrongApproval
        If one of them does not wait for approval.
    """
    decisions = _chosen(session, actor, decision_ids)
    for plan_id in {decision.plan_id for decision in decisions}:
        notice = store.notice_of_plan(session, plan_id)
        check_notice_over(notice.last_day if notice else None, now=now)
        chosen = frozenset(each.registration_id for each in decisions if each.plan_id == plan_id)
        check_no_open_objection(each.status for each in _objections_to(session, plan_id, chosen))
    for decision in decisions:
        check_approvable(_masked(session, decision), decision.verdict, decision.state)
    for decision in decisions:
        decision.state = ApprovalState.APPROVED
        decision.comment = comment.strip()
        decision.approved_by, decision.approved_at = str(actor), now
        decision.approved_at_institution_id = actor.institution_id
        _record(session, actor, decision, "recognition.approved")
    session.flush()
    return len(decisions)


def return_decisions(
    session: Session, *, actor: Actor, decision_ids: Sequence[UUID], reason: str, now: datetime
) -> int:
    """Send the recognitions chosen back to the institution with the reason; they cannot be issued."""
    decisions = _chosen(session, actor, decision_ids)
    if not reason.strip():
        raise ReturnReasonMissing
    for decision in decisions:
        check_approvable(_masked(session, decision), decision.verdict, decision.state)
        decision.state, decision.comment = ApprovalState.RETURNED, reason.strip()
        decision.approved_by, decision.approved_at = str(actor), now
        decision.approved_at_institution_id = actor.institution_id
        _record(session, actor, decision, "recognition.returned")
    session.flush()
    return len(decisions)


def resubmit(
    session: Session, *, actor: Actor, plan_id: UUID, registration_id: UUID, comment: str, now: datetime
) -> Decision:
    """Put a returned recognition before the centre again, saying what was done about its reason."""
    decision = store.decision_of(session, registration_id)
    if decision is None or decision.plan_id != plan_id:
        raise NotFound
    if decision.state is not ApprovalState.RETURNED:
        raise NotReturned
    if not comment.strip():
        raise ResubmissionEmpty
    decision.state, decision.comment, decision.decided_at = ApprovalState.WAITING, comment.strip(), now
    decision.approved_by = decision.approved_at = decision.approved_at_institution_id = None
    session.flush()
    _record(session, actor, decision, "recognition.resubmitted")
    return decision


def _chosen(session: Session, actor: Actor, decision_ids: Sequence[UUID]) -> Sequence[Decision]:
    wanted = list(dict.fromkeys(decision_ids))
    if not wanted:
        raise NobodyChosen
    decisions = store.decisions_by_id(session, wanted)
    if len(decisions) != len(wanted):
        raise NotFound
    for plan_id in {decision.plan_id for decision in decisions}:
        notice = store.notice_of_plan(session, plan_id)
        if notice is None:
            raise NoticeMissing
        _check_authority(session, actor, notice)
    return decisions


def _check_authority(session: Session, actor: Actor, notice: Notice) -> None:
    # 甘138 五（五）: the centre reviews before certificates are issued. Checked by place in the tree, not by
    # role alone, so that a centre officer elsewhere cannot approve either.
    authority = people.find_institution(session, notice.authority_id)
    own = people.find_institution(session, actor.institution_id) if actor.institution_id else None
    above = own is not None and own.kind in CENTRES and authority.path.startswith(own.path)
    if not above or actor.institution_id == notice.institution_id:
        raise NotTheAuthority(authority=authority.name)


def _objections_to(session: Session, plan_id: UUID, registrations: frozenset[UUID]) -> list[Objection]:
    objections = store.objections(session, plan_id=plan_id)
    entries = store.entries_by_id(session, [each.entry_id for each in objections if each.entry_id])
    return [
        each
        for each in objections
        if each.entry_id is None or entries[each.entry_id].registration_id in registrations
    ]


def _masked(session: Session, decision: Decision) -> str:
    notice = store.notice_of_plan(session, decision.plan_id)
    lines = store.entries(session, notice.id) if notice else ()
    return next((line.masked_name for line in lines if line.registration_id == decision.registration_id), "—")


def _record(session: Session, actor: Actor, decision: Decision, action: str) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("recognition_decision", decision.id),
        institution_id=decision.institution_id,
        detail={"registration": str(decision.registration_id), "state": str(decision.state)},
    )


def check_issue_clear(session: Session, plan_id: UUID, *, now: datetime) -> None:
    """Raise unless nothing of the plan stands in the way of certificates: notice over, no open objection at all.

    Raises
    ------
    NoticeMissing, NoticeRunning, ObjectionOpen
    """
    notice = store.notice_of_plan(session, plan_id)
    check_notice_over(notice.last_day if notice else None, now=now)
    check_no_open_objection(each.status for each in store.objections(session, plan_id=plan_id))


def read_decisions(session: Session, plan_id: UUID) -> Sequence[Decision]:
    """Return every decision of a plan."""
    return store.decisions(session, plan_id)


def list_waiting(session: Session, *, plan_id: UUID | None = None) -> list[WaitingPlan]:
    """Return the plans in reach with recognitions that wait for approval."""
    by_plan: dict[UUID, list[Decision]] = {}
    for decision in store.waiting(session):
        if plan_id in (None, decision.plan_id):
            by_plan.setdefault(decision.plan_id, []).append(decision)
    waiting = []
    for each, decisions in by_plan.items():
        notice = store.notice_of_plan(session, each)
        if notice is not None:
            entries = {line.registration_id: line for line in store.entries(session, notice.id)}
            waiting.append(WaitingPlan(notice, decisions, entries, store.objections(session, plan_id=each)))
    return waiting
