"""Chosen options from a file, with the key beside it: for distractors and for comparisons of answers. No I/O."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.careful_reading import decode, delimiter_of, rows_of
from exam_engine.calibration.response_matrix import Problems
from exam_engine.calibration.rules import PERSON_COLUMN, Fault, KeyRefused, Problem

LONGEST_LABEL = 16
MOST_OPTIONS = 64
MISSING = -1


@dataclass(frozen=True)
class AnswerFile:
    """What persons chose.

    Attributes
    ----------
    persons : tuple of str
        Their names, or the numbers of their rows.
    items : tuple of str
    chosen : ndarray of int8, shape (n_persons, n_items)
        Position of the option in `labels`; -1 where the cell was empty.
    key : ndarray of int, shape (n_items,)
        Position of the right option.
    labels : tuple of tuple of str
        Options of each item.
    group : tuple of str or None
        Group (room) of each person, where a column was named.
    unkeyed, unused : tuple of str
        Columns without a key, which were left out; keys without a column.
    """

    persons: tuple[str, ...]
    items: tuple[str, ...]
    chosen: NDArray[np.int8]
    key: NDArray[np.intp]
    labels: tuple[tuple[str, ...], ...]
    group: tuple[str, ...] | None
    unkeyed: tuple[str, ...]
    unused: tuple[str, ...]


def read_key(content: bytes) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Read a key: columns ``item`` and ``key``, and ``options`` separated by blanks where distractors may go unchosen.

    >>> read_key(b"item,key,options\\nQ1,B,A B C D\\n")
    {'Q1': ('B', ('A', 'B', 'C', 'D'))}

    Raises
    ------
    KeyRefused
        If the file is not as described; the place is named.
    """
    text = decode(content)
    problems = Problems()
    rows = rows_of(io.StringIO(text, newline=""), delimiter_of(text.partition("\n")[0]), problems)
    _, header = next(rows, (1, []))
    names = [name.strip() for name in header]
    if "item" not in names or "key" not in names:
        raise KeyRefused('row 1: there must be the columns "item" and "key"')
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for line, row in rows:
        if len(row) != len(names):
            raise KeyRefused(f"row {line}: {len(row)} cells, the header has {len(names)}")
        cells = {name: cell.strip() for name, cell in zip(names, row, strict=True)}
        item, key, options = cells["item"], cells["key"], tuple(cells.get("options", "").split())
        if not item or not key:
            raise KeyRefused(f"row {line}: item or key is empty")
        if item in found:
            raise KeyRefused(f"row {line}: item {item} is named twice")
        if options and key not in options:
            raise KeyRefused(
                f"row {line}: the key {key} of {item} is not one of its options {' '.join(options)}"
            )
        found[item] = (key, options)
    problems.check()
    if not found:
        raise KeyRefused("there is no row under the header")
    return found


def read_answers(
    content: bytes,
    key: dict[str, tuple[str, tuple[str, ...]]],
    *,
    group: str | None = None,
    ignore: Sequence[str] = (),
) -> AnswerFile:
    """Read chosen options: a column an item, a row a person, a cell an option's label or nothing.

    Where several options may be chosen, the whole selection is one label. Options are those the key names, or else
    all that occur in the column and the key.

    Raises
    ------
    ResponsesRefused
        If the file is not as described, or an answer is none of its item's options.
    KeyRefused
        If no column has a key, or an item has more than 64 options.
    """
    text = decode(content)
    problems = Problems()
    rows = rows_of(io.StringIO(text, newline=""), delimiter_of(text.partition("\n")[0]), problems)
    _, header = next(rows, (1, []))
    names = [name.strip() for name in header]
    for wanted in (*ignore, *((group,) if group else ())):
        if wanted not in names:
            problems.add(Problem(Fault.NO_COLUMN, row=1, name=wanted))
    for column, name in enumerate(names):
        if not name:
            problems.add(Problem(Fault.NO_NAME, row=1, column=column + 1))
        elif name in names[:column]:
            problems.add(Problem(Fault.DUPLICATE, row=1, column=column + 1, name=name))
    problems.check()
    has_person = bool(names) and names[0].casefold() == PERSON_COLUMN
    others = {*ignore, group, names[0] if has_person else None}
    places = [place for place, name in enumerate(names) if name not in others]
    keyed = [place for place in places if names[place] in key]
    if not keyed:
        raise KeyRefused("no column of the answers has a key")
    cells, lines = [], []
    for line, row in rows:
        if len(row) != len(names):
            problems.add(Problem(Fault.WIDTH, row=line, value=f"{len(row)} ≠ {len(names)}"))
            continue
        cells.append([cell.strip() for cell in row])
        lines.append(line)
    if not cells and not problems.count:
        problems.add(Problem(Fault.NO_ROWS))
    problems.check()
    labels = tuple(
        _options(names[place], key[names[place]], [row[place] for row in cells]) for place in keyed
    )
    chosen = np.full((len(cells), len(keyed)), MISSING, dtype=np.int8)
    for at, place in enumerate(keyed):
        position: dict[str, int] = {label: number for number, label in enumerate(labels[at])}
        position[""] = MISSING
        for number, row in enumerate(cells):
            if row[place] in position:
                chosen[number, at] = position[row[place]]
            else:
                value = row[place][:LONGEST_LABEL]
                problems.add(
                    Problem(Fault.OPTION, row=lines[number], column=place + 1, name=names[place], value=value)
                )
    persons = [row[0] if has_person else str(number) for number, row in enumerate(cells, start=1)]
    _check_persons(persons, lines, problems)
    problems.check()
    rooms = None if group is None else tuple(row[names.index(group)] for row in cells)
    return AnswerFile(
        persons=tuple(persons),
        items=tuple(names[place] for place in keyed),
        chosen=chosen,
        key=np.array(
            [own.index(key[names[place]][0]) for own, place in zip(labels, keyed, strict=True)], np.intp
        ),
        labels=labels,
        group=rooms,
        unkeyed=tuple(names[place] for place in places if place not in keyed),
        unused=tuple(item for item in key if item not in names),
    )


def _options(item: str, key: tuple[str, tuple[str, ...]], column: Sequence[str]) -> tuple[str, ...]:
    options = key[1] or tuple(sorted({*column, key[0]} - {""}))
    if len(options) == 1:
        options = (*options, "*")  # a distractor that nobody chose
    if len(options) > MOST_OPTIONS:
        raise KeyRefused(f"item {item} has {len(options)} options; {MOST_OPTIONS} are the most")
    return options


def _check_persons(persons: Sequence[str], lines: Sequence[int], problems: Problems) -> None:
    """Note persons who come twice."""
    seen: set[str] = set()
    for person, line in zip(persons, lines, strict=True):
        if person and person in seen:
            problems.add(Problem(Fault.TWICE, row=line, value=person))
        seen.add(person)
