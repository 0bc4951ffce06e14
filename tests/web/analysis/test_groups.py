"""Comparisons of groups and reports of response files, as a psychometrician uses them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy import select

from exam_engine.sittings.models import Registration
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.statistics import make_answered_sitting, make_items, seal_paper

N_ITEMS = 15


@pytest.fixture
def bank(database: Database, institution: Institution) -> tuple[UUID, list[str]]:
    with database.session(scope=Scope.everything()) as session:
        return make_items(session, institution=institution, level=4, count=N_ITEMS)


def two_groups(n: int, *, seed: int = 4) -> tuple[np.ndarray, list[str]]:
    """Marks of two groups; for the second the fourth item is much harder."""
    rng = np.random.default_rng(seed)
    groups = ["甲班"] * (n // 2 + 20) + ["乙班"] * (n // 2 - 20)
    hard = (np.array(groups) == "乙班")[:, None] * (np.arange(N_ITEMS) == 3) * 1.5
    b = np.linspace(-1.5, 1.5, N_ITEMS) + hard
    chance = 1 / (1 + np.exp(b - rng.normal(size=n)[:, None]))
    return (rng.random(chance.shape) < chance).astype(np.int8), groups


def as_file(names: list[str], marks: np.ndarray, groups: list[str]) -> bytes:
    rows = [
        f"p{at},{group}," + ",".join(map(str, row))
        for at, (group, row) in enumerate(zip(groups, marks, strict=True))
    ]
    return "\n".join(["person,group," + ",".join(names), *rows]).encode()


def report_url(client: TestClient) -> str:
    page = client.get("/analysis/reports").text
    return "/analysis/reports/" + page.split('href="/analysis/reports/')[1].split('"')[0]


def send(client: TestClient, content: bytes, bank: tuple[UUID, list[str]], column: str = "group") -> Any:
    fields = {
        "file_report_name": "两班比较",
        "occupation_id": str(bank[0]),
        "level": "4",
        "column": column,
    }
    files = {"responses": ("groups.csv", content, "text/csv")}
    return client.post("/analysis/ask/dif/columns", data=fields, files=files)


def test_a_file_with_groups_names_the_item_that_favours_one(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    bank: tuple[UUID, list[str]],
) -> None:
    login(Role.PSYCHOMETRICIAN)
    marks, groups = two_groups(800)
    sent = send(client, as_file(bank[1], marks, groups), bank)
    run_jobs()
    url = report_url(client)
    page = client.get(url).text
    found = client.get(url + "/report.json").json()["results"]
    client.post(url + "/again")
    run_jobs()
    again = client.get(report_url(client) + "/report.json").json()["report"]

    assert sent.status_code == 303
    rows = {row["name"]: row for row in found["comparisons"][0]["items"]}
    assert rows[bank[1][3]]["size"] == "C"
    assert rows[bank[1][3]]["favours"] == "reference"
    assert found["comparisons"][0]["reference"] == "甲班"
    assert sum(row["size"] == "C" for row in rows.values()) == 1
    assert page.count("<svg") == 1
    assert client.get(url + "/chart/file", params={"form": "png"}).content.startswith(b"\x89PNG")
    assert client.get(url + "/items.csv").content.decode("utf-8-sig").count("\n") == N_ITEMS + 1
    assert client.get(url + "/report.xlsx").status_code == 200
    assert again["agreement"]["agrees"] is True
    assert "两班比较" in client.get("/analysis/reports").text


def test_bad_files_are_refused_by_name_and_place(
    client: TestClient, login: Callable[..., str], run_jobs: Callable[[], int], bank: tuple[UUID, list[str]]
) -> None:
    login(Role.PSYCHOMETRICIAN)
    marks, groups = two_groups(100)
    good = as_file(bank[1], marks, groups)

    column = send(client, good, bank, column="sex")
    letter = send(
        client, good.replace(b"p0,\xe7\x94\xb2\xe7\x8f\xad,", b"p0,\xe7\x94\xb2\xe7\x8f\xad,x", 1), bank
    )
    empty = send(client, as_file(bank[1], marks, [""] * 100), bank)
    send(client, as_file(bank[1], marks[:60], groups[:58] + ["丙班"] * 2), bank)
    run_jobs()
    failed = client.get(report_url(client)).text

    assert "没有“sex”列" in column.text
    assert letter.status_code == 422
    assert '<td class="num">2</td><td class="num">3</td>' in letter.text
    assert "全部为空" in empty.text
    assert "至少需要两个不少于 25 人的组" in failed


def test_candidates_of_sittings_are_compared_by_what_their_registration_states(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    bank: tuple[UUID, list[str]],
    database: Database,
    institution: Institution,
) -> None:
    marks, groups = two_groups(160)
    with database.session(scope=Scope.everything()) as session:
        ids = {item.reference: item.id for item in session.scalars(select(Item))}
        sitting = make_answered_sitting(
            session,
            institution=institution,
            occupation_id=bank[0],
            item_ids=[ids[reference] for reference in bank[1]],
            marks=marks,
            starts_at=database.clock.now() - timedelta(days=1),
        )
        rows = session.scalars(select(Registration).order_by(Registration.id)).all()
        for row, group in zip(rows, groups, strict=True):
            row.source = group
    login(Role.PSYCHOMETRICIAN)

    fields = {"report_name": "按来源", "attribute": "source", "sittings": [str(sitting.id)]}
    sent = client.post("/analysis/ask/dif", data=fields)
    run_jobs()
    found = client.get(report_url(client) + "/report.json").json()["results"]

    assert sent.status_code == 303
    assert {group["label"] for group in found["groups"]} == {"甲班", "乙班"}
    rows_ = {row["name"]: row for row in found["comparisons"][0]["items"]}
    assert rows_[bank[1][3]]["favours"] == "reference"
    assert "small_group" in found["comparisons"][0]["warnings"]
    assert client.post("/analysis/ask/dif", data=fields | {"attribute": "sex"}).status_code == 422


def test_a_response_file_becomes_a_sitting_report(
    client: TestClient, login: Callable[..., str], run_jobs: Callable[[], int], bank: tuple[UUID, list[str]]
) -> None:
    login(Role.PSYCHOMETRICIAN)
    marks, _ = two_groups(120)
    scores = marks.astype(int)
    scores[:, -1] *= 3
    content = "\n".join([",".join(bank[1]), *(",".join(map(str, row)) for row in scores)]).encode()
    fields = {"report_name": "外校考试", "occupation_id": str(bank[0]), "level": "4", "pass_mark": "55.5"}

    sent = client.post(
        "/analysis/ask/responses", data=fields, files={"responses": ("scores.csv", content, "text/csv")}
    )
    run_jobs()
    url = report_url(client)
    found = client.get(url + "/report.json").json()["results"]
    page = client.get(url).text
    nothing = client.post("/analysis/ask/responses", data=fields)

    assert sent.status_code == 303
    share = np.floor(scores.sum(axis=1) * 10_000 / (N_ITEMS + 2) + 0.5) / 100
    assert found["passed"] == (share >= 55.5).sum()
    assert "no_options" in found["cautions"]
    assert "没有选项信息" in page
    assert nothing.status_code == 422


def test_a_small_sample_is_pooled_with_earlier_sittings_of_the_same_paper(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    bank: tuple[UUID, list[str]],
    database: Database,
    institution: Institution,
) -> None:
    with database.session(scope=Scope.everything()) as session:
        ids = {item.reference: item.id for item in session.scalars(select(Item))}
        items = [ids[reference] for reference in bank[1]]
        common = {"institution": institution, "occupation_id": bank[0]}
        paper = seal_paper(session, **common, item_ids=items)
        sat = [
            make_answered_sitting(
                session,
                **common,
                item_ids=items,
                marks=two_groups(40)[0],
                starts_at=database.clock.now() - timedelta(days=days),
                paper_id=paper,
            ).id
            for days in (30, 10, 1)
        ]
    login(Role.PSYCHOMETRICIAN)
    client.post("/analysis/reports/sitting", data={"report_name": "十月", "sittings": [str(sat[1])]})
    run_jobs()
    small = report_url(client)

    page = client.get(small).text
    form = client.get("/analysis/reports", params={"pool": small.rpartition("/")[2]}).text
    ticked = re.findall(r'value="([0-9a-f-]{36})" checked', form)
    client.post("/analysis/reports/sitting", data={"report_name": "合并", "sittings": ticked})
    run_jobs()
    pooled = client.get(report_url(client)).text
    found = client.get(report_url(client) + "/report.json").json()["results"]
    book = load_workbook(io.BytesIO(client.get(report_url(client) + "/report.xlsx").content))

    assert "与以往 1 场考试合并分析（共 80 名考生）" in page
    assert set(ticked) == {str(sat[0]), str(sat[1])}  # not the later one
    assert f"{N_ITEMS} / {N_ITEMS}" in form
    assert found["persons"] == 80
    assert [row["persons"] for row in found["occasions"]["occasions"]] == [40, 40]
    assert "合并的 2 个场次" in pooled
    assert {"考试场次", "各场次试题数据"} <= set(book.sheetnames)
    assert "合并的" not in client.get(small).text
