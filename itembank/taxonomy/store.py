"""All SQL of the taxonomy."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from itembank.taxonomy.models import (
    AssessmentPoint,
    Occupation,
    Outline,
    OutlineNode,
    Standard,
    StandardFunction,
    WorkType,
)

_BY_CODE = (Occupation.major, Occupation.middle, Occupation.minor, Occupation.detail)


def occupation(session: Session, occupation_id: UUID) -> Occupation | None:
    return session.get(Occupation, occupation_id)


def occupations(session: Session) -> Sequence[Occupation]:
    return session.scalars(select(Occupation).order_by(*_BY_CODE, Occupation.effective_from)).all()


def occupations_by_code(session: Session, parts: tuple[str, str, str, str]) -> Sequence[Occupation]:
    """Rows of one code, newest first."""
    query = select(Occupation).where(*(column == part for column, part in zip(_BY_CODE, parts, strict=True)))
    return session.scalars(query.order_by(Occupation.effective_from.desc())).all()


def work_types(session: Session, occupation_id: UUID | None = None) -> Sequence[WorkType]:
    query = select(WorkType).order_by(WorkType.occupation_id, WorkType.id)
    if occupation_id is not None:
        query = query.where(WorkType.occupation_id == occupation_id)
    return session.scalars(query).all()


def outline(session: Session, outline_id: UUID) -> Outline | None:
    return session.scalars(select(Outline).where(Outline.id == outline_id)).one_or_none()


def outlines(
    session: Session, occupation_id: UUID | None = None, level: int | None = None
) -> Sequence[Outline]:
    query = select(Outline).order_by(Outline.id.desc())
    if occupation_id is not None:
        query = query.where(Outline.occupation_id == occupation_id)
    if level is not None:
        query = query.where(Outline.level == level)
    return session.scalars(query).all()


def nodes(session: Session, outline_id: UUID) -> Sequence[OutlineNode]:
    query = select(OutlineNode).where(OutlineNode.outline_id == outline_id)
    return session.scalars(query.order_by(OutlineNode.depth, OutlineNode.position)).all()


def node(session: Session, node_id: UUID) -> OutlineNode | None:
    return session.scalars(select(OutlineNode).where(OutlineNode.id == node_id)).one_or_none()


def points(session: Session, outline_id: UUID) -> Sequence[AssessmentPoint]:
    query = select(AssessmentPoint).where(AssessmentPoint.outline_id == outline_id)
    return session.scalars(query.order_by(AssessmentPoint.position)).all()


def points_by_id(session: Session, point_ids: Sequence[UUID]) -> Sequence[AssessmentPoint]:
    found: list[AssessmentPoint] = []
    for start in range(0, len(point_ids), 500):
        part = point_ids[start : start + 500]
        found += session.scalars(select(AssessmentPoint).where(AssessmentPoint.id.in_(part)))
    return found


def point(session: Session, point_id: UUID) -> AssessmentPoint | None:
    return session.scalars(select(AssessmentPoint).where(AssessmentPoint.id == point_id)).one_or_none()


def standard(session: Session, institution_id: UUID, occupation_id: UUID, level: int) -> Standard | None:
    query = select(Standard).where(
        Standard.institution_id == institution_id,
        Standard.occupation_id == occupation_id,
        Standard.level == level,
    )
    return session.scalars(query).one_or_none()


def functions(session: Session, standard_id: UUID) -> Sequence[StandardFunction]:
    query = select(StandardFunction).where(StandardFunction.standard_id == standard_id)
    return session.scalars(query.order_by(StandardFunction.position)).all()


def clear_functions(session: Session, standard_id: UUID) -> None:
    session.execute(delete(StandardFunction).where(StandardFunction.standard_id == standard_id))
