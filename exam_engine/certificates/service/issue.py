"""Issue and revoke: after approval, within the filed scope, under a number that is never used again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.certificates import store
from exam_engine.certificates.models import Certificate
from exam_engine.certificates.rules import (
    CertificateKind,
    CertificateStatus,
    SerialRange,
    SiteCode,
    SiteCodeMalformed,
    scheme_for,
)
from exam_engine.certificates.service.verify import PURPOSE, name_index, token_digest, verify_index
from exam_engine.filing import service as filing
from exam_engine.recognition import service as recognition
from exam_engine.recognition.rules import ApprovalState, site_date
from exam_engine.results import service as results
from exam_engine.sittings.models import Registration
from itembank.base import audit
from itembank.base.db import keyring_of
from itembank.base.documents import GlyphMissing
from itembank.base.errors import Conflict, Invalid, NotFound
from itembank.base.fonts import INSTALL_RARE, FontSet
from itembank.base.ids import new_id, new_token
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import Actor, InstitutionKind
from itembank.people.service import PersonFacts

SITE_KINDS = {InstitutionKind.EMPLOYER: "Y", InstitutionKind.SOCIAL: "S"}


class NothingToIssue(Conflict):
    """No approved recognition of the plan is without certificate."""

    code = "nothing_to_issue"
    message = "There is no approved recognition in this plan that still waits for its certificate."


class AlreadyIssued(Conflict):
    """A person has their certificate already."""

    code = "certificate_already_issued"
    message = "A certificate has already been issued for this registration; it is never issued twice."


class NotApproved(Conflict):
    """A certificate needs the centre's approval first."""

    code = "certificate_not_approved"
    message = "This recognition has not been approved by the centre, so no certificate can be issued."


class SiteCodeMissing(Conflict):
    """The institution has no site code from its filing authority yet."""

    code = "site_code_missing"
    message = (
        "{institution} has no complete site code yet (six-digit site sequence from the filing authority), "
        "so no certificate number can be made."
    )


class AlreadyRevoked(Conflict):
    """The certificate is revoked already."""

    code = "certificate_revoked"
    message = "This certificate has already been revoked."


class RevocationReasonMissing(Invalid):
    """A revocation says why."""

    code = "revocation_reason_missing"
    message = "Write down why the certificate is revoked."


def issue_certificates(
    session: Session,
    *,
    actor: Actor,
    plan_id: UUID,
    registration_ids: Sequence[UUID] | None = None,
    fonts: FontSet,
    now: datetime,
) -> list[Certificate]:
    """Issue the certificates of the registrations chosen, or of all approved ones of a plan; all or none.

    Raises
    ------
    NoticeMissing, NoticeRunning, ObjectionOpen
        If something of the plan still stands in the way.
    OutsideScope
        If the institution is no longer filed for this occupation and level.
    NotApproved, AlreadyIssued, NothingToIssue
        If somebody chosen may not get one, or nobody waits for one.
    GlyphMissing
        If a name could not be printed.
    SiteCodeMissing, SerialsExhausted
        If no number can be made.
    """
    plan = results.find_plan(session, plan_id, lock=True)
    recognition.check_issue_clear(session, plan_id, now=now)
    today = site_date(now)
    filing.check_scope(
        session,
        institution_id=plan.institution_id,
        occupation_id=plan.occupation_id,
        level=plan.level,
        on=today,
    )
    chosen = _registrations_to_issue(session, plan_id, registration_ids)
    institution = people.find_institution(session, plan.institution_id)
    numbers = SerialRange(_site_code(institution), today.year, int(plan.level))
    mark = recognition.mark_of_plan(session, plan)
    persons = people.read_persons(session, [each.person_id for each in chosen])
    _check_names(persons, fonts)
    certificates = []
    for registration in chosen:
        facts = persons[registration.person_id]
        number = scheme_for(CertificateKind.SKILL_LEVEL).make(numbers, store.next_serial(session, numbers))
        certificates.append(_issue_one(session, actor, registration, facts, str(number), mark, now))
    return certificates


