"""Score sheets: each examiner's own, and the mean of an odd number of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.marking import store
from exam_engine.marking.models import PracticalMark, ScoreSheet
from exam_engine.marking.rules import (
    RubricLine,
    SheetStatus,
    check_examiners,
    check_partial_sheet,
    check_sheet,
    combine_sheets,
    plain,
    rounded,
    to_hundred,
)
from exam_engine.marking.service.tasks import find_practical_sitting, rubric_of
from exam_engine.sittings.models import Registration, Sitting
from itembank.base import audit
from itembank.base.errors import Conflict, Forbidden, NotFound
from itembank.people.rules import Actor


class SheetSubmitted(Conflict):
    """The sheet was submitted and stays as it is."""

    code = "sheet_submitted"
    message = "You have submitted this score sheet; it can no longer be changed."


class PracticalClosed(Conflict):
    """The candidate's practical score is closed."""

    code = "practical_closed"
    message = "The score of this candidate is closed; no further sheets are accepted."


class NotAssigned(Forbidden):
    """Other examiners are assigned to this candidate's room."""

    code = "examiner_not_assigned"
    message = "You are not assigned as an examiner to this candidate's room in this sitting."


class NothingToClose(Conflict):
    """Nobody's sheets are complete and not yet closed."""

    code = "nothing_to_close"
    message = "There is no candidate with submitted score sheets whose score is still open."


@dataclass(frozen=True)
class PracticalProgress:
    """How far the scoring of one candidate is."""

    registration: Registration
    submitted: int
    mark: PracticalMark | None
    own: SheetStatus | None
    mine: bool
    """Whether the actor may score this candidate: assigned to the room, or nobody is assigned anywhere."""


def read_sheet(
    session: Session, *, actor: Actor, sitting_id: UUID, registration_id: UUID
) -> tuple[Registration, ScoreSheet | None]:
    """Return a candidate and the examiner's own sheet; other examiners' sheets are never shown."""
    sitting = find_practical_sitting(session, sitting_id)
    registration = _candidate(session, sitting, registration_id)
    assert actor.id is not None
    if not _may_score(session, sitting_id, actor)(registration_id):
        raise NotAssigned
    return registration, store.sheet(session, sitting_id, registration_id, actor.id)


def save_sheet(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    registration_id: UUID,
    scores: Mapping[str, Decimal | None],
    remark: str = "",
    submit: bool,
    now: datetime,
) -> ScoreSheet:
    """Keep the examiner's own scores of one candidate; a submitted sheet is complete and stays as it is.

    Raises
    ------
    LineScoreInvalid
        If a score is out of its line's bounds, or one is missing on submission.
    SheetSubmitted, PracticalClosed
        If it is too late.
    """
    _, sheet = read_sheet(session, actor=actor, sitting_id=sitting_id, registration_id=registration_id)
    if store.practical_mark(session, sitting_id, registration_id) is not None:
        raise PracticalClosed
    if sheet is not None and sheet.status is SheetStatus.SUBMITTED:
        raise SheetSubmitted
    rubric = rubric_of(session, sitting_id)
    given = {key: score for key, score in scores.items() if score is not None}
    if submit:
        check_sheet(rubric, given)
    else:
        check_partial_sheet(rubric, given)
    if sheet is None:
        sitting = find_practical_sitting(session, sitting_id)
        assert actor.id is not None
        sheet = ScoreSheet(
            institution_id=sitting.institution_id,
            sitting_id=sitting_id,
            registration_id=registration_id,
            examiner_id=actor.id,
        )
        session.add(sheet)
    sheet.scores = {key: plain(score) for key, score in given.items()}
    sheet.remark = remark
    sheet.changed_at = now
    sheet.status = SheetStatus.SUBMITTED if submit else SheetStatus.DRAFT
    sheet.submitted_at = now if submit else None
    session.flush()
    if submit:
        audit.record(
            session,
            actor=actor,
            action="score_sheet.submitted",
            subject=("score_sheet", sheet.id),
            institution_id=sheet.institution_id,
            detail={"sitting": str(sitting_id), "registration": str(registration_id)},
        )
    return sheet


