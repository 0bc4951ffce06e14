"""Importing a registration list: read, preview with every breach and doubt, then all of it or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.jobs.runner import JobContext
from exam_engine.sittings import store
from exam_engine.sittings.cells import AlreadyRegistered, PersonDiffers
from exam_engine.sittings.columns import COLUMNS
from exam_engine.sittings.conditions import Finding, condition_of, doubts
from exam_engine.sittings.lists import CandidateList, ListedCandidate, PlanFacts, RowError, read_list
from exam_engine.sittings.models import Plan, Registration, RegistrationUpload
from exam_engine.sittings.rules import PlanStatus, RegistrationClosed
from exam_engine.sittings.service.plans import find_plan, plan_conditions, view_plan
from exam_engine.sittings.service.records import Extras, name_index, note_event, seal_extras
from exam_engine.sittings.spreadsheet import read_table, write_template
from itembank.base import audit
from itembank.base.db import keyring_of
from itembank.base.errors import Invalid, NotFound
from itembank.base.fonts import FontSet
from itembank.base.ids import new_id
from itembank.people import service as people
from itembank.people.rules import Actor
from itembank.people.service import PersonFacts

_PURPOSE = "registration_upload"
IMPORTED_AT_ONCE = 300
"""Longer lists are imported by a job."""


class ListRefused(Invalid):
    """A list with breaches is not imported, not even in part."""

    code = "list_refused"
    message = "{errors} places of the list break a rule. Correct them and upload the list again."


@dataclass(frozen=True)
class Warned:
    """A doubt about one row; it does not stop the import."""

    row: int
    name: str
    finding: Finding


@dataclass(frozen=True)
class Preview:
    """What an uploaded list holds. ``upload_id`` is what to confirm; None while there are errors."""

    upload_id: UUID | None
    filename: str
    rows: int
    candidates: Sequence[ListedCandidate]
    errors: Sequence[RowError]
    warnings: Sequence[Warned]


def template(plan_facts: PlanFacts | None = None) -> bytes:
    """Return the XLSX template; for a plan its occupation, work type and level are filled in."""
    example = [column.example for column in COLUMNS]
    if plan_facts is not None:
        headers = [column.header for column in COLUMNS]
        example[headers.index("职业名称")] = plan_facts.occupation
        example[headers.index("工种名称")] = plan_facts.work_type
        example[headers.index("级别")] = plan_facts.level.label
    return write_template(
        [(column.header, column.required, column.hint) for column in COLUMNS],
        {column.header: column.choices for column in COLUMNS if column.choices},
        example,
    )


def plan_facts(session: Session, plan_id: UUID, *, now: datetime) -> PlanFacts:
    """Return what the rows of a list are compared with."""
    view = view_plan(session, plan_id)
    return PlanFacts(
        view.occupation, view.level, view.work_type, plan_conditions(session, view.plan), now.date()
    )


def preview_list(
    session: Session,
    *,
    actor: Actor,
    plan_id: UUID,
    filename: str,
    content: bytes,
    now: datetime,
    fonts: FontSet | None = None,
) -> Preview:
    """Read a list, keep it sealed for the confirmation when nothing is wrong, and say what it holds.

    Raises TableUnreadable, TableTooLarge, HeaderMissing, ListEmpty, RegistrationClosed or NotFound.
    """
    plan = _open_plan(session, plan_id)
    found = _check(session, plan, filename, content, now)
    if found.errors:
        return Preview(None, filename, found.rows, found.candidates, found.errors, ())
    store.drop_uploads(session, plan.id)
    upload = RegistrationUpload(
        id=new_id(),
        institution_id=plan.institution_id,
        plan_id=plan.id,
        filename=filename[:200],
        digest=hashlib.sha256(content).hexdigest(),
        rows=found.rows,
        uploaded_by=str(actor),
        uploaded_at=now,
    )
    upload.sealed = keyring_of(session).seal(content, purpose=_PURPOSE, context=f"upload/{upload.id}")
    session.add(upload)
    session.flush()
    warnings = _warnings(session, plan, found.candidates, fonts)
    return Preview(upload.id, filename, found.rows, found.candidates, (), warnings)


def _open_plan(session: Session, plan_id: UUID) -> Plan:
    plan = find_plan(session, plan_id)
    if plan.status is PlanStatus.CLOSED:
        raise RegistrationClosed
    return plan


def _check(session: Session, plan: Plan, filename: str, content: bytes, now: datetime) -> CandidateList:
    found = read_list(read_table(filename, content), plan_facts(session, plan.id, now=now))
    for candidate in found.candidates:
        person = people.find_person(session, candidate.document_kind, candidate.document_number)
        if person is None:
            continue
        if store.registration_of(session, plan.id, person.id):
            error = RowError(candidate.row, "证件号", candidate.document_number, AlreadyRegistered())
            found.errors.append(error)
        elif people.read_person(session, person.id).name != candidate.name:
            found.errors.append(RowError(candidate.row, "姓名", candidate.name, PersonDiffers()))
    found.errors.sort(key=lambda error: error.row)
    return found


def _warnings(
    session: Session, plan: Plan, candidates: Sequence[ListedCandidate], fonts: FontSet | None
) -> list[Warned]:
    conditions = plan_conditions(session, plan)
    found = []
    for row in candidates:
        claimed = condition_of(conditions, row.condition)
        findings = doubts(
            claimed, born_on=row.born_on, started_work_on=row.started_work_on, on=plan.examined_on
        )
        found += [Warned(row.row, row.name, finding) for finding in findings]
        if fonts is not None and (missing := fonts.missing_characters(row.name)):
            characters = "、".join(f"{char} (U+{ord(char):04X})" for char in missing)
            found.append(Warned(row.row, row.name, Finding("glyphs", {"characters": characters})))
    return found


def find_upload(session: Session, plan_id: UUID, upload_id: UUID) -> RegistrationUpload:
    """Return a list that waits for its confirmation; raises NotFound."""
    upload = store.upload(session, upload_id)
    if upload is None or upload.plan_id != plan_id:
        raise NotFound
    return upload


def confirm_list(
    session: Session, *, actor: Actor, plan_id: UUID, upload_id: UUID, now: datetime
) -> list[Registration]:
    """Register everybody in a previewed list, or nobody.

    Raises ListRefused when something has changed since the preview, RegistrationClosed or NotFound.
    """
    plan = _open_plan(session, plan_id)
    upload = find_upload(session, plan_id, upload_id)
    content = keyring_of(session).open(upload.sealed, purpose=_PURPOSE, context=f"upload/{upload.id}")
    found = _check(session, plan, upload.filename, content, now)
    if found.errors:
        raise ListRefused(errors=len(found.errors))
    conditions = plan_conditions(session, plan)
    made = []
    for row in found.candidates:
        facts = PersonFacts(
            row.name, row.document_kind, row.document_number, row.sex, row.born_on, row.telephone or None
        )
        person = people.keep_person(session, actor=actor, facts=facts, now=now)
        registration = Registration(
            id=new_id(),
            institution_id=plan.institution_id,
            plan_id=plan.id,
            person_id=person.id,
            row_number=row.ordinal,
            name_index=name_index(session, row.name),
            education=row.education,
            source=row.source,
            collection=row.collection,
            condition=row.condition,
            condition_text=condition_of(conditions, row.condition).text,
            ground=row.ground,
            created_at=now,
        )
        extras = Extras(row.started_work_on, row.trade, row.address)
        registration.sealed = seal_extras(session, registration.id, extras)
        session.add(registration)
        session.flush()
        note_event(
            session,
            actor=actor,
            registration=registration,
            kind="registered",
            new=f"{upload.filename} · {row.row}",
            now=now,
        )
        made.append(registration)
    audit.record(
        session,
        actor=actor,
        action="registrations.imported",
        subject=("plan", plan.id),
        institution_id=plan.institution_id,
        detail={"count": len(made), "file_digest": upload.digest},
    )
    store.drop_uploads(session, plan.id)
    session.flush()
    return made


def import_list_job(context: JobContext) -> dict[str, Any]:
    """Import a long previewed list; its one transaction cannot report progress on the way."""
    payload = context.payload
    context.progress(0, 0, "Registering candidates")
    with context.session() as session:
        made = confirm_list(
            session,
            actor=context.actor,
            plan_id=UUID(payload["plan_id"]),
            upload_id=UUID(payload["upload_id"]),
            now=context.database.clock.now(),
        )
    return {"count": len(made), "url": payload["url"]}
