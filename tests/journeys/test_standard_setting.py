"""Standard setting in real browsers: a leader and three judges, at the keyboard, on a phone, without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from exam_engine.marking import service as marking
from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting.models import Rating
from exam_engine.standard_setting.rules import Method
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.factories.papers import LEVEL, actor_of, make_bank
from tests.factories.recognition import MARKED, answer_all, make_world
from tests.factories.standards import (
    DESCRIPTION,
    draft_of,
    hold_round,
    make_panel,
    make_paper,
    make_scale,
    open_round,
    rate,
)
from tests.journeys.walk import PHONE

pytestmark = pytest.mark.journey

Shot = Callable[[Page, str], Path]
Findings = Callable[[Page], list[str]]
JUDGES = ("judge-2", "judge-3", "judge-4")


@pytest.fixture
def paper(open_session: Any, institution: Institution) -> Any:
    """A sealed paper, and three reviewers who could judge it."""
    paper_id = make_paper(open_session, institution)
    with open_session() as session:
        for name in JUDGES:
            actor_of(session, institution, Role.REVIEWER, username=name)
    return paper_id


def accept(page: Page) -> Page:
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=name).first.click()


@pytest.mark.slow
def test_a_panel_sets_a_cut_score_from_opening_to_record(
    new_page: Any, log_in_page: Any, paper: Any, shot: Shot, accessibility: Findings
) -> None:
    leader = accept(log_in_page(new_page(), Role.PSYCHOMETRICIAN, username="standard-leader"))
    leader.goto(f"/standards/new?paper_id={paper}")
    leader.fill("#name", "人工智能训练师三级理论")
    leader.fill("#description", DESCRIPTION)
    leader.fill("#rounds", "2")
    shot(leader, "standards-new")
    assert accessibility(leader) == []
    press(leader, "建立")
    for name in JUDGES:
        leader.get_by_label(name).check()
    press(leader, "邀请")
    shot(leader, "standards-panel")
    press(leader, "开始第 1 轮")
    expect(leader.get_by_text("已全部评判的专家")).to_be_visible()

    judges = [log_in_page(new_page(), Role.REVIEWER, username=name) for name in JUDGES]
    first = judges[0]
    first.goto("/")
    first.get_by_role("link", name="待评判的合格线设定轮次").click()
    first.get_by_role("link", name="人工智能训练师三级理论").click()
    shot(first, "standards-task")
    press(first, "我已阅读并同意")
    first.get_by_role("link", name="逐题评判").click()
    # Ten items by the keyboard alone: a number, Enter, the next one.
    for number in range(1, 11):
        expect(first.get_by_role("heading", level=1)).to_have_text(f"第 {number} 题，共 10 题")
        box = first.locator(".rating-input")
        expect(box).to_be_focused()
        box.press_sequentially("60")
        if number == 3:
            box.press("ArrowUp")  # 65, saved at once
            expect(first.locator("[data-saved]")).to_have_text("全部更改已保存")
            shot(first, "standards-item")
            assert accessibility(first) == []
        box.press("Enter")
    expect(first.get_by_text("您已全部评判完毕")).to_be_visible()

    second = judges[1]
    rate_in_table(second, leader, shot, accessibility)
    third = judges[2]
    third.goto("/judging")
    third.get_by_role("link", name="人工智能训练师三级理论").click()
    press(third, "我已阅读并同意")
    for box in all_boxes(third):
        box.fill("70")
    press(third, "保存")
    expect(third.get_by_text("您已全部评判完毕")).to_be_visible()

    press(leader, "结束第 1 轮")
    expect(leader.get_by_role("heading", name="已结束的轮次")).to_be_visible()
    first.reload()
    first.get_by_role("link", name="第 1 轮：您与全组").click()
    expect(first.get_by_role("heading", name="逐题对照")).to_be_visible()
    shot(first, "standards-feedback")
    assert accessibility(first) == []

    press(leader, "开始第 2 轮")
    for judge in judges:
        accept(judge).goto("/judging")
        judge.get_by_role("link", name="人工智能训练师三级理论").click()
        judge.get_by_role("link", name="开始评判").click()
        press(judge, "沿用我上一轮的评判")
        expect(judge.locator("[data-rated]")).to_have_text("10")
    shot(first, "standards-second-round")
    press(leader, "结束第 2 轮")
    press(leader, "结束合格线设定")
    expect(leader.get_by_text("结果已冻结，待第二人确认记录；")).to_be_visible()
    expect(leader.get_by_role("button", name="确认记录结果")).to_have_count(0)

    supervisor = accept(log_in_page(new_page(), Role.QUALITY_SUPERVISOR))
    supervisor.goto("/")
    supervisor.get_by_role("link", name="待确认记录的合格线设定结果").click()
    supervisor.get_by_role("link", name="人工智能训练师三级理论").click()
    press(supervisor, "确认记录结果")
    supervisor.get_by_role("link", name="查看结果").click()
    expect(supervisor.locator(".big-figure")).to_contain_text("61")
    expect(supervisor.get_by_text("由制定计划的人员在场次页面上决定")).to_be_visible()
    expect(supervisor.get_by_text("未被改动")).to_be_visible()
    shot(supervisor, "standards-result")
    assert accessibility(supervisor) == []
    with supervisor.expect_download() as download:
        supervisor.get_by_role("link", name="XLSX").click()
    assert download.value.suggested_filename.endswith(".xlsx")


def all_boxes(judge: Page) -> list[Locator]:
    """Return the ten fields of the table, once they are there."""
    boxes = judge.locator(".rating-input")
    expect(boxes).to_have_count(10)
    judge.wait_for_load_state()  # before its script runs, Enter sends the plain form
    return boxes.all()


def rate_in_table(judge: Page, leader: Page, shot: Shot, accessibility: Findings) -> None:
    """Rate in the table, saved at each change, while the leader's page follows by itself."""
    judge.goto("/judging")
    judge.get_by_role("link", name="人工智能训练师三级理论").click()
    press(judge, "我已阅读并同意")
    boxes = all_boxes(judge)
    for number, box in enumerate(boxes):
        box.fill(str(50 + number))
        box.press("Enter")
        if number == 4:
            expect(judge.locator("[data-rated]")).to_have_text("5")
            expect(leader.locator("#live")).to_contain_text("5 / 10", timeout=12_000)
            shot(leader, "standards-live")
            assert accessibility(leader) == []
    expect(judge.locator("[data-rated]")).to_have_text("10")
    boxes[0].fill("500")
    boxes[0].press("Tab")
    expect(judge.locator("[data-saved]")).to_contain_text("不是 0 至 100 之间的整数")
    boxes[0].fill("50")
    boxes[0].press("Tab")
    expect(judge.locator("[data-saved]")).to_have_text("全部更改已保存")
    shot(judge, "standards-table")
    assert accessibility(judge) == []
    judge.reload()
    expect(judge.locator(".rating-input").first).to_have_value("50")
    expect(judge.locator(".rating-input").last).to_have_value("59")


