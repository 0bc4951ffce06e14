"""The candidates' pages and the saving path, over real sealed papers."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from exam_engine.delivery import service as delivery
from exam_engine.delivery.lean import acts
from exam_engine.delivery.lean.requests import HandIn, Open, Read
from exam_engine.delivery.models import Answer, Attempt, AttemptEvent
from exam_engine.delivery.tokens import LIFETIME
from exam_engine.invigilation import service as invigilation
from exam_engine.sittings import service as sittings
from exam_engine.sittings.accommodations import Accommodations
from itembank.base import audit
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.base.ids import new_id
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.factories.delivery import Candidate
from tests.factories.exam import ExamWorld
from tests.factories.sittings import make_picture
from web import told
from web.exam import lean
from web.exam.limits import addresses, anywhere, count_ticket
from web.i18n import ZONE
from web.told import memory_of

STATIC = Path(__file__).parents[3] / "web" / "static"


class Page:
    """A candidate's browser, as far as HTTP goes."""

    def __init__(self, client: TestClient, world: ExamWorld, candidate: Candidate) -> None:
        self.client, self.world, self.candidate = client, world, candidate
        client.cookies.clear()
        answer = client.post("/exam/login", data=world.entry(candidate))
        assert answer.status_code == 303, answer.text
        self.csrf = self.find(r'data-csrf="([^"]+)"', client.get("/exam").text)
        self.attempt = self.token = ""

    def find(self, pattern: str, text: str) -> str:
        found = re.search(pattern, text)
        assert found, text[:2000]
        return found[1]

    def post(self, path: str, **data: Any) -> Any:
        return self.client.post(path, data=data, headers={"x-csrf-token": self.csrf})

    def start(self) -> Any:
        answer = self.post(f"/exam/sittings/{self.world.sitting.id}/start")
        if answer.status_code == 303:
            self.attempt = answer.headers["location"].rpartition("/")[2]
        return answer

    def open(self) -> Any:
        answer = self.post(f"/exam/attempts/{self.attempt}/open")
        if answer.status_code == 200:
            self.token, self.epoch = answer.json()["token"], answer.json()["epoch"]
        return answer

    def save(self, *answers: dict[str, Any], attempt: str = "", body: bytes = b"", **headers: str) -> Any:
        content: Any = {"content": body} if body else {"json": {"answers": list(answers)}}
        return self.client.put(
            f"/exam/attempts/{attempt or self.attempt}/answers",
            headers={"authorization": f"Bearer {self.token}", **headers},
            **content,
        )

    def heartbeat(self) -> Any:
        return self.client.get(
            f"/exam/attempts/{self.attempt}/heartbeat", headers={"authorization": f"Bearer {self.token}"}
        )

    def hand_in(self) -> Any:
        return self.client.post(
            f"/exam/attempts/{self.attempt}/submit",
            data={"epoch": self.epoch},
            headers={"x-csrf-token": self.csrf, "accept": "application/json"},
        )


@pytest.fixture
def world(database: Database, institution: Institution) -> ExamWorld:
    return ExamWorld.make(database, institution)


@pytest.fixture
def page(client: TestClient, world: ExamWorld) -> Page:
    """A candidate who has started and opened the paper."""
    page = Page(client, world, world.candidate())
    page.start()
    page.open()
    return page


def sent(world: ExamWorld, place: int = 0, revision: int = 1, chosen: str = "") -> dict[str, Any]:
    entry = world.paper.entries[place]
    label = chosen or entry.content.options[0].label
    return {"item": str(entry.item_id), "revision": revision, "response": [label], "flagged": False}


def test_wrong_ticket_and_wrong_code_are_refused_alike(client: TestClient, world: ExamWorld) -> None:
    candidate = world.candidate()
    wrong = [
        client.post("/exam/login", data={**world.entry(candidate), "entry_code": "AAAA-BBBB"}),
        client.post("/exam/login", data={**world.entry(candidate), "ticket_number": "9" * 19}),
        client.post("/exam/login", data={"ticket_number": "<script>", "entry_code": "'; --"}),
    ]

    assert {answer.status_code for answer in wrong} == {403}
    messages = {re.search(r'role="alert">([^<]+)<', answer.text)[1] for answer in wrong}
    assert len(messages) == 1


