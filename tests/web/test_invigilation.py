"""The rooms as invigilators meet them."""

from __future__ import annotations

import asyncio
import io
import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pypdf import PdfReader

from exam_engine.delivery import service as delivery
from exam_engine.delivery.rules import AnswerRow, EventKind
from exam_engine.delivery.saving.store import write_answers
from exam_engine.delivery.store import add_events
from exam_engine.invigilation import service as invigilation
from exam_engine.sittings import service as sittings
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope, database_now
from itembank.base.ids import new_id
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from itembank.people.service import session_digest
from tests.conftest import OpenSession
from tests.factories.kept import once
from tests.factories.people import make_institution
from tests.factories.theory import Theory, make_theory
from web.deps import NOTICE_COOKIE
from web.invigilation import live
from web.security import SESSION_COOKIE, csrf_token, waiting_key

MINUTE = timedelta(minutes=1)


@pytest.fixture
def theory(open_session: OpenSession, institution: Institution, clock: ShiftedClock) -> Theory:
    """Four candidates; the first two have begun, a minute after the start."""

    def make() -> Theory:
        made = make_theory(open_session, institution, starts=clock.now() + 10 * MINUTE)
        clock.advance(11 * MINUTE)
        with open_session() as session:
            for number in (1, 2):
                delivery.start(session, actor=made.actor(number), sitting_id=made.sitting_id)
        return made

    return once("a room at work", open_session, make)


def officer_of_room(theory: Theory) -> Actor:
    return Actor("user", None, theory.institution_id, frozenset({Role.EXAM_OFFICER}), "考务员")


def address(theory: Theory) -> str:
    return f"/invigilation/{theory.sitting_id}/rooms/{theory.room_id}"


def test_the_room_is_shown_and_refreshed_in_part(client: TestClient, login: Any, theory: Theory) -> None:
    login(Role.INVIGILATOR)

    listed = client.get("/invigilation").text
    overview = client.get(f"/invigilation/{theory.sitting_id}").text
    room = client.get(address(theory)).text
    part = client.get(address(theory), headers={"hx-request": "true"}).text

    assert f"/invigilation/{theory.sitting_id}" in listed
    assert "作答中 2" in overview
    assert room.count('data-state="answering"') == 2
    assert room.count('data-state="not_logged_in"') == 2
    assert "已答 0/10" in room
    assert "<html" not in part
    assert "data-live" in part


