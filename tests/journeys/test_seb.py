"""A candidate of a sitting that requires the Safe Exam Browser, in another browser and in one that is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urldefrag

import pytest
from playwright.sync_api import Page, expect

from exam_engine.delivery.seb import service as seb
from exam_engine.delivery.seb.keys import request_hash
from exam_engine.delivery.seb.rules import SebUse
from itembank.base.db import Scope
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.factories.exam import ExamWorld

pytestmark = pytest.mark.journey
EXAM_KEY = "ab" * 32
BROWSER = """window.SafeExamBrowser = {
  version: "SEB_macOS_3.0_1",
  security: { updateKeys(callback) { keysFor(location.href).then((keys) => {
    [this.configKey, this.browserExamKey] = keys; callback(); }); } } };"""
"""What versions for macOS before 3.1 give a page: the keys are there once they were asked for."""


def enter(page: Page, world: ExamWorld, candidate: Any) -> None:
    entry = world.entry(candidate)
    page.goto("/exam/login")
    page.get_by_label("准考证号").fill(entry["ticket_number"])
    page.get_by_label("入场码").fill(entry["entry_code"])
    page.get_by_role("button", name="进入考试").click()


def test_the_paper_opens_in_the_safe_exam_browser_alone(
    new_page: Any,
    log_in_page: Any,
    live_server: Any,
    institution: Institution,
    accessibility: Any,
    shot: Any,
) -> None:
    world = ExamWorld.make(live_server.database, institution)
    candidate = world.candidate()
    with live_server.database.session(scope=Scope.everything()) as session:
        setting = seb.change_setting(
            session,
            actor=SYSTEM,
            sitting_id=world.sitting.id,
            use=SebUse.REQUIRED,
            key_lines=f"{EXAM_KEY} macOS 3.0",
            reason="规定",
        )
    config_key = setting.config_key(live_server.url)

    other = new_page()
    enter(other, world, candidate)
    expect(other.get_by_role("alert")).to_contain_text("只能在安全考试浏览器中进行")
    shot(other, "seb-1-refused")
    assert accessibility(other) == []

    page = new_page()
    page.expose_function(
        "keysFor", lambda url: [request_hash(urldefrag(url).url, key) for key in (config_key, EXAM_KEY)]
    )
    page.add_init_script(BROWSER)
    enter(page, world, candidate)
    page.get_by_role("button", name="开始答题").click()
    expect(page.locator("#save-state")).to_have_text("已保存")
    shot(page, "seb-2-paper")

    console = log_in_page(new_page(), Role.INVIGILATOR)
    room = f"/invigilation/{world.sitting.id}/rooms/{candidate.seat.room_id}"
    console.goto(f"{room}?seat={candidate.registration.id}#candidate")
    expect(console.locator("[data-browser]")).to_have_text("安全浏览器")
    expect(console.get_by_text("SEB_macOS_3.0_1")).to_be_visible()
    shot(console, "seb-3-console")
