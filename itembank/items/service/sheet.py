"""Placement from a sheet: which item belongs to which point, all rows right or none placed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base.errors import ExamError, Invalid
from itembank.items import store
from itembank.items.models import Item
from itembank.items.rules import PLACEABLE, BulkOutcome, ChangeNotAllowed
from itembank.items.service.changing import place_items
from itembank.people.rules import Actor
from itembank.taxonomy import service as taxonomy

MAX_ROWS = 5_000
HEADER = ("来源编号", "题号", "鉴定点代码")
"""Each row names its item by reference 来源编号 or by number 题号."""
_ENGLISH = {
    "reference": "来源编号",
    "number": "题号",
    "no.": "题号",
    "point": "鉴定点代码",
    "point code": "鉴定点代码",
}


class SheetUnreadable(Invalid):
    """The file is not a CSV with the expected columns."""

    code = "placement_sheet_unreadable"
    message = "The file is not a CSV (UTF-8 or GBK) with the columns 来源编号 or 题号, and 鉴定点代码."


class SheetTooLong(Invalid):
    """More rows than one sheet takes."""

    code = "placement_sheet_too_long"
    message = "The sheet has more than {limit} rows; split it."


class RowWithoutItem(Invalid):
    """The row names no item."""

    code = "placement_row_without_item"
    message = "The row names neither 来源编号 nor 题号."


class ItemUnknown(Invalid):
    """No item of this occupation and level carries the number or reference."""

    code = "placement_item_unknown"
    message = "No item of this occupation and level has the number or reference {value}."


class ItemAmbiguous(Invalid):
    """Several items carry the reference."""

    code = "placement_item_ambiguous"
    message = "Several items have the reference {value}; use 题号 instead."


class ItemTwice(Invalid):
    """Two rows name the same item."""

    code = "placement_item_twice"
    message = "Item {value} stands in an earlier row already."


@dataclass(frozen=True)
class SheetRow:
    """One row: its line in the file and its three cells."""

    line: int
    reference: str
    number: str
    point: str


@dataclass(frozen=True)
class RowProblem:
    """A row that cannot be used, and why."""

    line: int
    error: ExamError


@dataclass(frozen=True)
class SheetOutcome:
    """Nothing is placed while there are problems."""

    placed: BulkOutcome
    problems: tuple[RowProblem, ...] = ()


def read_placement_sheet(content: bytes) -> list[SheetRow]:
    """Return the rows of a CSV; raises SheetUnreadable or SheetTooLong."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise SheetUnreadable from None
    if "\x00" in text:
        raise SheetUnreadable
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        raise SheetUnreadable from None
    header = [_ENGLISH.get(cell.strip().lower(), cell.strip()) for cell in (rows[0] if rows else [])]
    if "鉴定点代码" not in header or not {"来源编号", "题号"} & set(header):
        raise SheetUnreadable
    if len(rows) - 1 > MAX_ROWS:
        raise SheetTooLong(limit=MAX_ROWS)

    def cell(row: Sequence[str], name: str) -> str:
        place = header.index(name) if name in header else -1
        return row[place].strip() if 0 <= place < len(row) else ""

    return [
        SheetRow(line, *(cell(row, name) for name in HEADER))
        for line, row in enumerate(rows[1:], 2)
        if any(value.strip() for value in row)
    ]


def place_from_sheet(
    session: Session,
    *,
    actor: Actor,
    occupation_id: UUID,
    level: int,
    rows: Sequence[SheetRow],
    now: datetime,
) -> SheetOutcome:
    """Give the items of a sheet their points; with any problem nothing is placed and all are named.

    Raises OutlineMissing, or NothingSelected for a sheet without rows.
    """
    outline = taxonomy.outline_in_use(session, occupation_id=occupation_id, level=level)
    tree = taxonomy.outline_tree(session, outline.id)
    finder = _Finder(session, occupation_id, level, rows)
    placements: dict[UUID, UUID] = {}
    problems: list[RowProblem] = []
    for row in rows:
        try:
            item = finder.find(row)
            if item.id in placements:
                raise ItemTwice(value=item.number)
            if item.status not in PLACEABLE:
                raise ChangeNotAllowed(number=item.number, status=item.status.value)
            placements[item.id] = tree.find_point(row.point).id
        except ExamError as error:
            problems.append(RowProblem(row.line, error))
    if problems:
        return SheetOutcome(BulkOutcome(), tuple(problems))
    return SheetOutcome(place_items(session, actor=actor, placements=placements, now=now))


class _Finder:
    """Items of one occupation and level by number and by reference."""

    def __init__(self, session: Session, occupation_id: UUID, level: int, rows: Sequence[SheetRow]) -> None:
        numbers = [int(row.number) for row in rows if row.number.isdecimal() and len(row.number) < 10]
        references = list({row.reference for row in rows if row.reference and not row.number})

        def fits(item: Item) -> bool:
            return item.occupation_id == occupation_id and item.level == level

        self._numbers = {i.number: i for i in store.items_by_number(session, numbers) if fits(i)}
        self._references: dict[str, list[Item]] = {}
        for item in store.items_by_reference(session, references):
            if fits(item) and item.reference:
                self._references.setdefault(item.reference, []).append(item)

    def find(self, row: SheetRow) -> Item:
        if row.number:
            item = self._numbers.get(int(row.number)) if row.number.isdecimal() else None
            if item is None:
                raise ItemUnknown(value=row.number[:40])
            return item
        if not row.reference:
            raise RowWithoutItem
        found = self._references.get(row.reference, [])
        # A retired namesake does not stand in the way.
        found = [item for item in found if item.status in PLACEABLE] or found
        if not found:
            raise ItemUnknown(value=row.reference[:40])
        if len(found) > 1:
            raise ItemAmbiguous(value=row.reference[:40])
        return found[0]
