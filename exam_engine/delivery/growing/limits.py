"""What the rules of a blueprint mean for a test that ends early. No I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from exam_engine.assembly import Count, Distinct, Enemies, Exclude, PerValue, Specification
from exam_engine.assembly.pool import FloatArray, Pool
from exam_engine.assembly.select import select
from exam_engine.assembly.specification import Rule


def in_part(specification: Specification, given: int, length: int) -> Specification:
    """Return what a test of ``length`` items must keep that has ended after ``given``.

    Numbers of items are taken in proportion and rounded outwards, so that 3 to 5 of 40 become 1 to 3 of 20; what may
    occur at most once, enemies and what is excluded hold as they are. Sums, and items that must come, do not bind.
    """
    rules: list[Rule] = []
    part = given / length
    for rule in specification.rules:
        if isinstance(rule, Count) and rule.weight is None:
            low = math.floor(rule.minimum * part + 1e-9)
            high = None if rule.maximum is None else math.ceil(rule.maximum * part - 1e-9)
            rules.append(replace(rule, minimum=low, maximum=high))
        elif isinstance(rule, Distinct) and rule.maximum is None:
            rules.append(replace(rule, minimum=math.floor(rule.minimum * part + 1e-9)))
        elif isinstance(rule, PerValue | Enemies | Exclude):
            rules.append(rule)
    return Specification(rules, max_use=None)


class Balance:
    """Which items bring a test nearest to what its rows want by now.

    Each counted row wants its middle in proportion to the items given; an item is due by the sum of what its rows lack
    (in the manner of Kingsbury & Zara, 1989, Applied Measurement in Education 2, 359–375, over rows that cross).

    Parameters
    ----------
    pool : Pool
    specification : Specification
    length : int
        Of a whole test.
    """

    def __init__(self, pool: Pool, specification: Specification, length: int) -> None:
        rows = [
            (select(pool, rule.where), (rule.minimum + rule.maximum) / 2)
            for rule in specification.rules
            if isinstance(rule, Count) and rule.maximum is not None and rule.minimum > 0 and rule.where
        ]
        self._of = np.array([mask for mask, _ in rows], dtype=np.float64).reshape(len(rows), pool.size)
        self._wanted = np.array([middle for _, middle in rows]) / length

    def due(self, given: Sequence[int]) -> FloatArray:
        """Return how much each item is due, shape (n_items,); more is sooner."""
        lacking = self._wanted * (len(given) + 1) - self._of[:, list(given)].sum(axis=1)
        return np.asarray(lacking @ self._of)