def news(client: TestClient, where: str) -> dict[str, Any]:
    """Without naming the type of a stream, a client is given one picture."""
    answer = client.get(f"/invigilation/sittings/{where}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = json.loads(answer.text.split("event: seats\ndata: ")[1].splitlines()[0])
    return found


def test_the_live_picture_tells_state_progress_and_time_without_names(
    client: TestClient,
    login: Any,
    theory: Theory,
    database: Database,
    clock: ShiftedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with database.session(scope=Scope.everything()) as session:
        first, second = (row.attempt_id for row in delivery.attempt_states(session, theory.sitting_id))
        delivery.pause_attempt(session, actor=theory.actor(2), attempt_id=second, reason="设备更换")
        now = database_now(session)
        answers = [AnswerRow(first, new_id(), 1, 1, response, flagged=False) for response in (["A"], [])]
        write_answers(session.connection(), answers, saved_at=now)
    login(Role.INVIGILATOR)

    seats = news(client, f"{theory.sitting_id}/rooms/{theory.room_id}")["rows"]
    rooms = news(client, str(theory.sitting_id))["rows"]
    clock.advance(3 * MINUTE)
    monkeypatch.setattr(live, "FRESH_SECONDS", 0.0)
    later = news(client, f"{theory.sitting_id}/rooms/{theory.room_id}")["rows"]

    one, two, three, _ = (seats[str(key)] for key in theory.candidates)
    assert one[:5] == ["answering", 1, 10, round(now.timestamp() * 1000), 1]
    assert (one[5] - now.timestamp() * 1000) == pytest.approx(90 * 60_000, abs=120_000)
    assert two[0] == "paused"
    assert two[6] == pytest.approx(90 * 60, abs=120)
    assert (one[8], two[8], three[8]) == (0, 1, 1)
    assert rooms == {str(theory.room_id): {"answering": 1, "paused": 1, "not_logged_in": 2}}
    assert later[str(theory.candidates[0])][7:9] == [1, 1]


def test_the_stream_tells_what_changed_and_ends_with_the_login_or_the_sitting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "LOGIN_SECONDS", 0.0)
    monkeypatch.setattr(live, "STILL_SECONDS", 0.0)
    pictures = iter(
        [
            live.Shown(1, False, {"a": ["waiting"], "b": ["waiting"]}, 0.0),
            live.Shown(2, False, {"a": ["answering"], "b": ["waiting"]}, 0.0),
            live.Shown(2, False, {"a": ["answering"], "b": ["waiting"]}, 0.0),
            live.Shown(3, True, {"a": ["answering"]}, 0.0),
        ]
    )

    async def draw() -> live.Shown:
        return next(pictures)

    async def hear(logged_in: bool) -> list[str]:
        source = live.events(draw, lambda: logged_in)
        return [part.strip() async for part in source]

    ended, closed = asyncio.run(hear(False)), asyncio.run(hear(True))

    assert ended[1:] == [
        'event: seats\ndata: {"at":1,"rows":{"a":["waiting"],"b":["waiting"]},"gone":[]}',
        "event: end\ndata: login",
    ]
    assert closed[2:] == [
        "event: still\ndata: 2",
        'event: seats\ndata: {"at":3,"rows":{},"gone":["b"]}',
        "event: end\ndata: closed",
    ]


def test_a_login_watches_ten_rooms_at_most_and_only_what_it_reaches(
    client: TestClient, login: Any, theory: Theory, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.session(scope=Scope.everything()) as session:
        sibling = make_institution(session)
    login(Role.INVIGILATOR, institution=sibling)
    foreign = client.cookies[SESSION_COOKIE]
    login(Role.INVIGILATOR)
    token = client.cookies[SESSION_COOKIE]
    pictures = live.Live(database, client.app.state.shared)  # type: ignore[attr-defined]
    stream = {"accept": "text/event-stream"}
    address = f"/invigilation/sittings/{theory.sitting_id}/events"
    shared, key = pictures.shared, f"streams:{session_digest(token)}"
    places: list[bool] = []

    def hold(holder: str) -> bool:
        return shared.hold(key, holder, limit=live.MOST_STREAMS, seconds=60)

    async def look(*_arguments: object, **_options: object) -> Any:
        places.append(hold("last"))
        yield "event: end\ndata: closed\n\n"

    monkeypatch.setattr(live, "events", look)
    assert all(hold(f"{n}") for n in range(live.MOST_STREAMS - 1))
    allowed = client.get(address, headers=stream).status_code
    for _ in range(500):  # until the stream has given its place back
        if hold("last"):
            break
        time.sleep(0.01)
    refused = client.get(address, headers={**stream, "accept-language": "en"})
    once = client.get(address).status_code

    assert (allowed, refused.status_code, once) == (200, 429, 200)
    assert "10" in refused.text
    assert places == [False, True]
    watching = [pictures.may_watch(held, theory.sitting_id) for held in (token, foreign, "nobody")]
    assert watching == [True, False, False]


def test_attendance_incidents_record_and_closing(
    client: TestClient, login: Any, theory: Theory, clock: ShiftedClock
) -> None:
    login(Role.INVIGILATOR)
    here, keys = address(theory), [str(key) for key in theory.candidates]

    nobody = client.post(f"{here}/attendance", data={"state": "absent"})
    begun = client.post(f"{here}/attendance", data={"state": "absent", "registration_ids": keys[:1]})
    absent = client.post(f"{here}/attendance", data={"state": "absent", "registration_ids": keys[2:]})
    silent = client.post(f"{here}/incidents", data={"kind": "cheating", "registration_id": keys[0]})
    cheating = client.post(
        f"{here}/incidents", data={"kind": "cheating", "registration_id": keys[0], "note": "查出手机"}
    )
    page = client.get(f"{here}?seat={keys[0]}").text
    incident = re.search(r"incidents/([0-9a-f-]{36})/withdraw", page)
    assert incident
    confirm = f"{here}/incidents/{incident[1]}/confirm"
    alone = client.post(confirm)
    homes = [client.get("/").text]
    login(Role.EXAM_OFFICER)
    homes.append(client.get("/").text)
    second = client.post(confirm)
    homes.append(client.get("/").text)
    ended = client.get(f"{here}?seat={keys[0]}").text
    early = client.post(f"/invigilation/{theory.sitting_id}/close")
    clock.advance(120 * MINUTE)
    unrecorded = client.post(f"/invigilation/{theory.sitting_id}/close")
    bare = client.post(f"{here}/record", data={"substitute": "双人巡视"})
    kept = client.post(f"{here}/record", data={"video_reference": "NVR-3", "notes": "秩序良好"})
    sheet = client.get(f"{here}/record").text
    pdf = PdfReader(io.BytesIO(client.get(f"{here}/record.pdf").content)).pages[0].extract_text()
    closed = client.post(f"/invigilation/{theory.sitting_id}/close")
    late = client.post(f"{here}/incidents", data={"kind": "other", "note": "x"})

    assert [a.status_code for a in (nobody, begun, absent, silent, cheating)] == [422, 409, 303, 422, 303]
    assert "不能登记为缺考" in begun.text
    assert 'data-state="paused"' in page
    assert "待第二人确认" in page
    assert [alone.status_code, second.status_code] == [409, 303]
    assert [f'href="{here}"><span class="todo-count">1</span>待第二人' in home for home in homes] == [
        False,
        True,
        False,
    ]
    assert 'data-state="terminated"' in ended
    assert "经第二人确认，本科目成绩无效" in sheet
    assert [a.status_code for a in (early, unrecorded, bare, kept, closed, late)] == [
        409,
        409,
        422,
        303,
        303,
        422,
    ]
    assert "缺少考场记录：第1考场" in unrecorded.text
    assert "替代监督措施及原因" in bare.text
    assert "NVR-3" in sheet
    assert "查出手机" in sheet
    assert "NVR-3" in pdf
    assert "已于" in client.get(f"/invigilation/{theory.sitting_id}").text


def test_an_incident_is_withdrawn_with_a_reason(
    client: TestClient, login: Any, theory: Theory, database: Database, clock: ShiftedClock
) -> None:
    login(Role.INVIGILATOR)
    here = address(theory)
    client.post(f"{here}/incidents", data={"kind": "equipment", "note": "投影故障"})
    with database.session(scope=Scope.everything()) as session:
        room = invigilation.watch(session, theory.sitting_id, now=clock.now())[0]
        incident = room.incidents[0].id

    silent = client.post(f"{here}/incidents/{incident}/withdraw")
    done = client.post(f"{here}/incidents/{incident}/withdraw", data={"reason": "误报"})
    unknown = client.post(f"{here}/incidents/{theory.room_id}/withdraw", data={"reason": "误报"})

    assert [answer.status_code for answer in (silent, done, unknown)] == [422, 303, 404]
    assert "已撤销：误报" in client.get(here).text


def test_an_attempt_is_extended_paused_resumed_and_ended_with_reasons(
    client: TestClient, login: Any, theory: Theory
) -> None:
    login(Role.INVIGILATOR)
    attempt = f"{address(theory)}/attempts/{theory.candidates[0]}"

    def send(**fields: str) -> int:
        return client.post(attempt, data=fields).status_code

    assert send(deed="extend", minutes="10") == 422
    assert send(deed="extend", minutes="10", reason="设备故障") == 303
    assert send(deed="pause", reason="设备故障") == 303
    assert 'data-state="paused"' in client.get(address(theory)).text
    assert send(deed="resume") == 303
    assert send(deed="terminate", reason="违纪离场") == 303
    assert send(deed="pause", reason="再来") == 422
    assert send(deed="dance") == 422
    unseated = f"{address(theory)}/attempts/{theory.candidates[3]}"
    assert client.post(unseated, data={"deed": "pause", "reason": "x"}).status_code == 422
    unknown = f"{address(theory)}/attempts/{theory.room_id}"
    assert client.post(unknown, data={"deed": "pause", "reason": "x"}).status_code == 404


def test_what_was_done_is_said_with_the_name_and_a_missing_reason_takes_the_focus(
    client: TestClient, login: Any, theory: Theory
) -> None:
    login(Role.INVIGILATOR)
    here, key = address(theory), theory.candidates[0]
    name = re.search(rf'value="{key}"[^>]*>([^<]+)</option>', client.get(f"{here}?seat={key}").text)
    assert name

    def said(place: str, **fields: str) -> str:
        answer = client.post(place, data=fields)
        assert answer.status_code == 303
        return client.get(answer.headers["location"]).text

    silent = client.post(f"{here}/attempts/{key}", data={"deed": "pause"}).text
    longer = said(f"{here}/attempts/{key}", deed="extend", minutes="7", reason="断电")
    paused = said(f"{here}/attempts", deed="pause", reason="断电")
    resumed = said(f"/invigilation/{theory.sitting_id}/attempts", deed="resume")
    told = said(f"{here}/seats/{key}/messages", text="请举手")
    collected = said(f"{here}/attempts/{key}", deed="submit", reason="自愿")

    assert re.search(r'id="reason"[^>]*aria-invalid="true"[^>]* autofocus', silent)
    assert f"已为{name[1]}延长 7 分钟。" in longer
    assert "已暂停 2 名考生的作答。" in paused
    assert "2 名考生可继续作答。" in resumed
    assert f"通知已发送给{name[1]}。" in told
    assert f"致{name[1]}</span> 请举手" in told
    assert f"已收{name[1]}的卷。" in collected
    assert "已收卷 1" in collected


def test_openings_of_the_page_are_counted_without_the_start(
    client: TestClient, login: Any, theory: Theory, database: Database
) -> None:
    login(Role.INVIGILATOR)
    place = f"{address(theory)}?seat={theory.candidates[0]}"

    def times() -> str:
        found = re.search(r"打开页面、登录次数</dt><dd>(\d+)", client.get(place).text)
        assert found
        return found[1]

    before = times()
    with database.session(scope=Scope.everything()) as session:
        [row] = delivery.attempt_states(session, theory.sitting_id, [theory.candidates[0]])
        delivery.open_attempt(session, actor=theory.actor(1), attempt_id=row.attempt_id)

    assert (before, times()) == ("0", "1")


def test_a_candidate_is_found_admitted_moved_told_and_given_a_new_code(
    client: TestClient, login: Any, theory: Theory, database: Database
) -> None:
    login(Role.INVIGILATOR)
    here, key = address(theory), theory.candidates[0]
    seat = f"{here}/seats/{key}"
    with database.session(scope=Scope.everything()) as session:
        ticket = sittings.find_registration(session, key).ticket_number or ""
        other = sittings.create_room(session, actor=officer_of_room(theory), name="备用机房", capacity=2)
        before = sittings.find_registration(session, key).entry_code_hash

    with database.session(scope=Scope.everything()) as session:
        attempt_id = next(
            row.attempt_id for row in delivery.attempt_states(session, theory.sitting_id, [key])
        )
        lost = {"kind": EventKind.FOCUS_LOST, "at": database_now(session), "lasted_seconds": 7.0}
        add_events(session, [{"attempt_id": attempt_id, "epoch": 1, "number": 5, **lost}])
    found = client.get(here, params={"find": ticket}).text
    overview = client.get(f"/invigilation/{theory.sitting_id}").text
    nobody = client.get(here, params={"find": "无此人"}).text
    photo = client.get(f"{seat}/photo")
    slip = client.post(f"{seat}/replacement", data={"room_id": theory.room_id, "move_reason": "遗失"})
    unexplained = client.post(f"{seat}/replacement", data={"room_id": theory.room_id})
    told = client.post(f"{here}/messages", data={"text": "还有十五分钟"})
    empty = client.post(f"{seat}/messages", data={"text": " "})
    everybody = client.post(f"/invigilation/{theory.sitting_id}/messages", data={"text": "请安静"})
    longer = client.post(
        f"/invigilation/{theory.sitting_id}/attempts",
        data={"deed": "extend", "minutes": "5", "reason": "断电"},
    )
    silent = client.post(f"{here}/attempts", data={"deed": "pause", "minutes": "5"})
    taken = client.post(f"{seat}/move", data={"room_id": theory.room_id, "number": "2", "move_reason": "坏"})
    moved = client.post(f"{seat}/move", data={"room_id": str(other.id), "number": "2", "move_reason": "坏"})
    there = f"/invigilation/{theory.sitting_id}/rooms/{other.id}/seats/{key}/replacement"
    back = {"room_id": theory.room_id, "move_reason": "机器坏"}
    occupied = client.post(there, data={**back, "number": "2"})
    with database.session(scope=Scope.everything()) as session:
        between = sittings.find_registration(session, key).entry_code_hash
    replaced = client.post(there, data={**back, "number": "1"})
    elsewhere = client.post(there, data=back)

    assert 'aria-current="true"' in found
    assert "页面失去焦点 · 7 秒" in " ".join(found.split())
    assert f"/late-files/{theory.sitting_id}" in overview
    assert "没有符合" in nobody
    assert photo.status_code == 404
    assert [a.status_code for a in (slip, unexplained, occupied, replaced)] == [200, 422, 422, 200]
    assert re.search(r'class="ticket-code">[2-9A-Z]{4}-[2-9A-Z]{4}<', slip.text)
    assert "第1考场 1号" in replaced.text
    with database.session(scope=Scope.everything()) as session:
        assert len({before, between, sittings.find_registration(session, key).entry_code_hash}) == 3
    assert [a.status_code for a in (told, empty, everybody, longer, silent)] == [303, 422, 303, 303, 422]
    assert [a.status_code for a in (taken, moved, elsewhere)] == [422, 303, 404]
    assert str(other.id) in moved.headers["location"]
    assert "还有十五分钟" in client.get(here).text


def test_candidates_hear_what_is_said_to_them_their_room_or_all(
    client: TestClient, login: Any, theory: Theory, database: Database
) -> None:
    with database.session(scope=Scope.everything()) as session:
        opened = [
            delivery.open_attempt(session, actor=theory.actor(number), attempt_id=row.attempt_id)
            for number, row in enumerate(delivery.attempt_states(session, theory.sitting_id), 1)
        ]

    def hear(which: int, token: str | None = None) -> Any:
        bearer = {"authorization": f"Bearer {token or opened[which].token}"}
        return client.get(f"/exam/attempts/{opened[which].attempt.id}/messages", headers=bearer)

    login(Role.INVIGILATOR)
    nothing = hear(0).json()["messages"]
    here = address(theory)
    client.post(f"{here}/messages", data={"text": "还有十五分钟"})
    client.post(f"{here}/seats/{theory.candidates[1]}/messages", data={"text": "请坐好"})
    client.app.state.shared._texts.clear()  # type: ignore[attr-defined]
    del client.app.state.told  # type: ignore[attr-defined]

    assert nothing == []
    assert [row["text"] for row in hear(0).json()["messages"]] == ["还有十五分钟"]
    assert [row["text"] for row in hear(1).json()["messages"]] == ["还有十五分钟", "请坐好"]
    assert hear(0, opened[1].token).json()["code"] == "not_your_attempt"
    with database.session(scope=Scope.everything()) as session:
        delivery.open_attempt(session, actor=theory.actor(1), attempt_id=opened[0].attempt.id)
        delivery.terminate_attempt(
            session, actor=theory.actor(2), attempt_id=opened[1].attempt.id, reason="离场"
        )
    del client.app.state.told  # type: ignore[attr-defined]
    assert [hear(number).json()["messages"] for number in (0, 1)] == [[], []]


def test_without_scripts_messages_stand_in_a_page_of_their_own_until_they_were_read(
    client: TestClient, login: Any, theory: Theory, database: Database
) -> None:
    with database.session(scope=Scope.everything()) as session:
        first, second = (row.attempt_id for row in delivery.attempt_states(session, theory.sitting_id)[:2])
    login(Role.INVIGILATOR)
    client.post(f"{address(theory)}/messages", data={"text": "还有<b>十五分钟"})
    client.post(f"{address(theory)}/seats/{theory.candidates[1]}/messages", data={"text": "请坐好"})
    with database.session(scope=Scope.everything()) as session:
        token = people.open_candidate_session(
            session,
            registration_id=theory.candidates[0],
            institution_id=theory.institution_id,
            now=database.clock.now(),
        )
    client.cookies.set(SESSION_COOKIE, token)
    client.headers["x-csrf-token"] = csrf_token(token)
    here = f"/exam/attempts/{first}/told"

    paper = client.get(f"/exam/attempts/{first}").text
    told = client.get(here)
    mark = re.search(r'name="message" value="(\w+)"', told.text)
    assert mark is not None
    read = client.post(here, data={"message": mark[1]})
    after = client.get(here)

    assert f'<noscript><iframe class="told-frame" src="{here}"' in paper
    assert "还有&lt;b&gt;十五分钟" in told.text
    assert "请坐好" not in told.text
    assert told.headers["refresh"] == "30"
    assert "frame-ancestors 'self'" in told.headers["content-security-policy"]
    assert (read.status_code, read.headers["location"]) == (303, here)
    assert "还有&lt;b&gt;十五分钟" in after.text
    assert 'name="message"' not in after.text
    assert client.get(f"/exam/attempts/{second}/told").status_code == 404


def test_who_waits_for_the_start_hears_what_is_said_and_what_was_read_stays_read_on_the_paper(
    client: TestClient, login: Any, theory: Theory, database: Database
) -> None:
    with database.session(scope=Scope.everything()) as session:
        theirs = [
            people.open_candidate_session(
                session, registration_id=key, institution_id=theory.institution_id, now=database.clock.now()
            )
            for key in theory.candidates[:2]
        ]
    here = f"/exam/sittings/{theory.sitting_id}"

    def hear(which: int) -> list[str]:
        client.cookies.set(SESSION_COOKIE, theirs[which])
        said = client.get(f"{here}/told", headers={"accept": "application/json"}).json()["messages"]
        return [row["text"] for row in said]

    mine = {"authorization": f"Bearer {waiting_key(database.keyring, theory.sitting_id)}"}
    nothing = client.get(f"{here}/latest", headers=mine).json()
    login(Role.INVIGILATOR)
    client.post(f"{address(theory)}/messages", data={"text": "请核对座位号"})
    client.post(f"{address(theory)}/seats/{theory.candidates[1]}/messages", data={"text": "请坐好"})
    staff = client.get(f"{here}/told").status_code
    client.app.state.shared._texts.clear()  # type: ignore[attr-defined]
    del client.app.state.told  # type: ignore[attr-defined]
    news = client.get(f"{here}/latest", headers=mine).json()
    heard = [hear(0), hear(1)]
    client.cookies.set(SESSION_COOKIE, theirs[0])
    client.headers["x-csrf-token"] = csrf_token(theirs[0])
    mark = re.search(r'name="message" value="(\w+)"', client.get(f"{here}/told").text)
    assert mark is not None
    read = client.post(f"{here}/told", data={"message": mark[1]})

    assert nothing == {"latest": ""}
    assert set(news) == {"latest"}
    assert news["latest"]
    assert heard == [["请核对座位号"], ["请核对座位号", "请坐好"]]
    assert staff == 403
    assert read.headers["location"] == f"{here}/told"
    with database.session(scope=Scope.everything()) as session:
        rows = delivery.attempt_states(session, theory.sitting_id, [theory.candidates[0]])
        attempt_id = next(row.attempt_id for row in rows)
    assert 'name="message"' not in client.get(f"/exam/attempts/{attempt_id}/told").text
    client.cookies.set(SESSION_COOKIE, theirs[1])
    assert 'name="message"' in client.get(f"{here}/told").text


def test_only_the_waiting_rooms_of_a_sitting_learn_that_something_was_said_in_it(
    client: TestClient, theory: Theory, database: Database
) -> None:
    other = new_id()
    with database.session(scope=Scope.everything()) as session:
        said = {
            "actor": officer_of_room(theory),
            "sitting_id": theory.sitting_id,
            "now": database.clock.now(),
        }
        invigilation.send_message(session, text="请核对座位号", **said)
        token = people.open_candidate_session(
            session,
            registration_id=theory.candidates[2],
            institution_id=theory.institution_id,
            now=database.clock.now(),
        )
    client.cookies.set(SESSION_COOKIE, token)
    lean = client.get("/exam").text
    client.cookies.set(NOTICE_COOKIE, "x")  # which the lean road leaves to the ordinary one
    shown = [
        re.search(r'data-sitting="(.+?)" data-key="(.+?)"', text) for text in (lean, client.get("/exam").text)
    ]
    [(sitting, key)] = {found.groups() for found in shown if found is not None}

    def ask(where: object, **headers: str) -> tuple[int, dict[str, Any]]:
        answer = client.get(f"/exam/sittings/{where}/latest", headers=headers)
        return answer.status_code, answer.json()

    heard = ask(sitting, authorization=f"Bearer {key}")
    refused = [
        ask(sitting),
        ask(sitting, authorization="Bearer "),
        ask(sitting, authorization=f"Basic {key}"),
        ask(sitting, authorization=f"Bearer {key[:-1]}"),
        ask(sitting, authorization=f"Bearer {waiting_key(database.keyring, other)}"),
        ask(other, authorization=f"Bearer {key}"),
        ask("none", authorization=f"Bearer {key}"),
    ]

    assert all(shown)
    assert sitting == str(theory.sitting_id)
    assert heard[0] == 200
    assert heard[1]["latest"]
    assert [status for status, _ in refused] == [404] * 7
    assert {facts["code"] for _, facts in refused} == {"not_found"}
    assert all("latest" not in facts for _, facts in refused)


def test_a_sibling_institution_sees_no_room(
    client: TestClient, login: Any, theory: Theory, database: Database
) -> None:
    with database.session(scope=Scope.everything()) as session:
        sibling = make_institution(session)
    login(Role.INVIGILATOR, institution=sibling)

    assert client.get(address(theory)).status_code == 404
    assert client.get(f"/invigilation/{theory.sitting_id}").status_code == 404
    assert client.get(f"/invigilation/sittings/{theory.sitting_id}/events").status_code == 404
    events = f"/invigilation/sittings/{theory.sitting_id}/rooms/{theory.room_id}/events"
    assert client.get(events, headers={"accept": "text/event-stream"}).status_code == 404
    assert client.post(f"/invigilation/{theory.sitting_id}/close").status_code == 404
    assert client.post(f"{address(theory)}/record", data={"video_reference": "1"}).status_code == 404


def test_the_candidates_timeline_tells_the_whole_life(client: TestClient, login: Any, theory: Theory) -> None:
    login(Role.INVIGILATOR)
    client.post(
        f"{address(theory)}/incidents",
        data={"kind": "cheating", "registration_id": str(theory.candidates[0]), "note": "查出手机"},
    )
    login(Role.EXAM_OFFICER)
    room = client.get(f"{address(theory)}?seat={theory.candidates[0]}").text
    confirm = re.search(r'action="(\S+/confirm)"', room)
    assert confirm
    client.post(confirm[1])

    page = client.get(f"/plans/{theory.plan_id}/registrations/{theory.candidates[0]}").text

    for said in (
        "报名",
        "编排准考证号",
        "发放入场码",
        "开始作答",
        "考场情况：舞弊",
        "违纪情况经第二人确认",
        "系统或监考收卷",
        "查出手机",
    ):
        assert said in page
