"""From a blueprint to sealed papers: the paper manager writes and assembles, a second person seals."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from exam_engine.papers import service as papers
from itembank.base.db import Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.papers import actor_of, make_bank, make_blueprint
from tests.factories.people import NOW
from tests.journeys.walk import SEEN

pytestmark = pytest.mark.journey

BORDER = "element => getComputedStyle(element).borderColor"
Shot = Callable[[Page, str], Path]


@pytest.fixture
def occupation_name(live_server: Any, institution: Institution) -> str:
    with live_server.database.session(scope=Scope.of((institution.id,))) as session:
        return make_bank(session, institution).name


def write_blueprint(page: Page, occupation_name: str) -> None:
    """Write a blueprint with one row, from the list of blueprints."""
    page.goto("/blueprints")
    page.select_option("#occupation", label=occupation_name)
    page.select_option("#level", "3")
    page.get_by_role("button", name="开始编制").click()
    page.fill("#name", "三级理论卷")
    page.fill("[name=single_choice-count]", "5")
    page.fill("[name=single_choice-marks]", "12")
    page.fill("[name=true_false-count]", "5")
    page.fill("[name=true_false-marks]", "8")
    page.check("[name=equal][value=type]")
    page.get_by_role("button", name="增加一行", exact=True).click()
    page.fill("[name=row-0-name]", "核心点")
    page.select_option("[name=row-0-importance]", "X")
    page.fill("[name=row-0-minimum]", "4")


def write_on_the_outline(page: Page) -> None:
    """Use the tools on the outline: rows by weight without leaving the page, undone and made again."""
    names = page.locator("[name^=row-][name$=-name]")
    page.get_by_role("button", name="分配到第一层").click()
    expect(names).to_have_count(3)
    expect(page.locator("[data-supply='asked-']")).to_have_text("10")
    page.get_by_role("button", name="撤销").click()
    expect(names).to_have_count(1)
    page.get_by_role("button", name="重做").click()
    expect(page.locator("[name=row-2-minimum]")).to_have_value("5")
    page.fill("[name=planned]", "20")
    expect(page.locator("[data-warning=row-1]")).to_contain_text("组 20 套时")
    page.fill("[name=planned]", "2")
    expect(page.locator("[data-warning=row-1]")).to_be_hidden()
    page.fill("#tree-search", "专业")
    expect(page.locator("[data-node=A]")).to_be_hidden()


def test_a_paper_goes_from_blueprint_to_seal(
    new_page: Any, log_in_page: Any, occupation_name: str, shot: Shot
) -> None:
    manager = log_in_page(new_page(), Role.PAPER_MANAGER)
    write_blueprint(manager, occupation_name)
    # The supply follows what is typed.
    expect(manager.locator("[data-supply=row-0]")).to_have_text("8")
    manager.fill("[name=row-0-minimum]", "9")
    expect(manager.locator("[data-supply=row-0]")).to_have_class("supply-short")
    manager.fill("[name=row-0-minimum]", "4")
    write_on_the_outline(manager)
    shot(manager, "papers-editor")
    # What is wrong in a row is red there, too.
    maximum = manager.locator("[name=row-0-maximum]")
    plain = maximum.evaluate(BORDER)
    maximum.fill("多")
    manager.get_by_role("button", name="保存蓝图").click()
    expect(maximum).to_have_attribute("aria-invalid", "true")
    assert maximum.evaluate(BORDER) != plain
    maximum.fill("")
    manager.get_by_role("button", name="保存蓝图").click()
    expect(manager.get_by_role("status")).to_contain_text("已保存")
    manager.get_by_role("button", name="开始组卷").click()
    # The page follows the job and goes on to its result by itself.
    expect(manager.get_by_role("heading", name="逐条规则复核")).to_be_visible()
    expect(manager.get_by_text("须由其他账号审批并封存")).to_be_visible()
    expect(manager.get_by_role("button", name="审批并封存")).to_have_count(0)
    shot(manager, "papers-side-by-side")
    # An item is swapped by hand for the best one that keeps every rule.
    manager.locator("td.code a").first.click()
    manager.get_by_role("link", name="换题").first.click()
    expect(manager.get_by_role("heading", name="满足全部规则的替换试题")).to_be_visible()
    manager.fill("#reason", "题干过时")
    shot(manager, "papers-swap")
    manager.get_by_role("button", name="换题").click()
    expect(manager.get_by_role("status")).to_contain_text("全部规则已重新核算")
    expect(manager.locator(".timeline")).to_contain_text("题干过时")

    second = log_in_page(new_page(), Role.REVIEWER)
    second.goto("/")
    second.get_by_role("link", name="待审批封存的试卷").click()
    second.locator("td.code a").last.click()
    expect(second.locator(".option-key").first).to_be_visible()
    for box in second.locator("[name=check]").all():
        box.check()
    second.on("dialog", lambda dialog: dialog.accept())
    second.get_by_role("button", name="审批并封存").click()
    expect(second.locator(".digest")).to_have_text(re.compile("^[0-9a-f]{64}$"))
    expect(second.locator(".option-key")).to_have_count(0)
    second.get_by_role("button", name="核验封存").click()
    expect(second.get_by_role("status")).to_contain_text("内容未被改动")
    shot(second, "papers-sealed")


def test_an_impossible_blueprint_is_explained_without_javascript(
    new_page: Any, log_in_page: Any, occupation_name: str, shot: Shot
) -> None:
    manager = log_in_page(new_page(javascript=False), Role.PAPER_MANAGER)
    write_blueprint(manager, occupation_name)
    manager.fill("[name=row-0-minimum]", "9")
    manager.get_by_role("button", name="保存蓝图").click()
    manager.get_by_role("button", name="开始组卷").click()
    for _ in range(100):
        if manager.get_by_role("heading", name="最小改动").count():
            break
        manager.wait_for_timeout(250)
        manager.reload()

    expect(manager.get_by_text("“核心点”：下限由 9 降为 8")).to_be_visible()
    expect(manager.get_by_role("link", name="按此修改蓝图")).to_be_visible()
    shot(manager, "papers-impossible")


def test_eight_forms_stand_side_by_side_without_covering_each_other(
    page: Page, log_in_page: Any, live_server: Any, institution: Institution, shot: Shot
) -> None:
    def everything() -> Any:
        return live_server.database.session(scope=Scope.everything())

    with everything() as session:
        manager = actor_of(session, institution, Role.PAPER_MANAGER, username="paper-manager")
        occupation = make_bank(session, institution)
        blueprint = make_blueprint(session, institution, occupation, actor=manager, share_items=True)
        assembly_id = papers.request_assembly(
            session, actor=manager, blueprint_id=blueprint.id, forms=8, seed=1, now=NOW, queue=False
        ).id
    papers.perform_assembly(everything, assembly_id, actor=manager, now=lambda: NOW)
    log_in_page(page, Role.REVIEWER)
    page.goto(f"/papers/assemblies/{assembly_id}")

    expect(page.get_by_role("heading", name="各套内容对照")).to_be_visible()
    shot(page, "papers-eight-forms")
    seen = page.evaluate(SEEN)
    assert (seen["covered"], seen["wide"]) == (0, 0)
