"""What is asked beyond a single form, said exactly, for all forms in one programme: large, for few forms and items."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.across import Pairs, Total
from exam_engine.assembly.between import common_switches
from exam_engine.assembly.compile import Program
from exam_engine.assembly.rows import RowBuilder, Rows

LARGEST = 1_000
"""Columns for common items of pairs beyond which the programme is not decided in useful time."""


@dataclass(frozen=True, eq=False)
class Joint:
    """Rows over the columns of all forms, one form after the other, and then ``extra`` columns from 0 to 1."""

    rows: Rows
    extra: int

    def columns(self, matrix: sp.csr_array) -> sp.csr_array:
        """Return a matrix over the columns of all forms, widened by the extra ones."""
        return sp.csr_array(sp.hstack([matrix, sp.csr_array((matrix.shape[0], self.extra))]))


def is_too_large(program: Program, forms: int) -> bool:
    """Whether the programme of all forms would have too many columns for pairs of forms."""
    items = sum(int(pairs.items.sum()) for pairs in program.across.pairs)
    return items * forms * (forms - 1) // 2 > LARGEST


def joint_rows(program: Program, forms: int) -> Joint:
    """Return the rows of all forms that are asked beyond the single one."""
    width, across = program.width, program.across
    rows = RowBuilder(width * forms)
    own = np.minimum(across.limits(program.max_use, forms, program.size), forms - 1)
    starts = width * np.arange(forms)
    for block in across.blocks:
        for item, switch in zip(block.items.tolist(), block.switches.tolist(), strict=True):
            for start in starts:
                rows.add([start + switch, start + item], -math.inf, 0.0, block.owner, [1, -1], give=0.0)
                if start:
                    rows.add([switch, start + switch], 0.0, 0.0, block.owner, [1, -1], give=0.0)
            values = np.r_[np.ones(forms), own[item] - forms]
            rows.add(np.r_[starts + item, switch], -math.inf, own[item], block.owner, values, give=0.0)
    for total in across.totals:
        _add_total(program, total, forms, rows)
    for pairs in across.pairs:
        _add_pairs(program, pairs, forms, rows)
    return Joint(rows.build(width * forms + rows.switches), rows.switches)


def _add_total(program: Program, total: Total, forms: int, rows: RowBuilder) -> None:
    items = np.flatnonzero(total.weight)
    starts = (program.width * np.arange(forms)).tolist()
    if not total.different:
        places = np.add.outer(starts, items).ravel()
        rows.add(places, total.lower, total.upper, total.owner, np.tile(total.weight[items], forms))
        return
    used = [rows.switch() for _ in items]
    for item, switch in zip(items.tolist(), used, strict=True):
        if math.isfinite(total.upper):
            for start in starts:
                rows.add([start + item, switch], -math.inf, 0.0, total.owner, [1, -1], give=0.0)
        if total.lower > 0:
            values = np.r_[np.ones(forms), -1.0]
            rows.add(
                [*(start + item for start in starts), switch], 0.0, math.inf, total.owner, values, give=0.0
            )
    rows.add(used, total.lower, total.upper, total.owner, total.weight[items])


def _add_pairs(program: Program, pairs: Pairs, forms: int, rows: RowBuilder) -> None:
    """Add a column for each item and pair that says whether the pair has it in common."""
    switch_of = dict(common_switches(program, pairs.items).tolist()) if not pairs.anchors else {}
    items = np.flatnonzero(pairs.items).tolist()
    for g in range(forms):
        for f in range(g):
            both = []
            for item in items:
                at, other = f * program.width + item, g * program.width + item
                both.append(common := rows.switch())
                free = [switch_of[item]] if item in switch_of else []
                if math.isfinite(pairs.upper):
                    values = [1, 1, -1, *[-1] * len(free)]
                    rows.add([at, other, common, *free], -math.inf, 1.0, pairs.owner, values, give=0.0)
                if pairs.lower > 0:
                    rows.add([common, at], -math.inf, 0.0, pairs.owner, [1, -1], give=0.0)
                    rows.add([common, other], -math.inf, 0.0, pairs.owner, [1, -1], give=0.0)
                    for switch in free:
                        rows.add([common, switch], -math.inf, 1.0, pairs.owner, give=0.0)
            rows.add(both, pairs.lower, pairs.upper, pairs.owner)
