"""All SQL of certificates."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exam_engine.certificates.models import Certificate, CertificateDocument, SerialCounter
from exam_engine.certificates.rules import SerialRange
from exam_engine.recognition.models import Decision
from exam_engine.recognition.rules import ApprovalState


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


def _matching(plan_id: UUID | None, number: str, name_index: str) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if plan_id:
        wanted.append(Certificate.plan_id == plan_id)
    if number or name_index:
        found = Certificate.number.contains(number, autoescape=True) if number else false()
        wanted.append(or_(found, Certificate.name_index == name_index))
    return wanted


def certificates(
    session: Session,
    *,
    plan_id: UUID | None = None,
    number: str = "",
    name_index: str = "",
    offset: int = 0,
    limit: int | None = None,
) -> Sequence[Certificate]:
    """Newest first; a part of the number or the whole name."""
    query = select(Certificate).where(*_matching(plan_id, number, name_index))
    query = query.order_by(Certificate.issued_at.desc(), Certificate.number).offset(offset).limit(limit)
    return session.scalars(query).all()


def count_certificates(
    session: Session, *, plan_id: UUID | None = None, number: str = "", name_index: str = ""
) -> int:
    query = select(func.count()).select_from(Certificate).where(*_matching(plan_id, number, name_index))
    return session.scalar(query) or 0


def issued(session: Session, registration_ids: Sequence[UUID]) -> frozenset[UUID]:
    query = select(Certificate.registration_id).where(Certificate.registration_id.in_(registration_ids))
    return frozenset(session.scalars(query))


def count_waiting(session: Session) -> int:
    """Approved recognitions without a certificate."""
    query = select(func.count()).select_from(Decision)
    query = query.where(
        Decision.state == ApprovalState.APPROVED,
        Decision.registration_id.not_in(select(Certificate.registration_id)),
    )
    return session.scalar(query) or 0


def by_verify_index(session: Session, verify_index: str) -> Certificate | None:
    return session.scalars(select(Certificate).where(Certificate.verify_index == verify_index)).one_or_none()


def by_token_digest(session: Session, digest: str) -> Certificate | None:
    return session.scalars(select(Certificate).where(Certificate.token_digest == digest)).one_or_none()


def document(session: Session, certificate_id: UUID) -> CertificateDocument | None:
    query = select(CertificateDocument).where(CertificateDocument.certificate_id == certificate_id)
    return session.scalars(query).one_or_none()
