"""A sitting that requires the Safe Exam Browser: who gets in, by which road, and who lets somebody in without."""

from __future__ import annotations

import gzip
import re
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from exam_engine.delivery.models import SebCandidate
from exam_engine.delivery.seb import service as seb
from exam_engine.delivery.seb.keys import request_hash, seen_address
from exam_engine.delivery.seb.rules import SebUse, Shown
from itembank.base.audit import AuditEntry
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.factories.delivery import Candidate
from tests.factories.exam import ExamWorld
from web.invigilation import pages
from web.security import SESSION_COOKIE

EXAM_KEY = "ab" * 32
WINDOWS = {"user-agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/152.0 SEB/3.10.3"}


@pytest.fixture
def world(database: Database, institution: Institution) -> ExamWorld:
    return ExamWorld.make(database, institution)


class Browser:
    """A candidate's browser, a Safe Exam Browser where it is given keys."""

    def __init__(self, client: TestClient, world: ExamWorld) -> None:
        self.client, self.world = client, world
        self.base = client.app.state.settings.public_url  # type: ignore[attr-defined]
        self.sitting: UUID = world.sitting.id

    def use(self, use: SebUse, key_lines: str = "") -> None:
        with self.world.database.session(scope=Scope.everything()) as session:
            found = seb.change_setting(
                session, actor=SYSTEM, sitting_id=self.sitting, use=use, key_lines=key_lines, reason="预演"
            )
            self.config_key = found.config_key(self.base)

    def enter(self, candidate: Candidate, **headers: str) -> Any:
        self.client.cookies.clear()
        self.client.headers.update(headers)
        return self.client.post("/exam/login", data=self.world.entry(candidate))

    def page(self) -> tuple[str, Any]:
        """Go where the waiting room sends; return that address and its page."""
        path = self.client.get("/exam/seb").headers["location"]
        return path, self.client.get(path)

    def show(self, *, by: str, config: str = "", exam: str = EXAM_KEY, path: str = "", base: str = "") -> Any:
        """Send what a Safe Exam Browser sends for the page, in headers or by its script."""
        own, page = self.page()
        address = seen_address(base or self.base, path or own)
        hashes = [request_hash(address, key) for key in (config or self.config_key, exam)]
        csrf = re.search(r'name="_csrf" value="([^"]+)"', page.text)
        assert csrf
        data = {"_csrf": csrf[1]}
        if by == "script":
            data |= {"config_key": hashes[0], "exam_key": hashes[1], "version": "SEB_macOS_3.6.1_16"}
            return self.client.post(own, data=data)
        names = ("x-safeexambrowser-configkeyhash", "x-safeexambrowser-requesthash")
        return self.client.post(own, data=data, headers=dict(zip(names, hashes, strict=True)))

    def start(self) -> Any:
        csrf = re.search(r'data-csrf="([^"]+)"', self.client.get("/exam/login").text)
        assert csrf
        headers = {"x-csrf-token": csrf[1]}
        return self.client.post(f"/exam/sittings/{self.sitting}/start", headers=headers)


@pytest.fixture
def browser(client: TestClient, world: ExamWorld) -> Browser:
    return Browser(client, world)


def test_without_the_browser_nobody_waits_starts_or_reads_and_is_told_what_to_do(
    browser: Browser, world: ExamWorld
) -> None:
    candidate = world.candidate()
    browser.enter(candidate)
    begun = browser.start().headers["location"]
    browser.use(SebUse.REQUIRED)
    browser.enter(candidate)

    path, page = browser.page()
    csrf = {"x-csrf-token": re.search(r'data-csrf="([^"]+)"', page.text)[1]}  # type: ignore[index]
    opened = browser.client.post(f"{begun}/open", headers={**csrf, "accept": "application/json"})
    english = browser.client.get(path, headers={"accept-language": "en"})

    turned = [browser.client.get("/exam"), browser.start(), browser.client.get(begun)]
    assert {(answer.status_code, answer.headers["location"]) for answer in turned} == {(303, path)}
    assert (opened.status_code, opened.json()["code"]) == (403, "seb_needed")
    assert page.status_code == 403
    assert "安全考试浏览器" in page.text
    assert f'href="{browser.base.replace("http", "seb", 1)}/exam/seb/{browser.sitting}.seb"' in page.text
    assert "can only be taken in the Safe Exam Browser" in english.text
    assert "data-named" not in page.text


@pytest.mark.parametrize("by", ["headers", "script"])
def test_a_login_shows_once_what_it_is_and_goes_on_by_the_lean_road(
    browser: Browser, world: ExamWorld, by: str
) -> None:
    browser.use(SebUse.REQUIRED, f"{'cd' * 32} macOS 3.6\n{EXAM_KEY} Windows 3.10.3")
    candidate = world.candidate()
    entered = browser.enter(candidate, **WINDOWS)
    shown = browser.show(by=by)
    waiting, started = browser.client.get("/exam"), browser.start()
    paper = browser.client.get(started.headers["location"])
    again = browser.enter(candidate, **WINDOWS)

    assert entered.headers["location"].startswith("/exam/seb?proof=")
    assert (shown.status_code, shown.headers["location"]) == (303, "/exam")
    assert (waiting.status_code, started.status_code, paper.status_code) == (200, 303, 200)
    assert again.headers["location"] not in ("/exam", entered.headers["location"])  # it shows it anew
    assert browser.client.get("/exam").status_code == 303
    with world.database.session(scope=Scope.everything()) as session:
        row = session.scalars(select(SebCandidate)).one()
        of_seb = select(AuditEntry.action).where(AuditEntry.action.startswith("seb."))
        actions = session.scalars(of_seb.order_by(AuditEntry.number))
        assert row.version == {"headers": "SEB/3.10.3", "script": "SEB_macOS_3.6.1_16"}[by]
        assert list(actions.all()) == ["seb.changed", "seb.shown"]


