"""A frozen result as CSV and as a workbook. No I/O."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
HEADER = ("round", "judge", "excluded", "position", "item", "rating", "marks", "p_value")

Result = Mapping[str, Any]
Words = Callable[[str], str]


def to_csv(result: Result) -> str:
    """Return every rating, one a row, with what it is of; the cuts of the judges follow as position ``cut``."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(_rows(result))
    return buffer.getvalue()


def to_xlsx(result: Result, words: Words) -> bytes:
    """Return the result as a workbook; ``words`` translates the headings."""
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    first.title = words("Summary")
    for row in _summary(result, words):
        first.append([_cell(value) for value in row])
    first.column_dimensions["A"].width, first.column_dimensions["B"].width = 34, 60
    _sheet(book, words("Judges"), *_judges(result, words))
    _sheet(book, words("Items"), *_items(result, words))
    _sheet(book, words("Ratings"), [words(name) for name in HEADER], _rows(result))
    if result["figures"]["impact"]:
        rows = ((cut, rate) for cut, rate in result["figures"]["impact"]["curve"])
        _sheet(
            book, words("Pass rate by cut score"), [words("Cut score (out of 100)"), words("Pass rate")], rows
        )
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _sheet(book: Workbook, title: str, header: list[str], rows: Iterator[Any]) -> None:
    sheet = book.create_sheet(title[:31])
    sheet.append(header)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for row in rows:
        sheet.append([_cell(value) for value in row])


def _rows(result: Result) -> Iterator[tuple[Any, ...]]:
    items = {each["position"]: each for each in result["basis"]["items"]}
    excluded = {judge["code"]: int(judge["excluded"]) for judge in result["judges"]}
    for held in result["figures"]["rounds"]:
        for code, given in sorted(held["ratings"].items()):
            for position, value in given.items():
                item = items.get(int(position), {})
                number, marks, p_value = (item.get(name) for name in ("number", "marks", "p_value"))
                yield held["number"], code, excluded[code], int(position), number, value, marks, p_value
        for code, figures in sorted(held["judges"].items()):
            yield held["number"], code, excluded[code], "cut", None, figures["cut"], None, None


def _summary(result: Result, words: Words) -> Iterator[tuple[Any, ...]]:
    workshop, basis, figures = result["workshop"], result["basis"], result["figures"]
    cut = figures["cut"]
    yield words("Name"), workshop["name"]
    yield words("Leader"), workshop["leader"]
    yield words("Just-qualified candidate"), workshop["description"]
    yield words("Paper"), basis["paper"] or ""
    yield words("Scale"), basis["scale"] or ""
    yield words("Sitting of the impact data"), basis["sitting"] or ""
    yield words("Closed at"), workshop["closed_at"]
    yield words("Recommended cut score"), cut["score"]
    yield words("Standard error"), cut["se"]
    yield words("Median"), cut["median"]
    yield words("In marks of the paper"), cut["marks"]
    yield words("Judges"), cut["judges"]
    if figures["with_excluded"]:
        yield words("With the excluded judges"), figures["with_excluded"]["score"]
    if figures["questions"]:
        yield words("Hofstee compromise"), figures["questions"]["cut"]
    for name, (at, rate) in (figures["impact"] or {"named": {}})["named"].items():
        yield f"{words('Pass rate')}: {name} = {at:.2f}", rate


def _judges(result: Result, words: Words) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    rounds = result["figures"]["rounds"]
    header = [words(name) for name in ("Code", "Judge", "Excluded", "Reason")]
    header += [words("Cut score") + f" {held['number']}" for held in rounds]

    def rows() -> Iterator[tuple[Any, ...]]:
        for judge in result["judges"]:
            cuts = [held["judges"].get(judge["code"], {}).get("cut") for held in rounds]
            yield judge["code"], judge["name"], int(judge["excluded"]), judge["reason"], *cuts

    return header, rows()


def _items(result: Result, words: Words) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    last = result["figures"]["rounds"][-1]
    items = {each["position"]: each for each in result["basis"]["items"]}
    names = (
        "No.",
        "Item number",
        "Item marks",
        "p",
        "Mean rating",
        "Median",
        "Lowest value",
        "Highest value",
        "SD",
    )

    def rows() -> Iterator[tuple[Any, ...]]:
        for each in last["positions"]:
            item = items.get(each["position"], {})
            known = [item.get(name) for name in ("number", "marks", "p_value")]
            figures = [each[name] for name in ("mean", "median", "lowest", "highest", "sd")]
            yield each["position"], *known, *figures

    return [words(name) for name in names], rows()


def _cell(value: Any) -> Any:
    """Return a cell that no spreadsheet program takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
