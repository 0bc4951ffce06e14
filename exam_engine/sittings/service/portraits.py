"""Photographs of candidates: one, or a whole archive matched by document or ticket number."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.sittings import store
from exam_engine.sittings.models import Photo, Registration
from exam_engine.sittings.photos import Portrait, read_archive, read_portrait
from exam_engine.sittings.service.plans import find_plan
from exam_engine.sittings.service.records import find_registration, note_event
from itembank.base import audit
from itembank.base.db import keyring_of
from itembank.base.errors import ExamError
from itembank.base.ids import new_id
from itembank.people import service as people
from itembank.people.rules import Actor

_PURPOSE = "photo"


@dataclass
class PhotoReport:
    """What became of an archive's files."""

    kept: int = 0
    unmatched: list[str] = field(default_factory=list)
    refused: list[ExamError] = field(default_factory=list)


def keep_photo(
    session: Session, *, actor: Actor, registration_id: UUID, filename: str, content: bytes, now: datetime
) -> Photo:
    """Keep a candidate's photograph, in place of an earlier one.

    Raises PhotoUnreadable, PhotoTooLarge, PhotoTooSmall, PhotoNotUpright or NotFound.
    """
    registration = find_registration(session, registration_id)
    return _keep(session, actor, registration, read_portrait(filename, content), now)


def _keep(
    session: Session, actor: Actor, registration: Registration, portrait: Portrait, now: datetime
) -> Photo:
    store.drop_photos(session, registration.id)
    photo = Photo(
        id=new_id(),
        institution_id=registration.institution_id,
        registration_id=registration.id,
        width=portrait.width,
        height=portrait.height,
        uploaded_at=now,
    )
    photo.sealed = keyring_of(session).seal(portrait.jpeg, purpose=_PURPOSE, context=f"photo/{photo.id}")
    session.add(photo)
    registration.photo_ref = photo.id
    note_event(session, actor=actor, registration=registration, kind="photo", now=now)
    audit.record(
        session,
        actor=actor,
        action="photo.kept",
        subject=("registration", registration.id),
        institution_id=registration.institution_id,
    )
    session.flush()
    return photo


def keep_photos(
    session: Session, *, actor: Actor, plan_id: UUID, filename: str, content: bytes, now: datetime
) -> PhotoReport:
    """Keep the photographs of an archive whose names are document or ticket numbers of the plan.

    Good pictures are kept; what matches nobody or is no usable picture is listed.

    Raises ArchiveUnreadable, ArchiveTooLarge or NotFound.
    """
    plan = find_plan(session, plan_id)
    rows = store.registrations_of_plan(session, plan.id)
    persons = people.read_persons(session, [row.person_id for row in rows])
    by_number = {persons[row.person_id].document_number.upper(): row for row in rows}
    by_number |= {row.ticket_number: row for row in rows if row.ticket_number}
    report = PhotoReport()
    for name, data in read_archive(filename, content):
        row = by_number.get(name.rpartition(".")[0].strip().upper())
        if row is None:
            report.unmatched.append(name)
            continue
        try:
            _keep(session, actor, row, read_portrait(name, data), now)
            report.kept += 1
        except ExamError as error:
            report.refused.append(error)
    return report


def read_photo(session: Session, registration_id: UUID) -> bytes | None:
    """Return a candidate's photograph as JPEG, or None when there is none. Raises NotFound."""
    registration = find_registration(session, registration_id)
    photo = store.photo(session, registration.photo_ref) if registration.photo_ref else None
    if photo is None:
        return None
    return keyring_of(session).open(photo.sealed, purpose=_PURPOSE, context=f"photo/{photo.id}")
