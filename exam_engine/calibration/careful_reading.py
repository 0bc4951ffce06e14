"""Reading a response file row by row: slow, and exact about every fault."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
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
from exam_engine.calibration.rules import (
    MAX_CELLS,
    MAX_FILE_BYTES,
    Fault,
    FileTooLarge,
    Problem,
    ResponsesRefused,
)
from exam_engine.calibration.spool import Spool

LONGEST_QUOTE = 40
"""A refused value is shown up to this many characters."""

PIECE_CHARACTERS = 2**20

PIECE_CELLS = 500_000
"""Cells that are put together at once."""

ENCODINGS = ("utf-8-sig", "gb18030")
DELIMITERS = ",;\t"

Rows = Iterator[tuple[int, list[str]]]


def decode(content: bytes) -> str:
    """Return the text of a file; raises ResponsesRefused if it is none."""
    return _decoded(content)[0]


def lines_of(content: bytes) -> TextIO:
    """Return the text of a file to be read line by line, which takes a fraction of the memory of the whole."""
    encoding = _decoded(content)[1]
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")


def _decoded(content: bytes) -> tuple[str, str]:
    """Return the text and its encoding."""
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise ResponsesRefused((Problem(Fault.ENCODING),), 1)


def encoding_of(path: Path) -> str:
    """Return the encoding of a file of any size; raises ResponsesRefused if it is no text."""
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding, newline="") as file:
                while piece := file.read(PIECE_CHARACTERS):
                    if "\0" in piece:
                        break
                else:
                    return encoding
        except UnicodeDecodeError:
            continue
    raise ResponsesRefused((Problem(Fault.ENCODING),), 1)


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
    codes = _codes(highest, ())
    return _read(io.StringIO(text, newline=""), codes, highest, group, ignore, max_cells)


def read_carefully(
    path: Path,
    *,
    highest: int,
    group: str | None = None,
    ignore: Sequence[str] = (),
    absent: Sequence[str] = (),
    report: Callable[[int, int, str], None] | None = None,
) -> ResponseMatrix:
    """Read a response file of any size as `read_text` does; cells that hold a code of ``absent`` were not presented."""
    codes = _codes(highest, absent)
    with path.open(encoding=encoding_of(path), newline="") as file:
        return _read(file, codes, highest, group, ignore, None, report)


def _codes(highest: int, absent: Sequence[str]) -> dict[str, int]:
    """Return what a cell may hold and the score it means; data frames write whole numbers with gaps as ``1.0``."""
    scores = range(highest + 1)
    whole = {str(score): score for score in scores} | {f"{score}.0": score for score in scores}
    return whole | dict.fromkeys((*absent, ""), -1)


def _read(
    stream: TextIO,
    codes: dict[str, int],
    highest: int,
    group: str | None,
    ignore: Sequence[str],
    max_cells: int | None,
    report: Callable[[int, int, str], None] | None = None,
) -> ResponseMatrix:
    problems = Problems()
    delimiter = delimiter_of(stream.readline())
    stream.seek(0)
    rows = rows_of(stream, delimiter, problems)
    _, header = next(rows, (1, []))
    problems.check()
    if not any(cell.strip() for cell in header):
        problems.add(Problem(Fault.EMPTY, row=1))
        problems.check()
    columns = find_columns(header, problems, group=group, ignore=ignore)
    problems.check()
    spool, groups = Spool(), list[str]()
    for block in _blocks(rows, columns, codes, highest, problems, groups):
        spool.add(block)
        if max_cells is not None and spool.n_rows * columns.width > max_cells:
            raise FileTooLarge(megabytes=MAX_FILE_BYTES // 2**20, cells=MAX_CELLS)
        if report:
            report(0, 0, f"reading, {spool.n_rows} rows")
    if spool.n_rows == 0 and not problems.count:
        problems.add(Problem(Fault.NO_ROWS))
    if problems.count:
        spool.discard()
    problems.check()
    matrix = spool.finish()
    if columns.group is None:
        return ResponseMatrix(columns.names, matrix, first_column=columns.first_column)
    return ResponseMatrix(columns.names, matrix, columns.first_column, *number_groups(groups))


def rows_of(stream: TextIO, delimiter: str, problems: Problems) -> Rows:
    """Yield line number and cells of every row that is not blank."""
    reader = csv.reader(stream, delimiter=delimiter)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error:
        problems.add(Problem(Fault.CSV, row=reader.line_num))


def _blocks(
    rows: Rows,
    columns: Columns,
    codes: dict[str, int],
    highest: int,
    problems: Problems,
    groups: list[str],
) -> Iterator[NDArray[np.int8]]:
    """Yield the marks of many rows at a time, filling in groups and noting what is no mark."""
    fault = Fault.VALUE if highest == 1 else Fault.SCORE
    marks: list[list[int]] = []
    for line, row in rows:
        if len(row) != columns.width:
            problems.add(Problem(Fault.WIDTH, row=line, value=f"{len(row)} ≠ {columns.width}"))
            continue
        if columns.group is not None:
            groups.append(row[columns.group].strip())
            if not groups[-1]:
                name = columns.group_name
                problems.add(Problem(Fault.NO_GROUP, row=line, column=columns.group + 1, name=name))
        try:
            marks.append([codes[row[place].strip()] for place in columns.items])
        except KeyError:
            for place, name in zip(columns.items, columns.names, strict=True):
                cell = row[place].strip()
                if cell not in codes:
                    value = cell[:LONGEST_QUOTE]
                    problems.add(Problem(fault, row=line, column=place + 1, name=name, value=value))
        if len(marks) * columns.width >= PIECE_CELLS:
            yield np.array(marks, dtype=np.int8)
            marks = []
    if marks:
        yield np.array(marks, dtype=np.int8)
