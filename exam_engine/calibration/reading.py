"""Reading a response matrix: a header of item names, then 0, 1 (or scores up to m) or empty."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from exam_engine.calibration.careful_reading import decode, read_carefully, read_text
from exam_engine.calibration.parquet_reading import PARQUET_SUFFIXES, read_parquet
from exam_engine.calibration.plain_reading import NotPlain, read_plain
from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.calibration.rules import MAX_CELLS, MAX_FILE_BYTES, FileTooLarge

__all__ = ["ResponseMatrix", "read_file", "read_responses"]


def read_responses(content: bytes, *, highest: int = 1) -> ResponseMatrix:
    """Read an uploaded response file, or refuse it with every fault and its place.

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
    return read_text(decode(content), highest=highest, max_cells=MAX_CELLS)


def read_file(
    path: Path,
    *,
    highest: int = 1,
    group: str | None = None,
    ignore: Sequence[str] = (),
    absent: Sequence[str] = (),
    report: Callable[[int, int, str], None] | None = None,
) -> ResponseMatrix:
    """Read a response file of any size, as `read_responses` does; Parquet by its name, anything else as CSV.

    Parameters
    ----------
    group : str, optional
        Column that names each person's group.
    ignore : sequence of str
        Columns that are no items.
    absent : sequence of str
        Codes of cells that were not presented, beside the empty ones.
    report : callable, optional
        Called with bytes read, bytes in all and ``"reading"``.

    Returns
    -------
    ResponseMatrix
        Beyond `exam_engine.calibration.spool.LARGEST_IN_MEMORY` cells mapped from a temporary file.

    Raises
    ------
    ResponsesRefused
        If anything is not as described; nothing is guessed.
    OSError
        If the file cannot be read.
    """
    if path.suffix.lower() in PARQUET_SUFFIXES:
        return read_parquet(path, highest=highest, group=group, ignore=ignore, absent=absent, report=report)
    with _seekable(path) as file:
        if not absent:
            with suppress(NotPlain):
                return read_plain(file, highest=highest, group=group, ignore=ignore, report=report)
        return read_carefully(file, highest=highest, group=group, ignore=ignore, absent=absent, report=report)


@contextmanager
def _seekable(path: Path) -> Iterator[Path]:
    """Give the file itself, or a copy of what comes through a pipe, which can be read but once."""
    if path.is_file() or not path.exists():
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=".csv") as copy:
        with path.open("rb") as pipe:
            shutil.copyfileobj(pipe, copy)
        copy.flush()
        yield Path(copy.name)
