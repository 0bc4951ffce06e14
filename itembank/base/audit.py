"""The audit chain: who changed what, when, in a sequence that cannot be edited unnoticed.

Data flow: a service calls ``record`` while it works; the entries wait in the session; just before the
transaction commits, the head row is locked, each entry gets the next number, the hash of its predecessor and its
own SHA-256 hash over all fields; the last one gets an Ed25519 signature of that hash, which by the links covers
all before it; after the commit the signed head is appended to a file outside the database. Work below a session
(many candidates in one transaction) calls ``append`` and ``export`` itself.

``verify`` finds an edit (hash), a deletion or insertion (number, link), a re-chaining or an unsigned end
(signature: the key is not in the database) and a truncation (exported heads). Personal values are sealed under
a key of that person's own; destroying it makes them unreadable and leaves the chain intact.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import JSON, Connection, LargeBinary, String, Table, event, insert, select, update
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from itembank.base import bulk
from itembank.base.crypto import Keyring
from itembank.base.db import Base, keyring_of, on_session_factory

log = structlog.get_logger(__name__)

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
    """Of the digest; empty where a later record of the same transaction is signed, which covers this one."""


class AuditHead(Base):
    """The last entry; its row is the lock that keeps the chain a chain."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))


_ENTRY = cast(Table, AuditEntry.__table__)
_HEAD = cast(Table, AuditHead.__table__)


class PersonKey(Base):
    """A person's own key, sealed; deleting the row destroys their values in all audit records."""

    __tablename__ = "person_key"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True)
