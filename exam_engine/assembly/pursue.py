"""Forms built towards what is wanted, each together with the average of those to come.

What is to be as large as can be leaves the forms hardly more items than they need, and a form that takes more than its
share takes it from the next. So each is chosen by an integer programme that looks at the form and at the average form
of those after it (the shadow test of van der Linden, 2005), and the larger deviation of the two is made small.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.between import form_rows, use_limits
from exam_engine.assembly.bound import average_form
from exam_engine.assembly.compile import BoolArray, IntArray, Program, Rows
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import Model, Work, solve

FEW = 300
"""A pool of at most this many items is looked at as a whole."""

OTHERS = 100
"""Items beside those of the average form that a form is chosen from: half of them the most wanted, half by chance."""

NEAR = 0.02
"""Goals are only kept within this beyond what the average form reaches, in units of scale: swaps do the rest."""

NODES, GAP = 200, 0.002
"""A form is good enough when its deviation is proven to be this near to the least, in units of scale."""


def build(
    program: Program,
    rows: Rows,
    forms: int,
    rng: np.random.Generator,
    work: Work,
    *,
    guide: FloatArray | None,
    step: Callable[[int], None],
) -> BoolArray | None:
    """Construct the forms in turn, shape (forms, width); None at a dead end.

    ``guide`` is the average form, when it is known already.
    """
    use_left = use_limits(program, forms)
    built = np.zeros((forms, program.width), dtype=bool)
    for f in range(forms):
        step(f)
        if guide is None:
            guide = average_form(program, rows, use_left, forms - f, rng, work, built=built[:f]).x
            if guide is None:
                return None
        room = NEAR + program.aims.deviation(program.aims.weights @ guide)
        found, beside = None, rows.and_(form_rows(program, built[:f], forms - f))
        for many in (OTHERS, program.size):
            usable = _usable(program, use_left, guide, many, rng)
            found = _choose(program, rows, beside, usable, use_left, forms - f - 1, room, work)
            if found is not None or len(usable) == int((use_left > 0).sum()):
                break
        if found is None:
            return None
        built[f] = found
        use_left[: program.size] -= found[: program.size]
        guide = None
    return built


def _usable(
    program: Program, use_left: FloatArray, guide: FloatArray, many: int, rng: np.random.Generator
) -> IntArray:
    """Return the columns to choose from: those of the average form, whole sets, switches, and ``many`` others."""
    n = program.size
    free = np.flatnonzero(use_left > 0)
    if program.size <= max(FEW, many):
        return free.astype(np.int64)
    wanted = (guide > 1e-9) & (use_left > 0)
    wanted[n:] = True
    aims = program.aims
    upward = np.isfinite(aims.low) & ~np.isfinite(aims.high)
    downward = np.isfinite(aims.high) & ~np.isfinite(aims.low)
    sign = np.where(upward, 1.0, np.where(downward, -1.0, 0.0)) / aims.scale
    worth = sign @ aims.weights[:, :n]
    rest = np.flatnonzero(~wanted[:n] & (use_left[:n] > 0))
    best = rest[np.argsort(-worth[rest], kind="stable")[: many // 2]]
    by_chance = rng.choice(rest, min(many // 2, len(rest)), replace=False)
    wanted[best], wanted[by_chance] = True, True
    for _, items in program.bundles:
        if wanted[items].any():
            wanted[items] = use_left[items] > 0
    return np.flatnonzero(wanted).astype(np.int64)


def _choose(
    program: Program,
    rows: Rows,
    beside: Rows,
    usable: IntArray,
    use_left: FloatArray,
    later: int,
    room: float,
    work: Work,
) -> BoolArray | None:
    """Choose a form that fulfils the rows ``beside``.

    Columns: the form | the average of ``later`` forms, if any | their largest deviation | one.
    """
    m, copies = len(usable), 2 if later else 1
    parts = [sp.csr_array(some.matrix.tocsc()[:, usable]) for some in (beside, rows)]
    aims = program.aims
    near, low, high = aims.take(np.flatnonzero(aims.low != aims.high)).within(usable)
    items, off = near[:, :m], near[:, [m]]
    points = np.flatnonzero(aims.low == aims.high)
    goals = sp.csr_array(aims.weights[points][:, usable] / aims.scale[points, None])
    least, most = (end[points] / aims.scale[points] for end in (aims.low, aims.high))
    blocks: list[list[sp.csr_array | None]] = []
    lower: list[FloatArray] = []
    upper: list[FloatArray] = []
    for copy, (part, some) in enumerate(zip(parts[:copies], (beside, rows), strict=False)):
        before, after = [None] * copy, [None] * (copies - copy - 1)
        blocks += [
            [*before, sp.csr_array(one), *after, sp.csr_array((one.shape[0], 1))] for one in (part, goals)
        ]
        blocks.append([*before, sp.csr_array(items), *after, sp.csr_array(off)])
        lower += [some.lower, least - room, low]
        upper += [some.upper, most + room, high]
    if later:
        eye = sp.csr_array(sp.eye_array(m))
        blocks.append([eye, sp.csr_array(later * eye), None])
        lower.append(np.full(m, -np.inf))
        upper.append(use_left[usable])
    matrix = sp.block_array([row for row in blocks if _height(row)], format="csr")
    size = copies * m + 1
    # The solver's gap is relative to the cost: a cost of one beside it makes it a gap in units of scale.
    solution = solve(
        Model(
            np.r_[np.zeros(size - 1), 1.0, 1.0],
            sp.csr_array(sp.hstack([matrix, sp.csr_array((matrix.shape[0], 1))])),
            np.concatenate(lower),
            np.concatenate(upper),
            np.r_[np.zeros(size), 1.0],
            np.r_[np.ones(size - 1), np.inf, 1.0],
            np.r_[np.ones(m), np.zeros(size - m + 1)],
        ),
        work,
        nodes=NODES,
        gap=GAP,
    )
    if solution.x is None:
        return None
    form = np.zeros(program.width, dtype=bool)
    form[usable[np.round(solution.x[:m]) > 0.5]] = True
    return form


def _height(row: list[sp.csr_array | None]) -> int:
    return max(part.shape[0] for part in row if part is not None)
