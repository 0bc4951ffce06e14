"""The first solution of an integer programme, sought among the few columns that its linear programme likes.

A form of a small pool near its targets takes the solver most of a second among all items, and a third of that among
the half that is likely to hold one: the items of the fractions, and some more by chance.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.solver import INFEASIBLE, TINY, UNDECIDED, Model, Solution, Work, solve

CHANCES = (0.4, 0.4, 0.5, 0.6)
"""Part of the other columns that is taken in, one time after the other: that few hold none is seen at once."""

NODES = 10
"""Nodes among few columns: a first solution is found at the root, or late."""

ANY = 1e9
"""Relative gap at which the first solution will do."""


def find_first(model: Model, rng: np.random.Generator, work: Work, *, whole: bool) -> Solution:
    """Solve an integer programme whose cost only says which columns to prefer.

    Where few columns hold no solution all are looked at if ``whole``; else that stays undecided.

    Raises
    ------
    WorkExhausted
        If no work is left.
    """
    likes = solve(replace(model, integer=None), work)
    if likes.x is None or model.integer is None:
        return likes
    for chance in CHANCES:
        few = np.flatnonzero((likes.x > TINY) | (rng.random(len(likes.x)) < chance) | (model.integer == 0.0))
        found = solve(_part(model, few), work, nodes=NODES, gap=ANY)
        if found.x is not None:
            x = np.zeros(len(likes.x))
            x[few] = found.x
            return replace(found, x=x)
        if found.status != INFEASIBLE:
            break
    return solve(model, work, gap=ANY) if whole else Solution(UNDECIDED, None, np.inf)


def _part(model: Model, few: npt.NDArray[np.intp]) -> Model:
    """Return the programme of some columns, with all others zero."""
    assert model.integer is not None
    return Model(
        model.cost[few],
        sp.csr_array(model.matrix[:, few]),
        model.lower,
        model.upper,
        model.least[few],
        model.most[few],
        model.integer[few],
    )
