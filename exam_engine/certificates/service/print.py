"""The certificate's PDF: made when it is first asked for, kept encrypted, and the same ever after."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.certificates import store
from exam_engine.certificates.document import CertificateContent, render_certificate
from exam_engine.certificates.models import CertificateDocument
from exam_engine.certificates.service.verify import PURPOSE, open_certificate
from exam_engine.sittings import service as sittings
from itembank.base import audit
from itembank.base.db import keyring_of
from itembank.base.errors import NotFound
from itembank.base.fonts import FontSet
from itembank.people import service as people
from itembank.people.rules import Actor

DOCUMENT_KINDS = {"身份证": "居民身份证"}
"""Document kinds whose printed name differs from the registration's."""


def stored_document(session: Session, certificate_id: UUID) -> bytes | None:
    """Return the certificate's PDF if it was made before."""
    document = store.document(session, certificate_id)
    if document is None:
        return None
    context = f"certificate_document/{certificate_id}"
    return keyring_of(session).open(document.sealed, purpose=PURPOSE, context=context)


def make_document(
    session: Session,
    *,
    actor: Actor,
    certificate_id: UUID,
    fonts: FontSet,
    public_url: str,
    now: datetime,
) -> bytes:
    """Make the certificate's PDF, keep it, and return it; a second call returns the kept file.

    Without a photograph it is not kept, so that the photograph can still be added.
    """
    kept = stored_document(session, certificate_id)
    if kept is not None:
        return kept
    certificate = store.certificate(session, certificate_id)
    if certificate is None:
        raise NotFound
    view, token = open_certificate(session, certificate)
    content = CertificateContent(
        number=certificate.number,
        name=view.name,
        document_type=DOCUMENT_KINDS.get(view.document_kind, view.document_kind),
        document_number=view.document_number,
        occupation=view.occupation,
        work_type=view.work_type,
        level=view.level,
        institution=view.institution,
        issued_on=certificate.issued_on,
        verify_url=f"{public_url}/verify/{token}",
        query_addresses=(f"{public_url}/verify",),
        specimen=people.is_demonstration(session),
    )
    photo = sittings.read_photo(session, certificate.registration_id)
    document = render_certificate(content, photo=photo, fonts=fonts, timestamp=certificate.issued_at)
    if photo is None:
        return document
    context = f"certificate_document/{certificate_id}"
    digest = hashlib.sha256(document).hexdigest()
    session.add(
        CertificateDocument(
            certificate_id=certificate_id,
            institution_id=certificate.institution_id,
            sealed=keyring_of(session).seal(document, purpose=PURPOSE, context=context),
            digest=digest,
            made_at=now,
        )
    )
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="certificate.printed",
        subject=("certificate", certificate_id),
        institution_id=certificate.institution_id,
        detail={"number": certificate.number, "sha256": digest},
    )
    return document
