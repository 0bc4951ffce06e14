"""All SQL of certificates."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exam_engine.certificates.models import Certificate, CertificateDocument, SerialCounter
from exam_engine.certificates.rules import SerialRange


def next_serial(session: Session, numbers: SerialRange) -> int:
    """Take the next serial of a range within this transaction: rolled back with it, so none is lost."""
    site_code = str(numbers.site)
    counter = _locked(session, site_code, numbers)
    if counter is None:
        try:
            with session.begin_nested():
                session.add(
                    SerialCounter(site_code=site_code, year=numbers.year, level=numbers.level, last=0)
                )
        except IntegrityError:
            pass  # somebody else opened the range a moment ago
        counter = _locked(session, site_code, numbers)
        assert counter is not None
    counter.last += 1
    session.flush()
    return counter.last


def _locked(session: Session, site_code: str, numbers: SerialRange) -> SerialCounter | None:
    query = (
        select(SerialCounter)
        .where(
            SerialCounter.site_code == site_code,
            SerialCounter.year == numbers.year,
            SerialCounter.level == numbers.level,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).one_or_none()


def certificate(session: Session, certificate_id: UUID) -> Certificate | None:
    return session.scalars(select(Certificate).where(Certificate.id == certificate_id)).one_or_none()


def certificates(session: Session, *, plan_id: UUID | None = None) -> Sequence[Certificate]:
    query = select(Certificate).order_by(Certificate.issued_at.desc(), Certificate.number)
    return session.scalars(query.where(Certificate.plan_id == plan_id) if plan_id else query).all()


def issued(session: Session, registration_ids: Sequence[UUID]) -> frozenset[UUID]:
    query = select(Certificate.registration_id).where(Certificate.registration_id.in_(registration_ids))
    return frozenset(session.scalars(query))


def by_verify_index(session: Session, verify_index: str) -> Certificate | None:
    return session.scalars(select(Certificate).where(Certificate.verify_index == verify_index)).one_or_none()


def by_token_digest(session: Session, digest: str) -> Certificate | None:
    return session.scalars(select(Certificate).where(Certificate.token_digest == digest)).one_or_none()


def document(session: Session, certificate_id: UUID) -> CertificateDocument | None:
    query = select(CertificateDocument).where(CertificateDocument.certificate_id == certificate_id)
    return session.scalars(query).one_or_none()
