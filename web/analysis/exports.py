"""Reports as CSV, XLSX and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook

from web.sheets import inert

Table = tuple[str, Sequence[str], Sequence[Sequence[object]]]
"""Title, heads of the columns, rows."""


def to_csv(table: Table) -> bytes:
    """Return one table as CSV that spreadsheet programs read as UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table[1])
    for row in table[2]:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def to_xlsx(tables: Sequence[Table]) -> bytes:
    """Return the tables as a workbook, one sheet each."""
    book = Workbook(write_only=True)
    for title, heads, rows in tables:
        sheet = book.create_sheet(title[:31])
        sheet.append([inert(head) for head in heads])
        for row in rows:
            sheet.append([_cell(value) for value in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def to_json(content: Mapping[str, Any]) -> bytes:
    """Return everything that a report knows."""
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False).encode()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return round(value, 6)
    return value if isinstance(value, int) else inert(str(value))
