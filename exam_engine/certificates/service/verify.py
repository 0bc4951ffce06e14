"""Reading certificates: what was sealed in them, and the public check."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.certificates import store
from exam_engine.certificates.models import Certificate
from exam_engine.certificates.rules import tidy, tidy_name
from exam_engine.recognition.rules import mask_document
from itembank.base.db import keyring_of
from itembank.base.errors import NotFound

PURPOSE = "certificate"
_INDEX = "certificate_verify"


@dataclass(frozen=True)
class CertificateView:
    """A certificate with what was sealed in it."""

    certificate: Certificate
    name: str
    document_kind: str
    document_number: str
    occupation: str
    work_type: str | None
    level: str
    institution: str
    issued_on: date

    @property
    def masked_document(self) -> str:
        """The identity document's number for public eyes."""
        return mask_document(self.document_number)


def verify_index(session: Session, number: str, name: str) -> str:
    return keyring_of(session).blind_index(f"{tidy(number)}\n{tidy_name(name)}", purpose=_INDEX)


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_certificate(session: Session, certificate: Certificate) -> tuple[CertificateView, str]:
    context = f"certificate/{certificate.id}"
    stored = json.loads(keyring_of(session).open(certificate.sealed, purpose=PURPOSE, context=context))
    token = str(stored.pop("token"))
    return CertificateView(certificate, issued_on=certificate.issued_on, **stored), token


def find_certificate(session: Session, certificate_id: UUID) -> CertificateView:
    """Return a certificate with its content; raises NotFound."""
    certificate = store.certificate(session, certificate_id)
    if certificate is None:
        raise NotFound
    return open_certificate(session, certificate)[0]


def name_index(session: Session, name: str) -> str:
    """Return the blind index of a holder's name."""
    return keyring_of(session).blind_index(tidy_name(name), purpose="certificate_name")


def list_certificates(
    session: Session,
    *,
    plan_id: UUID | None = None,
    search: str = "",
    offset: int = 0,
    limit: int | None = None,
) -> tuple[list[CertificateView], int]:
    """Return certificates in reach, newest first, and how many there are.

    ``search`` is a part of the number or the holder's whole name.
    """
    wanted = {"number": tidy(search), "name_index": name_index(session, search) if search else ""}
    rows = store.certificates(session, plan_id=plan_id, offset=offset, limit=limit, **wanted)
    total = store.count_certificates(session, plan_id=plan_id, **wanted)
    return [open_certificate(session, each)[0] for each in rows], total


def issued_registrations(session: Session, registration_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Return those of the registrations that have a certificate."""
    return store.issued(session, registration_ids)


def verify_address(session: Session, certificate_id: UUID, *, public_url: str) -> str:
    """Return the address in the certificate's QR code."""
    certificate = store.certificate(session, certificate_id)
    if certificate is None:
        raise NotFound
    return f"{public_url}/verify/{open_certificate(session, certificate)[1]}"


def verify_by_number(session: Session, number: str, name: str) -> CertificateView | None:
    """Return the true record of a certificate, or None.

    One indexed look-up whatever was typed: a malformed number, one that does not exist and a wrong name take
    the same way and give the same answer, so that nobody learns which numbers exist.
    """
    certificate = store.by_verify_index(session, verify_index(session, number, name))
    return open_certificate(session, certificate)[0] if certificate else None


def verify_by_token(session: Session, token: str) -> CertificateView | None:
    """Return the true record behind a QR code, or None."""
    certificate = store.by_token_digest(session, token_digest(token))
    return open_certificate(session, certificate)[0] if certificate else None
