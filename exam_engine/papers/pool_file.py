"""A pool of items as it comes in a CSV file. No I/O: the caller brings the bytes."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from exam_engine.assembly import Pool
from itembank.base.errors import Invalid

MAX_BYTES = 64 * 2**20
MAX_ITEMS = 100_000
MAX_COLUMNS = 500
LONGEST_VALUE = 200
"""Characters of an id or of a value that rules use; other columns may hold whole stems."""

LARGEST = 1e9
ID, ENEMIES, PARAMETERS = "id", "enemies", ("a", "b", "c")
RESERVED = "ids"
"""Filters name items under this key, so that no column can have it."""

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
SHOWN = 40


class PoolRefused(Invalid):
    """A pool file that cannot be used, with the place of the first fault."""

    code = "pool_refused"
    message = "The pool cannot be used: {place}: {reason}"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place=place, reason=reason)


@dataclass(frozen=True)
class PoolFile:
    """A pool and the rows it came from.

    Attributes
    ----------
    pool : Pool
        With the attributes that were asked for.
    columns : tuple of str
        Header of the file.
    rows : tuple of tuple of str
        Cells of each item, in the order of the pool.
    attributes : tuple of str
        Columns that rules may name; a, b and c are numbers like others, too.
    enemies : tuple of tuple of str
        Pairs of items that may not meet in a form, each once.
    """

    pool: Pool
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    attributes: tuple[str, ...]
    enemies: tuple[tuple[str, str], ...]


def read_pool(
    content: bytes,
    *,
    numeric: Collection[str] | None = None,
    categorical: Collection[str] = (),
) -> PoolFile:
    """Read a pool: columns ``id``, ``a`` and ``b``, ``c``, ``enemies``, and attributes.

    Parameters
    ----------
    content : bytes
        CSV with comma, semicolon or tab, in UTF-8 or GB 18030.
    numeric, categorical : collection of str
        Attributes that are needed as numbers, as labels; names that are no column are left out. With ``numeric``
        None every column is read: as numbers where all its cells are numbers, else as labels.

    Raises
    ------
    PoolRefused
        Naming row, column and value.
    """
    columns, numbered = _table(content)
    lines, rows = [line for line, _ in numbered], [row for _, row in numbered]
    cells = {name: [row[at] for row in rows] for at, name in enumerate(columns)}
    ids = _ids(lines, cells[ID])
    attributes = tuple(name for name in columns if name not in (ID, ENEMIES))
    if numeric is None:
        numeric = [
            name for name in attributes if name not in categorical and all(map(NUMBER.fullmatch, cells[name]))
        ]
        categorical = [name for name in attributes if name not in numeric]
    parameters = _parameters(lines, cells)
    labels = {name: cells[name] for name in attributes if name in categorical}
    for name, values in labels.items():
        _check_lengths(lines, name, values)
    pool = Pool(
        ids=ids,
        numeric={name: _numbers(lines, name, cells[name]) for name in attributes if name in numeric},
        categorical=labels,
        a=parameters.get("a"),
        b=parameters.get("b"),
        c=parameters.get("c"),
    )
    enemies = _enemies(lines, ids, cells[ENEMIES]) if ENEMIES in cells else ()
    return PoolFile(pool, columns, tuple(rows), attributes, enemies)


def _table(content: bytes) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]]]:
    """Return the header, and each row's line with its cells; blank lines are skipped."""
    text = _decode(content)
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    rows: list[tuple[int, tuple[str, ...]]] = []
    try:
        columns = tuple(cell.strip() for cell in next(reader, []))
        _check_header(columns)
        line = reader.line_num
        for row in reader:
            line, start = reader.line_num, line + 1
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(columns):
                raise PoolRefused(f"row {start}", f"{len(row)} cells, the header has {len(columns)}")
            if len(rows) == MAX_ITEMS:
                raise PoolRefused(
                    f"row {start}", f"more than {MAX_ITEMS:,} items: leave out those that no form may use"
                )
            rows.append((start, tuple(cell.strip() for cell in row)))
    except csv.Error as error:
        raise PoolRefused(f"row {reader.line_num}", f"not CSV: {error}") from None
    if not rows:
        raise PoolRefused("row 2", "there is no item below the header")
    return columns, rows


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise PoolRefused("file", f"larger than {MAX_BYTES // 2**20} MB: leave out columns that no rule uses")
    nul = content.find(b"\0")
    if nul >= 0:
        raise PoolRefused(f"row {content.count(10, 0, nul) + 1}", "a NUL character: this is no CSV text")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PoolRefused("file", "neither UTF-8 nor GB 18030 text")


