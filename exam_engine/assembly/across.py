"""What a specification asks beyond a single form, compiled: sums over all forms, pairs, common blocks, caps on use.

None of it is a row of one form; exam_engine.assembly.between makes rows of it for the average form, for a form beside
others, and for all forms in one programme.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from exam_engine.assembly.pool import FloatArray, Pool
from exam_engine.assembly.rows import BoolArray, IntArray, RowBuilder
from exam_engine.assembly.select import select
from exam_engine.assembly.specification import Anchor, Count, Overlap, Rule, Sum, Use


@dataclass(frozen=True, eq=False)
class Total:
    """A sum with ``weight`` (n_items,) over all uses of items, or over the ``different`` items that are used."""

    owner: int
    weight: FloatArray
    lower: float
    upper: float
    different: bool


@dataclass(frozen=True, eq=False)
class Pairs:
    """How many of ``items`` (n_items,) two forms have in common; with ``anchors`` those common to all count, too."""

    owner: int
    items: BoolArray
    lower: float
    upper: float
    anchors: bool


@dataclass(frozen=True, eq=False)
class Block:
    """Items that all forms may share; the switch of an item is on in a form when all forms hold it."""

    owner: int
    items: IntArray
    switches: IntArray


@dataclass(frozen=True, eq=False)
class Cap:
    """In how many forms each item may be, ``most`` (n_items,); infinite where the rule does not speak of it."""

    owner: int
    most: FloatArray


@dataclass(frozen=True, eq=False)
class Across:
    """Everything that is asked beyond a single form."""

    totals: tuple[Total, ...] = ()
    pairs: tuple[Pairs, ...] = ()
    blocks: tuple[Block, ...] = ()
    caps: tuple[Cap, ...] = ()

    @property
    def binds_forms(self) -> bool:
        """Whether a form that is right by itself can be wrong beside others, apart from the use of items."""
        return bool(self.totals or self.pairs)

    def keep(self, owners: Collection[int]) -> Across:
        """Return what some rules ask. Blocks stay: a common item remains free of limits when none is asked for."""
        return replace(
            self,
            totals=tuple(t for t in self.totals if t.owner in owners),
            pairs=tuple(p for p in self.pairs if p.owner in owners),
            caps=tuple(c for c in self.caps if c.owner in owners),
        )

    def limits(self, max_use: int | None, forms: int, size: int) -> FloatArray:
        """Return in how many forms each item may be that is not common to all, shape (size,)."""
        most = np.full(size, float(forms if max_use is None else min(max_use, forms)))
        for cap in self.caps:
            np.minimum(most, cap.most, out=most)
        return most


class AcrossBuilder:
    """Collects what rules ask beyond a single form; an Anchor adds switches and its count to ``rows``."""

    def __init__(self, pool: Pool, rows: RowBuilder, *, allow_empty: bool) -> None:
        self.pool, self.rows, self.allow_empty = pool, rows, allow_empty
        self.totals: list[Total] = []
        self.pairs: list[Pairs] = []
        self.blocks: list[Block] = []
        self.caps: list[Cap] = []

    def add(self, rule: Rule, k: int) -> None:
        """Compile a rule that stands at position ``k``; ValueError where it does not fit the pool."""
        if isinstance(rule, Count | Sum):
            self._add_total(rule, k)
        elif isinstance(rule, Overlap):
            items = self._selected(rule, asks=rule.minimum > 0)
            upper = math.inf if rule.maximum is None else float(rule.maximum)
            self.pairs.append(Pairs(k, items, float(rule.minimum), upper, rule.anchors))
        elif isinstance(rule, Anchor):
            self._add_block(rule, k)
        elif isinstance(rule, Use):
            items = self._selected(rule, asks=False)
            most = (
                np.full(self.pool.size, float(rule.maximum))
                if rule.maximum is not None
                else np.maximum(np.floor(self.pool.numbers(str(rule.attribute))), 0.0)
            )
            self.caps.append(Cap(k, np.where(items, most, math.inf)))

    def build(self) -> Across:
        """Return what was collected."""
        return Across(tuple(self.totals), tuple(self.pairs), tuple(self.blocks), tuple(self.caps))

    def _selected(self, rule: Count | Sum | Overlap | Anchor | Use, *, asks: bool) -> BoolArray:
        items = select(self.pool, rule.where)
        if not items.any() and not asks and not self.allow_empty:
            raise ValueError("the filter selects no item of the pool")
        return items

    def _add_total(self, rule: Count | Sum, k: int) -> None:
        items = self._selected(rule, asks=rule.minimum > 0)
        values = np.ones(self.pool.size) if isinstance(rule, Count) else self.pool.numbers(rule.attribute)
        different = rule.scope == "pool"
        if different and (values[items] < 0).any():
            raise ValueError("the attribute is negative for some items: over different items it must add up")
        upper = math.inf if rule.maximum is None else float(rule.maximum)
        self.totals.append(Total(k, np.where(items, values, 0.0), float(rule.minimum), upper, different))

    def _add_block(self, rule: Anchor, k: int) -> None:
        items = np.flatnonzero(self._selected(rule, asks=rule.minimum > 0)).astype(np.int64)
        switches = np.array([self.rows.switch() for _ in items], dtype=np.int64)
        upper = math.inf if rule.maximum is None else float(rule.maximum)
        self.rows.add(switches, float(rule.minimum), upper, k)
        self.blocks.append(Block(k, items, switches))
