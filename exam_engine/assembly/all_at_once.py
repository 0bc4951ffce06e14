"""All forms of a small problem chosen in one integer programme, where one after the other stays away from the bound.

Swaps and programmes of one form see the others as given; sums over all forms and few items leave them no way. In small
problems the programme of all forms is solved soon, and says what is possible.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.between import item_limits
from exam_engine.assembly.compile import BoolArray, Program, Rows
from exam_engine.assembly.improve import close_enough
from exam_engine.assembly.solver import Model, Work, solve
from exam_engine.assembly.together import is_too_large, joint_rows

COLUMNS = 150
"""Size of the programme up to which it is solved in a moment."""

NODES = 300


def choose_together(
    program: Program, rows: Rows, forms: BoolArray, bound: float, work: Work, *, proves: bool
) -> float:
    """Re-choose, in place, all forms (n_forms, width) of a small problem that are too far off.

    Return the bound, which rises to what the programme proves where ``rows`` hold for any forms (``proves``).
    """
    many, width, aims = len(forms), program.width, program.aims
    off = aims.deviation(forms @ aims.weights.T)
    if many < 2 or off <= bound + close_enough(program) or is_too_large(program, many):
        return bound
    joint = joint_rows(program, many)
    columns = many * width
    if columns + joint.extra > COLUMNS or work.used >= work.limit:
        return bound
    near, low, high = aims.within()
    each = [sp.csr_array((near.shape[0] * many, joint.extra)), sp.vstack([near[:, [width]]] * many)]
    parts = [
        sp.csr_array(sp.block_diag([rows.matrix] * many)),
        sp.csr_array(sp.hstack([sp.eye_array(width)] * many)),
        sp.csr_array(sp.hstack([sp.block_diag([near[:, :width]] * many), *each])),
    ]
    cells = sp.vstack([sp.csr_array((0, columns)), *_alike(program, many)])
    parts.append(sp.csr_array(cells))
    none = np.zeros(cells.shape[0])
    size = columns + joint.extra + 1
    for part in (*parts, joint.rows.matrix):
        part.resize((part.shape[0], size))  # type: ignore[arg-type]
    found = solve(
        Model(
            np.r_[np.zeros(size - 1), 1.0],
            sp.csr_array(sp.vstack([*parts, joint.rows.matrix])),
            np.concatenate(
                [
                    np.tile(rows.lower, many),
                    np.full(width, -np.inf),
                    np.tile(low, many),
                    none,
                    joint.rows.lower,
                ]
            ),
            np.concatenate(
                [
                    np.tile(rows.upper, many),
                    item_limits(program, many),
                    np.tile(high, many),
                    none,
                    joint.rows.upper,
                ]
            ),
            np.r_[np.zeros(size - 1), bound],
            np.r_[np.ones(size - 1), off],
            np.r_[np.ones(columns), np.zeros(size - columns)],
        ),
        work,
        nodes=NODES,
    )
    if found.x is not None:
        chosen = np.round(found.x[:columns]).reshape(many, width) > 0.5
        if aims.deviation(chosen @ aims.weights.T) < off:
            forms[:] = chosen
    return max(bound, min(off, found.bound)) if proves else bound


def _alike(program: Program, many: int) -> Iterator[sp.csr_array]:
    """Yield rows that say, of each form but the first, that it has as many items of each cell as the first."""
    none = sp.csr_array(program.cells.shape)
    for f in range(1, many if program.cells.shape[0] else 0):
        yield sp.csr_array(
            sp.hstack([-program.cells, *([none] * (f - 1)), program.cells, *([none] * (many - f - 1))])
        )
