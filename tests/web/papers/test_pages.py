"""Blueprints are written, forms assembled, compared, approved and sealed through the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from exam_engine.papers import service as papers
from exam_engine.papers.rules import PaperCheck, PaperStatus
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from itembank.taxonomy.models import Occupation
from tests.conftest import OpenSession
from tests.factories.papers import kept_bank
from tests.web.papers.fields import form, row, saved

CHECKS = [check.value for check in PaperCheck]
RunJobs = Callable[[], int]


@pytest.fixture
def occupation(open_session: OpenSession, institution: Institution) -> Occupation:
    return kept_bank(open_session, institution)


def test_a_blueprint_is_written_without_javascript(
    client: TestClient, login: Any, occupation: Occupation
) -> None:
    login(Role.PAPER_MANAGER)

    empty = client.get(f"/blueprints/new?occupation={occupation.id}&level=3").text
    with_row = client.post("/blueprints", data=form(occupation, do="add")).text
    filled = client.post("/blueprints", data=form(occupation, do="fill-1")).text
    without = client.post("/blueprints", data={**form(occupation, do="remove-0"), **row(0, name="x")}).text
    place = saved(client, occupation, **row(0, name="核心点", importance="X", minimum="3"))

    assert "题库最多可供" in empty
    assert 'name="row-0-name"' in with_row
    assert "A 基础知识" in filled
    assert 'value="50"' in filled
    assert 'name="row-0-name"' not in without
    page = client.get(place).text
    assert "核心点" in page
    assert '<span data-supply="row-0" data-short="row-0">8</span>' in page


def test_the_supply_follows_what_is_typed(client: TestClient, login: Any, occupation: Occupation) -> None:
    login(Role.PAPER_MANAGER)
    fields = {**form(occupation), **row(0, node="A", type="single_choice"), **row(1, name="incomplete")}
    fields["row"] = ["0", "1"]

    found = client.post("/blueprints/supply", data=fields).json()

    assert found["values"] == {
        "section-single_choice": 24,
        "section-multiple_choice": 24,
        "section-true_false": 24,
        "row-0": 12,
        "asked-": 0,
        "asked-A": 0,
        "asked-B": 0,
        "most-A": 12,
        "most-B": 12,
        "need-0": "—",
        "marks": "100",
        "items": 10,
    }
    assert found["warnings"] == {}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "缺少“名称”"),
        ({"true_false-marks": "7"}, "合计 95 分"),
        ({"single_choice-count": "five"}, "大题 1：“题数”填写为"),
        (row(0, name="", category="基础", minimum="1"), "内容行 1：缺少“名称”"),
        (row(0, name="a", minimum="1"), "没有限定范围"),
        (row(0, name="a", category="基础", minimum="-1"), "≥ 0"),
        ({"enemies": "1"}, "互斥试题"),
    ],
)
def test_what_is_wrong_is_said_and_the_input_kept(
    client: TestClient, login: Any, occupation: Occupation, changes: dict[str, str], words: str
) -> None:
    login(Role.PAPER_MANAGER)

    answer = client.post("/blueprints", data=form(occupation, minutes="77", **changes))

    assert answer.status_code == 422
    alert = re.search(r"role=.alert.><p>(.*?)<", answer.text)
    assert alert is not None
    assert words in alert[1]
    assert 'value="77"' in answer.text


@pytest.mark.parametrize("typed", ["²", "9" * 5000, "1e999999", "\x01<b>"])
def test_odd_input_in_any_field_is_refused_or_read_never_broken(
    client: TestClient, login: Any, occupation: Occupation, typed: str
) -> None:
    login(Role.PAPER_MANAGER)
    names = [
        "total_marks",
        "minutes",
        "max_per_point",
        "single_choice-count",
        "single_choice-marks",
        "enemies",
        "include",
        "exclude",
        "mean_goal",
        "mean_tolerance",
        "target-0-theta",
        "target-0-information",
        "target-0-curve",
        "mean_p_goal",
        "unused_since",
        "earlier_maximum",
        "planned",
        "max_use",
        "share_items",
        "spread_total",
        "paste",
        "cut",
        "paper",
        "row",
        "row-0-name",
        "row-0-node",
        "row-0-category",
        "row-0-type",
        "row-0-importance",
        "row-0-difficulty_low",
        "row-0-minimum",
        "row-0-share",
        "row-0-tolerance",
        "row-0-points",
        "name",
        "equal",
        "do",
    ]
    everywhere = {**form(occupation), **dict.fromkeys(names, typed), "row": "0"}
    assert client.post("/blueprints/supply", data=everywhere).status_code == 200
    for name in names:
        fields = {**form(occupation), **row(0, name="x", category="基础", minimum="1"), name: typed}
        answer = client.post("/blueprints", data=fields)

        assert answer.status_code in (200, 303, 422), (name, answer.status_code)


def test_a_blueprint_goes_out_as_a_file_and_comes_back(
    client: TestClient, login: Any, occupation: Occupation
) -> None:
    login(Role.PAPER_MANAGER)
    place = saved(client, occupation, **row(0, name="核心点", importance="X", minimum="3"))

    file = client.get(place + "/file").content
    again = client.post("/blueprints/file", files={"file": ("b.toml", file)})
    wrong = client.post("/blueprints/file", files={"file": ("b.toml", file.replace(b"count", b"cuont"))})

    assert again.status_code == 303
    assert client.get(again.headers["location"]).text.count("核心点")
    assert wrong.status_code == 422
    assert "没有名为“cuont”的字段" in wrong.text or "缺少“题数”" in wrong.text


def test_forms_are_assembled_compared_and_sealed_by_the_second_person(
    client: TestClient,
    login: Any,
    occupation: Occupation,
    run_jobs: RunJobs,
    database: Database,
    institution: Institution,
) -> None:
    login(Role.PAPER_MANAGER)
    blueprint = saved(client, occupation)
    place = client.post(blueprint + "/assemble", data={"forms": "2", "seed": "4"}).headers["location"]
    waiting = client.get(place).text
    assert run_jobs() == 1
    result = client.get(place).text
    paper = re.findall(r'href="(/papers/[0-9a-f-]{36})"', result)[0]
    own = client.post(paper + "/seal")
    content = client.get(paper).text
    login(Role.REVIEWER)
    todo = client.get("/").text
    unticked = client.post(paper + "/approve")
    approved = client.post(paper + "/approve", data={"check": CHECKS})
    sealed = client.post(paper + "/seal")
    after = client.get(paper).text
    checked = client.post(paper + "/verify")

    assert "data-job" in waiting
    assert "逐条规则复核" in result
    assert "重要程度 X/Y/Z" in result
    assert "第 2 套" in result
    assert own.status_code == 403
    assert "审批并封存" not in result.split("试卷编号")[1].split("</table>")[0]
    assert "选项A" in content
    assert unticked.status_code == 422
    assert "还有 4 项未确认" in unticked.text
    assert "待审批封存的试卷" in todo
    assert approved.status_code == sealed.status_code == 303
    assert "选项A" not in after
    with database.session(scope=Scope.of((institution.id,))) as session:
        stored = papers.list_papers(session, statuses=[PaperStatus.SEALED])
    assert [p.digest for p in stored] == re.findall(r"digest\">([0-9a-f]{64})<", after)
    assert "内容未被改动" in checked.text
    assert (
        "LSP26" in client.get("/papers?status=sealed").text or stored[0].label in client.get("/papers").text
    )


def test_an_impossible_blueprint_is_explained_in_the_authors_words(
    client: TestClient, login: Any, occupation: Occupation, run_jobs: RunJobs
) -> None:
    login(Role.PAPER_MANAGER)
    rows = row(0, name="基础部分单选", category="基础", type="single_choice", minimum="5")
    blueprint = saved(client, occupation, **rows)

    place = client.post(blueprint + "/assemble", data={"forms": "3"}).headers["location"]
    run_jobs()
    page = client.get(place).text

    assert "不能同时满足" in page
    assert "基础部分单选：≥ 5 题" in page
    assert "各套试题互不重复" in page
    assert "“基础部分单选”：下限由 5 降为 4" in page
    assert "最多 2 套" in page
    change = re.findall(r'href="(/blueprints/[0-9a-f-]+\?assembly=[0-9a-f-]+)"', page)
    filled = client.get(change[0]).text
    assert 'name="row-0-minimum" value="4"' in filled
    assert 'name="planned" value="3"' in filled
    assert "请核对后保存：“基础部分单选”：下限由 5 降为 4。" in filled


def test_a_refusal_of_the_job_is_shown(
    client: TestClient, login: Any, occupation: Occupation, run_jobs: RunJobs
) -> None:
    login(Role.PAPER_MANAGER)
    blueprint = saved(client, occupation, enemies="1 99999")

    place = client.post(blueprint + "/assemble", data={"forms": "2"}).headers["location"]
    run_jobs()

    assert "没有可用的试题“99999”" in client.get(place).text


@pytest.mark.parametrize("forms", ["0", "999", "x"])
def test_a_senseless_number_of_forms_is_refused_beside_the_field(
    client: TestClient, login: Any, occupation: Occupation, forms: str
) -> None:
    login(Role.PAPER_MANAGER)

    answer = client.post(saved(client, occupation) + "/assemble", data={"forms": forms})

    assert answer.status_code == 422
    assert "forms-error" in answer.text


def test_a_psychometrician_sees_that_a_paper_exists_but_not_its_questions(
    client: TestClient, login: Any, occupation: Occupation, run_jobs: RunJobs
) -> None:
    login(Role.PAPER_MANAGER)
    place = client.post(saved(client, occupation) + "/assemble", data={"forms": "1"}).headers["location"]
    run_jobs()
    paper = re.findall(r'href="(/papers/[0-9a-f-]{36})"', client.get(place).text)[0]

    login(Role.PSYCHOMETRICIAN)

    page = client.get(paper)
    assert page.status_code == 200
    assert "选项A" not in page.text


def test_stages_of_the_job_have_their_words() -> None:
    from exam_engine.papers.service.assembling import STAGES
    from web.papers.labels import STAGES as WORDS

    assert set(STAGES.values()) == set(WORDS)
