"""A paper in parts over HTTP: nothing of the next part before it begins, nothing of a former one after."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from exam_engine.delivery.steps.courses import ready_course
from exam_engine.invigilation import service as invigilation
from exam_engine.sittings.sections import SectionTerms
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from tests.factories.exam import ExamWorld
from tests.web.exam.test_exam_pages import Page, sent

SECTIONS = (
    SectionTerms("single_choice", forward_only=True, break_after_minutes=5),
    SectionTerms("true_false"),
)
FIRST, LAST = 0, 9
"""Places on the paper: in the first section, and in the second."""


@pytest.fixture
def world(database: Database, institution: Institution) -> ExamWorld:
    return ExamWorld.make(database, institution, sections=SECTIONS)


def go_on(page: Page, step: int, **headers: str) -> Any:
    data = {"epoch": page.epoch, "step": step}
    accept = {"x-csrf-token": page.csrf, "accept": "application/json", **headers}
    return page.client.post(f"/exam/attempts/{page.attempt}/go-on", data=data, headers=accept)


def items_on(page: Page, world: ExamWorld) -> set[int]:
    text = page.client.get(f"/exam/attempts/{page.attempt}").text
    return {place for place, entry in enumerate(world.paper.entries) if str(entry.item_id) in text}


def test_parts_follow_each_other_and_never_back(
    client: TestClient, world: ExamWorld, database: Database
) -> None:
    page = Page(client, world, world.candidate())
    assert ready_course(world.sitting.id, world.paper.paper_id)  # whoever waits has it made before the start
    page.start()
    opened = page.open().json()["step"]
    kept, ahead = page.save(sent(world, FIRST)), page.save(sent(world, LAST))
    early = page.hand_in()
    shown = page.client.get(f"/exam/attempts/{page.attempt}").text

    assert "第 1 部分，共 2 部分" in shown
    assert "离开后不能再打开。" in shown  # its time is that of the whole: none is lost
    assert items_on(page, world) == set(range(5))
    assert opened == {"number": 0, "kind": "section", "last": False, "count": 2, "beyond": 0.0}
    assert (kept.status_code, ahead.json()["code"]) == (200, "item_not_on_paper")
    assert (early.status_code, early.json()["code"]) == (409, "steps_follow")

    rest = go_on(page, 0)
    again = go_on(page, 0)
    late = page.save(sent(world, FIRST, revision=2))
    with database.session(scope=Scope.everything(), writes=False) as session:
        [seat] = invigilation.picture(session, world.sitting.id).seats
    on_break = items_on(page, world)
    for reply in (rest, again):
        assert (reply.json()["step"]["number"], reply.json()["step"]["kind"]) == (1, "break")
    assert rest.json()["epoch"] == again.json()["epoch"]
    assert (late.status_code, late.json()["code"]) == (409, "section_closed")
    assert on_break == set()
    assert (seat.part, seat.resting, seat.attention) == (1, True, False)

    page.token, page.epoch = again.json()["token"], again.json()["epoch"]
    last = go_on(page, 1).json()
    page.token, page.epoch = last["token"], last["epoch"]
    back, here = page.save(sent(world, FIRST, revision=3)), page.save(sent(world, LAST))
    assert items_on(page, world) == set(range(5, 10))
    assert (back.json()["code"], here.status_code) == ("item_not_on_paper", 200)
    assert last["step"]["last"]
    shown = page.client.get(f"/exam/attempts/{page.attempt}").text
    assert re.findall(r'class="number">(\d+)\.', shown) == ["6", "7", "8", "9", "10"]
    assert re.findall(r'href="#q-(\d+)">(\d+)<', shown) == [(str(n), str(n)) for n in range(6, 11)]
    assert "二、判断题" in shown
    assert 'class="question current" id="q-6"' in shown
    asked = re.search(r"(\d+, ){3}\d+", page.client.get(f"/exam/attempts/{page.attempt}/confirm").text)
    assert asked is not None
    assert set(asked.group().split(", ")) < {"6", "7", "8", "9", "10"}
    assert go_on(page, 7).json()["code"] == "step_unknown"
    assert page.hand_in().json()["code"] == "handed_in"


def test_without_script_a_part_is_ended_by_a_form(client: TestClient, world: ExamWorld) -> None:
    page = Page(client, world, world.candidate())
    page.start()
    page.open()
    confirm = client.get(f"/exam/attempts/{page.attempt}/confirm").text
    gone = go_on(page, 0, accept="text/html")
    old = go_on(page, 0, accept="text/html")

    assert "结束本部分？" in confirm
    assert 'name="step" value="0"' in confirm
    assert [gone.status_code, old.status_code] == [303, 303]
    rest = client.get(f"/exam/attempts/{page.attempt}").text
    assert "休息到" in rest
    assert '<meta http-equiv="refresh" content="20">' in rest
    assert "保存并结束本部分" not in rest
    button = re.search(r'formaction="([^"]+/go-on)" name="step" value="(\d)">立即继续', rest)
    epoch = re.search(r'name="epoch" value="(\d+)"', rest)
    assert button is not None
    assert epoch is not None
    onwards = client.post(
        button[1], data={"epoch": epoch[1], "step": button[2]}, headers={"x-csrf-token": page.csrf}
    )
    assert onwards.status_code == 303
    assert "休息到" not in client.get(f"/exam/attempts/{page.attempt}").text
