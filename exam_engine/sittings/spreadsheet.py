"""Uploaded tables (XLSX, CSV) as rows of text, guarded against hostile files."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from itembank.base.errors import Invalid

MAX_ROWS = 20_000
MAX_COLUMNS = 60
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_CELL_LENGTH = 1000

Row = tuple[str, ...]


class TableUnreadable(Invalid):
    """The upload is not a table."""

    code = "table_unreadable"
    message = "“{name}” is neither an XLSX workbook nor a CSV file that can be read: {reason}"


class TableTooLarge(Invalid):
    """The upload is larger than any list of candidates."""

    code = "table_too_large"
    message = "“{name}” is too large: at most {rows} rows and {megabytes} MB unpacked are read."


def read_table(name: str, content: bytes) -> list[Row]:
    """Return the rows of the first sheet as tidy text; empty rows at the end are dropped.

    Raises TableUnreadable or TableTooLarge.
    """
    rows = _read_xlsx(name, content) if content[:2] == b"PK" else _read_csv(name, content)
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def _too_large(name: str) -> TableTooLarge:
    return TableTooLarge(name=name, rows=MAX_ROWS, megabytes=MAX_UNPACKED_BYTES // 1024 // 1024)


def _read_xlsx(name: str, content: bytes) -> list[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            if sum(entry.file_size for entry in package.infolist()) > MAX_UNPACKED_BYTES:
                raise _too_large(name)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # A sheet can claim a million empty rows; what it really holds is counted instead.
        sheet.reset_dimensions()
        return list(_bounded(name, sheet.iter_rows(values_only=True)))
    except TableTooLarge:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers raise
        raise TableUnreadable(name=name, reason=type(error).__name__) from error


def _read_csv(name: str, content: bytes) -> list[Row]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise TableUnreadable(name=name, reason="UTF-8 / GB 18030")
    if "\x00" in text:
        raise TableUnreadable(name=name, reason="NUL")
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    try:
        return list(
            _bounded(name, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        )
    except csv.Error as error:
        raise TableUnreadable(name=name, reason=str(error)) from error


def _bounded(name: str, rows: Any) -> Iterator[Row]:
    for number, row in enumerate(rows, 1):
        if number > MAX_ROWS:
            raise _too_large(name)
        yield tuple(_as_text(value) for value in row[:MAX_COLUMNS])


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        # Beyond fifteen digits a spreadsheet's number has lost its last ones; the E shows it to the checks.
        return f"{value:.0f}" if abs(value) < 1e15 else repr(value)
    if isinstance(value, int) and abs(value) >= 10**15:
        return f"{value:.14E}"
    return " ".join(str(value).split())[:MAX_CELL_LENGTH]


def write_template(
    headers: Sequence[tuple[str, bool, str]], choices: dict[str, Sequence[str]], example: Sequence[str]
) -> bytes:
    """Return an XLSX template: headers (required ones marked), hints, lists of choices, one example row.

    Parameters
    ----------
    headers : sequence of (name, required, hint)
    choices : header name → values offered in a list
    """
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "报名表"
    for column, (header, required, hint) in enumerate(headers, 1):
        cell = sheet.cell(1, column, header)
        cell.font = Font(bold=True, color="B3261E" if required else "1C2430")
        cell.fill = PatternFill("solid", fgColor="E8F0FB")
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = max(10, min(24, 2 * len(header) + 6))
        for row in range(2, 502):
            sheet.cell(row, column).number_format = "@"
        if example[column - 1]:
            sheet.cell(2, column, example[column - 1])
        if header in choices:
            joined = ",".join(choices[header])
            if len(joined) <= 250:  # a list longer than 255 characters is not allowed in the file
                rule = DataValidation(type="list", formula1=f'"{joined}"', allow_blank=True)
                sheet.add_data_validation(rule)
                rule.add(f"{letter}2:{letter}501")
        _ = hint
    notes = book.create_sheet("填写说明")
    notes.column_dimensions["A"].width, notes.column_dimensions["C"].width = 16, 90
    notes.append(["列名", "必填", "填写要求"])
    for header, required, hint in headers:
        listed = "、".join(choices.get(header, ()))
        notes.append(
            [header, "是" if required else "", hint + (("：" if hint else "") + listed if listed else "")]
        )
    sheet.freeze_panes = "A2"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
