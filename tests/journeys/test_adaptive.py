"""An adaptive examination in a browser: a question at a time, one click each, to the receipt."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from exam_engine.delivery.service import Settings
from exam_engine.sittings.rules import Way
from itembank.base.db import Database
from itembank.people.models import Institution
from tests.factories.growing import growing_world
from tests.journeys.test_candidate import log_in

pytestmark = pytest.mark.journey


@pytest.mark.usefixtures("live_server")
def test_each_question_is_confirmed_and_the_last_one_handed_in(
    page: Page, database: Database, institution: Institution, accessibility: Callable[[Page], list[str]]
) -> None:
    world = growing_world(database, institution, Settings(Way.ADAPTIVE, 5))
    log_in(page, world, world.candidate())
    expect(page.get_by_text("时间到时尚未做到的题目按未作答计分。")).to_be_visible()
    page.get_by_role("button", name="开始答题").click()
    seen = []
    for number in range(1, 6):
        expect(page.get_by_text(f"第 {number} 题，最多 5 题")).to_be_visible()
        expect(page.locator(".question")).to_have_count(1)
        expect(page.locator("#save-state")).to_have_text("已保存")
        seen.append(page.locator(".question").get_attribute("data-item"))
        page.keyboard.press("a")
        expect(page.locator("#progress")).to_contain_text("已答 1 题")
        if number < 5:
            page.get_by_role("button", name="确认并继续").click()
    found = accessibility(page)
    page.get_by_role("button", name="交卷", exact=True).click()
    page.get_by_role("button", name="确认交卷").click()

    expect(page.get_by_role("heading", name="交卷成功")).to_be_visible()
    expect(page.get_by_text("5 / 5")).to_be_visible()
    assert len(set(seen)) == 5
    assert found == []
