"""Whatever a route changes, the audit chain says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from itembank.base import audit
from itembank.base.audit import AuditEntry
from itembank.base.db import Base, Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.conftest import Login
from tests.factories.everything import Everything, make_everything
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
CONTENTS = ({"then": ["submit"]}, *CHOICES)


@pytest.fixture
def everything(database: Database, institution: Institution) -> Everything:
    return make_everything(database, institution)


def contents(database: Database) -> tuple[dict[str, int], int]:
    with database.session(scope=Scope.everything(), writes=False) as session:
        tables = {
            table.name: hash(tuple(sorted(str(tuple(row)) for row in session.execute(select(table)))))
            for table in Base.metadata.sorted_tables
            if table.name not in UNRECORDED
        }
        return tables, session.scalars(select(func.count()).select_from(AuditEntry)).one()


def test_no_route_changes_anything_unrecorded(
    client: TestClient,
    login: Login,
    database: Database,
    institution: Institution,
    everything: Everything,
    everybody: Callable[[Any], None],
    run_jobs: Callable[[], int],
) -> None:
    silent, changed = [], set()
    _, recorded = contents(database)
    for method, path, action in ROUTES:
        if method == "GET" or path.endswith("/password"):
            continue
        if action is not None and path.startswith("/exam"):
            enter_as_candidate(client, database, everything)
        elif action is not None:
            everybody(action)
        former, at = contents(database)
        for choices in CONTENTS:
            client.request(method, address(path, everything), data={**everything.fields, **choices})
            present, records = contents(database)
            moved = {name for name in present if present[name] != former[name]}
            changed |= moved
            if moved and records == at:
                silent.append((path, sorted(moved)))
            former, at = present, records
    run_jobs()
    with database.session(scope=Scope.everything(), writes=False) as session:
        verification = audit.verify(session, session.info["audit_heads"])

    assert silent == []
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
