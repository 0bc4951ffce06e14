"""The two-way specification table 双向细目表 of a blueprint: units down, types or levels across. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from exam_engine.papers.bank import Node
from exam_engine.papers.blueprint import BlueprintSpec, Row
from exam_engine.papers.supply import Stock

Across = Literal["type", "difficulty", "importance"]
COLUMNS: dict[str, tuple[str, ...]] = {
    "type": ("single_choice", "multiple_choice", "true_false"),
    "difficulty": ("1", "2", "3", "4", "5"),
    "importance": ("X", "Y", "Z"),
}


@dataclass(frozen=True)
class Cell:
    """From ``low`` to ``high`` items and marks; None where the blueprint says nothing.

    ``supply`` is the number of active items of the bank.
    """

    low: int | None
    high: int | None
    marks_low: Decimal | None
    marks_high: Decimal | None
    supply: int


@dataclass(frozen=True)
class Line:
    """One unit: its code, name and depth in the outline, a cell a column, and the unit as a whole."""

    code: str
    name: str
    depth: int
    cells: tuple[Cell, ...]
    total: Cell


@dataclass(frozen=True)
class Table:
    """The table with its columns' values, the sums of each column, and the whole paper."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    bottom: tuple[Cell, ...]
    whole: Cell
    others: tuple[Row, ...]
    """Rows that no cell tells."""


def specification_table(
    spec: BlueprintSpec, nodes: Sequence[Node], stock: Stock, *, across: Across = "type", depth: int = 3
) -> Table:
    """Return what the rows of a blueprint say of each unit and each type, difficulty or importance.

    A cell says what a row for exactly this unit and value says; without such a row, what the units below it or its own
    values add up to. Units are the nodes down to ``depth``; below the first depth only those that a row names, that are
    above one, or that stand beside one. Categories that rows name without a node are units, too.
    """
    columns = tuple(c for c in COLUMNS[across] if across != "type" or any(s.type == c for s in spec.sections))
    named = {row.node for row in spec.rows if row.node}
    shown = [
        node for node in nodes if node.depth <= depth and (node.depth == 1 or _is_near(node.path, named))
    ]
    lines = [_line(spec, stock, columns, across, node.path, node.name, node.depth) for node in shown]
    lines = _with_sums(lines, [node.path for node in nodes])
    categories = dict.fromkeys(row.category for row in spec.rows if row.category and not row.node)
    lines += [_line(spec, stock, columns, across, "", name, 1, category=name) for name in categories]
    bottom = tuple(_column(spec, stock, across, value) for value in columns)
    whole = Cell(spec.length, spec.length, spec.total_marks, spec.total_marks, len(stock.items))
    units: set[tuple[str | None, str | None]] = {(None, None)}
    units |= {(node.path, None) for node in shown} | {(None, name) for name in categories}
    keys = {(unit, value) for unit in units for value in (*columns, None)}
    told = {id(_row(spec, *unit, across, value)) for unit, value in keys}
    return Table(columns, tuple(lines), bottom, whole, tuple(row for row in spec.rows if id(row) not in told))


def _is_near(path: str, named: set[str]) -> bool:
    parent = path.rpartition("-")[0]
    return any(
        name == path or name.startswith(path + "-") or name.rpartition("-")[0] == parent for name in named
    )


def _line(
    spec: BlueprintSpec,
    stock: Stock,
    columns: Sequence[str],
    across: Across,
    path: str,
    name: str,
    depth: int,
    *,
    category: str | None = None,
) -> Line:
    unit = stock.of("category", category) if category else stock.of("node", path)
    cells = []
    for value in columns:
        row = _row(spec, path or None, category, across, value)
        supply = len(unit & stock.of(across, int(value) if across == "difficulty" else value))
        cells.append(_cell(spec, row, supply))
    row = _row(spec, path or None, category, across, None)
    total = _cell(spec, row, len(unit))
    if row is None and all(cell.low is not None for cell in cells) and cells:
        total = _sum(cells, len(unit))
    return Line(path, name, depth, tuple(cells), total)


def _with_sums(lines: Sequence[Line], paths: Sequence[str]) -> list[Line]:
    """Fill what a unit leaves open where all units below it say it."""
    found = {line.code: line for line in lines}
    for line in sorted(lines, key=lambda one: -one.depth):
        children = [found.get(path) for path in paths if path.rpartition("-")[0] == line.code]
        below = [child for child in children if child is not None]
        if not below or len(below) < len(children):
            continue

        def added(own: Cell, parts: list[Cell]) -> Cell:
            return own if own.low is not None or own.high is not None else _sum(parts, own.supply)

        cells = tuple(added(cell, [b.cells[k] for b in below]) for k, cell in enumerate(line.cells))
        found[line.code] = replace(line, cells=cells, total=added(line.total, [b.total for b in below]))
    return [found[line.code] for line in lines]


def _row(
    spec: BlueprintSpec, node: str | None, category: str | None, across: Across, value: str | None
) -> Row | None:
    """The row that says exactly this: the unit, the value, and nothing else."""
    for row in spec.rows:
        said = {"type": row.type, "importance": row.importance, "difficulty": _one(row.difficulty)}
        wanted: dict[str, str | None] = {**dict.fromkeys(said), across: value}
        if (row.node, row.category) == (node, category) and said == wanted and _asks(row):
            return row
    return None


def _column(spec: BlueprintSpec, stock: Stock, across: Across, value: str) -> Cell:
    supply = len(stock.of(across, int(value) if across == "difficulty" else value))
    if across == "type":
        section = next(s for s in spec.sections if s.type == value)
        marks = section.count * section.marks
        return Cell(section.count, section.count, marks, marks, supply)
    return _cell(spec, _row(spec, None, None, across, value), supply)


def _cell(spec: BlueprintSpec, row: Row | None, supply: int) -> Cell:
    if row is None:
        return Cell(None, None, None, None, supply)
    low, high = spec.bounds_of(row)
    if row.type is None:  # of which type they are is open, and so are the marks
        each = {section.marks for section in spec.sections}
        mark = each.pop() if len(each) == 1 else None
    else:
        mark = spec.marks_of(row.type)
    if mark is None:
        return Cell(low, high, None, None, supply)
    return Cell(low, high, low * mark, None if high is None else high * mark, supply)


def _sum(cells: Sequence[Cell], supply: int) -> Cell:
    def together(part: str) -> Decimal | int | None:
        values = [getattr(cell, part) for cell in cells]
        return None if None in values else sum(values)

    low, high = together("low"), together("high")
    marks_low, marks_high = together("marks_low"), together("marks_high")
    return Cell(
        None if low is None else int(low),
        None if high is None else int(high),
        None if marks_low is None else Decimal(marks_low),
        None if marks_high is None else Decimal(marks_high),
        supply,
    )


def _one(difficulty: tuple[int, int] | None) -> str | None:
    """A range of one level as that level; a wider one fits no column."""
    if difficulty is None:
        return None
    return str(difficulty[0]) if difficulty[0] == difficulty[1] else "–"


def _asks(row: Row) -> bool:
    return row.minimum is not None or row.maximum is not None or row.share is not None
