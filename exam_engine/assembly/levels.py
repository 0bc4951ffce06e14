"""One priority after the other: what a form reaches for the first becomes a rule for the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.aims import Aims
from exam_engine.assembly.bound import average_form, settle
from exam_engine.assembly.compile import BoolArray, Program, Rows
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import Work
from exam_engine.assembly.unusable import use_limits
from exam_engine.assembly.verify_targets import Aspiration


@dataclass(frozen=True, eq=False)
class Stage:
    """The search for one priority: the program with its aims alone, the bound and the average form."""

    program: Program
    priority: int
    bound: float
    guide: FloatArray | None


def first_stage(whole: Program, forms: int, rng: np.random.Generator, work: Work) -> Stage:
    """Return the stage of the first priority; its bound is infinite when there are no forms."""
    return _stage(whole, whole.rows, next(iter(whole.aims.levels), 1), forms, rng, work)


def next_stage(
    whole: Program,
    stage: Stage,
    rows: Rows,
    built: BoolArray,
    slack: float,
    rng: np.random.Generator,
    work: Work,
) -> tuple[Stage, Rows] | None:
    """Return the stage after one that ended with the forms ``built``, and ``rows`` that keep what they reached.

    None after the last priority. ``slack`` is what each aim may lose, in units of scale.
    """
    later = [level for level in whole.aims.levels if level > stage.priority]
    if not later:
        return None
    rows = rows.and_(_held(stage.program, built, slack))
    return _stage(whole, rows, later[0], len(built), rng, work), rows


def aspirations(aims: Aims) -> Mapping[str, Aspiration]:
    """Return, by label, what was found to be possible for each settled wish."""
    return {
        aims.labels[row]: Aspiration(
            float(aims.low[row] if wish.sign > 0 else aims.high[row]), float(aims.scale[row])
        )
        for wish in aims.wishes
        for row in wish.rows
    }


def _stage(
    whole: Program, rows: Rows, priority: int, forms: int, rng: np.random.Generator, work: Work
) -> Stage:
    program = replace(whole, rows=rows, aims=whole.aims.at_level(priority))
    limits = use_limits(program, forms)
    program, average = settle(program, limits, forms, work)
    if average is None:
        average = average_form(program, rows, limits, forms, rng, work)
    return Stage(program, priority, average.deviation, average.x)


def _held(program: Program, built: BoolArray, slack: float) -> Rows:
    """Return rows that keep the largest deviation that was reached, and that of each soft rule by itself."""
    aims = program.aims
    size = np.abs(aims.off(built @ aims.weights.T)).max(axis=0, initial=0.0)
    reached = np.where(aims.owner < program.n_rules, size, size.max(initial=0.0))
    room = (reached + slack) * aims.scale
    return Rows(
        sp.csr_array(aims.weights), aims.low - room, aims.high + room, aims.owner, np.ones(aims.count)
    )
