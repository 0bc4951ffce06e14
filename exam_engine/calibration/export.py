"""Item statistics as CSV, the same columns on the page and on the command line. No I/O."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import fields

from exam_engine.calibration.outcome import ItemOutcome

COLUMNS = tuple(field.name for field in fields(ItemOutcome) if field.name != "cov_ad")

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_csv(items: Iterable[ItemOutcome], *, for_spreadsheet: bool = False) -> str:
    """Return the items as CSV text with a header; empty where something is not known.

    With ``for_spreadsheet`` a name that a spreadsheet program would take for a formula gets an apostrophe before it.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in items:
        row = [_cell(getattr(item, column)) for column in COLUMNS]
        if for_spreadsheet and item.item.startswith(FORMULA_STARTS):
            row[0] = f"'{item.item}"
        writer.writerow(row)
    return buffer.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    return f"{value:.6f}" if isinstance(value, float) else value
