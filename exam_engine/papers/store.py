"""All SQL of papers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from exam_engine.papers.compile import item_names
from exam_engine.papers.growing import ADAPTIVE
from exam_engine.papers.models import Assembly, Blueprint, Paper, PaperEntry, PaperEvent, PaperForm
from exam_engine.papers.rules import EDITS, PaperKind, PaperStatus
from itembank.items.models import Item
from itembank.items.rules import ItemStatus
from itembank.people.models import Institution
from itembank.statistics.models import ItemParameter, Scale
from itembank.taxonomy.models import Outline, OutlineNode
from itembank.taxonomy.rules import OutlineStatus


def blueprint(session: Session, blueprint_id: UUID) -> Blueprint | None:
    return session.scalars(select(Blueprint).where(Blueprint.id == blueprint_id)).one_or_none()


def blueprints(session: Session, *, current: bool = True) -> Sequence[Blueprint]:
    query = select(Blueprint).order_by(Blueprint.id.desc())
    return session.scalars(query.where(Blueprint.is_current) if current else query).all()


def versions(session: Session, series_id: UUID, *, lock: bool = False) -> Sequence[Blueprint]:
    query = select(Blueprint).where(Blueprint.series_id == series_id).order_by(Blueprint.number.desc())
    return session.scalars(query.with_for_update() if lock else query).all()


def assembly(session: Session, assembly_id: UUID) -> Assembly | None:
    return session.scalars(select(Assembly).where(Assembly.id == assembly_id)).one_or_none()


def blueprint_of(session: Session, assembly_id: UUID) -> UUID:
    return session.scalars(select(Assembly.blueprint_id).where(Assembly.id == assembly_id)).one()


def assemblies(session: Session, *, limit: int = 50) -> Sequence[Assembly]:
    return session.scalars(select(Assembly).order_by(Assembly.id.desc()).limit(limit)).all()


def drawings(session: Session, sitting: str) -> Sequence[Assembly]:
    query = select(Assembly).where(
        Assembly.kind == PaperKind.COLLECTION, Assembly.request["sitting"].as_string() == sitting
    )
    return session.scalars(query.order_by(Assembly.id.desc())).all()


def forms(session: Session, paper_id: UUID) -> Sequence[PaperForm]:
    query = select(PaperForm).where(PaperForm.paper_id == paper_id).order_by(PaperForm.number)
    return session.scalars(query).all()


def form(session: Session, paper_id: UUID, number: int) -> PaperForm | None:
    query = select(PaperForm).where(PaperForm.paper_id == paper_id, PaperForm.number == number)
    return session.scalars(query).one_or_none()


def paper(session: Session, paper_id: UUID, *, lock: bool = False) -> Paper | None:
    query = select(Paper).where(Paper.id == paper_id)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def papers(
    session: Session,
    *,
    statuses: Iterable[PaperStatus] = (),
    assembly_id: UUID | None = None,
    limit: int = 500,
) -> Sequence[Paper]:
    query = select(Paper)
    if statuses := tuple(statuses):
        query = query.where(Paper.status.in_(statuses))
    if assembly_id is not None:
        return session.scalars(query.where(Paper.assembly_id == assembly_id).order_by(Paper.form)).all()
    return session.scalars(query.order_by(Paper.id.desc()).limit(limit)).all()


def search_papers(
    session: Session,
    *,
    status: PaperStatus | None,
    occupation_id: UUID | None,
    level: int | None,
    text: str,
    offset: int,
    limit: int,
) -> tuple[Sequence[Paper], int]:
    query = select(Paper)
    if status is not None:
        query = query.where(Paper.status == status)
    if occupation_id is not None:
        query = query.where(Paper.occupation_id == occupation_id)
    if level is not None:
        query = query.where(Paper.level == level)
    if text:
        query = query.where(Paper.label.icontains(text, autoescape=True))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return session.scalars(query.order_by(Paper.id.desc()).offset(offset).limit(limit)).all(), total


def lock_institution(session: Session, institution_id: UUID) -> None:
    """Let one transaction at a time number the papers of an institution."""
    session.execute(select(Institution.id).where(Institution.id == institution_id).with_for_update())


def labels(session: Session, prefix: str) -> Sequence[str]:
    query = select(Paper.label).where(Paper.label.startswith(prefix, autoescape=True))
    return session.scalars(query).all()


def entries(session: Session, paper_id: UUID) -> Sequence[PaperEntry]:
    query = select(PaperEntry).where(PaperEntry.paper_id == paper_id).order_by(PaperEntry.position)
    return session.scalars(query).all()


def events(session: Session, paper_id: UUID) -> Sequence[PaperEvent]:
    query = select(PaperEvent).where(PaperEvent.paper_id == paper_id).order_by(PaperEvent.number)
    return session.scalars(query).all()


def editors(session: Session, paper_id: UUID) -> set[UUID | None]:
    query = select(PaperEvent.by).where(PaperEvent.paper_id == paper_id, PaperEvent.kind.in_(EDITS))
    return set(session.scalars(query))


def items_of(session: Session, item_ids: Sequence[UUID]) -> Mapping[UUID, Item]:
    return {item.id: item for item in session.scalars(select(Item).where(Item.id.in_(item_ids)))}


def inactive_names(session: Session, occupation_id: UUID, level: int) -> set[str]:
    """Names of items that are in the bank and not active."""
    query = select(Item.id, Item.number, Item.reference).where(
        Item.occupation_id == occupation_id, Item.level == level, Item.status != ItemStatus.ACTIVE
    )
    return {name for row in session.execute(query) for name in item_names(*row)}


def nodes(session: Session, occupation_id: UUID, level: int) -> Sequence[OutlineNode]:
    """Nodes of the occupation's active outlines, parents first."""
    query = (
        select(OutlineNode)
        .join(Outline, Outline.id == OutlineNode.outline_id)
        .where(
            Outline.occupation_id == occupation_id,
            Outline.level == level,
            Outline.status == OutlineStatus.ACTIVE,
        )
        .order_by(OutlineNode.depth, OutlineNode.position)
    )
    return session.scalars(query).all()


