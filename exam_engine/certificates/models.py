"""Tables of certificates: the serial counters, the certificates, and their stored documents."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Enum, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from exam_engine.certificates.rules import CertificateKind, CertificateStatus
from itembank.base.db import Base, IdMixin, TenantMixin


class SerialCounter(Base):
    """The last serial given in one range. Its row is locked while a number is made, so none is skipped or repeated.

    Not a tenant's row: numbers stay unique when a site code passes to another owner.
    """

    __tablename__ = "certificate_serial"

    site_code: Mapped[str] = mapped_column(String(13), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


class Certificate(IdMixin, TenantMixin, Base):
    """One certificate. Rows are never deleted, so a number is never given twice."""

    __tablename__ = "certificate"

    number: Mapped[str] = mapped_column(String(22), unique=True)
    kind: Mapped[CertificateKind] = mapped_column(Enum(CertificateKind, native_enum=False, length=24))
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """All that is printed, and the QR token: JSON under the keyring."""
    verify_index: Mapped[str] = mapped_column(String(64), unique=True)
    """Blind index of number and name together: a wrong name and a wrong number miss alike."""
    name_index: Mapped[str] = mapped_column(String(64), index=True)
    """Blind index of the holder's name, for looking somebody up."""
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the token in the QR code; the token itself is only in ``sealed``."""
    status: Mapped[CertificateStatus] = mapped_column(Enum(CertificateStatus, native_enum=False, length=12))
    issued_on: Mapped[date]
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(80))
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(80))
    revocation_reason: Mapped[str] = mapped_column(String(400), default="")


class CertificateDocument(TenantMixin, Base):
    """The PDF of a certificate, made when it was first asked for and kept."""

    __tablename__ = "certificate_document"

    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificate.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file."""
    made_at: Mapped[datetime]
