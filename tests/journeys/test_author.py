"""From an outline to an active item: the paper manager imports, the writer writes, a second person reviews."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from itembank.base.db import Scope
from itembank.people.rules import Role
from itembank.taxonomy import service as taxonomy

pytestmark = pytest.mark.journey

Shot = Callable[[Page, str], Path]
OUTLINE = Path(__file__).parents[2] / "scripts" / "demonstration" / "outline.toml"


@pytest.fixture
def outline(live_server: Any, new_page: Any, log_in_page: Any, shot: Shot) -> None:
    """The demonstration's outline, imported through the page."""
    with live_server.database.session(scope=Scope.everything()) as session:
        taxonomy.seed_occupations(session)
    manager = log_in_page(new_page(), Role.PAPER_MANAGER)
    manager.goto("/bank/taxonomy")
    manager.set_input_files("#file", OUTLINE)
    manager.locator("form[action='/bank/taxonomy/import'] button").click()
    expect(manager.get_by_text("各项合计一致")).to_be_visible()
    shot(manager, "bank-outline")


def fill_in(page: Page, stem: str) -> None:
    page.fill("#stem", stem)
    for n, text in enumerate(("5 Ω", "6 Ω", "9 Ω", "18 Ω")):
        page.locator("[name=option]").nth(n).fill(text)
    page.locator("[name=key][value=B]").check()


@pytest.mark.usefixtures("outline")
def test_an_item_is_written_sent_back_corrected_and_approved(
    new_page: Any, log_in_page: Any, shot: Shot
) -> None:
    writer = log_in_page(new_page(), Role.ITEM_WRITER)
    writer.goto("/bank/items")
    expect(writer.get_by_text("题库中还没有试题")).to_be_visible()
    writer.locator(".page-actions").get_by_role("link", name="新建试题").click()
    fill_in(writer, "由 $R = \\frac{U}{I}$ 可知，12 V、2 A 时的电阻为（　）。")
    # The preview follows what is typed.
    expect(writer.locator("[data-preview-pane] math mfrac")).to_be_attached()
    writer.fill("[data-point-filter]", "欧姆定律")
    expect(writer.locator(".point-choice:visible")).to_have_count(1)
    writer.press("[data-point-filter]", "Enter")
    shot(writer, "bank-write")
    writer.get_by_role("button", name="保存并送审").click()
    expect(writer.get_by_text("待审核")).to_be_visible()

    reviewer = log_in_page(new_page(), Role.REVIEWER)
    reviewer.goto("/")
    reviewer.get_by_role("link", name="待审核试题").click()
    expect(reviewer.locator(".option-row.option-key")).to_contain_text("6 Ω")
    shot(reviewer, "bank-review-queue")
    reviewer.get_by_role("link", name="逐题审核").click()
    expect(reviewer.get_by_text("Ctrl+B")).to_be_visible()
    reviewer.keyboard.press("Control+b")
    expect(reviewer.locator("#comment")).to_be_focused()
    reviewer.keyboard.type("题干请注明“直流”。")
    shot(reviewer, "bank-review")
    reviewer.keyboard.press("Control+b")
    expect(reviewer.get_by_text("没有待您审核的试题")).to_be_visible()

    writer.reload()
    expect(writer.get_by_text("题干请注明“直流”。").first).to_be_visible()
    writer.get_by_role("link", name="编辑").click()
    expect(writer.locator(".point-choice input:checked")).to_be_visible()
    writer.wait_for_load_state()  # before its script runs, the page knows no keys
    writer.fill("#stem", "直流电路中，12 V、2 A 时的电阻为（　）。")
    writer.keyboard.press("Control+s")
    expect(writer.get_by_text("第 2 版")).to_be_visible()
    writer.get_by_role("button", name="送审").click()
    shot(writer, "bank-item")

    reviewer.goto("/bank/review")
    reviewer.get_by_role("link", name="打开").click()
    expect(reviewer.get_by_text("Ctrl+Enter")).to_be_visible()
    reviewer.keyboard.press("Control+Enter")
    expect(reviewer.get_by_text("没有待您审核的试题")).to_be_visible()
    writer.reload()
    expect(writer.get_by_text("已启用", exact=True)).to_be_visible()


@pytest.mark.usefixtures("outline")
def test_items_are_written_and_approved_without_javascript(
    new_page: Any, log_in_page: Any, shot: Shot
) -> None:
    writer = log_in_page(new_page(javascript=False), Role.ITEM_WRITER)
    writer.goto("/bank/items/new")
    writer.get_by_role("button", name="多选题").click()
    fill_in(writer, "下列说法正确的有（　）。")
    writer.get_by_role("button", name="添加选项").click()
    expect(writer.locator("[name=option]")).to_have_count(5)
    writer.get_by_role("button", name="保存并送审").click()
    expect(writer.get_by_text("多选题至少要有 2 个正确选项")).to_be_visible()
    shot(writer, "bank-write-errors")
    writer.locator("[name=key][value=C]").check()
    writer.locator(".branch summary", has_text="基础知识").click()
    writer.locator(".branch summary", has_text="电工基础").click()
    writer.locator(".point-choice", has_text="欧姆定律").locator("input").check()
    writer.get_by_role("button", name="保存并送审").click()
    expect(writer.get_by_text("待审核")).to_be_visible()

    reviewer = log_in_page(new_page(javascript=False), Role.REVIEWER)
    reviewer.goto("/bank/review")
    reviewer.get_by_role("checkbox", name="全部符合条件的 1 题").check()
    reviewer.get_by_role("button", name="通过").click()
    expect(reviewer.get_by_text("已处理 1 题")).to_be_visible()
