"""The audit chain: what is recorded, and that tampering shows."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update

from itembank.base import audit
from itembank.base.audit import AuditEntry, AuditHead, PersonKey
from itembank.base.db import Database
from itembank.base.ids import new_id


def _write(database: Database, count: int = 5) -> None:
    for number in range(count):
        with database.session() as session:
            audit.record(session, actor="system", action="thing.done", subject=("thing", str(number)))


def _verify(database: Database, tmp_path: Path) -> audit.Verification:
    with database.session() as session:
        return audit.verify(session, tmp_path / "audit-heads.jsonl")


def test_a_chain_left_alone_is_intact(database: Database, tmp_path: Path) -> None:
    _write(database)

    result = _verify(database, tmp_path)

    assert result.is_intact
    assert (result.entries, result.heads) == (5, 5)


def test_an_edit_is_found(database: Database, tmp_path: Path) -> None:
    _write(database)
    with database.session() as session:
        session.execute(update(AuditEntry).where(AuditEntry.number == 3).values(actor="somebody"))

    assert [(f.number, f.kind) for f in _verify(database, tmp_path).findings] == [(3, "edited")]


def test_a_removed_record_is_found(database: Database, tmp_path: Path) -> None:
    _write(database)
    with database.session() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.number == 3))

    kinds = {f.kind for f in _verify(database, tmp_path).findings}

    assert "missing" in kinds


def test_a_truncation_is_found_even_when_the_head_was_set_back(database: Database, tmp_path: Path) -> None:
    _write(database)
    with database.session() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.number > 3))
        last = session.get_one(AuditEntry, 3)
        session.execute(update(AuditHead).values(number=3, digest=last.digest))

    assert {f.kind for f in _verify(database, tmp_path).findings} == {"truncated"}


def test_a_rechaining_with_right_hashes_is_found(database: Database, tmp_path: Path) -> None:
    _write(database)
    with database.session() as session:
        previous = audit.GENESIS
        for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.number)):
            if entry.number == 2:
                entry.actor = "somebody"
            entry.previous = previous
            entry.digest = previous = hashlib.sha256(audit._canonical(vars(entry))).hexdigest()
        session.execute(update(AuditHead).values(digest=previous))

    kinds = {f.kind for f in _verify(database, tmp_path).findings}

    assert {"forged", "relinked"} <= kinds


def _append_many(database: Database, tmp_path: Path, count: int) -> None:
    at = database.clock.now()
    with database.engine.begin() as connection:
        records = [
            audit.Record("system", None, "attempt.started", ("attempt", f"many-{n}"), at)
            for n in range(count)
        ]
        head = audit.append(connection, database.keyring, records)
    audit.export(head, tmp_path / "audit-heads.jsonl")


def test_many_records_of_one_transaction_share_a_signature_that_covers_them_all(
    database: Database, tmp_path: Path
) -> None:
    _write(database)
    _append_many(database, tmp_path, 5)

    whole = _verify(database, tmp_path)
    with database.session() as session:
        signed = [bool(s) for s in session.scalars(select(AuditEntry.signature).order_by(AuditEntry.number))]
        entry = session.scalars(select(AuditEntry).where(AuditEntry.subject_id == "many-2")).one()
        entry.actor = "somebody"
        entry.digest = hashlib.sha256(audit._canonical(vars(entry))).hexdigest()
    assert whole.is_intact
    assert signed[-5:] == [False, False, False, False, True]
    assert {f.kind for f in _verify(database, tmp_path).findings} == {"relinked"}


def test_an_end_that_nobody_signed_is_found(database: Database, tmp_path: Path) -> None:
    _append_many(database, tmp_path, 3)
    with database.session() as session:
        session.execute(update(AuditEntry).values(signature=""))

    assert [(f.number, f.kind) for f in _verify(database, tmp_path).findings] == [(1, "forged")]


def test_a_half_last_line_of_the_heads_is_no_forgery_and_hides_no_truncation(
    database: Database, tmp_path: Path
) -> None:
    _write(database)
    file = tmp_path / "audit-heads.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    found = {}
    for name, content in {
        "at the end": [*lines[:-1], lines[-1][:40]],
        "in between": [lines[0][:40] + b"\n", *lines[1:]],
        "of a record that is gone": [*lines, lines[-1][:40].replace(b"5", b"6", 1)],
    }.items():
        file.write_bytes(b"".join(content))
        found[name] = [(f.number, f.kind) for f in _verify(database, tmp_path).findings]

    assert found == {
        "at the end": [(5, "incomplete")],
        "in between": [(-1, "forged")],
        "of a record that is gone": [(6, "truncated")],
    }


def test_nothing_is_recorded_for_what_was_rolled_back(database: Database, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), database.session() as session:
        audit.record(session, actor="system", action="thing.done", subject=("thing", "1"))
        raise RuntimeError
    with database.session() as session:
        audit.record(session, actor="system", action="outer.done", subject=("thing", "2"))
        nested = session.begin_nested()
        audit.record(session, actor="system", action="inner.done", subject=("thing", "3"))
        nested.rollback()

    with database.session() as session:
        assert [e.action for e in session.scalars(select(AuditEntry))] == ["outer.done"]
    assert _verify(database, tmp_path).is_intact


def test_personal_values_can_be_destroyed_without_breaking_the_chain(
    database: Database, tmp_path: Path
) -> None:
    person: UUID = new_id()
    with database.session() as session:
        audit.record(
            session,
            actor="system",
            action="person.kept",
            subject=("person", person),
            personal={person: {"name": "张三"}},
        )
    with database.session() as session:
        entry = session.get_one(AuditEntry, 1)
        assert audit.read_personal(session, entry) == {str(person): {"name": "张三"}}
        assert "张三" not in str(entry.personal)
        session.execute(delete(PersonKey))

    with database.session() as session:
        assert audit.read_personal(session, session.get_one(AuditEntry, 1)) == {str(person): None}
    assert _verify(database, tmp_path).is_intact