def test_what_another_login_page_key_or_address_would_send_is_refused(
    browser: Browser, world: ExamWorld
) -> None:
    browser.use(SebUse.REQUIRED, EXAM_KEY)
    first = world.candidate()
    browser.enter(first, **WINDOWS)
    overheard, _ = browser.page()
    browser.enter(world.candidate("李小红"), **WINDOWS)
    refused = [
        browser.show(by="headers", path=overheard),
        browser.show(by="script", path="/exam"),
        browser.show(by="headers", config="0" * 64),
        browser.show(by="headers", exam="0" * 64),
        browser.show(by="headers", base="https://elsewhere.example"),
    ]

    assert {answer.status_code for answer in refused} == {403}
    assert all(browser.base in answer.text for answer in refused)
    assert browser.client.get("/exam").status_code == 303
    assert browser.show(by="headers").status_code == 303


def test_allowed_lets_every_browser_in_and_tells_who_works_in_it(browser: Browser, world: ExamWorld) -> None:
    browser.use(SebUse.ALLOWED)
    here, there = world.candidate(), world.candidate("李小红")
    browser.enter(here, **WINDOWS)
    browser.show(by="script")
    browser.enter(there, **{"user-agent": "Mozilla/5.0 Chrome/120.0"})

    assert browser.client.get("/exam").status_code == 200
    with world.database.session(scope=Scope.everything()) as session:
        standings = seb.standings(session, browser.sitting)
    assert standings is not None
    assert {key: row.shown for key, row in standings.items()} == {here.registration.id: Shown.SEB}


@pytest.mark.parametrize("dense", [False, True])
def test_the_invigilator_lets_one_candidate_in_without_and_takes_it_back(
    browser: Browser, world: ExamWorld, login: Any, monkeypatch: pytest.MonkeyPatch, dense: bool
) -> None:
    if dense:
        monkeypatch.setattr(pages, "DENSE_SEATS", 0)
    browser.use(SebUse.REQUIRED)
    candidate, other = world.candidate(), world.candidate("李小红")
    address = f"/invigilation/{browser.sitting}/rooms/{candidate.seat.room_id}/seats/{candidate.registration.id}/seb"
    statuses = {}
    for name, sent in {
        "no reason": {"let_in": "true", "seb_reason": " "},
        "let in": {"let_in": "true", "seb_reason": "机器打不开"},
        "taken back": {"seb_reason": "机器修好了"},
        "twice": {"seb_reason": "机器修好了"},
    }.items():
        browser.client.cookies.clear()
        login(Role.INVIGILATOR)
        done = browser.client.post(address, data=sent).status_code
        console = browser.client.get(
            f"/invigilation/{browser.sitting}/rooms/{candidate.seat.room_id}?seat={candidate.registration.id}"
        ).text
        browser.enter(candidate)
        statuses[name] = (
            done,
            browser.client.get("/exam").status_code,
            "已准许不用安全考试浏览器" in console,
        )
        assert ("安：在安全考试浏览器中" in console) is dense
        assert (">免</span>" in console) is (dense and name == "let in")
    browser.enter(other)

    assert statuses == {
        "no reason": (422, 303, False),
        "let in": (303, 200, True),
        "taken back": (303, 303, False),
        "twice": (422, 303, False),
    }
    assert browser.client.get("/exam").status_code == 303


def test_the_officer_switches_it_on_and_fetches_the_file(
    browser: Browser, world: ExamWorld, login: Any
) -> None:
    public = f"/exam/seb/{browser.sitting}.seb"
    before = browser.client.get(public).status_code
    login(Role.EXAM_OFFICER)
    page = f"/plans/{world.sitting.plan_id}/sittings/{browser.sitting}/seb"
    wrong = browser.client.post(page, data={"use": "required", "keys": "abc", "reason": "规定"})
    unexplained = browser.client.post(page, data={"use": "required", "keys": ""})
    kept = browser.client.post(page, data={"use": "required", "keys": f"{EXAM_KEY} Win", "reason": "规定"})
    shown = browser.client.get(page)
    files = [browser.client.get(f"{page}/file{kind}").content for kind in ("", "?kind=packed", "?kind=plain")]
    browser.client.cookies.pop(SESSION_COOKIE)
    fetched = browser.client.get(public)

    assert (before, wrong.status_code, unexplained.status_code, kept.status_code) == (404, 422, 422, 303)
    assert EXAM_KEY in shown.text
    assert re.search(r'class="code wrap">[0-9a-f]{64}<', shown.text)
    assert [gzip.decompress(file)[:4] for file in files[:2]] == [b"pswd", b"plnd"]
    assert files[2].startswith(b"<?xml")
    assert fetched.headers["content-type"] == "application/seb"
    assert gzip.decompress(fetched.content)[:4] == b"pswd"
    assert browser.client.get("/exam/seb/quit").status_code == 200
