"""The audit chain: who changed what, when, in a sequence that cannot be edited unnoticed.

Data flow: a service calls ``record`` while it works; the entries wait in the session; just before the
transaction commits, the head row is locked, each entry gets the next number, the hash of its predecessor, its
own SHA-256 hash over all fields, and an Ed25519 signature of that hash; after the commit the signed head is
appended to a file outside the database.

``verify`` finds an edit (hash), a deletion or insertion (number, link), a re-chaining (signature: the key is not
in the database) and a truncation (exported heads). Personal values are sealed under a key of that person's own;
destroying it makes them unreadable and leaves the chain intact.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import JSON, LargeBinary, String, event, select, update
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from itembank.base.crypto import Keyring
from itembank.base.db import Base, keyring_of, on_session_factory

PURPOSE = "audit"
GENESIS = "0" * 64


class AuditEntry(Base):
    """One change, in sequence."""

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    institution_id: Mapped[UUID | None] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(String(80), index=True)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(64), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    personal: Mapped[dict[str, str]] = mapped_column(JSON)
    """Person id → hexadecimal ciphertext under that person's key."""
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(160))


class AuditHead(Base):
    """The last entry; its row is the lock that keeps the chain a chain."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))


class PersonKey(Base):
    """A person's own key, sealed; deleting the row destroys their values in all audit records."""

    __tablename__ = "person_key"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass
class _Pending:
    actor: str
    institution_id: UUID | None
    action: str
    subject: tuple[str, str]
    detail: dict[str, Any]
    personal: dict[str, str]
    savepoint: SessionTransaction | None
    at: datetime = field(repr=False)


def record(
    session: Session,
    *,
    actor: object,
    action: str,
    subject: tuple[str, UUID | str],
    institution_id: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
    personal: Mapping[UUID, Mapping[str, Any]] | None = None,
) -> None:
    """Add a record of a change to the chain when this transaction commits.

    Parameters
    ----------
    actor : Actor
        Who did it; its ``str`` is stored (``user:<id>``, ``system``…).
    action : str
        Noun and past verb, such as ``"item.reviewed"``.
    subject : (kind, id)
        What was changed.
    detail : mapping, optional
        JSON facts without personal values, item text or keys.
    personal : mapping of person id to facts, optional
        Personal values, stored under that person's own key.
    """
    keyring = keyring_of(session)
    sealed = {
        str(person): _seal_personal(session, keyring, person, facts).hex()
        for person, facts in (personal or {}).items()
    }
    session.info.setdefault("audit_pending", []).append(
        _Pending(
            str(actor),
            institution_id,
            action,
            (subject[0], str(subject[1])),
            json.loads(json.dumps(detail or {}, default=str)),
            sealed,
            session.get_nested_transaction(),
            session.info["clock"].now(),
        )
    )


def _person_key(session: Session, keyring: Keyring, person_id: UUID, *, create: bool) -> bytes | None:
    row = session.get(PersonKey, person_id)
    context = f"person_key/{person_id}"
    if row is not None:
        return keyring.open(row.sealed, purpose=PURPOSE, context=context)
    if not create:
        return None
    key = secrets.token_bytes(32)
    session.add(PersonKey(person_id=person_id, sealed=keyring.seal(key, purpose=PURPOSE, context=context)))
    return key


def _seal_personal(session: Session, keyring: Keyring, person_id: UUID, facts: Mapping[str, Any]) -> bytes:
    key = _person_key(session, keyring, person_id, create=True)
    assert key is not None
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, json.dumps(dict(facts), default=str).encode(), None)


def read_personal(session: Session, entry: AuditEntry) -> dict[str, dict[str, Any] | None]:
    """Return the personal values of ``entry`` by person id; None where they were lawfully destroyed."""
    opened: dict[str, dict[str, Any] | None] = {}
    for person, box in entry.personal.items():
        key = _person_key(session, keyring_of(session), UUID(person), create=False)
        raw = bytes.fromhex(box)
        opened[person] = json.loads(AESGCM(key).decrypt(raw[:12], raw[12:], None)) if key else None
    return opened