def test_guessing_codes_of_a_ticket_is_bounded(client: TestClient, world: ExamWorld) -> None:
    data = {**world.entry(world.candidate()), "entry_code": "AAAABBBB"}
    codes = [client.post("/exam/login", data=data).status_code for _ in range(12)]

    assert codes[:8] == [403] * 8
    assert set(codes[8:]) == {429}


def test_wrong_codes_from_elsewhere_do_not_keep_the_candidate_out(
    client: TestClient, world: ExamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = world.entry(world.candidate())
    monkeypatch.setattr(anywhere, "limit", 10)
    ticket = data["ticket_number"]
    for _ in range(8):
        count_ticket(ticket, "elsewhere")
    at_the_seat = client.post("/exam/login", data=data).status_code
    for _ in range(2):
        count_ticket(ticket, "another place")
    tried_everywhere = client.post("/exam/login", data=data).status_code

    assert (at_the_seat, tried_everywhere) == (303, 429)


def test_an_address_that_may_not_try_any_more_learns_of_no_code(
    client: TestClient, world: ExamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = world.entry(world.candidate())
    with monkeypatch.context() as patched:
        patched.setattr(addresses, "limit", 0)
        tries = [client.post("/exam/login", data={**data, "entry_code": "AAAABBBB"}) for _ in range(8)]
        right = client.post("/exam/login", data=data)

    assert {answer.status_code for answer in [*tries, right]} == {429}
    assert client.post("/exam/login", data=data).status_code == 429  # the ticket was counted by itself


def test_right_codes_are_not_counted_on_either_road(
    client: TestClient, world: ExamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = world.entry(world.candidate())
    monkeypatch.setattr(addresses, "limit", 2)
    wrong = {**data, "entry_code": "AAAABBBB"}
    assert client.post("/exam/login", data=wrong).status_code == 403
    for _ in range(9):
        lean_road = client.post("/exam/login", data=data)
        ordinary = client.post("/exam/login", files={name: (None, value) for name, value in data.items()})
        assert (lean_road.status_code, ordinary.status_code) == (303, 303)

    assert [client.post("/exam/login", data=wrong).status_code for _ in range(2)] == [403, 429]


def test_only_a_form_is_read_as_a_form(client: TestClient, world: ExamWorld) -> None:
    body = urlencode(world.entry(world.candidate()))
    kinds = ("application/x-www-form-urlencoded-not", "Application/X-WWW-Form-URLencoded ; charset=utf-8")
    answers = [client.post("/exam/login", content=body, headers={"content-type": kind}) for kind in kinds]

    assert [answer.status_code for answer in answers] == [422, 303]


def test_the_waiting_room_shows_who_and_where_and_nothing_of_the_paper(
    client: TestClient, database: Database, institution: Institution, clock: ShiftedClock
) -> None:
    world = ExamWorld.make(database, institution, begins_in_minutes=5)
    page = Page(client, world, world.candidate())
    text = client.get("/exam").text

    assert "王小明" in text
    assert "disabled" in text
    refused = page.start()
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text
    assert world.sitting.starts_at.astimezone(ZONE).strftime("%H:%M") in refused.text
    for entry in world.paper.entries:
        assert entry.content.stem not in text
    clock.advance(timedelta(minutes=6))
    assert page.start().status_code == 303


def test_start_answer_resume_and_hand_in(page: Page, world: ExamWorld, database: Database) -> None:
    assert page.start().headers["location"] == f"/exam/attempts/{page.attempt}"
    first = page.save(sent(world, 0), sent(world, 1))
    assert first.status_code == 200
    assert first.json()["accepted"] == [[str(world.paper.entries[n].item_id), 1] for n in (0, 1)]
    assert 0 < first.json()["remaining"] <= 5400
    assert page.heartbeat().json()["remaining"] <= first.json()["remaining"]

    resumed = page.open().json()
    assert {answer["item"] for answer in resumed["answers"]} == {
        str(world.paper.entries[n].item_id) for n in (0, 1)
    }
    receipt = page.hand_in().json()
    again = page.hand_in().json()
    assert (receipt["code"], again["code"]) == ("handed_in", "already_handed_in")
    assert receipt["receipt"] == again["receipt"]
    shown = page.client.get(receipt["url"]).text
    assert receipt["receipt"][:4] in shown
    assert "2 / 10" in shown
    assert page.save(sent(world, 2)).status_code == 409
    assert page.save(sent(world, 2)).json()["code"] == "attempt_closed"
    with database.session(writes=False) as session:
        assert len(session.scalars(select(Answer)).all()) == 2


def test_saves_and_calls_tell_that_there_is_something_new_to_hear(
    page: Page, world: ExamWorld, database: Database
) -> None:
    other = world.candidate("李晓红")
    memory = memory_of(page.client.app.state)  # type: ignore[attr-defined]

    def said_of(answer: Any) -> str | None:
        told: str | None = answer.json().get("said")
        return told

    def say(to: Candidate | None) -> str:
        with database.session(scope=Scope.everything()) as session:
            key = to.registration.id if to else None
            said = {"actor": SYSTEM, "sitting_id": world.sitting.id, "now": database.clock.now()}
            row = invigilation.send_message(session, text="请注意", registration_id=key, **said)
        page.client.app.state.shared._texts.clear()  # type: ignore[attr-defined]
        memory._read()
        return row.id.hex

    nothing = [said_of(page.save(sent(world))), said_of(page.heartbeat())]
    to_all = say(None)
    heard = [said_of(page.save(sent(world, 1))), said_of(page.heartbeat())]
    say(other)
    others = said_of(page.heartbeat())
    mine = say(page.candidate)

    assert nothing == [None, None]
    assert heard == [to_all, to_all]
    assert others == to_all
    assert said_of(page.heartbeat()) == mine


def test_what_was_said_is_read_anew_when_something_was_written(
    page: Page, world: ExamWorld, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "MESSAGES_SECONDS", 0.0)
    read: list[None] = []
    ordinary = told._said
    monkeypatch.setattr(told, "_said", lambda database: read.append(None) or ordinary(database))

    def heard() -> str | None:
        for _ in range(100):
            if "said" in (found := page.heartbeat().json()):
                return str(found["said"])
            time.sleep(0.02)
        return None

    page.heartbeat()
    with database.session(scope=Scope.everything()) as session:
        said = {"actor": SYSTEM, "sitting_id": world.sitting.id, "now": database.clock.now()}
        row = invigilation.send_message(session, text="请注意", **said)

    assert heard() == row.id.hex
    before = len(read)
    for _ in range(5):
        page.heartbeat()
        time.sleep(0.05)
    assert (len(read) == before) is database.is_sqlite


def test_what_is_written_but_answers_is_known_to_the_process(
    page: Page, world: ExamWorld, database: Database
) -> None:
    seen = [database.written]
    for act in (lambda: page.save(sent(world)), page.heartbeat, page.open, page.hand_in):
        assert act().status_code == 200
        seen.append(database.written)

    same = [before is after for before, after in pairwise(seen)]
    assert same == ([True, True, False, False] if database.is_sqlite else [True] * 4)
    assert (seen[0] is None) is not database.is_sqlite


def test_a_late_answer_is_refused_in_both_languages(
    page: Page, world: ExamWorld, clock: ShiftedClock
) -> None:
    clock.advance(timedelta(minutes=90, seconds=20))

    chinese = page.save(sent(world))
    english = page.save(sent(world), **{"cookie": "language=en"})

    assert chinese.status_code == english.status_code == 409
    assert "已结束" in chinese.json()["message"]
    assert "closed" in english.json()["message"]


def test_extra_time_beyond_the_common_end_lets_in_again(
    client: TestClient, database: Database, institution: Institution, clock: ShiftedClock
) -> None:
    world = ExamWorld.make(database, institution, window_minutes=90)
    slow, done = world.candidate(), world.candidate("李晓红")
    for candidate in (done, slow):
        page = Page(client, world, candidate)
        page.start()
    with database.session(scope=Scope.everything()) as session:
        delivery.extend_attempt(
            session, actor=SYSTEM, attempt_id=UUID(page.attempt), minutes=30, reason="断电"
        )
    clock.advance(timedelta(minutes=100))

    assert client.post("/exam/login", data=world.entry(done)).status_code == 409
    assert client.post("/exam/login", data={**world.entry(slow), "entry_code": "AAAABBBB"}).status_code == 403
    again = Page(client, world, slow)
    again.attempt = page.attempt
    assert 0 < again.open().json()["remaining"] < 1200
    assert again.save(sent(world)).status_code == 200


def test_a_candidate_sees_the_own_photograph(
    client: TestClient, world: ExamWorld, database: Database
) -> None:
    candidate = world.candidate()
    Page(client, world, candidate)
    assert client.get("/exam/photo").status_code == 404
    with database.session(scope=Scope.everything()) as session:
        sittings.keep_photo(
            session,
            actor=SYSTEM,
            registration_id=candidate.registration.id,
            filename="photo.jpg",
            content=make_picture(),
            now=database.clock.now(),
        )

    assert 'src="/exam/photo"' in client.get("/exam").text
    assert client.get("/exam/photo").content[:2] == b"\xff\xd8"


def test_an_older_device_is_told_and_writes_nothing(client: TestClient, page: Page, world: ExamWorld) -> None:
    old_token = page.token
    page.open()
    new_token, page.token = page.token, old_token

    refused = page.save(sent(world))
    beat = page.heartbeat()

    assert (refused.status_code, refused.json()["code"]) == (409, "taken_over")
    assert (beat.status_code, beat.json()["code"]) == (409, "taken_over")
    page.token = new_token
    assert page.save(sent(world)).status_code == 200


def test_logging_in_elsewhere_takes_over_and_ends_the_older_login(
    client: TestClient, world: ExamWorld
) -> None:
    candidate = world.candidate()
    old = Page(client, world, candidate)
    old.start()
    old.open()
    old_cookies = dict(client.cookies)
    Page(client, world, candidate)

    assert old.save(sent(world)).json()["code"] == "taken_over"
    client.cookies.clear()
    client.cookies.update(old_cookies)
    assert client.get("/exam").headers["location"].startswith("/exam/login")


def test_an_answer_to_another_s_attempt_is_refused(
    client: TestClient, world: ExamWorld, database: Database
) -> None:
    mine = Page(client, world, world.candidate())
    mine.start()
    mine.open()
    other = Page(client, world, world.candidate("李晓红"))
    other.start()
    other.open()

    stolen = other.save(sent(world), attempt=mine.attempt)
    forged = other.save(sent(world), authorization=f"Bearer {other.token[:-1]}x")
    bare = client.put(f"/exam/attempts/{mine.attempt}/answers", json={"answers": [sent(world)]})

    assert [a.status_code for a in (stolen, forged, bare)] == [403, 403, 403]
    assert {a.json()["code"] for a in (stolen, forged, bare)} == {"not_your_attempt"}
    for path in ("", "/confirm", "/receipt"):
        assert client.get(f"/exam/attempts/{mine.attempt}{path}").status_code == 404
    for path in ("/open", "/submit", "/form"):
        assert other.post(f"/exam/attempts/{mine.attempt}{path}", epoch=2).status_code == 404
    with database.session(writes=False) as session:
        assert session.scalars(select(Answer)).all() == []


def test_a_wrong_answer_is_refused_alone(page: Page, world: ExamWorld) -> None:
    good, foreign = sent(world, 0), {**sent(world, 1), "item": str(new_id())}
    single = next(n for n, entry in enumerate(world.paper.entries) if entry.type == "single_choice")
    double = {**sent(world, single, 2), "response": ["A", "B"]}

    mixed = page.save(good, foreign, double)
    alone = page.save(foreign)

    assert mixed.status_code == 200
    assert [entry[0] for entry in mixed.json()["accepted"]] == [good["item"]]
    assert [refused["code"] for refused in mixed.json()["refused"]] == ["item_not_on_paper", "response_wrong"]
    assert (alone.status_code, alone.json()["code"]) == (422, "item_not_on_paper")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"answers": []}',
        b'{"answers": [{"item": "x", "revision": 1, "response": []}]}',
        b'{"answers": [{"item": "01900000-0000-7000-8000-000000000000", "revision": -1, "response": []}]}',
        b'{"answers": [{"item": "01900000-0000-7000-8000-000000000000", "revision": 1e300, "response": []}]}',
        b'{"answers": "\xff\xfe"}',
        b'{"answers": [], "x": "' + b"y" * 200_000 + b'"}',
        b'{"answers": [{"item": "01900000-0000-7000-8000-000000000000", "revision": 1, "response": ["\\u0000"]}]}',
    ],
)
def test_hostile_bodies_are_refused_by_name(page: Page, body: bytes) -> None:
    answer = page.save(body=body)

    assert answer.status_code == 422
    assert answer.json()["code"] in ("save_unreadable", "item_not_on_paper")


