"""The chance of each option: which distractors draw whom, at the abilities that the answers themselves show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.forensics.ability import Curves, check_scores, weighted_likelihood
from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

SMOOTHING = 1.0
"""Persons of average ability added to each distractor, so that one nobody chose is not held to be impossible."""

SLOPE_SD = 0.7
"""Standard deviation of the prior on how fast a distractor's pull falls or rises, per logit. With thirty wrong answers
the data weigh about as much as this.
"""

STEPS = 200
TOLERANCE = 1e-4


def option_probabilities(
    room: Room,
    items: Items,
    theta: ArrayLike,
    *,
    smoothing: float = SMOOTHING,
    slope_sd: float = SLOPE_SD,
) -> FloatArray:
    """Return the chance of each option from a model of correct answers and the pull of the distractors.

    Parameters
    ----------
    room : Room
        Its wrong answers show the pull.
    items : Items
        Scored 0 or 1, as many as the room has.
    theta : array-like, shape (n_persons,)
        Ability, in logits.
    smoothing : float, default 1
        Persons of average ability added to each distractor, positive.
    slope_sd : float, default 0.7
        Prior standard deviation of a distractor's slope. 0 gives the same shares to weak and strong; where distractors
        draw the weak, as good ones do, the weak then seem to agree too often.

    Returns
    -------
    ndarray, shape (n_persons, n_items, n_options)
        Rows sum to 1.

    Raises
    ------
    ValueError
        If the sizes differ, an item has scores above 1, an ability is not finite, or smoothing or slope_sd is out
        of range.

    Notes
    -----
    ``P(option o) = (1 - P(correct)) exp(c_o + s_o θ) / Σ over distractors``: the nested logit model (Suh & Bolt, 2010,
    Psychometrika 75, 454–473), its distractor part by penalised maximum likelihood given the abilities. The steps use
    the fixed bound of Böhning (1992, Annals of the Institute of Statistical Mathematics 44, 197–200), so that the
    likelihood rises in each. Where a nominal model is calibrated on many persons, its own `Items.probability` is
    the better table.

    Examples
    --------
    >>> room = Room.of([[0, 1], [0, 2], [1, 2]], key=[0, 1])
    >>> items = Items.dichotomous([1.0, 1.0], [0.0, 0.0])
    >>> option_probabilities(room, items, [0.0, 0.0, 0.0], slope_sd=0.0)[0].round(3)
    array([[0.5  , 0.333, 0.167],
           [0.125, 0.5  , 0.375]])
    """
    ability = np.asarray(theta, dtype=np.float64)
    if len(items) != room.n_items or np.any(items.highest != 1):
        raise ValueError(f"items must be {room.n_items}, scored 0 or 1")
    if ability.shape != (room.n_persons,) or not np.all(np.isfinite(ability)):
        raise ValueError(f"theta must hold {room.n_persons} finite values, one a person")
    if not (0.0 < smoothing < np.inf and 0.0 <= slope_sd < np.inf):
        raise ValueError("smoothing must be positive and slope_sd not negative")
    right = items.probability(ability)[:, :, 1]
    chance = np.empty((room.n_persons, room.n_items, room.n_options))
    centred = ability - ability.mean()
    for item in range(room.n_items):
        wrong = np.arange(room.options[item]) != room.key[item]
        options = np.flatnonzero(wrong)
        chosen = room.answers[:, item, None] == options
        who = chosen.any(axis=1)
        shares = _distractors(chosen[who].astype(np.float64), centred[who], smoothing, slope_sd)
        chance[:, item] = 0.0
        chance[:, item, options] = (1.0 - right[:, item, None]) * _softmax(_line(centred) @ shares)
    chance[:, np.arange(room.n_items), room.key] = right
    return chance


def _distractors(chosen: FloatArray, theta: FloatArray, smoothing: float, slope_sd: float) -> FloatArray:
    """Return intercept and slope of each distractor of an item, shape (2, n_distractors)."""
    count = chosen.sum(axis=0) + smoothing
    line = np.stack([np.log(count / count.sum()), np.zeros(count.size)])
    if count.size < 2 or slope_sd == 0.0 or not len(theta):
        return line
    design = _line(theta)
    ridge = np.array([0.0, slope_sd**-2])
    bound = 0.5 * (design.T @ design) + np.diag(ridge)
    bound[0, 0] += 0.5 * smoothing * count.size
    inverse = np.linalg.inv(bound)
    for _ in range(STEPS):
        slope = design.T @ (chosen - _softmax(design @ line)) - ridge[:, None] * line
        slope[0] += smoothing * (1.0 - count.size * _softmax(line[:1])[0])
        step = inverse @ slope
        line = line + step
        if np.abs(step).max() < TOLERANCE:
            break
    return line


def _line(theta: FloatArray) -> FloatArray:
    return np.stack([np.ones(theta.size), theta], axis=1)


def _softmax(logits: FloatArray) -> FloatArray:
    weight = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float64)


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
        Scored 0 or 1: see `option_probabilities` for the distractors. Or nominal, category k for
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
