"""Item statistics as CSV, the same columns on the page and on the command line. No I/O."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import fields

from exam_engine.calibration.outcome import ItemOutcome

COLUMNS = tuple(field.name for field in fields(ItemOutcome) if field.name != "cov_ad")


def to_csv(items: Iterable[ItemOutcome]) -> str:
    """Return the items as CSV text with a header; empty where something is not known."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(getattr(item, column)) for column in COLUMNS] for item in items)
    return buffer.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    return f"{value:.6f}" if isinstance(value, float) else value
