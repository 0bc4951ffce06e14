"""An officer plans a theory examination: outside the filing, a wrong list, a review, sealed papers, tickets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from itembank.base.db import Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.papers import CODE, make_sealed_papers
from tests.factories.people import citizen_id
from tests.factories.sittings import candidate_row, list_file, parent_of
from web.i18n import ZONE

pytestmark = pytest.mark.journey

Shot = Callable[[Page, str], Path]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OCCUPATION = f"{CODE} 人工智能训练师"


@pytest.fixture
def officer(live_server: Any, institution: Institution, new_page: Any, log_in_page: Any, shot: Shot) -> Page:
    """An officer of an institution with two sealed papers, whose centre has just filed it for level 3."""
    database = live_server.database
    make_sealed_papers(lambda: database.session(scope=Scope.everything()), institution, forms=2)
    with database.session(scope=Scope.everything()) as session:
        centre_place = parent_of(session, institution)
    today = database.clock.now().astimezone(ZONE).date()
    centre = log_in_page(new_page(), Role.CENTRE_OFFICER, institution=centre_place)
    centre.goto("/filing")
    centre.select_option("#institution_id", label="测试用人单位")
    centre.select_option("#occupation_id", label=OCCUPATION)
    centre.fill("#number", "备〔2026〕001号")
    centre.fill("#valid_from", (today - timedelta(days=30)).isoformat())
    centre.fill("#valid_until", (today + timedelta(days=700)).isoformat())
    centre.get_by_label("三级/高级工").check()
    centre.get_by_role("button", name="登记备案").click()
    expect(centre.get_by_text("有效", exact=True)).to_be_visible()
    shot(centre, "theory-plan-1-filing")
    page: Page = log_in_page(new_page(), Role.EXAM_OFFICER)
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def make_plan(page: Page, day: str, shot: Shot) -> str:
    """Make the plan: refused outside the filing, then made within it; returns its address."""
    page.goto("/")
    page.get_by_role("link", name="认定计划").click()
    page.get_by_role("link", name="新建计划").first.click()
    page.fill("#name", "人工智能训练师三级认定")
    page.select_option("#occupation_id", label=OCCUPATION)
    page.select_option("#level", "2")
    page.fill("#examined_on", day)
    page.get_by_role("checkbox", name="操作技能考核").uncheck()
    page.get_by_role("button", name="建立计划").click()
    expect(page.get_by_role("alert")).to_contain_text("未备案“人工智能训练师 二级/技师”")
    shot(page, "theory-plan-2-outside")
    page.select_option("#level", "3")
    page.get_by_role("button", name="建立计划").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("人工智能训练师三级认定")
    return page.url


def row(number: int, document: str, **cells: str) -> list[str]:
    """Return a candidate of this plan."""
    return candidate_row(
        number, 职业名称="人工智能训练师", 级别="三级/高级工", 证件号=document, 申报条件="1", **cells
    )


def upload(page: Page, rows: Sequence[Sequence[str]]) -> None:
    page.set_input_files("#list", {"name": "报名表.xlsx", "mimeType": XLSX, "buffer": list_file(rows)})
    page.get_by_role("button", name="校验名单").click()


def register(page: Page, plan: str, shot: Shot) -> None:
    """Import four candidates; a wrong check digit refuses the whole list first."""
    right = [citizen_id(n) for n in range(1, 5)]
    wrong = right[2][:-1] + ("1" if right[2][-1] != "1" else "2")
    page.get_by_role("link", name="导入报名").click()
    upload(page, [row(n + 1, wrong if n == 2 else number) for n, number in enumerate(right)])
    expect(page.get_by_role("alert")).to_contain_text("未导入")
    cells = page.locator("section[aria-live] tbody tr").first.locator("td")
    expect(cells.nth(0)).to_have_text("4")
    expect(cells.nth(1)).to_have_text("证件号")
    expect(cells.nth(3)).to_contain_text("校验码不正确")
    shot(page, "theory-plan-3-list-refused")
    page.goto(f"{plan}/registrations")
    expect(page.get_by_text("尚无人报名")).to_be_visible()

    page.goto(f"{plan}/registrations/import")
    upload(page, [row(n + 1, number) for n, number in enumerate(right)])
    shot(page, "theory-plan-4-list-checked")
    page.get_by_role("button", name="确认登记").click()
    expect(page.get_by_role("status")).to_contain_text("4")


def review(page: Page, shot: Shot) -> None:
    """Refuse one claim with its reason and approve the others."""
    page.locator("[name=registration_ids]").nth(3).check()
    page.get_by_role("button", name="审核不合格", exact=True).click()
    expect(page.locator(".alert-danger")).to_be_visible()
    page.locator("[name=registration_ids]").nth(3).check()
    page.fill("[name=reason]", "工作年限证明不足")
    page.get_by_role("button", name="审核不合格", exact=True).click()
    expect(page.get_by_text("工作年限证明不足")).to_be_visible()
    for n in range(3):
        page.locator("[name=registration_ids]").nth(n).check()
    page.get_by_role("button", name="审核合格", exact=True).click()
    expect(page.get_by_role("link", name="审核合格 3")).to_be_visible()
    shot(page, "theory-plan-5-reviewed")


def arrange(page: Page, plan: str, shot: Shot) -> None:
    """A room, a theory sitting, its sealed papers, seats; then publish."""
    page.goto("/rooms")
    page.fill("#name", "第1机房")
    page.fill("#place", "实训楼三层")
    page.get_by_role("button", name="添加", exact=True).click()
    expect(page.get_by_role("cell", name="第1机房")).to_be_visible()
    shot(page, "theory-plan-6-rooms")
    page.goto(plan)
    page.get_by_role("button", name="新增场次").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("理论知识考试")
    for box in page.locator("[name=paper_ids]").all():
        box.check()
    page.get_by_role("button", name="选用所选试卷").click()
    expect(page.get_by_role("status")).to_contain_text("2")
    page.get_by_role("button", name="编排考场").click()
    expect(page.get_by_text("已编排3名考生").first).to_be_visible()
    shot(page, "theory-plan-7-arranged")
    page.get_by_role("button", name="发布本场考试").click()
    expect(page.get_by_role("status")).to_contain_text("冻结")
    expect(page.get_by_role("button", name="发布本场考试")).to_have_count(0)
    shot(page, "theory-plan-8-published")


def test_from_plan_to_tickets(officer: Page, live_server: Any, shot: Shot) -> None:
    day = live_server.database.clock.now().astimezone(ZONE).date() + timedelta(days=14)
    plan = make_plan(officer, day.isoformat(), shot)
    register(officer, plan, shot)
    review(officer, shot)
    arrange(officer, plan, shot)

    officer.goto(f"{plan}/tickets")
    officer.get_by_role("button", name="发放入场码并打印准考证").click()
    expect(officer.locator(".ticket")).to_have_count(3)
    codes = [ticket.get_attribute("data-code") for ticket in officer.locator(".ticket").all()]
    assert len(set(codes)) == 3
    expect(officer.locator(".ticket").first).to_contain_text("第1机房（实训楼三层）")
    shot(officer, "theory-plan-9-tickets")
    # The codes are not shown a second time.
    officer.goto(f"{plan}/tickets")
    expect(officer.get_by_text(codes[0] or "?")).to_have_count(0)
    shot(officer, "theory-plan-10-ticket-list")
