"""The smallest change that makes an impossible specification possible."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.between import average_rows, cap_rows
from exam_engine.assembly.compile import Program
from exam_engine.assembly.pool import FloatArray, Pool
from exam_engine.assembly.result import Change
from exam_engine.assembly.rows import Rows
from exam_engine.assembly.solver import Model, Work, solve
from exam_engine.assembly.specification import (
    Anchor,
    Count,
    Distinct,
    Earlier,
    If,
    Near,
    Overlap,
    Parallel,
    PerValue,
    Rule,
    Specification,
    Sum,
    Target,
    Use,
)
from exam_engine.assembly.together import is_too_large, joint_rows
from exam_engine.assembly.unusable import use_limits

STRUCTURAL_PRICE = 1000.0
"""Length and total marks change last: otherwise every clash would be answered with a shorter form."""

PER_VALUE_PRICE = 25.0
DROP_PRICE = 60.0
PARALLEL_PRICE = 5000.0
"""Equal counts are what makes forms parallel: a few items more or less are the smaller change."""
TOLERANCE_PRICE = 50.0
USE_PRICE = 25.0
SUM_UNITS = 1.0

PRICES: dict[type[Rule], float] = {PerValue: PER_VALUE_PRICE, Parallel: PARALLEL_PRICE, Use: USE_PRICE}
_RANGES = Count | Distinct | If | Overlap | Anchor
"""Rules with a whole minimum and maximum."""


@dataclass(frozen=True, eq=False)
class _Prices:
    """What moving a named bound by one unit costs, shape (n_names,), and which move by whole units."""

    price: FloatArray
    whole: FloatArray


def smallest_change(
    pool: Pool, specification: Specification, program: Program, forms: int, work: Work, *, together: bool
) -> tuple[Change, ...]:
    """Return the cheapest set of moved bounds under which the program is possible; empty when none was found.

    Parameters
    ----------
    pool, specification, program : Pool, Specification, Program
    forms : int
    work : Work
    together : bool
        Model every form (exact, large) instead of the total over all forms (a relaxation that suffices
        mostly).
    """
    if together and is_too_large(program, forms):
        return ()
    prices = _prices(pool, specification)
    copies, times = (forms, 1) if together else (1, forms)
    model, layout = _elastic(program, forms, copies, times, prices)
    solution = solve(model, work)
    if solution.x is None:
        return ()
    down, up, dropped = (solution.x[part] for part in layout)
    changes: list[Change] = []
    for k, rule in enumerate((*specification.rules, *specification.targets)):
        changes += _changes(rule, float(down[k]), float(up[k]), float(dropped[k]))
    return tuple(changes)


def apply_changes(specification: Specification, changes: Sequence[Change]) -> Specification:
    """Return the specification with the changes made."""
    by_name: dict[str, list[Change]] = {}
    for change in changes:
        by_name.setdefault(change.rule, []).append(change)
    rules = [
        changed
        for rule in specification.rules
        if (changed := _apply(rule, by_name.get(rule.name, []))) is not None
    ]
    targets: list[Target] = [
        replace(t, tolerance=by_name[t.name][0].after) if isinstance(t, Near) and t.name in by_name else t
        for t in specification.targets
    ]
    return replace(specification, rules=tuple(rules), targets=tuple(targets))


def _apply(rule: Rule, changes: Sequence[Change]) -> Rule | None:
    for change in changes:
        if change.side == "drop":
            return None
        if isinstance(rule, Sum):
            low, high = (
                (change.after, rule.maximum) if change.side == "minimum" else (rule.minimum, change.after)
            )
            rule = replace(rule, minimum=low, maximum=high)
        elif isinstance(rule, _RANGES) and change.side == "minimum":
            rule = replace(rule, minimum=round(change.after))
        elif isinstance(rule, _RANGES | PerValue | Use | Earlier):
            rule = replace(rule, maximum=round(change.after))
    return rule


def _prices(pool: Pool, specification: Specification) -> _Prices:
    price, whole = [], []
    for rule in specification.rules:
        if isinstance(rule, Sum):
            values = np.abs(pool.numbers(rule.attribute))
            unit = float(np.median(values[values > 0])) if (values > 0).any() else 1.0
            price.append(SUM_UNITS / unit)
        else:
            price.append(DROP_PRICE if _is_dropped(rule) else PRICES.get(type(rule), 1.0))
        if getattr(rule, "structural", False):
            price[-1] *= STRUCTURAL_PRICE
        whole.append(0.0 if isinstance(rule, Sum) else 1.0)
    for target in specification.targets:
        unit = (target.scale or abs(target.goal) or 1.0) if isinstance(target, Near) else 1.0
        price.append(TOLERANCE_PRICE / unit)
        whole.append(0.0)
    return _Prices(np.array(price), np.array(whole))


def _elastic(
    program: Program, forms: int, copies: int, times: int, prices: _Prices
) -> tuple[Model, tuple[slice, slice, slice]]:
    """Columns: items × copies | moves down | moves up | dropped | cell counts | remainders × copies | extra."""
    caps, program = cap_rows(program, forms), replace(program, across=program.across.without_caps())
    n, names, cells, rows = program.width, len(program.names), program.cells.shape[0], program.rows
    joint = joint_rows(program, forms) if copies > 1 else None
    if joint is None:
        rows = rows.and_(average_rows(program, forms)).and_(caps)
    extra = joint.extra if joint else 0
    pick = sp.csr_array((np.ones(cells), (np.arange(cells), program.cell_owner)), shape=(cells, names))
    start = np.cumsum([0, n * copies, names, names, names, cells, cells * copies, extra])
    width = int(start[-1])
    blocks, lower, upper = [], [], []

    def add(parts: dict[int, sp.csr_array], low: FloatArray, high: FloatArray) -> None:
        """Append rows; ``parts`` maps a starting column to coefficients."""
        height = len(low)
        coo = [sp.coo_array(part) for part in parts.values()]
        row = np.concatenate([part.coords[0] for part in coo])
        column = np.concatenate([part.coords[1] + at for at, part in zip(parts, coo, strict=True)])
        data = np.concatenate([part.data for part in coo])
        blocks.append(sp.csr_array((data, (row, column)), shape=(height, width)))
        lower.append(low)
        upper.append(high)

    def add_movable(rows: Rows, at: dict[int, sp.csr_array], times: int) -> None:
        """Append rows that can be moved at their price; ``at`` maps a starting column to their coefficients."""
        owner = sp.csr_array((rows.give, (np.arange(rows.count), rows.owner)), shape=(rows.count, names))
        for bound, column, sign in ((rows.lower, start[1], 1), (rows.upper, start[2], -1)):
            has = np.flatnonzero(np.isfinite(bound))
            none = np.full(len(has), np.inf)
            parts = {place: sp.csr_array(matrix[has]) for place, matrix in at.items()}
            low, high = (bound[has] * times, none) if sign > 0 else (-none, bound[has] * times)
            add(parts | {int(column): owner[has] * (sign * times)}, low, high)

    for f in range(copies):
        add_movable(rows, {n * f: rows.matrix}, times)
        if cells:
            eye = sp.csr_array(sp.eye_array(cells))
            rest = int(start[5]) + cells * f
            add(
                {n * f: program.cells, int(start[4]): eye * -times, rest: -eye},
                np.zeros(cells),
                np.zeros(cells),
            )
            free = float(times - 1 if copies == 1 else n)
            add({rest: eye, int(start[3]): pick * -free}, np.full(cells, -np.inf), np.zeros(cells))
            add({rest: eye, int(start[3]): pick * free}, np.zeros(cells), np.full(cells, np.inf))
    if copies > 1:
        shared = sp.csr_array(sp.hstack([sp.eye_array(n)] * copies))
        add({0: shared}, np.full(n, -np.inf), use_limits(program, forms))
        add_movable(caps, {0: sp.csr_array(sp.hstack([caps.matrix] * copies))}, forms)
    if joint is not None:
        of_forms, of_extra = joint.rows.matrix[:, : n * copies], joint.rows.matrix[:, n * copies :]
        add_movable(joint.rows, {0: of_forms, int(start[6]): of_extra}, 1)
    most = np.full(width, np.inf)
    most[: n * copies] = np.tile(use_limits(program, forms), copies) if copies == 1 else 1.0
    most[start[3] : start[4]] = 1.0
    least = np.zeros(width)
    least[start[5] : start[6]] = -np.inf
    most[start[6] :] = 1.0
    cost = np.zeros(width)
    for part in (1, 2, 3):
        cost[start[part] : start[part + 1]] = prices.price
    whole = np.ones(width)
    whole[start[1] : start[3]] = np.tile(prices.whole, 2)
    whole[start[6] :] = 0.0
    model = Model(
        cost,
        sp.csr_array(sp.vstack(blocks)),
        np.concatenate(lower),
        np.concatenate(upper),
        least,
        most,
        whole,
    )
    return model, (
        slice(int(start[1]), int(start[2])),
        slice(int(start[2]), int(start[3])),
        slice(int(start[3]), int(start[4])),
    )


def _changes(rule: Rule | Target, down: float, up: float, dropped: float) -> list[Change]:
    found: list[Change] = []
    if isinstance(rule, Sum | _RANGES):
        whole = not isinstance(rule, Sum)
        if down > 1e-6:
            low = float(rule.minimum)
            found.append(Change(rule.name, "minimum", low, low - _tidy(down, whole=whole)))
        if up > 1e-6 and rule.maximum is not None:
            high = float(rule.maximum)
            found.append(Change(rule.name, "maximum", high, high + _tidy(up, whole=whole)))
    elif isinstance(rule, PerValue | Use | Earlier) and rule.maximum is not None:
        if up > 1e-6:
            high = float(rule.maximum)
            found.append(Change(rule.name, "maximum", high, high + _tidy(up, whole=True)))
    elif not hasattr(rule, "goal"):
        if max(down, up, dropped) > 1e-6:
            found.append(Change(rule.name, "drop", 1.0, 0.0))
    elif max(down, up) > 1e-6:
        before = float(getattr(rule, "tolerance", None) or 0.0)
        found.append(Change(rule.name, "tolerance", before, before + _tidy(max(down, up), whole=False)))
    return found


def _is_dropped(rule: Rule | Target) -> bool:
    """Whether a rule has no bound of whole items that could be moved."""
    if isinstance(rule, Use | Earlier):
        return rule.maximum is None
    return not isinstance(rule, Sum | PerValue | Parallel | _RANGES) and not hasattr(rule, "goal")


def _tidy(amount: float, *, whole: bool) -> float:
    """Round up to whole items, or to four significant digits."""
    if whole:
        return float(math.ceil(amount - 1e-6))
    digits = 10.0 ** (math.floor(math.log10(amount)) - 3)
    return math.ceil(amount / digits - 1e-6) * digits
