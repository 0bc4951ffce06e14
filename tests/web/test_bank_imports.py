"""The import pages as an item writer uses them."""

from __future__ import annotations

import json
import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from itembank.base.db import Database, Scope
from itembank.interchange.models import ImportBatch
from itembank.items.models import Item
from itembank.people.rules import Role
from itembank.taxonomy import service as taxonomy
from tests.conftest import Login
from tests.factories.word_sheets import sheet

LINES = ("单选题", "1.测长度用", "A.卷尺", "B.天平	A", "2.测<b>质量</b>用", "A.卷尺", "B.天平")


@pytest.fixture
def occupation(database: Database) -> str:
    with database.session(scope=Scope.everything()) as session:
        taxonomy.seed_occupations(session)
        return str(taxonomy.occupation_by_code(session, "4-04-05-05").id)


def send(
    client: TestClient, occupation: str, data: bytes | None = None, name: str = "复习.docx", **more: str
) -> str:
    fields = {"occupation_id": occupation, "level": "5", "format": "auto"} | more
    files = {"file": (name, sheet(LINES) if data is None else data)}
    response = client.post("/bank/imports", data=fields, files=files)
    assert response.status_code == 303, response.text
    return response.headers["location"]


def test_upload_report_repair(client: TestClient, login: Login, occupation: str, database: Database) -> None:
    login(Role.ITEM_WRITER)
    assert client.get("/bank/imports").status_code == 200
    assert "导入文件" in client.get("/bank/imports/new").text
    location = send(client, occupation)
    report = client.get(location).text
    assert "第 5～7 段，第 2 题" in report
    assert "没有找到答案" in report
    assert "&lt;b&gt;" in report
    assert "<b>质量" not in report

    row = re.search(r"/bank/imports/rows/[0-9a-f-]{36}", report)
    assert row is not None
    assert "校验并入库" in client.get(row[0]).text
    wrong = client.post(
        row[0], data={"type": "single_choice", "stem": "测质量用", "option_A": "卷尺", "key": "A"}
    )
    assert wrong.status_code == 422
    assert "应为 2～11 个" in wrong.text
    good = {"type": "single_choice", "stem": "测质量用", "option_A": "卷尺", "option_B": "天平", "key": "B"}
    response = client.post(row[0], data=good)

    assert response.status_code == 303
    assert client.post(row[0], data=good).status_code == 409
    with database.session(scope=Scope.everything()) as session:
        assert len(session.scalars(select(Item)).all()) == 2
    written = json.loads(client.get(f"{location}/report.json").content)
    assert (written["found"], written["imported"], written["rejected"]) == (2, 2, [])


def test_a_refused_question_can_be_set_aside(client: TestClient, login: Login, occupation: str) -> None:
    login(Role.ITEM_WRITER)
    location = send(client, occupation)
    row = re.search(r"/bank/imports/rows/[0-9a-f-]{36}", client.get(location).text)
    assert row is not None

    assert client.post(f"{row[0]}/discard").status_code == 303
    assert "不再导入" in client.get(f"{location}?show=discarded").text
    for show in ("all", "warned", "imported", "repaired", "nonsense"):
        assert client.get(f"{location}?show={show}").status_code == 200


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"%PDF-1.7", "x.docx", "文件类型是“PDF”"),
        (b"", "x.docx", "文件是空的"),
        (b"[]", "x.json", "需要同时提供映射文件"),
        (b"PK\x03\x04", "x.docx", "文件已损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "x.doc", "旧版 Word 文档"),
    ],
)
def test_a_wrong_file_is_refused_beside_its_field(
    client: TestClient, login: Login, occupation: str, database: Database, data: bytes, name: str, words: str
) -> None:
    login(Role.ITEM_WRITER)
    fields = {"occupation_id": occupation, "level": "5"}
    response = client.post("/bank/imports", data=fields, files={"file": (name, data)})

    assert response.status_code == 422
    assert words in response.text
    with database.session(scope=Scope.everything()) as session:
        assert session.scalars(select(ImportBatch)).all() == []


def test_missing_fields_are_named(client: TestClient, login: Login) -> None:
    login(Role.ITEM_WRITER)
    response = client.post("/bank/imports", data={"level": "9"})

    assert response.status_code == 422
    assert "请选择文件" in response.text


def test_the_template_is_a_workbook(client: TestClient, login: Login) -> None:
    login(Role.ITEM_WRITER)

    assert client.get("/bank/imports/template.xlsx").content.startswith(b"PK")


def test_other_roles_may_not_import(client: TestClient, login: Login) -> None:
    login(Role.INVIGILATOR)

    assert client.get("/bank/imports").status_code == 403
