"""Outlines: import, in use or not, and the weight table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from itembank.base import audit
from itembank.base.errors import Conflict, NotFound
from itembank.base.ids import new_id
from itembank.people.rules import Actor
from itembank.taxonomy import store
from itembank.taxonomy.models import (
    AssessmentPoint,
    Outline,
    OutlineNode,
    Standard,
    StandardFunction,
)
from itembank.taxonomy.rules import Function, OutlineSource, OutlineStatus, Scope, check_outline
from itembank.taxonomy.service.occupations import occupation_by_code


class OutlineExists(Conflict):
    """This version of the outline was imported before."""

    code = "outline_exists"
    message = (
        "Version {version} of this occupation and level exists already; give the new outline another version."
    )


class OutlineMissing(NotFound):
    """The institution has no outline in use for this occupation and level."""

    code = "outline_missing"
    message = "There is no outline in use for this occupation and level. Import one first."


def import_outline(session: Session, *, actor: Actor, source: OutlineSource, now: datetime) -> Outline:
    """Store an outline and the weight table that came with it, for the actor's institution.

    Contradictions in the source are kept and shown by ``outline_tree``; nothing is repaired.
    Raises OccupationUnknown or OutlineExists.
    """
    assert actor.institution_id is not None
    owner = actor.institution_id
    occupation = occupation_by_code(session, "-".join(source.occupation))
    existing = store.outlines(session, occupation.id, source.level)
    if any(found.version == source.version and found.institution_id == owner for found in existing):
        raise OutlineExists(version=source.version)
    outline = Outline(
        id=new_id(),
        institution_id=owner,
        occupation_id=occupation.id,
        level=int(source.level),
        version=source.version,
        title=source.title,
        status=OutlineStatus.ACTIVE,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(outline)
    except IntegrityError:  # somebody else imported it at the same moment
        raise OutlineExists(version=source.version) from None
    rows = _rows_of(outline, source.scopes)
    for depth in sorted({row.depth for row in rows if isinstance(row, OutlineNode)}):
        session.add_all(row for row in rows if isinstance(row, OutlineNode) and row.depth == depth)
        session.flush()
    session.add_all(row for row in rows if isinstance(row, AssessmentPoint))
    if source.functions:
        _keep_weights(session, owner, occupation.id, source, now)
    warnings = check_outline(source.scopes, source.functions)
    audit.record(
        session,
        actor=actor,
        action="outline.imported",
        subject=("outline", outline.id),
        institution_id=owner,
        detail={
            "occupation": occupation.code,
            "level": int(source.level),
            "version": source.version,
            "points": sum(isinstance(row, AssessmentPoint) for row in rows),
            "warnings": [warning.code for warning in warnings],
        },
    )
    session.flush()
    return outline


def _rows_of(outline: Outline, scopes: Sequence[Scope]) -> list[OutlineNode | AssessmentPoint]:
    rows: list[OutlineNode | AssessmentPoint] = []
    counter = 0

    def add(scopes: Sequence[Scope], parent: UUID | None, depth: int) -> None:
        nonlocal counter
        for position, scope in enumerate(scopes, 1):
            stated = scope.stated
            node = OutlineNode(
                id=new_id(),
                institution_id=outline.institution_id,
                outline_id=outline.id,
                parent_id=parent,
                depth=depth,
                code=scope.code,
                name=scope.name,
                weight=scope.weight,
                stated_x=stated.x if stated else None,
                stated_y=stated.y if stated else None,
                stated_z=stated.z if stated else None,
                position=position,
            )
            rows.append(node)
            for point in scope.points:
                counter += 1
                rows.append(
                    AssessmentPoint(
                        id=new_id(),
                        institution_id=outline.institution_id,
                        outline_id=outline.id,
                        node_id=node.id,
                        code=point.code,
                        name=point.name,
                        importance=point.importance,
                        position=counter,
                    )
                )
            add(scope.scopes, node.id, depth + 1)

    add(scopes, None, 1)
    return rows


def _keep_weights(
    session: Session, owner: UUID, occupation_id: UUID, source: OutlineSource, now: datetime
) -> None:
    standard = store.standard(session, owner, occupation_id, source.level)
    if standard is None:
        standard = Standard(
            id=new_id(),
            institution_id=owner,
            occupation_id=occupation_id,
            level=int(source.level),
            updated_at=now,
        )
        session.add(standard)
        session.flush()
    standard.updated_at = now
    store.clear_functions(session, standard.id)
    session.add_all(
        StandardFunction(
            institution_id=owner,
            standard_id=standard.id,
            position=position,
            name=function.name,
            theory=function.theory,
            skill=function.skill,
        )
        for position, function in enumerate(source.functions, 1)
    )


def set_outline_status(session: Session, *, actor: Actor, outline_id: UUID, status: OutlineStatus) -> Outline:
    """Take an outline out of use, or back into it; items keep their points. Raises NotFound."""
    outline = find_outline(session, outline_id)
    outline.status = status
    audit.record(
        session,
        actor=actor,
        action=f"outline.{status.value}",
        subject=("outline", outline.id),
        institution_id=outline.institution_id,
    )
    session.flush()
    return outline


def list_outlines(
    session: Session, *, occupation_id: UUID | None = None, level: int | None = None
) -> Sequence[Outline]:
    """Outlines in the session's scope, newest first."""
    return store.outlines(session, occupation_id, level)


def find_outline(session: Session, outline_id: UUID) -> Outline:
    """Return an outline; raises NotFound."""
    found = store.outline(session, outline_id)
    if found is None:
        raise NotFound
    return found


def outline_in_use(session: Session, *, occupation_id: UUID, level: int) -> Outline:
    """Return the newest outline in use of an occupation and level; raises OutlineMissing."""
    for found in store.outlines(session, occupation_id, level):
        if found.status is OutlineStatus.ACTIVE:
            return found
    raise OutlineMissing


def weight_table(session: Session, outline: Outline) -> tuple[Function, ...]:
    """Return the weight table of the outline's occupation and level, empty when none was entered."""
    standard = store.standard(session, outline.institution_id, outline.occupation_id, outline.level)
    if standard is None:
        return ()
    return tuple(Function(row.name, row.theory, row.skill) for row in store.functions(session, standard.id))
