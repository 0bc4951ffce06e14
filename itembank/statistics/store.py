"""All SQL of item statistics."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from itembank.statistics.models import ItemParameter, Scale


def scale(session: Session, scale_id: UUID) -> Scale | None:
    return session.scalars(select(Scale).where(Scale.id == scale_id)).one_or_none()


def scales(session: Session, *, occupation_id: UUID | None, level: int | None) -> Sequence[Scale]:
    query = select(Scale).order_by(Scale.created_at.desc(), Scale.id.desc())
    if occupation_id is not None:
        query = query.where(Scale.occupation_id == occupation_id)
    if level is not None:
        query = query.where(Scale.level == level)
    return session.scalars(query).all()


def parameters(session: Session, scale_id: UUID) -> Sequence[ItemParameter]:
    query = select(ItemParameter).where(ItemParameter.scale_id == scale_id).order_by(ItemParameter.id)
    return session.scalars(query).all()


def parameter(session: Session, scale_id: UUID, item_id: UUID) -> ItemParameter | None:
    query = select(ItemParameter).where(ItemParameter.scale_id == scale_id, ItemParameter.item_id == item_id)
    return session.scalars(query).one_or_none()


def history(session: Session, item_id: UUID) -> Sequence[tuple[Scale, ItemParameter]]:
    query = (
        select(Scale, ItemParameter)
        .join(ItemParameter, ItemParameter.scale_id == Scale.id)
        .where(ItemParameter.item_id == item_id)
        .order_by(Scale.created_at.desc(), Scale.id.desc())
    )
    return [(row[0], row[1]) for row in session.execute(query)]