def fullest_scale(session: Session, occupation_id: UUID, level: int) -> UUID | None:
    """The scale that holds parameters of most active items of an occupation and level; of equals, the newest."""
    query = (
        select(Scale.id)
        .join(ItemParameter, ItemParameter.scale_id == Scale.id)
        .join(Item, Item.id == ItemParameter.item_id)
        .where(
            Scale.occupation_id == occupation_id,
            Scale.level == level,
            Item.status == ItemStatus.ACTIVE,
            ItemParameter.b.is_not(None),
        )
        .group_by(Scale.id)
        .order_by(func.count().desc(), Scale.id.desc())
    )
    return session.scalars(query.limit(1)).first()


def parameters(session: Session, scale_id: UUID) -> Sequence[tuple[UUID, float | None, float, float]]:
    """Item, discrimination, difficulty and lower asymptote, where there is a difficulty."""
    query = select(ItemParameter.item_id, ItemParameter.a, ItemParameter.b, ItemParameter.c).where(
        ItemParameter.scale_id == scale_id, ItemParameter.b.is_not(None)
    )
    return [(item_id, a, float(b or 0.0), float(c or 0.0)) for item_id, a, b, c in session.execute(query)]


def count_papers(
    session: Session, *, status: PaperStatus, by: UUID | None = None, not_by: UUID | None = None
) -> int:
    """Papers in a state, those that a person asked for, or that a person neither asked for nor edited."""
    query = select(func.count(Paper.id)).where(Paper.status == status)
    if by:
        query = query.where(Paper.created_by == by)
    if not_by:
        edited = select(PaperEvent.paper_id).where(PaperEvent.by == not_by, PaperEvent.kind.in_(EDITS))
        query = query.where(Paper.created_by != not_by, Paper.id.not_in(edited))
    return session.scalar(query) or 0


def write_progress(session: Session, assembly_id: UUID, progress: Mapping[str, Any]) -> None:
    session.execute(update(Assembly).where(Assembly.id == assembly_id).values(progress=dict(progress)))


def proportions(session: Session, occupation_id: UUID, level: int) -> Mapping[UUID, float]:
    """Proportion correct of each active item on the newest scale that tells it."""
    query = (
        select(ItemParameter.item_id, ItemParameter.p_value)
        .join(Scale, Scale.id == ItemParameter.scale_id)
        .join(Item, Item.id == ItemParameter.item_id)
        .where(
            Scale.occupation_id == occupation_id,
            Scale.level == level,
            Item.status == ItemStatus.ACTIVE,
            ItemParameter.p_value.is_not(None),
        )
        .order_by(Scale.id)
    )
    return {item_id: float(p or 0.0) for item_id, p in session.execute(query)}


def sealed_contents(
    session: Session, occupation_id: UUID, level: int
) -> list[tuple[str, frozenset[UUID], datetime | None]]:
    """Number, items and time of the seal of each paper that counts as an earlier one, the newest seal first."""
    query = (
        select(Paper.label, Paper.sealed_at, PaperEntry.item_id)
        .join(PaperEntry, PaperEntry.paper_id == Paper.id)
        .where(Paper.occupation_id == occupation_id, Paper.level == level, _counts())
        .order_by(Paper.sealed_at.desc(), Paper.id.desc())
    )
    found: dict[tuple[str, datetime | None], set[UUID]] = {}
    for label, at, item_id in session.execute(query):
        found.setdefault((label, at), set()).add(item_id)
    return [(label, frozenset(members), at) for (label, at), members in found.items()]


def count_sealed(session: Session, occupation_id: UUID, level: int) -> int:
    query = select(func.count(Paper.id)).where(
        Paper.occupation_id == occupation_id, Paper.level == level, _counts()
    )
    return session.scalars(query).one()


def last_seals(session: Session, occupation_id: UUID, level: int) -> Mapping[UUID, datetime | None]:
    """When items of an occupation and level were last sealed into a paper that counts."""
    query = (
        select(PaperEntry.item_id, func.max(Paper.sealed_at))
        .join(Paper, Paper.id == PaperEntry.paper_id)
        .where(Paper.occupation_id == occupation_id, Paper.level == level, _counts())
        .group_by(PaperEntry.item_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _counts() -> ColumnElement[bool]:
    """Sealed papers that use their items up.

    Collections for adaptive tests do not: they may hold the whole bank, of which each candidate sees a little. Nor do
    those of individual forms that were dropped before anybody had one.
    """
    released = select(Assembly.id).where(Assembly.request["released"].as_boolean().is_(True))
    of_use = and_(Paper.collection["way"].as_string() != ADAPTIVE, Paper.assembly_id.not_in(released))
    return and_(Paper.status == PaperStatus.SEALED, or_(Paper.kind == PaperKind.FORM, of_use))
