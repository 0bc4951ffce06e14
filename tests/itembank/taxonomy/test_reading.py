"""Outlines from TOML and from the documented workbook."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from itembank.base.errors import ExamError
from itembank.taxonomy.reading import points_of, read_outline, write_workbook
from tests.factories.bank import outline_source

DEMONSTRATION = Path(__file__).parents[3] / "scripts" / "demonstration" / "outline.toml"


def workbook(change: Any = None) -> bytes:
    source = outline_source()
    facts = {"职业编码": "6-31-01-03", "职业名称": "电工", "级别": "四级", "名称": source.title, "版本": "1"}
    packed = write_workbook(facts, source.scopes)
    if change is None:
        return packed
    book = load_workbook(io.BytesIO(packed))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_demonstration_outline_is_read() -> None:
    source = read_outline("outline.toml", DEMONSTRATION.read_bytes())

    assert source.occupation == ("6", "31", "01", "03")
    assert len(list(points_of(source.scopes))) >= 60
    assert sum(function.theory for function in source.functions) == 100


def test_a_workbook_gives_back_what_was_written() -> None:
    assert read_outline("细目表.XLSX", workbook()).scopes == outline_source().scopes


def test_a_name_that_looks_like_a_formula_stays_a_name() -> None:
    scope = dataclasses.replace(outline_source().scopes[0], name="=1+1")
    facts = {"职业编码": "6-31-01-03", "级别": "4", "名称": "=名称", "版本": "1"}
    source = read_outline("a.xlsx", write_workbook(facts, [scope]))

    assert (source.title, source.scopes[0].name) == ("=名称", "=1+1")


def test_a_spreadsheets_number_one_is_the_code_001() -> None:
    def change(book: Any) -> None:
        book["鉴定要素细目表"]["M2"] = 1

    assert next(points_of(read_outline("a.xlsx", workbook(change)).scopes)).code == "001"


def set_cell(sheet: str, cell: str, value: object) -> Any:
    def change(book: Any) -> None:
        book[sheet][cell] = value

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (set_cell("鉴定要素细目表", "O2", "W"), "鉴定要素细目表 2: 重要程度"),
        (set_cell("鉴定要素细目表", "C2", "many"), "鉴定要素细目表 2: 一级比重"),
        (set_cell("鉴定要素细目表", "D2", "5:2"), "鉴定要素细目表 2: 一级X:Y:Z"),
        (set_cell("鉴定要素细目表", "M2", None), "鉴定要素细目表 2: 鉴定点代码"),
        (set_cell("鉴定要素细目表", "A1", "code"), "鉴定要素细目表 1:1"),
        (set_cell("基本信息", "B3", "九级"), "基本信息 级别"),
        (set_cell("基本信息", "B5", None), "基本信息 版本"),
    ],
)
def test_a_wrong_cell_is_named(change: Any, place: str) -> None:
    with pytest.raises(ExamError) as refusal:
        read_outline("a.xlsx", workbook(change))

    assert refusal.value.facts["place"] == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("title = 'x'\nversion = '1'\nlevel = 4\n", "occupation"),
        ("title = {a = 1}\n[occupation]\n", "title"),
        ("scopes = 3\n", "occupation"),
    ],
)
def test_a_wrong_toml_value_is_named(text: str, place: str) -> None:
    with pytest.raises(ExamError) as refusal:
        read_outline("a.toml", text.encode())

    assert refusal.value.facts["place"] == place


def test_a_code_used_twice_below_one_scope_is_refused() -> None:
    text = DEMONSTRATION.read_text("utf-8").replace('code = "002"', 'code = "001"', 1)

    with pytest.raises(ExamError) as refusal:
        read_outline("a.toml", text.encode())

    assert refusal.value.code == "outline_code_twice"


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (61 * 1024 * 1024))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", b"\xff\xfe\x00"),
        ("a.toml", b"= ="),
        ("a.toml", b"a = " + b"[" * 5000),
        ("a.xlsx", b"PK\x03\x04 not really"),
        ("a.xlsx", b""),
        ("a.docx", b"PK"),
        ("a.xlsx", workbook()[:900]),
    ],
)
def test_unreadable_files_are_refused_by_name(name: str, content: bytes) -> None:
    with pytest.raises(ExamError) as refusal:
        read_outline(name, content)

    assert refusal.value.code == "outline_file_unreadable"


def test_a_file_that_unpacks_to_far_too_much_is_refused() -> None:
    with pytest.raises(ExamError) as refusal:
        read_outline("a.xlsx", bomb())

    assert refusal.value.code == "outline_file_unreadable"


def test_the_seeded_codes_have_their_form() -> None:
    from itembank.taxonomy.rules import split_occupation_code
    from itembank.taxonomy.seeds import OCCUPATIONS

    codes = [code for code, _, _ in OCCUPATIONS]

    assert {"4-04-05-05", "6-31-01-03"} <= set(codes)
    assert len(codes) == len(set(codes)) >= 12
    assert all("-".join(split_occupation_code(code)) == code for code in codes)
