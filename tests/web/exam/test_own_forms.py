"""Candidates who are given a part of a sealed paper, by both roads: nothing else reaches them or is taken from them."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from exam_engine.calibration.reports.book import NOT_PRESENTED
from exam_engine.calibration.reports.scoring import score_book
from exam_engine.calibration.service.freezing import freeze_sittings
from exam_engine.calibration.service.sheets import read_sheets
from exam_engine.delivery.models import Attempt
from exam_engine.delivery.shelf import Shelf
from exam_engine.marking import service as marking
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.factories.exam import ExamWorld
from tests.web.exam.test_exam_pages import Page
from web.exam import lean

FORMS = ([0, 3, 4, 7], [1, 3])
"""Of the paper's ten items: the first five are single choice, the others true or false."""


@pytest.fixture
def world(database: Database, institution: Institution) -> ExamWorld:
    return ExamWorld.make(database, institution)


@pytest.fixture(params=["lean", "ordinary"])
def road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "ordinary":

        async def go_on(*_: Any) -> Any:
            raise lean.GoOn

        monkeypatch.setattr(lean.Lean, "_ask", go_on)
    return str(request.param)


def answer_to(world: ExamWorld, place: int, *, right: bool = True) -> dict[str, Any]:
    entry = world.paper.entries[place]
    labels = [option.label for option in entry.content.options] or ["T", "F"]
    chosen = (
        entry.content.key if right else [next(label for label in labels if label not in entry.content.key)]
    )
    return {"item": str(entry.item_id), "revision": 1, "response": list(chosen)}


def forget_forms(client: TestClient) -> None:
    """Leave the server as it is after a restart."""
    delivery: Any = client.app.state.delivery  # type: ignore[attr-defined]
    delivery.shelf = Shelf(delivery.shelf._read)


def items_on(text: str) -> set[UUID]:
    return {UUID(item) for item in re.findall(r'data-item="([^"]+)"', text)}


def test_a_page_holds_its_own_form_and_no_other_answer_is_taken(
    client: TestClient, world: ExamWorld, road: str
) -> None:
    entries = world.paper.entries
    for number, form in enumerate(FORMS):
        page = Page(client, world, world.candidate(f"考生{number}", form=form))
        page.start()
        shown = client.get(f"/exam/attempts/{page.attempt}").text
        assert items_on(shown) == {entries[place].item_id for place in form}
        assert not any(
            entry.content.stem in shown for place, entry in enumerate(entries) if place not in form
        )
        assert shown.count("exam-section") == (2 if 7 in form else 1)
        assert page.open().status_code == 200

        for known in (True, False):  # then as after a restart of the server
            if not known:
                forget_forms(client)
            foreign = page.save(answer_to(world, 2))
            mixed = page.save(answer_to(world, 2), answer_to(world, form[0]))
            assert (foreign.status_code, foreign.json()["code"]) == (422, "item_not_on_paper")
            assert [item for item, _ in mixed.json()["accepted"]] == [str(entries[form[0]].item_id)]
            assert [refused["code"] for refused in mixed.json()["refused"]] == ["item_not_on_paper"]

        without_script = page.post(
            f"/exam/attempts/{page.attempt}/form",
            epoch=page.epoch,
            **{f"q-{entries[2].item_id}": "A", f"q-{entries[form[1]].item_id}": "B"},
        )
        assert without_script.status_code == 303
        assert f"1 / {len(form)}" in receipt_of(page)  # the page sent the others unanswered


def receipt_of(page: Page) -> str:
    assert page.hand_in().json()["code"] == "handed_in"
    return page.client.get(f"/exam/attempts/{page.attempt}/receipt").text


def test_an_older_device_is_told_so_and_not_that_its_items_are_foreign(
    client: TestClient, world: ExamWorld
) -> None:
    page = Page(client, world, world.candidate(form=[0, 3]))
    page.start()
    page.open()
    before = page.token
    page.open()
    page.token = before
    forget_forms(client)

    assert page.save(answer_to(world, 0)).json()["code"] == "taken_over"


def test_what_was_not_given_counts_nowhere(client: TestClient, world: ExamWorld, database: Database) -> None:
    for form, wrong in zip(FORMS, (7, 1), strict=True):
        page = Page(client, world, world.candidate(f"考生{form}", form=form))
        page.start()
        page.open()
        saved = page.save(*(answer_to(world, place, right=place != wrong) for place in form))
        assert saved.status_code == 200, saved.text
        receipt_of(page)
    entries = world.paper.entries
    over = world.sitting.ends_at + timedelta(minutes=1)
    with database.session(scope=Scope.everything()) as session:
        run = marking.mark_sitting(session, world.sitting.id, actor=SYSTEM, now=over)
        marks = [(m.earned, m.total) for m in marking.read_attempt_marks(session, run.id)]
        sheets = read_sheets(session, [world.sitting.id])
        book = freeze_sittings(session, [world.sitting.id])
        attempts = session.scalars(select(Attempt).where(Attempt.sitting_id == world.sitting.id)).all()

    # Three single choice at 12 marks and one true or false at 8, which was wrong; then two single choice.
    assert sorted(marks) == sorted([(Decimal(36), Decimal(44)), (Decimal(12), Decimal(24))])
    given = sorted(sorted(entries.index(e) for e in entries if e.item_id in sheet.keys) for sheet in sheets)
    assert given == sorted(sorted(form) for form in FORMS)
    assert sorted(a.form for a in attempts if a.form) == sorted(FORMS)
    assert (book.answers != NOT_PRESENTED).sum(axis=1).tolist() == [4, 2]
    assert not book.is_complete(0)
    scores = {round(float(score), 2) for score in score_book(book).score}
    assert scores == {round(100 * 36 / 44, 2), 50.0}
