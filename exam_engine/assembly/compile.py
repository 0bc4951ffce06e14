"""Specification → rows over the items of a pool, each row owned by a named rule.

A form is a vector of zeros and ones over *columns*: first the items of the pool, then *switches*, which say that a set
of items is used, a value is covered, a condition applies. Swapping items leaves the switches as they are, so that every
rule stays a linear row for the local search, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.across import Across, AcrossBuilder
from exam_engine.assembly.aims import Aims, AimsBuilder
from exam_engine.assembly.pool import NO_VALUE, FloatArray, Pool
from exam_engine.assembly.rows import BoolArray, IntArray, RowBuilder, Rows
from exam_engine.assembly.select import positions, select
from exam_engine.assembly.specification import (
    Count,
    Distinct,
    Earlier,
    Enemies,
    Exclude,
    If,
    Include,
    Near,
    Parallel,
    PerValue,
    Rule,
    Sets,
    Share,
    Specification,
    Sum,
    is_across,
)
from exam_engine.assembly.unusable import unusable_columns

__all__ = ["BoolArray", "IntArray", "Program", "Rows", "compile_program", "select"]


@dataclass(frozen=True, eq=False)
class Program:
    """A compiled specification.

    ``size`` counts the items and ``switches`` the columns after them. ``names`` holds the names of ``n_rules`` rules
    and then of targets; rows of a tolerance belong to their target. ``cells`` (n_cells, width) are the combinations of
    the Parallel rules, ``aims`` the targets and soft rules.
    """

    size: int
    switches: int
    names: tuple[str, ...]
    n_rules: int
    structural: BoolArray
    rows: Rows
    cells: sp.csr_array
    cell_owner: IntArray
    aims: Aims
    max_use: int | None
    bundles: tuple[tuple[int, IntArray], ...] = ()
    """Switch and items of each set that is used together."""
    across: Across = field(default_factory=Across)
    """What is asked beyond a single form: no rows of it are in ``rows``."""

    @property
    def width(self) -> int:
        """Number of columns: items and switches."""
        return self.size + self.switches

    @cached_property
    def unusable(self) -> BoolArray:
        """Columns of sets that no form can hold, shape (width,)."""
        return unusable_columns(self.rows, self.bundles)

    def with_cells(self, counts: FloatArray | None, rows: Rows | None = None) -> Rows:
        """Return ``rows`` (all by default) with each cell holding exactly ``counts``."""
        rows = self.rows if rows is None else rows
        if counts is None or not self.cells.shape[0]:
            return rows
        return Rows(
            sp.csr_array(sp.vstack([rows.matrix, self.cells])),
            np.r_[rows.lower, counts],
            np.r_[rows.upper, counts],
            np.r_[rows.owner, self.cell_owner],
            np.r_[rows.give, np.zeros(len(counts))],
        )


def compile_program(pool: Pool, specification: Specification, *, allow_empty: bool = False) -> Program:
    """Compile a specification against a pool; ``allow_empty`` admits filters that select nothing.

    Raises
    ------
    ValueError
        Naming the rule: unknown attribute or id, a filter that selects nothing although nothing is asked of
        it, an information target without item parameters.
    """
    rows, cells, aims = RowBuilder(pool.size), RowBuilder(pool.size), AimsBuilder(pool)
    across = AcrossBuilder(pool, rows, allow_empty=allow_empty)
    for k, rule in enumerate(specification.rules):
        try:
            if is_across(rule):
                across.add(rule, k)
                continue
            _compile_rule(pool, rule, k, rows, cells, aims, allow_empty=allow_empty)
        except ValueError as error:
            raise ValueError(f"rule {rule.name!r}: {error}") from None
    _compile_targets(specification, rows, aims)
    width = pool.size + rows.switches
    names = (*(r.name for r in specification.rules), *(t.name for t in specification.targets))
    structural = np.array([bool(getattr(r, "structural", False)) for r in specification.rules], dtype=bool)
    cell_rows = cells.build(width)
    return Program(
        size=pool.size,
        switches=rows.switches,
        names=names,
        n_rules=len(specification.rules),
        structural=np.r_[structural, np.zeros(len(specification.targets), dtype=bool)],
        rows=rows.build(width),
        cells=cell_rows.matrix,
        cell_owner=cell_rows.owner,
        aims=aims.build(width),
        max_use=specification.max_use,
        bundles=tuple(rows.bundles),
        across=across.build(),
    )


def _compile_rule(
    pool: Pool,
    rule: Rule,
    k: int,
    rows: RowBuilder,
    cells: RowBuilder,
    aims: AimsBuilder,
    *,
    allow_empty: bool,
) -> None:
    if isinstance(rule, Count | Sum):
        _compile_range(pool, rule, k, rows, aims, allow_empty=allow_empty)
    elif isinstance(rule, Share):
        _compile_share(pool, rule, k, rows, aims, allow_empty=allow_empty)
    elif isinstance(rule, Distinct):
        _compile_distinct(pool, rule, k, rows, aims)
    elif isinstance(rule, Sets):
        _compile_sets(pool, rule, k, rows, allow_empty=allow_empty)
    elif isinstance(rule, If):
        _compile_if(pool, rule, k, rows)
    elif isinstance(rule, PerValue):
        for _, items in _groups(pool, rule.attribute, select(pool, rule.where)):
            if len(items) > rule.maximum:
                rows.add(items, -math.inf, float(rule.maximum), k)
    elif isinstance(rule, Enemies):
        for group in rule.groups:
            rows.add(positions(pool, group), -math.inf, 1.0, k)
    elif isinstance(rule, Include):
        rows.add(positions(pool, rule.ids), float(len(rule.ids)), math.inf, k)
    elif isinstance(rule, Exclude):
        rows.add(positions(pool, rule.ids), -math.inf, 0.0, k)
    elif isinstance(rule, Earlier):
        _compile_earlier(pool, rule, k, rows)
    elif isinstance(rule, Parallel):
        _compile_parallel(pool, rule, k, cells)
    else:
        raise TypeError(f"no rows for {type(rule).__name__}")


def _ask(
    rule: Count | Sum | Share | Distinct,
    k: int,
    rows: RowBuilder,
    aims: AimsBuilder,
    places: npt.ArrayLike,
    lower: float,
    upper: float,
    values: npt.ArrayLike = 1.0,
    *,
    give: float = 1.0,
) -> None:
    """Write down a bound: as a row, or as an aim where the rule is soft."""
    if rule.weight is None:
        rows.add(places, lower, upper, k, values, give=give)
    else:
        aims.add(rule.name, k, rule.priority, places, values, lower, upper, scale=1.0 / rule.weight)


def _compile_range(
    pool: Pool, rule: Count | Sum, k: int, rows: RowBuilder, aims: AimsBuilder, *, allow_empty: bool
) -> None:
    items = np.flatnonzero(select(pool, rule.where))
    upper = math.inf if rule.maximum is None else float(rule.maximum)
    if not items.size and rule.minimum <= 0 and not allow_empty:
        raise ValueError("the filter selects no item of the pool")
    values = 1.0 if isinstance(rule, Count) else pool.numbers(rule.attribute)[items]
    _ask(rule, k, rows, aims, items, float(rule.minimum), upper, values)


def _compile_share(
    pool: Pool, rule: Share, k: int, rows: RowBuilder, aims: AimsBuilder, *, allow_empty: bool
) -> None:
    of = select(pool, rule.of)
    part = of & select(pool, rule.where)
    weight = np.ones(pool.size) if rule.attribute is None else pool.numbers(rule.attribute)
    if (weight[of] < 0).any():
        raise ValueError(f"{rule.attribute!r} is negative for some items: shares are of what adds up")
    if not part.any() and rule.minimum <= 0 and not allow_empty:
        raise ValueError("the filter selects no item of the pool")
    items = np.flatnonzero(of)
    bounds = []
    if rule.minimum > 0:
        bounds.append((rule.minimum, 0.0, math.inf))
    if rule.maximum < 1:
        bounds.append((rule.maximum, -math.inf, 0.0))
    for bound, lower, upper in bounds:
        values = weight[items] * (part[items] - bound)
        _ask(rule, k, rows, aims, items, lower, upper, values, give=float(np.abs(values).sum()))


def _compile_distinct(pool: Pool, rule: Distinct, k: int, rows: RowBuilder, aims: AimsBuilder) -> None:
    switches = []
    for _, items in _groups(pool, rule.attribute, select(pool, rule.where)):
        used = rows.switch()
        switches.append(used)
        if rule.minimum > 0:
            rows.add([*items, used], 0.0, math.inf, k, [*np.ones(len(items)), -1.0], give=0.0)
        if rule.maximum is not None:
            _imply(rows, items, used, k, give=0.0)
    upper = math.inf if rule.maximum is None else float(rule.maximum)
    _ask(rule, k, rows, aims, switches, float(rule.minimum), upper)


def _compile_sets(pool: Pool, rule: Sets, k: int, rows: RowBuilder, *, allow_empty: bool) -> None:
    found = False
    for _, items in _groups(pool, rule.attribute, select(pool, rule.where)):
        found = True
        if rule.minimum is None and len(items) == 1:
            continue
        used = rows.switch()
        rows.bundles.append((used, items))
        least = len(items) if rule.minimum is None else rule.minimum
        most = len(items) if rule.maximum is None else min(rule.maximum, len(items))
        ones = np.ones(len(items))
        rows.add([*items, used], 0.0, math.inf, k, [*ones, -float(least)], give=float(least))
        if most < len(items):
            spare = float(len(items) - most)
            rows.add([*items, used], -math.inf, 0.0, k, [*ones, -float(most)], give=spare)
        _imply(rows, items, used, k, give=1.0)
    if not found and not allow_empty:
        raise ValueError("the filter selects no item of the pool")


def _compile_if(pool: Pool, rule: If, k: int, rows: RowBuilder) -> None:
    given, items = np.flatnonzero(select(pool, rule.given)), np.flatnonzero(select(pool, rule.where))
    applies = rows.switch()
    _imply(rows, given, applies, k, give=0.0)
    ones = np.ones(len(items))
    if rule.minimum > 0:
        rows.add([*items, applies], 0.0, math.inf, k, [*ones, -float(rule.minimum)])
    if rule.maximum is not None and rule.maximum < len(items):
        spare = float(len(items) - rule.maximum)
        rows.add([*items, applies], -math.inf, float(len(items)), k, [*ones, spare])


def _imply(rows: RowBuilder, items: IntArray, switch: int, k: int, *, give: float) -> None:
    """Turn the switch on when any of the items is used; row by row, which is tighter than their sum."""
    for item in items:
        rows.add([item, switch], -math.inf, 0.0, k, [1.0, -1.0], give=give)


def _compile_parallel(pool: Pool, rule: Parallel, k: int, cells: RowBuilder) -> None:
    mask = select(pool, rule.where)
    if not mask.any():
        raise ValueError("the filter selects no item of the pool")
    columns = np.stack([pool.texts(attribute) for attribute in rule.by])
    _, group = np.unique(columns, axis=1, return_inverse=True)
    for g in np.unique(group.ravel()[mask]):
        cells.add(np.flatnonzero(mask & (group.ravel() == g)), -math.inf, math.inf, k)


def _compile_earlier(pool: Pool, rule: Earlier, k: int, rows: RowBuilder) -> None:
    for _, ids in rule.papers:
        in_paper = np.isin(np.arange(pool.size), [pool.positions[i] for i in ids if i in pool.positions])
        if rule.maximum is not None:
            rows.add(np.flatnonzero(in_paper), -math.inf, float(rule.maximum), k)
        else:
            values = in_paper - float(rule.share or 0.0)
            rows.add(np.arange(pool.size), -math.inf, 0.0, k, values, give=float(np.abs(values).sum()))


def _compile_targets(specification: Specification, rows: RowBuilder, aims: AimsBuilder) -> None:
    """Write down the targets, and each tolerance as a rule."""
    for owner, target in enumerate(specification.targets, start=len(specification.rules)):
        try:
            aims.target(target, owner)
        except ValueError as error:
            raise ValueError(f"target {target.name!r}: {error}") from None
        if isinstance(target, Near) and target.tolerance is not None:
            low, high = target.goal - target.tolerance, target.goal + target.tolerance
            rows.add(aims.places[-1], low, high, owner, aims.values[-1])


def _groups(pool: Pool, attribute: str, mask: BoolArray) -> Iterator[tuple[str, IntArray]]:
    """Yield each value of a categorical attribute with the positions of its selected items."""
    texts = pool.texts(attribute)
    chosen = np.flatnonzero(mask & (texts != NO_VALUE))
    order = chosen[np.argsort(texts[chosen], kind="stable")]
    values, starts = np.unique(texts[order], return_index=True)
    for value, items in zip(values, np.split(order, starts[1:]), strict=False):
        if len(items):
            yield str(value), items.astype(np.int64)