def _canonical(entry: AuditEntry) -> bytes:
    fields = {
        "number": entry.number,
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "institution_id": str(entry.institution_id) if entry.institution_id else None,
        "action": entry.action,
        "subject": [entry.subject_kind, entry.subject_id],
        "detail": entry.detail,
        "personal": entry.personal,
        "previous": entry.previous,
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _append_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return
    pending: list[_Pending] = session.info.pop("audit_pending", [])
    if not pending:
        return
    session.flush()
    head = session.scalars(select(AuditHead).where(AuditHead.id == 1).with_for_update()).one_or_none()
    if head is None:
        head = AuditHead(id=1, number=0, digest=GENESIS)
        session.add(head)
        session.flush()
    keyring = keyring_of(session)
    number, digest = head.number, head.digest
    for waiting in pending:
        number += 1
        entry = AuditEntry(
            number=number,
            at=waiting.at,
            actor=waiting.actor,
            institution_id=waiting.institution_id,
            action=waiting.action,
            subject_kind=waiting.subject[0],
            subject_id=waiting.subject[1],
            detail=waiting.detail,
            personal=waiting.personal,
            previous=digest,
        )
        entry.digest = digest = hashlib.sha256(_canonical(entry)).hexdigest()
        entry.signature = keyring.sign(digest.encode(), purpose=PURPOSE)
        session.add(entry)
    session.execute(update(AuditHead).where(AuditHead.id == 1).values(number=number, digest=digest))
    session.flush()
    session.info["audit_head"] = {"number": number, "digest": digest, "signature": entry.signature}


def _export_head(session: Session) -> None:
    head = session.info.pop("audit_head", None)
    path: Path | None = session.info.get("audit_heads")
    if head is None or path is None:
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, json.dumps(head).encode() + b"\n")  # one write: lines of two workers never mix
    finally:
        os.close(handle)


def _forget_rolled_back(session: Session, previous: SessionTransaction) -> None:
    pending: list[_Pending] = session.info.get("audit_pending", [])
    pending[:] = [entry for entry in pending if previous.nested and entry.savepoint is not previous]
    session.info.pop("audit_head", None)


@on_session_factory
def _install(sessions: Any) -> None:
    event.listen(sessions, "before_commit", _append_pending)
    event.listen(sessions, "after_commit", _export_head)
    event.listen(sessions, "after_soft_rollback", _forget_rolled_back)


@dataclass(frozen=True)
class Finding:
    """One place where the chain does not hold."""

    number: int
    kind: str
    """``edited``, ``missing``, ``relinked``, ``forged`` or ``truncated``."""
    explanation: str


@dataclass(frozen=True)
class Verification:
    """What ``verify`` found over ``entries`` records, against ``heads`` exported heads."""

    entries: int
    heads: int
    findings: tuple[Finding, ...]

    @property
    def is_intact(self) -> bool:
        return not self.findings


def _exported_heads(path: Path | None) -> Iterator[dict[str, Any]]:
    if path is None or not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                yield {"number": -1, "digest": "", "signature": ""}


def verify(session: Session, heads_path: Path | None = None) -> Verification:
    """Check every record, link and signature, and every exported head."""
    keyring = keyring_of(session)
    findings: list[Finding] = []
    heads = list(_exported_heads(heads_path))
    wanted = {head["number"]: head["digest"] for head in heads}
    expected, previous, seen = 1, GENESIS, {0: GENESIS}
    for entry in session.scalars(
        select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=1000)
    ):
        if entry.number != expected:
            findings.append(
                Finding(expected, "missing", f"records {expected} to {entry.number - 1} are gone")
            )
        elif entry.previous != previous:
            findings.append(Finding(entry.number, "relinked", "does not link to the record before it"))
        if hashlib.sha256(_canonical(entry)).hexdigest() != entry.digest:
            findings.append(Finding(entry.number, "edited", "its content does not match its hash"))
        if not keyring.verify(entry.digest.encode(), entry.signature, purpose=PURPOSE):
            findings.append(Finding(entry.number, "forged", "its signature is not this site's"))
        if entry.number in wanted:
            seen[entry.number] = entry.digest
        expected, previous = entry.number + 1, entry.digest
    last = expected - 1
    stored = session.get(AuditHead, 1)
    if (stored.number if stored else 0) > last:
        findings.append(Finding(last + 1, "truncated", "the stored head lies beyond the last record"))
    for head in heads:
        number = head["number"]
        if not keyring.verify(str(head["digest"]).encode(), str(head["signature"]), purpose=PURPOSE):
            findings.append(
                Finding(number, "forged", "an exported head does not carry this site's signature")
            )
        elif number > last:
            findings.append(Finding(number, "truncated", f"a head was exported; the chain ends at {last}"))
        elif seen.get(number) != head["digest"]:
            findings.append(Finding(number, "relinked", "differs from the head exported when it was written"))
    return Verification(last, len(heads), tuple(findings))


def entries(
    session: Session,
    *,
    institutions: frozenset[UUID] | None,
    with_unowned: bool = False,
    before: int | None = None,
    action: str = "",
    limit: int = 100,
) -> Sequence[AuditEntry]:
    """Return records of the given institutions (None: all), newest first, below number ``before``.

    ``with_unowned`` adds those of no institution, such as accounts.
    """
    query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(limit)
    if institutions is not None:
        owned = AuditEntry.institution_id.in_(institutions)
        query = query.where(owned | AuditEntry.institution_id.is_(None) if with_unowned else owned)
    if before is not None:
        query = query.where(AuditEntry.number < before)
    if action:
        query = query.where(AuditEntry.action.startswith(action, autoescape=True))
    return session.scalars(query).all()
