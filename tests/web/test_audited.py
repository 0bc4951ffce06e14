"""Whatever a route changes, the audit chain says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select

from itembank.base import audit
from itembank.base.audit import AuditEntry
from itembank.base.db import Base, Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.conftest import Login
from tests.factories.everything import Everything
from tests.web.test_authorisation import ROUTES
from tests.web.test_hostile_input import CHOICES, address, enter_as_candidate, everybody

__all__ = ["everybody"]

UNRECORDED = {
    "audit_entry": "the chain itself",
    "audit_head": "the chain itself",
    "person_key": "made by the chain",
    "login_session": "a login is recorded; what else changes is its expiry",
    "registration_upload": "a preview; confirming it is recorded",
    "score_sheet": "an examiner's draft; submitting it is recorded",
    "standard_rating": "a judge's ratings in an open round; closing it records their digest",
    "answer": "answers have their own history",
    "user_account": "counting wrong passwords; the lock is recorded",
}
ALL = {table.name for table in Base.metadata.sorted_tables}
WRITING = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)")
CONTENTS = ({"then": ["submit"]}, *CHOICES)


def contents(database: Database, names: Collection[str]) -> tuple[dict[str, int], int]:
    """Return what the tables hold, in short, and how many audit records there are."""
    with database.session(scope=Scope.everything(), writes=False) as session:
        tables = {
            table.name: hash(tuple(sorted(str(tuple(row)) for row in session.execute(select(table)))))
            for table in Base.metadata.sorted_tables
            if table.name in names and table.name not in UNRECORDED
        }
        return tables, session.scalars(select(func.count()).select_from(AuditEntry)).one()


@pytest.fixture
def written(database: Database) -> Iterator[set[str]]:
    """Names of the tables that statements have written to since it was last cleared."""
    names: set[str] = set()

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if found := WRITING.match(statement):
            names.add(found[1])

    event.listen(database.engine, "before_cursor_execute", note)
    yield names
    event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.slow
@pytest.mark.strictest
def test_no_route_changes_anything_unrecorded(
    client: TestClient,
    login: Login,
    database: Database,
    institution: Institution,
    everything: Everything,
    everybody: Callable[[Any], None],
    run_jobs: Callable[[], int],
    written: set[str],
) -> None:
    silent, changed = [], set()
    former, recorded = contents(database, ALL)
    at = recorded
    for method, path, action in ROUTES:
        if method == "GET" or path.endswith("/password"):
            continue
        if action is not None and path.startswith("/exam"):
            enter_as_candidate(client, database, everything)
        elif action is not None:
            everybody(action)
        present, at = contents(database, written)
        former |= present  # a login
        for choices in CONTENTS:
            written.clear()
            client.request(method, address(path, everything), data={**everything.fields, **choices})
            if not written:
                continue
            present, records = contents(database, written)
            moved = {name for name in present if present[name] != former[name]}
            changed |= moved
            if moved and records == at:
                silent.append((path, sorted(moved)))
            former, at = former | present, records
    unseen = former != contents(database, ALL)[0]
    run_jobs()
    with database.session(scope=Scope.everything(), writes=False) as session:
        verification = audit.verify(session, session.info["audit_heads"])

    assert silent == []
    assert not unseen, "a table was written to by a statement that is not recognised"
    assert len(changed) > 15, sorted(changed)
    assert verification.is_intact
    assert verification.entries > recorded


def test_coming_and_going_is_recorded(
    client: TestClient, login: Login, database: Database, institution: Institution
) -> None:
    login(Role.EXAM_OFFICER)
    client.post(f"/account/workplace/{institution.id}")
    client.post("/logout")
    with database.session(scope=Scope.everything(), writes=False) as session:
        actions = set(session.scalars(select(AuditEntry.action)))

    assert {"user.workplace_chosen", "user.logged_out"} <= actions
