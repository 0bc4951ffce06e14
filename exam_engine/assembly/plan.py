"""Which form gets which sets, decided for all forms at once before any of them is built.

Sets that appear whole are what leads later forms into a dead end: whole cases are few and large. The programme holds
all forms side by side with the sets as zeros and ones and all other items in fractions. It is a relaxation: where it
has no solution there are no forms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.compile import Program
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, Rows
from exam_engine.assembly.solver import INFEASIBLE, Model, Work, solve
from exam_engine.assembly.unusable import use_limits

COLUMNS = 3000
"""Size of the programme up to which it is worth its time."""

NODES = 200


@dataclass(frozen=True, eq=False)
class Plan:
    """``columns`` (width,) of sets and which of them each form has, ``chosen`` (forms, width), or None.

    ``proven`` when there is no plan and hence no forms.
    """

    columns: BoolArray
    chosen: BoolArray | None
    proven: bool = False


def is_worth_planning(program: Program, forms: int) -> bool:
    """Whether sets may lead into a dead end that a plan avoids, in useful time."""
    return bool(program.bundles) and 1 < forms <= COLUMNS // program.width


def plan_sets(program: Program, rows: Rows, forms: int, rng: np.random.Generator, work: Work) -> Plan:
    """Divide the sets among the forms.

    Raises
    ------
    WorkExhausted
        If no work is left.
    """
    limits = use_limits(program, forms)
    sets = np.zeros(program.width, dtype=bool)
    for switch, items in program.bundles:
        sets[[switch, *items]] = True
    usable = np.flatnonzero(limits > 0)
    many, whole = len(usable), (sets | (np.arange(program.width) >= program.size))[usable].astype(float)
    one = sp.csr_array(sp.csc_array(rows.matrix)[:, usable])
    matrix = sp.vstack([sp.block_diag([one] * forms), sp.hstack([sp.eye_array(many)] * forms)])
    shared: FloatArray = limits[usable]
    model = Model(
        rng.random(many * forms) * np.tile(whole, forms),
        sp.csr_array(matrix),
        np.r_[np.tile(rows.lower, forms), np.full(many, -np.inf)],
        np.r_[np.tile(rows.upper, forms), shared],
        np.zeros(many * forms),
        np.ones(many * forms),
        np.tile(whole, forms),
    )
    solution = solve(model, work, nodes=NODES, gap=5.0)
    if solution.x is None:
        return Plan(sets, None, proven=solution.status == INFEASIBLE)
    chosen = np.zeros((forms, program.width), dtype=bool)
    chosen[:, usable] = solution.x.reshape(forms, many) > 0.5
    return Plan(sets, chosen & sets)
