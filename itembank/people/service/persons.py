"""Persons over a lifetime: personal data sealed, found again by a blind index."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base import audit
from itembank.base.crypto import Keyring
from itembank.base.db import keyring_of
from itembank.base.errors import NotFound
from itembank.base.ids import new_id
from itembank.people import store
from itembank.people.models import Person
from itembank.people.rules import Actor

_PURPOSE = "person"


@dataclass(frozen=True)
class PersonFacts:
    """What is known of a person. ``sex`` is 男 or 女; ``document_kind`` as in the registration columns."""

    name: str
    document_kind: str
    document_number: str
    sex: str
    born_on: date
    telephone: str | None = None


def _index(session: Session, document_kind: str, document_number: str) -> str:
    return keyring_of(session).blind_index(
        f"{document_kind}:{document_number.strip().upper()}", purpose="person_document"
    )


def find_person(session: Session, document_kind: str, document_number: str) -> Person | None:
    """Return the person with this identity document."""
    return store.person_by_document(session, _index(session, document_kind, document_number))


def keep_person(session: Session, *, actor: Actor, facts: PersonFacts, now: datetime) -> Person:
    """Return the person with this document, made or brought up to date."""
    row = find_person(session, facts.document_kind, facts.document_number)
    if row is not None and _open(session, row) == facts:
        return row
    identifier = row.id if row else new_id()
    plain = json.dumps(asdict(facts), default=str, ensure_ascii=False).encode()
    sealed = keyring_of(session).seal(plain, purpose=_PURPOSE, context=f"person/{identifier}")
    if row is None:
        index = _index(session, facts.document_kind, facts.document_number)
        row = Person(id=identifier, sealed=sealed, document_index=index, created_at=now)
        session.add(row)
    else:
        row.sealed = sealed
    audit.record(
        session,
        actor=actor,
        action="person.kept",
        subject=("person", identifier),
        personal={identifier: asdict(facts)},
    )
    session.flush()
    return row


def _stored(keyring: Keyring, person_id: UUID, sealed: bytes) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(keyring.open(sealed, purpose=_PURPOSE, context=f"person/{person_id}"))
    return stored


def name_in(keyring: Keyring, person_id: UUID, sealed: bytes) -> str:
    """Return the name in a person's sealed facts, for those who read rows below a session."""
    return str(_stored(keyring, person_id, sealed)["name"])


def _open(session: Session, row: Person) -> PersonFacts:
    stored = _stored(keyring_of(session), row.id, row.sealed)
    return PersonFacts(**{**stored, "born_on": date.fromisoformat(stored["born_on"])})


def read_person(session: Session, person_id: UUID) -> PersonFacts:
    """Return what is known of a person; raises NotFound."""
    found = read_persons(session, [person_id])
    if not found:
        raise NotFound
    return found[person_id]


def read_persons(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, PersonFacts]:
    """Return what is known of several persons, by id."""
    return {row.id: _open(session, row) for row in store.persons(session, list(person_ids))}