def certificates_to_issue(session: Session) -> int:
    """Return how many approved recognitions in reach wait for their certificate."""
    return store.count_waiting(session)


def _registrations_to_issue(
    session: Session, plan_id: UUID, registration_ids: Sequence[UUID] | None
) -> list[Registration]:
    table = results.read_table(session, plan_id)
    known = {row.registration.id: row.registration for row in table.rows}
    approved = {
        decision.registration_id
        for decision in recognition.read_decisions(session, plan_id)
        if decision.state is ApprovalState.APPROVED
    }
    issued = store.issued(session, list(known))
    if registration_ids is None:
        wanted = [each for each in known if each in approved and each not in issued]
    else:
        wanted = list(dict.fromkeys(registration_ids))
        if any(each not in known for each in wanted):
            raise NotFound
        if any(each in issued for each in wanted):
            raise AlreadyIssued
        if any(each not in approved for each in wanted):
            raise NotApproved
    if not wanted:
        raise NothingToIssue
    return [known[each] for each in wanted]


def _site_code(institution: Institution) -> SiteCode:
    kind = SITE_KINDS.get(institution.kind, "")
    text = f"{kind}{institution.ministry_code}{institution.province_code}{institution.site_sequence or ''}"
    try:
        return SiteCode.parse(text)
    except SiteCodeMalformed as malformed:
        raise SiteCodeMissing(institution=institution.name) from malformed


def _check_names(persons: dict[UUID, PersonFacts], fonts: FontSet) -> None:
    missing = fonts.missing_characters("".join(facts.name for facts in persons.values()))
    if missing:
        named = "、".join(f"{char} (U+{ord(char):04X})" for char in missing)
        raise GlyphMissing(characters=named, install=INSTALL_RARE)


def _issue_one(
    session: Session,
    actor: Actor,
    registration: Registration,
    facts: PersonFacts,
    number: str,
    mark: recognition.PlanMark,
    now: datetime,
) -> Certificate:
    identifier, token, keyring = new_id(), new_token(16), keyring_of(session)
    content = {
        "name": facts.name,
        "document_kind": facts.document_kind,
        "document_number": facts.document_number,
        "occupation": mark.occupation.name,
        "work_type": mark.work_type,
        "level": mark.level.label,
        "institution": mark.institution,
        "token": token,
    }
    sealed = keyring.seal(
        json.dumps(content, ensure_ascii=False).encode(),
        purpose=PURPOSE,
        context=f"certificate/{identifier}",
    )
    certificate = Certificate(
        id=identifier,
        institution_id=mark.plan.institution_id,
        number=number,
        kind=CertificateKind.SKILL_LEVEL,
        plan_id=mark.plan.id,
        registration_id=registration.id,
        person_id=registration.person_id,
        sealed=sealed,
        verify_index=verify_index(session, number, facts.name),
        name_index=name_index(session, facts.name),
        token_digest=token_digest(token),
        status=CertificateStatus.VALID,
        issued_on=site_date(now),
        issued_at=now,
        issued_by=str(actor),
    )
    session.add(certificate)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="certificate.issued",
        subject=("certificate", identifier),
        institution_id=certificate.institution_id,
        detail={"number": number, "plan": str(mark.plan.id), "registration": str(registration.id)},
    )
    return certificate


def revoke_certificate(
    session: Session, *, actor: Actor, certificate_id: UUID, reason: str, now: datetime
) -> Certificate:
    """Take a certificate out of force; its number stays taken and the public check says so."""
    certificate = store.certificate(session, certificate_id)
    if certificate is None:
        raise NotFound
    if certificate.status is CertificateStatus.REVOKED:
        raise AlreadyRevoked
    if not reason.strip():
        raise RevocationReasonMissing
    certificate.status = CertificateStatus.REVOKED
    certificate.revoked_at, certificate.revoked_by = now, str(actor)
    certificate.revocation_reason = reason.strip()
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="certificate.revoked",
        subject=("certificate", certificate_id),
        institution_id=certificate.institution_id,
        detail={"number": certificate.number},
    )
    return certificate
