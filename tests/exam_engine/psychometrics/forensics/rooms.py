"""Rooms of simulated persons for the tests of similarity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

KEY = 1


def honest_room(n_persons: int, n_items: int, *, seed: int, missing: float = 0.0) -> tuple[Room, FloatArray]:
    """Return a room of persons who worked alone, and their chances of each of four options."""
    rng = np.random.default_rng(seed)
    slopes = rng.normal(0, 0.5, (n_items, 3)) + [1.0, 0.0, -0.3]
    items = Items.nominal(slopes, rng.normal(0, 0.5, (n_items, 3)) + [1.2, 0.0, 0.0])
    chance = items.probability(rng.normal(0, 1, n_persons))
    answers = (rng.random((n_persons, n_items, 1)) > chance.cumsum(axis=2)[:, :, :-1]).sum(axis=2)
    answers[rng.random(answers.shape) < missing] = -1
    return Room.of(answers, np.full(n_items, KEY), n_options=4), chance


def with_copier(room: Room, *, source: int, copier: int, n_copied: int) -> Room:
    """Return the room after one person copied the first answers of another."""
    answers = room.answers.copy()
    answers[copier, :n_copied] = answers[source, :n_copied]
    return replace(room, answers=answers)
