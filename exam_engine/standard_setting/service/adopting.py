"""A recorded result becomes the pass mark of a sitting: chosen by those who plan it, before it is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Plan, Sitting
from exam_engine.sittings.rules import Component
from exam_engine.standard_setting import store
from exam_engine.standard_setting.models import Adoption, Workshop
from exam_engine.standard_setting.refusals import ResultAltered, ResultUnusable
from exam_engine.standard_setting.result import is_unchanged
from exam_engine.standard_setting.rules import WorkshopStatus, pass_mark_of
from exam_engine.standard_setting.service.panel import find_workshop
from itembank.base import audit
from itembank.people.rules import Actor


@dataclass(frozen=True)
class Offer:
    """A recorded result where a pass mark is set."""

    workshop: Workshop
    cut: float
    """Out of 100."""
    se: float | None
    pass_mark: Decimal
    paper_label: str
    """Empty for items of the bank and for candidates."""
    same_paper: bool
    """Whether it is of a paper that the sitting uses."""


@dataclass(frozen=True)
class Adopted:
    """Where the pass mark of a sitting comes from."""

    workshop: Workshop
    cut: float
    pass_mark: Decimal
    name: str
    """Who chose it."""
    adopted_at: datetime


def offered_results(session: Session, plan: Plan, sitting: Sitting | None = None) -> list[Offer]:
    """Return the recorded results of a plan's occupation and level, those of the sitting's own papers first."""
    used = store.papers_of(session, sitting.id) if sitting else frozenset()
    found = [
        _offer(session, workshop, used)
        for workshop in store.recorded_workshops(session, occupation_id=plan.occupation_id, level=plan.level)
    ]
    return sorted(found, key=lambda offer: not offer.same_paper)


def adopted_result(session: Session, sitting: Sitting) -> Adopted | None:
    """Return the result that the sitting's pass mark was taken from; None once another mark was typed."""
    found = store.adoption(session, sitting.id)
    if found is None or found.pass_mark != sitting.pass_mark:
        return None
    names = store.user_names(session, [found.adopted_by])
    return Adopted(
        find_workshop(session, found.workshop_id),
        found.cut,
        found.pass_mark,
        names.get(found.adopted_by, "—"),
        found.adopted_at,
    )


def adopted_by(session: Session, workshop_id: UUID) -> Sequence[tuple[Sitting, Plan]]:
    """Return the sittings whose pass mark is the one taken from a workshop."""
    rows = store.adoptions(session, workshop_id)
    return [(sitting, plan) for found, sitting, plan in rows if sitting.pass_mark == found.pass_mark]


def adopt_result(
    session: Session, *, actor: Actor, sitting_id: UUID, workshop_id: UUID, now: datetime
) -> Adopted:
    """Set the pass mark of a sitting in preparation to a recorded result, and keep where it came from.

    Raises
    ------
    NotFound, SittingFrozen
    ResultUnusable
        If the result is not recorded, or of another occupation, level or component.
    ResultAltered
        If it no longer matches its digest.
    """
    assert actor.id is not None
    sitting = sittings.find_sitting(session, sitting_id)
    plan = sittings.find_plan(session, sitting.plan_id)
    workshop = find_workshop(session, workshop_id)
    fits = (workshop.occupation_id, workshop.level) == (plan.occupation_id, plan.level)
    if (
        not fits
        or workshop.status is not WorkshopStatus.RECORDED
        or sitting.component is not Component.THEORY
    ):
        raise ResultUnusable
    if (
        workshop.result is None
        or workshop.digest is None
        or not is_unchanged(workshop.result, workshop.digest)
    ):
        raise ResultAltered(name=workshop.name)
    offer = _offer(session, workshop, frozenset())
    terms = replace(sittings.terms_of(sitting), pass_mark=offer.pass_mark)
    sittings.change_sitting(session, actor=actor, sitting_id=sitting_id, terms=terms)
    row = store.adoption(session, sitting_id) or Adoption(
        institution_id=sitting.institution_id, sitting_id=sitting_id
    )
    row.workshop_id, row.digest, row.cut = workshop_id, workshop.digest, offer.cut
    row.pass_mark, row.adopted_by, row.adopted_at = offer.pass_mark, actor.id, now
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="standard.adopted",
        subject=("sitting", sitting_id),
        institution_id=sitting.institution_id,
        detail={
            "workshop": str(workshop_id),
            "digest": workshop.digest,
            "cut": offer.cut,
            "pass_mark": str(offer.pass_mark),
        },
    )
    found = adopted_result(session, sitting)
    assert found is not None
    return found


def _offer(session: Session, workshop: Workshop, used: frozenset[UUID]) -> Offer:
    assert workshop.result is not None
    cut = workshop.result["figures"]["cut"]
    return Offer(
        workshop,
        cut["score"],
        cut["se"],
        pass_mark_of(cut["score"]),
        papers.find_paper(session, workshop.paper_id).label if workshop.paper_id else "",
        workshop.paper_id in used,
    )
