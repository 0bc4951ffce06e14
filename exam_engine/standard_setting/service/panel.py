"""The leader's hold on the panel: describe the candidate, invite, remove, exclude, readmit, abandon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.standard_setting import store
from exam_engine.standard_setting.models import Judge, Workshop
from exam_engine.standard_setting.refusals import (
    DraftOnly,
    JudgeUnsuited,
    LeaderJudges,
    LeadsAlready,
    NotExcluded,
    NotLeader,
    RoundMissed,
    TooManyJudges,
    WorkshopOver,
)
from exam_engine.standard_setting.rules import (
    MAX_JUDGES,
    WorkshopStatus,
    check_reason,
    is_complete,
    may_judge,
)
from itembank.base import audit
from itembank.base.errors import NotFound
from itembank.people import service as people
from itembank.people.models import User
from itembank.people.rules import Actor, Role


def find_workshop(session: Session, workshop_id: UUID) -> Workshop:
    """Return a workshop; raises NotFound."""
    found = store.workshop(session, workshop_id)
    if found is None:
        raise NotFound
    return found


def led_by(session: Session, actor: Actor, workshop_id: UUID) -> Workshop:
    """Return the workshop, locked until the transaction ends; raises NotFound or NotLeader."""
    workshop = store.workshop(session, workshop_id, lock=True)
    if workshop is None:
        raise NotFound
    if actor.id != workshop.leader_id:
        names = store.user_names(session, [workshop.leader_id])
        raise NotLeader(leader=names.get(workshop.leader_id, "—"))
    return workshop


def note(session: Session, actor: Actor, workshop: Workshop, *, action: str, **detail: Any) -> None:
    """Record a step of a workshop in the audit chain."""
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("standard_workshop", workshop.id),
        institution_id=workshop.institution_id,
        detail=detail,
    )


def possible_judges(
    session: Session, institution_id: UUID, *, leader_id: UUID
) -> list[tuple[User, frozenset[Role]]]:
    """Return who could judge at the institution, by name: everybody with a judge's role but the leader."""
    roles: dict[UUID, set[Role]] = {}
    users: dict[UUID, User] = {}
    for user, role in people.members(session, institution_id):
        users[user.id] = user
        roles.setdefault(user.id, set()).add(role)
    found = [
        (user, frozenset(roles[user.id]))
        for user in users.values()
        if user.is_active and user.id != leader_id and may_judge(frozenset(roles[user.id]))
    ]
    return sorted(found, key=lambda pair: (pair[0].name, pair[0].username))


def take_over(session: Session, *, actor: Actor, workshop_id: UUID, reason: str, now: datetime) -> Workshop:
    """Become the leader in place of somebody who cannot go on; both stay named in the audit chain.

    Raises
    ------
    ReasonMissing, LeadsAlready, WorkshopOver
    LeaderJudges
        If the actor is one of the judges.
    """
    workshop = store.workshop(session, workshop_id, lock=True)
    if workshop is None or actor.id is None:
        raise NotFound
    if workshop.leader_id == actor.id:
        raise LeadsAlready
    if workshop.status.is_final:
        raise WorkshopOver
    if store.judge_of(session, workshop_id, actor.id) is not None:
        raise LeaderJudges
    stated, former = check_reason(reason), str(workshop.leader_id)
    workshop.former_leaders = [*workshop.former_leaders, former]
    workshop.leader_id = actor.id
    note(session, actor, workshop, action="standard.taken_over", former=former, reason=stated, at=now)
    return workshop


def describe(session: Session, *, actor: Actor, workshop_id: UUID, description: str) -> Workshop:
    """Change the description of the minimally competent candidate, before the first round."""
    workshop = led_by(session, actor, workshop_id)
    if workshop.status is not WorkshopStatus.DRAFT:
        raise DraftOnly
    workshop.description = description
    note(session, actor, workshop, action="standard.described")
    return workshop


