"""The project's own formats: JSON and the XLSX template."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from itembank.interchange.errors import FileDamaged, FileRefused, HeaderMissing, JsonUnreadable, XmlHostile
from itembank.interchange.formats import parse
from itembank.interchange.native_json import parse_native_json
from itembank.interchange.report import ImportReport
from itembank.interchange.xlsx import HEADER, INSTRUCTIONS, SHEET, parse_xlsx, template

GOOD = {"type": "single_choice", "stem": "量长度用（　）。", "options": ["卷尺", "天平"], "key": ["A"]}


def from_json(*entries: Any) -> ImportReport:
    value = {"format": "exam-engine-items", "version": 1, "items": list(entries)}
    return parse_native_json(json.dumps(value, ensure_ascii=False).encode())


def test_every_type_and_field_is_read() -> None:
    report = from_json(
        GOOD | {"explanation": "有刻度", "category": "测量", "reference": "M-1", "difficulty": 2, "importance": "X",
                "point": "01001", "number": 7},
        {"type": "multiple_choice", "stem": "防护用品", "key": ["B", "A"],
         "options": [{"label": "A", "text": "口罩"}, {"label": "B", "text": "手套"}, {"label": "C", "text": "扑克"}]},
        {"type": "true_false", "stem": "水会结冰。", "key": True},
        {"type": "true_false", "stem": "火是冷的。", "key": ["F"]},
    )  # fmt: skip

    first = report.items[0]
    assert [item.key for item in report.items] == [("A",), ("A", "B"), ("T",), ("F",)]
    assert (first.explanation, first.category, first.reference, first.difficulty) == (
        "有刻度",
        "测量",
        "M-1",
        2,
    )
    assert (first.importance, first.point_code, first.number) == ("X", "01001", 7)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"type": "essay"}, "field_value", "type"),
        ({"type": None}, "field_missing", "type"),
        ({"stem": ""}, "field_missing", "stem"),
        ({"stem": 7}, "field_value", "stem"),
        ({"options": "卷尺"}, "field_value", "options"),
        ({"options": ["卷尺", 7]}, "field_value", r"options\[1\]"),
        ({"options": ["卷尺"]}, "option_count", "1"),
        ({"key": None}, "field_missing", "key"),
        ({"key": True}, "field_value", "key"),
        ({"key": ["C"]}, "key_unknown", "C"),
        ({"key": ["A", "B"]}, "key_too_many", "AB"),
        ({"difficulty": 9}, "field_value", "difficulty"),
        ({"difficulty": True}, "field_value", "difficulty"),
        ({"importance": "W"}, "field_value", "importance"),
        ({"number": -1}, "field_value", "number"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], code: str, words: str) -> None:
    report = from_json(GOOD, GOOD | change)

    assert len(report.items) == 1
    entry = report.rejected[0]
    assert (str(entry.place), entry.reason.code) == ("items[1]", code)
    assert words.replace("\\", "") in str(entry.reason)


@pytest.mark.parametrize(
    "data",
    [b"{", b"[1, 2", b'{"format": "other"}', b'{"format": "exam-engine-items", "version": 9, "items": []}',
     b'{"format": "exam-engine-items", "version": 1, "items": {}}', b'{"a": NaN}', b'{"a": "\xff"}', b"[" * 100_000],
)  # fmt: skip
def test_other_json_is_refused(data: bytes) -> None:
    with pytest.raises(JsonUnreadable):
        parse_native_json(data)


def book(*rows: tuple[object, ...], header: tuple[str, ...] | None = None) -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = SHEET
    sheet.append(header or tuple(name for name, _ in HEADER))
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def test_the_template_has_choices_and_instructions_and_is_an_empty_import() -> None:
    data = template()
    workbook = load_workbook(io.BytesIO(data))

    assert workbook.sheetnames == [SHEET, INSTRUCTIONS]
    assert {rule.formula1 for rule in workbook[SHEET].data_validations.dataValidation} == {
        '"单选题,多选题,判断题"', '"X,Y,Z"', '"1,2,3,4,5"',
    }  # fmt: skip
    assert parse(data).found == 0


def test_rows_of_the_template_are_read() -> None:
    report = parse_xlsx(
        book(
            (
                1,
                "单选题",
                "量长度用（　）。",
                "卷尺",
                "天平",
                None,
                None,
                None,
                None,
                "A",
                "有刻度",
                "测量",
                "01001",
                "X",
                3,
                "007",
            ),
            (2, "多选题", "防护用品有", "口罩", "手套", "扑克", None, None, None, "A、B"),
            (3, "判断题", "水会结冰。", *[None] * 6, "正确"),
            (),
            (4, "判断题", "火是冷的。", *[None] * 6, False),
        )
    )

    assert [item.key for item in report.items] == [("A",), ("A", "B"), ("T",), ("F",)]
    assert (report.items[0].reference, report.items[0].difficulty, report.items[0].point_code) == (
        "007",
        3,
        "01001",
    )


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        ((1, "论述题", "题", "甲", "乙", *[None] * 4, "A"), "column_value", "题型"),
        ((1, "单选题", None, "甲", "乙", *[None] * 4, "A"), "column_missing", "题干"),
        ((1, "单选题", "题", "甲", "乙", *[None] * 4, None), "column_missing", "答案"),
        ((1, "单选题", "题", "甲", None, "丙", *[None] * 3, "A"), "option_empty", "B"),
        ((1, "单选题", "题", "甲", "甲", *[None] * 4, "A"), "option_duplicate", "A"),
        ((1, "单选题", "题", "甲", "乙", *[None] * 4, "C"), "key_unknown", "C"),
        ((1, "判断题", "题", *[None] * 6, "也许"), "column_value", "答案"),
        (
            (1, "单选题", "题", "甲", "乙", *[None] * 4, "A", None, None, None, "W"),
            "column_value",
            "重要程度",
        ),
        (
            (1, "单选题", "题", "甲", "乙", *[None] * 4, "A", None, None, None, None, 8),
            "column_value",
            "难度",
        ),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(row: tuple[object, ...], code: str, words: str) -> None:
    report = parse_xlsx(book(row))

    assert not report.items
    assert "row 2" in str(report.rejected[0].place)
    assert report.rejected[0].reason.code == code
    assert words in str(report.rejected[0].reason)


def test_a_workbook_without_the_header_is_refused() -> None:
    with pytest.raises(HeaderMissing):
        parse_xlsx(book(("a", "b"), header=("甲", "乙")))


def test_a_workbook_with_entities_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book())) as good, zipfile.ZipFile(buffer, "w") as bad:
        for name in good.namelist():
            evil = b'<!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>'
            bad.writestr(name, evil if name == "xl/workbook.xml" else good.read(name))

    with pytest.raises(XmlHostile):
        parse_xlsx(buffer.getvalue())


def test_a_broken_workbook_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bad:
        bad.writestr("xl/workbook.xml", "<workbook/>")

    with pytest.raises(FileDamaged):
        parse_xlsx(buffer.getvalue())


def test_a_sheet_that_claims_a_million_columns_is_read_in_bounds() -> None:
    buffer = io.BytesIO()
    good = zipfile.ZipFile(io.BytesIO(book((1, "判断题", "水会结冰。", *[None] * 6, "正确"))))
    with zipfile.ZipFile(buffer, "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            if name.startswith("xl/worksheets/"):
                content = content.replace(b'<dimension ref="A1:P2"', b'<dimension ref="A1:XFD1048576"')
            bad.writestr(name, content)

    assert len(parse_xlsx(buffer.getvalue()).items) == 1


def test_the_format_is_told_by_the_content() -> None:
    assert parse(template()).format == "xlsx"
    with pytest.raises(FileRefused, match="PDF"):
        parse(b"%PDF-1.4")
