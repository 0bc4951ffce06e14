"""Results, edits by hand, decisions and what-if through the pages."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy import select

from exam_engine.papers.rules import PaperCheck
from itembank.base.audit import AuditEntry
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from itembank.taxonomy.models import Occupation
from tests.conftest import OpenSession
from tests.factories.papers import kept_bank
from tests.web.papers.test_pages import saved

RunJobs = Callable[[], int]
CHECKS = [check.value for check in PaperCheck]


@pytest.fixture
def occupation(open_session: OpenSession, institution: Institution) -> Occupation:
    return kept_bank(open_session, institution)


@pytest.fixture
def place(client: TestClient, login: Any, occupation: Occupation, run_jobs: RunJobs) -> str:
    """The page of an assembly of two forms."""
    login(Role.PAPER_MANAGER)
    blueprint = saved(client, occupation)
    found = client.post(blueprint + "/assemble", data={"forms": "2", "seed": "4"}).headers["location"]
    run_jobs()
    return str(found)


def papers_of(client: TestClient, place: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r'href="(/papers/[0-9a-f-]{36})"', client.get(place).text)))


def revision(page: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', page)
    assert found
    return found[1]


def test_the_result_is_told_in_words_filtered_and_downloaded(client: TestClient, place: str) -> None:
    page = client.get(place).text
    tight = client.get(place + "?rules=tight").text
    rules = list(csv.reader(io.StringIO(client.get(place + "/tables/rules.csv").content.decode("utf-8-sig"))))
    book = load_workbook(io.BytesIO(client.get(place + "/tables.xlsx").content), read_only=True)

    assert "全部 7 条规则在每套试卷中均满足" in page
    assert "各套试卷之间没有相同试题" in page
    assert "从未使用" in page
    assert "每个鉴定点题数上限" in tight
    assert "总分" not in tight.split('id="rules"')[1].split("</table>")[0]
    assert rules[0] == ["规则", "要求", "第 1 套", "第 2 套", "是否满足"]
    assert len(book.sheetnames) == 5
    assert client.get(place + "/tables/nothing.csv").status_code == 404


def test_an_item_is_swapped_and_the_edit_undone(client: TestClient, place: str) -> None:
    paper = papers_of(client, place)[0]
    offered = client.get(paper + "/items/1").text
    item = re.findall(r'name="item" value="([0-9a-f-]{36})"', offered)[0]
    fields = {"item": item, "revision": revision(offered)}

    without = client.post(paper + "/items/1", data=fields)
    done = client.post(paper + "/items/1", data={**fields, "reason": "题干过时"})
    late = client.post(paper + "/items/1", data={**fields, "reason": "再来一次"})
    edited = client.get(paper).text
    undone = client.post(paper + "/undo", data={"revision": revision(edited)})
    unknown = client.get(paper + "/items/1?name=99999")
    beyond = client.get(paper + "/items/99")

    assert "查看全题" in offered
    assert re.search(r"<li>D\. 选项D\d+</li>", offered)
    assert without.status_code == 422
    assert "请填写理由" in without.text
    assert done.status_code == undone.status_code == 303
    assert late.status_code == 409
    assert "刚刚被他人修改" in late.text
    assert "题干过时" in edited
    assert unknown.status_code == 409
    assert "试题“99999”不能换到这里" in unknown.text
    assert beyond.status_code == 404


def test_locked_items_stay_when_the_rest_is_filled_anew(
    client: TestClient, place: str, run_jobs: RunJobs
) -> None:
    paper = papers_of(client, place)[0]
    page = client.get(paper).text
    fields = {"locked": ["1", "2"], "revision": revision(page), "do": "refill"}

    refused = client.post(paper + "/locks", data=fields)
    job = client.post(paper + "/locks", data={**fields, "reason": "重组"})
    run_jobs()
    result = client.get(job.headers["location"]).text
    after = client.get(paper).text

    assert refused.status_code == 422
    assert len(re.findall(r'name="locked" value="[12]" form="locks" checked', refused.text)) == 2
    assert "锁定的试题保持不变" in result
    numbers = [re.findall(r"题库编号 (\d+)", text) for text in (page, after)]
    assert numbers[0][:2] == numbers[1][:2]
    assert "重组未锁定题位" in after


def test_the_second_person_refuses_and_the_author_submits_again(
    client: TestClient, login: Any, place: str
) -> None:
    paper = papers_of(client, place)[0]
    login(Role.REVIEWER)
    silent = client.post(paper + "/refuse", data={"reason": ""})
    waiting = client.get("/").text
    refused = client.post(paper + "/refuse", data={"reason": "第 3 题有歧义"})
    login(Role.PAPER_MANAGER)
    shown = client.get(paper).text
    returned = client.get("/").text
    again = client.post(paper + "/resubmit", data={"reason": "已换题"})

    assert silent.status_code == 422
    assert refused.status_code == again.status_code == 303
    assert "待审批封存的试卷" in waiting
    assert "被退回的试卷" in returned
    assert "试卷已退回" in shown
    assert "第 3 题有歧义" in shown


def test_a_paper_manager_as_second_person_sees_the_keys_when_asking_for_them(
    client: TestClient, database: Database, institution: Institution, login: Any, place: str
) -> None:
    paper = papers_of(client, place)[0]
    own = client.post(paper + "/keys")
    login(Role.PAPER_MANAGER, username="second")

    page = client.get(paper).text
    shown = client.post(paper + "/keys", data={"check": CHECKS[:2]}).text

    assert own.status_code == 403
    assert "option-key" not in page
    assert "option-key" in shown
    assert len(re.findall(r'name="check" value="\w+" checked', shown)) == 2
    with database.session(scope=Scope.of((institution.id,))) as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.action == "paper.keys_shown")).all()
        assert [str(entry.subject_id) for entry in found] == [paper.rsplit("/", 1)[1]]


def test_several_papers_are_approved_sealed_and_found_again(
    client: TestClient, login: Any, place: str
) -> None:
    chosen = [paper.rsplit("/", 1)[1] for paper in papers_of(client, place)]
    login(Role.REVIEWER)

    asked = client.post("/papers/several/approve", data={"paper": chosen})
    approved = client.post("/papers/several/approve", data={"paper": chosen, "check": CHECKS})
    sealed = client.post("/papers/several/seal", data={"paper": [*chosen, "x"]})
    told = client.get(sealed.headers["location"]).text
    again = client.post("/papers/several/seal", data={"paper": chosen})
    refused = client.get(again.headers["location"]).text
    found = client.get("/papers?q=_000002&status=sealed").text
    checked = client.post(f"/papers/{chosen[0]}/verify").text

    assert "批量审批试卷" in asked.text
    assert approved.status_code == 303
    assert "已封存 2 份试卷" in told
    assert "未办理" in refused
    assert "LSP26_000002" in found
    assert "LSP26_000001" not in found
    assert "没有符合条件的试卷" in client.get("/papers?q=nothing").text
    assert "按封存时一并封存的试题属性重新核算" in checked
    assert "规则全部满足" in checked


def test_what_the_bank_can_still_give_is_told_and_tried(
    client: TestClient, place: str, run_jobs: RunJobs
) -> None:
    blueprint = re.findall(r'href="/blueprints/([0-9a-f-]{36})"', client.get(place).text)[0]

    page = client.get(f"/papers/capacity/{blueprint}").text
    job = client.post(f"/papers/capacity/{blueprint}").headers["location"]
    run_jobs()
    target = re.findall(r'data-goto="([^"]+)"', client.get(job).text)[0].replace("&amp;", "&")
    tried = client.get(target).text

    # 24 items of each of two types, five of each in a form.
    assert "已证明：最多还能组 4 套" in page
    assert "每套需要 5 题，现有 24 题，可供 4 套" in page
    assert "试组实际组成 4 套" in tried
