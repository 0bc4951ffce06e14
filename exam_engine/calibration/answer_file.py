"""Chosen options from a file, with the key beside it: for distractors and for comparisons of answers. No I/O."""

from __future__ import annotations

import io
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.careful_reading import decode, delimiter_of, lines_of, rows_of
from exam_engine.calibration.response_matrix import Problems
from exam_engine.calibration.rules import PERSON_COLUMN, Fault, KeyRefused, Problem, ResponsesRefused

LONGEST_LABEL = 16
MOST_OPTIONS = 64

MOST_LABELS = 10_000
"""Different answers of one column beyond which they are no options at all."""

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
    try:
        text = decode(content)
    except ResponsesRefused as refused:
        raise KeyRefused(refused.problems[0].fault) from None
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
    absent: Sequence[str] = (),
) -> AnswerFile:
    """Read chosen options: a column an item, a row a person, a cell an option's label or nothing.

    Where several options may be chosen, the whole selection is one label. Options are those the key names, or else
    all that occur in the column and the key. A cell that holds a code of ``absent`` counts as empty.

    Raises
    ------
    ResponsesRefused
        If the file is not as described, or an answer is none of its item's options.
    KeyRefused
        If no column has a key, or an item has more than 64 options.
    """
    stream = lines_of(content)
    problems = Problems()
    delimiter = delimiter_of(stream.readline())
    stream.seek(0)
    rows = rows_of(stream, delimiter, problems)
    _, header = next(rows, (1, []))
    columns = _columns(header, key, group, ignore, problems)
    cells = _Cells(columns, absent)
    for line, row in rows:
        cells.add(line, row, problems)
    if not cells.lines and not problems.count:
        problems.add(Problem(Fault.NO_ROWS))
    problems.check()
    names, keyed = columns.names, columns.keyed
    labels = tuple(_options(names[place], key[names[place]], list(cells.found[place])) for place in keyed)
    codes = cells.codes()
    chosen = np.full(codes.shape, MISSING, dtype=np.int8)
    for at, place in enumerate(keyed):
        chosen[:, at] = _positions(codes[:, at], cells, columns, place, labels[at], problems)
    _check_persons(cells.persons, cells.lines, problems)
    problems.check()
    return AnswerFile(
        persons=tuple(cells.persons),
        items=tuple(names[place] for place in keyed),
        chosen=chosen,
        key=np.array(
            [own.index(key[names[place]][0]) for own, place in zip(labels, keyed, strict=True)], np.intp
        ),
        labels=labels,
        group=None if group is None else tuple(cells.groups),
        unkeyed=tuple(names[place] for place in columns.items if place not in keyed),
        unused=tuple(item for item in key if item not in names),
    )


@dataclass(frozen=True)
class _Columns:
    """What the columns are; positions count from 0."""

    names: tuple[str, ...]
    items: tuple[int, ...]
    keyed: tuple[int, ...]
    group: int | None
    has_person: bool


def _columns(
    header: Sequence[str],
    key: dict[str, tuple[str, tuple[str, ...]]],
    group: str | None,
    ignore: Sequence[str],
    problems: Problems,
) -> _Columns:
    names = tuple(name.strip() for name in header)
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
    items = tuple(place for place, name in enumerate(names) if name not in others)
    keyed = tuple(place for place in items if names[place] in key)
    if not keyed:
        raise KeyRefused("no column of the answers has a key")
    return _Columns(names, items, keyed, None if group is None else names.index(group), has_person)


class _Cells:
    """The answers read so far: of each column the labels in the order in which they came, of each cell their number."""

    def __init__(self, columns: _Columns, absent: Sequence[str]) -> None:
        self.persons: list[str] = []
        self.groups: list[str] = []
        self.lines: list[int] = []
        self.found: dict[int, dict[str, int]] = {place: {} for place in columns.keyed}
        self._known: list[tuple[int, dict[str, int]]] = [(place, {}) for place in columns.keyed]
        self._columns = columns
        self._absent = frozenset(absent)
        self._codes = array("h")

    def add(self, line: int, row: Sequence[str], problems: Problems) -> None:
        """Take a row."""
        columns = self._columns
        if len(row) != len(columns.names):
            problems.add(Problem(Fault.WIDTH, row=line, value=f"{len(row)} ≠ {len(columns.names)}"))
            return
        self.lines.append(line)
        self.persons.append(row[0].strip() if columns.has_person else str(len(self.lines)))
        if columns.group is not None:
            self.groups.append(row[columns.group].strip())
            if not self.groups[-1]:
                name = columns.names[columns.group]
                problems.add(Problem(Fault.NO_GROUP, row=line, column=columns.group + 1, name=name))
        try:
            self._codes.extend([known[row[place]] for place, known in self._known])
        except KeyError:
            self._codes.extend([self._number(row[place], place, known) for place, known in self._known])

    def _number(self, cell: str, place: int, known: dict[str, int]) -> int:
        """Return the number of an answer in its column, a new one if it comes for the first time."""
        label, found = cell.strip(), self.found[place]
        if label in self._absent:
            label = ""
        if len(found) >= MOST_LABELS and label not in found:
            raise KeyRefused(f"item {self._columns.names[place]} has too many different answers for options")
        known[cell] = found.setdefault(label, len(found))
        return known[cell]

    def codes(self) -> NDArray[np.int16]:
        """Return the numbers of all cells, shape (n_persons, n_keyed)."""
        return np.frombuffer(self._codes, dtype=np.int16).reshape(len(self.lines), len(self.found))


def _positions(
    codes: NDArray[np.int16],
    cells: _Cells,
    columns: _Columns,
    place: int,
    labels: tuple[str, ...],
    problems: Problems,
) -> NDArray[np.int8]:
    """Return the position of each answer among the options; note what is none of them."""
    known = {label: number for number, label in enumerate(labels)} | {"": MISSING}
    found = list(cells.found[place])
    position = np.array([known.get(label, MISSING) for label in found], dtype=np.int8)
    wrong = np.array([label not in known for label in found])
    for number in np.flatnonzero(wrong[codes]).tolist():
        value = found[codes[number]][:LONGEST_LABEL]
        name = columns.names[place]
        problems.add(Problem(Fault.OPTION, row=cells.lines[number], column=place + 1, name=name, value=value))
    return position[codes]


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
