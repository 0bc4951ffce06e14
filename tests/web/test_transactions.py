"""One request is one transaction, committed before the reply is sent."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from itembank.base.db import Database
from itembank.people.models import Institution, User
from itembank.people.rules import Role
from web.app import create_app


def test_a_commit_that_fails_is_never_answered_as_success(
    database: Database, login: Any, client: TestClient, institution: Institution
) -> None:
    login(Role.INSTITUTION_ADMINISTRATOR)
    quiet = TestClient(client.app, follow_redirects=False, raise_server_exceptions=False)
    quiet.cookies, quiet.headers = client.cookies, client.headers

    def fail(_connection: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("the disk is full"))

    event.listen(database.engine, "commit", fail)
    sent = {"username": "wang", "name": "王", "role": "item_writer", "institution_id": str(institution.id)}
    answer = quiet.post("/admin/people", data=sent)
    event.remove(database.engine, "commit", fail)

    assert answer.status_code == 503
    assert "disk" not in answer.text
    with database.session() as session:
        assert session.scalars(select(User).where(User.username == "wang")).all() == []


def test_a_bug_is_a_page_with_a_reference_and_saves_nothing(
    database: Database, settings: Any, login: Any, client: TestClient, monkeypatch: Any
) -> None:
    login(Role.INSTITUTION_ADMINISTRATOR)
    app = create_app(settings, database, run_jobs=False)
    quiet = TestClient(app, follow_redirects=False, raise_server_exceptions=False)
    quiet.cookies, quiet.headers = client.cookies, client.headers
    monkeypatch.setattr("web.admin.routes.people.members", lambda *_: 1 / 0)

    answer = quiet.get("/admin/people")

    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text
    assert "<h1>" in answer.text
