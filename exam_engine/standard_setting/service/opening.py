"""Make a workshop: what is rated is chosen and frozen, the panel invited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from exam_engine.marking import service as marking
from exam_engine.papers import service as papers
from exam_engine.papers.rules import PaperStatus
from exam_engine.sittings.models import Plan, Sitting
from exam_engine.standard_setting import computing, store
from exam_engine.standard_setting.models import Workshop, WorkshopCandidate, WorkshopItem
from exam_engine.standard_setting.refusals import (
    BasisMissing,
    CandidateCountWrong,
    ItemCountWrong,
    ItemsNotCalibrated,
    ItemsUnknown,
    PaperUnusable,
    ScaleMissing,
    ScoresMissing,
    SittingMissing,
    SittingUnusable,
)
from exam_engine.standard_setting.rules import (
    DEFAULT_RESPONSE_PROBABILITY,
    MAX_CANDIDATES,
    MAX_ITEMS,
    Method,
    WorkshopStatus,
    read_numbers,
)
from itembank.base import audit
from itembank.people.rules import Actor
from itembank.statistics import service as statistics


@dataclass(frozen=True)
class WorkshopDraft:
    """A workshop as its leader asks for it: on a paper, or on items of a bank, or on the candidates of a sitting."""

    name: str
    method: Method
    description: str
    rounds: int = 2
    paper_id: UUID | None = None
    bank: tuple[UUID, int] | None = None
    """Occupation and level of the items."""
    numbers: str = ""
    """Item numbers such as ``3, 5, 20-30``."""
    scale_id: UUID | None = None
    response_probability: float = DEFAULT_RESPONSE_PROBABILITY
    sitting_id: UUID | None = None
    with_key: bool = False
    with_statistics: bool = True
    with_impact: bool = True
    with_questions: bool = False


@dataclass(frozen=True)
class _Chosen:
    item_id: UUID
    version_id: UUID
    marks: Decimal


def open_workshop(session: Session, *, actor: Actor, draft: WorkshopDraft, now: datetime) -> Workshop:
    """Make a workshop as a draft, led by the actor; its basis is frozen from here on.

    Raises
    ------
    BasisMissing, PaperUnusable, ItemsUnknown, ItemCountWrong, ItemNumbersUnreadable
        If there is nothing sound to rate.
    ScaleMissing, ItemsNotCalibrated
        If a booklet cannot be ordered.
    SittingMissing, SittingUnusable, CandidateCountWrong, ScoresMissing
        If a marked sitting is needed and not there.
    """
    assert actor.id is not None
    assert actor.institution_id is not None
    method = draft.method
    sitting = _sitting(session, draft)
    chosen: list[_Chosen] = []
    if method.judges_candidates:
        if sitting is None:
            raise SittingMissing
        occupation_id, level = sitting[1].occupation_id, sitting[1].level
    else:
        occupation_id, level, chosen = _basis(session, draft)
    if sitting is not None and (sitting[1].occupation_id, sitting[1].level) != (occupation_id, level):
        raise SittingUnusable
    if draft.with_questions and sitting is None:
        raise ScoresMissing
    workshop = Workshop(
        institution_id=actor.institution_id,
        name=draft.name,
        method=method,
        status=WorkshopStatus.DRAFT,
        occupation_id=occupation_id,
        level=level,
        paper_id=draft.paper_id if chosen else None,
        scale_id=draft.scale_id if method is Method.BOOKMARK else None,
        sitting_id=sitting[0].id if sitting else None,
        response_probability=draft.response_probability if method is Method.BOOKMARK else None,
        rounds=draft.rounds,
        description=draft.description,
        with_key=draft.with_key and method.shows_items,
        with_statistics=draft.with_statistics and method.shows_items,
        with_impact=draft.with_impact and sitting is not None,
        with_questions=draft.with_questions,
        leader_id=actor.id,
        created_at=now,
    )
    rows = _items(session, workshop, chosen)
    session.add(workshop)
    session.flush()
    for row in rows:
        row.workshop_id = workshop.id
    session.add_all(rows)
    if method.judges_candidates:
        _add_candidates(session, workshop)
    session.flush()
    _record_opening(session, actor, workshop, len(rows))
    return workshop


def _record_opening(session: Session, actor: Actor, workshop: Workshop, items: int) -> None:
    audit.record(
        session,
        actor=actor,
        action="standard.opened",
        subject=("standard_workshop", workshop.id),
        institution_id=workshop.institution_id,
        detail={
            "method": workshop.method.value,
            "paper": str(workshop.paper_id or ""),
            "sitting": str(workshop.sitting_id or ""),
            "items": items,
            "with_key": workshop.with_key,
        },
    )


def _sitting(session: Session, draft: WorkshopDraft) -> tuple[Sitting, Plan] | None:
    if draft.sitting_id is None:
        return None
    found = store.sitting(session, draft.sitting_id)
    if found is None or marking.latest_scores(session, draft.sitting_id)[0] is None:
        raise SittingUnusable
    return found


def _basis(session: Session, draft: WorkshopDraft) -> tuple[UUID, int, list[_Chosen]]:
    if draft.paper_id is not None:
        paper = papers.find_paper(session, draft.paper_id)
        if paper.status is not PaperStatus.SEALED:
            raise PaperUnusable
        view = papers.candidate_view(session, paper.id)
        entries = [entry for section in view.sections for entry in section.entries]
        chosen = [_Chosen(entry.item_id, entry.version_id, entry.marks) for entry in entries]
        occupation_id, level = paper.occupation_id, paper.level
    elif draft.bank is not None:
        occupation_id, level = draft.bank
        numbers = read_numbers(draft.numbers)
        found = store.active_by_number(session, numbers, occupation_id=occupation_id, level=level)
        if unknown := [number for number in numbers if number not in found]:
            raise ItemsUnknown(numbers=_listed(unknown))
        chosen = [_Chosen(found[n].id, found[n].current_version_id, Decimal(1)) for n in numbers]
    else:
        raise BasisMissing
    if not 1 <= len(chosen) <= MAX_ITEMS:
        raise ItemCountWrong(count=len(chosen), limit=MAX_ITEMS)
    return occupation_id, level, chosen


def _items(session: Session, workshop: Workshop, chosen: Sequence[_Chosen]) -> list[WorkshopItem]:
    known = store.newest_p_values(session, [each.item_id for each in chosen])
    rows = [
        WorkshopItem(
            institution_id=workshop.institution_id,
            position=position,
            item_id=each.item_id,
            version_id=each.version_id,
            marks=each.marks,
            p_value=known.get(each.item_id, (None, None))[0],
            n_responses=known.get(each.item_id, (None, None))[1],
        )
        for position, each in enumerate(chosen, 1)
    ]
    return _in_booklet(session, workshop, rows) if workshop.method is Method.BOOKMARK else rows


def _in_booklet(session: Session, workshop: Workshop, rows: list[WorkshopItem]) -> list[WorkshopItem]:
    """Return the items in the order of the booklet, with their parameters and locations."""
    if workshop.scale_id is None or workshop.response_probability is None:
        raise ScaleMissing
    scale = statistics.find_scale(session, workshop.scale_id)
    if not scale.model.has_parameters:
        raise ScaleMissing
    table = statistics.parameters(session, scale.id)
    # No page: a negative slope (strong candidates fail the item more often than weak ones), and an item that even
    # guessing answers as often as the response probability asks.
    place = {
        item_id: n
        for n, item_id in enumerate(table.item_ids)
        if np.isfinite(table.a[n])
        and np.isfinite(table.b[n])
        and table.a[n] > 0
        and table.c[n] < workshop.response_probability
    }
    if lacking := [row.item_id for row in rows if row.item_id not in place]:
        numbers = store.item_numbers(session, lacking)
        listed = _listed(sorted(numbers[item_id] for item_id in lacking))
        raise ItemsNotCalibrated(count=len(lacking), scale=scale.name, numbers=listed)
    at = [place[row.item_id] for row in rows]
    order, locations = computing.arrange(table.a[at], table.b[at], table.c[at], workshop.response_probability)
    if lost := sorted(set(range(len(rows))) - set(order)):
        numbers = store.item_numbers(session, [rows[index].item_id for index in lost])
        listed = _listed(sorted(numbers.values()))
        raise ItemsNotCalibrated(count=len(lost), scale=scale.name, numbers=listed)
    arranged = []
    for position, (index, location) in enumerate(zip(order, locations, strict=True), 1):
        row = rows[index]
        row.position, row.location = position, location
        row.a, row.b, row.c = (float(column[at[index]]) for column in (table.a, table.b, table.c))
        arranged.append(row)
    return arranged


def _add_candidates(session: Session, workshop: Workshop) -> None:
    assert workshop.sitting_id is not None
    _, scores = marking.latest_scores(session, workshop.sitting_id)
    if not 2 <= len(scores) <= MAX_CANDIDATES:
        raise CandidateCountWrong(count=len(scores), limit=MAX_CANDIDATES)
    known = store.registrations(session, list(scores))
    order = sorted(scores, key=lambda each: (known[each].ticket_number or "", each))
    session.add_all(
        WorkshopCandidate(
            institution_id=workshop.institution_id,
            workshop_id=workshop.id,
            position=position,
            registration_id=registration_id,
            score=scores[registration_id],
        )
        for position, registration_id in enumerate(order, 1)
    )


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:20])
    return shown + (" …" if len(numbers) > 20 else "")