def test_no_key_or_explanation_reaches_the_candidate(page: Page, world: ExamWorld) -> None:
    page.save(sent(world))
    texts = [
        page.client.get("/exam").text,
        page.client.get(f"/exam/attempts/{page.attempt}").text,
        page.client.get(f"/exam/attempts/{page.attempt}/confirm").text,
        page.open().text,
        page.save(sent(world, 0, 2)).text,
        page.heartbeat().text,
        page.hand_in().text,
        page.client.get(f"/exam/attempts/{page.attempt}/receipt").text,
    ]
    stems = [entry.content.stem for entry in world.paper.entries]
    assert all(stem in texts[1] for stem in stems)
    paper = re.sub(r'id="words">.*?</script>', "", texts[1], flags=re.S)
    for text in [texts[0], paper, *texts[2:]]:
        assert not re.search(r"\bkey\b|correct|explanation|解析|正确答案|参考答案", text)
    # Two items that differ in their key alone look alike: nothing in the markup depends on it.
    shapes = {
        re.sub(r'"[^"]*"|>[^<]*<', "", block)
        for block in re.findall(r'<fieldset.*?data-type="single_choice".*?</fieldset>', paper, flags=re.S)
        if "checked" not in block and "current" not in block
    }
    assert len(shapes) == 1


