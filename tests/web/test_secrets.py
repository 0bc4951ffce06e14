"""Where item text, keys and personal data must not be: the database, the logs, and pages of those without the right."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import LargeBinary, select
from sqlalchemy.orm import Session

from exam_engine.delivery.models import Attempt
from exam_engine.papers import service as papers
from exam_engine.sittings.models import Registration
from itembank.base import audit
from itembank.base.db import Base, Database, Scope
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import PERMISSIONS, Action, Role
from tests.conftest import Login
from tests.factories.everything import STEM, Everything
from tests.web.test_authorisation import PROTECTED
from tests.web.test_foreign_rows import fits
from tests.web.test_hostile_input import address, enter_as_candidate
from web import logs

OPENINGS = {b"\xff\xd8\xff": "a JPEG picture", b"%PDF": "a PDF file", b"PK\x03\x04": "a workbook or archive"}


def secrets_of(session: Session, made: Everything) -> dict[str, str]:
    """What must not be found, by what it is."""
    sealed = papers.open_sealed(session, session.get_one(Attempt, made.attempt_id).paper_id)
    entry = sealed.entries[0]
    rows = session.scalars(select(Registration)).all()
    persons = people.read_persons(session, [row.person_id for row in rows])
    found = {"imported stem": STEM, "stem": entry.content.stem, "option": entry.content.options[0].text}
    for number, facts in enumerate(persons.values()):
        found[f"document {number}"] = facts.document_number
        found[f"name {number}"] = facts.name
    return {what: text for what, text in found.items() if len(text) > 1}


def spellings(text: str) -> set[bytes]:
    return {text.encode(), json.dumps(text)[1:-1].encode(), text.encode("utf-16-le")}


def test_the_database_holds_no_secret_in_the_clear(database: Database, everything: Everything) -> None:
    found = []
    with database.session(scope=Scope.everything(), writes=False) as session:
        secrets = secrets_of(session, everything)
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                for column in table.columns:
                    value = row[column.name]
                    raw = (
                        bytes(value)
                        if isinstance(column.type, LargeBinary) and value
                        else str(value).encode()
                    )
                    found += [
                        (table.name, column.name, what)
                        for what, text in secrets.items()
                        if any(spelling in raw for spelling in spellings(text))
                    ]
                    found += [
                        (table.name, column.name, what)
                        for opening, what in OPENINGS.items()
                        if raw.startswith(opening)
                    ]
    if database.is_sqlite:
        path = Path(database.url.removeprefix("sqlite:///"))
        for file in path.parent.glob(path.name + "*"):
            content = file.read_bytes()
            found += [
                (file.name, "bytes", what)
                for what, text in secrets.items()
                if any(spelling in content for spelling in spellings(text))
            ]

    assert sorted(set(found)) == []


def test_logs_name_things_by_their_ids_only(
    client: TestClient,
    login: Login,
    run_jobs: Callable[[], int],
    database: Database,
    institution: Institution,
    everything: Everything,
) -> None:
    logs.configure("debug", "json")
    stream = io.StringIO()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    try:
        with database.session(scope=Scope.everything(), writes=False) as session:
            secrets = secrets_of(session, everything)
        for method, path, action in PROTECTED:
            if path.startswith("/exam") or fits_nowhere(action, institution) or path == "/logout":
                continue
            login(
                *[role for role in Role if fits(role, institution)], institution=institution, username="all"
            )
            client.request(
                method, address(path, everything), data=everything.fields if method == "POST" else None
            )
        enter_as_candidate(client, database, everything)
        page = client.get(f"/exam/attempts/{everything.attempt_id}")
        run_jobs()
    finally:
        logs.configure("warning", "json")
    told = stream.getvalue()

    assert secrets["stem"] in page.text
    assert told.count("event") > 5
    assert {what for what, text in secrets.items() if text in told or json.dumps(text)[1:-1] in told} == set()


def fits_nowhere(action: Action, institution: Institution) -> bool:
    return not any(fits(role, institution) for role in PERMISSIONS[action])


def test_candidate_pages_hold_no_key_and_stay_out_of_caches(
    client: TestClient, database: Database, everything: Everything
) -> None:
    enter_as_candidate(client, database, everything)
    url = f"/exam/attempts/{everything.attempt_id}"
    opened = client.post(url + "/open")
    answers = [client.get("/exam"), client.get(url), client.get(url + "/confirm"), opened]
    with database.session(scope=Scope.everything(), writes=False) as session:
        digests = {
            p.digest for p in (papers.find_paper(session, everything.sets[-1]["paper_id"]),) if p.digest
        }

    assert opened.status_code == 200
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"explanation|digest|correct|\bkey\b|option-key", answer.text), answer.url
        assert STEM not in answer.text
        assert not any(digest in answer.text for digest in digests)


def test_jobs_and_audit_records_tell_ids_only(
    database: Database, everything: Everything, run_jobs: Callable[[], int]
) -> None:
    with database.session(scope=Scope.everything(), writes=False) as session:
        secrets = secrets_of(session, everything)
        told = json.dumps(
            [[entry.action, entry.detail] for entry in session.scalars(select(audit.AuditEntry))],
            ensure_ascii=False,
        )
        intact = audit.verify(session, session.info["audit_heads"])

    assert {what for what, text in secrets.items() if text in told} == set()
    assert intact.is_intact
    assert intact.entries > 50
