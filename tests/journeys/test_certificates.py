"""From score sheets to a verified certificate: examiner, officer, supervisor, centre and the public."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from exam_engine.results import service as results
from exam_engine.results.rules import ResultState
from exam_engine.sittings.rules import Component
from itembank.base.db import Scope
from itembank.base.fonts import FontMissing, find_fonts
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.factories.recognition import MARKED, World, answer_all, make_active_task, make_world, release_all

pytestmark = pytest.mark.journey

PHONE = (390, 844)
NAMES = ("张伟", "王小明", "欧阳娜娜", "买买提·艾力", "李静", "赵敏䶮")
RIGHT = (6, 2, 5, 4, 6, 4)
Shot = Callable[[Page, str], Path]


@pytest.fixture(autouse=True)
def monday(monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    """Time begins on a day whose year the calendar knows."""
    begun = clock.offset
    monkeypatch.setattr(type(clock), "now", lambda self: MARKED + (self.offset - begun))


@pytest.fixture
def centre(live_server: Any, institution: Institution) -> Institution:
    with live_server.database.session(scope=Scope.everything()) as session:
        return session.get_one(Institution, institution.parent_id)


def test_examiners_score_by_keyboard_and_the_officer_releases(
    new_page: Any, log_in_page: Any, live_server: Any, institution: Institution, shot: Shot
) -> None:
    with live_server.database.session(scope=Scope.everything()) as session:
        world = make_world(session, names=NAMES, practical=True, institution=institution)
        answer_all(session, world, right=RIGHT)
        make_active_task(session, world)
    assert world.practical is not None
    sheet = f"/marking/practical/{world.practical.id}/candidates/{world.candidates[0].id}"
    for number, points in enumerate(("30", "31.5", "33")):
        page = log_in_page(new_page(), Role.PRACTICAL_EXAMINER, username=f"examiner-{number}")
        page.goto(sheet)
        page.keyboard.type(points)
        page.keyboard.press("Enter")
        page.keyboard.type("42")
        expect(page.locator("[data-sum]")).to_have_text(str(float(points) + 42).removesuffix(".0"))
        if number == 0:
            shot(page, "marking-sheet")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".toast")).to_contain_text("评分表已提交")

    officer = log_in_page(new_page(), Role.EXAM_OFFICER)
    officer.on("dialog", lambda dialog: dialog.accept())
    officer.goto(f"/marking/practical/{world.practical.id}")
    officer.get_by_role("button", name="结算成绩").click()
    expect(officer.locator("tr", has_text="张伟")).to_contain_text("73.5")
    shot(officer, "marking-practical")
    officer.goto(f"/marking/theory/{world.theory.id}")
    officer.get_by_role("button", name="开始阅卷").click()
    expect(officer.locator("table").last).to_contain_text("66.67")
    shot(officer, "marking-theory")
    officer.goto(f"/results/{world.plan.id}")
    officer.get_by_role("button", name="汇总成绩").click()
    expect(officer.locator(".toast")).to_contain_text("尚缺 5 项")
    shot(officer, "results-plan")
    record_absences(live_server, world)
    officer.get_by_role("button", name="发布成绩").click()
    expect(officer.locator(".toast")).to_contain_text("已发布 12 项成绩")


def record_absences(live_server: Any, world: World) -> None:
    with live_server.database.session(scope=Scope.everything()) as session:
        for row in results.read_table(session, world.plan.id).rows:
            result = row.results[Component.PRACTICAL]
            if result.state is ResultState.MISSING:
                results.record_state(
                    session,
                    actor=SYSTEM,
                    result_id=result.id,
                    state=ResultState.ABSENT,
                    reason="未到场",
                    now=MARKED,
                )


def test_a_result_becomes_a_certificate_that_a_stranger_can_check(
    new_page: Any,
    log_in_page: Any,
    live_server: Any,
    institution: Institution,
    centre: Institution,
    clock: Any,
    shot: Shot,
) -> None:
    try:
        find_fonts()
    except FontMissing as missing:
        pytest.skip(str(missing))
    with live_server.database.session(scope=Scope.everything()) as session:
        world = make_world(session, names=NAMES, institution=institution)
        release_all(session, world, right=RIGHT)
    plan = f"/recognition/plans/{world.plan.id}"

    officer = log_in_page(new_page(), Role.EXAM_OFFICER)
    officer.on("dialog", lambda dialog: dialog.accept())
    officer.goto(plan)
    officer.get_by_label("咨询方式").fill("0931-0000000")
    officer.get_by_role("button", name="评定并公示").click()
    expect(officer.locator(".toast")).to_contain_text("2026-03-09")
    shot(officer, "recognition-plan")
    notice = officer.get_by_role("link", name="查看公示页").get_attribute("href")

    phone = new_page(size=PHONE)
    phone.goto(notice)
    expect(phone.locator("table")).to_contain_text("欧阳**")
    shot(phone, "public-notice-phone")
    phone.get_by_label("异议对象").select_option(index=1)
    phone.get_by_label("异议内容及理由").fill("此人未参加考试，请核查监控。")
    phone.get_by_role("button", name="提交异议").click()
    expect(phone.locator(".alert-good")).to_contain_text("您的异议已受理")
    shot(phone, "public-objection-phone")

    clock.advance(timedelta(days=8))
    approver = log_in_page(new_page(), Role.CENTRE_OFFICER, institution=centre)
    approver.goto("/recognition/approvals")
    approver.get_by_label("全选").check()
    approver.get_by_role("button", name="审核通过所选").click()
    expect(approver.locator(".alert-danger")).to_contain_text("件异议未处理完毕")
    shot(approver, "recognition-approvals-stopped")

    supervisor = log_in_page(new_page(), Role.QUALITY_SUPERVISOR)
    supervisor.goto("/")
    expect(supervisor.locator(".todo-list")).to_contain_text("件异议待处理")
    supervisor.goto("/recognition/objections")
    supervisor.get_by_role("link", name="打开").click()
    supervisor.get_by_role("button", name="开始调查").click()
    supervisor.locator("#verdict").select_option("dismissed")
    supervisor.get_by_label("调查情况").fill("经查阅监控与签到表，考生本人在场参加考试。")
    shot(supervisor, "recognition-objection")
    supervisor.get_by_role("button", name="作出处理决定").click()
    expect(supervisor.locator(".toast")).to_contain_text("异议处理决定已登记")

    approver.goto("/recognition/approvals")
    approver.get_by_label("全选").check()
    shot(approver, "recognition-approvals")
    approver.get_by_role("button", name="审核通过所选").click()
    expect(approver.locator(".toast")).to_contain_text("已审核通过 5 人")

    officer = log_in_page(new_page(), Role.EXAM_OFFICER)
    officer.on("dialog", lambda dialog: dialog.accept())
    officer.goto(plan)
    officer.get_by_role("button", name="颁发证书").click()
    expect(officer.locator(".toast")).to_contain_text("已颁发 5 本证书")
    shot(officer, "certificates")
    number = officer.locator("tbody tr", has_text="张伟").locator("td").first.inner_text()
    officer.get_by_role("link", name=number).click()
    expect(officer.locator("h1")).to_contain_text(number)
    shot(officer, "certificate")
    address = officer.locator(".facts div", has_text="二维码网址").locator("dd").inner_text()

    phone.goto("/verify")
    phone.get_by_label("证书编号").fill(number)
    phone.get_by_label("持证人姓名").fill("张伟")
    phone.get_by_role("button", name="查询").click()
    expect(phone.locator(".facts")).to_contain_text("三级/高级工")
    shot(phone, "public-verify-phone")
    phone.get_by_label("持证人姓名").fill("张炜")
    phone.get_by_role("button", name="查询").click()
    expect(phone.get_by_role("alert")).to_contain_text("未查到该证书")
    shot(phone, "public-verify-forged-phone")
    stranger = new_page()
    stranger.goto(address)
    expect(stranger.locator(".facts")).to_contain_text(number)
    shot(stranger, "public-verify")
