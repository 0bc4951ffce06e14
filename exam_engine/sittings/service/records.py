"""Registrations as they are read: with the person, the sealed extras, and the history of every change."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.sittings import store
from exam_engine.sittings.cells import read_day, read_mobile, read_name
from exam_engine.sittings.conditions import condition_of
from exam_engine.sittings.models import Registration, RegistrationEvent
from exam_engine.sittings.rules import NothingChanged, ReasonNeeded, RegistrationStatus
from exam_engine.sittings.service.plans import find_plan, plan_conditions
from itembank.base import audit
from itembank.base.db import keyring_of
from itembank.base.errors import NotFound
from itembank.people import service as people
from itembank.people.rules import Actor
from itembank.people.service import PersonFacts

_PURPOSE = "registration"
SEARCHED_IN_FULL = 3000
"""In plans up to this size part of a name finds somebody; names are encrypted, so beyond it only a whole one."""


@dataclass(frozen=True)
class Extras:
    """What was stated besides the person's own facts."""

    started_work_on: date | None = None
    trade: str = ""
    address: str = ""


@dataclass(frozen=True)
class RegistrationView:
    """A registration with the person's facts."""

    registration: Registration
    person: PersonFacts


@dataclass(frozen=True)
class EventView:
    """One event of a registration's life, opened."""

    at: datetime
    kind: str
    field: str
    old: str
    new: str
    reason: str
    by: str


def name_index(session: Session, name: str) -> str:
    """Return the blind index of a name."""
    return keyring_of(session).blind_index(name, purpose="registration_name")


def seal_extras(session: Session, registration_id: UUID, extras: Extras) -> bytes:
    """Return the extras sealed for one registration."""
    plain = json.dumps(asdict(extras), default=str, ensure_ascii=False).encode()
    return keyring_of(session).seal(plain, purpose=_PURPOSE, context=f"registration/{registration_id}")


def read_extras(session: Session, registration: Registration) -> Extras:
    """Return the extras of a registration."""
    context = f"registration/{registration.id}"
    stored = json.loads(keyring_of(session).open(registration.sealed, purpose=_PURPOSE, context=context))
    started = stored["started_work_on"]
    return Extras(date.fromisoformat(started) if started else None, stored["trade"], stored["address"])


def note_event(
    session: Session,
    *,
    actor: Actor,
    registration: Registration,
    kind: str,
    now: datetime,
    field: str = "",
    old: object = "",
    new: object = "",
    reason: str = "",
) -> None:
    """Add an event to a registration's life, such as ``"photo.kept"``; values are sealed."""
    event = RegistrationEvent(
        institution_id=registration.institution_id,
        registration_id=registration.id,
        kind=kind,
        field=field,
        reason=reason[:400],
        actor=str(actor),
        actor_name=actor.name[:60],
        at=now,
    )
    if old or new:
        plain = json.dumps({"old": str(old or ""), "new": str(new or "")}, ensure_ascii=False).encode()
        event.sealed = keyring_of(session).seal(
            plain, purpose=_PURPOSE, context=f"registration_event/{registration.id}"
        )
    session.add(event)


def find_registration(session: Session, registration_id: UUID) -> Registration:
    """Return a registration; raises NotFound."""
    found = store.registration(session, registration_id)
    if found is None:
        raise NotFound
    return found


def view_registration(session: Session, registration_id: UUID) -> RegistrationView:
    """Return a registration with its person; raises NotFound."""
    found = find_registration(session, registration_id)
    return RegistrationView(found, people.read_person(session, found.person_id))


def view_registrations(session: Session, registration_ids: Sequence[UUID]) -> dict[UUID, RegistrationView]:
    """Return several registrations with their persons, by id; ids out of scope are left out."""
    rows = store.registrations_by_id(session, registration_ids)
    persons = people.read_persons(session, [row.person_id for row in rows])
    return {row.id: RegistrationView(row, persons[row.person_id]) for row in rows}


def list_registrations(
    session: Session,
    plan_id: UUID,
    *,
    status: RegistrationStatus | None = None,
    text: str = "",
    without_photo: bool = False,
    page: int = 1,
    size: int = 50,
) -> tuple[list[RegistrationView], int]:
    """Return one page of a plan's registrations and how many there are in all.

    ``text`` finds a name (part of one in plans up to SEARCHED_IN_FULL people), a document number, or the
    beginning of a ticket number.
    """
    text = text.strip()
    index = name_index(session, text) if text else None
    persons = _persons_matching(session, plan_id, text) if text else None
    rows, total = store.registrations(
        session,
        plan_id,
        status=status,
        name_index=index,
        person_ids=persons,
        ticket=text if text.isascii() and text.isdigit() else "",
        without_photo=without_photo,
        limit=size,
        offset=(max(page, 1) - 1) * size,
    )
    facts = people.read_persons(session, [row.person_id for row in rows])
    return [RegistrationView(row, facts[row.person_id]) for row in rows], total