class Record:
    """One change on its way into the chain."""

    actor: str
    institution_id: UUID | None
    action: str
    subject: tuple[str, str]
    at: datetime = field(repr=False)
    detail: dict[str, Any] = field(default_factory=dict)
    """JSON facts without personal values, item text or keys."""
    personal: dict[str, str] = field(default_factory=dict)
    savepoint: SessionTransaction | None = field(default=None, repr=False)


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
        Record(
            actor=str(actor),
            institution_id=institution_id,
            action=action,
            subject=(subject[0], str(subject[1])),
            at=session.info["clock"].now(),
            detail=json.loads(json.dumps(detail or {}, default=str)),
            personal=sealed,
            savepoint=session.get_nested_transaction(),
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


def _canonical(entry: Mapping[str, Any]) -> bytes:
    fields = {
        "number": entry["number"],
        "at": entry["at"].isoformat(timespec="microseconds"),
        "actor": entry["actor"],
        "institution_id": str(entry["institution_id"]) if entry["institution_id"] else None,
        "action": entry["action"],
        "subject": [entry["subject_kind"], entry["subject_id"]],
        "detail": entry["detail"],
        "personal": entry["personal"],
        "previous": entry["previous"],
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _row(record: Record, number: int, previous: str) -> dict[str, Any]:
    row = {
        "number": number,
        "at": record.at,
        "actor": record.actor,
        "institution_id": record.institution_id,
        "action": record.action,
        "subject_kind": record.subject[0],
        "subject_id": record.subject[1],
        "detail": record.detail,
        "personal": record.personal,
        "previous": previous,
        "signature": "",
    }
    return {**row, "digest": hashlib.sha256(_canonical(row)).hexdigest()}


def append(connection: Connection, keyring: Keyring, records: Sequence[Record]) -> dict[str, Any] | None:
    """Add records to the chain; the last statement of a transaction, since it holds the head until the commit.

    Returns the signed head, for ``export`` after the commit.
    """
    if not records:
        return None
    c = _HEAD.c
    head = connection.execute(select(c.number, c.digest).where(c.id == 1).with_for_update()).one_or_none()
    if head is None:
        connection.execute(insert(_HEAD).values(id=1, number=0, digest=GENESIS))
    number, digest = head or (0, GENESIS)
    rows: list[dict[str, Any]] = []
    for record in records:
        rows.append(_row(record, number + 1, digest))
        number, digest = rows[-1]["number"], rows[-1]["digest"]
    rows[-1]["signature"] = keyring.sign(digest.encode(), purpose=PURPOSE)
    bulk.insert_rows(connection, _ENTRY, rows)
    connection.execute(update(_HEAD).where(c.id == 1).values(number=number, digest=digest))
    return {"number": number, "digest": digest, "signature": rows[-1]["signature"]}


def export(head: dict[str, Any] | None, path: Path | None) -> None:
    """Append a signed head to the file outside the database, once its transaction is committed.

    What is committed cannot be refused any more: a file that takes nothing is an error in the log, and the next head
    covers the one that is missing.
    """
    if head is None or path is None:
        return
    try:
        _append_line(path, json.dumps(head).encode() + b"\n")
    except OSError as error:
        log.error("audit_head_not_exported", number=head["number"], path=str(path), reason=str(error))


def _append_line(path: Path, line: bytes) -> None:
    """Append the whole line or nothing of it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # of all workers; closing gives it back
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            line = b"\n" + line  # half a line, left by a crash, stays alone
        try:
            written = 0
            while written < len(line):
                written += os.write(handle, line[written:])
        except OSError:
            os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)


def _append_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return
    pending: list[Record] = session.info.pop("audit_pending", [])
    if pending:
        session.flush()
        session.info["audit_head"] = append(session.connection(), keyring_of(session), pending)


def _export_head(session: Session) -> None:
    export(session.info.pop("audit_head", None), session.info.get("audit_heads"))


def _forget_rolled_back(session: Session, previous: SessionTransaction) -> None:
    pending: list[Record] = session.info.get("audit_pending", [])
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
    """``edited``, ``missing``, ``relinked``, ``forged``, ``truncated`` or ``incomplete``."""
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


_HALF = re.compile(rb'\{"number": (\d+)[,"]')
"""As an exported head begins; its number is followed by something, so it is whole."""


def _exported_heads(path: Path | None) -> Iterator[dict[str, Any]]:
    if path is None or not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                begun = None if line.endswith(b"\n") else _HALF.match(line)
                yield {"number": int(begun[1]) if begun else -1, "digest": "", "signature": "", "line": line}


def _unreadable(head: dict[str, Any], last: int) -> Finding:
    """Return what a line is that holds no head: the half one that a power cut leaves at the end, or another."""
    if head["line"].endswith(b"\n"):
        return Finding(head["number"], "forged", "a line of the exported heads cannot be read")
    if head["number"] > last:
        return Finding(head["number"], "truncated", f"a head was exported; the chain ends at {last}")
    explanation = "the last line of the exported heads is incomplete, as a power cut may leave it"
    return Finding(head["number"], "incomplete", explanation)


def verify(session: Session, heads_path: Path | None = None) -> Verification:
    """Check every record, link and signature, and every exported head."""
    keyring = keyring_of(session)
    findings: list[Finding] = []
    heads = list(_exported_heads(heads_path))
    wanted = {head["number"]: head["digest"] for head in heads}
    expected, previous, seen = 1, GENESIS, {0: GENESIS}
    unsigned: int | None = None
    for entry in session.scalars(
        select(AuditEntry).order_by(AuditEntry.number).execution_options(yield_per=1000)
    ):
        if entry.number != expected:
            findings.append(
                Finding(expected, "missing", f"records {expected} to {entry.number - 1} are gone")
            )
        elif entry.previous != previous:
            findings.append(Finding(entry.number, "relinked", "does not link to the record before it"))
        if hashlib.sha256(_canonical(vars(entry))).hexdigest() != entry.digest:
            findings.append(Finding(entry.number, "edited", "its content does not match its hash"))
        if not entry.signature:
            unsigned = unsigned or entry.number
        elif keyring.verify(entry.digest.encode(), entry.signature, purpose=PURPOSE):
            unsigned = None  # by the links it vouches for all before it
        else:
            findings.append(Finding(entry.number, "forged", "its signature is not this site's"))
        if entry.number in wanted:
            seen[entry.number] = entry.digest
        expected, previous = entry.number + 1, entry.digest
    last = expected - 1
    if unsigned:
        findings.append(Finding(unsigned, "forged", "neither it nor a record after it is signed"))
    stored = session.get(AuditHead, 1)
    if (stored.number if stored else 0) > last:
        findings.append(Finding(last + 1, "truncated", "the stored head lies beyond the last record"))
    for head in heads:
        number = head["number"]
        if "line" in head:
            findings.append(_unreadable(head, last))
        elif not keyring.verify(str(head["digest"]).encode(), str(head["signature"]), purpose=PURPOSE):
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
