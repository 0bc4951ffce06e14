"""Sums that no items can hit: what values have in common is in every sum of theirs, 1 in every total of whole marks.

Searches for whole items prove that by trying nearly everything; here it is read from the greatest common divisor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from exam_engine.assembly.checks import ROUNDING
from exam_engine.assembly.compile import Program
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray, Rows

DIGITS = 6
"""Decimal places of values that are looked at: what has more is measured, and its sums are everywhere."""

MOST_OFFSETS = 1_000
"""Combinations of counts that are gone through one by one."""


@dataclass(frozen=True, eq=False)
class _Counted:
    """From ``low`` to ``high`` of some columns are in a form."""

    columns: IntArray
    low: int
    high: int


def can_be_hit(program: Program) -> bool:
    """Return False where some sum within its bounds is proven to be out of reach of whole items.

    A sum of values is a multiple of their greatest common divisor. Where n items are taken of a selection, their sum is
    n times one of the values and a multiple of the divisor of the differences. Only sums between two bounds that are
    nearer to each other than that can miss; arithmetic is exact.

    >>> from exam_engine.assembly import Count, Pool, Specification, Sum
    >>> from exam_engine.assembly.compile import compile_program
    >>> pool = Pool(ids=["a", "b", "c"], numeric={"marks": [1.5, 3.5, 3.5]})
    >>> rules = [Sum(name="total", attribute="marks", minimum=7, maximum=7)]
    >>> can_be_hit(compile_program(pool, Specification(rules)))
    True
    >>> rules = [Sum(name="total", attribute="marks", minimum=7.2, maximum=7.3)]
    >>> can_be_hit(compile_program(pool, Specification(rules)))
    False
    >>> rules = [Sum(name="total", attribute="marks", minimum=6, maximum=6), Count(name="n", minimum=2, maximum=2)]
    >>> can_be_hit(compile_program(pool, Specification(rules)))
    False
    """
    rows = program.rows
    barred = _barred(rows, program.width)
    sums = [(_dense(rows, r, program.width), rows.lower[r], rows.upper[r]) for r in _bounded(rows)]
    totals = [(total.weight, total.lower, total.upper) for total in program.across.totals]
    counted: list[_Counted] | None = None
    for values, lower, upper in sums:
        # No step is larger than a value: between bounds so far apart, fractions show what misses.
        if upper - lower >= np.abs(values).max(initial=0.0):
            continue
        exact = _exact(np.where(barred, 0.0, values))
        if exact is None or not exact.any():
            continue
        if not _is_hit([0], int(np.gcd.reduce(exact)), lower, upper):
            return False
        if len(np.unique(exact[exact != 0])) == 1:
            continue
        counted = _counts(rows, barred) if counted is None else counted
        if not all(_is_hit(*_lattice(exact, parts), lower, upper) for parts in _divisions(counted)):
            return False
    for values, lower, upper in totals:
        exact = _exact(values)
        if exact is not None and exact.any() and not _is_hit([0], int(np.gcd.reduce(exact)), lower, upper):
            return False
    return True


def _bounded(rows: Rows) -> Iterator[int]:
    """Yield rows between two bounds."""
    for r in np.flatnonzero(np.isfinite(rows.lower) & np.isfinite(rows.upper)):
        yield int(r)


def _columns(rows: Rows, r: int) -> tuple[IntArray, FloatArray]:
    part = slice(rows.matrix.indptr[r], rows.matrix.indptr[r + 1])
    return rows.matrix.indices[part].astype(np.int64), rows.matrix.data[part]


def _dense(rows: Rows, r: int, width: int) -> FloatArray:
    found = np.zeros(width)
    columns, values = _columns(rows, r)
    found[columns] = values
    return found


def _barred(rows: Rows, width: int) -> BoolArray:
    """Return the columns that no form may hold."""
    found = np.zeros(width, dtype=bool)
    for r in np.flatnonzero(rows.upper == 0):
        columns, values = _columns(rows, int(r))
        if (values > 0).all():
            found[columns] = True
    return found


def _counts(rows: Rows, barred: BoolArray) -> list[_Counted]:
    """Return what is counted between two bounds, the fewest columns first."""
    found = []
    for r in _bounded(rows):
        columns, values = _columns(rows, r)
        if (values == 1).all():
            low, high = math.ceil(rows.lower[r] - ROUNDING), math.floor(rows.upper[r] + ROUNDING)
            found.append(_Counted(columns[~barred[columns]], max(low, 0), min(high, len(columns))))
    return sorted((one for one in found if len(one.columns)), key=lambda one: len(one.columns))


def _divisions(counted: Sequence[_Counted]) -> Iterator[list[_Counted]]:
    """Yield each selection by itself, and selections that have nothing in common, the small ones first or the large."""
    for one in counted:
        yield [one]
    for order in (counted, counted[::-1]):
        taken: set[int] = set()
        parts = []
        for one in order:
            if taken.isdisjoint(columns := one.columns.tolist()):
                taken.update(columns)
                parts.append(one)
        yield parts


def _lattice(values: IntArray, parts: Sequence[_Counted]) -> tuple[list[int], int]:
    """Return offsets and the step: every sum is one of the offsets and a multiple of the step."""
    offsets, step, rest = [0], 0, np.ones(len(values), dtype=bool)
    for part in parts:
        own = values[part.columns]
        rest[part.columns] = False
        first = int(own[0])
        step = math.gcd(step, int(np.gcd.reduce(own - first)))
        if len(offsets) * (part.high - part.low + 1) <= MOST_OFFSETS:
            offsets = [offset + first * n for offset in offsets for n in range(part.low, part.high + 1)]
        else:
            step = math.gcd(step, first)
    return offsets, math.gcd(step, int(np.gcd.reduce(values[rest], initial=0)))


def _is_hit(offsets: Sequence[int], step: int, lower: float, upper: float) -> bool:
    """Whether an offset and a multiple of the step lie between two bounds; no offset is left to other rules."""
    if not offsets or not (math.isfinite(lower) and math.isfinite(upper)):
        return True
    allow = Fraction(ROUNDING * max(1.0, abs(lower), abs(upper)))
    low = (Fraction(repr(float(lower))) - allow) * 10**DIGITS
    high = (Fraction(repr(float(upper))) + allow) * 10**DIGITS
    if step and high - low >= step:
        return True
    if not step:
        return any(low <= offset <= high for offset in offsets)
    return any(math.ceil((low - offset) / step) * step + offset <= high for offset in offsets)


def _exact(values: FloatArray) -> IntArray | None:
    """Return values in units of the last digit that is looked at; None when some have more."""
    scaled = values * 10**DIGITS
    if np.abs(scaled).max(initial=0.0) > 2**52 or (np.abs(scaled - np.round(scaled)) > 1e-3).any():
        return None
    different, which = np.unique(values, return_inverse=True)
    exact = [Decimal(repr(float(value))).scaleb(DIGITS) for value in different]
    if any(value != value.to_integral_value() for value in exact):
        return None
    return np.array([int(value) for value in exact], dtype=np.int64)[which.ravel()]
