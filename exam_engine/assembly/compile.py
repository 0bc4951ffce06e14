"""Specification → rows over the items of a pool, each row owned by a named rule."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.pool import NO_VALUE, FloatArray, Pool
from exam_engine.assembly.specification import (
    Count,
    Enemies,
    Exclude,
    Include,
    InformationTarget,
    Is,
    Parallel,
    PerValue,
    Rule,
    Specification,
    Sum,
    Where,
)

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """``lower <= matrix @ x <= upper`` for a form ``x``; ``owner[r]`` is the position of row r's name."""

    matrix: sp.csr_array
    lower: FloatArray
    upper: FloatArray
    owner: IntArray

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.lower)


@dataclass(frozen=True, eq=False)
class Program:
    """A compiled specification.

    ``names`` holds the names of rules and then of targets; rows of a tolerance belong to their target.
    ``cells`` (n_cells, n_items) are the combinations of the Parallel rules, ``weights`` (n_targets, n_items)
    the coefficients of the targets with their ``goal`` and ``scale``.
    """

    size: int
    names: tuple[str, ...]
    structural: BoolArray
    rows: Rows
    cells: sp.csr_array
    cell_owner: IntArray
    weights: FloatArray
    goal: FloatArray
    scale: FloatArray
    max_use: int | None

    @property
    def n_targets(self) -> int:
        """Number of targets."""
        return len(self.goal)

    def deviation(self, totals: FloatArray) -> float:
        """Return the largest deviation of target ``totals`` (n_targets,) in units of scale."""
        return float(np.abs((totals - self.goal) / self.scale).max()) if self.n_targets else 0.0

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
        )


@dataclass
class _Builder:
    masks: list[sp.csr_array] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)

    def add(self, coefficients: FloatArray, lower: float, upper: float, owner: int) -> None:
        self.masks.append(sp.csr_array(coefficients[None, :]))  # thousands of points: never kept dense
        self.lower.append(lower)
        self.upper.append(upper)
        self.owner.append(owner)

    def build(self, size: int) -> Rows:
        matrix = sp.vstack(self.masks) if self.masks else _empty(size)
        return Rows(
            sp.csr_array(matrix),
            np.array(self.lower),
            np.array(self.upper),
            np.array(self.owner, dtype=np.int64),
        )


def select(pool: Pool, where: Where) -> BoolArray:
    """Return which items fulfil all conditions, shape (n_items,).

    Raises
    ------
    ValueError
        If the pool lacks an attribute.

    Examples
    --------
    >>> pool = Pool(ids=["i", "j"], categorical={"type": ["single", "multiple"]})
    >>> select(pool, (Is("type", "single"),))
    array([ True, False])
    """
    mask = np.ones(pool.size, dtype=bool)
    for condition in where:
        if isinstance(condition, Is):
            mask &= np.isin(pool.texts(condition.attribute), condition.values)
        else:
            values = pool.numbers(condition.attribute)
            mask &= (values >= condition.low) & (values <= condition.high)
    return mask


def compile_program(pool: Pool, specification: Specification, *, allow_empty: bool = False) -> Program:
    """Compile a specification against a pool; ``allow_empty`` admits filters that select nothing.

    Raises
    ------
    ValueError
        Naming the rule: unknown attribute or id, a filter that selects nothing although nothing is asked of
        it, an information target without item parameters.
    """
    builder, cells = _Builder(), _Builder()
    for k, rule in enumerate(specification.rules):
        try:
            _compile_rule(pool, rule, k, builder, cells, allow_empty=allow_empty)
        except ValueError as error:
            raise ValueError(f"rule {rule.name!r}: {error}") from None
    weights, goal, scale = _compile_targets(pool, specification, builder)
    names = (*(r.name for r in specification.rules), *(t.name for t in specification.targets))
    structural = np.array([bool(getattr(r, "structural", False)) for r in specification.rules], dtype=bool)
    cell_rows = cells.build(pool.size)
    return Program(
        size=pool.size,
        names=names,
        structural=np.r_[structural, np.zeros(len(specification.targets), dtype=bool)],
        rows=builder.build(pool.size),
        cells=cell_rows.matrix,
        cell_owner=cell_rows.owner,
        weights=weights,
        goal=goal,
        scale=scale,
        max_use=specification.max_use,
    )


