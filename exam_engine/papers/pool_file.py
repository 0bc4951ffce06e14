"""A pool of items as it comes in a CSV file. No I/O: the caller brings the bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from exam_engine.assembly import Pool
from exam_engine.papers.pool_cells import NUMBER, PoolRefused, numbers, short
from exam_engine.papers.pool_items import FIRST_STEP, MODEL, SCALING, read_parameters

MAX_BYTES = 64 * 2**20
MAX_ITEMS = 100_000
MAX_COLUMNS = 500
LONGEST_VALUE = 200
"""Characters of an id or of a value that rules use; other columns may hold whole stems."""

ID, ENEMIES = "id", "enemies"
RESERVED = "ids"
"""Filters name items under this key, so that no column can have it."""


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
    """Read a pool: columns ``id``, item parameters, ``enemies``, and attributes.

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
    parameters = read_parameters(lines, cells)
    if numeric is None:
        numeric = [
            name
            for name in attributes
            if name not in categorical
            and (name in parameters.attributes or all(map(NUMBER.fullmatch, cells[name])))
        ]
        categorical = [name for name in attributes if name not in numeric]
    labels = {name: cells[name] for name in attributes if name in categorical}
    for name, values in labels.items():
        _check_lengths(lines, name, values)
    pool = Pool(
        ids=ids,
        numeric={
            name: parameters.attributes.get(name) or numbers(lines, name, cells[name])
            for name in attributes
            if name in numeric
        },
        categorical=labels,
        a=parameters.a,
        b=parameters.b,
        c=parameters.c,
        items=parameters.items,
        scaling=parameters.scaling,
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
    needs = [("c", "a"), (SCALING, "a")]
    needs += [(FIRST_STEP, "a"), (FIRST_STEP, MODEL)] if FIRST_STEP in columns else [("a", "b"), ("b", "a")]
    for name, other in needs:
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
            raise PoolRefused(place, f'"{short(name)}" holds a blank, a semicolon or a control character')
        if name in seen:
            raise PoolRefused(place, f'"{name}" is the id of row {seen[name]} already')
        seen[name] = line
    return list(seen)


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
                raise PoolRefused(place, f'there is no item "{short(other)}"')
            if other == own:
                raise PoolRefused(place, f'"{own}" cannot be its own enemy')
            pairs[(min(own, other), max(own, other))] = None
    return tuple(pairs)