def _check_header(columns: Sequence[str]) -> None:
    if ID not in columns:
        raise PoolRefused("row 1", f'there is no column "{ID}"')
    if len(columns) > MAX_COLUMNS:
        raise PoolRefused("row 1", f"{len(columns)} columns, at most {MAX_COLUMNS} are read")
    for at, name in enumerate(columns, start=1):
        if not name or not name.isprintable():
            raise PoolRefused(f"row 1, column {at}", "the column has no printable name")
        if columns.index(name) != at - 1:
            raise PoolRefused(f"row 1, column {at}", f'"{name}" names two columns')
        if name == RESERVED:
            raise PoolRefused(
                f"row 1, column {at}", f'"{RESERVED}" names items in filters: rename the column'
            )
    for name, other in (("a", "b"), ("b", "a"), ("c", "a")):
        if name in columns and other not in columns:
            raise PoolRefused("row 1", f'column "{name}" needs a column "{other}" beside it')


def _ids(lines: Sequence[int], cells: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    _check_lengths(lines, ID, cells)
    for line, name in zip(lines, cells, strict=True):
        place = f"row {line}, column {ID}"
        if not name:
            raise PoolRefused(place, "the id is empty")
        if not name.isprintable() or any(mark in name for mark in " ;"):
            raise PoolRefused(place, f'"{_short(name)}" holds a blank, a semicolon or a control character')
        if name in seen:
            raise PoolRefused(place, f'"{name}" is the id of row {seen[name]} already')
        seen[name] = line
    return list(seen)


def _parameters(lines: Sequence[int], cells: Mapping[str, Sequence[str]]) -> dict[str, list[float]]:
    found = {name: _numbers(lines, name, cells[name]) for name in PARAMETERS if name in cells}
    for line, a in zip(lines, found.get("a", ()), strict=False):
        if a <= 0:
            raise PoolRefused(f"row {line}, column a", f"{a:g}: a discrimination is above 0")
    for line, c in zip(lines, found.get("c", ()), strict=False):
        if not 0 <= c < 1:
            raise PoolRefused(f"row {line}, column c", f"{c:g}: a lower asymptote is at least 0 and below 1")
    return found


def _numbers(lines: Sequence[int], name: str, cells: Sequence[str]) -> list[float]:
    numbers = []
    for line, cell in zip(lines, cells, strict=True):
        value = float(cell) if NUMBER.fullmatch(cell) else math.nan
        if not abs(value) <= LARGEST:
            what = f'"{_short(cell)}" is' if cell else "the cell is empty,"
            right = f"not a number between -{LARGEST:g} and {LARGEST:g}, such as 0.5"
            raise PoolRefused(f"row {line}, column {name}", f"{what} {right}")
        numbers.append(value)
    return numbers


def _check_lengths(lines: Sequence[int], name: str, cells: Sequence[str]) -> None:
    for line, cell in zip(lines, cells, strict=True):
        if len(cell) > LONGEST_VALUE:
            raise PoolRefused(
                f"row {line}, column {name}", f"{len(cell)} characters, a label has at most {LONGEST_VALUE}"
            )


def _enemies(lines: Sequence[int], ids: Sequence[str], cells: Sequence[str]) -> tuple[tuple[str, str], ...]:
    known = set(ids)
    pairs: dict[tuple[str, str], None] = {}
    for line, own, cell in zip(lines, ids, cells, strict=True):
        for other in cell.replace(";", " ").split():
            place = f"row {line}, column {ENEMIES}"
            if other not in known:
                raise PoolRefused(place, f'there is no item "{_short(other)}"')
            if other == own:
                raise PoolRefused(place, f'"{own}" cannot be its own enemy')
            pairs[(min(own, other), max(own, other))] = None
    return tuple(pairs)


def _short(text: str) -> str:
    text = "".join(letter if letter.isprintable() else "�" for letter in text)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
