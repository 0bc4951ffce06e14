"""The rooms as invigilators meet them."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pypdf import PdfReader

from exam_engine.delivery import service as delivery
from exam_engine.invigilation import service as invigilation
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.people import make_institution
from tests.factories.theory import Theory, make_theory

MINUTE = timedelta(minutes=1)


@pytest.fixture
def theory(database: Database, institution: Institution, clock: ShiftedClock) -> Theory:
    """Four candidates; the first two have begun, a minute after the start."""
    made = make_theory(
        lambda: database.session(scope=Scope.everything()), institution, starts=clock.now() + 10 * MINUTE
    )
    clock.advance(11 * MINUTE)
    with database.session(scope=Scope.everything()) as session:
        for number in (1, 2):
            delivery.start(session, actor=made.actor(number), sitting_id=made.sitting_id)
    return made


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
    assert "data-refresh" in part


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
    assert 'data-state="terminated"' in page
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
    assert client.post(unseated, data={"deed": "pause", "reason": "x"}).status_code == 404


def test_a_sibling_institution_sees_no_room(
    client: TestClient, login: Any, theory: Theory, database: Database
) -> None:
    with database.session(scope=Scope.everything()) as session:
        sibling = make_institution(session)
    login(Role.INVIGILATOR, institution=sibling)

    assert client.get(address(theory)).status_code == 404
    assert client.get(f"/invigilation/{theory.sitting_id}").status_code == 404
    assert client.post(f"/invigilation/{theory.sitting_id}/close").status_code == 404
    assert client.post(f"{address(theory)}/record", data={"video_reference": "1"}).status_code == 404


def test_the_candidates_timeline_tells_the_whole_life(client: TestClient, login: Any, theory: Theory) -> None:
    login(Role.INVIGILATOR)
    client.post(
        f"{address(theory)}/incidents",
        data={"kind": "cheating", "registration_id": str(theory.candidates[0]), "note": "查出手机"},
    )
    login(Role.EXAM_OFFICER)

    page = client.get(f"/plans/{theory.plan_id}/registrations/{theory.candidates[0]}").text

    for said in (
        "报名",
        "编排准考证号",
        "发放入场码",
        "开始作答",
        "考场情况：舞弊",
        "系统或监考收卷",
        "查出手机",
    ):
        assert said in page
