"""The exam officer takes a plan from its filing to printed tickets; the invigilator watches the room."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from exam_engine.delivery import service as delivery
from itembank.base.clock import ShiftedClock
from itembank.base.db import Scope
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.sittings import (
    candidate_row,
    document_of,
    list_file,
    make_occupation,
    make_picture,
)
from tests.factories.theory import make_theory

pytestmark = pytest.mark.journey
Shot = Callable[[Page, str], Path]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def upload(name: str, content: bytes, kind: str = XLSX) -> dict[str, Any]:
    return {"name": name, "mimeType": kind, "buffer": content}


@pytest.mark.slow
def test_from_filing_to_printed_tickets(
    new_page: Any, log_in_page: Any, live_server: Any, institution: Institution, shot: Shot
) -> None:
    with live_server.database.session(scope=Scope.everything()) as session:
        make_occupation(session)
        centre = people.find_institution(session, institution.parent_id)

    page = log_in_page(new_page(), Role.CENTRE_OFFICER, institution=centre)
    page.goto("/filing")
    page.get_by_label("职业").select_option(label="6-31-01-03 电工")
    page.get_by_label("备案号").fill("甘备〔2026〕017号")
    page.get_by_label("有效期起").fill("2026-01-01")
    page.get_by_label("有效期止").fill("2099-12-31")
    page.get_by_label("四级/中级工").check()
    page.get_by_label("三级/高级工").check()
    page.get_by_role("button", name="登记备案").click()
    expect(page.get_by_text("甘备〔2026〕017号").first).to_be_visible()
    shot(page, "sittings-filing")

    page = log_in_page(new_page(), Role.EXAM_OFFICER)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/plans/new")
    page.get_by_label("计划名称").fill("2026年第三批电工中级工认定")
    page.get_by_label("级别").select_option("2")
    page.get_by_label("考试日期（首日）").fill("2098-07-01")
    page.get_by_label("理论知识考试").uncheck()
    page.get_by_role("button", name="建立计划").click()
    expect(page.get_by_role("alert")).to_contain_text("未备案“电工 二级/技师”")
    shot(page, "sittings-plan-refused")
    page.get_by_label("级别").select_option("4")
    page.get_by_role("button", name="建立计划").click()
    expect(page.locator("h1")).to_have_text("2026年第三批电工中级工认定")
    plan_url = page.url

    page.get_by_role("link", name="导入报名").click()
    wrong = list_file([candidate_row(1), candidate_row(2, 证件号="110105194912310021", 级别="五级")])
    page.get_by_label("XLSX 或 CSV 文件").set_input_files(upload("名单.xlsx", wrong))
    page.get_by_role("button", name="校验名单").click()
    expect(page.get_by_role("alert")).to_contain_text("有2处不符合要求")
    shot(page, "sittings-import-errors")
    rows = [candidate_row(n) for n in range(1, 23)] + [
        candidate_row(23, 参加工作时间="", 姓名="欧阳静怡", 申报依据="工作年限证明")
    ]
    page.get_by_label("XLSX 或 CSV 文件").set_input_files(upload("名单.xlsx", list_file(rows)))
    page.get_by_role("button", name="校验名单").click()
    expect(page.get_by_text("共读取23行，全部符合要求")).to_be_visible()
    shot(page, "sittings-import-preview")
    page.get_by_role("button", name="确认登记这23名考生").click()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        for number in range(1, 12):
            package.writestr(f"{document_of(number)}.jpg", make_picture())
    page.goto(plan_url + "/registrations/import")
    page.get_by_label("zip 压缩包").set_input_files(upload("照片.zip", archive.getvalue(), "application/zip"))
    page.get_by_role("button", name="上传照片").click()
    expect(page.get_by_text("已保存11张照片")).to_be_visible()

    page.goto(plan_url + "/registrations")
    shot(page, "sittings-registrations")
    page.get_by_label("欧阳静怡").check()
    page.get_by_role("textbox", name="原因").fill("缺少工作年限证明原件")
    page.get_by_role("button", name="审核不合格", exact=True).click()
    page.get_by_role("button", name="待审核的22人全部合格").click()
    expect(page.get_by_role("link", name="审核合格 22")).to_be_visible()
    page.get_by_label("姓名、证件号或准考证号").fill("欧阳")
    page.get_by_role("button", name="查询").click()
    page.get_by_role("link", name="欧阳静怡").click()
    expect(page.get_by_text("缺少工作年限证明原件").first).to_be_visible()
    page.goto(plan_url + "/registrations")
    page.locator("tbody a").first.click()
    shot(page, "sittings-registration")

    page.goto("/rooms")
    for name in ("第1考场", "第2考场"):
        page.locator("#name").fill(name)
        page.locator("#capacity").fill("12")
        page.locator("main .form-grid button").click()
        expect(page.get_by_role("status")).to_contain_text(name)
    shot(page, "sittings-rooms")

    page.goto(plan_url)
    page.get_by_role("button", name="新增场次").click()
    page.get_by_role("button", name="编排考场、座位和准考证").click()
    expect(page.get_by_text("已编排22名考生")).to_be_visible()
    shot(page, "sittings-sitting")
    page.get_by_role("button", name="发布本场考试").click()
    expect(page.get_by_role("status")).to_contain_text("已发布")
    sitting_url = page.url
    page.goto(plan_url)
    shot(page, "sittings-plan")
    page.goto(plan_url + "/tickets")
    shot(page, "sittings-tickets")
    page.get_by_role("button", name="发放入场码并打印准考证").click()
    expect(page.locator("[data-ticket]")).to_have_count(22)
    code = page.locator("[data-ticket]").first.get_attribute("data-code") or ""
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", code)
    shot(page, "sittings-ticket-print")
    for sheet in ("attendance", "seats"):
        page.goto(f"{sitting_url}/print/{sheet}")
        shot(page, f"sittings-{sheet}")


def test_the_invigilator_watches_the_room(
    page: Page,
    log_in_page: Any,
    live_server: Any,
    institution: Institution,
    clock: ShiftedClock,
    shot: Shot,
) -> None:
    database = live_server.database

    def open_session() -> Any:
        return database.session(scope=Scope.everything())

    theory = make_theory(open_session, institution, starts=clock.now() + timedelta(minutes=10), count=23)
    clock.advance(timedelta(minutes=12))
    with open_session() as session:
        for number in range(1, 16):
            delivery.start(session, actor=theory.actor(number), sitting_id=theory.sitting_id)

    log_in_page(page, Role.INVIGILATOR)
    page.goto("/invigilation")
    page.get_by_role("link", name="考场", exact=True).click()
    page.get_by_role("link", name="第1考场").click()
    expect(page.locator("[data-state=answering]")).to_have_count(15)
    with open_session() as session:
        delivery.start(session, actor=theory.actor(16), sitting_id=theory.sitting_id)
    # The picture is kept fresh by the server's events.
    expect(page.locator("[data-state=answering]")).to_have_count(16, timeout=30_000)
    page.locator(".seat").nth(2).click()
    page.locator("#reason").fill("键盘故障，更换设备")
    page.get_by_role("button", name="暂停作答").click()
    expect(page.locator("[data-state=paused]")).to_have_count(1)
    page.locator(".seat").nth(4).click()
    page.locator("#kind").select_option("cheating")
    page.get_by_label("情况经过").fill("桌面发现与考试内容有关的纸条")
    page.get_by_role("button", name="提交记录").click()
    expect(page.locator("[data-state=paused]")).to_have_count(2)
    expect(page.get_by_text("待第二人确认")).to_be_visible()
    log_in_page(page, Role.EXAM_OFFICER)
    page.goto(f"/invigilation/{theory.sitting_id}/rooms/{theory.room_id}")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="确认：本科目成绩无效").click()
    expect(page.locator("[data-state=terminated]")).to_have_count(1)
    shot(page, "invigilation-room")
    page.get_by_label("监控录像编号").fill("NVR-03 2026-07-01 08:30–10:40")
    page.get_by_role("button", name="保存考场记录").click()
    expect(page.get_by_role("status")).to_contain_text("考场记录已保存")
    page.get_by_role("link", name="打印考场记录").click()
    shot(page, "invigilation-record")
    page.goto(f"/invigilation/{theory.sitting_id}")
    shot(page, "invigilation-sitting")