def _may_score(session: Session, sitting_id: UUID, actor: Actor) -> Callable[[UUID], bool]:
    assigned = store.examiner_rooms(session, sitting_id)
    if not assigned:
        return lambda _registration_id: True
    mine = assigned.get(actor.id, set()) if actor.id else set()
    rooms = store.rooms_of(session, sitting_id)
    return lambda registration_id: rooms.get(registration_id) in mine


def _candidate(session: Session, sitting: Sitting, registration_id: UUID) -> Registration:
    for registration in store.candidates(session, sitting):
        if registration.id == registration_id:
            return registration
    raise NotFound


def practical_progress(session: Session, sitting_id: UUID, *, actor: Actor) -> list[PracticalProgress]:
    """Return every candidate of a practical sitting with the number of submitted sheets and the own one's state."""
    sitting = find_practical_sitting(session, sitting_id)
    counts: dict[UUID, int] = {}
    for sheet in store.submitted_sheets(session, sitting_id):
        counts[sheet.registration_id] = counts.get(sheet.registration_id, 0) + 1
    own = (
        {
            sheet.registration_id: sheet.status
            for sheet in store.sheets_of_examiner(session, sitting_id, actor.id)
        }
        if actor.id
        else {}
    )
    marks = {mark.registration_id: mark for mark in store.practical_marks(session, sitting_id)}
    mine = _may_score(session, sitting_id, actor)
    return [
        PracticalProgress(each, counts.get(each.id, 0), marks.get(each.id), own.get(each.id), mine(each.id))
        for each in store.candidates(session, sitting)
    ]


def close_practical(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    registration_ids: Sequence[UUID] | None = None,
    now: datetime,
) -> list[PracticalMark]:
    """Close the scores of the candidates named, or of all with submitted sheets: the mean per line.

    Raises
    ------
    ExaminersUneven
        If a candidate has an even number of sheets or fewer than three; then nobody's score is closed.
    NothingToClose
        If there is nobody to close.
    """
    sitting = find_practical_sitting(session, sitting_id)
    rubric = rubric_of(session, sitting_id)
    closed = {mark.registration_id for mark in store.practical_marks(session, sitting_id)}
    sheets: dict[UUID, list[ScoreSheet]] = {}
    for sheet in store.submitted_sheets(session, sitting_id):
        if sheet.registration_id not in closed:
            sheets.setdefault(sheet.registration_id, []).append(sheet)
    wanted = (
        list(sheets)
        if registration_ids is None
        else [each for each in registration_ids if each not in closed]
    )
    if not wanted:
        raise NothingToClose
    for registration_id in wanted:
        check_examiners(len(sheets.get(registration_id, ())))
    marks = [_close_one(sitting, rubric, each, sheets[each], actor, now) for each in wanted]
    session.add_all(marks)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="practical.closed",
        subject=("sitting", sitting_id),
        institution_id=sitting.institution_id,
        detail={"candidates": len(marks)},
    )
    return marks


def _close_one(
    sitting: Sitting,
    rubric: Sequence[RubricLine],
    registration_id: UUID,
    sheets: Sequence[ScoreSheet],
    actor: Actor,
    now: datetime,
) -> PracticalMark:
    scores = {
        sheet.examiner_id: {key: Decimal(value) for key, value in sheet.scores.items()} for sheet in sheets
    }
    means, earned = combine_sheets(rubric, scores)
    return PracticalMark(
        institution_id=sitting.institution_id,
        sitting_id=sitting.id,
        registration_id=registration_id,
        examiners=len(sheets),
        earned=earned,
        total=sum((line.points for line in rubric), Decimal(0)),
        lines=[
            {
                "line": mean.line.code,
                "maximum": plain(mean.line.points),
                "scores": [plain(score) for score in mean.scores],
                "mean": plain(rounded(mean.mean)),
            }
            for mean in means
        ],
        closed_by=str(actor),
        closed_at=now,
    )


def practical_scores(session: Session, sitting_id: UUID) -> dict[UUID, tuple[PracticalMark, Decimal]]:
    """Return, by registration, the closed mark and the score out of 100."""
    return {
        mark.registration_id: (mark, to_hundred(mark.earned, mark.total))
        for mark in store.practical_marks(session, sitting_id)
    }
