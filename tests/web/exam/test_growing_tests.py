"""Adaptive and two-stage sittings, from the collection to the score: nothing but given items reaches the browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from exam_engine.delivery import service as delivery
from exam_engine.delivery.growing.adaptive import AdaptiveTest
from exam_engine.delivery.growing.collection import adaptive_test, is_right, panel_of
from exam_engine.delivery.growing.trace import Ending
from exam_engine.delivery.growing.version import engine_version
from exam_engine.delivery.lean import acts
from exam_engine.delivery.lean.flush import Flush
from exam_engine.delivery.lean.requests import Start
from exam_engine.delivery.models import Attempt, AttemptStep
from exam_engine.delivery.service import Settings
from exam_engine.delivery.steps.courses import _courses
from exam_engine.marking import service as marking
from exam_engine.marking.service.mark import scorings_of
from exam_engine.papers import service as papers
from exam_engine.sittings.rules import Way
from itembank.base import audit
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.conftest import Login
from tests.factories.exam import ExamWorld
from tests.factories.growing import growing_world
from tests.web.exam.test_exam_pages import Page

ITEMS = Settings(Way.ADAPTIVE, 6)
MODULES = Settings(Way.MULTISTAGE, 6, first=3, modules=2)


def shown(page: Page) -> list[UUID]:
    text = page.client.get(f"/exam/attempts/{page.attempt}").text
    return [UUID(item) for item in dict.fromkeys(re.findall(r'data-item="([^"]+)"', text))]


def numbers(page: Page) -> list[str]:
    text = page.client.get(f"/exam/attempts/{page.attempt}").text
    found = re.findall(r'class="number">(\d+)\.', text)
    assert found == re.findall(r'href="#q-(\d+)">', text) == re.findall(r'id="q-(\d+)"', text)
    return found


def strangers(world: ExamWorld, page: Page, given: list[UUID]) -> list[str]:
    """Return what of other items the page holds."""
    text = page.client.get(f"/exam/attempts/{page.attempt}").text
    return [
        e.content.stem for e in world.paper.entries if e.item_id not in given and e.content.stem + "<" in text
    ]


def answer(world: ExamWorld, item: UUID, *, right: bool) -> dict[str, Any]:
    entry = next(e for e in world.paper.entries if e.item_id == item)
    labels = [option.label for option in entry.content.options] or ["T", "F"]
    wrong = next(label for label in labels if label not in entry.content.key)
    return {"item": str(item), "revision": 1, "response": list(entry.content.key) if right else [wrong]}


def go_on(page: Page, number: int, epoch: int) -> Any:
    return page.client.post(
        f"/exam/attempts/{page.attempt}/go-on",
        data={"step": number, "epoch": epoch},
        headers={"x-csrf-token": page.csrf, "accept": "application/json"},
    )


@pytest.fixture
def picked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each pick, whether the transaction of a start was open."""
    found: list[bool] = []
    starting: list[object] = []
    begin, pick = acts.ACTS[Start], AdaptiveTest._pick

    def beginning(flush: Flush, requests: Any) -> None:
        starting.append(requests)
        begin(flush, requests)
        starting.pop()

    def picking(*given: Any, **named: Any) -> Any:
        found.append(bool(starting))
        return pick(*given, **named)

    monkeypatch.setitem(acts.ACTS, Start, beginning)
    monkeypatch.setattr(AdaptiveTest, "_pick", picking)
    return found


