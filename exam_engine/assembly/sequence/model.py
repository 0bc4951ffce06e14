"""Integer programmes of a section: which letters, in which order. Exact, and small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import INFEASIBLE, Model, Work, WorkExhausted, solve

SLACK = 1e-6
"""Counts are whole numbers and shares fractions: what lies this far beyond a bound is on it."""
GOOD_ENOUGH = 0.02
"""Relative gap for the choice among letters that are all allowed."""


@dataclass
class Rows:
    """Linear rows in the making."""

    size: int
    row: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)

    def add(self, terms: Sequence[tuple[int, float]], lower: float, upper: float) -> None:
        """Add ``lower <= sum(value * x[column]) <= upper``."""
        for column, value in terms:
            self.row.append(len(self.lower))
            self.column.append(column)
            self.value.append(value)
        self.lower.append(lower)
        self.upper.append(upper)

    def solve(self, cost: FloatArray, integers: int, work: Work, *, gap: float = 0.0) -> FloatArray | None:
        """Return a cheapest solution whose first ``integers`` columns are whole, or None when there is none.

        Columns are at least zero. Raises WorkExhausted when neither is known.
        """
        matrix = sp.csr_array((self.value, (self.row, self.column)), shape=(len(self.lower), self.size))
        whole = np.zeros(self.size)
        whole[:integers] = 1
        bounds = np.zeros(self.size), np.full(self.size, np.inf)
        solution = solve(
            Model(cost, matrix, np.array(self.lower), np.array(self.upper), *bounds, whole), work, gap=gap
        )
        if solution.x is None and solution.status != INFEASIBLE:
            raise WorkExhausted
        return solution.x


def add_balance(
    rows: Rows,
    letters: dict[int, list[tuple[int, float]]],
    share: FloatArray,
    most: float | None,
    column: int,
) -> None:
    """Hold each letter's count within ``most`` of its share, or, without it, within the variable ``column``."""
    for letter, fair in enumerate(share):
        terms = letters.get(letter, [])
        if most is None:
            rows.add([*terms, (column, -1.0)], -np.inf, fair)
            rows.add([*terms, (column, 1.0)], fair, np.inf)
        elif terms or fair > most:
            rows.add(terms, fair - most - SLACK, fair + most + SLACK)


def least_deviation(allowed: Sequence[tuple[int, ...]], share: FloatArray, work: Work) -> float:
    """Return the least that the worst letter's count can be away from its share, whatever the order."""
    kinds: dict[tuple[int, ...], int] = {}
    for patterns in allowed:
        kinds[patterns] = kinds.get(patterns, 0) + 1
    columns = [(kind, pattern) for kind in kinds for pattern in kind]
    rows = Rows(len(columns) + 1)
    at = 0
    for kind, count in kinds.items():
        rows.add([(at + step, 1.0) for step in range(len(kind))], count, count)
        at += len(kind)
    add_balance(rows, _letters([pattern for _, pattern in columns]), share, None, at)
    cost = np.zeros(at + 1)
    cost[at] = 1.0
    found = rows.solve(cost, at, work)
    assert found is not None  # every item has a pattern and the deviation is free
    counts: dict[int, float] = {}
    for column, (_, pattern) in enumerate(columns):
        for letter in range(pattern.bit_length()):
            counts[letter] = counts.get(letter, 0.0) + (pattern >> letter & 1) * round(found[column])
    return max((abs(counts.get(letter, 0.0) - fair) for letter, fair in enumerate(share)), default=0.0)


def letters_in_order(
    allowed: Sequence[tuple[int, ...]],
    *,
    share: FloatArray | None,
    most: float,
    longest_run: int | None,
    cost: Sequence[Sequence[float]],
    work: Work,
) -> list[int] | None:
    """Return a cheapest pattern for each position, or None when the order admits none.

    Parameters
    ----------
    allowed : sequence, length n_positions
        Patterns that the item at each position can take.
    share : ndarray, optional
        Fair share of each letter; None leaves letters unbalanced.
    most : float
        Most that a letter's count may be away from its share.
    longest_run : int, optional
    cost : sequence of sequences, like ``allowed``
    """
    patterns = [pattern for one in allowed for pattern in one]
    starts = np.cumsum([0, *(len(one) for one in allowed)])
    rows = Rows(len(patterns))
    by_position: list[dict[int, list[int]]] = []
    for start, one in zip(starts, allowed, strict=False):
        rows.add([(int(start) + step, 1.0) for step in range(len(one))], 1, 1)
        by_position.append({pattern: [int(start) + step] for step, pattern in enumerate(one)})
    if share is not None:
        add_balance(rows, _letters(patterns), share, most, -1)
    add_runs(rows, by_position, longest_run)
    found = rows.solve(
        np.array([value for one in cost for value in one]), len(patterns), work, gap=GOOD_ENOUGH
    )
    if found is None:
        return None
    return [
        one[int(np.argmax(found[start : start + len(one)]))]
        for start, one in zip(starts, allowed, strict=False)
    ]


def add_runs(rows: Rows, by_position: Sequence[dict[int, list[int]]], longest_run: int | None) -> None:
    """Forbid any pattern, but that of items without key, to stand more than ``longest_run`` times in a row."""
    if longest_run is None:
        return
    for pattern in sorted({pattern for one in by_position for pattern in one} - {0}):
        for start in range(len(by_position) - longest_run):
            window = [one.get(pattern, []) for one in by_position[start : start + longest_run + 1]]
            if all(window):
                rows.add([(column, 1.0) for columns in window for column in columns], -np.inf, longest_run)


def _letters(patterns: Sequence[int]) -> dict[int, list[tuple[int, float]]]:
    letters: dict[int, list[tuple[int, float]]] = {}
    for column, pattern in enumerate(patterns):
        for letter in range(pattern.bit_length()):
            if pattern >> letter & 1:
                letters.setdefault(letter, []).append((column, 1.0))
    return letters
