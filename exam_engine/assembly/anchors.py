"""The items common to all forms, chosen before the forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from exam_engine.assembly.across import Across, Cap
from exam_engine.assembly.between import use_limits
from exam_engine.assembly.bound import average_form
from exam_engine.assembly.compile import Program
from exam_engine.assembly.rows import BoolArray, IntArray, RowBuilder
from exam_engine.assembly.solver import Work

CHOICES = 3
"""Sets of common items that are tried before all forms are sought in one programme."""


def anchored(program: Program, forms: int, rng: np.random.Generator, work: Work) -> Iterator[Program]:
    """Yield the program with common items chosen, in different ways; the program itself when none are asked for.

    They are those of the average form with whole common items, so that rules and targets stay within reach. Nothing is
    yielded when there are none.
    """
    if not program.across.blocks:
        yield program
        return
    if forms == 1:
        yield _alone(program)
        return
    switches = np.unique(np.concatenate([block.switches for block in program.across.blocks]))
    rows = program.rows
    for _ in range(CHOICES):
        average = average_form(program, rows, use_limits(program, forms), forms, rng, work, whole=switches)
        if average.x is None:
            return
        chosen = switches[average.x[switches] > 0.5]
        yield with_common_items(program, chosen, forms)
        other = RowBuilder(program.size, program.switches)
        signs = np.where(np.isin(switches, chosen), 1.0, -1.0)
        other.add(switches, -np.inf, len(chosen) - 1.0, 0, signs)
        rows = rows.and_(other.build(program.width))


def _alone(program: Program) -> Program:
    """Return the program of one form: every item that it holds is common to all forms."""
    across = program.across
    rows = RowBuilder(program.size, program.switches)
    limits = across.limits(program.max_use, 1, program.size)
    for block in across.blocks:
        limits[block.items] = 1.0
        for item, switch in zip(block.items, block.switches, strict=True):
            rows.add([item, switch], 0.0, 0.0, block.owner, [1.0, -1.0], give=0.0)
    alone = Across(across.totals, (), (), (Cap(-1, limits),))
    return replace(program, rows=program.rows.and_(rows.build(program.width)), max_use=None, across=alone)


def common_items(program: Program, form: BoolArray) -> IntArray:
    """Return the switches that are on in a form (width,)."""
    return np.array(
        [s for block in program.across.blocks for s in block.switches.tolist() if form[s]], dtype=np.int64
    )


def with_common_items(program: Program, chosen: IntArray, forms: int) -> Program:
    """Return the program in which the items of the switches ``chosen`` are in all forms and no others are."""
    across = program.across
    limits = across.limits(program.max_use, forms, program.size)
    common = np.zeros(program.size, dtype=bool)
    rows = RowBuilder(program.size, program.switches)
    for block in across.blocks:
        on = np.isin(block.switches, chosen)
        common[block.items[on]] = True
        for item, switch, is_on in zip(block.items, block.switches, on, strict=True):
            rows.add([switch], float(is_on), float(is_on), block.owner, give=0.0)
            if is_on:
                rows.add([item], 1.0, 1.0, block.owner, give=0.0)
    for block in across.blocks:
        limits[block.items] = np.minimum(limits[block.items], forms - 1)
    limits[common] = forms
    pairs = tuple(p if p.anchors else replace(p, items=p.items & ~common) for p in across.pairs)
    fixed = Across(across.totals, pairs, (), (Cap(-1, limits),))
    return replace(program, rows=program.rows.and_(rows.build(program.width)), max_use=None, across=fixed)
