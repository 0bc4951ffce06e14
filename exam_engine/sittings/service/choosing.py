"""The sealed papers of a sitting."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.papers.models import Paper
from exam_engine.papers.rules import PaperKind, PaperStatus
from exam_engine.sittings import store
from exam_engine.sittings.models import Plan, SittingPaper
from exam_engine.sittings.rules import Way
from exam_engine.sittings.service.plans import find_plan
from exam_engine.sittings.service.times import draft_sitting
from exam_engine.sittings.ways import (
    PaperDoesNotFit,
    PaperIsCollection,
    PaperNotSealed,
    WayWrong,
    check_way,
    way_of,
)
from itembank.base import audit
from itembank.people.rules import Actor


def usable_papers(session: Session, plan: Plan) -> list[Paper]:
    """Return the sealed papers of the plan's occupation and level."""
    return [
        paper
        for paper in papers.list_papers(session, statuses=(PaperStatus.SEALED,))
        if (paper.occupation_id, paper.level) == (plan.occupation_id, plan.level) and _is_dealt(paper)
    ]


def set_papers(
    session: Session, *, actor: Actor, sitting_id: UUID, paper_ids: Sequence[UUID]
) -> list[SittingPaper]:
    """Choose the forms of a draft sitting, in the order in which they are dealt out.

    Seats already given are taken back, since their forms would no longer be right.

    They must be sealed for the way of the sitting: forms, or collections from which tests grow.

    Raises PaperNotSealed, PaperDoesNotFit, PaperIsCollection, PaperOfAnotherWay, WayWrong, SittingFrozen or NotFound.
    """
    sitting = draft_sitting(session, sitting_id)
    if sitting.way is Way.INDIVIDUAL:
        raise WayWrong
    plan = find_plan(session, sitting.plan_id)
    chosen = []
    for paper_id in dict.fromkeys(paper_ids):
        paper = papers.find_paper(session, paper_id)
        if paper.status is not PaperStatus.SEALED:
            raise PaperNotSealed(label=paper.label)
        if (paper.occupation_id, paper.level) != (plan.occupation_id, plan.level):
            raise PaperDoesNotFit(label=paper.label)
        if not _is_dealt(paper):
            raise PaperIsCollection(label=paper.label)
        check_way(paper.label, paper.collection, sitting.way)
        chosen.append(paper)
    store.drop_papers(session, sitting.id)
    store.drop_seats(session, sitting.id)
    rows = [
        SittingPaper(
            institution_id=sitting.institution_id, sitting_id=sitting.id, paper_id=paper.id, position=position
        )
        for position, paper in enumerate(chosen, 1)
    ]
    session.add_all(rows)
    digests, way = [paper.digest for paper in chosen], sitting.way.value
    audit.record(
        session,
        actor=actor,
        action="sitting.papers_chosen",
        subject=("sitting", sitting.id),
        institution_id=sitting.institution_id,
        detail={"digests": digests, "way": way},
    )
    session.flush()
    return rows


def _is_dealt(paper: Paper) -> bool:
    """Tell whether a paper is dealt out to seats: a form, or a collection from which tests grow."""
    return paper.kind is PaperKind.FORM or way_of(paper.collection).grows
