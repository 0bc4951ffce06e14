"""The blueprint editor's tools, versions, copies and the specification table."""

from __future__ import annotations

import csv
import io
import re
from contextlib import AbstractContextManager
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from exam_engine.papers.blueprint.spec import (
    BlueprintSpec,
    CurvePoint,
    Earlier,
    InformationPoint,
    MeanProportion,
    Row,
    Section,
)
from itembank.base.db import Database, Scope
from itembank.items import service as items
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from itembank.statistics import service as statistics
from itembank.statistics.rules import ScaleModel
from itembank.statistics.service import ItemFigures, ScaleDraft
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.models import Occupation
from tests.conftest import OpenSession
from tests.factories.papers import CODE, kept_bank, make_sealed_papers
from tests.factories.people import NOW
from tests.web.papers.fields import form, rows, saved
from web.papers.labels import field_label


@pytest.fixture
def occupation(open_session: OpenSession, institution: Institution) -> Occupation:
    return kept_bank(open_session, institution)


def use(client: TestClient, occupation: Occupation, do: str, **fields: Any) -> str:
    answer = client.post("/blueprints", data=form(occupation, **{"do": do, **fields}))
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def values(page: str, part: str) -> list[str]:
    """Return what the rows hold in one of their inputs or lists."""
    inputs = re.findall(rf'name="row-\d+-{part}" value="([^"]*)"', page)
    chosen = re.findall(rf'<select name="row-\d+-{part}".*?</select>', page)
    marked = [re.search(r'<option(?: value="([^"]*)")? selected>', text) for text in chosen]
    return inputs or [found[1] if found else "" for found in marked]


def test_rows_are_made_from_the_outline_spread_by_weight_moved_and_sorted(
    client: TestClient, login: Any, occupation: Occupation
) -> None:
    login(Role.PAPER_MANAGER)
    two = rows({"name": "乙", "node": "B", "minimum": "5"}, {"name": "甲", "node": "A", "minimum": "5"})

    node = use(client, occupation, "node-B")
    spread = use(client, occupation, "spread-", spread_type="single_choice")
    moved = use(client, occupation, "up-1", **two)
    copied = use(client, occupation, "copy-0", **two)
    sorted_ = use(client, occupation, "sort", **two)
    nothing = client.post("/blueprints", data=form(occupation, do="spread-A"))

    assert values(node, "share") == ["50"]
    # Five single choice items over two nodes of equal weight.
    assert values(spread, "minimum") == values(spread, "maximum") == ["3", "2"]
    assert values(spread, "type") == ["single_choice", "single_choice"]
    assert values(moved, "name") == ["甲", "乙"]
    assert values(copied, "name") == ["乙", "乙 (2)", "甲"]
    assert values(sorted_, "name") == ["甲", "乙"]
    assert nothing.status_code == 422
    assert "“A”无法分配" in nothing.text


def test_rows_are_pasted_from_a_spreadsheet_with_or_without_headings(
    client: TestClient, login: Any, occupation: Occupation
) -> None:
    login(Role.PAPER_MANAGER)

    plain = use(
        client, occupation, "paste", paste="第一\tA\t\t单选题\tX\t1-2\t3\t4\n\tB 专业知识\t\t判断\t\t3\t２\t"
    )
    headed = use(client, occupation, "paste", paste="鉴定范围\t最少\t占比 %\n基础知识\t3\t\nB\t\t40%")
    wrong = client.post("/blueprints", data=form(occupation, do="paste", paste="x\tA\t\t论述题\t\t\t3"))

    assert "已增加 2 行" in plain
    assert values(plain, "name") == ["第一", "B 专业知识 · 判断题"]
    assert values(plain, "node") == ["A", "B"]
    assert values(plain, "type") == ["single_choice", "true_false"]
    assert values(plain, "difficulty_low") == ["1", "3"]
    assert values(plain, "difficulty_high") == ["2", "3"]
    assert values(plain, "minimum") == ["3", "2"]
    assert values(headed, "node") == ["A", "B"]
    assert values(headed, "share") == ["", "40"]
    assert wrong.status_code == 422
    assert "第 1 行“题型”：“论述题”" in wrong.text
    assert "论述题\t\t\t3</textarea>" in wrong.text


