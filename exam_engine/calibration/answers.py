"""From answers to a response matrix: what was right, and how each option drew weak and strong persons. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.psychometrics.ctt import picked_table


@dataclass(frozen=True)
class Key:
    """Right answer and options of one item, by label."""

    key: tuple[str, ...]
    options: tuple[str, ...]


@dataclass(frozen=True)
class AnswerSheet:
    """One person's answers: the keys of the paper that lay before them, and what they chose."""

    keys: Mapping[UUID, Key]
    chosen: Mapping[UUID, Sequence[str]]


def mark_sheets(sheets: Sequence[AnswerSheet]) -> ResponseMatrix:
    """Mark whole answers as right (1) or wrong (0), all or nothing.

    An item of the person's own paper that was left open is wrong; an item of another paper was not presented (-1).
    """
    items = list(dict.fromkeys(item for sheet in sheets for item in sheet.keys))
    column = {item: position for position, item in enumerate(items)}
    marks = np.full((len(sheets), len(items)), -1, dtype=np.int8)
    for row, sheet in enumerate(sheets):
        for item, key in sheet.keys.items():
            marks[row, column[item]] = set(sheet.chosen.get(item, ())) == set(key.key)
    return ResponseMatrix(tuple(str(item) for item in items), marks)


def tabulate_options(
    sheets: Sequence[AnswerSheet], matrix: ResponseMatrix
) -> dict[UUID, list[dict[str, Any]]]:
    """Return for each item its options with counts, shares by group and correlation with the rest of the test."""
    seen = matrix.responses >= 0
    right = matrix.responses == 1
    tables = {}
    for position, name in enumerate(matrix.items):
        item = UUID(name)
        rows = np.flatnonzero(seen[:, position]).tolist()
        key = sheets[rows[0]].keys[item]
        picked = [[label in sheets[row].chosen.get(item, ()) for label in key.options] for row in rows]
        others = seen[rows].sum(axis=1) - 1
        criterion = (right[rows].sum(axis=1) - right[rows, position]) / np.maximum(others, 1)
        table = picked_table(picked, criterion)
        tables[item] = [
            {
                "label": label,
                "is_key": label in key.key,
                "count": int(table.count[at]),
                "share": float(table.share[at]),
                "low": _known(table.share_by_group[0, at]),
                "middle": _known(table.share_by_group[1, at]),
                "high": _known(table.share_by_group[2, at]),
                "point_biserial": _known(table.point_biserial[at]),
            }
            for at, label in enumerate(key.options)
        ]
    return tables


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
