"""What the statistics commands print: tables for people, JSON for programs, CSV files; progress on stderr."""

from __future__ import annotations

import csv
import ctypes
import errno
import json
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from exam_engine.calibration.rules import SHOWN_NAMES, SettingsRefused

ERASE_LINE = "\r\x1b[K"
"""To the start of a terminal's line, and erase it."""

QUIET_SECONDS = 2.0
"""Work that is done sooner says nothing on its way."""

BETWEEN_SECONDS = 5.0
"""Pause between two lines of progress where stderr is a file; a terminal is rewritten in place."""


OTHER_FORMATS = frozenset({".parquet", ".pq", ".xlsx", ".xls", ".json"})


def check_out(path: Path | None, *inputs: Path) -> None:
    """Refuse a place that cannot be written, before the work is done; or one that would overwrite an input.

    Raises
    ------
    OSError
        If there is no such folder, or the place is a folder.
    SettingsRefused
        If it is one of the inputs, or named like another format.
    """
    if path is None:
        return
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.suffix.lower() in OTHER_FORMATS:
        raise SettingsRefused(f"{path} would hold CSV text: name a file that ends in .csv")
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder to write to", str(path.parent))
    for one in inputs:
        if path.is_file() and one.exists() and path.samefile(one):
            raise SettingsRefused(
                f"{path} is read by this command and would be overwritten; name another file"
            )


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """Open a text file that stands under its name only when all of it is written; an older one stays until then."""
    target = path.resolve()
    is_device = target.exists() and not target.is_file()
    place = target if is_device else target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with place.open("w", encoding="utf-8", newline="") as file:
            yield file
        if not is_device:
            if target.exists():
                place.chmod(target.stat().st_mode)
            place.replace(target)
    except BaseException as error:
        if not is_device:
            with suppress(OSError):
                place.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


@contextmanager
def quiet_solver() -> Iterator[None]:
    """Keep away from stdout what compiled code writes there past Python: HiGHS has remarks that no option silences."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # its remarks wait in the C library's buffer
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


@dataclass(frozen=True)
class Table:
    """A table with named columns; NaN and None are shown as a dash, in files as nothing."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]

    def as_json(self) -> list[dict[str, Any]]:
        """Return one object a row."""
        return [
            {name: plain(cell) for name, cell in zip(self.columns, row, strict=True)} for row in self.rows
        ]

    def write(self, path: Path) -> None:
        """Write the table as CSV with all digits."""
        with whole_file(path) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows([_exact(cell) for cell in row] for row in self.rows)

    def show(self) -> None:
        """Print the table."""
        cells = [[_rounded(cell) for cell in row] for row in self.rows]
        widths = [
            max(len(name), *(len(row[at]) for row in cells)) if cells else len(name)
            for at, name in enumerate(self.columns)
        ]
        for row in [list(self.columns), *cells]:
            first, *others = (
                cell.ljust(width) if at == 0 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            print("  ".join([first, *others]).rstrip())


class Progress:
    """Shows how far slow work has come, on stderr."""

    def __init__(self) -> None:
        self._next = time.monotonic() + QUIET_SECONDS
        self._in_place = sys.stderr.isatty()

    def __call__(self, done: int, total: int, stage: str) -> None:
        """Say where the work is, if it is time to."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.2 if self._in_place else BETWEEN_SECONDS)
        start, end = (ERASE_LINE, "\r") if self._in_place else ("", "\n")
        share = f" {done * 100 // total} %" if total else ""
        print(f"{start}exam-engine: {stage}{share}", end=end, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line off a terminal, before results are printed."""
        if self._in_place:
            print(ERASE_LINE, end="", file=sys.stderr, flush=True)


def decimals(value: float, places: int = 3) -> str:
    """Return a number with some decimals; a dash for what is not known, never ``-0.000``."""
    if math.isnan(value):
        return "—"
    if not abs(value) < 1e5:
        return f"{value:.4g}"
    if 0 < value < 0.5 * 10.0**-places:
        return f"<{10.0**-places:.{places}f}"
    return f"{round(value, places) + 0.0:.{places}f}"


def shortened(names: Sequence[str]) -> str:
    """Return names as a list that fits a line or two."""
    more = f" … and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more


def warn(text: str) -> None:
    """Print a warning on stderr."""
    start = ERASE_LINE if sys.stderr.isatty() else ""
    print(f"{start}exam-engine: warning: {text}", file=sys.stderr)


def print_json(value: object) -> None:
    """Print a value as JSON; what is not a finite number is null."""
    print(json.dumps(plain(value), ensure_ascii=False, allow_nan=False))


def plain(value: object) -> Any:
    """Return the value as JSON knows it: dataclasses as objects, arrays as lists, NaN as None."""
    if isinstance(value, Table):
        return value.as_json()
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    return value


def _exact(cell: object) -> object:
    cell = plain(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return int(cell)
    return repr(cell) if isinstance(cell, float) else cell


def _rounded(cell: object) -> str:
    cell = plain(cell)
    if cell is None:
        return "—"
    if isinstance(cell, bool):
        return "yes" if cell else ""
    if isinstance(cell, float):
        return decimals(cell)
    return str(cell)
