"""Reading a response file row by row: slow, and exact about every fault."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.response_matrix import (
    Columns,
    Problems,
    ResponseMatrix,
    find_columns,
    number_groups,
)
from exam_engine.calibration.rules import MAX_CELLS, MAX_FILE_BYTES, Fault, FileTooLarge, Problem

LONGEST_QUOTE = 40
"""A refused value is shown up to this many characters."""

ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = ",;\t"

Rows = Iterator[tuple[int, list[str]]]


def decode(content: bytes) -> str:
    """Return the text of a file; raises ResponsesRefused if it is none."""
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    problems = Problems()
    problems.add(Problem(Fault.ENCODING))
    problems.check()
    raise AssertionError


def delimiter_of(first_line: str) -> str:
    """Return what stands between the cells."""
    return max(DELIMITERS, key=first_line.count)


def read_text(
    text: str,
    *,
    highest: int,
    group: str | None = None,
    ignore: Sequence[str] = (),
    max_cells: int | None = None,
) -> ResponseMatrix:
    """Read a response file that is decoded, or refuse it with every fault and its place."""
    first_line = text[: text.find("\n")] if "\n" in text else text
    return _read(io.StringIO(text, newline=""), delimiter_of(first_line), highest, group, ignore, max_cells)


def _read(
    stream: TextIO,
    delimiter: str,
    highest: int,
    group: str | None,
    ignore: Sequence[str],
    max_cells: int | None,
) -> ResponseMatrix:
    problems = Problems()
    rows = rows_of(stream, delimiter, problems)
    _, header = next(rows, (1, []))
    if not any(cell.strip() for cell in header):
        problems.add(Problem(Fault.EMPTY, row=1))
        problems.check()
    columns = find_columns(header, problems, group=group, ignore=ignore)
    problems.check()
    marks, groups = _cells(rows, columns, highest, problems, max_cells)
    if columns.group is None:
        return ResponseMatrix(columns.names, marks, first_column=columns.first_column)
    return ResponseMatrix(columns.names, marks, columns.first_column, *number_groups(groups))


def rows_of(stream: TextIO, delimiter: str, problems: Problems) -> Rows:
    """Yield line number and cells of every row that is not blank."""
    reader = csv.reader(stream, delimiter=delimiter)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error:
        problems.add(Problem(Fault.CSV, row=reader.line_num))


def _cells(
    rows: Rows, columns: Columns, highest: int, problems: Problems, max_cells: int | None
) -> tuple[NDArray[np.int8], list[str]]:
    """Turn the rows into marks and groups, noting what is neither."""
    values = {"": -1} | {str(score): score for score in range(highest + 1)}
    fault = Fault.VALUE if highest == 1 else Fault.SCORE
    marks: list[NDArray[np.int8]] = []
    groups: list[str] = []
    for line, row in rows:
        if len(row) != columns.width:
            problems.add(Problem(Fault.WIDTH, row=line, value=f"{len(row)} ≠ {columns.width}"))
            continue
        if max_cells is not None and (len(marks) + 1) * columns.width > max_cells:
            raise FileTooLarge(megabytes=MAX_FILE_BYTES // 2**20, cells=MAX_CELLS)
        if columns.group is not None:
            groups.append(row[columns.group].strip())
            if not groups[-1]:
                problems.add(Problem(Fault.NO_GROUP, row=line, column=columns.group + 1))
        try:
            marks.append(np.array([values[row[place].strip()] for place in columns.items], dtype=np.int8))
        except KeyError:
            for place, name in zip(columns.items, columns.names, strict=True):
                cell = row[place].strip()
                if cell not in values:
                    value = cell[:LONGEST_QUOTE]
                    problems.add(Problem(fault, row=line, column=place + 1, name=name, value=value))
    if not marks and not problems.count:
        problems.add(Problem(Fault.NO_ROWS))
    problems.check()
    return np.stack(marks), groups
