"""The statistics desk in a browser: from a sitting to a decision on its items, and the other reports."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from exam_engine.calibration.service import asking
from exam_engine.psychometrics.irt.items import Items
from itembank.base.clock import ShiftedClock
from itembank.base.db import Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.conftest import OpenSession
from tests.factories.kept import once
from tests.factories.reports import MISKEYED, Examined, make_examined
from tests.factories.statistics import as_csv, make_items
from tests.journeys.walk import PHONE, TOO_WIDE

pytestmark = [pytest.mark.journey, pytest.mark.slow]

Shot = Callable[[Page, str], Path]
Findings = Callable[[Page], list[str]]
Fits = Callable[[Page], None]


@pytest.fixture
def examined(open_session: OpenSession, institution: Institution, clock: ShiftedClock) -> Examined:
    def make() -> Examined:
        with open_session() as session:
            return make_examined(session, institution, now=clock.now())

    return once("an examined class", open_session, make)


def follow_job(page: Page) -> None:
    """Wait until the page of the job goes on to the report by itself."""
    page.wait_for_url(re.compile("/analysis/reports/[0-9a-f-]{36}$"), timeout=60_000)


@pytest.fixture
def fits(accessibility: Findings) -> Callable[[Page], None]:
    """``fits(page)`` asks what every page is asked: nothing wrong with it, and not wider than a phone."""

    def check(page: Page) -> None:
        assert accessibility(page) == []
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        assert page.evaluate(TOO_WIDE) <= 0
        page.set_viewport_size({"width": 1366, "height": 768})

    return check


def test_a_sitting_is_looked_at_before_its_results_are_released(
    new_page: Any, log_in_page: Any, examined: Examined, shot: Shot, fits: Fits
) -> None:
    page = log_in_page(new_page(), Role.PSYCHOMETRICIAN)
    page.goto("/analysis")
    page.get_by_role("link", name="统计报告").click()
    page.get_by_label("电工四级理论考试").check()
    page.fill("#report_name", "电工四级理论")
    page.get_by_role("button", name="生成报告").click()
    follow_job(page)
    expect(page.get_by_role("heading", name="成绩与合格情况")).to_be_visible()
    expect(page.get_by_text("道试题需在发布前作出决定")).to_be_visible()
    expect(page.locator("svg.chart")).to_have_count(2)
    shot(page, "statistics-report")
    fits(page)

    page.select_option(f"[name=treat-{MISKEYED}]", "rekey")
    page.fill(f"[name=key-{MISKEYED}]", "c")
    page.fill("#what_if_name", "答案改为 C")
    page.get_by_role("button", name="计算影响").click()
    expect(page.get_by_text("1. 答案改为 C").first).to_be_visible()
    page.select_option(f"[name=treat-{MISKEYED}]", "drop_rescale")
    page.fill("#what_if_name", "剔除")
    page.get_by_role("button", name="计算影响").click()
    page.select_option("#number", label="1. 答案改为 C")
    page.fill("#reason", "命题人与审核人确认 C 正确")
    page.get_by_role("button", name="记录决定").click()
    expect(page.get_by_role("status")).to_contain_text("成绩未作任何改动")
    expect(page.get_by_text("决定：答案改为 C")).to_be_visible()
    page.locator("#what-ifs").scroll_into_view_if_needed()
    shot(page, "statistics-what-ifs")

    page.get_by_role("link", name=examined.references[MISKEYED], exact=True).first.click()
    expect(page.get_by_text("答案可能有误：高分组中").first).to_be_visible()
    shot(page, "statistics-item")
    with page.expect_download() as saved:
        page.get_by_role("link", name="PNG").first.click()
    assert saved.value.suggested_filename.endswith(".png")
    page.get_by_role("link", name="试题的历次数据").click()
    expect(page.get_by_role("heading", name="使用历史")).to_be_visible()
    shot(page, "statistics-item-over-time")
    fits(page)

    page.goto("/analysis/bank")
    shot(page, "statistics-bank")
    fits(page)
    page.get_by_role("row", name=re.compile("答案存疑")).get_by_role("link").click()
    expect(page.get_by_role("link", name=examined.references[MISKEYED], exact=True)).to_be_visible()


def test_groups_pairs_and_scales_are_compared(
    new_page: Any,
    log_in_page: Any,
    examined: Examined,
    shot: Shot,
    fits: Fits,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "ROOMS_SIMULATED", 20)
    page = log_in_page(new_page(), Role.PSYCHOMETRICIAN)
    page.goto("/analysis/reports")
    page.get_by_role("link", name="试题是否偏向某一组").click()
    page.get_by_label("电工四级理论考试").check()
    page.fill("#report_name", "按来源比较")
    page.select_option("#attribute", "source")
    page.get_by_role("button", name="生成报告").first.click()
    follow_job(page)
    expect(
        page.get_by_role("heading", name="企业职工 与 院校学生 比较").or_(
            page.get_by_role("heading", name="院校学生 与 企业职工 比较")
        )
    ).to_be_visible()
    shot(page, "statistics-dif")
    fits(page)

    page.goto("/analysis/ask/linking")
    page.fill("#report_name", "春秋链接")
    page.select_option("#new_scale", label="电工四级 2025 秋 · 电工 四级/中级工")
    page.select_option("#old_scale", label="电工四级 2025 春 · 电工 四级/中级工")
    page.get_by_role("button", name="生成报告").click()
    follow_job(page)
    expect(page.get_by_text("因漂移剔除").first).to_be_visible()
    shot(page, "statistics-linking")
    fits(page)
    page.fill("#scale_name", "电工四级 2025 春 · 第 2 版")
    page.get_by_role("button", name="采纳为量表").click()
    expect(page.get_by_text("链接量表：")).to_be_visible()

    page.goto("/analysis/ask/forensics")
    page.get_by_label("电工四级理论考试").check()
    page.fill("#report_name", "安全分析")
    page.select_option("#marking", "list")
    page.fill("#marked", "1000, 1001, 9999")
    page.get_by_role("button", name="生成报告").click()
    expect(page.get_by_text("以下不是本场试卷中的试题：9999")).to_be_visible()
    page.fill("#marked", "\n".join(examined.references[:8]))
    page.get_by_role("button", name="生成报告").click()
    follow_job(page)
    expect(page.get_by_role("heading", name="被标记考生对的座位")).to_be_visible()
    expect(page.get_by_text("相邻").first).to_be_visible()
    shot(page, "statistics-forensics")
    for name in ("作答时间", "改答", "提前知题"):
        section = page.get_by_role("region", name=name)
        expect(section.locator("svg.chart")).to_be_visible()
        expect(section.get_by_role("columnheader", name="单次检验误报率")).to_be_visible()
    expect(page.get_by_role("region", name="分数跃升")).to_contain_text("均未在本机构参加过")
    page.get_by_role("region", name="提前知题").scroll_into_view_if_needed()
    shot(page, "statistics-forensics-persons")
    fits(page)


def test_a_3pl_scale_is_calibrated_with_a_chosen_prior_and_read(
    new_page: Any, log_in_page: Any, live_server: Any, institution: Institution, shot: Shot, fits: Fits
) -> None:
    truth = Items.dichotomous(np.full(8, 1.5), np.linspace(-0.8, 1.2, 8), c=0.24)
    rng = np.random.default_rng(3)
    chance = truth.expected_score(rng.normal(size=1200))
    with live_server.database.session(scope=Scope.everything()) as session:
        occupation_id, references = make_items(session, institution=institution, level=4, count=8)
    content = as_csv(references, (rng.random(chance.shape) < chance).astype(np.int8))
    page = log_in_page(new_page(), Role.PSYCHOMETRICIAN)
    page.goto("/analysis")
    page.fill("#name", "电工四级三参数量表")
    page.select_option("#occupation_id", str(occupation_id))
    page.select_option("#level", "4")
    page.select_option("#method", "3pl")
    page.get_by_text("c 的先验分布（仅用于 3PL）").last.click()
    page.fill("#prior_mean", "-1.1")
    page.set_input_files("[name=responses]", {"name": "r.csv", "mimeType": "text/csv", "buffer": content})
    shot(page, "scale-asked")
    fits(page)
    page.get_by_role("button", name="开始校准").last.click()
    page.wait_for_url(re.compile("/analysis/scales/[0-9a-f-]{36}$"), timeout=60_000)
    expect(page.get_by_text("均值 -1.1，标准差 0.5")).to_be_visible()
    expect(page.get_by_role("columnheader", name="SE(c)")).to_be_visible()
    shot(page, "scale-3pl")
    fits(page)

    page.get_by_role("link", name=references[0], exact=True).click()
    expect(page.get_by_text("c ± SE")).to_be_visible()
    shot(page, "scale-3pl-item")
    fits(page)
    page.go_back()
    page.get_by_role("button", name="重新校准").click()
    page.wait_for_url(re.compile("/analysis/scales/[0-9a-f-]{36}$"), timeout=60_000)
    expect(page.get_by_text("项数值全部一致")).to_be_visible()
