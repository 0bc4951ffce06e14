"""The results of a plan in the browser."""

from __future__ import annotations

import csv
import io

import pytest

from exam_engine.marking import service as marking
from exam_engine.results import service as results
from exam_engine.sittings.rules import Component
from itembank.base.db import Database, Scope
from itembank.people.rules import SYSTEM, Role
from tests.factories.recognition import MARKED, World, make_attempt, make_world


@pytest.fixture
def world(database: Database, institution, clock) -> World:
    with database.session(scope=Scope.everything()) as session:
        world = make_world(session, names=("张伟", "=王小明", "李静"), institution=institution)
        for registration, right in zip(world.candidates[:2], (6, 2), strict=True):
            make_attempt(session, world.theory, registration, world.paper, right=right)
        marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)
        return world


def test_results_are_gathered_shown_and_released(client, login, world: World) -> None:
    login(Role.EXAM_OFFICER)
    page = f"/results/{world.plan.id}"

    client.post(f"{page}/collect")
    gathered = client.get(page).text
    released = client.post(f"{page}/release")
    again = client.post(f"{page}/release")

    assert "张伟" in gathered
    assert "缺考" in gathered
    assert "标准误" not in gathered
    assert released.status_code == 303
    assert again.status_code == 409
    assert "没有待发布的成绩" in again.text
    assert "已发布" in client.get("/results").text


def test_the_table_filters_by_verdict_state_and_name(client, login, world: World) -> None:
    login(Role.EXAM_OFFICER)
    client.post(f"/results/{world.plan.id}/collect")

    def names(query: str) -> list[str]:
        text = client.get(f"/results/{world.plan.id}?{query}", headers={"hx-request": "true"}).text
        return [name for name in ("张伟", "王小明", "李静") if name in text]

    assert names("show=passed") == ["张伟"]
    assert names("show=failed") == ["王小明", "李静"]
    assert names("show=absent") == ["李静"]
    assert names("q=张") == ["张伟"]
    assert names("q=nobody") == []


def test_the_export_opens_in_a_spreadsheet_and_runs_no_formula(client, login, world: World) -> None:
    login(Role.EXAM_OFFICER)
    client.post(f"/results/{world.plan.id}/collect")

    answer = client.get(f"/results/{world.plan.id}/results.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert rows[0][:3] == ["准考证号", "姓名", "理论知识"]
    assert [row[2:4] for row in rows[1:]] == [["100", "已有成绩"], ["33.33", "已有成绩"], ["", "缺考"]]
    assert rows[2][1] == "'=王小明"


def test_a_state_needs_its_reason(client, login, world: World, database: Database) -> None:
    login(Role.EXAM_OFFICER)
    client.post(f"/results/{world.plan.id}/collect")
    with database.session(scope=Scope.everything()) as session:
        row = results.read_table(session, world.plan.id).rows[2]
        result_id = row.results[Component.THEORY].id
    record = f"/results/{world.plan.id}/records/{result_id}"

    assert client.post(record, data={"state": "cheating", "reason": ""}).status_code == 422
    assert client.post(record, data={"state": "scored", "reason": "给分"}).status_code == 422
    assert client.post(record, data={"state": "cheating", "reason": "替考"}).status_code == 303
    assert "舞弊" in client.get(f"/results/{world.plan.id}").text


def test_release_is_refused_while_results_are_missing(client, login, world: World) -> None:
    login(Role.EXAM_OFFICER)

    answer = client.post(f"/results/{world.plan.id}/release")

    assert answer.status_code == 409
    assert "还缺 3 项成绩" in answer.text
