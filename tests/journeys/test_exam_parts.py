"""A paper in parts in a real browser: a timed section, a break, and what is left is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from exam_engine.sittings.sections import SectionTerms
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database
from itembank.people.models import Institution
from tests.factories.exam import ExamWorld
from tests.journeys.test_candidate import log_in, stored

pytestmark = pytest.mark.journey


@pytest.mark.usefixtures("live_server")
def test_a_paper_is_opened_part_by_part(
    page: Page,
    database: Database,
    institution: Institution,
    clock: ShiftedClock,
    shot: Callable[[Page, str], Path],
    accessibility: Callable[[Page], list[str]],
) -> None:
    sections = (
        SectionTerms("single_choice", minutes=20, break_after_minutes=5),
        SectionTerms("true_false"),
    )
    world = ExamWorld.make(database, institution, sections=sections)
    first, *later = world.paper.sections
    log_in(page, world, world.candidate())
    expect(page.get_by_text("试卷分段依次打开")).to_be_visible()
    shot(page, "exam-parts-1-waiting")
    page.get_by_role("button", name="开始答题").click()
    expect(page.locator("#save-state")).to_have_text("已保存")
    page.keyboard.press("b")
    expect(page.locator("#progress")).to_have_text(f"已答 1 题，共 {len(first.entries)} 题")
    expect(page.locator("#whole-value")).to_contain_text("01:")
    shot(page, "exam-parts-2-section")
    seen = page.content()
    assert not [entry for section in later for entry in section.entries if str(entry.item_id) in seen]

    page.get_by_role("button", name="结束本部分").click()
    expect(page.get_by_text("离开后不能再打开")).to_be_visible()
    shot(page, "exam-parts-3-end")
    page.get_by_role("button", name="结束本部分并继续").click()
    expect(page.get_by_role("heading", name="休息")).to_be_visible()
    expect(page.locator("#rest-clock")).to_contain_text("00:04")
    shot(page, "exam-parts-4-break")
    found = accessibility(page)
    clock.advance(timedelta(minutes=6))
    # As if the machine had slept: the page asks the server, and goes on by itself.
    woke = (
        "() => { document.dispatchEvent(new Event('resume')); return document.querySelector('.question'); }"
    )
    page.wait_for_function(woke, polling=250)

    expect(page.locator(".question")).to_have_count(sum(len(section.entries) for section in later))
    expect(page.locator("#save-state")).to_have_text("已保存")
    page.keyboard.press("a")
    expect(page.locator("#progress")).to_contain_text("已答 1 题")
    shot(page, "exam-parts-5-last")
    page.get_by_role("button", name="交卷", exact=True).click()
    page.locator("#confirm-facts").get_by_role("button", name="9", exact=True).click()
    expect(page.locator(".question.current .number")).to_have_text("9.")
    expect(page.locator(".palette [aria-current]")).to_have_text("9")
    page.get_by_role("button", name="交卷", exact=True).click()
    page.get_by_role("button", name="确认交卷").click()
    expect(page.get_by_role("heading", name="交卷成功")).to_be_visible()

    assert len(stored(database)) == 2
    assert found == []
