"""Reading a response matrix: a header of item names, then 0, 1 (or scores up to m) or empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from exam_engine.calibration.careful_reading import decode, read_text
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
    report: Callable[[int, int, str], None] | None = None,
) -> ResponseMatrix:
    """Read a response file of any size, as `read_responses` does; Parquet by its name, anything else as CSV.

    Parameters
    ----------
    group : str, optional
        Column that names each person's group.
    ignore : sequence of str
        Columns that are no items.
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
        return read_parquet(path, highest=highest, group=group, ignore=ignore, report=report)
    try:
        return read_plain(path, highest=highest, group=group, ignore=ignore, report=report)
    except NotPlain:
        return read_text(decode(path.read_bytes()), highest=highest, group=group, ignore=ignore)