def test_two_candidates_have_different_orders_and_each_always_the_same(
    client: TestClient, world: ExamWorld
) -> None:
    orders = []
    for name in ("甲", "乙"):
        page = Page(client, world, world.candidate(name))
        page.start()
        texts = [client.get(f"/exam/attempts/{page.attempt}").text for _ in range(2)]
        items = [re.findall(r'data-item="([^"]+)"|value="([A-H])"', text) for text in texts]
        assert items[0] == items[1]
        orders.append(items[0])

    assert orders[0] != orders[1]


def test_without_script_the_paper_is_a_form(page: Page, world: ExamWorld) -> None:
    text = page.client.get(f"/exam/attempts/{page.attempt}").text
    epoch = page.find(r'name="epoch" value="(\d+)"', text)
    entry = world.paper.entries[0]

    saved = page.post(
        f"/exam/attempts/{page.attempt}/form",
        epoch=epoch,
        then="hand-in",
        **{f"q-{entry.item_id}": entry.content.options[1].label},
    )
    confirm = page.client.get(saved.headers["location"]).text
    done = page.post(f"/exam/attempts/{page.attempt}/submit", epoch=epoch)

    assert saved.status_code == done.status_code == 303
    assert "9" in confirm
    assert "1 / 10" in page.client.get(done.headers["location"]).text