def test_a_judge_without_scripts_rates_yes_and_no_on_a_phone(
    new_page: Any, log_in_page: Any, open_session: Any, institution: Institution, paper: Any, shot: Shot
) -> None:
    with open_session() as session:
        panel = make_panel(session, institution, draft_of(Method.YES_NO, paper_id=paper))
        standards.open_round(
            session, actor=panel.leader, workshop_id=panel.id, now=session.info["clock"].now()
        )
    judge = log_in_page(new_page(javascript=False, size=PHONE), Role.REVIEWER, username="judge-2")
    judge.goto(f"/judging/{panel.id}")
    press(judge, "我已阅读并同意")
    judge.get_by_role("link", name="逐题评判").click()
    for number in range(1, 11):
        judge.get_by_label("是", exact=True).check()
        if number == 2:
            shot(judge, "standards-phone")
        press(judge, re.compile("保存并"))
    expect(judge.get_by_text("您已全部评判完毕")).to_be_visible()
    with open_session() as session:
        assert {rating.value for rating in session.scalars(select(Rating))} == {1}


def test_yes_and_no_by_single_keys(
    new_page: Any, log_in_page: Any, open_session: Any, institution: Institution, paper: Any
) -> None:
    with open_session() as session:
        panel = make_panel(session, institution, draft_of(Method.YES_NO, paper_id=paper))
        open_round(session, panel)
    judge = log_in_page(new_page(), Role.REVIEWER, username="judge-2")
    judge.goto(f"/judging/{panel.id}/items/1")
    for number, key in enumerate("ynYN10yn10", 1):
        expect(judge.get_by_role("heading", level=1)).to_have_text(f"第 {number} 题，共 10 题")
        expect(judge.locator("input[type=radio]").first).to_be_focused()  # the page's script has begun
        judge.keyboard.press(key)
        judge.keyboard.press("Enter")
    expect(judge.get_by_text("您已全部评判完毕")).to_be_visible()
    with open_session() as session:
        found = {rating.position: rating.value for rating in session.scalars(select(Rating))}

    assert [found[n] for n in range(1, 11)] == [1, 0] * 5


