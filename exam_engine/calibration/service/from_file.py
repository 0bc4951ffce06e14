"""A response file as an answer book, with or without a column that tells the persons' groups."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from exam_engine.calibration import store
from exam_engine.calibration.reading import ResponseMatrix, read_responses
from exam_engine.calibration.reports.book import AnswerBook, BookForm, BookItem
from exam_engine.calibration.reports.rules import GroupColumnMissing, GroupMissing
from exam_engine.calibration.rules import MAX_CELLS, MAX_FILE_BYTES, FileTooLarge, Problem, ResponsesRefused

MOST_POINTS = 100
"""Highest score of an item in a response file."""

LONGEST_LABEL = 40
SHOWN_COLUMNS = 8


def read_book(
    session: Session,
    content: bytes,
    *,
    filename: str,
    occupation_id: UUID,
    level: int,
    group_column: str = "",
) -> AnswerBook:
    """Read a response file: scores 0 … m by item; a column of groups where its name is given.

    Columns that name an item of the bank keep its id; others stand for themselves.

    Raises
    ------
    ResponsesRefused, FileTooLarge
        If the file is not as described in docs/calibration.md.
    GroupColumnMissing, GroupMissing
        If the column of groups is not there or empty.
    """
    groups: tuple[str, ...] = ()
    if group_column:
        matrix, groups = _with_groups(content, group_column.strip())
    else:
        matrix = read_responses(content, highest=MOST_POINTS)
    found = store.items_named(session, matrix.items, occupation_id=occupation_id, level=level)
    known: Mapping[str, str] = {name: str(ids[0]) for name, ids in found.items() if len(ids) == 1}
    highest = np.maximum(matrix.responses.max(axis=0), 1)
    items = tuple(
        BookItem(known.get(name, ""), name, marks=str(int(most)), highest=int(most))
        for name, most in zip(matrix.items, highest, strict=True)
    )
    kept = np.asarray((matrix.responses >= 0).any(axis=1))
    return AnswerBook(
        items=items,
        forms=(BookForm(filename[:60], tuple(range(len(items)))),),
        form_of=np.zeros(int(kept.sum()), dtype=np.int16),
        answers=matrix.responses[kept].astype(np.int16),
        left_out={"empty": int((~kept).sum())} if not kept.all() else {},
        attributes=(
            {"group": tuple(label for label, keep in zip(groups, kept.tolist(), strict=True) if keep)}
            if groups
            else {}
        ),
    )


def _with_groups(content: bytes, column: str) -> tuple[ResponseMatrix, tuple[str, ...]]:
    """Take the column of groups out of the file and read the rest."""
    if len(content) > MAX_FILE_BYTES:
        raise FileTooLarge(megabytes=MAX_FILE_BYTES // 2**20, cells=MAX_CELLS)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    first = text[: text.find("\n")] if "\n" in text else text
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        read_responses(content)  # refuses with the place
        raise
    header = [cell.strip() for cell in rows[0]] if rows else []
    if column not in header:
        shown = "、".join(header[:SHOWN_COLUMNS]) or "—"
        raise GroupColumnMissing(column=column, columns=shown)
    at = header.index(column)
    labels = tuple(row[at].strip()[:LONGEST_LABEL] if at < len(row) else "" for row in rows[1:])
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(row[:at] + row[at + 1 :] for row in rows)
    try:
        matrix = read_responses(buffer.getvalue().encode(), highest=MOST_POINTS)
    except ResponsesRefused as refused:
        raise ResponsesRefused(
            tuple(_moved(problem, at + 1) for problem in refused.problems), refused.count
        ) from refused
    if not any(labels):
        raise GroupMissing(column=column)
    return matrix, labels


def _moved(problem: Problem, taken: int) -> Problem:
    """Return a problem with its column as it was before column ``taken`` was taken out."""
    if problem.column is None or problem.column < taken:
        return problem
    return Problem(problem.fault, problem.row, problem.column + 1, problem.name, problem.value)
