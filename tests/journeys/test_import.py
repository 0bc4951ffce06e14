"""From a Word sheet to active items: log in, import, repair what was refused, place, review in bulk and one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from itembank.base.db import Scope
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.factories.bank import make_actor, make_outline
from tests.factories.people import NOW
from tests.factories.word_sheets import sheet

pytestmark = pytest.mark.journey

Shot = Callable[[Page, str], Path]
PASSWORD = "correct horse 9"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LINES = (
    "一、单选题",
    "1.测量导线长度应选用（　）。",
    "A.卷尺",
    "B.天平",
    "C.秒表",
    "D.量筒	A",
    "2.测量工件质量应选用（　）。",  # nobody wrote down its answer
    "A.卷尺",
    "B.天平",
    "C.秒表",
    "D.量筒",
    "二、判断题",
    "1.验电前应先在有电设备上确认验电器完好。（√）",
)


@pytest.fixture
def writer(page: Page, live_server: Any, institution: Institution) -> Page:
    """An item writer who came in through the login page."""
    with live_server.database.session(scope=Scope.everything()) as session:
        manager = make_actor(session, institution, Role.PAPER_MANAGER, username="outline-keeper")
        make_outline(session, manager)
        user = people.create_user(
            session, actor=SYSTEM, username="qian", name="钱文", password=PASSWORD, now=NOW
        )
        people.grant_role(
            session, actor=SYSTEM, user_id=user.id, institution_id=institution.id, role=Role.ITEM_WRITER
        )
    page.goto("/bank/items")
    page.get_by_label("用户名").press_sequentially("qian")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("钱文", exact=True)).to_be_visible()
    return page


def import_and_repair(page: Page, shot: Shot) -> None:
    """Import the sheet and repair its one broken question on the report page."""
    page.goto("/bank/imports/new")
    page.set_input_files("#file", {"name": "复习题.docx", "mimeType": WORD, "buffer": sheet(LINES)})
    page.select_option("#occupation_id", label="6-31-01-03 电工")
    page.select_option("#level", "4")
    page.get_by_role("button", name="导入", exact=True).click()
    expect(page.get_by_role("link", name="待修改 1")).to_have_attribute("aria-current", "page")
    expect(page.get_by_text("没有找到答案")).to_be_visible()
    shot(page, "import-report")
    page.get_by_role("link", name="修改", exact=True).click()
    page.get_by_role("button", name="校验并入库").click()
    expect(page.get_by_role("alert")).to_contain_text("没有")
    page.get_by_role("checkbox", name="B", exact=True).check()
    shot(page, "import-repair")
    page.get_by_role("button", name="校验并入库").click()
    expect(page.get_by_role("status")).to_contain_text("已作为草稿入库")
    expect(page.get_by_role("link", name="待修改 0")).to_be_visible()


def place_and_submit(page: Page, shot: Shot) -> None:
    """Give the three drafts their assessment point, then submit them together."""
    page.goto("/bank/placement")
    page.get_by_role("checkbox", name="全选本页").check()
    page.fill("[data-point-filter]", "鉴定点3")
    page.press("[data-point-filter]", "Enter")
    shot(page, "import-placement")
    page.locator(".place-side button").click()
    expect(page.get_by_text("没有待归类的试题")).to_be_visible()
    page.goto("/bank/items")
    page.get_by_role("checkbox", name="全选本页").check()
    page.get_by_role("button", name="送审").click()
    expect(page.locator("tbody").get_by_text("待审核")).to_have_count(3)
    shot(page, "import-submitted")


def test_a_word_sheet_becomes_active_items(writer: Page, new_page: Any, log_in_page: Any, shot: Shot) -> None:
    import_and_repair(writer, shot)
    place_and_submit(writer, shot)

    reviewer = log_in_page(new_page(), Role.REVIEWER)
    reviewer.goto("/bank/review")
    expect(reviewer.locator(".review-row")).to_have_count(3)
    for n in range(2):
        reviewer.locator("[name=item]").nth(n).check()
    shot(reviewer, "import-review")
    reviewer.get_by_role("button", name="通过").click()
    expect(reviewer.locator(".review-row")).to_have_count(1)
    reviewer.get_by_role("link", name="逐题审核").click()
    expect(reviewer.get_by_text("Ctrl+Enter")).to_be_visible()
    reviewer.keyboard.press("Control+Enter")
    expect(reviewer.get_by_text("没有待您审核的试题")).to_be_visible()

    reviewer.goto("/bank/items?status=active")
    expect(reviewer.locator("tbody tr")).to_have_count(3)
    expect(reviewer.locator("tbody").get_by_text("已启用")).to_have_count(3)
    shot(reviewer, "import-active")
