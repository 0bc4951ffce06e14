"""A candidate sits an examination in a real browser: crash, another machine, no network, deadline, receipt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from exam_engine.delivery import service as delivery
from exam_engine.delivery.models import Answer, Attempt
from exam_engine.invigilation import service as invigilation
from exam_engine.sittings import service as sittings
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.factories.delivery import Candidate
from tests.factories.exam import ExamWorld
from tests.factories.sittings import make_picture

pytestmark = pytest.mark.journey
Shot = Callable[[Page, str], Path]


@pytest.fixture
def world(live_server: Any, database: Database, institution: Institution) -> ExamWorld:
    return ExamWorld.make(database, institution)


def log_in(page: Page, world: ExamWorld, candidate: Candidate) -> None:
    entry = world.entry(candidate)
    page.goto("/exam/login")
    page.get_by_label("准考证号").fill(entry["ticket_number"])
    page.get_by_label("入场码").fill(entry["entry_code"].lower())
    page.get_by_role("button", name="进入考试").click()
    page.wait_for_url("**/exam")


def begin(page: Page, world: ExamWorld, candidate: Candidate) -> None:
    log_in(page, world, candidate)
    page.get_by_role("button", name="开始答题").click()
    expect(page.locator("#save-state")).to_have_text("已保存")


def stored(database: Database) -> dict[str, list[str]]:
    with database.session(writes=False) as session:
        return {str(a.item_id): a.response for a in session.scalars(select(Answer))}


def current_item(page: Page) -> str:
    return page.locator(".question.current").get_attribute("data-item") or ""


def test_from_entrance_to_receipt_over_a_crash(
    page: Page, new_page: Any, world: ExamWorld, database: Database, shot: Shot
) -> None:
    candidate = world.candidate()
    with database.session(scope=Scope.everything()) as session:
        sittings.keep_photo(
            session,
            actor=SYSTEM,
            registration_id=candidate.registration.id,
            filename="photo.jpg",
            content=make_picture(),
            now=database.clock.now(),
        )
    page.goto("/exam/login")
    shot(page, "candidate-1-entrance")
    log_in(page, world, candidate)
    expect(page.get_by_role("heading", name="王小明")).to_be_visible()
    expect(page.get_by_alt_text("王小明的照片")).to_be_visible()
    shot(page, "candidate-2-waiting")
    page.get_by_role("button", name="开始答题").click()
    expect(page.locator("#save-state")).to_have_text("已保存")
    shot(page, "candidate-3-paper")

    page.locator(".question.current .choice").nth(1).click()
    first, chosen = current_item(page), page.locator(".question.current input:checked").get_attribute("value")
    page.get_by_role("button", name="下一题").click()
    page.keyboard.press("3")
    page.keyboard.press("f")
    second = current_item(page)
    expect(page.locator("#progress")).to_have_text("已答 2 题，共 10 题")
    expect(page.locator("#save-state")).to_have_text("已保存")
    shot(page, "candidate-4-answered")
    assert stored(database)[first] == [chosen]
    assert stored(database)[second]

    page.context.close()  # the machine dies
    other = new_page()
    log_in(other, world, candidate)
    shot(other, "candidate-5-resume")
    other.get_by_role("link", name="继续考试").click()
    expect(other.locator("#progress")).to_have_text("已答 2 题，共 10 题")
    expect(other.locator(".palette .cell-flagged")).to_have_count(2)  # one of them in the legend
    expect(other.locator("#timer-value")).to_contain_text("01:29")

    other.get_by_role("button", name="交卷", exact=True).click()
    expect(other.get_by_text("还有 8 题未作答")).to_be_visible()
    shot(other, "candidate-6-confirm")
    other.get_by_role("button", name="确认交卷").click()
    expect(other.get_by_role("heading", name="交卷成功")).to_be_visible()
    expect(other.locator("dd", has_text="2 / 10")).to_be_visible()
    shot(other, "candidate-7-receipt")
    with database.session(scope=Scope.everything(), writes=False) as session:
        attempt = session.scalars(select(Attempt)).one()
        shown = other.locator("#receipt-code").inner_text().replace(" ", "")
        assert attempt.receipt.startswith(shown)
    other.go_back()
    expect(other.get_by_text("已交卷")).to_be_visible()  # the paper is no longer in the history


def test_answers_without_network_are_kept_over_a_reload_and_saved_when_it_returns(
    page: Page, world: ExamWorld, database: Database, shot: Shot
) -> None:
    page.clock.install()
    begin(page, world, world.candidate())
    page.context.set_offline(True)
    for _ in range(3):
        page.keyboard.press("b")
        page.keyboard.press("ArrowRight")
        page.clock.fast_forward("00:40")  # two minutes in all
    expect(page.locator("#save-state")).to_contain_text("离线，自")
    expect(page.locator("#timer-value")).to_contain_text("01:27")
    shot(page, "candidate-8-offline")
    assert stored(database) == {}

    page.context.set_offline(False)
    page.clock.fast_forward("00:30")  # when it is tried again at the latest
    expect(page.locator("#save-state")).to_have_text("已保存")
    assert len(stored(database)) == 3

    page.route("**/answers", lambda route: route.abort())
    page.keyboard.press("a")
    expect(page.locator("#save-state")).to_contain_text("继续作答")
    page.unroute("**/answers")
    page.route(
        "**/answers", lambda route: route.fulfill(status=200, body="<html>Welcome to our Wi-Fi</html>")
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("a")
    expect(page.locator("#save-state")).to_contain_text("继续作答")
    page.unroute("**/answers")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#progress")).to_have_text("已答 5 题，共 10 题")
    expect(page.locator("#save-state")).to_have_text("已保存")
    assert len(stored(database)) == 5


def test_a_second_tab_takes_over_and_the_first_says_so(page: Page, world: ExamWorld, shot: Shot) -> None:
    begin(page, world, world.candidate())
    second = page.context.new_page()
    second.goto(page.url)
    expect(second.locator("#save-state")).to_have_text("已保存")

    page.bring_to_front()
    expect(page.locator("#notice")).to_contain_text("已在本机的另一个窗口打开")
    page.keyboard.press("a")
    expect(page.locator(".question.current input").first).to_be_disabled()
    expect(page.locator("#save-state")).to_contain_text("本页面已停止作答")
    shot(page, "candidate-9-taken-over")
    second.bring_to_front()
    second.keyboard.press("c")
    expect(second.locator("#progress")).to_have_text("已答 1 题，共 10 题")
    expect(second.locator("#save-state")).to_have_text("已保存")


def test_the_paper_is_handed_in_when_time_is_over(
    page: Page,
    live_server: Any,
    database: Database,
    institution: Institution,
    clock: ShiftedClock,
    shot: Shot,
) -> None:
    world = ExamWorld.make(database, institution)
    begin(page, world, world.candidate())
    clock.advance(timedelta(minutes=89, seconds=56))
    page.keyboard.press("a")  # the answer brings the server's remaining time

    expect(page.get_by_role("heading", name="交卷成功")).to_be_visible(timeout=40_000)
    shot(page, "candidate-10-time-over")
    with database.session(scope=Scope.everything(), writes=False) as session:
        assert session.scalars(select(Attempt)).one().submitted_at is not None


def test_the_start_button_waits_for_the_server_s_time(
    page: Page,
    live_server: Any,
    database: Database,
    institution: Institution,
    clock: ShiftedClock,
    shot: Shot,
) -> None:
    world = ExamWorld.make(database, institution, begins_in_minutes=5)
    page.clock.install()
    log_in(page, world, world.candidate())

    start = page.get_by_role("button", name="开始答题")
    expect(start).to_be_disabled()
    shot(page, "candidate-11-countdown")
    page.wait_for_load_state()  # from here on the page's script counts down
    clock.advance(timedelta(minutes=5))
    expect(start).to_be_disabled()
    page.clock.fast_forward("05:00")
    expect(start).to_be_enabled()
    start.click()
    expect(page.get_by_text("正在打开试卷")).to_be_visible()  # many start now, so each a little later
    page.clock.fast_forward("00:05")
    expect(page.locator("#save-state")).to_have_text("已保存")


def test_calculator_large_print_and_contrast(page: Page, world: ExamWorld, shot: Shot) -> None:
    begin(page, world, world.candidate())
    page.get_by_role("button", name="计算器").click()
    for sum_, result in {"(220×5+3.3)÷1000": "= 1.1033", "-2^2+√16%": "= -3.6", "1/0": "算式有误"}.items():
        page.get_by_label("算式").fill(sum_)
        page.keyboard.press("Enter")
        expect(page.locator("#sum-result")).to_have_text(result)
    page.keyboard.press("Escape")
    for _ in range(2):
        page.get_by_role("button", name="放大字号").click()
    page.get_by_role("button", name="高对比度").click()
    shot(page, "candidate-12-large")

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.get_by_role("button", name="下一题")).to_be_in_viewport()


def test_a_message_reaches_the_waiting_room_and_is_not_shown_again_on_the_paper(
    page: Page, world: ExamWorld, database: Database, shot: Shot
) -> None:
    with database.session(scope=Scope.everything()) as session:
        said = {"actor": SYSTEM, "sitting_id": world.sitting.id, "now": database.clock.now()}
        invigilation.send_message(session, text="请核对座位号", **said)
    log_in(page, world, world.candidate())
    message = page.get_by_role("alert").filter(has_text="请核对座位号")
    expect(message).to_be_visible()
    shot(page, "candidate-14-waiting-told")
    message.get_by_role("button", name="知道了").click()
    expect(message).to_have_count(0)
    with page.expect_response("**/messages") as heard:
        page.get_by_role("button", name="开始答题").click()

    assert heard.value.json()["messages"][0]["text"] == "请核对座位号"
    expect(message).to_have_count(0)


def test_what_is_said_comes_with_the_next_answer_and_in_a_pause(
    page: Page, world: ExamWorld, database: Database
) -> None:
    with page.expect_response("**/messages"):
        begin(page, world, world.candidate())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/messages" in request.url else None)

    def say(text: str) -> Locator:
        with database.session(scope=Scope.everything()) as session:
            said = {"actor": SYSTEM, "sitting_id": world.sitting.id, "now": database.clock.now()}
            invigilation.send_message(session, text=text, **said)
        return page.get_by_role("alert").filter(has_text=text)

    def answer(until: Locator) -> None:
        options = page.locator(".question.current .choice")
        for number in range(30):
            options.nth(number % 2).click()
            page.wait_for_timeout(300)
            if until.count():
                return

    correction = say("第 3 题更正")
    answer(correction)
    expect(correction).to_be_visible()
    correction.get_by_role("button", name="知道了").click()
    for number in range(3):
        page.locator(".question.current .choice").nth(number % 2).click()
        page.wait_for_timeout(300)
    once = len(asked)
    with database.session(scope=Scope.everything()) as session:
        attempt = session.scalars(select(Attempt)).one()
        delivery.pause_attempt(session, actor=SYSTEM, attempt_id=attempt.id, reason="停电")
    pause = say("五分钟后继续")
    page.wait_for_timeout(3100)  # the page does not ask twice within three seconds
    page.evaluate("window.dispatchEvent(new Event('online'))")

    expect(pause).to_be_visible()
    assert once == 1


def test_without_script_the_examination_can_be_taken(
    new_page: Any, world: ExamWorld, database: Database, shot: Shot
) -> None:
    page = new_page(javascript=False)
    with database.session(scope=Scope.everything()) as session:
        said = {"actor": SYSTEM, "sitting_id": world.sitting.id, "now": database.clock.now()}
        invigilation.send_message(session, text="第 3 题更正：单位为毫米", **said)
    log_in(page, world, world.candidate())
    page.get_by_role("button", name="开始答题").click()
    page.locator("input[type=radio]").first.check()
    told = page.frame_locator(".told-frame")
    expect(told.get_by_text("第 3 题更正：单位为毫米")).to_be_visible()
    page.locator(".question").last.scroll_into_view_if_needed()
    shot(page, "candidate-13-noscript")
    told.get_by_role("button", name="知道了").click()
    expect(told.get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name="保存全部作答").first.click()
    assert len(stored(database)) == 1
    page.get_by_role("button", name="保存并交卷").click()
    page.get_by_role("button", name="确认交卷").click()
    expect(page.get_by_role("heading", name="交卷成功")).to_be_visible()


def test_the_waiting_room_and_the_paper_fit_a_phone(new_page: Any, world: ExamWorld, shot: Shot) -> None:
    page = new_page(size=(390, 844))
    begin(page, world, world.candidate())
    shot(page, "candidate-14-phone")

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="计算器").click()
    expect(page.get_by_role("button", name="7", exact=True)).to_be_in_viewport()
    page.goto("/exam")
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.waiting'))")


def test_axe_finds_nothing_on_the_candidate_s_pages(
    page: Page, world: ExamWorld, accessibility: Callable[[Page], list[str]]
) -> None:
    candidate = world.candidate()
    page.goto("/exam/login")
    found = accessibility(page)
    log_in(page, world, candidate)
    found += accessibility(page)
    page.get_by_role("button", name="开始答题").click()
    expect(page.locator("#save-state")).to_have_text("已保存")
    page.keyboard.press("a")
    page.keyboard.press("f")
    found += accessibility(page)
    page.get_by_role("button", name="高对比度").click()
    found += accessibility(page)
    page.get_by_role("button", name="交卷", exact=True).click()
    found += accessibility(page)
    page.get_by_role("button", name="确认交卷").click()
    expect(page.get_by_role("heading", name="交卷成功")).to_be_visible()
    found += accessibility(page)

    assert found == [], "\n".join(found)


def tab_to(page: Page, place: Locator) -> None:
    """Press Tab until ``place`` has the focus, as somebody without a mouse does."""
    for _ in range(60):
        if place.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("not reached by Tab")


def test_the_whole_examination_by_keyboard(page: Page, world: ExamWorld, database: Database) -> None:
    entry = world.entry(world.candidate())
    page.goto("/exam/login")
    tab_to(page, page.get_by_label("准考证号"))
    page.keyboard.type(entry["ticket_number"])
    page.keyboard.press("Tab")
    page.keyboard.type(entry["entry_code"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/exam")
    tab_to(page, page.get_by_role("button", name="开始答题"))
    page.keyboard.press("Enter")
    expect(page.locator("#save-state")).to_have_text("已保存")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="快捷键")).to_be_visible()
    page.keyboard.press("Escape")
    for number in range(10):
        page.keyboard.press("12"[number % 2])
        page.keyboard.press("Enter")
    expect(page.locator("#progress")).to_have_text("已答 10 题，共 10 题")
    expect(page.locator("#save-state")).to_have_text("已保存")
    assert len(stored(database)) == 10
    tab_to(page, page.locator("#hand-in"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="继续作答")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="交卷成功")).to_be_visible()
