"""Decide on released results and make the passed candidates public, masked, for the period the rule demands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.filing import service as filing
from exam_engine.marking.rules import plain
from exam_engine.recognition import store
from exam_engine.recognition.models import Decision, Notice, NoticeEntry
from exam_engine.recognition.rules import (
    NOTICE_WORKING_DAYS,
    ApprovalState,
    NoticeEmpty,
    NoticeExists,
    NoticeNotReady,
    NoticeStatus,
    Verdict,
    check_notice_length,
    count_working_days,
    decide,
    last_notice_day,
    mask_document,
    mask_name,
    notice_ends_at,
    site_date,
)
from exam_engine.results import service as results
from exam_engine.results.rules import Outcome
from exam_engine.sittings.models import Plan
from itembank.base import audit
from itembank.base.errors import NotFound
from itembank.base.ids import new_token
from itembank.people import service as people
from itembank.people.rules import Actor
from itembank.taxonomy.models import Occupation
from itembank.taxonomy.rules import Level


@dataclass(frozen=True)
class PlanMark:
    """The words by which a plan is known to people."""

    plan: Plan
    institution: str
    occupation: Occupation
    work_type: str | None
    level: Level


@dataclass(frozen=True)
class NoticeView:
    """A notice with its lines and the words around them."""

    notice: Notice
    mark: PlanMark
    authority: str
    entries: Sequence[NoticeEntry]

    def status(self, now: datetime) -> NoticeStatus:
        """Tell whether the period for objections is still running."""
        over = now >= notice_ends_at(self.notice.last_day)
        return NoticeStatus.CLOSED if over else NoticeStatus.OPEN


def suggested_last_day(now: datetime, *, working_days: int = NOTICE_WORKING_DAYS.value) -> date:
    """Return the earliest lawful last day of a notice published now; raises CalendarUnknown."""
    return last_notice_day(site_date(now), working_days)


def mark_of_plan(session: Session, plan: Plan) -> PlanMark:
    """Return the words by which a plan is known."""
    occupation = store.occupation(session, plan.occupation_id)
    if occupation is None:
        raise NotFound
    kind = store.work_type(session, plan.work_type_id) if plan.work_type_id else None
    institution = people.find_institution(session, plan.institution_id)
    return PlanMark(plan, institution.name, occupation, kind.name if kind else None, Level(plan.level))


def publish_notice(
    session: Session,
    *,
    actor: Actor,
    plan_id: UUID,
    last_day: date | None = None,
    contact: str = "",
    least: int = NOTICE_WORKING_DAYS.value,
    now: datetime,
) -> Notice:
    """Decide every candidate of a plan and make those who passed public.

    Raises
    ------
    NoticeNotReady
        If a result is missing or not released.
    NoticeEmpty, NoticeExists
        If there is nothing, or nothing new, to publish.
    NoticeTooShort, CalendarUnknown
        If the period is not lawful, or the calendar does not know.
    OutsideScope
        If the institution is not filed for this occupation and level today.
    """
    results.find_plan(session, plan_id, lock=True)
    table = results.read_table(session, plan_id)
    existing = store.notice_of_plan(session, plan_id)
    if existing is not None:
        raise NoticeExists(until=existing.last_day)
    if table.unreleased or not table.rows:
        raise NoticeNotReady(waiting=table.unreleased, total=len(table.rows) * len(table.components))
    plan, today = table.plan, site_date(now)
    last = last_day or last_notice_day(today, least)
    check_notice_length(today, last, least=least)
    scope = filing.check_scope(
        session,
        institution_id=plan.institution_id,
        occupation_id=plan.occupation_id,
        level=plan.level,
        on=today,
    )
    decisions = _decide_all(session, table, now)
    passed = [decision for decision in decisions if decision.verdict is Verdict.PASSED]
    if not passed:
        raise NoticeEmpty
    mark = mark_of_plan(session, plan)
    notice = Notice(
        institution_id=plan.institution_id,
        plan_id=plan_id,
        authority_id=scope.authority_id,
        slug=new_token(15),
        title=f"{mark.institution}{mark.occupation.name}（{mark.level.label}）职业技能等级认定结果公示",
        contact=contact.strip(),
        published_on=today,
        last_day=last,
        working_days=count_working_days(today, last),
        published_by=str(actor),
        published_at=now,
    )
    session.add(notice)
    session.flush()
    session.add_all(_entries(session, notice, passed))
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="notice.published",
        subject=("public_notice", notice.id),
        institution_id=plan.institution_id,
        detail={
            "plan": str(plan_id),
            "passed": len(passed),
            "decided": len(decisions),
            "last_day": last.isoformat(),
            "working_days": notice.working_days,
        },
    )
    return notice


def _decide_all(session: Session, table: results.ResultTable, now: datetime) -> list[Decision]:
    decisions = []
    for row in table.rows:
        outcomes = results.outcomes_of(table, row)
        verdict = decide(outcomes)
        decisions.append(
            Decision(
                institution_id=table.plan.institution_id,
                plan_id=table.plan.id,
                registration_id=row.registration.id,
                verdict=verdict,
                grounds=[_ground(outcome) for outcome in outcomes],
                state=ApprovalState.WAITING if verdict is Verdict.PASSED else ApprovalState.NONE,
                decided_at=now,
            )
        )
    session.add_all(decisions)
    session.flush()
    return decisions


def _ground(outcome: Outcome) -> dict[str, Any]:
    return {
        "component": str(outcome.component),
        "state": str(outcome.state),
        "score": None if outcome.score is None else plain(outcome.score),
        "pass_mark": plain(outcome.pass_mark),
    }


def _entries(session: Session, notice: Notice, passed: Sequence[Decision]) -> list[NoticeEntry]:
    registrations = store.registrations(session, [decision.registration_id for decision in passed])
    persons = people.read_persons(session, [each.person_id for each in registrations.values()])
    entries = []
    for position, decision in enumerate(passed, 1):
        facts = persons[registrations[decision.registration_id].person_id]
        entries.append(
            NoticeEntry(
                institution_id=notice.institution_id,
                notice_id=notice.id,
                registration_id=decision.registration_id,
                position=position,
                masked_name=mask_name(facts.name),
                masked_document=mask_document(facts.document_number),
                scores={ground["component"]: ground["score"] for ground in decision.grounds},
            )
        )
    return entries


def _view(session: Session, notice: Notice) -> NoticeView:
    plan = store.plan(session, notice.plan_id)
    if plan is None:
        raise NotFound
    authority = people.find_institution(session, notice.authority_id)
    return NoticeView(notice, mark_of_plan(session, plan), authority.name, store.entries(session, notice.id))


def find_notice(session: Session, slug: str) -> NoticeView:
    """Return a notice by its public address; raises NotFound."""
    notice = store.notice_by_slug(session, slug)
    if notice is None:
        raise NotFound
    return _view(session, notice)


def notice_of_plan(session: Session, plan_id: UUID) -> NoticeView | None:
    """Return the notice of a plan, if it was published."""
    notice = store.notice_of_plan(session, plan_id)
    return _view(session, notice) if notice else None


def list_notices(session: Session, *, limit: int = 50) -> list[NoticeView]:
    """Return the latest notices, newest first."""
    return [_view(session, notice) for notice in store.notices(session, limit)]
