"""Honest rooms: how often persons who worked alone are flagged as similar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.forensics.errors.rates import (
    REPLICATIONS,
    ErrorRate,
    Progress,
    Trial,
    error_rates,
)
from exam_engine.psychometrics.forensics.indices import analyse_similarity
from exam_engine.psychometrics.forensics.option_model import (
    draw_answers,
    estimated_abilities,
    estimated_probabilities,
)
from exam_engine.psychometrics.forensics.pairs import Index, Scope
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray


def similarity_errors(
    room: Room,
    items: Items,
    *,
    rng: np.random.Generator,
    indices: Sequence[Index | str] = (Index.OMEGA, Index.GBT, Index.M4, Index.K2),
    scope: Scope | None = None,
    theta: FloatArray | None = None,
    replications: int = REPLICATIONS,
    progress: Progress | None = None,
) -> tuple[ErrorRate, ...]:
    """Return how often the similarity indices flag persons who worked alone, in rooms like this one.

    Parameters
    ----------
    room : Room
        Gives the persons, who answered what, and the pull of the distractors.
    items : Items
        As for `estimated_probabilities`.
    rng : numpy.random.Generator
    indices : sequence of Index
    scope : Scope, optional
        The pairs, level and correction in use.
    theta : ndarray, shape (n_persons,), optional
        Abilities to draw from; by default those the answers show.
    replications : int, default 100
    progress : callable, optional

    Returns
    -------
    tuple of ErrorRate

    Raises
    ------
    ValueError
        If the items do not fit the room, or as the indices themselves.

    Notes
    -----
    Every room is analysed as a real one: abilities and the pull of distractors are estimated again, so that
    persons who agree look able alike, and rates lie below the level.
    The rooms obey the option model; what it leaves out, such as wrong methods taught to a whole class, makes real
    persons agree more than these.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> room = Room.of(rng.integers(0, 4, (30, 40)), np.zeros(40, int))
    >>> rates = similarity_errors(room, Items.dichotomous([1.0] * 40, [1.0] * 40), rng=rng, replications=5)
    >>> [rate.index for rate in rates], all(rate.rate < 0.1 for rate in rates)
    (['omega', 'gbt', 'm4', 'k2'], True)
    """
    asked = scope or Scope()
    ability = estimated_abilities(room, items) if theta is None else theta
    truth = estimated_probabilities(room, items, theta=ability)
    every = replace(asked, correction=Correction.NONE, shown=0)

    def trial(rng: np.random.Generator) -> Mapping[str, Trial]:
        honest = draw_answers(room, truth, rng=rng)
        chance = estimated_probabilities(honest, items)
        tables = [analyse_similarity(honest, index, chance, scope=every) for index in indices]
        return {str(table.index): Trial(table.p_value, table.n_tests) for table in tables}

    return error_rates(
        trial,
        rng=rng,
        replications=replications,
        level=asked.level,
        correction=asked.correction,
        progress=progress,
    )
