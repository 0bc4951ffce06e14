"""Outlines from and to the documented workbook."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from itembank.base.errors import ExamError
from itembank.taxonomy.reading import values
from itembank.taxonomy.reading.values import (
    MAX_POINTS,
    OutlineFileUnreadable,
    OutlineTooLarge,
    PlaceMissing,
    PlaceWrong,
)
from itembank.taxonomy.rules import (
    DEPTHS,
    Counts,
    Function,
    OutlineSource,
    Point,
    Scope,
    split_occupation_code,
)

MAX_ROWS = 20_000
MAX_UNPACKED_BYTES = 60 * 1024 * 1024

FACTS_SHEET, OUTLINE_SHEET, WEIGHTS_SHEET = "基本信息", "鉴定要素细目表", "权重表"
FACT_ROWS = ("职业编码", "职业名称", "级别", "名称", "版本")
OUTLINE_COLUMNS = (
    *(f"{depth}级{what}" for depth in "一二三" for what in ("代码", "名称", "比重", "X:Y:Z")),
    *("鉴定点代码", "鉴定点名称", "重要程度"),
)
WEIGHT_COLUMNS = ("职业功能", "理论知识", "操作技能")


@dataclass
class _Open:
    """A scope under construction while the rows go by."""

    code: str
    name: str
    weight: Decimal
    stated: Counts | None
    place: str
    scopes: list[_Open] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    def closed(self) -> Scope:
        if not self.scopes and not self.points:
            raise PlaceMissing(place=f"{self.place} {self.code} {self.name}")
        return Scope(
            self.code,
            self.name,
            self.weight,
            self.stated,
            tuple(part.closed() for part in self.scopes),
            tuple(self.points),
        )


def read_workbook(filename: str, content: bytes) -> OutlineSource:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise OutlineFileUnreadable(name=filename[:80])
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except ExamError:
        raise
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        OSError,
        EOFError,
        SyntaxError,
    ) as error:
        raise OutlineFileUnreadable(name=filename[:80]) from error
    sheets = {name: _rows(filename, book[name]) for name in book.sheetnames}
    for needed in (FACTS_SHEET, OUTLINE_SHEET):
        if needed not in sheets:
            raise PlaceMissing(place=needed)
    facts = {
        str(row[0]).strip(): row[1] if len(row) > 1 else None for row in sheets[FACTS_SHEET] if row and row[0]
    }
    return OutlineSource(
        title=values.read_text(facts.get("名称"), f"{FACTS_SHEET} 名称", 200),
        version=values.read_text(facts.get("版本"), f"{FACTS_SHEET} 版本", 40),
        level=values.read_level(facts.get("级别"), f"{FACTS_SHEET} 级别"),
        occupation=split_occupation_code(
            values.read_text(facts.get("职业编码"), f"{FACTS_SHEET} 职业编码", 20)
        ),
        scopes=_sheet_scopes(sheets[OUTLINE_SHEET]),
        functions=_sheet_functions(sheets.get(WEIGHTS_SHEET, [])),
    )


def _rows(filename: str, sheet: Any) -> list[list[object]]:
    rows: list[list[object]] = []
    try:
        found = sheet.iter_rows(values_only=True, max_col=len(OUTLINE_COLUMNS), max_row=MAX_ROWS + 1)
        rows += ([value.strip() if isinstance(value, str) else value for value in row] for row in found)
    except (KeyError, ValueError, TypeError, SyntaxError, AttributeError, zipfile.BadZipFile) as error:
        raise OutlineFileUnreadable(name=filename[:80]) from error
    if len(rows) > MAX_ROWS:
        raise OutlineTooLarge(limit=MAX_POINTS)
    return rows


def _check_header(sheet: str, rows: list[list[object]], columns: tuple[str, ...]) -> None:
    header = ["" if value is None else str(value) for value in (rows[0] if rows else [])]
    for n, expected in enumerate(columns):
        found = header[n] if n < len(header) else ""
        if found != expected:
            raise PlaceWrong(place=f"{sheet} 1:{n + 1}", value=found, expected=expected)


def _sheet_functions(rows: list[list[object]]) -> tuple[Function, ...]:
    if not rows:
        return ()
    _check_header(WEIGHTS_SHEET, rows, WEIGHT_COLUMNS)
    return tuple(
        Function(
            values.read_text(row[0], f"{WEIGHTS_SHEET} A{n}", 120),
            values.read_weight(row[1], f"{WEIGHTS_SHEET} B{n}"),
            values.read_weight(0 if row[2] is None else row[2], f"{WEIGHTS_SHEET} C{n}"),
        )
        for n, row in enumerate(rows[1:], 2)
        if any(value is not None for value in row[:3])
    )


def _sheet_scopes(rows: list[list[object]]) -> tuple[Scope, ...]:
    """Blank scope cells repeat the scope above, as merged cells in printed tables do."""
    _check_header(OUTLINE_SHEET, rows, OUTLINE_COLUMNS)
    roots: list[_Open] = []
    under_way: list[_Open] = []
    for n, raw in enumerate(rows[1:], 2):
        row = [*raw, *[None] * (len(OUTLINE_COLUMNS) - len(raw))]
        if all(value in (None, "") for value in row):
            continue
        for depth in range(DEPTHS):
            cells = row[depth * 4 : depth * 4 + 4]
            if all(value in (None, "") for value in cells):
                continue
            place = f"{OUTLINE_SHEET} {n}"
            if len(under_way) < depth:
                raise PlaceMissing(place=f"{place}: {OUTLINE_COLUMNS[(depth - 1) * 4]}")
            scope = _Open(
                values.read_code(cells[0], f"{place}: {OUTLINE_COLUMNS[depth * 4]}"),
                values.read_text(cells[1], f"{place}: {OUTLINE_COLUMNS[depth * 4 + 1]}", 120),
                values.read_weight(cells[2], f"{place}: {OUTLINE_COLUMNS[depth * 4 + 2]}"),
                values.read_counts(cells[3], f"{place}: {OUTLINE_COLUMNS[depth * 4 + 3]}"),
                place,
            )
            (under_way[depth - 1].scopes if depth else roots).append(scope)
            under_way[depth:] = [scope]
        _add_point(row, n, under_way)
    if not roots:
        raise PlaceMissing(place=OUTLINE_SHEET)
    return tuple(root.closed() for root in roots)


def _add_point(row: list[object], n: int, under_way: list[_Open]) -> None:
    code, name, importance = row[DEPTHS * 4 : DEPTHS * 4 + 3]
    if code in (None, "") and name in (None, "") and importance in (None, ""):
        return
    place = f"{OUTLINE_SHEET} {n}"
    if not under_way:
        raise PlaceMissing(place=f"{place}: {OUTLINE_COLUMNS[0]}")
    # A spreadsheet turns 001 into the number 1.
    text = f"{code:03d}" if isinstance(code, int) else code
    under_way[-1].points.append(
        Point(
            values.read_code(text, f"{place}: 鉴定点代码"),
            values.read_text(name, f"{place}: 鉴定点名称", 200),
            values.read_importance(importance, f"{place}: 重要程度"),
        )
    )


def write_workbook(
    facts: Mapping[str, str], scopes: Sequence[Scope], functions: Sequence[Function] = ()
) -> bytes:
    """Return an outline as the documented workbook; ``facts`` holds the values of the first sheet."""
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = FACTS_SHEET
    for name in FACT_ROWS:
        _append(first, [name, facts.get(name, "")])
    outline = book.create_sheet(OUTLINE_SHEET)
    outline.append(list(OUTLINE_COLUMNS))
    _write_scopes(outline, scopes, 0, [])
    weights = book.create_sheet(WEIGHTS_SHEET)
    weights.append(list(WEIGHT_COLUMNS))
    for function in functions:
        _append(weights, [function.name, float(function.theory), float(function.skill)])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _append(sheet: Any, row: Sequence[object]) -> None:
    """Add a row whose texts stay texts, even one that begins like a formula."""
    sheet.append(list(row))
    for cell in sheet[sheet.max_row]:
        if cell.data_type == "f":
            cell.data_type = "s"


def _write_scopes(sheet: Any, scopes: Sequence[Scope], depth: int, before: list[object]) -> None:
    for scope in scopes:
        cells: list[object] = [
            scope.code,
            scope.name,
            float(scope.weight),
            str(scope.stated) if scope.stated else None,
        ]
        row = [*before, *cells]
        if scope.scopes:
            _write_scopes(sheet, scope.scopes, depth + 1, row)
        for point in scope.points:
            padded = [*row, *[None] * (DEPTHS * 4 - len(row))]
            _append(sheet, [*padded, point.code, point.name, point.importance.value])
            row = []
        before = [None] * (depth * 4)
