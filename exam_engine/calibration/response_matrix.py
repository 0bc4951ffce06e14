"""A matrix of marked responses, and what of a file's columns it was made from. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.rules import (
    MAX_PROBLEMS,
    PERSON_COLUMN,
    Fault,
    Problem,
    ResponsesRefused,
)

PIECE = 16_000_000
"""Cells that are looked at at once."""


@dataclass(frozen=True)
class ResponseMatrix:
    """Marked responses.

    Attributes
    ----------
    items : tuple of str
        Item names, in the order of the columns.
    responses : ndarray of int8, shape (n_persons, n_items)
        1 correct, 0 wrong, or a score from 0; -1 not presented. Mapped from disk where it is very large.
    first_column : int
        Column of the first item in the file it came from, counted from 1.
    group : ndarray of int, shape (n_persons,), or None
        Group of each person, by its position in `group_names`; None where no column of groups was named.
    group_names : tuple of str
        Sorted.
    """

    items: tuple[str, ...]
    responses: NDArray[np.int8]
    first_column: int = 1
    group: NDArray[np.intp] | None = None
    group_names: tuple[str, ...] = ()

    @property
    def n_persons(self) -> int:
        """Persons who saw at least one item."""
        return int(self.sees_something.sum())

    @property
    def sees_something(self) -> NDArray[np.bool_]:
        """Which persons saw at least one item."""
        found = np.empty(len(self.responses), dtype=np.bool_)
        step = max(1, PIECE // self.responses.shape[1])
        for start in range(0, len(self.responses), step):
            found[start : start + step] = self.responses[start : start + step].max(axis=1) >= 0
        return found


class Problems:
    """Faults found so far; beyond a limit they are only counted."""

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.count = 0

    def add(self, problem: Problem) -> None:
        """Note a fault."""
        self.count += 1
        if len(self.kept) < MAX_PROBLEMS:
            self.kept.append(problem)

    def check(self) -> None:
        """Raise ResponsesRefused if there is any fault."""
        if self.count:
            raise ResponsesRefused(tuple(self.kept), self.count)


@dataclass(frozen=True)
class Columns:
    """What the columns of a file are; positions count from 0.

    Attributes
    ----------
    names : tuple of str
        Names of the items.
    items : tuple of int
        Where they stand.
    group : int or None
        Where the groups stand.
    width : int
        Columns of the file.
    group_name : str
        What that column is called.
    """

    names: tuple[str, ...]
    items: tuple[int, ...]
    group: int | None
    width: int
    group_name: str = ""

    @property
    def first_column(self) -> int:
        """Column of the first item, counted from 1."""
        return self.items[0] + 1


def find_columns(
    header: Sequence[str], problems: Problems, *, group: str | None = None, ignore: Sequence[str] = ()
) -> Columns:
    """Return what each column is, or note what is wrong with the header.

    A first column named ``person`` is skipped; so are those named in ``ignore``.
    """
    cells = [cell.strip() for cell in header]
    others = [name for name in (*ignore, group) if name is not None]
    for name in others:
        if name not in cells:
            problems.add(Problem(Fault.NO_COLUMN, row=1, name=name))
    start = 1 if cells and cells[0].casefold() == PERSON_COLUMN else 0
    places = [place for place in range(start, len(cells)) if cells[place] not in others or not cells[place]]
    is_row_of_scores = 2 * len(set(cells)) <= len(cells) and all(cell.isdigit() for cell in cells if cell)
    if not places or is_row_of_scores:
        problems.add(Problem(Fault.EMPTY, row=1))
        problems.check()
    seen: set[str] = set()
    for column, name in enumerate(cells[start:], start=start + 1):
        if not name:
            problems.add(Problem(Fault.NO_NAME, row=1, column=column))
        elif name in seen:
            problems.add(Problem(Fault.DUPLICATE, row=1, column=column, name=name))
        seen.add(name)
    at = cells.index(group) if group in cells else None
    return Columns(tuple(cells[place] for place in places), tuple(places), at, len(cells), group or "")


def number_groups(names: Sequence[str]) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Return the number of each person's group and the names of the groups, sorted."""
    known = tuple(sorted(set(names)))
    place = {name: number for number, name in enumerate(known)}
    return np.array([place[name] for name in names], dtype=np.intp), known