def test_a_break_without_script_has_a_page_of_its_own_without_the_paper(
    page: Page, world: ExamWorld, database: Database, clock: ShiftedClock
) -> None:
    with database.session(scope=Scope.everything()) as session:
        attempt = session.get_one(Attempt, UUID(page.attempt))
        delivery.give_accommodations(
            session,
            actor=SYSTEM,
            plan_id=world.sitting.plan_id,
            sitting_id=world.sitting.id,
            registration_ids=[attempt.registration_id],
            given=Accommodations(breaks=1, break_minutes=5),
            reason="听力残疾证",
            now=clock.now(),
        )
    here = f"/exam/attempts/{page.attempt}"
    text = page.client.get(here).text
    epoch = page.find(r'name="epoch" value="(\d+)"', text)

    begun = page.post(f"{here}/form", epoch=epoch, then="break")
    rest = page.client.get(begun.headers["location"])
    during = page.client.get(here).text
    ended = page.post(f"{here}/break/end", epoch=epoch)
    again = page.post(f"{here}/form", epoch=epoch, then="break")

    assert 'name="then" value="break"' in text
    assert begun.headers["location"] == f"{here}/rest"
    assert 'content="301"' in rest.text
    assert str(world.paper.entries[0].item_id) not in rest.text
    assert f"0;url={here}/rest" in during
    assert f"0;url={here}/rest" not in text
    assert (ended.status_code, ended.headers["location"]) == (303, here)
    assert (again.status_code, page.client.get(f"{here}/rest").headers["location"]) == (409, here)


