"""Tables of institutions, staff accounts, memberships, login sessions and persons."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON, Enum, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from itembank.base.db import Base, IdMixin
from itembank.people.rules import InstitutionKind, Role


class Institution(IdMixin, Base):
    """An organisation; ``path`` lists its ancestors' ids and its own, so that a subtree is a prefix."""

    __tablename__ = "institution"

    kind: Mapped[InstitutionKind] = mapped_column(Enum(InstitutionKind, native_enum=False, length=24))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("institution.id"), index=True)
    path: Mapped[str] = mapped_column(String(400), index=True)
    name: Mapped[str] = mapped_column(String(120))
    """The name as filed; certificates print it."""
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    """Unified social credit code (GB 32100)."""
    ministry_code: Mapped[str] = mapped_column(String(4), default="0000")
    province_code: Mapped[str] = mapped_column(String(2))
    """GB/T 2260, two digits."""
    site_sequence: Mapped[str | None] = mapped_column(String(6))
    """Characters 8–13 of its certificate numbers, given by the filing authority."""
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("province_code", "site_sequence"),)


class User(IdMixin, Base):
    """A staff account."""

    __tablename__ = "user_account"

    username: Mapped[str] = mapped_column(String(60), unique=True)
    """Lower case."""
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Membership(IdMixin, Base):
    """One role of one user at one institution."""

    __tablename__ = "membership"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"), index=True)
    role: Mapped[Role] = mapped_column(Enum(Role, native_enum=False, length=32))

    __table_args__ = (UniqueConstraint("user_id", "institution_id", "role"),)


class LoginSession(IdMixin, Base):
    """A browser that has logged in; only a digest of its cookie is kept."""

    __tablename__ = "login_session"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    registration_id: Mapped[UUID | None] = mapped_column(index=True)
    """A candidate's; the table lives a storey higher, so no foreign key."""
    institution_id: Mapped[UUID | None] = mapped_column(ForeignKey("institution.id"))
    """Where the user acts at present."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Person(IdMixin, Base):
    """A human being over a lifetime: belongs to the platform, not to an institution."""

    __tablename__ = "person"

    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Name, identity document, sex, date of birth, telephone: JSON under the keyring."""
    document_index: Mapped[str] = mapped_column(String(64))
    """Blind index of document kind and number."""
    created_at: Mapped[datetime]

    __table_args__ = (Index("uq_person_document_index", "document_index", unique=True),)


class SiteFact(Base):
    """A fact about this installation, such as that it is a demonstration."""

    __tablename__ = "site_fact"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[dict[str, str]] = mapped_column(JSON)
    set_on: Mapped[date]
