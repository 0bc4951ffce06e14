"""All SQL of filing."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.filing.models import FilingScope


def scope(session: Session, scope_id: UUID) -> FilingScope | None:
    return session.get(FilingScope, scope_id)


def scopes(
    session: Session,
    *,
    institution_id: UUID | None = None,
    occupation_id: UUID | None = None,
    level: int | None = None,
) -> Sequence[FilingScope]:
    query = select(FilingScope).order_by(
        FilingScope.institution_id,
        FilingScope.occupation_id,
        FilingScope.level.desc(),
        FilingScope.valid_from,
    )
    if institution_id is not None:
        query = query.where(FilingScope.institution_id == institution_id)
    if occupation_id is not None:
        query = query.where(FilingScope.occupation_id == occupation_id)
    if level is not None:
        query = query.where(FilingScope.level == level)
    return session.scalars(query).all()
