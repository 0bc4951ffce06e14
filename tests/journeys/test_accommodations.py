"""What a candidate was given shows from the waiting room on, and a break covers the paper and stops the clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from itembank.people.rules import Role
from tests.factories.exam import ExamWorld
from tests.journeys.test_candidate import log_in, world

__all__ = ["world"]

pytestmark = pytest.mark.journey
Shot = Callable[[Page, str], Path]


def test_large_print_contrast_extra_time_and_a_break(
    page: Page, new_page: Any, log_in_page: Any, world: ExamWorld, shot: Shot, accessibility: Any
) -> None:
    candidate = world.candidate()
    officer = log_in_page(new_page(), Role.EXAM_OFFICER)
    officer.goto(f"/plans/{world.sitting.plan_id}/accommodations?sitting={world.sitting.id}&find=王小明")
    officer.get_by_label("延长时间（占考试时长的百分比）").fill("30")
    officer.get_by_label("休息次数").fill("2")
    officer.get_by_label("每次休息最长（分钟）").fill("10")
    officer.get_by_label("开始时的字号").select_option("3")
    officer.get_by_label("高对比度").check()
    officer.get_by_label("原因").fill("视力残疾证 4401")
    shot(officer, "accommodations-0-giving")
    officer.get_by_role("button", name="在本场次给予").click()
    expect(officer.get_by_text("已为 1 名考生登记考试便利")).to_be_visible()
    shot(officer, "accommodations-0-given")
    assert accessibility(officer) == []

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
    assert accessibility(page) == []
    page.keyboard.press("b")
    page.get_by_role("button", name="休息").click()
    expect(page.locator("#break-text")).to_contain_text("您还可休息 2 次")
    page.get_by_role("button", name="开始休息").click()
    expect(page.locator("#break-clock")).to_contain_text("00:09")
    expect(page.locator("#main")).not_to_be_visible()
    stood = page.locator("#timer-value").inner_text()
    shot(page, "accommodations-3-break")
    assert accessibility(page) == []
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
