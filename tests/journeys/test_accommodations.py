"""What a candidate was given shows from the waiting room on, and a break covers the paper and stops the clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from exam_engine.delivery import service as delivery
from exam_engine.sittings.accommodations import Accommodations
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.factories.exam import ExamWorld
from tests.journeys.test_candidate import log_in

pytestmark = pytest.mark.journey
Shot = Callable[[Page, str], Path]


def test_large_print_contrast_extra_time_and_a_break(
    page: Page, live_server: Any, database: Database, institution: Institution, shot: Shot
) -> None:
    world = ExamWorld.make(database, institution)
    candidate = world.candidate()
    with database.session(scope=Scope.everything()) as session:
        delivery.give_accommodations(
            session,
            actor=SYSTEM,
            plan_id=world.sitting.plan_id,
            sitting_id=world.sitting.id,
            registration_ids=[candidate.registration.id],
            given=Accommodations(30, 0, 2, 10, 3, contrast=True, plain_order=True),
            reason="视力残疾证",
            now=database.clock.now(),
        )
    log_in(page, world, candidate)
    expect(page.get_by_text("在 90 分钟之外延长 27 分钟，共 117 分钟")).to_be_visible()
    shot(page, "accommodations-1-waiting")
    page.get_by_role("button", name="开始答题").click()
    expect(page.locator("#save-state")).to_have_text("已保存")
    stem = page.locator(".question.current .stem")
    assert float(stem.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) > 28
    assert stem.evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"
    expect(page.locator("#timer-value")).to_contain_text("01:56")
    shot(page, "accommodations-2-paper")
    page.keyboard.press("b")
    page.get_by_role("button", name="休息").click()
    expect(page.locator("#break-text")).to_contain_text("您还可休息 2 次")
    page.get_by_role("button", name="开始休息").click()
    expect(page.locator("#break-clock")).to_contain_text("00:09")
    expect(page.locator("#main")).not_to_be_visible()
    stood = page.locator("#timer-value").inner_text()
    shot(page, "accommodations-3-break")
    page.reload()
    expect(page.locator("#break-clock")).to_contain_text("00:09")
    assert page.locator("#timer-value").inner_text() == stood
    page.get_by_role("button", name="结束休息，继续作答").click()
    expect(page.locator("#main")).to_be_visible()
    expect(page.locator("#timer-value")).not_to_have_text(stood)
    expect(page.locator("#progress")).to_have_text("已答 1 题，共 10 题")
    page.get_by_role("button", name="A−").click()
    page.reload()
    expect(page.locator("html.text-2.contrast")).to_have_count(1)
    page.get_by_role("button", name="休息").click()
    expect(page.locator("#break-text")).to_contain_text("您还可休息 1 次")
