"""All SQL of people and institutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Connection, Table, delete, select, update
from sqlalchemy.orm import Session

from itembank.base import bulk
from itembank.people.models import Institution, LoginSession, Membership, Person, SiteFact, User
from itembank.people.rules import InstitutionKind, Role


def institution(session: Session, institution_id: UUID) -> Institution | None:
    return session.get(Institution, institution_id)


def institutions(session: Session, *, below: str = "") -> Sequence[Institution]:
    """All institutions whose path starts with ``below``, parents first."""
    query = select(Institution).where(Institution.path.startswith(below)).order_by(Institution.path)
    return session.scalars(query).all()


def platform(session: Session) -> Institution | None:
    query = select(Institution).where(Institution.kind == InstitutionKind.PLATFORM)
    return session.scalars(query).one_or_none()


def user(session: Session, user_id: UUID) -> User | None:
    return session.get(User, user_id)


def user_by_name(session: Session, username: str) -> User | None:
    return session.scalars(select(User).where(User.username == username)).one_or_none()


def memberships(session: Session, user_id: UUID) -> Sequence[Membership]:
    query = select(Membership).where(Membership.user_id == user_id).order_by(Membership.id)
    return session.scalars(query).all()


def roles_at(session: Session, user_id: UUID, institution_id: UUID) -> frozenset[Role]:
    query = select(Membership.role).where(
        Membership.user_id == user_id, Membership.institution_id == institution_id
    )
    return frozenset(session.scalars(query))


def members(session: Session, institution_id: UUID) -> Sequence[tuple[User, Role]]:
    query = (
        select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.institution_id == institution_id)
        .order_by(User.username, Membership.role)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def revoke(session: Session, user_id: UUID, institution_id: UUID, role: Role) -> None:
    session.execute(
        delete(Membership).where(
            Membership.user_id == user_id,
            Membership.institution_id == institution_id,
            Membership.role == role,
        )
    )


def login_session(session: Session, token_digest: str) -> LoginSession | None:
    query = select(LoginSession).where(LoginSession.token_digest == token_digest)
    return session.scalars(query).one_or_none()


def end_sessions(
    session: Session, *, user_id: UUID | None = None, registration_id: UUID | None = None
) -> None:
    query = delete(LoginSession)
    if user_id is not None:
        session.execute(query.where(LoginSession.user_id == user_id))
    if registration_id is not None:
        session.execute(query.where(LoginSession.registration_id == registration_id))


def replace_candidate_sessions(connection: Connection, rows: bulk.Rows) -> None:
    """End the sessions of the registrations named in ``rows`` and open these."""
    table = cast(Table, LoginSession.__table__)
    among = bulk.among(table.c.registration_id, "ids", connection.dialect.name)
    ids = {"ids": [row["registration_id"] for row in rows]}
    # Locked in one order: two workers that end the same sessions must not wait for each other.
    former = select(table.c.id).where(among).order_by(table.c.registration_id, table.c.id)
    connection.execute(former.with_for_update(), ids)
    connection.execute(delete(table).where(among), ids)
    bulk.insert_rows(connection, table, rows)


def act_at(session: Session, login_id: UUID, institution_id: UUID) -> None:
    session.execute(
        update(LoginSession).where(LoginSession.id == login_id).values(institution_id=institution_id)
    )


def person_by_document(session: Session, document_index: str) -> Person | None:
    return session.scalars(select(Person).where(Person.document_index == document_index)).one_or_none()


def persons(session: Session, person_ids: Sequence[UUID]) -> Sequence[Person]:
    found: list[Person] = []
    for start in range(0, len(person_ids), 500):  # SQLite and PostgreSQL both bound the parameters
        found += session.scalars(select(Person).where(Person.id.in_(person_ids[start : start + 500])))
    return found


def fact(session: Session, name: str) -> SiteFact | None:
    return session.get(SiteFact, name)
