"""Cells of a pool file: what is read from them, and the refusal that names one. No I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from itembank.base.errors import Invalid

LARGEST = 1e9
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
SHOWN = 40


class PoolRefused(Invalid):
    """A pool file that cannot be used, with the place of the first fault."""

    code = "pool_refused"
    message = "The pool cannot be used: {place}: {reason}"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place=place, reason=reason)


def numbers(lines: Sequence[int], name: str, cells: Sequence[str]) -> list[float]:
    """Read a column of numbers; PoolRefused names the first cell that is none."""
    found = []
    for line, cell in zip(lines, cells, strict=True):
        value = float(cell) if NUMBER.fullmatch(cell) else math.nan
        if not abs(value) <= LARGEST:
            what = f'"{short(cell)}" is' if cell else "the cell is empty,"
            right = f"not a number between -{LARGEST:g} and {LARGEST:g}, such as 0.5"
            raise PoolRefused(f"row {line}, column {name}", f"{what} {right}")
        found.append(value)
    return found


def short(text: str) -> str:
    """Return a text cut to what a refusal shows."""
    text = "".join(letter if letter.isprintable() else "�" for letter in text)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
