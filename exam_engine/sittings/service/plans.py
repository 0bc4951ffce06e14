"""Plans: made within the filed scope, looked up, closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.filing import service as filing
from exam_engine.sittings import store
from exam_engine.sittings.conditions import EntryCondition, generic_conditions
from exam_engine.sittings.models import Plan
from exam_engine.sittings.numbers import PLAN_SERIALS, SiteNumberMissing, numbered, plan_prefix
from exam_engine.sittings.rules import Component, PlanStatus, PlanWithoutComponent, RegistrationStatus
from itembank.base import audit
from itembank.base.errors import Forbidden, Invalid, NotFound
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import Actor
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level


class WorkTypeUnknown(Invalid):
    """The work type is not one of the occupation's."""

    code = "work_type_unknown"
    message = "This work type does not belong to the occupation."


@dataclass(frozen=True)
class PlanDraft:
    """What a plan is to examine."""

    name: str
    occupation_id: UUID
    level: int
    examined_on: date
    components: frozenset[Component]
    work_type_id: UUID | None = None


@dataclass(frozen=True)
class PlanView:
    """A plan with its words and figures."""

    plan: Plan
    occupation: str
    occupation_code: str
    work_type: str
    level: Level
    counts: dict[RegistrationStatus, int]

    @property
    def registered(self) -> int:
        return sum(self.counts.values())

    @property
    def components(self) -> tuple[Component, ...]:
        return components_of(self.plan)


def components_of(plan: Plan) -> tuple[Component, ...]:
    """Return what a plan examines, in order."""
    chosen = (
        (Component.THEORY, plan.has_theory),
        (Component.PRACTICAL, plan.has_practical),
        (Component.REVIEW, plan.has_review),
    )
    return tuple(component for component, has in chosen if has)


def site_of(institution: Institution) -> str:
    """Return the six digits that numbers contain; raises SiteNumberMissing."""
    if institution.site_sequence is None:
        raise SiteNumberMissing(institution=institution.name)
    return institution.site_sequence


def create_plan(session: Session, *, actor: Actor, draft: PlanDraft, now: datetime) -> Plan:
    """Make a plan of the actor's institution, within its filed scope on the day of examination.

    Raises OutsideScope, PlanWithoutComponent, SiteNumberMissing, WorkTypeUnknown or NotFound.
    """
    if actor.institution_id is None:
        raise Forbidden
    institution = people.find_institution(session, actor.institution_id)
    taxonomy.find_occupation(session, draft.occupation_id)
    if not draft.components:
        raise PlanWithoutComponent
    kinds = {kind.id for kind in taxonomy.list_work_types(session, draft.occupation_id)}
    if draft.work_type_id is not None and draft.work_type_id not in kinds:
        raise WorkTypeUnknown
    scope = filing.check_scope(
        session,
        institution_id=institution.id,
        occupation_id=draft.occupation_id,
        level=draft.level,
        on=draft.examined_on,
    )
    prefix = plan_prefix(draft.examined_on.year, institution.province_code, site_of(institution))
    plan = Plan(
        institution_id=institution.id,
        number=numbered(prefix, store.next_serials(session, prefix), last=PLAN_SERIALS),
        name=draft.name.strip(),
        occupation_id=draft.occupation_id,
        level=draft.level,
        work_type_id=draft.work_type_id,
        examined_on=draft.examined_on,
        has_theory=Component.THEORY in draft.components,
        has_practical=Component.PRACTICAL in draft.components,
        has_review=Component.REVIEW in draft.components,
        created_by=str(actor),
        created_at=now,
    )
    session.add(plan)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="plan.created",
        subject=("plan", plan.id),
        institution_id=institution.id,
        detail={"number": plan.number, "level": plan.level, "filing": scope.number},
    )
    return plan


def find_plan(session: Session, plan_id: UUID) -> Plan:
    """Return a plan; raises NotFound."""
    found = store.plan(session, plan_id)
    if found is None:
        raise NotFound
    return found


def list_plans(session: Session) -> list[PlanView]:
    """Plans within the session's scope, the latest examination first."""
    return _views(session, store.plans(session))


def view_plan(session: Session, plan_id: UUID) -> PlanView:
    """Return a plan with its words and figures; raises NotFound."""
    return _views(session, [find_plan(session, plan_id)])[0]


def _views(session: Session, plans: Sequence[Plan]) -> list[PlanView]:
    occupations = {row.id: row for row in taxonomy.list_occupations(session)}
    kinds = {row.id: row.name for row in taxonomy.list_work_types(session)}
    counts = store.status_counts(session, [plan.id for plan in plans])
    return [
        PlanView(
            plan,
            occupations[plan.occupation_id].name,
            taxonomy.occupation_code(occupations[plan.occupation_id]),
            kinds.get(plan.work_type_id, "") if plan.work_type_id else "",
            Level(plan.level),
            counts.get(plan.id, {}),
        )
        for plan in plans
    ]


def close_plan(session: Session, *, actor: Actor, plan_id: UUID) -> Plan:
    """Close a plan: it takes no more registrations. Doing it twice changes nothing."""
    plan = find_plan(session, plan_id)
    if plan.status is not PlanStatus.CLOSED:
        plan.status = PlanStatus.CLOSED
        audit.record(
            session,
            actor=actor,
            action="plan.closed",
            subject=("plan", plan.id),
            institution_id=plan.institution_id,
        )
        session.flush()
    return plan


def conditions_for(
    session: Session, *, institution_id: UUID, occupation_id: UUID, level: int, on: date
) -> tuple[EntryCondition, ...]:
    """Return the entry conditions in force: those configured nearest above the institution, else the generic.

    A condition configured for the occupation goes before one for all occupations.
    """
    institution = people.find_institution(session, institution_id)
    above = [UUID(hex=part) for part in institution.path.split("/") if part]
    rows = [
        row
        for row in store.configured_conditions(
            session, authority_ids=above, occupation_id=occupation_id, level=level
        )
        if row.effective_from <= on and (row.expires_on is None or on <= row.expires_on)
    ]
    for authority in reversed(above):
        for occupation in (occupation_id, None):
            chosen = [r for r in rows if r.authority_id == authority and r.occupation_id == occupation]
            if chosen:
                return tuple(row.as_condition() for row in chosen)
    return generic_conditions(level, on)


def plan_conditions(session: Session, plan: Plan) -> tuple[EntryCondition, ...]:
    """Return the entry conditions of a plan, as of its examination."""
    return conditions_for(
        session,
        institution_id=plan.institution_id,
        occupation_id=plan.occupation_id,
        level=plan.level,
        on=plan.examined_on,
    )