def _compile_rule(
    pool: Pool, rule: Rule, k: int, rows: _Builder, cells: _Builder, *, allow_empty: bool
) -> None:
    if isinstance(rule, Count | Sum):
        _compile_range(pool, rule, k, rows, allow_empty=allow_empty)
    elif isinstance(rule, PerValue):
        mask, values = select(pool, rule.where), pool.texts(rule.attribute)
        shares, counts = np.unique(values[mask], return_counts=True)
        for value in shares[(counts > rule.maximum) & (shares != NO_VALUE)]:
            rows.add((mask & (values == value)).astype(float), -math.inf, float(rule.maximum), k)
    elif isinstance(rule, Enemies):
        for group in rule.groups:
            rows.add(_indicator(pool, group), -math.inf, 1.0, k)
    elif isinstance(rule, Include):
        rows.add(_indicator(pool, rule.ids), float(len(rule.ids)), math.inf, k)
    elif isinstance(rule, Exclude):
        rows.add(_indicator(pool, rule.ids), -math.inf, 0.0, k)
    else:
        _compile_parallel(pool, rule, k, cells)


def _compile_range(pool: Pool, rule: Count | Sum, k: int, rows: _Builder, *, allow_empty: bool) -> None:
    mask = select(pool, rule.where)
    upper = math.inf if rule.maximum is None else float(rule.maximum)
    if not mask.any() and rule.minimum <= 0 and not allow_empty:
        raise ValueError("the filter selects no item of the pool")
    if isinstance(rule, Count):
        rows.add(mask.astype(float), float(rule.minimum), upper, k)
    else:
        rows.add(mask * pool.numbers(rule.attribute), float(rule.minimum), upper, k)


def _compile_parallel(pool: Pool, rule: Parallel, k: int, cells: _Builder) -> None:
    mask = select(pool, rule.where)
    if not mask.any():
        raise ValueError("the filter selects no item of the pool")
    columns = np.stack([pool.texts(attribute) for attribute in rule.by])
    _, group = np.unique(columns, axis=1, return_inverse=True)
    for g in np.unique(group.ravel()[mask]):
        cells.add((mask & (group.ravel() == g)).astype(float), -math.inf, math.inf, k)


def _compile_targets(
    pool: Pool, specification: Specification, rows: _Builder
) -> tuple[FloatArray, FloatArray, FloatArray]:
    n = len(specification.targets)
    weights, goal, scale = np.zeros((n, pool.size)), np.zeros(n), np.ones(n)
    for t, target in enumerate(specification.targets):
        try:
            if isinstance(target, InformationTarget):
                weights[t] = pool.information([target.theta])[0]
            else:
                weights[t] = pool.numbers(target.attribute) / target.length
        except ValueError as error:
            raise ValueError(f"target {target.name!r}: {error}") from None
        goal[t] = target.goal
        scale[t] = target.scale or abs(target.goal) or 1.0
        if target.tolerance is not None:
            owner = len(specification.rules) + t
            rows.add(weights[t].copy(), target.goal - target.tolerance, target.goal + target.tolerance, owner)
    return weights, goal, scale


def _indicator(pool: Pool, ids: Iterable[str]) -> FloatArray:
    mask = np.zeros(pool.size)
    for name in ids:
        if name not in pool.positions:
            raise ValueError(f"item {name!r} is not in the pool")
        mask[pool.positions[name]] = 1.0
    return mask


def _empty(size: int) -> sp.csr_array:
    return sp.csr_array((0, size))
