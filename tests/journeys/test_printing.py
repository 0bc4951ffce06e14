"""The paper manager prints the key of a sealed paper's second variant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from itembank.base.db import Scope
from itembank.base.fonts import FontMissing, find_fonts
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.papers import make_sealed_papers

pytestmark = pytest.mark.journey


def test_a_sealed_paper_is_printed(
    live_server: Any,
    institution: Institution,
    new_page: Any,
    log_in_page: Any,
    accessibility: Callable[[Page], list[str]],
    shot: Callable[[Page, str], Path],
) -> None:
    try:
        find_fonts()
    except FontMissing:
        pytest.skip("no Chinese font is installed")
    scope = Scope.of((institution.id,))
    paper_id = make_sealed_papers(lambda: live_server.database.session(scope=scope), institution, forms=1)[0]
    page = log_in_page(new_page(), Role.PAPER_MANAGER)
    page.goto(f"/papers/{paper_id}")

    page.get_by_role("link", name="印制试卷").click()
    expect(page.get_by_role("heading", name="印制试卷")).to_be_visible()
    assert accessibility(page) == []
    page.select_option("#document", label="标准答案及评分标准")
    page.select_option("#variant", label="B 卷")
    shot(page, "papers-print")
    with page.expect_download() as begun:
        page.get_by_role("button", name="下载").click()

    assert begun.value.suggested_filename.endswith("_B卷_标准答案及评分标准.pdf")
    assert Path(begun.value.path()).read_bytes().startswith(b"%PDF")
