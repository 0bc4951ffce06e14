"""Reading a response matrix from CSV: a header of item names, then 0, 1 (or scores up to m) or empty."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.rules import (
    MAX_CELLS,
    MAX_FILE_BYTES,
    MAX_PROBLEMS,
    PERSON_COLUMN,
    Fault,
    FileTooLarge,
    Problem,
    ResponsesRefused,
)

LONGEST_QUOTE = 40
"""A refused value is shown up to this many characters."""


@dataclass(frozen=True)
class ResponseMatrix:
    """Marked responses.

    Attributes
    ----------
    items : tuple of str
        Item names, in the order of the columns.
    responses : ndarray of int8, shape (n_persons, n_items)
        1 correct, 0 wrong, or a score from 0; -1 not presented.
    first_column : int
        Column of the first item in the file it came from, counted from 1.
    """

    items: tuple[str, ...]
    responses: NDArray[np.int8]
    first_column: int = 1

    @property
    def n_persons(self) -> int:
        """Persons who saw at least one item."""
        return int((self.responses >= 0).any(axis=1).sum())


class _Problems:
    """Faults found so far; beyond a limit they are only counted."""

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.count = 0

    def add(self, problem: Problem) -> None:
        self.count += 1
        if len(self.kept) < MAX_PROBLEMS:
            self.kept.append(problem)

    def check(self) -> None:
        if self.count:
            raise ResponsesRefused(tuple(self.kept), self.count)


def read_responses(content: bytes, *, highest: int = 1) -> ResponseMatrix:
    """Read a response file, or refuse it with every fault and its place.

    The first row names the items; a first column named ``person`` is skipped. UTF-8 (with or without mark)
    or GB 18030; comma, semicolon or tab between cells. A cell holds a whole number from 0 to ``highest`` (at most
    100) or nothing.

    Raises
    ------
    FileTooLarge
        If it exceeds the stated size.
    ResponsesRefused
        If anything is not as described; nothing is guessed.
    """
    if len(content) > MAX_FILE_BYTES:
        raise FileTooLarge(megabytes=MAX_FILE_BYTES // 2**20, cells=MAX_CELLS)
    problems = _Problems()
    text = _decode(content, problems)
    rows = _rows(text, problems)
    _, header = next(rows, (1, []))
    if not any(cell.strip() for cell in header):
        problems.add(Problem(Fault.EMPTY, row=1))
        problems.check()
    names, skip = _names(header, problems)
    problems.check()
    matrix = _cells(rows, names, skip, highest, problems)
    return ResponseMatrix(tuple(names), matrix, first_column=skip + 1)


def _decode(content: bytes, problems: _Problems) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    problems.add(Problem(Fault.ENCODING))
    problems.check()
    raise AssertionError


def _rows(text: str, problems: _Problems) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells of every row that is not blank."""
    first_line = text[: text.find("\n")] if "\n" in text else text
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error:
        problems.add(Problem(Fault.CSV, row=reader.line_num))


def _names(header: list[str], problems: _Problems) -> tuple[list[str], int]:
    """Return the item names and how many columns come before them."""
    cells = [cell.strip() for cell in header]
    skip = 1 if cells[0].casefold() == PERSON_COLUMN else 0
    names = cells[skip:]
    if not names:
        problems.add(Problem(Fault.EMPTY, row=1))
    seen: set[str] = set()
    for column, name in enumerate(names, start=skip + 1):
        if not name:
            problems.add(Problem(Fault.NO_NAME, row=1, column=column))
        elif name in seen:
            problems.add(Problem(Fault.DUPLICATE, row=1, column=column, name=name))
        seen.add(name)
    return names, skip


def _cells(
    rows: Iterator[tuple[int, list[str]]], names: list[str], skip: int, highest: int, problems: _Problems
) -> NDArray[np.int8]:
    """Turn the rows into marks, noting what is not one."""
    width = len(names) + skip
    values = {"": -1} | {str(score): score for score in range(highest + 1)}
    fault = Fault.VALUE if highest == 1 else Fault.SCORE
    marks: list[NDArray[np.int8]] = []
    for line, row in rows:
        if len(row) != width:
            problems.add(Problem(Fault.WIDTH, row=line, value=f"{len(row)} ≠ {width}"))
            continue
        if (len(marks) + 1) * width > MAX_CELLS:
            raise FileTooLarge(megabytes=MAX_FILE_BYTES // 2**20, cells=MAX_CELLS)
        try:
            marks.append(np.array([values[cell.strip()] for cell in row[skip:]], dtype=np.int8))
        except KeyError:
            for column, (cell, name) in enumerate(zip(row[skip:], names, strict=True), start=skip + 1):
                if cell.strip() not in values:
                    value = cell.strip()[:LONGEST_QUOTE]
                    problems.add(Problem(fault, row=line, column=column, name=name, value=value))
    if not marks and not problems.count:
        problems.add(Problem(Fault.NO_ROWS))
    problems.check()
    return np.stack(marks)
