"""All SQL of standard setting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from exam_engine.marking.models import MarkingRun
from exam_engine.sittings.models import Plan, Registration, Sitting, SittingPaper
from exam_engine.sittings.rules import Component
from exam_engine.standard_setting.models import (
    Adoption,
    Judge,
    Rating,
    Round,
    Workshop,
    WorkshopCandidate,
    WorkshopItem,
)
from exam_engine.standard_setting.rules import WorkshopStatus
from itembank.items.models import Item, ItemVersion
from itembank.items.rules import ItemStatus
from itembank.people.models import User
from itembank.statistics.models import ItemParameter, Scale

CHUNK = 500
"""Values a statement; SQLite and PostgreSQL both bound the parameters."""


def workshop(
    session: Session, workshop_id: UUID, *, lock: bool = False, share: bool = False
) -> Workshop | None:
    """``share`` lets judges save at the same time and keeps the leader from closing the round meanwhile."""
    query = select(Workshop).where(Workshop.id == workshop_id)
    if lock or share:
        query = query.with_for_update(read=share).execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def workshops(session: Session, *, offset: int, limit: int) -> Sequence[Workshop]:
    query = select(Workshop).order_by(Workshop.created_at.desc(), Workshop.id.desc())
    return session.scalars(query.offset(offset).limit(limit)).all()


def count_workshops(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Workshop)) or 0


def closed_workshops(session: Session) -> Sequence[Workshop]:
    """Workshops whose result waits for a second person."""
    return session.scalars(select(Workshop).where(Workshop.status == WorkshopStatus.CLOSED)).all()


def recorded_workshops(session: Session, *, occupation_id: UUID, level: int) -> Sequence[Workshop]:
    """Workshops of an occupation and level whose result is recorded, latest first."""
    query = select(Workshop).where(
        Workshop.status == WorkshopStatus.RECORDED,
        Workshop.occupation_id == occupation_id,
        Workshop.level == level,
    )
    return session.scalars(query.order_by(Workshop.recorded_at.desc(), Workshop.id.desc())).all()


def adoption(session: Session, sitting_id: UUID) -> Adoption | None:
    return session.scalars(select(Adoption).where(Adoption.sitting_id == sitting_id)).one_or_none()


def adoptions(session: Session, workshop_id: UUID) -> Sequence[tuple[Adoption, Sitting, Plan]]:
    """Sittings whose pass mark was taken from a workshop."""
    query = (
        select(Adoption, Sitting, Plan)
        .join(Sitting, Sitting.id == Adoption.sitting_id)
        .join(Plan, Plan.id == Sitting.plan_id)
        .where(Adoption.workshop_id == workshop_id)
        .order_by(Sitting.starts_at, Sitting.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def tasks(session: Session, user_id: UUID) -> Sequence[tuple[Judge, Workshop]]:
    """Workshops that somebody judges in, newest first; drafts are the leader's."""
    query = (
        select(Judge, Workshop)
        .join(Workshop, Workshop.id == Judge.workshop_id)
        .where(Judge.user_id == user_id, Workshop.status != WorkshopStatus.DRAFT)
        .order_by(Workshop.created_at.desc(), Workshop.id.desc())
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def items(session: Session, workshop_id: UUID) -> Sequence[WorkshopItem]:
    query = select(WorkshopItem).where(WorkshopItem.workshop_id == workshop_id)
    return session.scalars(query.order_by(WorkshopItem.position)).all()


def count_rated(session: Session, workshop: Workshop) -> int:
    """How many items or candidates are rated."""
    rows = WorkshopCandidate if workshop.method.judges_candidates else WorkshopItem
    query = select(func.count()).select_from(rows).where(rows.workshop_id == workshop.id)
    return session.scalar(query) or 0


def item_numbers(session: Session, item_ids: Sequence[UUID]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for part in _chunks(item_ids):
        rows = session.execute(select(Item.id, Item.number).where(Item.id.in_(part)))
        found |= {row[0]: row[1] for row in rows}
    return found


def authors(session: Session, rows: Sequence[WorkshopItem]) -> dict[int, set[UUID]]:
    """Who wrote the item or the version that is rated, by position."""
    wrote: dict[UUID, set[UUID | None]] = {}
    for part in _chunks([row.item_id for row in rows]):
        for item_id, user_id in session.execute(select(Item.id, Item.created_by).where(Item.id.in_(part))):
            wrote.setdefault(item_id, set()).add(user_id)
    for part in _chunks([row.version_id for row in rows]):
        query = select(ItemVersion.item_id, ItemVersion.created_by).where(ItemVersion.id.in_(part))
        for item_id, user_id in session.execute(query):
            wrote.setdefault(item_id, set()).add(user_id)
    return {row.position: {user for user in wrote.get(row.item_id, ()) if user} for row in rows}


def active_by_number(
    session: Session, numbers: Sequence[int], *, occupation_id: UUID, level: int
) -> dict[int, Item]:
    found: dict[int, Item] = {}
    for start in range(0, len(numbers), CHUNK):
        query = select(Item).where(
            Item.number.in_(numbers[start : start + CHUNK]),
            Item.occupation_id == occupation_id,
            Item.level == level,
            Item.status == ItemStatus.ACTIVE,
        )
        found |= {row.number: row for row in session.scalars(query)}
    return found


def newest_p_values(session: Session, item_ids: Sequence[UUID]) -> dict[UUID, tuple[float, int]]:
    """Proportion correct and number of responses on the newest scale that has each item."""
    found: dict[UUID, tuple[float, int]] = {}
    for part in _chunks(item_ids):
        query = (
            select(ItemParameter.item_id, ItemParameter.p_value, ItemParameter.n_responses)
            .join(Scale, Scale.id == ItemParameter.scale_id)
            .where(ItemParameter.item_id.in_(part), ItemParameter.p_value.is_not(None))
            .order_by(Scale.created_at, Scale.id)
        )
        for item_id, p_value, count in session.execute(query):
            found[item_id] = (p_value or 0.0, count)
    return found


def candidates(session: Session, workshop_id: UUID) -> Sequence[WorkshopCandidate]:
    query = select(WorkshopCandidate).where(WorkshopCandidate.workshop_id == workshop_id)
    return session.scalars(query.order_by(WorkshopCandidate.position)).all()


def registrations(session: Session, registration_ids: Sequence[UUID]) -> dict[UUID, Registration]:
    found: dict[UUID, Registration] = {}
    for part in _chunks(registration_ids):
        query = select(Registration).where(Registration.id.in_(part))
        found |= {row.id: row for row in session.scalars(query)}
    return found


def sitting(session: Session, sitting_id: UUID) -> tuple[Sitting, Plan] | None:
    query = (
        select(Sitting, Plan)
        .join(Plan, Plan.id == Sitting.plan_id)
        .where(Sitting.id == sitting_id, Sitting.component == Component.THEORY)
    )
    row = session.execute(query).one_or_none()
    return (row[0], row[1]) if row else None


def papers_of(session: Session, sitting_id: UUID) -> frozenset[UUID]:
    query = select(SittingPaper.paper_id).where(SittingPaper.sitting_id == sitting_id)
    return frozenset(session.scalars(query))


def marked_sittings(session: Session) -> Sequence[tuple[Sitting, Plan]]:
    """Theory sittings with a marking run, latest first."""
    query = (
        select(Sitting, Plan)
        .join(Plan, Plan.id == Sitting.plan_id)
        .where(
            Sitting.component == Component.THEORY,
            Sitting.id.in_(select(MarkingRun.sitting_id)),
        )
        .order_by(Sitting.ends_at.desc(), Sitting.id.desc())
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def judges(session: Session, workshop_id: UUID) -> Sequence[Judge]:
    """The panel in the order of invitation: their codes J1, J2, … follow it."""
    query = select(Judge).where(Judge.workshop_id == workshop_id).order_by(Judge.invited_at, Judge.id)
    return session.scalars(query).all()


def judge_of(session: Session, workshop_id: UUID, user_id: UUID, *, lock: bool = False) -> Judge | None:
    query = select(Judge).where(Judge.workshop_id == workshop_id, Judge.user_id == user_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def user_names(session: Session, user_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    wanted = [user_id for user_id in set(user_ids) if user_id is not None]
    found: dict[UUID, str] = {}
    for part in _chunks(wanted):
        rows = session.execute(select(User.id, User.name).where(User.id.in_(part)))
        found |= {row[0]: row[1] for row in rows}
    return found


def rounds(session: Session, workshop_id: UUID) -> Sequence[Round]:
    query = select(Round).where(Round.workshop_id == workshop_id).order_by(Round.number)
    return session.scalars(query).all()


def ratings(session: Session, round_id: UUID) -> Sequence[Rating]:
    query = select(Rating).where(Rating.round_id == round_id)
    return session.scalars(query.order_by(Rating.judge_id, Rating.position)).all()


def ratings_of(session: Session, round_id: UUID, judge_id: UUID) -> dict[int, Rating]:
    query = select(Rating).where(Rating.round_id == round_id, Rating.judge_id == judge_id)
    return {row.position: row for row in session.scalars(query)}


def withdraw(session: Session, rating_ids: Sequence[UUID]) -> None:
    session.execute(delete(Rating).where(Rating.id.in_(rating_ids)))


def _chunks(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