def test_errors_stand_beside_their_fields(client: TestClient, login: Any, occupation: Occupation) -> None:
    login(Role.PAPER_MANAGER)
    bad = rows(
        {"name": "甲", "category": "基础", "minimum": "-1"},
        {"name": "乙", "category": "基础", "maximum": "x"},
    )
    targets = {"target-0-theta": "0", "target-0-curve": "1000000"}

    page = client.post("/blueprints", data=form(occupation, max_use="0", **bad, **targets)).text

    for name in ("row-0-minimum", "row-1-maximum", "target-0-curve", "max_use"):
        assert re.search(rf'name="{name}"[^>]*aria-invalid="true"', page), name
    assert page.count('class="field-error"') == 4


def test_supply_warnings_follow_the_number_of_forms(
    client: TestClient, login: Any, occupation: Occupation
) -> None:
    login(Role.PAPER_MANAGER)
    fields = form(
        occupation, planned="4", **rows({"name": "甲", "node": "A", "type": "single_choice", "minimum": "4"})
    )

    found = client.post("/blueprints/supply", data=fields).json()

    assert found["values"]["asked-A"] == found["values"]["asked-"] == 4
    assert "组 4 套时题库平均每套最多可供 3 题" in found["warnings"]["row-0"]


def test_versions_are_compared_and_an_old_one_becomes_the_newest(
    client: TestClient, login: Any, occupation: Occupation
) -> None:
    login(Role.PAPER_MANAGER)
    first = saved(client, occupation, **rows({"name": "核心点", "importance": "X", "minimum": "3"}))
    number = first.rsplit("/", 1)[-1]
    second = saved(
        client,
        occupation,
        blueprint_id=number,
        minutes="120",
        **rows(
            {"name": "核心点", "importance": "X", "minimum": "4"},
            {"name": "新", "category": "基础", "maximum": "5"},
        ),
    )

    changes = client.get(f"{first}/changes").text
    restored = client.post(f"{first}/restore").headers["location"]
    third = client.get(restored).text
    unchanged = client.post(f"{restored}/restore").headers["location"]

    cells = [re.sub(r"<[^>]+>", "", c) for c in re.findall(r"<td>(.*?)</td>", changes.split("<tbody>")[-1])]
    lines = [cells[k : k + 5] for k in range(0, len(cells), 5)]
    assert ["内容行：核心点", "最少", "3", "4", "改动"] in lines
    assert ["组卷蓝图", "时长（分钟）", "90", "120", "改动"] in lines
    assert ["内容行：新", "", "—", "分类 基础，最多 5", "新增"] in lines
    assert values(third, "minimum") == ["3"]
    assert "第 3 版" in third
    assert restored not in (first, second)
    assert unchanged == restored


def test_a_copy_for_another_level_names_the_rows_that_mean_nothing_there(
    client: TestClient, login: Any, occupation: Occupation
) -> None:
    login(Role.PAPER_MANAGER)
    lines = rows(
        {"name": "基础", "node": "A", "minimum": "3"}, {"name": "核心点", "importance": "X", "minimum": "3"}
    )
    number = saved(client, occupation, include="1", **lines).rsplit("/", 1)[-1]

    offered = client.get(f"/blueprints?source={number}").text
    other = client.get(f"/blueprints/new?occupation={occupation.id}&level=4&source={number}").text
    same = client.get(f"/blueprints/new?occupation={occupation.id}&level=3&source={number}").text

    assert f'<option value="{number}" selected>' in offered
    alert = other.split("本职业等级中不存在", 1)[1].split("</ul>")[0]
    assert re.findall("<li>(.*?)</li>", alert) == ["基础"]
    assert values(other, "name") == ["基础", "核心点"]
    assert "已略去：1" in other
    assert "本职业等级中不存在" not in same
    assert "三级理论（副本）" in same


