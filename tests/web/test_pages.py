"""Login, home, administration: pages as their users meet them."""

from __future__ import annotations

from fastapi.testclient import TestClient

from itembank.base.db import Database, Scope
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.factories.people import NOW


def test_a_stranger_is_sent_to_the_login_page(client: TestClient) -> None:
    answer = client.get("/")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/"
    assert "登录" in client.get("/login").text


def test_staff_log_in_with_a_password_and_out_again(
    client: TestClient, database: Database, institution: Institution
) -> None:
    with database.session(scope=Scope.everything()) as session:
        user = people.create_user(
            session, actor=SYSTEM, username="li", name="李", password="correct horse", now=NOW
        )
        people.grant_role(
            session, actor=SYSTEM, user_id=user.id, institution_id=institution.id, role=Role.AUDITOR
        )

    wrong = client.post("/login", data={"username": "li", "password": "wrong"})
    right = client.post("/login", data={"username": "Li", "password": "correct horse"})

    assert wrong.status_code == 403
    assert right.status_code == 303
    assert "HttpOnly" in right.headers["set-cookie"]
    assert institution.name in client.get("/").text
    # A form without the session's token changes nothing.
    assert client.post("/logout").status_code == 403


def test_five_wrong_passwords_lock_the_account(
    client: TestClient, database: Database, institution: Institution
) -> None:
    with database.session(scope=Scope.everything()) as session:
        people.create_user(session, actor=SYSTEM, username="li", name="李", password="correct horse", now=NOW)

    codes = [client.post("/login", data={"username": "li", "password": "x"}).status_code for _ in range(5)]
    after = client.post("/login", data={"username": "li", "password": "correct horse"})

    assert codes == [403] * 5
    assert after.status_code == 429


def test_an_administrator_adds_an_account_with_a_password_shown_once(client, login, institution) -> None:
    login(Role.INSTITUTION_ADMINISTRATOR)

    made = client.post(
        "/admin/people",
        data={"username": "wang", "name": "王", "role": "item_writer", "institution_id": str(institution.id)},
    )
    again = client.post(
        "/admin/people",
        data={"username": "wang", "name": "王", "role": "item_writer", "institution_id": str(institution.id)},
    )

    assert made.status_code == 200
    assert "wang" in client.get("/admin/people").text
    assert again.status_code == 422
    assert "已被使用" in again.text


def test_pages_speak_english_when_asked(client: TestClient) -> None:
    client.cookies.set("language", "en")

    assert "Staff log in" in client.get("/login").text


def test_an_address_that_does_not_exist_is_a_page_not_a_crash(client: TestClient) -> None:
    answer = client.get("/no-such-page")

    assert answer.status_code == 404
    assert "<h1>" in answer.text
