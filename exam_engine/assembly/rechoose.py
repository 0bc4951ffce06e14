"""Some items of some forms chosen anew, in integer programmes, where swaps find no way (a large neighbourhood search).

Where forms take nearly all of a small pool, hardly any swap keeps every rule, and a form can only come nearer to its
targets when others give it items. Each programme frees all items of two forms, or some of several, beside those that
no form uses, keeps every rule, and makes the deviations of these forms small in sum.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.between import item_limits
from exam_engine.assembly.compile import Program
from exam_engine.assembly.improve import Improver, close_enough
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray, Rows
from exam_engine.assembly.solver import INFEASIBLE, Model, Work, solve

SIZES = {2: 1000.0, 3: 100.0, 4: 60.0}
"""How many used items are free at first, by the number of forms that are chosen anew together."""

SMALLER, LARGER, LEAST = 0.6, 1.2, 20.0
"""Programmes that stay open become smaller; those that can do no better become larger."""

ROUNDS, TRIES = 10, 12
"""Rounds of so many programmes, with swaps after each."""

IN_VAIN = 3
"""Rounds that brought nothing after which the search ends."""

WORTH = 0.001
"""Deviation beyond `close_enough` that is worth programmes of several forms."""

NODES, GAP = 10, 0.5

AIM = 0.8
"""Part of what is near enough at which a deviation costs nothing more."""

STEP = 1e-4
"""What the sum of deviations must gain."""


def rechoose(
    program: Program,
    rows: Rows,
    forms: BoolArray,
    bound: float,
    rng: np.random.Generator,
    work: Work,
    step: Callable[[int], None],
) -> None:
    """Bring forms (n_forms, width), in place, nearer to their aims until all are near enough or nothing helps."""
    if program.across.binds_forms or not program.aims.count:
        return
    sizes = {many: size for many, size in SIZES.items() if many <= len(forms)}
    aims, in_vain = program.aims, 0
    least = aims.deviation(forms @ aims.weights.T)
    for _ in range(ROUNDS):
        if _round(program, rows, forms, bound, sizes, rng, work, step):
            Improver(program, rows, forms, bound, rng).run(step)
        off = aims.deviation(forms @ aims.weights.T)
        in_vain = 0 if off < least else in_vain + 1
        least = min(off, least)
        if in_vain == IN_VAIN or off <= bound + close_enough(program) + WORTH:
            return


def _round(
    program: Program,
    rows: Rows,
    forms: BoolArray,
    bound: float,
    sizes: dict[int, float],
    rng: np.random.Generator,
    work: Work,
    step: Callable[[int], None],
) -> bool:
    """Solve some programmes, whose sizes follow how they ended; tell whether any brought forms nearer."""
    aims = program.aims
    enough, better = bound + close_enough(program), False
    for at in range(TRIES):
        off = np.array([aims.deviation(aims.weights @ form) for form in forms])
        if off.max() <= enough + WORTH or work.used >= work.limit:
            break
        step(at)
        many = list(sizes)[at % len(sizes)]
        worst = int(off.argmax())
        chosen = np.r_[worst, rng.permutation(np.delete(np.arange(len(forms)), worst))[: many - 1]]
        free = _free(program, forms, chosen, int(sizes[many]), rng)
        model = _model(program, rows, forms, chosen, free, AIM * enough + (1 - AIM) * bound, off[chosen])
        found = solve(model, work, nodes=NODES, gap=GAP)
        if found.x is None:
            used = float(forms[chosen, : program.size].sum())
            size = min(sizes[many], used) * (LARGER if found.status == INFEASIBLE else SMALLER)
            sizes[many] = max(LEAST, size)
            continue
        forms[chosen] = found.x[: many * program.width].reshape(many, program.width) > 0.5
        better = True
    return better


def _free(
    program: Program, forms: BoolArray, chosen: IntArray, items: int, rng: np.random.Generator
) -> BoolArray:
    """Return columns that may change: unused items, some of those in the chosen forms, switches but for sets."""
    n = program.size
    free = np.ones(program.width, dtype=bool)
    free[[switch for switch, _ in program.bundles]] = False
    used = np.flatnonzero(forms[chosen, :n].any(axis=0))
    free[:n] = forms[:, :n].sum(axis=0) < item_limits(program, len(forms))[:n]
    free[rng.choice(used, min(items, len(used)), replace=False)] = True
    return free


def _model(
    program: Program,
    rows: Rows,
    forms: BoolArray,
    chosen: IntArray,
    free: BoolArray,
    aim: float,
    off: FloatArray,
) -> Model:
    """Columns: those of the chosen forms, one after the other | the deviation of each."""
    many, width = len(chosen), program.width
    near, low, high = program.aims.within()
    one = sp.vstack([sp.hstack([rows.matrix, sp.csr_array((rows.count, 1))]), near])
    # Each block has its own deviation last; they are moved behind all forms.
    order = np.arange(many * (width + 1)).reshape(many, width + 1)
    order = np.r_[order[:, :-1].ravel(), order[:, -1]]
    blocks = sp.csc_array(sp.block_diag([one] * many))[:, order]
    uses = sp.hstack([sp.eye_array(width)] * many + [sp.csr_array((width, many))])
    cost = np.r_[np.zeros(many * width), np.ones(many)]
    left = item_limits(program, len(forms)) - forms.sum(axis=0) + forms[chosen].sum(axis=0)
    left[program.size :] = many
    now = forms[chosen].astype(float)
    return Model(
        cost,
        sp.csr_array(sp.vstack([blocks, uses, cost[None]])),
        np.r_[np.tile(np.r_[rows.lower, low], many), np.full(width, -np.inf), -np.inf],
        np.r_[np.tile(np.r_[rows.upper, high], many), left, off.sum() - STEP],
        np.r_[np.where(free, 0.0, now).ravel(), np.full(many, min(aim, off.min()))],
        np.r_[np.where(free, 1.0, now).ravel(), np.full(many, off.max())],
        np.r_[np.ones(many * width), np.zeros(many)],
    )
