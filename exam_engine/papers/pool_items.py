"""Item parameters in a pool file: one model for all rows, or each row's own. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from exam_engine.papers.pool_cells import PoolRefused, numbers, short
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import Model

MODEL, SCALING, FIRST_STEP = "model", "scaling", "b1"
"""Columns: the row's model, the constant before a, the first step or threshold of a polytomous item."""

DICHOTOMOUS = (Model.RASCH, Model.ONE_PL, Model.TWO_PL, Model.THREE_PL)
POLYTOMOUS = (Model.PCM, Model.GPCM, Model.GRADED)
NAMES: Mapping[str, Model] = {str(m): m for m in (*DICHOTOMOUS, *POLYTOMOUS)} | {"grm": Model.GRADED}
EQUAL = (Model.RASCH, Model.ONE_PL, Model.PCM)
"""Models whose discrimination is 1 where the row names none."""

Cells = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Parameters:
    """What a pool takes; ``attributes`` are the columns that are numbers for every row although cells are empty."""

    a: list[float] | None = None
    b: list[float] | None = None
    c: list[float] | None = None
    items: Items | None = None
    scaling: list[float] | float = 1.0
    attributes: Mapping[str, list[float]] = field(default_factory=dict)


def read_parameters(lines: Sequence[int], cells: Cells) -> Parameters:
    """Return the parameters of the rows that stand in ``lines``; PoolRefused names the first fault."""
    scaling = numbers(lines, SCALING, cells[SCALING]) if SCALING in cells and "a" in cells else 1.0
    if isinstance(scaling, list):
        _check_positive(lines, SCALING, scaling, "a constant before a")
    if FIRST_STEP in cells:
        return _by_model(lines, cells, scaling)
    found = {name: numbers(lines, name, cells[name]) for name in ("a", "b", "c") if name in cells}
    _check_positive(lines, "a", found.get("a", ()), "a discrimination")
    for line, c in zip(lines, found.get("c", ()), strict=False):
        _check_asymptote(line, c)
    return Parameters(found.get("a"), found.get("b"), found.get("c"), scaling=scaling)


def _by_model(lines: Sequence[int], cells: Cells, scaling: list[float] | float) -> Parameters:
    steps = _step_columns(cells)
    rows = [
        _row(line, {name: column[at] for name, column in cells.items()}, steps)
        for at, line in enumerate(lines)
    ]
    items = _items(rows, len(steps))
    attributes = {"a": items.a.tolist(), "b": items.b.tolist(), "c": items.lower.tolist()}
    return Parameters(
        items=items, scaling=scaling, attributes={k: v for k, v in attributes.items() if k in cells}
    )


def _step_columns(cells: Cells) -> tuple[str, ...]:
    """Return b1, b2, … as far as they go on."""
    found = [FIRST_STEP]
    while f"b{len(found) + 1}" in cells:
        found.append(f"b{len(found) + 1}")
    return tuple(found)


@dataclass(frozen=True)
class _Row:
    """An item as its row says it: difficulty or steps in ``b``."""

    model: Model
    a: float
    b: list[float]
    c: float = 0.0


def _row(line: int, row: Mapping[str, str], steps: tuple[str, ...]) -> _Row:
    model = NAMES.get(row[MODEL].lower())
    if model is None:
        reason = f'"{short(row[MODEL])}" is none of {", ".join(NAMES)}'
        raise PoolRefused(f"row {line}, column {MODEL}", reason)
    a = 1.0 if model in EQUAL and not row["a"] else _number(line, "a", row["a"])
    _check_positive([line], "a", [a], "a discrimination")
    if model in DICHOTOMOUS:
        _check_empty(line, row, steps if model is Model.THREE_PL else (*steps, "c"), model)
        c = _number(line, "c", row.get("c", "")) if model is Model.THREE_PL else 0.0
        _check_asymptote(line, c)
        return _Row(model, a, [_number(line, "b", row.get("b", ""))], c)
    _check_empty(line, row, ("b", "c"), model)
    given = [name for name in steps if row[name]]
    if tuple(given) != steps[: len(given)] or not given:
        gap = next(name for name in steps if not row[name])
        raise PoolRefused(
            f"row {line}, column {gap}", f"empty: a {model} item has its steps from {steps[0]} on"
        )
    b = [_number(line, name, row[name]) for name in given]
    if model is Model.GRADED:
        for name, low, high in zip(given[1:], b, b[1:], strict=False):
            if high <= low:
                raise PoolRefused(f"row {line}, column {name}", f"{high:g}: thresholds of a graded item rise")
    return _Row(model, a, b)


def _items(rows: Sequence[_Row], width: int) -> Items:
    """Return the items of all rows, made for each family at once and put back in order."""
    families = np.array([0 if r.model in DICHOTOMOUS else 1 + (r.model is Model.GRADED) for r in rows])
    order = np.argsort(families, kind="stable")
    parts = []
    for family in np.unique(families):
        some = [rows[int(k)] for k in np.flatnonzero(families == family)]
        a = [row.a for row in some]
        if family == 0:
            parts.append(Items.dichotomous(a, [row.b[0] for row in some], c=[row.c for row in some]))
        else:
            table = np.full((len(some), width), np.nan)
            for at, row in enumerate(some):
                table[at, : len(row.b)] = row.b
            parts.append(Items.partial_credit(a, table) if family == 1 else Items.graded(a, table))
    return Items.concatenate(parts).take(np.argsort(order))


def _number(line: int, name: str, cell: str) -> float:
    return numbers([line], name, [cell])[0]


def _check_positive(lines: Sequence[int], name: str, values: Sequence[float], what: str) -> None:
    for line, value in zip(lines, values, strict=False):
        if value <= 0:
            raise PoolRefused(f"row {line}, column {name}", f"{value:g}: {what} is above 0")


def _check_asymptote(line: int, c: float) -> None:
    if not 0 <= c < 1:
        raise PoolRefused(f"row {line}, column c", f"{c:g}: a lower asymptote is at least 0 and below 1")


def _check_empty(line: int, row: Mapping[str, str], names: tuple[str, ...], model: Model) -> None:
    for name in names:
        if row.get(name) and not (name == "c" and _number(line, name, row[name]) == 0):
            raise PoolRefused(f"row {line}, column {name}", f"a {model} item has none: leave the cell empty")
