"""One priority after the other: what a form reaches for the first becomes a rule for the next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.aims import Aims
from exam_engine.assembly.between import use_limits
from exam_engine.assembly.bound import Average, average_form, settle
from exam_engine.assembly.compile import BoolArray, Program, Rows
from exam_engine.assembly.lattice import can_be_hit
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import Work
from exam_engine.assembly.verify_targets import Aspiration


@dataclass(frozen=True, eq=False)
class Stage:
    """The search for one priority: the program with its aims alone, the bound and the average form.

    ``open`` is the program before common items and counts were chosen for all forms, which bounds every choice; the
    average form is given where nothing was chosen.
    """

    program: Program
    open: Program
    priority: int
    bound: float
    guide: FloatArray | None

    def is_open(self, rows: Rows) -> bool:
        """Whether nothing was chosen for all forms yet, so that what holds for ``rows`` holds for any forms."""
        return self.program.across is self.open.across and rows.count == self.open.rows.count


def first_stage(whole: Program, forms: int, rng: np.random.Generator, work: Work) -> Stage:
    """Return the stage of the first priority; its bound is infinite when there are no forms."""
    priority = next(iter(whole.aims.levels), 1)
    if not can_be_hit(whole):
        return Stage(whole, whole, priority, math.inf, None)
    program, average = _settled(replace(whole, aims=whole.aims.at_level(priority)), forms, rng, work)
    return Stage(program, program, priority, average.deviation, average.x)


def next_stage(
    aims: Aims,
    stage: Stage,
    rows: Rows,
    built: BoolArray,
    slack: float,
    rng: np.random.Generator,
    work: Work,
) -> tuple[Stage, Rows] | None:
    """Return the stage after one that ended with the forms ``built``, and ``rows`` that keep what they reached.

    None after the last priority of all ``aims``. ``slack`` is what each aim may lose, in units of scale.
    """
    later = [level for level in aims.levels if level > stage.priority]
    if not later:
        return None
    held = _held(stage.program, built, slack)
    is_open = stage.is_open(rows)
    rows, open_rows = rows.and_(held), stage.open.rows.and_(held)
    unsettled = replace(stage.open, rows=open_rows, aims=aims.at_level(later[0]))
    open_, average = _settled(unsettled, len(built), rng, work)
    program = open_ if is_open else replace(stage.program, rows=rows, aims=open_.aims)
    guide = average.x if is_open else None
    return Stage(program, open_, later[0], average.deviation, guide), rows


def aspirations(aims: Aims) -> Mapping[str, Aspiration]:
    """Return, by label, what was found to be possible for each settled wish."""
    return {
        aims.labels[row]: Aspiration(
            float(aims.low[row] if wish.sign > 0 else aims.high[row]), float(aims.scale[row])
        )
        for wish in aims.wishes
        for row in wish.rows
    }


def _settled(program: Program, forms: int, rng: np.random.Generator, work: Work) -> tuple[Program, Average]:
    limits = use_limits(program, forms)
    program, average = settle(program, limits, forms, work)
    if average is None:
        average = average_form(program, program.rows, limits, forms, rng, work)
    return program, average


def _held(program: Program, built: BoolArray, slack: float) -> Rows:
    """Return rows that keep the largest deviation that was reached, and that of each soft rule by itself."""
    aims = program.aims
    size = np.abs(aims.off(built @ aims.weights.T)).max(axis=0, initial=0.0)
    reached = np.where(aims.owner < program.n_rules, size, size.max(initial=0.0))
    room = (reached + slack) * aims.scale
    return Rows(
        sp.csr_array(aims.weights), aims.low - room, aims.high + room, aims.owner, np.ones(aims.count)
    )
