"""Sittings of a plan: times, rules, publication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.sittings import store
from exam_engine.sittings.models import Sitting, SittingPaper
from exam_engine.sittings.rules import (
    Component,
    ComponentNotPlanned,
    SittingFrozen,
    SittingInPast,
    SittingNotDraft,
    SittingStatus,
    SittingWithoutPaper,
    SittingWithoutSeats,
    Terms,
    Way,
)
from exam_engine.sittings.sections import SectionTerms, sections_from_json
from exam_engine.sittings.service.plans import components_of, find_plan
from exam_engine.sittings.service.sectioning import check_paper_sections, check_same, paper_sections
from exam_engine.sittings.ways import FormsMissing, check_way
from itembank.base import audit
from itembank.base.errors import NotFound
from itembank.people.rules import Actor


def create_sitting(
    session: Session, *, actor: Actor, plan_id: UUID, component: Component, terms: Terms, now: datetime
) -> Sitting:
    """Add a sitting of one component to a plan.

    Raises ComponentNotPlanned, TimesWrong, LimitTooLong, RuleOutOfRange or NotFound.
    """
    plan = find_plan(session, plan_id)
    if component not in components_of(plan):
        raise ComponentNotPlanned
    sitting = Sitting(
        institution_id=plan.institution_id,
        plan_id=plan.id,
        component=component,
        created_at=now,
        rules=None,
    )
    _set_terms(sitting, terms)
    session.add(sitting)
    session.flush()
    _audit(session, actor, sitting, "sitting.created", terms.as_json())
    return sitting


def _set_terms(sitting: Sitting, terms: Terms) -> None:
    replace(terms, sections=sections_from_json(sitting.sections)).check()
    sitting.opens_at, sitting.starts_at, sitting.ends_at = terms.opens_at, terms.starts_at, terms.ends_at
    sitting.limit_minutes, sitting.late_minutes = terms.limit_minutes, terms.late_minutes
    sitting.earliest_submit_minutes = terms.earliest_submit_minutes
    sitting.pass_mark = terms.pass_mark


def _audit(
    session: Session, actor: Actor, sitting: Sitting, action: str, detail: dict[str, object] | None = None
) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("sitting", sitting.id),
        institution_id=sitting.institution_id,
        detail=detail,
    )


def change_sitting(session: Session, *, actor: Actor, sitting_id: UUID, terms: Terms) -> Sitting:
    """Change times and rules of a draft. Raises SittingFrozen, TimesWrong, LimitTooLong or RuleOutOfRange."""
    sitting = draft_sitting(session, sitting_id)
    _set_terms(sitting, terms)
    _audit(session, actor, sitting, "sitting.changed", terms_of(sitting).as_json())
    session.flush()
    return sitting


def set_sections(
    session: Session, *, actor: Actor, sitting_id: UUID, sections: Sequence[SectionTerms]
) -> Sitting:
    """Lay down what holds for each section of a draft's papers; plain ones throughout take the rules back.

    Raises SittingWithoutPaper, SectionsDiffer, SectionsNotForWay, SectionTimeWrong, BreakAfterLast,
    SectionTimesTooLong, SittingFrozen or NotFound.
    """
    sitting = draft_sitting(session, sitting_id)
    kinds = [section.terms.type for section in paper_sections(session, sitting)]
    check_same("", [section.type for section in sections], kinds)
    kept = () if all(section.is_plain for section in sections) else tuple(sections)
    replace(terms_of(sitting), sections=kept).check()
    sitting.sections = [section.as_json() for section in kept] or None
    _audit(
        session,
        actor,
        sitting,
        "sitting.sections_set",
        {"sections": [section.as_json() for section in kept]},
    )
    session.flush()
    return sitting


def find_sitting(session: Session, sitting_id: UUID) -> Sitting:
    """Return a sitting; raises NotFound."""
    found = store.sitting(session, sitting_id)
    if found is None:
        raise NotFound
    return found


def draft_sitting(session: Session, sitting_id: UUID) -> Sitting:
    """Return a sitting that may still be changed; raises SittingFrozen or NotFound."""
    sitting = find_sitting(session, sitting_id)
    if sitting.status is not SittingStatus.DRAFT:
        raise SittingFrozen
    return sitting


def list_sittings(session: Session, plan_id: UUID | None = None) -> Sequence[Sitting]:
    """Sittings of one plan, or of all in scope, by start."""
    return store.sittings(session, plan_id)


def terms_of(sitting: Sitting) -> Terms:
    """Return the terms of a sitting: frozen ones once it is published."""
    if sitting.rules is not None:
        return Terms.from_json(sitting.rules)
    return Terms(
        sitting.opens_at,
        sitting.starts_at,
        sitting.ends_at,
        sitting.limit_minutes,
        sitting.late_minutes,
        sitting.earliest_submit_minutes,
        sitting.pass_mark,
        sitting.way,
        sections_from_json(sitting.sections),
    )


def papers_of(session: Session, sitting_id: UUID) -> Sequence[SittingPaper]:
    """Return the forms of a sitting in order."""
    return store.papers(session, sitting_id)


def publish_sitting(session: Session, *, actor: Actor, sitting_id: UUID, now: datetime) -> Sitting:
    """Freeze a sitting's times, rules and papers; from then on candidates can log in when it opens.

    Raises SittingNotDraft, SittingInPast, SittingWithoutPaper, PaperOfAnotherWay, SittingWithoutSeats, FormsMissing,
    SectionsDiffer or NotFound.
    """
    sitting = find_sitting(session, sitting_id)
    if sitting.status is not SittingStatus.DRAFT:
        raise SittingNotDraft
    if sitting.ends_at <= now:
        raise SittingInPast
    seated = store.seat_counts(session, [sitting.id])
    if sitting.way is Way.INDIVIDUAL and not seated:
        raise SittingWithoutSeats  # forms are drawn for who is seated: the seats come first
    if sitting.way is Way.INDIVIDUAL and (count := store.seats_without_form(session, sitting.id)):
        raise FormsMissing(count=count)
    chosen = store.papers(session, sitting.id)
    if sitting.component is Component.THEORY and not chosen:
        raise SittingWithoutPaper
    for paper in (papers.find_paper(session, row.paper_id) for row in chosen):
        check_way(paper.label, paper.collection, sitting.way)
    if not seated:
        raise SittingWithoutSeats
    check_paper_sections(session, sitting)
    terms = terms_of(sitting)
    terms.check()
    sitting.rules = terms.as_json()
    sitting.status, sitting.published_at = SittingStatus.PUBLISHED, now
    _audit(session, actor, sitting, "sitting.published", terms.as_json())
    session.flush()
    return sitting