def test_the_specification_table_is_shown_and_exported(
    client: TestClient, login: Any, occupation: Occupation
) -> None:
    login(Role.PAPER_MANAGER)
    lines = rows(
        {"name": "甲", "node": "A", "type": "single_choice", "minimum": "2", "maximum": "3"},
        {"name": "乙", "node": "A", "type": "true_false", "minimum": "2", "maximum": "2"},
        {"name": "=1+1", "importance": "X", "minimum": "4"},
    )
    place = saved(client, occupation, **lines)

    page = client.get(place + "/table").text
    text = client.get(place + "/table.csv").content.decode("utf-8-sig")
    book = load_workbook(io.BytesIO(client.get(place + "/table.xlsx").content)).active
    by_importance = client.get(place + "/table?by=importance").text

    assert "4–5" in page
    assert "24–36 分" in page
    assert "专家组" in page
    table = list(csv.reader(io.StringIO(text)))
    assert table[0][:5] == ["鉴定范围", "名称", "单选题 题数", "单选题 分", "单选题 可供"]
    assert table[1][:8] == ["A", "基础知识", "2–3", "24–36", "12", "2", "16", "12"]
    assert table[-1][1:4] == ["全卷", "5", "60"]
    assert [c.value for c in book[2]][5:7] == [2, 16]
    assert "≥ 4" in by_importance


def test_everything_that_a_blueprint_says_has_words() -> None:
    parts = (BlueprintSpec, Row, Section, InformationPoint, CurvePoint, MeanProportion, Earlier)
    fields = {name for part in parts for name in part.model_fields}

    assert [name for name in sorted(fields) if field_label(name, str) == name] == []


def calibrate(session: Session, occupation: Occupation, institution: Institution) -> None:
    """Give every item the difficulty 0 on a Rasch scale, and a proportion correct."""
    figures = [
        ItemFigures(
            item_id=item.id,
            n_responses=400,
            p_value=0.5,
            point_biserial=0.4,
            corrected_point_biserial=0.3,
            is_constant=False,
            b=0.0,
        )
        for item in items.active_items(session, occupation.id, 3)
    ]
    draft = ScaleDraft(
        institution.id, occupation.id, 3, "量表", ScaleModel.RASCH, 400, {}, {"kind": "file"}, figures
    )
    actor = Actor("system", None, institution.id, frozenset(), "test")
    statistics.keep_scale(session, actor=actor, draft=draft, now=NOW)


def test_goals_are_taken_from_a_sealed_paper(
    client: TestClient, login: Any, database: Database, institution: Institution
) -> None:
    def open_session() -> AbstractContextManager[Session]:
        return database.session(scope=Scope.of((institution.id,)))

    paper_id = make_sealed_papers(open_session, institution, forms=1)[0]
    with open_session() as session:
        occupation = taxonomy.occupation_by_code(session, CODE)
    login(Role.PAPER_MANAGER)
    unknown = client.post("/blueprints", data=form(occupation, do="goals-paper", paper=str(paper_id)))
    with open_session() as session:
        calibrate(session, occupation, institution)

    page = use(client, occupation, "goals-paper", paper=str(paper_id), **{"target-0-theta": "0"})

    assert unknown.status_code == 422
    assert "10 题中有 10 题没有参数" in unknown.text
    assert re.findall(r'name="target-\d+-(?:theta|information|curve)" value="([^"]+)"', page) == [
        "0",
        "2.5",
        "50",
    ]


def test_goals_are_taken_from_the_bank(
    client: TestClient, login: Any, occupation: Occupation, database: Database, institution: Institution
) -> None:
    login(Role.PAPER_MANAGER)
    uncalibrated = client.post("/blueprints", data=form(occupation, do="goals-bank"))
    with database.session(scope=Scope.of((institution.id,))) as session:
        calibrate(session, occupation, institution)

    page = use(client, occupation, "goals-bank", cut="0.5")
    refused = client.post("/blueprints", data=form(occupation, do="goals-paper"))

    assert uncalibrated.status_code == 422
    assert "尚未校准" in uncalibrated.text
    thetas = re.findall(r'name="target-\d+-theta" value="([^"]+)"', page)
    assert thetas == ["-2", "-1", "0", "0.5", "1", "2"]
    # Ten Rasch items of difficulty 0 and 100 marks together.
    information = re.findall(r'name="target-\d+-information" value="([^"]+)"', page)
    score = re.findall(r'name="target-\d+-curve" value="([^"]+)"', page)
    assert (information[2], score[2]) == ("2.5", "50")
    assert "请选择以哪份试卷为目标" in refused.text
