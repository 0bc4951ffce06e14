"""The project's XLSX template: reading it and making it, with choices to pick from and an instruction sheet."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from itembank.interchange.errors import FileDamaged, FileRefused, HeaderMissing, TooManyRows
from itembank.interchange.files import check_kind, check_size, open_archive, parse_xml, read_member
from itembank.interchange.grid import header_of, read_rows
from itembank.interchange.report import MAX_QUESTIONS, ImportReport, Place, merge

FORMAT = "xlsx"
MAX_COLUMNS = 40
SHEET = "题目"
INSTRUCTIONS = "填写说明"

HEADER: tuple[tuple[str, int], ...] = (
    ("序号", 8), ("题型", 10), ("题干", 60), ("选项A", 24), ("选项B", 24), ("选项C", 24), ("选项D", 24),
    ("选项E", 20), ("选项F", 20), ("答案", 10), ("解析", 30), ("分类", 16), ("鉴定点代码", 16),
    ("重要程度", 10), ("难度", 8), ("编号", 16),
)  # fmt: skip

_HELP: tuple[tuple[str, str], ...] = (
    ("序号", "可不填。只用于在导入报告中指出是哪一题。"),
    ("题型", "必填：单选题、多选题或判断题，从下拉列表中选择。"),
    ("题干", "必填。需要考生选择的空位写成（　）。不超过 4000 字。"),
    ("选项A～选项F", "单选题、多选题必填，从选项A起依次填写，中间不能空，文字不能重复；判断题不填。"),
    ("答案", "必填。单选题填一个字母，多选题填两个或两个以上字母（如 ABD），判断题填“正确”或“错误”。"),
    ("解析", "可不填。"),
    ("分类", "可不填。如所属章节或模块名称。"),
    ("鉴定点代码", "可不填。不填的题目作为“未归类草稿”入库，归入鉴定点后才能送审。"),
    ("重要程度", "可不填：X（核心要素）、Y（一般要素）、Z（辅助要素）。不填时取鉴定点的重要程度。"),
    ("难度", "可不填：1（易）至 5（难）。"),
    ("编号", "可不填。原题库中的编号，便于对照。"),
)
_NOTES = (
    "每行一题。第一行标题不要修改、不要删除；列的先后可以调整。",
    "图片、公式不能通过表格导入，请在系统中编辑该题时补充。",
    "不符合要求的题目不会丢失：导入报告会列出所在行、列和原因，可以在报告页面直接修改后入库。",
    "与题库中已有题目完全相同的题目会列为重复，不再入库。",
)


def parse_xlsx(data: bytes) -> ImportReport:
    """Return what a workbook in the template's form holds; every sheet with its header is read.

    Raises
    ------
    FileRefused
        If the file as a whole cannot be read.
    """
    check_size(data)
    check_kind(data, "xlsx")
    archive = open_archive(data)
    for name in archive.namelist():
        if name.endswith((".xml", ".rels")):  # no document types anywhere, before openpyxl sees the file
            parse_xml(read_member(archive, name) or b"<none/>", name=name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of every extension it does not keep
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheets = [_sheet_report(sheet) for sheet in book.worksheets if sheet.title != INSTRUCTIONS]
    except FileRefused:
        raise
    except Exception as problem:  # openpyxl fails on damaged files in many ways of its own
        raise FileDamaged(detail=str(problem)[:200] or type(problem).__name__) from problem
    found = [report for report in sheets if report is not None]
    if not found:
        title = book.worksheets[0].title if book.worksheets else ""
        raise HeaderMissing(sheet=title, column="题干 / 答案")
    return merge(found, format=FORMAT)


def _sheet_report(sheet: Any) -> ImportReport | None:
    """Return the questions of one sheet, or None when it has no header of questions."""
    rows = _rows(sheet)
    columns = None
    for _, first in rows:
        columns = header_of(first)
        if columns is not None or any(first):
            break
    if columns is None:
        return None
    return read_rows(rows, columns, format=FORMAT)


def _rows(sheet: Any) -> Iterator[tuple[Place, Sequence[str]]]:
    """Yield rows as texts; the stated size of the sheet is not believed."""
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()
    filled = 0
    for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), start=1):
        texts = [_text(value) for value in row]
        filled += any(texts)
        if filled > MAX_QUESTIONS or number > 2 * MAX_QUESTIONS:
            raise TooManyRows(limit=MAX_QUESTIONS)
        yield Place("row", number, number, sheet=sheet.title), texts


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "正确" if value else "错误"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def template() -> bytes:
    """Return the empty template with its choices and the instruction sheet."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = SHEET
    for index, (name, width) in enumerate(HEADER, start=1):
        cell = sheet.cell(row=1, column=index, value=name)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="DCE6F2")
        cell.alignment = Alignment(horizontal="center", vertical="center")
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = "D2"
    names = [name for name, _ in HEADER]
    _choices(sheet, names.index("题型"), "单选题,多选题,判断题", "题型")
    _choices(sheet, names.index("重要程度"), "X,Y,Z", "重要程度")
    _choices(sheet, names.index("难度"), "1,2,3,4,5", "难度")
    for column in (names.index("题干"), names.index("答案"), names.index("编号"), names.index("鉴定点代码")):
        for row in range(2, 202):  # text, so that 001 stays 001
            sheet.cell(row=row, column=column + 1).number_format = "@"
    _instructions(book.create_sheet(INSTRUCTIONS))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _choices(sheet: Worksheet, column: int, values: str, name: str) -> None:
    rule = DataValidation(type="list", formula1=f'"{values}"', allow_blank=True, showErrorMessage=True)
    rule.errorTitle = name
    rule.error = "请填写：" + values.replace(",", "、")
    letter = get_column_letter(column + 1)
    rule.add(f"{letter}2:{letter}{MAX_QUESTIONS + 1}")
    sheet.add_data_validation(rule)


def _instructions(sheet: Worksheet) -> None:
    sheet.column_dimensions["A"].width = 18
    sheet.column_dimensions["B"].width = 96
    sheet.append(["试题导入模板填写说明"])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append([])
    sheet.append(["列", "要求"])
    for name, text in _HELP:
        sheet.append([name, text])
    sheet.append([])
    for index, text in enumerate(_NOTES, start=1):
        sheet.append([f"注意 {index}", text])
    for row in sheet.iter_rows(min_row=3):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for cell in sheet[3]:
        cell.font = Font(bold=True)
