"""Reading a plain response file block by block with array operations; anything unusual is left to careful reading.

Plain: no quotes and no stray carriage returns; every row as wide as the header; every cell of an item a number
without sign, blanks or leading zeros, or empty. The separators of a block then make a table of positions, and its
cells are read by place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.careful_reading import ENCODINGS, delimiter_of
from exam_engine.calibration.response_matrix import Columns, Problems, ResponseMatrix, find_columns
from exam_engine.calibration.rules import ResponsesRefused
from exam_engine.calibration.spool import Spool

BLOCK_BYTES = 8 * 1024 * 1024

NEWLINE, RETURN, QUOTE, ZERO = (ord(character) for character in '\n\r"0')

LONGEST_CELL = 10_000
"""Longer cells are for careful reading."""

Bytes = NDArray[np.uint8]


class NotPlain(Exception):
    """The file is not plain; careful reading says what it is, or what is wrong with it."""


def read_plain(
    path: Path,
    *,
    highest: int,
    group: str | None = None,
    ignore: Sequence[str] = (),
    report: Callable[[int, int, str], None] | None = None,
) -> ResponseMatrix:
    """Read a plain response file.

    Raises
    ------
    NotPlain
        If it is not, or holds any fault.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.readline()
        columns, delimiter = _header(header, group, ignore)
        text = _Text(header)
        spool = Spool()
        groups = _Groups()
        try:
            for block in _blocks(file):
                text.check(block)
                scores = _even_scores(block, ord(delimiter), columns, highest)
                if scores is None:
                    starts, ends = _cells(block, ord(delimiter), columns.width)
                    scores = _scores(block, starts, ends, columns, highest)
                    if columns.group is not None:
                        groups.add(block, starts[:, columns.group], ends[:, columns.group])
                spool.add(scores)
                if report:
                    report(file.tell(), size, "reading")
            if spool.n_rows == 0:
                raise NotPlain
            numbers, names = groups.result(text.encoding)
        except NotPlain:
            spool.discard()
            raise
        matrix = spool.finish()
    if columns.group is None:
        return ResponseMatrix(columns.names, matrix, columns.first_column)
    return ResponseMatrix(columns.names, matrix, columns.first_column, numbers, names)


def _header(line: bytes, group: str | None, ignore: Sequence[str]) -> tuple[Columns, str]:
    """Return the columns and what stands between the cells."""
    if QUOTE in line or 0 in line or not line.endswith(b"\n") or RETURN in line.removesuffix(b"\r\n"):
        raise NotPlain
    for encoding in ENCODINGS:
        try:
            text = line.decode(encoding).rstrip("\r\n")
            break
        except UnicodeDecodeError:
            continue
    else:
        raise NotPlain
    problems = Problems()
    delimiter = delimiter_of(text)
    try:
        columns = find_columns(text.split(delimiter), problems, group=group, ignore=ignore)
        problems.check()
    except ResponsesRefused:
        raise NotPlain from None
    if not text.strip() or not columns.names or columns.width < 2:
        raise NotPlain  # in a single column an empty cell is a blank line, which is no person
    return columns, delimiter


class _Text:
    """Whether the bytes seen so far are text, and in which encoding the header was read."""

    def __init__(self, header: bytes) -> None:
        self._candidates = [encoding for encoding in ENCODINGS if _decodes(header, encoding)]
        self._of_header = self._candidates[0]
        self._is_plain_header = header.isascii()

    def check(self, block: Bytes) -> None:
        """Leave out encodings that the block does not have."""
        if block.size and int(block.min()) == 0:
            raise NotPlain
        if block.size and int(block.max()) >= 0x80:
            content = block.tobytes()
            self._candidates = [one for one in self._candidates if _decodes(content, one)]
        if not self._candidates or not (self._is_plain_header or self._candidates[0] == self._of_header):
            raise NotPlain

    @property
    def encoding(self) -> str:
        return self._candidates[0]


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _blocks(file: BinaryIO) -> Iterator[Bytes]:
    """Yield blocks of whole lines, the last one with its end of line."""
    rest = b""
    while piece := file.read(BLOCK_BYTES):
        whole, end, after = piece.rpartition(b"\n")
        if not end:
            rest += piece
            if len(rest) > 16 * BLOCK_BYTES:
                raise NotPlain
            continue
        yield np.frombuffer(rest + whole + end, dtype=np.uint8)
        rest = after
    if rest:
        yield np.frombuffer(rest + b"\n", dtype=np.uint8)


