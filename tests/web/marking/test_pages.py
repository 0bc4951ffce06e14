"""Marking by key and scoring by sheet, as officers and examiners meet them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from exam_engine.marking import service as marking
from exam_engine.marking.models import PracticalTask
from itembank.base.db import Database, Scope
from itembank.people.rules import Role
from tests.factories.recognition import MARKED, World, answer_all, make_active_task, make_world


@pytest.fixture
def world(database: Database, institution, clock) -> World:
    clock.advance(MARKED - clock.now()) if clock.now() < MARKED else None
    with database.session(scope=Scope.everything()) as session:
        world = make_world(session, names=("张伟", "王小明"), practical=True, institution=institution)
        answer_all(session, world, right=(6, 3))
        return world


def test_an_officer_marks_a_sitting_and_sees_the_scores(client, login, world: World) -> None:
    login(Role.EXAM_OFFICER)

    before = client.get(f"/marking/theory/{world.theory.id}").text
    done = client.post(f"/marking/theory/{world.theory.id}/runs")
    after = client.get(f"/marking/theory/{world.theory.id}").text

    assert "本场考试尚未阅卷" in before
    assert done.status_code == 303
    assert world.candidates[0].ticket_number in after
    assert ">100<" in after
    assert ">50<" in after
    assert "已阅卷" in client.get("/marking/theory").text


def test_a_sitting_without_key_is_refused_in_words(client, login, world: World) -> None:
    login(Role.EXAM_OFFICER)

    answer = client.post(f"/marking/theory/{world.practical.id}/runs")

    assert answer.status_code == 409
    assert "由考评员评分" in answer.text


def test_a_task_with_a_wrong_sum_is_kept_as_a_draft_and_named(
    client, login, world: World, database: Database
) -> None:
    login(Role.EXAM_OFFICER)
    page = f"/marking/practical/{world.practical.id}"

    made = client.post(
        f"{page}/tasks", data={"title": "任务一", "total": "22", "lines": "M1 | 10 | 准备\nM2｜10"}
    )
    shown = client.get(page).text

    assert made.status_code == 303
    assert "配分合计 20 分，与标明的总分 22 分不符" in shown
    with database.session(scope=Scope.everything()) as session:
        task_id = session.scalars(select(PracticalTask.id)).one()
    refused = client.post(f"/marking/tasks/{task_id}/activate")
    assert refused.status_code == 422
    assert "配分合计 20 分" in refused.text


@pytest.mark.parametrize("lines", ["没有配分", "M1 | 五分", "M1 | NaN", " "])
def test_rubric_lines_that_cannot_be_read_are_refused_beside_the_field(
    client, login, world: World, lines: str
) -> None:
    login(Role.EXAM_OFFICER)

    answer = client.post(
        f"/marking/practical/{world.practical.id}/tasks",
        data={"title": "任务一", "total": "22", "lines": lines},
    )

    assert answer.status_code == 422
    assert "任务一" in answer.text
    assert 'id="lines-error"' in answer.text


def test_examiners_score_alone_and_the_officer_closes(
    client, login, world: World, database: Database
) -> None:
    with database.session(scope=Scope.everything()) as session:
        make_active_task(session, world)
    page = f"/marking/practical/{world.practical.id}"
    sheet = f"{page}/candidates/{world.candidates[0].id}"
    for number, points in enumerate(("30", "31", "32")):
        login(Role.PRACTICAL_EXAMINER, username=f"examiner-{number}")
        blank = client.get(sheet).text
        sent = client.post(sheet, data={"1.M1": points, "1.M2": "40", "then": "submit"})

        assert 'value="30"' not in blank
        assert sent.headers["location"] == f"{page}/candidates/{world.candidates[1].id}"
    login(Role.EXAM_OFFICER)
    closed = client.post(f"{page}/close")

    assert closed.status_code == 303
    assert ">71<" in client.get(page).text
    with database.session(scope=Scope.everything()) as session:
        assert len(marking.practical_scores(session, world.practical.id)) == 1


def test_points_out_of_bounds_are_named_beside_their_line_and_kept(
    client, login, world: World, database
) -> None:
    with database.session(scope=Scope.everything()) as session:
        make_active_task(session, world)
    sheet = f"/marking/practical/{world.practical.id}/candidates/{world.candidates[0].id}"
    login(Role.PRACTICAL_EXAMINER)

    answer = client.post(sheet, data={"1.M1": "99", "1.M2": "abc", "then": "submit"})

    assert answer.status_code == 422
    assert 'id="1.M1-error"' in answer.text
    assert 'value="99"' in answer.text
    assert 'value="abc"' in answer.text


def test_two_sheets_do_not_close(client, login, world: World, database: Database) -> None:
    with database.session(scope=Scope.everything()) as session:
        make_active_task(session, world)
    page = f"/marking/practical/{world.practical.id}"
    for number in range(2):
        login(Role.PRACTICAL_EXAMINER, username=f"examiner-{number}")
        client.post(
            f"{page}/candidates/{world.candidates[0].id}", data={"1.M1": "1", "1.M2": "1", "then": "submit"}
        )
    login(Role.EXAM_OFFICER)

    answer = client.post(f"{page}/close")

    assert answer.status_code == 409
    assert "不少于 3 名且为单数" in answer.text