def test_an_adaptive_sitting_gives_one_item_after_the_other_and_can_be_worked_out_again(
    client: TestClient, database: Database, institution: Institution, clock: ShiftedClock, picked: list[bool]
) -> None:
    world = growing_world(database, institution, ITEMS)
    late = Page(client, world, world.candidate("考生迟"))  # never answers, and waits for the end
    picked.clear()
    late.start()
    assert picked == [False]
    page = Page(client, world, world.candidate())
    page.start()
    opened = page.open().json()
    given: list[UUID] = []
    for number in range(6):
        [item] = shown(page)
        assert item not in given
        assert numbers(page) == [str(number + 1)]
        assert (opened["step"]["number"], opened["step"]["count"]) == (number, 6)
        assert opened["step"]["last"] is (number == 5)
        assert strangers(world, page, [item]) == []
        if given:  # what was left takes no answer any more
            assert page.save(answer(world, given[-1], right=True)).json()["code"] == "item_not_on_paper"
        assert page.save(answer(world, item, right=number % 3 > 0)).status_code == 200
        given.append(item)
        if number == 5:
            break
        if number == 2:  # as after a restart of the server
            _courses.clear()
        told = go_on(page, number, page.epoch)
        again = go_on(page, number, page.epoch)
        assert told.status_code == 200, told.text
        opened, page.token = told.json(), told.json()["token"]
        assert again.json()["step"] == opened["step"]
        page.epoch = opened["epoch"]
    assert page.hand_in().json()["code"] == "handed_in"

    places = {entry.item_id: place for place, entry in enumerate(world.paper.entries)}
    test = adaptive_test(world.paper)
    clock.offset += world.sitting.ends_at - clock.now() + timedelta(minutes=1)
    with database.session(scope=Scope.everything()) as session:
        delivery.hand_in_overdue(session)
        attempt = session.get_one(Attempt, UUID(page.attempt))
        mine = select(AttemptStep).where(AttemptStep.attempt_id == attempt.id)
        steps = session.scalars(mine.order_by(AttemptStep.number)).all()
        run = marking.mark_sitting(session, world.sitting.id, actor=SYSTEM, now=clock.now())
        again = marking.mark_sitting(
            session,
            world.sitting.id,
            actor=SYSTEM,
            now=clock.now(),
            scorings=scorings_of(session, world.sitting.id),
        )
        assert [mark.theta for mark in marking.read_attempt_marks(session, again.id)] == [
            mark.theta for mark in marking.read_attempt_marks(session, run.id)
        ]
        by_attempt = {mark.attempt_id: mark for mark in marking.read_attempt_marks(session, run.id)}
        mark, cut_off = by_attempt[attempt.id], by_attempt[UUID(late.attempt)]
        _, scores = marking.latest_scores(session, world.sitting.id)
    with database.session(scope=Scope.everything(), writes=False) as session:
        sealed = papers.find_paper(session, world.paper.paper_id)
        bank = papers.bank_of(session, sealed.blueprint_id)
        [used] = marking.exposures(session, world.sitting.id)
        found, cut = (marking.retrace(session, each.id) for each in (mark, cut_off))
        told = {
            entry.action: entry.detail
            for entry in audit.entries(session, institutions=None)
            if entry.subject_id == str(attempt.id)
        }
    order = [places[item] for item in given]
    right = [number % 3 > 0 for number in range(6)]
    assert [step.places for step in steps] == [[place] for place in order]
    assert attempt.form == order
    assert [test.next(attempt.seed, order[:n], right[:n]).place for n in range(6)] == order
    assert test.keeps_rules(order)
    weights = test.measure.posterior(order, right)
    assert (mark.theta, mark.theta_se) == pytest.approx(tuple(vars(test.measure.ability(weights)).values()))
    assert float(scores[attempt.registration_id]) == pytest.approx(
        test.measure.mark(weights).percent, abs=0.005
    )
    assert (told["attempt.measured"]["places"], told["attempt.measured"]["right"]) == (order, "011011")
    assert told["attempt.measured"]["theta"][-1] == pytest.approx(mark.theta, abs=1e-6)
    assert told["attempt.measured"]["engine"] == told["attempt.went_on"]["engine"] == engine_version()
    assert told["attempt.started"]["places"] == order[:1]
    assert (found.agrees, found.followed, found.keeps_rules) == (True, 6, True)
    # Whoever is cut off is scored as if the rest had been left open, and not told the mean of everybody.
    assert (cut.trace.reached, len(cut.trace.places), cut.trace.ending) == (1, 6, Ending.CUT_OFF)
    assert not any(cut.trace.right)
    assert cut.agrees
    assert cut_off.theta is not None
    assert cut_off.theta < min(test.measure.ability(test.measure.posterior(order[:1], [False])).theta, -0.9)
    assert (used.candidates, used.highest, used.items, used.cap) == (2, 1.0, len(world.paper.entries), None)
    # The whole bank may be in it: later papers are not kept away from that.
    assert bank.earlier == ()
    assert {item.used for item in bank.items} == {0}
    assert is_right(["A", "B"], ["B", "A"])
    assert not is_right(["A", "B"], ["A"])


def test_two_stages_lead_to_the_module_of_ones_score(
    client: TestClient, login: Login, database: Database, institution: Institution, clock: ShiftedClock
) -> None:
    world = growing_world(database, institution, MODULES)
    panel, ids = panel_of(world.paper), [entry.item_id for entry in world.paper.entries]
    for right, module in ((False, "easy"), (True, "hard")):
        page = Page(client, world, world.candidate(f"考生{module}"))
        page.start()
        page.open()
        first = shown(page)
        assert numbers(page) == ["1", "2", "3"]
        assert set(first) == {ids[place] for place in panel.modules["start"]}
        assert page.save(*(answer(world, item, right=right) for item in first)).status_code == 200

        told = go_on(page, 0, page.epoch).json()
        page.token = told["token"]
        second = shown(page)
        assert numbers(page) == ["4", "5", "6"]

        assert set(second) == {ids[place] for place in panel.modules[module]}
        assert (told["step"]["kind"], told["step"]["last"], told["step"]["count"]) == ("module", True, 2)
        assert strangers(world, page, second) == []
        assert page.save(answer(world, first[0], right=True)).json()["code"] == "item_not_on_paper"

    clock.offset += world.sitting.ends_at - clock.now() + timedelta(minutes=1)
    with database.session(scope=Scope.everything()) as session:
        delivery.hand_in_overdue(session)
        run = marking.mark_sitting(session, world.sitting.id, actor=SYSTEM, now=clock.now())
        marks = [mark.id for mark in marking.read_attempt_marks(session, run.id)]
        forks = [marking.retrace(session, mark).fork for mark in marks]
    client.cookies.clear()
    login(Role.EXAM_OFFICER)
    page_of = f"/marking/theory/{world.sitting.id}/attempts"
    told = [client.get(f"{page_of}/{mark}").text for mark in marks]
    table = client.get(f"/results/{world.sitting.plan_id}").text

    assert sorted((fork.after, fork.right, fork.module) for fork in forks if fork) == [
        (3, 0, "easy"),
        (3, 3, "hard"),
    ]
    assert f'href="/marking/theory/{world.sitting.id}">标准误和成绩计算过程</a>' in table
    assert sum("第一模块答对 0 / 3 题。 进入较易的第二模块。" in text for text in told) == 1
    assert sum("第一模块答对 3 / 3 题。 进入较难的第二模块。" in text for text in told) == 1