def _even_scores(block: Bytes, delimiter: int, columns: Columns, highest: int) -> NDArray[np.int8] | None:
    """Return the scores of a block whose every cell is one digit and an item; None if it is not such a block.

    The commonest large file, and rows of one length need no search for separators.
    """
    width = columns.width
    carried = int(block.size > 1 and block[-2] == RETURN)
    length = 2 * width + carried
    if len(columns.items) < width or block.size % length:
        return None
    table = block.reshape(-1, length)
    digits = table[:, : 2 * width : 2] - np.uint8(ZERO)
    between = table[:, 1 : 2 * width - 1 : 2]
    line_ends = table[:, 2 * width - 1 :]
    if (
        not (between == delimiter).all()
        or not (line_ends == ([RETURN, NEWLINE] if carried else [NEWLINE])).all()
        or int(digits.max()) > min(highest, 9)
    ):
        return None
    return np.ascontiguousarray(digits).view(np.int8)


def _cells(block: Bytes, delimiter: int, width: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return where each cell starts and ends, shape (n_rows, width)."""
    breaks = block == NEWLINE
    n_rows = int(np.count_nonzero(breaks))
    places = np.flatnonzero(breaks | (block == delimiter)).astype(np.int32)
    if places.size != n_rows * width or not breaks[places[width - 1 :: width]].all():
        raise NotPlain
    if (block == QUOTE).any():
        raise NotPlain
    returns = int(np.count_nonzero(block == RETURN))
    starts = np.concatenate([np.zeros(1, np.int32), places[:-1] + np.int32(1)]).reshape(-1, width)
    ends = places.reshape(-1, width)
    if returns:
        last = np.maximum(ends[:, -1] - 1, 0)
        carried = (block[last] == RETURN) & (last >= starts[:, -1])
        if np.count_nonzero(carried) != returns:
            raise NotPlain
        ends = ends.copy()
        ends[:, -1] -= carried
    if int((ends - starts).max()) > LONGEST_CELL:
        raise NotPlain
    return starts, ends


def _scores(
    block: Bytes, starts: NDArray[np.int32], ends: NDArray[np.int32], columns: Columns, highest: int
) -> NDArray[np.int8]:
    """Return the scores of the items, −1 where a cell is empty."""
    first, last = columns.items[0], columns.items[-1] + 1
    if last - first == len(columns.items):
        starts, ends = starts[:, first:last], ends[:, first:last]
    else:
        starts, ends = starts[:, columns.items], ends[:, columns.items]
    length = ends - starts
    longest = int(length.max())
    if longest > len(str(highest)):
        raise NotPlain
    digit = block[np.maximum(ends - 1, 0)] - np.uint8(ZERO)  # below the character 0 wraps around to above 9
    value = digit.astype(np.int16)
    worst = digit if longest < 2 and bool(length.all()) else np.where(length > 0, digit, 0)
    for place in range(1, longest):
        longer = length > place
        digit = block[np.maximum(ends - 1 - place, 0)] - np.uint8(ZERO)
        worst = np.maximum(worst, np.where(longer, digit, 0))
        value += np.where(longer, digit.astype(np.int16) * 10**place, 0).astype(np.int16)
        if np.any(longer & (length == place + 1) & (digit == 0)):
            raise NotPlain
    value[length == 0] = -1
    if int(worst.max()) > 9 or int(value.max()) > highest:
        raise NotPlain
    return value.astype(np.int8)


class _Groups:
    """Group cells, numbered as they come."""

    def __init__(self) -> None:
        self._names: dict[bytes, int] = {}
        self._numbers: list[NDArray[np.intp]] = []

    def add(self, block: Bytes, starts: NDArray[np.int32], ends: NDArray[np.int32]) -> None:
        """Take the cells of a block."""
        length = ends - starts
        if not length.all():
            raise NotPlain
        place = starts[:, None] + np.arange(int(length.max()), dtype=np.int32)
        inside = place < ends[:, None]
        cells = np.where(inside, block[np.where(inside, place, 0)], 0).astype(np.uint8)
        found, inverse = np.unique(
            np.ascontiguousarray(cells).view(f"S{cells.shape[1]}").reshape(-1), return_inverse=True
        )
        numbers = [self._names.setdefault(name, len(self._names)) for name in found.tolist()]
        self._numbers.append(np.array(numbers, dtype=np.intp)[inverse])

    def result(self, encoding: str) -> tuple[NDArray[np.intp], tuple[str, ...]]:
        """Return the number of each person's group and the names, sorted."""
        written = [name.decode(encoding).strip() for name in self._names]
        if not all(written):
            raise NotPlain
        names = tuple(sorted(set(written)))
        position = {name: at for at, name in enumerate(names)}
        place = np.array([position[name] for name in written], dtype=np.intp)
        if not self._numbers:
            return np.zeros(0, dtype=np.intp), names
        return place[np.concatenate(self._numbers)], names