def test_the_page_weighs_less_than_100_kilobytes_of_script_and_style(page: Page) -> None:
    text = page.client.get(f"/exam/attempts/{page.attempt}").text
    files = set(re.findall(r'(?:href|src)="/static/([^"?]+)', text))
    modules, waiting = set(), ["exam.js"]
    while waiting:
        name = waiting.pop()
        modules.add(f"js/{name}")
        found = re.findall(r'(?:from |import |import\()"\./([^"]+)"', (STATIC / "js" / name).read_text())
        waiting += [other for other in found if f"js/{other}" not in modules]
    modules |= {"js/exam-worker.js", "js/exam-unlock.js"}
    weight = sum((STATIC / file).stat().st_size for file in files | modules)

    assert "js/exam.js" in files
    assert len(modules) > 15
    assert weight < 100_000


def test_a_browser_loads_scripts_and_styles_once(client: TestClient) -> None:
    text = client.get("/exam/login").text
    [address] = re.findall(r'src="(/static/js/exam-login[^"]+)"', text)
    script = client.get(address)
    [imported] = re.findall(r'from "\./(exam-offline\.js\?v=[^"]+)"', script.text)
    module = client.get(f"/static/js/{imported}")

    assert all("immutable" in answer.headers["cache-control"] for answer in (script, module))
    assert client.get("/static/js/exam-offline.js").headers["cache-control"] == "no-cache"
    assert client.get("/static/js/site.js").headers["cache-control"] == "no-cache"
    assert client.get("/static/js/exam-nothing.js").status_code == 404
    assert client.get("/exam/worker.js").headers["service-worker-allowed"] == "/exam"
    shell = client.get("/exam/offline")
    assert "无法连接服务器" in shell.text
    assert "default-src 'self'" in shell.headers["content-security-policy"]


def test_what_a_page_reports_is_kept_for_its_own_attempt_alone(page: Page, database: Database) -> None:
    event = {"number": 7, "kind": "paste", "ago": 0}

    def report(body: Any, token: str = "") -> tuple[int, str]:
        answer = page.client.post(
            f"/exam/attempts/{page.attempt}/events",
            json=body,
            headers={"authorization": f"Bearer {token or page.token}"},
        )
        return answer.status_code, answer.json().get("code", "")

    assert report({"events": [event]}) == (200, "")
    assert report({"events": [event]}, page.token[:-1] + "x") == (403, "not_your_attempt")
    assert report({"events": [event]}, "nothing") == (403, "not_your_attempt")
    for body in ({}, {"events": []}, {"events": [{**event, "kind": "thought"}]}, {"events": [event] * 200}):
        assert report(body) == (422, "events_unreadable")
    with database.session(writes=False) as session:
        assert [row.number for row in session.scalars(select(AttemptEvent))] == [7]