def _persons_matching(session: Session, plan_id: UUID, text: str) -> list[UUID]:
    ids = store.person_ids(session, plan_id)
    if len(ids) > SEARCHED_IN_FULL:
        return []
    wanted = text.casefold()
    return [
        person_id
        for person_id, facts in people.read_persons(session, ids).items()
        if wanted in facts.name.casefold() or wanted == facts.document_number.casefold()
    ]


def read_events(session: Session, registration: Registration) -> list[EventView]:
    """Return the life of a registration, oldest first."""
    found = []
    for event in store.events(session, registration.id):
        values = {"old": "", "new": ""}
        if event.sealed is not None:
            context = f"registration_event/{registration.id}"
            values = json.loads(keyring_of(session).open(event.sealed, purpose=_PURPOSE, context=context))
        found.append(
            EventView(
                event.at,
                event.kind,
                event.field,
                values["old"],
                values["new"],
                event.reason,
                event.actor_name or event.actor,
            )
        )
    return found


CHANGEABLE = (
    "name",
    "telephone",
    "education",
    "source",
    "collection",
    "address",
    "condition",
    "ground",
    "started_work_on",
    "trade",
)
"""Fields of a registration that can be corrected; the document itself is the person and stays."""


def change_registration(
    session: Session,
    *,
    actor: Actor,
    registration_id: UUID,
    changes: Mapping[str, str],
    reason: str,
    now: datetime,
) -> Registration:
    """Correct fields of a registration, keeping field, old, new, reason, who and when.

    A changed claim goes back to the qualification review unless the candidate already has a ticket.

    Raises ReasonNeeded, NothingChanged, ConditionUnknown, a refusal of the field, or NotFound.
    """
    registration = find_registration(session, registration_id)
    if not reason.strip():
        raise ReasonNeeded
    facts = people.read_person(session, registration.person_id)
    extras = read_extras(session, registration)
    changed: list[tuple[str, object, object]] = []
    for field in CHANGEABLE:
        if field not in changes:
            continue
        old, new = _change(session, registration, facts, extras, field, changes[field].strip(), now)
        if old != new:
            changed.append((field, old, new))
            if field in ("name", "telephone"):
                facts = replace(facts, **{field: new})
            elif field in ("address", "started_work_on", "trade"):
                extras = replace(extras, **{field: new})
            else:
                setattr(registration, field, new)
    if not changed:
        raise NothingChanged
    people.keep_person(session, actor=actor, facts=facts, now=now)
    registration.name_index = name_index(session, facts.name)
    registration.sealed = seal_extras(session, registration.id, extras)
    fields = [field for field, _, _ in changed]
    if {"condition", "ground"} & set(fields) and registration.ticket_number is None:
        registration.status = RegistrationStatus.CLAIMED
    for field, old, new in changed:
        note_event(
            session,
            actor=actor,
            registration=registration,
            kind="changed",
            field=field,
            old=old,
            new=new,
            reason=reason.strip(),
            now=now,
        )
    audit.record(
        session,
        actor=actor,
        action="registration.changed",
        subject=("registration", registration.id),
        institution_id=registration.institution_id,
        detail={"fields": fields, "reason": reason.strip()},
        personal={
            registration.person_id: {name: {"old": str(old), "new": str(new)} for name, old, new in changed}
        },
    )
    session.flush()
    return registration


def _change(
    session: Session,
    registration: Registration,
    facts: PersonFacts,
    extras: Extras,
    field: str,
    text: str,
    now: datetime,
) -> tuple[Any, Any]:
    """Return (old, new) of a field from the text sent."""
    if field == "name":
        return facts.name, read_name(text)
    if field == "telephone":
        return facts.telephone or "", read_mobile(text) if text else ""
    if field == "started_work_on":
        day = read_day(text, today=now.date(), month_is_enough=True) if text else None
        return extras.started_work_on, day
    if field in ("address", "trade"):
        return getattr(extras, field), text[:200]
    if field == "condition":
        conditions = plan_conditions(session, find_plan(session, registration.plan_id))
        chosen = condition_of(conditions, int(text) if text.isascii() and text.isdigit() else 0)
        registration.condition_text = chosen.text
        return registration.condition, chosen.ordinal
    return getattr(registration, field), text[: 400 if field == "ground" else 30]
