"""The leader's way through a workshop: rounds open and close, questions, the result, and its second person."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.standard_setting import store
from exam_engine.standard_setting.models import Judge, Rating, Round, Workshop
from exam_engine.standard_setting.refusals import (
    AnswersIncomplete,
    FourEyes,
    NoQuestionsPlanned,
    NoRoundHeld,
    NotClosed,
    QuestionsOutstanding,
    RoundIncomplete,
    RoundNotOpen,
    RoundsUsedUp,
    RoundUnderWay,
    TooFewJudges,
    WorkshopOver,
)
from exam_engine.standard_setting.result import digest_of
from exam_engine.standard_setting.rules import MINIMUM_JUDGES, WorkshopStatus, is_complete
from exam_engine.standard_setting.service.gathering import gather_result
from exam_engine.standard_setting.service.panel import led_by, note
from itembank.base.errors import NotFound
from itembank.people.rules import Actor


def open_round(session: Session, *, actor: Actor, workshop_id: UUID, now: datetime) -> Round:
    """Open the next round; from here on judges see what they rate.

    Raises
    ------
    TooFewJudges, RoundsUsedUp, RoundUnderWay, WorkshopOver
    """
    workshop = led_by(session, actor, workshop_id)
    held = store.rounds(session, workshop_id)
    if workshop.status is WorkshopStatus.RATING:
        raise RoundUnderWay
    if workshop.status not in (WorkshopStatus.DRAFT, WorkshopStatus.BETWEEN):
        raise WorkshopOver
    if len(held) >= workshop.rounds:
        raise RoundsUsedUp(planned=workshop.rounds)
    _check_panel(_taking_part(session, workshop_id))
    opened = Round(
        institution_id=workshop.institution_id,
        workshop_id=workshop_id,
        number=len(held) + 1,
        opened_at=now,
    )
    session.add(opened)
    workshop.status = WorkshopStatus.RATING
    session.flush()
    note(session, actor, workshop, action="standard.round_opened", round=opened.number)
    return opened


def close_round(session: Session, *, actor: Actor, workshop_id: UUID, now: datetime) -> Round:
    """Close the open round: its ratings no longer change, and judges see the group's.

    Raises
    ------
    RoundNotOpen, TooFewJudges
    RoundIncomplete
        If a judge who takes part has not rated everything.
    """
    workshop = led_by(session, actor, workshop_id)
    if workshop.status is not WorkshopStatus.RATING:
        raise RoundNotOpen
    present = store.rounds(session, workshop_id)[-1]
    taking_part = _taking_part(session, workshop_id)
    _check_panel(taking_part)
    ratings = store.ratings(session, present.id)
    lagging = _lagging(session, workshop, taking_part, ratings)
    if lagging:
        raise RoundIncomplete(judges=_listed(session, lagging))
    present.closed_at = now
    present.digest = ratings_digest(ratings)
    workshop.status = WorkshopStatus.BETWEEN
    note(
        session,
        actor,
        workshop,
        action="standard.round_closed",
        round=present.number,
        ratings=len(ratings),
        digest=present.digest,
    )
    return present


def open_questions(session: Session, *, actor: Actor, workshop_id: UUID) -> Workshop:
    """Ask the judges the final questions (Hofstee); raises NoQuestionsPlanned, NoRoundHeld, RoundUnderWay."""
    workshop = led_by(session, actor, workshop_id)
    if not workshop.with_questions:
        raise NoQuestionsPlanned
    _check_between(workshop)
    workshop.status = WorkshopStatus.QUESTIONS
    note(session, actor, workshop, action="standard.questions_opened")
    return workshop


def close_workshop(session: Session, *, actor: Actor, workshop_id: UUID, now: datetime) -> Workshop:
    """Compute the result from the last round and freeze it; no sitting and no plan is changed.

    Raises
    ------
    NoRoundHeld, RoundUnderWay, QuestionsOutstanding, AnswersIncomplete, TooFewJudges, WorkshopOver
    NothingComputable
        If no cut score follows from the ratings.
    """
    workshop = led_by(session, actor, workshop_id)
    taking_part = _taking_part(session, workshop_id)
    if workshop.status is WorkshopStatus.QUESTIONS:
        if silent := [judge for judge in taking_part if judge.answers is None]:
            raise AnswersIncomplete(judges=_listed(session, silent))
    else:
        _check_between(workshop)
        if workshop.with_questions:
            raise QuestionsOutstanding
    _check_panel(taking_part)
    workshop.closed_at = now
    workshop.result = gather_result(session, workshop, now=now)
    workshop.digest = digest_of(workshop.result)
    workshop.status = WorkshopStatus.CLOSED
    note(
        session,
        actor,
        workshop,
        action="standard.closed",
        digest=workshop.digest,
        cut=workshop.result["figures"]["cut"]["score"],
    )
    return workshop


def record_result(session: Session, *, actor: Actor, workshop_id: UUID, now: datetime) -> Workshop:
    """Record a closed workshop's result as a second person; from here on nothing can be undone.

    Raises
    ------
    NotClosed
    FourEyes
        If the actor led the workshop or judged in it.
    """
    workshop = store.workshop(session, workshop_id, lock=True)
    if workshop is None:
        raise NotFound
    if workshop.status is not WorkshopStatus.CLOSED:
        raise NotClosed
    if actor.id is None or actor.id in took_part(session, workshop):
        raise FourEyes
    workshop.status = WorkshopStatus.RECORDED
    workshop.recorded_by, workshop.recorded_at = actor.id, now
    note(session, actor, workshop, action="standard.recorded", digest=workshop.digest)
    return workshop


def took_part(session: Session, workshop: Workshop) -> set[UUID]:
    """Return who led the workshop, now or before, or judged in it: none of them is its second person."""
    judged = {judge.user_id for judge in store.judges(session, workshop.id)}
    return judged | {workshop.leader_id, *map(UUID, workshop.former_leaders)}


def ratings_digest(ratings: Sequence[Rating]) -> str:
    """Return SHA-256 over the ratings of a round, ordered by judge and position."""
    lines = sorted(f"{each.judge_id} {each.position} {each.value}" for each in ratings)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _check_between(workshop: Workshop) -> None:
    if workshop.status is WorkshopStatus.RATING:
        raise RoundUnderWay
    if workshop.status is WorkshopStatus.DRAFT:
        raise NoRoundHeld
    if workshop.status is not WorkshopStatus.BETWEEN:
        raise WorkshopOver


def _taking_part(session: Session, workshop_id: UUID) -> list[Judge]:
    return [judge for judge in store.judges(session, workshop_id) if judge.excluded_at is None]


def _check_panel(taking_part: Sequence[Judge]) -> None:
    if len(taking_part) < MINIMUM_JUDGES:
        raise TooFewJudges(count=len(taking_part), minimum=MINIMUM_JUDGES)


def _lagging(
    session: Session, workshop: Workshop, taking_part: Sequence[Judge], ratings: Sequence[Rating]
) -> list[Judge]:
    rated: dict[UUID, int] = {}
    for rating in ratings:
        rated[rating.judge_id] = rated.get(rating.judge_id, 0) + 1
    count = len(store.items(session, workshop.id))
    return [judge for judge in taking_part if not is_complete(workshop.method, rated.get(judge.id, 0), count)]


def _listed(session: Session, judges: Sequence[Judge]) -> str:
    names = store.user_names(session, [judge.user_id for judge in judges])
    return "、".join(names.get(judge.user_id, "—") for judge in judges)
