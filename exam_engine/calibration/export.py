"""Item statistics as CSV, the same columns on the page and on the command line. No I/O."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import fields

from exam_engine.calibration.outcome import STEP_FIELDS, ItemOutcome

COLUMNS = tuple(field.name for field in fields(ItemOutcome) if field.name not in ("cov_ad", *STEP_FIELDS))

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_csv(items: Iterable[ItemOutcome], *, for_spreadsheet: bool = False) -> str:
    """Return the items as CSV text with a header; empty where something is not known.

    Where items have several scores above 0, columns ``step1, se_step1, d1, se_d1, step2, …`` follow.

    With ``for_spreadsheet`` a name that a spreadsheet program would take for a formula gets an apostrophe before it.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    items = list(items)
    n_steps = max((len(item.steps) for item in items if item.steps), default=0)
    names = [f"{name}{step}" for step in range(1, n_steps + 1) for name in ("step", "se_step", "d", "se_d")]
    writer.writerow([*COLUMNS, *names])
    for item in items:
        row = [_cell(getattr(item, column)) for column in COLUMNS] + _steps(item, n_steps)
        if for_spreadsheet and item.item.startswith(FORMULA_STARTS):
            row[0] = f"'{item.item}"
        writer.writerow(row)
    return buffer.getvalue()


def _steps(item: ItemOutcome, n_steps: int) -> list[object]:
    """Return the cells of the steps; an item scored 0 or 1 has one step, its difficulty."""
    known = (
        (item.b,) if item.steps is None else item.steps,
        (item.se_b,) if item.se_steps is None else item.se_steps,
        (item.d,) if item.intercepts is None else item.intercepts,
        (item.se_d,) if item.se_intercepts is None else item.se_intercepts,
    )
    return [_cell(column[step]) if step < len(column) else "" for step in range(n_steps) for column in known]


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    return f"{value:.6f}" if isinstance(value, float) else value