def test_handing_in_too_early_says_when_without_script_too(
    client: TestClient, database: Database, institution: Institution
) -> None:
    world = ExamWorld.make(database, institution, earliest_submit_minutes=30)
    page = Page(client, world, world.candidate())
    page.start()
    page.open()

    early = page.hand_in()
    without_script = page.post(f"/exam/attempts/{page.attempt}/submit", epoch=page.epoch)

    assert (early.status_code, early.json()["code"]) == (409, "submitted_too_early")
    assert without_script.status_code == 409
    assert re.search(r"30 ?分钟后", without_script.text)
    assert "确认交卷" in without_script.text


def _ordinary_road(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lean road answer nothing."""

    async def go_on(*_arguments: object) -> None:
        raise lean.GoOn

    monkeypatch.setattr(lean.Lean, "_ask", go_on)


def _no_ordinary_road(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything fail that the lean road does not answer."""

    async def refuse(*_arguments: object) -> None:
        raise AssertionError("the lean road did not answer")

    monkeypatch.setattr(FastAPI, "__call__", refuse)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_lean_pages_are_the_ordinary_pages(
    client: TestClient, world: ExamWorld, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    candidate = world.candidate("<b>王&小明</b>")
    steps: dict[str, list[str]] = {}
    for road in (_no_ordinary_road, _ordinary_road):
        with monkeypatch.context() as patched:
            road(patched)
            page = Page(client, world, candidate)
            client.cookies.set("language", language)
            texts = [client.get("/exam").text]
            page.start()
            texts += [client.get("/exam").text, client.get(f"/exam/attempts/{page.attempt}").text]
            page.open()
            page.save(sent(world, 3))
            texts.append(client.get(f"/exam/attempts/{page.attempt}").text)
            if road is _no_ordinary_road:  # then once more from the ordinary road, with the same attempt
                before = page
        steps[road.__name__] = [
            re.sub(r'[0-9a-f]{64}|name="epoch" value="\d+"', "", text) for text in texts[1:]
        ]

    assert before.attempt == page.attempt
    lean_waiting, lean_paper, lean_answered = steps["_no_ordinary_road"]
    waiting, answered, _ = steps["_ordinary_road"]
    assert lean_waiting == waiting
    assert lean_answered == answered
    assert "&lt;b&gt;王&amp;小明&lt;/b&gt;" in lean_paper
    assert "checked" in lean_answered
    assert "checked" not in lean_paper


def test_the_lean_road_goes_from_the_entrance_to_the_receipt_and_is_audited(
    client: TestClient, world: ExamWorld, monkeypatch: pytest.MonkeyPatch, database: Database, tmp_path: Path
) -> None:
    candidate = world.candidate()
    _no_ordinary_road(monkeypatch)
    page = Page(client, world, candidate)
    assert page.start().headers["location"] == page.start().headers["location"]
    client.get(f"/exam/attempts/{page.attempt}")
    page.open()
    page.save(sent(world))
    first, again = page.hand_in().json(), page.hand_in().json()

    assert (first["code"], again["code"]) == ("handed_in", "already_handed_in")
    with database.session(writes=False) as session:
        actions = [entry.action for entry in reversed(audit.entries(session, institutions=None))]
        verdict = audit.verify(session, tmp_path / "audit-heads.jsonl")
    assert actions[-4:] == ["candidate.entered", "attempt.started", "attempt.opened", "attempt.handed_in"]
    assert verdict.is_intact


def test_what_is_sent_wrong_is_refused_by_name_in_both_languages_and_touches_nobody(
    client: TestClient, world: ExamWorld, database: Database, clock: ShiftedClock
) -> None:
    neighbour = Page(client, world, world.candidate("李晓红"))
    neighbour.start()
    neighbour.open()
    neighbour.save(sent(world))
    page = Page(client, world, world.candidate())
    page.start()
    page.open()
    page.save(sent(world, 0, 7))

    def stored() -> Any:
        with database.session(writes=False, scope=Scope.everything()) as session:
            answers = [
                (a.attempt_id, a.item_id, a.epoch, a.revision) for a in session.scalars(select(Answer))
            ]
            attempts = [(a.id, a.epoch, a.submitted_at) for a in session.scalars(select(Attempt))]
        return sorted(answers), sorted(attempts)

    before = stored()
    answer = sent(world)
    old, page.token = page.token, page.token[:-1] + ("0" if page.token[-1] != "0" else "1")
    cases = [("forged", 403, "not_your_attempt", page.save(answer), page.save(answer, cookie="language=en"))]
    page.token = old

    def refused(name: str, status: int, code: str, **given: Any) -> None:
        item = given.pop("answer", answer)
        english = {**given, "cookie": "language=en"}
        cases.append((name, status, code, page.save(item, **given), page.save(item, **english)))

    refused("another's", 403, "not_your_attempt", attempt=neighbour.attempt)
    refused("10 MB", 422, "save_unreadable", body=b'{"answers": "' + b"x" * 10_000_000 + b'"}')
    refused("NUL", 422, "response_wrong", answer={**answer, "response": ["\x00"]})
    refused("not on the paper", 422, "item_not_on_paper", answer={**answer, "item": str(new_id())})
    refused("a clock of its own", 422, "save_unreadable", answer={**answer, "at": "1970-01-01T00:00:00Z"})
    refused("revision below one", 422, "save_unreadable", answer={**answer, "revision": 0})
    earlier = page.save(sent(world, 0, 3))
    assert earlier.status_code == 200  # acknowledged: the newer answer that is kept is at least as new
    assert stored() == before
    clock.advance(LIFETIME)
    refused("expired", 403, "token_expired")

    for name, status, code, chinese, english in cases:
        assert (chinese.status_code, chinese.json()["code"]) == (status, code), name
        assert (english.status_code, english.json()["code"]) == (status, code), name
        assert re.search("[一-龥]", chinese.json()["message"]), name
        assert english.json()["message"].isascii(), name
    assert stored() == before


def test_the_lean_road_is_as_strict_about_forms_as_the_ordinary_one(
    client: TestClient, world: ExamWorld
) -> None:
    candidate = world.candidate()
    foreign = client.post(
        "/exam/login", data=world.entry(candidate), headers={"sec-fetch-site": "cross-site"}
    )
    page = Page(client, world, candidate)
    start = f"/exam/sittings/{world.sitting.id}/start"
    without = client.post(start)
    wrong = client.post(start, headers={"x-csrf-token": "0" * 64})
    elsewhere = client.post(start, headers={"x-csrf-token": page.csrf, "origin": "http://evil.example"})
    large = client.post(start, data={"_csrf": page.csrf, "x": "y" * 10_000})

    assert [a.status_code for a in (foreign, without, wrong, elsewhere)] == [403, 403, 403, 403]
    assert large.status_code == 303  # no small form: the ordinary road reads it, whole
    assert client.get(f"/exam/attempts/{new_id()}").status_code == 404
    client.cookies.clear()
    assert client.get("/exam").headers["location"].startswith("/exam/login")
    assert client.post(start).status_code == 401


def test_a_database_that_is_away_is_said_at_once_with_when_to_come_back(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object) -> None:
        raise OperationalError("select", {}, Exception("connection lost"))

    monkeypatch.setattr(acts, "ACTS", {**acts.ACTS, Open: away, HandIn: away, Read: away})
    answers = [page.open(), page.hand_in(), page.client.get(f"/exam/attempts/{page.attempt}")]

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert all(answer.headers["retry-after"] for answer in answers)
    assert answers[1].json()["code"] == "database_away"
    monkeypatch.undo()
    assert page.hand_in().json()["code"] == "handed_in"
