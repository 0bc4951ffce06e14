"""Occupations and their work types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from itembank.base import audit
from itembank.base.errors import Conflict, Invalid, NotFound
from itembank.base.ids import new_id
from itembank.people.rules import Actor
from itembank.taxonomy import seeds, store
from itembank.taxonomy.models import Occupation, WorkType
from itembank.taxonomy.rules import split_occupation_code


class OccupationUnknown(Invalid):
    """No occupation carries this code."""

    code = "occupation_unknown"
    message = (
        "The occupation {value} is not in the list of this site. The platform's administrator can add it."
    )


class OccupationExists(Conflict):
    """The code is taken."""

    code = "occupation_exists"
    message = "The occupation {value} is in the list already."


def seed_occupations(session: Session) -> int:
    """Add the occupations that every site starts with; doing it again changes nothing. Returns how many."""
    known = {(row.major, row.middle, row.minor, row.detail) for row in store.occupations(session)}
    added: list[tuple[Occupation, Sequence[str]]] = []
    for code, name, work_types in seeds.OCCUPATIONS:
        parts = split_occupation_code(code)
        if parts not in known:
            added.append((_new_occupation(parts, name, seeds.CLASSIFICATION_2022), work_types))
    session.add_all(occupation for occupation, _ in added)
    session.flush()
    session.add_all(
        WorkType(occupation_id=occupation.id, name=kind) for occupation, kinds in added for kind in kinds
    )
    session.flush()
    return len(added)


def _new_occupation(parts: tuple[str, str, str, str], name: str, effective_from: date) -> Occupation:
    major, middle, minor, detail = parts
    return Occupation(
        id=new_id(),
        major=major,
        middle=middle,
        minor=minor,
        detail=detail,
        name=name,
        effective_from=effective_from,
        aliases=[],
    )


def add_occupation(
    session: Session,
    *,
    actor: Actor,
    code: str,
    name: str,
    work_types: Sequence[str] = (),
    effective_from: date = seeds.CLASSIFICATION_2022,
) -> Occupation:
    """Add an occupation to the site's list.

    Raises OccupationCodeWrong or OccupationExists.
    """
    parts = split_occupation_code(code)
    if store.occupations_by_code(session, parts):
        raise OccupationExists(value=code)
    occupation = _new_occupation(parts, name.strip(), effective_from)
    try:
        with session.begin_nested():
            session.add(occupation)
    except IntegrityError:  # somebody else added it at the same moment
        raise OccupationExists(value=code) from None
    kinds = dict.fromkeys(kind.strip() for kind in work_types if kind.strip())
    session.add_all(WorkType(occupation_id=occupation.id, name=kind) for kind in kinds)
    audit.record(
        session,
        actor=actor,
        action="occupation.added",
        subject=("occupation", occupation.id),
        institution_id=actor.institution_id,
        detail={"code": code, "name": occupation.name},
    )
    session.flush()
    return occupation


def list_occupations(session: Session) -> Sequence[Occupation]:
    """All occupations of the site by code."""
    return store.occupations(session)


def find_occupation(session: Session, occupation_id: UUID) -> Occupation:
    """Return an occupation; raises NotFound."""
    found = store.occupation(session, occupation_id)
    if found is None:
        raise NotFound
    return found


def occupation_by_code(session: Session, code: str, *, on: date | None = None) -> Occupation:
    """Return the occupation that carries ``code``, on a day if given, else the newest.

    Raises OccupationCodeWrong or OccupationUnknown.
    """
    for found in store.occupations_by_code(session, split_occupation_code(code)):
        until = found.effective_until or date.max
        if on is None or found.effective_from <= on <= until:
            return found
    raise OccupationUnknown(value=code)


def list_work_types(session: Session, occupation_id: UUID | None = None) -> Sequence[WorkType]:
    """Work types of one occupation, or of all."""
    return store.work_types(session, occupation_id)
