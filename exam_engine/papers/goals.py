"""Goals that are taken from the bank or from an earlier paper instead of being thought up. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly import Include, Pool, Specification
from exam_engine.assembly.compile import compile_program
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import OPTIMAL, Model, Work, solve
from exam_engine.papers.rules import NoAverageForm

THETAS = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Abilities at which goals are told, beside the cut score."""

DRAWS = 6
"""Average forms over which the goals are averaged: where rules leave a choice, no single one is typical."""

_WORK = 1_000
_SLACK = 1.000001
"""How far above the least use draws may go: solvers round."""


@dataclass(frozen=True)
class Goals:
    """Test information and expected score in marks at abilities."""

    thetas: tuple[float, ...]
    information: tuple[float, ...]
    score: tuple[float, ...]


def goals_of_bank(
    pool: Pool, specification: Specification, thetas: Sequence[float], *, seed: int = 0
) -> Goals:
    """Return what the average form of a bank gives when its items are used as evenly as the rules allow.

    Parameters
    ----------
    pool : Pool
        With item parameters and the attribute ``marks``.
    specification : Specification
        Its targets are left aside.
    thetas : sequence of float
        Abilities, in logits.

    Returns
    -------
    Goals

    Raises
    ------
    NoAverageForm
        If the rules cannot hold together, so that there is no form to average.

    Notes
    -----
    A linear programme finds the smallest share that the most used item of an average form can have; average forms with
    that share are then drawn with random costs, and their mean is again one, since the rules are linear.
    """
    program = compile_program(pool, Specification(specification.rules, max_use=None), allow_empty=True)
    n, width, work = pool.size, program.width, Work(_WORK)
    anchored = {name for rule in specification.rules if isinstance(rule, Include) for name in rule.ids}
    free = np.array([k for k, name in enumerate(pool.ids) if name not in anchored])
    pick = sp.csr_array((np.ones(len(free)), (np.arange(len(free)), free)), shape=(len(free), width))
    column = sp.csr_array(-np.ones((len(free), 1)))
    matrix = sp.block_array([[program.rows.matrix, None], [pick, column]], format="csr")
    even = solve(
        Model(
            np.r_[np.zeros(width), 1.0],
            matrix,
            np.r_[program.rows.lower, np.full(len(free), -np.inf)],
            np.r_[program.rows.upper, np.zeros(len(free))],
            np.zeros(width + 1),
            np.ones(width + 1),
        ),
        work,
    )
    if even.status != OPTIMAL or even.x is None:
        raise NoAverageForm
    most = np.ones(width)
    most[free] = min(1.0, float(even.x[-1]) * _SLACK)
    rng = np.random.default_rng(seed)
    total: FloatArray = np.zeros(n)
    for _ in range(DRAWS):
        cost = np.r_[rng.random(n), np.zeros(width - n)]
        drawn = solve(
            Model(cost, program.rows.matrix, program.rows.lower, program.rows.upper, np.zeros(width), most),
            work,
        )
        total += (even.x if drawn.x is None else drawn.x)[:n] / DRAWS
    return _goals(pool, total, thetas)


def goals_of_paper(pool: Pool, ids: Collection[str], thetas: Sequence[float]) -> Goals:
    """Return what a form of the items ``ids`` of the pool gives."""
    return _goals(pool, np.array([float(name in ids) for name in pool.ids]), thetas)


def _goals(pool: Pool, x: FloatArray, thetas: Sequence[float]) -> Goals:
    information = pool.information(thetas) @ x
    score = pool.probability(thetas) @ (x * pool.numbers("marks"))
    return Goals(tuple(thetas), tuple(float(v) for v in information), tuple(float(v) for v in score))
