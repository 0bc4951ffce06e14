"""千人千卷 by use: the officer draws, a second person seals, every candidate gets another paper, and marks count."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from exam_engine.delivery import service as delivery
from exam_engine.marking import service as marking
from exam_engine.papers import service as papers
from exam_engine.sittings import service as sittings
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.factories.theory import make_individual


def test_from_the_draw_to_the_marks(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    database: Database,
    institution: Institution,
    clock: ShiftedClock,
) -> None:
    def everything() -> Any:
        return database.session(scope=Scope.everything())

    starts = clock.now() + timedelta(hours=2)
    made = make_individual(everything, institution, starts=starts, count=2)
    sitting = f"/plans/{made.plan_id}/sittings/{made.sitting_id}"
    here = f"{sitting}/forms"
    login(Role.EXAM_OFFICER)
    assert 'value="individual" checked' in client.get(sitting).text
    wrong = client.post(
        here,
        data={
            "blueprint_id": str(made.blueprint_id),
            "reserves_percent": 60,
            "max_exposure_percent": "0.001",
            "max_overlap": 99,
            "seed": "x",
        },
    )
    assert wrong.status_code == 422
    assert dict(re.findall(r'<p class="field-error" id="(\w+)-error">(.*?)</p>', wrong.text)) == {
        "reserves_percent": "不能大于 50。",
        "max_exposure_percent": "0.001 不在 0.01 至 100 之间。",
        "max_overlap": "99 不在 0 至 10 之间。",
        "seed": "请输入整数。",
    }
    assert 'type="number"' not in wrong.text  # of which the browser itself names one at a time
    assert 'class="form-grid" novalidate' in wrong.text
    asked = {"blueprint_id": str(made.blueprint_id), "reserves_percent": 50, "max_overlap": "", "seed": 3}
    assert client.post(here, data=asked | {"max_exposure_percent": "20"}).headers["location"] == here
    assert "data-poll" in client.get(here).text
    run_jobs()
    assert "已证明" in client.get(here).text

    client.post(here, data=asked | {"max_overlap": "7"})
    assert run_jobs() == 1
    shown = client.get(here).text
    drawing = re.search(r"/papers/drawings/[0-9a-f-]+", shown)
    assert drawing is not None
    assert shown.count("待第二人审批") == 1
    drawn = client.get(drawing[0]).text
    assert drawn.count("<svg") == 2
    assert f'href="{here}"' in drawn
    assert client.post(f"{here}/use").status_code == 409
    with everything() as session:
        view = sittings.forms_view(session, sittings.find_sitting(session, made.sitting_id))
        assert view.collection is not None
        paper_id = view.collection.id
    made.seal(everything, paper_id)
    assert client.post(f"{here}/use").headers["location"] == here
    assert "可到场次页面发布" in client.get(here).text
    assert "3份试卷全部满足" in client.post(f"{here}/verify").text
    login(Role.PAPER_MANAGER)
    printed = client.post(f"/papers/{paper_id}/forms/2/print")
    assert printed.content.startswith(b"%PDF")
    assert "3份个人试卷的全部试题，不是某名考生的试卷" in client.get(f"/papers/{paper_id}/print").text
    assert client.post(f"/papers/{paper_id}/forms/9/print").status_code == 404
    assert client.get(f"/papers/{paper_id}").status_code == 200

    theory = made.publish(everything, starts)
    clock.offset += timedelta(hours=2, minutes=1)
    with everything() as session:
        keys = papers.answer_key(session, paper_id)
    given: list[set[str]] = []
    for number, (ticket, code) in enumerate(theory.codes.items()):
        given.append(_sit(client, made.sitting_id, ticket, code, keys, right=number == 0))
    clock.offset += timedelta(hours=2)
    with everything() as session:
        assert delivery.hand_in_overdue(session) == 2
        run = marking.mark_sitting(session, made.sitting_id, actor=SYSTEM, now=clock.now())
        marks = sorted((mark.earned, mark.total) for mark in marking.read_attempt_marks(session, run.id))
        forms = {tuple(row.form or ()) for row in delivery.responses(session, made.sitting_id)}

    assert [len(items) for items in given] == [10, 10]
    assert given[0] != given[1]
    assert len(forms) == 2
    assert marks == [(0, 100), (100, 100)]


def _sit(client: TestClient, sitting: UUID, ticket: str, code: str, keys: Any, *, right: bool) -> set[str]:
    """Enter, answer everything right or nothing; return the items that were given."""
    client.cookies.clear()
    client.headers.pop("x-csrf-token", None)
    assert client.post("/exam/login", data={"ticket_number": ticket, "entry_code": code}).status_code == 303
    found = re.search(r'data-csrf="([^"]+)"', client.get("/exam").text)
    assert found is not None
    sent = {"headers": {"x-csrf-token": found[1], "accept": "application/json"}}
    attempt = client.post(f"/exam/sittings/{sitting}/start", **sent).headers["location"]
    items = set(re.findall(r'data-item="([^"]+)"', client.get(attempt).text))
    opened = client.post(f"{attempt}/open", **sent).json()
    if right:
        answers = [{"item": item, "revision": 1, "response": list(keys[UUID(item)].key)} for item in items]
        token = {"authorization": f"Bearer {opened['token']}"}
        assert (
            len(client.put(f"{attempt}/answers", json={"answers": answers}, headers=token).json()["accepted"])
            == 10
        )
    return items


@pytest.mark.parametrize(("late", "said"), [(1, "后来的考生使用备用卷"), (2, "备用卷不够（还剩1份）")])
def test_who_comes_late_is_announced_and_gets_a_reserve_while_there_is_one(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    database: Database,
    institution: Institution,
    clock: ShiftedClock,
    late: int,
    said: str,
) -> None:
    def everything() -> Any:
        return database.session(scope=Scope.everything())

    starts = clock.now() + timedelta(hours=2)
    made = make_individual(everything, institution, starts=starts, count=2 + late)
    with everything() as session:
        small = sittings.create_room(session, actor=made.officer, name="小机房", capacity=2).id
    sitting = f"/plans/{made.plan_id}/sittings/{made.sitting_id}"
    here = f"{sitting}/forms"
    login(Role.EXAM_OFFICER)
    client.post(f"{sitting}/arrange", data={"room_ids": str(small), "only_as_many_as_fit": "true"})
    client.post(here, data={"blueprint_id": str(made.blueprint_id), "reserves_percent": 50, "seed": 3})
    run_jobs()
    with everything() as session:
        view = sittings.forms_view(session, sittings.find_sitting(session, made.sitting_id))
        assert view.collection is not None
        paper_id = view.collection.id
    made.seal(everything, paper_id)
    client.post(f"{here}/use")

    before = client.get(here).text
    again = client.post(f"{sitting}/arrange", data={"room_ids": str(made.room_id)})
    after = client.get(here).text

    assert said in before
    assert "可到场次页面发布" not in before
    if late == 1:
        assert again.status_code == 303
        assert "可到场次页面发布" in after
    else:
        assert again.status_code == 422
        assert re.search('id="room_ids-error" tabindex="-1" autofocus>需要4份个人试卷', again.text)
