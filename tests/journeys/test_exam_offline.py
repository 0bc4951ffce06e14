"""The examination page without network: reload, restart, sleep, and the answer file that two people accept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from exam_engine.delivery.models import Answer, Attempt, AttemptEvent
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.exam import ExamWorld
from tests.journeys.test_candidate import begin, log_in, stored

pytestmark = pytest.mark.journey
Shot = Callable[[Page, str], Path]
KEPT = """() => new Promise((resolve) => {
  const request = indexedDB.open("exam-engine", 1);
  request.onsuccess = () => {
    const all = request.result.transaction("answers").objectStore("answers").getAll();
    all.onsuccess = () => { request.result.close(); resolve(all.result); };
  };
})"""
"""Everything that this machine keeps."""


@pytest.fixture
def world(live_server: Any, database: Database, institution: Institution) -> ExamWorld:
    return ExamWorld.make(database, institution)


def test_a_reload_and_a_restart_without_network_go_on(
    page: Page, world: ExamWorld, database: Database, shot: Shot
) -> None:
    candidate = world.candidate()
    begin(page, world, candidate)
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+a")
    page.get_by_role("button", name="草稿").click()
    page.keyboard.type("f=1/T")  # no key of the paper while one writes
    page.keyboard.press("Escape")
    expect(page.locator("#save-state")).to_have_text("已保存")
    expect(page.locator("body[data-kept]")).to_be_attached()
    page.context.set_offline(True)
    page.keyboard.press("c")
    expect(page.locator("#save-state")).to_contain_text("离线，自")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#progress")).to_have_text("已答 2 题，共 10 题")
    expect(page.locator("#save-state")).to_contain_text("离线，自")
    expect(page.locator("#timer-value")).to_contain_text("01:29")
    expect(page.locator(".struck")).to_have_count(1)
    expect(page.locator("#scratch")).to_have_value("f=1/T")
    # A page that closes sends past the browser's offline switch: this answer must come from the machine.
    page.route("**/answers", lambda route: route.abort())
    page.keyboard.press("ArrowRight")
    page.keyboard.press("a")
    expect(page.locator("#progress")).to_have_text("已答 3 题，共 10 题")
    shot(page, "exam-offline-1-reloaded")

    again = page.context.new_page()  # as after a restart: what lived in the tab is gone
    page.close(run_before_unload=False)
    again.goto("/exam")
    expect(again.get_by_role("heading", name="无法连接服务器")).to_be_visible()
    shot(again, "exam-offline-2-locked")
    again.get_by_label("入场码").fill("AAAA-AAAA")
    again.get_by_role("button", name="继续考试").click()
    expect(again.get_by_text("入场码与本机上正在进行的考试不符")).to_be_visible()
    again.get_by_label("入场码").fill(world.entry(candidate)["entry_code"])
    again.get_by_role("button", name="继续考试").click()
    expect(again.locator("#progress")).to_have_text("已答 3 题，共 10 题")

    again.context.set_offline(False)
    expect(again.locator("#save-state")).to_have_text("已保存", timeout=40_000)
    assert len(stored(database)) == 3
    again.get_by_role("button", name="交卷", exact=True).click()
    again.get_by_role("button", name="确认交卷").click()
    expect(again.get_by_role("heading", name="交卷成功")).to_be_visible()
    again.wait_for_function(f"async () => (await ({KEPT})()).length === 0")


def test_answers_that_never_arrived_count_when_two_people_accept_their_file(
    new_page: Any,
    log_in_page: Any,
    world: ExamWorld,
    database: Database,
    clock: ShiftedClock,
    tmp_path: Path,
    shot: Shot,
) -> None:
    page = new_page(plain=True)
    page.clock.install()
    begin(page, world, world.candidate())
    assert page.evaluate("[crypto.subtle, navigator.serviceWorker]") == [None, None]
    page.keyboard.press("b")
    expect(page.locator("#save-state")).to_have_text("已保存")
    page.context.set_offline(True)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    expect(page.locator("#save-state")).to_contain_text("离线，自")
    kept = page.evaluate(KEPT)
    assert {"key", "sealed", "until"} >= {name for entry in kept for name in entry}
    page.clock.fast_forward("01:30:30")
    expect(page.locator("#over-text")).to_contain_text("1 题作答未送达")
    shot(page, "exam-offline-3-file")
    with page.expect_download() as download:
        page.get_by_role("button", name="保存作答文件").click()
    expect(page.get_by_text("文件已保存到下载文件夹")).to_be_visible()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)

    clock.advance(timedelta(minutes=91))
    officer = log_in_page(new_page(), Role.INVIGILATOR, username="upload")
    officer.goto(f"/late-files/{world.sitting.id}")
    officer.get_by_label("作答文件").set_input_files(file)
    officer.get_by_role("button", name="上传").click()
    expect(officer.get_by_text("该文件由您上传")).to_be_visible()
    second = log_in_page(new_page(), Role.EXAM_OFFICER, username="decide")
    second.goto(f"/late-files/{world.sitting.id}")
    shot(second, "exam-offline-4-decide")
    second.get_by_label("原因").fill("断网，文件由监考员当场取得")
    second.get_by_role("button", name="采纳并计入").click()
    expect(second.get_by_text("1 题作答已计入", exact=False).first).to_be_visible()
    shot(second, "exam-offline-5-accepted")
    assert len(stored(database)) == 2


def test_a_page_that_slept_past_the_deadline_hands_over_to_the_server(
    page: Page, world: ExamWorld, database: Database, clock: ShiftedClock
) -> None:
    page.clock.install()
    begin(page, world, world.candidate())
    page.keyboard.press("a")
    expect(page.locator("#save-state")).to_have_text("已保存")
    page.evaluate(
        "() => { window.dispatchEvent(new Event('blur')); window.dispatchEvent(new Event('focus')); }"
    )
    with page.expect_response("**/events"):  # a closed attempt takes no more reports
        page.clock.fast_forward("01:00")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    clock.advance(timedelta(minutes=91))
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    page.clock.fast_forward("01:31:00")

    expect(page.get_by_role("heading", name="交卷成功")).to_be_visible(timeout=40_000)
    expect(page.locator("dd", has_text="1 / 10")).to_be_visible()
    with database.session(scope=Scope.everything(), writes=False) as session:
        attempt = session.scalars(select(Attempt)).one()
        assert attempt.forced
        assert attempt.submitted_at == attempt.due_at
        assert {event.kind for event in session.scalars(select(AttemptEvent))} >= {"focus_lost", "focus_back"}
        assert len(session.scalars(select(Answer)).all()) == 1


def test_a_browser_that_keeps_nothing_says_so(page: Page, world: ExamWorld, database: Database) -> None:
    page.add_init_script(
        "for (const name of ['indexedDB', 'localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, {get() { throw new Error('forbidden'); }});"
    )
    log_in(page, world, world.candidate())
    page.get_by_role("button", name="开始答题").click()
    expect(page.locator("#save-state")).to_have_text("已保存")
    page.route("**/answers", lambda route: route.abort())
    page.keyboard.press("a")
    expect(page.locator("#save-state")).to_contain_text("本机无法暂存作答")
    page.unroute("**/answers")
    expect(page.locator("#save-state")).to_have_text("已保存")
    assert len(stored(database)) == 1
