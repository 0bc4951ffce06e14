"""Plans of sets that leave room to move: the sums of all forms stay away from the bounds of their rules.

Where forms take nearly all items, the sets decide what all forms hold together. Where that is at the bound of a rule,
each form must be at it, too, and hardly any exchange of items keeps the rule; where it is half an item away, forms may
differ. So the sets are chosen for all forms in one programme that looks at sums alone, which is small: the average is
to be near the aims, and many rules are to have room. A second programme divides these sets among the forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.between import use_limits
from exam_engine.assembly.compile import Program
from exam_engine.assembly.plan import Plan, divide_sets, near_aims, plan_of, side_by_side
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray, Rows
from exam_engine.assembly.solver import Model, Work, solve

FEW = 6
"""Items of a rule below which its room does not count: forms seldom differ in so few."""

ROOM = 1.0
"""Room of a rule, in items of a form, beyond which more brings nothing."""

MEAN, EACH = 0.125, 0.25
"""Deviation of the average, and of each form with items in fractions, as parts of that of a form of whole items."""

NODES, GAP = 50, 0.01
"""Of the programme that looks at sums alone."""

ALL_NODES, ALL_GAP = 200, 0.1
"""Of the programme of all forms."""

FIRST, TRIES, PLANS, OTHERS = 3, 8, 6, 1
"""Choices of sets of which one can be divided or there are no more, choices of sets altogether, those of them that are
yielded, and how many sets each leaves out of every one before."""

ROUNDING = 1e-6


def supple_plans(program: Program, forms: int, within: float, bound: float, work: Work) -> Iterator[Plan]:
    """Yield plans whose sums over all forms leave room in the rules, the one with most room first.

    ``within`` is the deviation of a form above the ``bound``, in units of scale.

    Raises
    ------
    WorkExhausted
        If no work is left.
    """
    n, sets = program.size, [switch for switch, _ in program.bundles]
    before, found = np.zeros((0, program.width)), 0
    for at in range(TRIES):
        if found == PLANS or (at >= FIRST and not found):
            return
        uses = _choose(program, forms, bound + MEAN * within, before, work)
        if uses is None:
            return
        limits = np.r_[use_limits(program, forms)[:n], uses[n:]]
        plan = divide_sets(program, forms, limits, bound + EACH * within, work)
        if plan.chosen is not None:
            yield plan
            found += 1
        other = np.zeros(program.width)
        other[sets] = uses[sets]
        before = np.vstack([before, other])


def supple_together(program: Program, forms: int, within: float, bound: float, work: Work) -> Iterator[Plan]:
    """Yield a plan with much room that was found in one programme of all forms: slow, where others cannot be divided.

    Raises
    ------
    WorkExhausted
        If no work is left.
    """
    width = program.width
    rows, room = (
        program.rows.and_(near_aims(program, bound + within)),
        _room(program, forms, bound + MEAN * within),
    )
    zero = np.zeros(forms * width)
    most = np.tile(np.minimum(1.0, use_limits(program, forms)), forms)
    whole = np.tile(np.arange(width) >= program.size, forms).astype(float)
    model = side_by_side(program, rows, forms, zero, zero, most, whole)
    plain = sp.csr_array((model.matrix.shape[0], room.count))
    uses = sp.hstack([room.matrix[:, :width]] * forms + [room.matrix[:, width:]])
    solution = solve(
        Model(
            np.r_[zero, -np.ones(room.count)],
            sp.csr_array(sp.vstack([sp.hstack([model.matrix, plain]), uses])),
            np.r_[model.lower, room.lower],
            np.r_[model.upper, room.upper],
            np.zeros(len(zero) + room.count),
            np.r_[most, room.most],
            np.r_[whole, np.zeros(room.count)],
        ),
        work,
        nodes=ALL_NODES,
        gap=ALL_GAP,
    )
    if solution.x is not None:
        yield plan_of(program, solution.x[: len(zero)].reshape(forms, width))


def _choose(program: Program, forms: int, mean: float, before: FloatArray, work: Work) -> FloatArray | None:
    """Return how often all forms use each column: sets in whole numbers, items in fractions. None when none was found.

    ``before`` (n_choices, width) are uses of sets that must not come again.
    """
    rows, n, width = program.rows, program.size, program.width
    room = _room(program, forms, mean)
    whole = _is_whole(rows)
    low = np.where(whole, np.ceil(rows.lower - ROUNDING), rows.lower)
    high = np.where(whole, np.floor(rows.upper + ROUNDING), rows.upper)
    held: sp.csr_array = sp.csr_array((before > 0).astype(np.float64))
    beside = sp.csr_array(sp.vstack([rows.matrix, held]))
    plain = sp.csr_array((beside.shape[0], room.count))
    solution = solve(
        Model(
            np.r_[np.zeros(width), -np.ones(room.count)],
            sp.csr_array(sp.vstack([sp.hstack([beside, plain]), room.matrix])),
            np.r_[forms * low, np.full(len(before), -np.inf), room.lower],
            np.r_[forms * high, before.sum(axis=1) - OTHERS, room.upper],
            np.zeros(width + room.count),
            np.r_[use_limits(program, forms), room.most],
            np.r_[np.zeros(n), np.ones(width - n), np.zeros(room.count)],
        ),
        work,
        nodes=NODES,
        gap=GAP,
    )
    return None if solution.x is None else np.r_[solution.x[:n], np.round(solution.x[n:width])]


@dataclass(frozen=True, eq=False)
class _Room:
    """Rows over uses of columns by all forms, and then over the room of ``count`` rules, each up to ``most``."""

    matrix: sp.csr_array
    lower: FloatArray
    upper: FloatArray
    most: FloatArray

    @property
    def count(self) -> int:
        return len(self.most)


def _room(program: Program, forms: int, mean: float) -> _Room:
    """Keep the average this near to the aims, and say how far from their bounds sums of items stay."""
    rows, near = program.rows, near_aims(program, mean)
    some, unit = _rules_with_room(rows, use_limits(program, forms)[: program.size], program.size, forms)
    sums = sp.csr_array(sp.diags_array(1.0 / (forms * unit)) @ rows.matrix[some])
    lower, upper = rows.lower[some] / unit, rows.upper[some] / unit
    eye, endless = sp.csr_array(sp.eye_array(len(some))), np.full(len(some), np.inf)
    blocks: list[list[sp.csr_array | None]] = [
        [sp.csr_array(near.matrix / forms), None],
        [sums, -eye],
        [sums, eye],
    ]
    return _Room(
        sp.csr_array(sp.block_array(blocks)),
        np.r_[near.lower, lower, -endless],
        np.r_[near.upper, endless, upper],
        np.minimum(ROOM, (upper - lower) / 2),
    )


def _rules_with_room(rows: Rows, limits: FloatArray, n: int, forms: int) -> tuple[IntArray, FloatArray]:
    """Return rows of items that can be broken and are not exact, and what an item of each counts on average."""
    items = sp.csr_array(rows.matrix[:, :n])
    many = np.diff(items.indptr)
    size = np.asarray(abs(items).sum(axis=1)).ravel() / np.maximum(many, 1)
    wide = (rows.upper - rows.lower > ROUNDING) & (many >= FEW) & (many == np.diff(rows.matrix.indptr))
    most, least = items.maximum(0) @ limits, items.minimum(0) @ limits
    risky = (most > forms * rows.upper) | (least < forms * rows.lower)
    some = np.flatnonzero(wide & risky & (size > 0))
    return some.astype(np.int64), size[some]


def _is_whole(rows: Rows) -> BoolArray:
    """Tell which rows have whole coefficients, so that their bounds may be rounded."""
    fractions = rows.matrix.data != np.round(rows.matrix.data)
    broken = np.bincount(np.repeat(np.arange(rows.count), np.diff(rows.matrix.indptr)), fractions, rows.count)
    return np.asarray(broken == 0)