def invite(
    session: Session, *, actor: Actor, workshop_id: UUID, user_ids: Sequence[UUID], now: datetime
) -> list[Judge]:
    """Add judges to the panel before the first round; those who are in it already stay.

    Raises
    ------
    DraftOnly, JudgeUnsuited, LeaderJudges, TooManyJudges
    """
    workshop = led_by(session, actor, workshop_id)
    if workshop.status is not WorkshopStatus.DRAFT:
        raise DraftOnly
    led = {workshop.leader_id, *map(UUID, workshop.former_leaders)}
    possible = {
        user.id for user, _ in possible_judges(session, workshop.institution_id, leader_id=workshop.leader_id)
    }
    present = {judge.user_id for judge in store.judges(session, workshop_id)}
    wanted = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in present]
    if not led.isdisjoint(wanted):
        raise LeaderJudges
    if not user_ids or not possible.issuperset(wanted):
        raise JudgeUnsuited
    if len(present) + len(wanted) > MAX_JUDGES:
        raise TooManyJudges(limit=MAX_JUDGES)
    invited = [
        Judge(
            institution_id=workshop.institution_id, workshop_id=workshop.id, user_id=user_id, invited_at=now
        )
        for user_id in wanted
    ]
    session.add_all(invited)
    session.flush()
    if invited:
        users = [str(judge.user_id) for judge in invited]
        note(session, actor, workshop, action="standard.judges_invited", judges=users)
    return invited


def remove_judge(session: Session, *, actor: Actor, workshop_id: UUID, judge_id: UUID) -> None:
    """Take somebody off the panel before the first round; raises DraftOnly afterwards."""
    workshop = led_by(session, actor, workshop_id)
    judge = _judge(session, workshop, judge_id)
    if workshop.status is not WorkshopStatus.DRAFT:
        raise DraftOnly
    session.delete(judge)
    note(session, actor, workshop, action="standard.judge_removed", judge=str(judge.user_id))


def exclude_judge(
    session: Session, *, actor: Actor, workshop_id: UUID, judge_id: UUID, reason: str, now: datetime
) -> Judge:
    """Leave a judge out of the result from here on; their ratings stay and are shown beside it.

    Raises
    ------
    ReasonMissing, WorkshopOver
    """
    workshop = led_by(session, actor, workshop_id)
    judge = _judge(session, workshop, judge_id)
    if workshop.status.is_final or workshop.status is WorkshopStatus.DRAFT:
        raise WorkshopOver
    stated = check_reason(reason)
    if judge.excluded_at is None:
        judge.excluded_at, judge.exclusion_reason, judge.readmission_reason = now, stated, ""
        note(
            session,
            actor,
            workshop,
            action="standard.judge_excluded",
            judge=str(judge.user_id),
            reason=stated,
        )
    return judge


def readmit_judge(session: Session, *, actor: Actor, workshop_id: UUID, judge_id: UUID, reason: str) -> Judge:
    """Withdraw the exclusion of a judge: their ratings count again in every round they finished.

    Raises
    ------
    ReasonMissing, WorkshopOver, NotExcluded
    RoundMissed
        If the newest round was closed without their ratings: it could no longer be completed.
    """
    workshop = led_by(session, actor, workshop_id)
    judge = _judge(session, workshop, judge_id)
    if workshop.status.is_final:
        raise WorkshopOver
    if judge.excluded_at is None:
        raise NotExcluded
    stated = check_reason(reason)
    newest = store.rounds(session, workshop_id)[-1]
    rated, count = store.ratings_of(session, newest.id, judge.id), store.count_rated(session, workshop)
    if newest.closed_at is not None and not is_complete(workshop.method, len(rated), count):
        raise RoundMissed(round=newest.number)
    judge.excluded_at, judge.readmission_reason = None, stated
    note(
        session, actor, workshop, action="standard.judge_readmitted", judge=str(judge.user_id), reason=stated
    )
    return judge


def abandon(session: Session, *, actor: Actor, workshop_id: UUID, reason: str, now: datetime) -> Workshop:
    """End a workshop without a recorded result; everything stays readable.

    Raises
    ------
    ReasonMissing, WorkshopOver
    """
    workshop = led_by(session, actor, workshop_id)
    if workshop.status in (WorkshopStatus.RECORDED, WorkshopStatus.ABANDONED):
        raise WorkshopOver
    workshop.end_reason = check_reason(reason)
    workshop.status = WorkshopStatus.ABANDONED
    workshop.closed_at = workshop.closed_at or now
    for each in store.rounds(session, workshop_id):
        each.closed_at = each.closed_at or now
    note(session, actor, workshop, action="standard.abandoned", reason=workshop.end_reason)
    return workshop


def _judge(session: Session, workshop: Workshop, judge_id: UUID) -> Judge:
    for judge in store.judges(session, workshop.id):
        if judge.id == judge_id:
            return judge
    raise NotFound
