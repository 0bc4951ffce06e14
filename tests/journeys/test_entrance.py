"""Staff enter the site in a real browser."""

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
from tests.factories.people import NOW

pytestmark = pytest.mark.journey


def test_staff_log_in_see_their_work_and_log_out(
    page: Page, live_server: Any, institution: Institution, shot: Callable[[Page, str], Path]
) -> None:
    with live_server.database.session(scope=Scope.everything()) as session:
        user = people.create_user(
            session, actor=SYSTEM, username="zhao", name="赵敏", password="correct horse 9", now=NOW
        )
        people.grant_role(
            session, actor=SYSTEM, user_id=user.id, institution_id=institution.id, role=Role.EXAM_OFFICER
        )

    page.goto("/")
    page.get_by_label("用户名").fill("zhao")
    page.get_by_label("密码").fill("correct horse 9")
    shot(page, "entrance-login")
    page.get_by_role("button", name="登录").click()

    expect(page.locator(".topbar-place")).to_have_text(institution.name)
    shot(page, "entrance-home")
    page.get_by_text("赵敏", exact=True).click()
    page.get_by_role("button", name="退出登录").click()
    expect(page).to_have_url(f"{live_server.url}/login")


def test_a_browser_can_be_given_a_login_and_a_phone_s_size(
    new_page: Any, log_in_page: Any, institution: Institution
) -> None:
    phone = log_in_page(new_page(size=(390, 844)), Role.EXAM_OFFICER)
    phone.goto("/")

    expect(phone.locator("main")).to_be_visible()
