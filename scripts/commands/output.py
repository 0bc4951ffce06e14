"""What the statistics commands print: tables for people, JSON for programs, CSV files; progress on stderr."""

from __future__ import annotations

import csv
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

QUIET_SECONDS = 2.0
"""Work that is done sooner says nothing on its way."""

BETWEEN_SECONDS = 5.0
"""Pause between two lines of progress where stderr is a file; a terminal is rewritten in place."""


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
        with path.open("w", encoding="utf-8", newline="") as file:
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
        start, end = ("\r", "") if self._in_place else ("", "\n")
        share = f" {done * 100 // total} %" if total else ""
        print(f"{start}exam-engine: {stage}{share}   ", end=end, file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """Print a warning on stderr."""
    print(f"exam-engine: warning: {text}", file=sys.stderr)


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
        return f"{cell:.3f}" if abs(cell) < 1e5 else f"{cell:.4g}"
    return str(cell)
