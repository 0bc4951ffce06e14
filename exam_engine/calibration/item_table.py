"""The item table as it is read back: names and parameters from the CSV that a calibration writes. No I/O."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from exam_engine.calibration.careful_reading import decode, delimiter_of
from exam_engine.calibration.rules import ItemsRefused, ResponsesRefused
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model

LARGEST = 1e6
"""Numbers of a table are smaller: with larger ones sums lose their digits."""


@dataclass(frozen=True)
class NamedItems:
    """Items of known parameters with their names.

    Attributes
    ----------
    names : tuple of str
    items : Items
    se_a, se_b : ndarray, shape (n_items,)
        Standard errors of discrimination and difficulty; NaN where the table has none.
    without : tuple of str
        Items of the table that have no parameters: constant or unseen ones.
    """

    names: tuple[str, ...]
    items: Items
    se_a: FloatArray
    se_b: FloatArray
    without: tuple[str, ...] = ()

    def position(self) -> dict[str, int]:
        """Return where each name stands."""
        return {name: place for place, name in enumerate(self.names)}


class _Row:
    """One row of the table; numbers by column."""

    def __init__(self, line: int, cells: Mapping[str, str]) -> None:
        self.line, self.cells = line, cells
        self.name = cells.get("item", "").strip()

    def number(self, column: str) -> float | None:
        text = (self.cells.get(column) or "").strip()
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not abs(value) <= LARGEST:
            raise ItemsRefused(
                f'row {self.line}, column {column} ({self.name}): "{text}" is not a number between '
                f"-{LARGEST:g} and {LARGEST:g}, such as 0.5"
            )
        return value

    def numbers(self, stem: str) -> list[float]:
        """Return the numbers of ``stem1``, ``stem2``, … up to the first empty one; none may follow."""
        found: list[float] = []
        while (value := self.number(f"{stem}{len(found) + 1}")) is not None:
            found.append(value)
        after = len(found) + 2
        if self.number(f"{stem}{after}") is not None:
            raise ItemsRefused(
                f"row {self.line} ({self.name}): {stem}{after} is given, but {stem}{after - 1} is empty"
            )
        return found


def read_items(content: bytes) -> NamedItems:
    """Read an item table.

    Columns: ``item``, and ``a``, ``b`` (or ``d``, the intercept), ``c``, ``u``, ``model``; with several scores
    ``step1, step2, …`` or ``d1, d2, …``; nominal items ``slope1, …`` and ``d1, …``. Other columns are not looked at.
    Without ``model`` an item is 2PL, 3PL where it has a ``c``, generalised partial credit where it has steps; ``a``
    is 1 where it is empty. Intercepts count before difficulties, so that a table written exactly is read exactly.

    Raises
    ------
    ItemsRefused
        If the table is not as described; the place is named.
    """
    try:
        text = decode(content)
    except ResponsesRefused as refused:
        raise ItemsRefused(refused.problems[0].fault) from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text.partition("\n")[0]))
    try:
        columns = [name.strip() for name in next(reader, [])]
        rows = [_row(reader.line_num, cells, columns) for cells in reader if cells]
    except csv.Error as error:
        raise ItemsRefused(f"row {reader.line_num}: {error}") from None
    if "item" not in columns:
        raise ItemsRefused('row 1: there is no column "item"')
    if len(set(columns)) < len(columns):
        raise ItemsRefused("row 1: a column name appears twice")
    parts, names, errors, without, seen = [], [], [], [], set()
    for row in rows:
        if not row.name or row.name in seen:
            raise ItemsRefused(f"row {row.line}: {'the item is named twice' if row.name else 'no item name'}")
        seen.add(row.name)
        part = _item(row)
        if part is None:
            without.append(row.name)
            continue
        parts.append(part)
        names.append(row.name)
        errors.append([math.nan if (e := row.number(key)) is None else e for key in ("se_a", "se_b")])
    if not parts:
        raise ItemsRefused("no item of the table has parameters")
    se = np.array(errors)
    return NamedItems(tuple(names), Items.concatenate(parts), se[:, 0], se[:, 1], tuple(without))


def _row(line: int, cells: list[str], columns: list[str]) -> _Row:
    """Return a row that is as wide as the header: a decimal comma would shift the numbers after it."""
    if len(cells) != len(columns):
        raise ItemsRefused(f"row {line}: {len(cells)} cells, the header has {len(columns)}")
    return _Row(line, dict(zip(columns, cells, strict=True)))


def _item(row: _Row) -> Items | None:
    """Return the item of a row, or None where it has no parameters."""
    steps, intercepts, slopes = row.numbers("step"), row.numbers("d"), row.numbers("slope")
    d, b, c, u = row.number("d"), row.number("b"), row.number("c"), row.number("u")
    if not (steps or intercepts or slopes) and d is None and b is None:
        return None
    model = _model(row, several=max(len(steps), len(intercepts)) > 1, nominal=bool(slopes), c=c, u=u)
    a = row.number("a")
    a = 1.0 if a is None else a
    if a == 0 and not slopes:
        raise ItemsRefused(
            f"row {row.line} ({row.name}): a is 0, such an item tells persons apart in nothing"
        )
    if len(steps) <= 1 and len(intercepts) <= 1 and not slopes:
        single = intercepts[0] if intercepts else d
        intercepts = [single if single is not None else -a * (steps[0] if steps else b or 0.0)]
    elif not intercepts:
        given = np.array(steps)
        intercepts = (-a * (given if model is Model.GRADED else np.cumsum(given))).tolist()
    if not slopes:
        size = len(intercepts)
        slopes = [a] * size if model is Model.GRADED else [a * score for score in range(1, size + 1)]
    if len(slopes) != len(intercepts):
        raise ItemsRefused(f"row {row.line} ({row.name}): {len(slopes)} slopes, {len(intercepts)} intercepts")
    try:
        return Items(
            (model,),
            np.array([len(slopes)]),
            np.array([slopes]),
            np.array([intercepts]),
            np.array([0.0 if c is None else c]),
            np.array([1.0 if u is None else u]),
        )
    except ValueError as error:
        raise ItemsRefused(f"row {row.line} ({row.name}): {error}") from None


def _model(row: _Row, *, several: bool, nominal: bool, c: float | None, u: float | None) -> Model:
    name = (row.cells.get("model") or "").strip().lower()
    if name:
        try:
            return Model(name)
        except ValueError:
            known = ", ".join(model.value for model in Model)
            raise ItemsRefused(f'row {row.line} ({row.name}): model "{name}" is none of {known}') from None
    if nominal:
        return Model.NOMINAL
    if several:
        return Model.GPCM
    if u is not None and u < 1:
        return Model.FOUR_PL
    return Model.THREE_PL if c else Model.TWO_PL


def write_items(table: NamedItems) -> str:
    """Return the items as CSV that `read_items` reads back exactly; their standard errors beside ``a`` and ``b``."""
    items = table.items
    width = items.slopes.shape[1]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    columns = ["item", "model", "a", "se_a", "b", "se_b", "c", "u"]
    for score in range(1, width + 1):
        columns += [f"step{score}", f"d{score}"]
    nominal = items.is_nominal
    columns += [f"slope{score}" for score in range(1, width + 1)] if nominal.any() else []
    writer.writerow(columns)
    a, b, steps = items.a, items.b, items.steps
    for at, name in enumerate(table.names):
        numbers = [a[at], table.se_a[at], b[at], table.se_b[at], items.lower[at], items.upper[at]]
        for score in range(width):
            numbers += [steps[at, score], items.intercepts[at, score]]
        if nominal.any():
            numbers += items.slopes[at].tolist() if nominal[at] else [math.nan] * width
        cells = [repr(float(number)) if math.isfinite(number) else "" for number in numbers]
        writer.writerow([name, items.models[at].value, *cells])
    return buffer.getvalue()
