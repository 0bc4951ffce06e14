"""Cookies, headers and sessions as a browser gets them."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from itembank.base.db import Database, Scope
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.conftest import Login
from tests.factories.everything import Everything
from tests.factories.people import NOW
from web.app import create_app
from web.security import SESSION_COOKIE
from web.settings import Settings

PASSWORD = "a long enough password 1"


@pytest.fixture
def account(database: Database, institution: Institution) -> str:
    with database.session(scope=Scope.everything()) as session:
        user = people.create_user(
            session, actor=SYSTEM, username="officer", name="officer", password=PASSWORD, now=NOW
        )
        people.grant_role(
            session, actor=SYSTEM, user_id=user.id, institution_id=institution.id, role=Role.EXAM_OFFICER
        )
    return "officer"


def test_a_login_gets_a_session_of_its_own(client: TestClient, account: str) -> None:
    client.cookies.set(SESSION_COOKIE, "chosen-by-somebody-else")
    answer = client.post("/login", data={"username": account, "password": PASSWORD})
    cookie = answer.headers["set-cookie"]

    assert answer.status_code == 303
    assert "chosen-by-somebody-else" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


def test_cookies_are_secure_where_the_site_is(database: Database, settings: Settings, account: str) -> None:
    app = create_app(settings.model_copy(update={"secure_cookies": True}), database, run_jobs=False)
    answer = TestClient(app, follow_redirects=False).post(
        "/login", data={"username": account, "password": PASSWORD, "next": "//evil.example.org"}
    )

    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"]
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example.org",
        "/\\evil.example.org",
        "https://evil.example.org",
        "\\\\evil",
        "/\t/evil.example.org",
        "javascript:1",
    ],
)
def test_nobody_is_sent_to_another_site(client: TestClient, account: str, target: str) -> None:
    login = client.post("/login", data={"username": account, "password": PASSWORD, "next": target})
    language = client.get("/language/en", params={"next": target})

    for answer in (login, language):
        location = answer.headers["location"]
        assert location.startswith("/")
        assert location[1:2] not in ("/", "\\", "\t")


@pytest.mark.parametrize("origin", ["https://evil.example.org", "null", "http://testserver.evil.example.org"])
def test_forms_of_other_sites_are_refused(
    client: TestClient, login: Login, account: str, origin: str
) -> None:
    for headers in ({"origin": origin}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}):
        public = client.post("/login", data={"username": account, "password": PASSWORD}, headers=headers)
        login(Role.EXAM_OFFICER)
        inside = client.post("/rooms", data={"name": "room", "capacity": "3"}, headers=headers)

        assert (public.status_code, inside.status_code) == (403, 403)


def test_pages_and_files_stay_out_of_caches_and_frames(
    client: TestClient, login: Login, everything: Everything
) -> None:
    made = everything
    login(Role.EXAM_OFFICER, Role.ITEM_WRITER)
    certificate = f"/certificates/{made.sets[2]['certificate_id']}"
    addresses = [
        "/",
        certificate,
        certificate + "/certificate.pdf",
        f"/bank/items/{made.sets[-1]['item_id']}",
        f"/verify/{made.token}",
        "/no-such-page",
    ]
    for address in addresses:
        answer = client.get(address)

        assert answer.status_code == (404 if "no-such" in address else 200), address
        assert answer.headers["cache-control"] == "no-store", address
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
