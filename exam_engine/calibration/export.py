"""Item statistics as CSV, the same columns on the page and on the command line. No I/O."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields

from exam_engine.calibration.findings import COVARIANCE_FIELDS, TUPLE_FIELDS, ItemOutcome

NO_COLUMNS = {*COVARIANCE_FIELDS, *TUPLE_FIELDS}
COLUMNS = tuple(field.name for field in fields(ItemOutcome) if field.name not in NO_COLUMNS)

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

STEP_COLUMNS = ("step", "se_step", "d", "se_d")
SLOPE_COLUMNS = ("slope", "se_slope")


def to_csv(items: Iterable[ItemOutcome], *, for_spreadsheet: bool = False, exact: bool = False) -> str:
    """Return the items as CSV text with a header; empty where something is not known.

    Where items have several scores above 0, columns ``step1, se_step1, d1, se_d1, step2, …`` follow, and where some
    are nominal ``slope1, se_slope1, …``.

    With ``for_spreadsheet`` a name that a spreadsheet program would take for a formula gets an apostrophe before it.
    With ``exact`` numbers keep all their digits, so that the table is read back as it was, otherwise six decimals.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    items = list(items)
    n_steps = max((len(item.intercepts) for item in items if item.intercepts), default=0)
    n_slopes = max((len(item.slopes) for item in items if item.slopes), default=0)
    names = [f"{name}{step}" for step in range(1, n_steps + 1) for name in STEP_COLUMNS]
    names += [f"{name}{step}" for step in range(1, n_slopes + 1) for name in SLOPE_COLUMNS]
    writer.writerow([*COLUMNS, *names])
    for item in items:
        values: list[object] = [getattr(item, column) for column in COLUMNS]
        row = [_cell(value, exact) for value in values + _steps(item, n_steps) + _slopes(item, n_slopes)]
        if for_spreadsheet and item.item.startswith(FORMULA_STARTS):
            row[0] = f"'{item.item}"
        writer.writerow(row)
    return buffer.getvalue()


def _steps(item: ItemOutcome, n_steps: int) -> list[object]:
    """Return the cells of the steps; an item scored 0 or 1 has one step, its difficulty."""
    several = item.intercepts is not None
    return _interleaved(
        (
            (item.steps or ()) if several else (item.b,),
            (item.se_steps or ()) if several else (item.se_b,),
            item.intercepts or (item.d,),
            item.se_intercepts or (item.se_d,),
        ),
        n_steps,
    )


def _slopes(item: ItemOutcome, n_slopes: int) -> list[object]:
    return _interleaved((item.slopes or (), item.se_slopes or ()), n_slopes)


def _interleaved(columns: Sequence[Sequence[object]], size: int) -> list[object]:
    return [column[at] if at < len(column) else None for at in range(size) for column in columns]


def _cell(value: object, exact: bool) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return repr(value) if exact else f"{value:.6f}"
    return value
