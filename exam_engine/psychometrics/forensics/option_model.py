"""The chance of each option at the abilities that the answers themselves show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from exam_engine.psychometrics.forensics.ability import Curves, check_scores, weighted_likelihood
from exam_engine.psychometrics.forensics.answers import Room, option_probabilities
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray


def estimated_abilities(room: Room, items: Items) -> FloatArray:
    """Return the weighted likelihood ability of each person, 0 for one who answered nothing.

    Parameters
    ----------
    room : Room
    items : Items
        Scored 0 or 1, or with a category for each option (nominal).

    Returns
    -------
    ndarray, shape (n_persons,)
        In logits.

    Raises
    ------
    ValueError
        If the items do not fit the room.

    Examples
    --------
    >>> room = Room.of([[0] * 5, [1] * 5], key=[0] * 5)
    >>> estimated_abilities(room, Items.dichotomous([1.0] * 5, [0.0] * 5)).round(2)
    array([ 2.4, -2.4])
    """
    observed = room.scored if np.all(items.highest == 1) else room.answers
    theta, _ = weighted_likelihood(Curves.of(items), check_scores(items, observed))
    return np.nan_to_num(theta, nan=0.0)


def estimated_probabilities(room: Room, items: Items, *, theta: FloatArray | None = None) -> FloatArray:
    """Return the chance of each option for each person, ready for ω, GBT and M4.

    Parameters
    ----------
    room : Room
    items : Items
        Scored 0 or 1: distractors then share by popularity, see `option_probabilities`. Or nominal, category k for
        option k: then the model's own probabilities.
    theta : ndarray, shape (n_persons,), optional
        Abilities in logits; by default those of `estimated_abilities`.

    Returns
    -------
    ndarray, shape (n_persons, n_items, n_options)

    Raises
    ------
    ValueError
        If the items do not fit the room.

    Examples
    --------
    >>> room = Room.of([[0, 1], [2, 1]], key=[0, 1])
    >>> estimated_probabilities(room, Items.dichotomous([1.0, 1.0], [0.0, 0.0])).sum(axis=2)
    array([[1., 1.],
           [1., 1.]])
    """
    ability = estimated_abilities(room, items) if theta is None else theta
    if np.all(items.highest == 1):
        return option_probabilities(room, items, ability)
    check_scores(items, room.answers)
    chance = items.probability(ability)
    beyond = room.n_options - chance.shape[2]
    return np.pad(chance, ((0, 0), (0, 0), (0, max(beyond, 0))))[:, :, : room.n_options]


def draw_answers(room: Room, probabilities: FloatArray, *, rng: np.random.Generator) -> Room:
    """Return the room with answers drawn anew, each person alone; who answered what stays.

    Parameters
    ----------
    room : Room
    probabilities : ndarray, shape (n_persons, n_items, n_options)
    rng : numpy.random.Generator

    Examples
    --------
    >>> room = Room.of([[0, -1], [0, 1]], key=[0, 1])
    >>> certain = np.zeros((2, 2, 2)); certain[:, :, 1] = 1.0
    >>> draw_answers(room, certain, rng=np.random.default_rng(1)).answers
    array([[ 1, -1],
           [ 1,  1]], dtype=int8)
    """
    bound = np.cumsum(probabilities, axis=2)[:, :, :-1]
    drawn = (rng.random((room.n_persons, room.n_items, 1)) >= bound).sum(axis=2)
    return replace(room, answers=np.where(room.is_answered, drawn, -1).astype(np.int8))