def test_what_could_not_be_saved_is_sent_again(
    new_page: Any, log_in_page: Any, open_session: Any, institution: Institution, paper: Any
) -> None:
    with open_session() as session:
        panel = make_panel(session, institution, draft_of(paper_id=paper))
        open_round(session, panel)
    judge = log_in_page(new_page(), Role.REVIEWER, username="judge-2")
    judge.goto(f"/judging/{panel.id}/items")
    boxes = all_boxes(judge)
    judge.context.set_offline(True)
    boxes[0].fill("45")
    boxes[0].press("Tab")
    expect(judge.locator("[data-saved]")).to_contain_text("未保存")
    boxes[1].fill("450")
    boxes[1].press("Enter")
    boxes[2].press("Shift+Enter")
    expect(boxes[1]).to_be_focused()
    judge.context.set_offline(False)
    # What can be kept is kept, what cannot is named.
    expect(judge.locator("[data-saved]")).to_contain_text("“450”不是 0 至 100 之间的整数")
    boxes[1].fill("55")  # typed, the field not left
    expect(judge.locator("[data-saved]")).to_have_text("全部更改已保存")
    boxes[2].fill("65")
    judge.goto("/judging")  # at once: it goes along
    row = judge.get_by_role("row", name="三级理论合格线")
    for _ in range(40):
        if "3 / 10" in row.inner_text():
            break
        judge.reload()
    expect(row).to_contain_text("3 / 10")
    with open_session() as session:
        found = {rating.position: rating.value for rating in session.scalars(select(Rating))}

    assert found == {1: 45, 2: 55, 3: 65}


def test_a_booklet_and_groups_of_candidates(
    new_page: Any,
    log_in_page: Any,
    open_session: Any,
    institution: Institution,
    shot: Shot,
    accessibility: Findings,
) -> None:
    with open_session() as session:
        occupation = make_bank(session, institution)
        chosen = list(session.scalars(select(Item.id).where(Item.number <= 8).order_by(Item.number)))
        scale = make_scale(session, chosen, institution, occupation.id)
        draft = draft_of(Method.BOOKMARK, bank=(occupation.id, LEVEL.value), numbers="1-8", scale_id=scale.id)
        booklet = make_panel(session, institution, draft)
        open_round(session, booklet)
        world = make_world(session, names=("张伟", "王小明", "李静"), institution=institution)
        answer_all(session, world, right=(6, 4, 2))
        marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)
        draft = draft_of(Method.BORDERLINE, sitting_id=world.theory.id, with_questions=True)
        groups = make_panel(session, institution, draft)
        open_round(session, groups)
    judge = log_in_page(new_page(), Role.REVIEWER, username="judge-2")
    judge.goto(f"/judging/{booklet.id}/items")
    judge.get_by_label("第 5 页：从本页起达不到要求的答对概率").check()
    expect(judge.locator("[data-saved]")).to_have_text("全部更改已保存")
    shot(judge, "standards-booklet")
    assert accessibility(judge) == []
    judge.goto(f"/judging/{groups.id}/candidates")
    for name, label in (("张伟", "明显合格"), ("王小明", "处于合格边缘"), ("李静", "明显不合格")):
        judge.get_by_role("row", name=name).get_by_label(label, exact=True).check()
    expect(judge.locator("[data-rated]")).to_have_text("3")
    shot(judge, "standards-candidates")
    assert accessibility(judge) == []
    with open_session() as session:
        for each in groups.judges:
            rate(session, groups, each, [2, 1, 0])
        now = session.info["clock"].now()
        standards.close_round(session, actor=groups.leader, workshop_id=groups.id, now=now)
        standards.open_questions(session, actor=groups.leader, workshop_id=groups.id)
    judge.goto(f"/judging/{groups.id}/questions")
    for field, value in (
        ("lowest_cut", "50"),
        ("highest_cut", "70"),
        ("lowest_fail", "60"),
        ("highest_fail", "40"),
    ):
        judge.fill(f"#{field}", value)
    press(judge, "保存我的回答")
    expect(judge.locator("#highest_fail-error")).to_be_visible()
    judge.fill("#lowest_fail", "5")
    shot(judge, "standards-questions")
    assert accessibility(judge) == []
    press(judge, "保存我的回答")
    expect(judge.get_by_role("status")).to_contain_text("已保存")


def test_results_on_a_phone_and_on_paper(
    new_page: Any, log_in_page: Any, open_session: Any, institution: Institution, paper: Any, shot: Shot
) -> None:
    with open_session() as session:
        panel = make_panel(session, institution, draft_of(paper_id=paper), judges=6)
        ratings = [[55 + 2 * n] * 10 for n in range(5)]
        hold_round(session, panel, [*ratings, [99] * 10])
        now = session.info["clock"].now()
        judge = standards.read_workshop(session, panel.id).judges[5]
        common = {"actor": panel.leader, "workshop_id": panel.id, "now": now}
        standards.exclude_judge(session, judge_id=judge.judge.id, reason="全部填写同一数值", **common)
        standards.close_workshop(session, **common)
    reader = log_in_page(new_page(size=PHONE), Role.EXAM_OFFICER)
    reader.goto(f"/standards/{panel.id}/result")
    expect(reader.get_by_text("若计入被排除的专家")).to_be_visible()
    assert reader.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    shot(reader, "standards-result-phone")
    reader.emulate_media(media="print")
    expect(reader.get_by_role("link", name="XLSX")).to_be_hidden()
    expect(reader.locator(".big-figure")).to_be_visible()
    # What is folded away on the screen is on the paper.
    expect(reader.get_by_text("最后一轮逐项结果")).to_be_hidden()
    expect(reader.locator("details table").last).to_be_visible()
