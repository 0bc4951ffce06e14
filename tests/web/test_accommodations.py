"""The officer gives, lists and withdraws accommodations; sheets and the console know them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from exam_engine.delivery import service as delivery
from exam_engine.sittings import service as sittings
from exam_engine.sittings.accommodations import HEADERS, Accommodations
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.exam import ExamWorld

REASON = "视力残疾证 4401"


@pytest.fixture
def world(database: Database, institution: Institution) -> ExamWorld:
    return ExamWorld.make(database, institution)


def standing(world: ExamWorld) -> list[tuple[UUID, Accommodations]]:
    with world.database.session(scope=Scope.everything(), writes=False) as session:
        views = sittings.list_accommodations(session, world.sitting.plan_id)
        return [(view.row.id, view.given) for view in views]


def test_from_the_search_to_the_withdrawal(client: TestClient, login: Any, world: ExamWorld) -> None:
    candidate = world.candidate()
    with world.database.session(scope=Scope.everything()) as session:
        delivery.start(session, actor=candidate.actor, sitting_id=world.sitting.id)
    token = login(Role.EXAM_OFFICER)
    here = f"/plans/{world.sitting.plan_id}/accommodations"
    sitting = str(world.sitting.id)
    ticket = candidate.registration.ticket_number or ""
    assert ticket in client.get(f"{here}?sitting={sitting}&find={ticket}").text
    sent = {
        "_csrf": token,
        "sitting_id": sitting,
        "registration_ids": str(candidate.registration.id),
        "extra_percent": "30",
        "breaks": "2",
        "break_minutes": "10",
        "print_size": "2",
    }

    refused = client.post(here, data={**sent, "reason": ""})
    wrong = client.post(here, data={**sent, "reason": REASON, "break_minutes": "0"})
    given = client.post(here, data={**sent, "reason": REASON}, follow_redirects=True)

    assert (refused.status_code, wrong.status_code) == (422, 422)
    assert "请写明原因" in refused.text
    assert "休息须同时填写次数和每次时长" in wrong.text
    assert "已调整 1 份进行中作答的计时" in given.text
    assert REASON in given.text
    sheets = f"/plans/{world.sitting.plan_id}/sittings/{sitting}/print"
    for sheet in ("attendance", "seats", "needs"):
        assert "加时27分、休息2×10分、大字" in client.get(f"{sheets}/{sheet}").text
    room = f"/invigilation/{sitting}/rooms/{candidate.seat.room_id}"
    assert "+27 分 · 休息 2 次 · 大字号" in client.get(room).text
    assert "加时27分、休息2×10分、大字" in client.get(f"{room}/record").text
    [(accommodation_id, _)] = standing(world)
    withdrawal = f"{here}/{accommodation_id}/withdraw"
    assert client.post(withdrawal, data={"_csrf": token}).status_code == 422
    assert client.post(withdrawal, data={"_csrf": token, "withdrawal_reason": "误登"}).status_code == 303
    assert standing(world) == []

    login(Role.INVIGILATOR)
    assert REASON not in client.get(f"{here}?sitting={sitting}").text


def test_a_refused_form_comes_back_with_its_candidate_and_what_was_typed(
    client: TestClient, login: Any, world: ExamWorld
) -> None:
    candidate = world.candidate()
    login(Role.EXAM_OFFICER)
    here = f"/plans/{world.sitting.plan_id}/accommodations"
    typed = {"sitting_id": world.sitting.id, "find": "小明", "extra_percent": "900", "reason": REASON}
    refused = client.post(here, data={**typed, "registration_ids": candidate.registration.id})
    nobody = client.post(here, data={**typed, "extra_percent": "20"})

    assert [refused.status_code, nobody.status_code] == [422, 422]
    assert "不能大于 300" in refused.text
    assert f'value="{candidate.registration.id}" checked' in refused.text
    for answer in (refused, nobody):
        assert f'name="sitting_id" value="{world.sitting.id}"' in answer.text
        assert f'value="{REASON}"' in answer.text
    assert standing(world) == []


def test_a_list_gives_everybody_or_nobody(client: TestClient, login: Any, world: ExamWorld) -> None:
    one, other = world.candidate(), world.candidate("李晓红")
    token = login(Role.EXAM_OFFICER)
    here = f"/plans/{world.sitting.plan_id}/accommodations"

    def upload(*rows: tuple[str, ...]) -> Any:
        text = "\n".join(",".join(row) for row in (HEADERS, *rows))
        files = {"list": ("名单.csv", text.encode("gb18030"), "text/csv")}
        return client.post(f"{here}/list", data={"_csrf": token}, files=files)

    ticket, number = one.registration.ticket_number or "", other.registration.ticket_number or ""
    wrong = upload(
        (ticket, "25", "", "", "", "", "", "是", REASON),
        ("0" * 19, "25", "", "", "", "", "", "", REASON),
        (number, "900", "", "", "", "", "", "", ""),
    )

    assert wrong.status_code == 422
    for said in ("名单有 3 处不符合要求", "没有准考证号或证件号", "0 至 300 的整数", "请写明原因"):
        assert said in wrong.text
    assert standing(world) == []
    done = upload((ticket, "25", "", "", "", "", "", "是", REASON), (number, "", "5", *[""] * 5, "哺乳"))
    assert done.status_code == 303
    given = [given for _, given in standing(world)]
    assert given == [Accommodations(extra_percent=25, plain_order=True), Accommodations(extra_minutes=5)]
