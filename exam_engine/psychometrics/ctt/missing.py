"""Blank responses: omitted, not reached or not presented, and what each counts as.

The rules, stated once:

* An item that was not presented never counts.
* A blank before a person's last answer is *omitted*: the person passed it by. As a rule it counts as wrong.
* The blanks after the last answer are *not reached*. As a rule they do not count when items are calibrated
  (Lord, 1980, Applications of Item Response Theory, chapter 15), and count as wrong when persons are marked.
* Where it is known which items a person opened, that decides instead: opened and blank is omitted, never opened is
  not reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.ctt.moments import person_blocks
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import MAX_SCORE, check_responses

REACHED_BY_ALMOST_ALL = 0.99
"""Share of the persons who must reach three quarters of the test; Swineford writes "virtually all"."""

REACHED_PART = 0.75
REACHED_LAST = 0.80
"""A test is unspeeded when virtually all reach three quarters of it and 80 % the last item (Swineford, 1974, The Test
Analysis Manual, ETS SR-74-06).
"""


class ResponseState(IntEnum):
    """What a cell of the matrix is."""

    NOT_PRESENTED = 0
    ANSWERED = 1
    OMITTED = 2
    NOT_REACHED = 3


class FirstBlank(StrEnum):
    """What the first of the trailing blanks is."""

    NOT_REACHED = "not_reached"
    """Like the others."""
    OMITTED = "omitted"
    """The person was at it when time ran out (the rule of PISA and TIMSS)."""


class Treatment(StrEnum):
    """What a blank counts as."""

    WRONG = "wrong"
    NOT_PRESENTED = "not_presented"


@dataclass(frozen=True)
class Missing:
    """Which responses are missing, and why.

    Attributes
    ----------
    states : ndarray of int8, shape (n_persons, n_items)
        A `ResponseState` for each response.
    presented, answered, omitted, not_reached : ndarray of int, shape (n_items,)
        Persons by item.
    omitted_of_person, not_reached_of_person, answered_of_person : ndarray of int, shape (n_persons,)
        Items by person.
    omitted_share, not_reached_share : ndarray, shape (n_items,)
        Of those to whom the item was presented; NaN for nobody.
    reached_part_share, reached_last_share : float
        Persons who reached three quarters of their items, and the last of them, in [0, 1].
    is_speeded : bool
        Swineford's rule is broken: time decided for some.
    n_blank_persons : int
        Persons with items who answered none. All of their items are not reached.
    """

    states: NDArray[np.int8]
    presented: NDArray[np.intp]
    answered: NDArray[np.intp]
    omitted: NDArray[np.intp]
    not_reached: NDArray[np.intp]
    answered_of_person: NDArray[np.intp]
    omitted_of_person: NDArray[np.intp]
    not_reached_of_person: NDArray[np.intp]
    omitted_share: FloatArray
    not_reached_share: FloatArray
    reached_part_share: float
    reached_last_share: float
    is_speeded: bool
    n_blank_persons: int


def classify_missing(
    responses: ArrayLike,
    *,
    presented: ArrayLike | None = None,
    order: ArrayLike | None = None,
    opened: ArrayLike | None = None,
    first_blank: FirstBlank = FirstBlank.NOT_REACHED,
) -> Missing:
    """Say of every blank whether it was omitted, not reached or not presented.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, …; negative or NaN is blank.
    presented : array-like of bool, shape (n_items,) or (n_persons, n_items), optional
        Which items each person was given; by default all.
    order : array-like, shape (n_items,) or (n_persons, n_items), optional
        Place at which an item stood, rising; by default the order of the columns.
    opened : array-like of bool, shape (n_persons, n_items), optional
        Whether the person had the item on the screen. With it, order and ``first_blank`` do not matter.
    first_blank : FirstBlank, default not reached
        What the first of the trailing blanks is.

    Returns
    -------
    Missing

    Raises
    ------
    ValueError
        If the shapes do not fit, or an item was answered that was not presented or not opened.

    Notes
    -----
    Without ``opened`` the rule takes it that persons work in the order of the items: who leaves the last item blank on
    purpose counts as not having reached it, and who begins at the end as having omitted the rest.

    Examples
    --------
    >>> found = classify_missing([[1, -1, 0, -1, -1], [1, 1, 0, 1, 0]])
    >>> found.states[0].tolist(), found.omitted, found.not_reached
    ([1, 2, 1, 3, 3], array([0, 1, 0, 0, 0]), array([0, 0, 0, 1, 1]))
    """
    answered = check_responses(responses, highest=MAX_SCORE) >= 0
    shape = answered.shape
    given = _mask(presented, shape, "presented")
    if np.any(answered & ~given):
        raise ValueError("some items were answered by persons to whom they were not presented")
    if opened is None:
        reached = given & _before_end(answered, given, order, first_blank)
    else:
        reached = given & _mask(opened, shape, "opened")
        if np.any(answered & ~reached):
            raise ValueError("some items were answered by persons who did not open them")
    states = np.full(shape, ResponseState.NOT_REACHED, dtype=np.int8)
    states[reached] = ResponseState.OMITTED
    states[answered] = ResponseState.ANSWERED
    states[~given] = ResponseState.NOT_PRESENTED
    omitted, not_reached = reached & ~answered, given & ~reached
    n_given = given.sum(axis=0)
    own, own_reached = given.sum(axis=1), reached.sum(axis=1)
    took = own > 0
    part = float(np.mean(own_reached[took] >= REACHED_PART * own[took])) if took.any() else float("nan")
    last = float(np.mean(own_reached[took] == own[took])) if took.any() else float("nan")
    with np.errstate(invalid="ignore"):
        shares = [mask.sum(axis=0) / n_given for mask in (omitted, not_reached)]
    return Missing(
        states=states,
        presented=n_given,
        answered=answered.sum(axis=0),
        omitted=omitted.sum(axis=0),
        not_reached=not_reached.sum(axis=0),
        answered_of_person=answered.sum(axis=1),
        omitted_of_person=omitted.sum(axis=1),
        not_reached_of_person=not_reached.sum(axis=1),
        omitted_share=shares[0],
        not_reached_share=shares[1],
        reached_part_share=part,
        reached_last_share=last,
        is_speeded=bool(part < REACHED_BY_ALMOST_ALL or last < REACHED_LAST),
        n_blank_persons=int((took & ~answered.any(axis=1)).sum()),
    )


def treat_missing(
    responses: ArrayLike,
    states: ArrayLike,
    *,
    omitted: Treatment = Treatment.WRONG,
    not_reached: Treatment = Treatment.NOT_PRESENTED,
) -> NDArray[np.int8]:
    """Return the responses with their blanks scored, ready for any analysis.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, …; negative or NaN is blank.
    states : array-like, shape (n_persons, n_items)
        As `classify_missing` gives them.
    omitted : Treatment, default wrong
    not_reached : Treatment, default not presented
        For marks that persons are to receive: wrong.

    Returns
    -------
    ndarray of int8, shape (n_persons, n_items)
        Scores; −1 where a response does not count.

    Raises
    ------
    ValueError
        If the shapes differ, or blanks and states contradict each other.

    Examples
    --------
    >>> matrix = [[1, -1, 0, -1, -1]]
    >>> treat_missing(matrix, classify_missing(matrix).states)
    array([[ 1,  0,  0, -1, -1]], dtype=int8)
    """
    matrix = check_responses(responses, highest=MAX_SCORE)
    kinds = np.asarray(states)
    if kinds.shape != matrix.shape:
        raise ValueError("states must have the shape of the responses")
    if not np.array_equal(kinds == ResponseState.ANSWERED, matrix >= 0):
        raise ValueError("states must say ANSWERED where there is a response, and nowhere else")
    scored = matrix.copy()
    for state, treatment in ((ResponseState.OMITTED, omitted), (ResponseState.NOT_REACHED, not_reached)):
        if Treatment(treatment) is Treatment.WRONG:
            scored[kinds == state] = 0
    return scored


def _mask(mask: ArrayLike | None, shape: tuple[int, ...], name: str) -> NDArray[np.bool_]:
    if mask is None:
        return np.ones(shape, dtype=np.bool_)
    given = np.asarray(mask, dtype=np.bool_)
    if given.shape not in (shape, shape[1:]):
        raise ValueError(f"{name} must say yes or no of each item, or of each person and item")
    return np.broadcast_to(given, shape)


def _before_end(
    answered: NDArray[np.bool_], given: NDArray[np.bool_], order: ArrayLike | None, first_blank: FirstBlank
) -> NDArray[np.bool_]:
    """Say which items stand no later than a person's last answer, or one blank after it."""
    shape = answered.shape
    place = np.arange(shape[1]) if order is None else np.asarray(order)
    if place.shape not in (shape, shape[1:]) or place.dtype.kind not in "iu":
        raise ValueError("order must give a whole number to each item, or to each person and item")
    ranked = np.sort(np.broadcast_to(place, shape), axis=1) if place.ndim == 2 else np.sort(place)
    if np.any(np.diff(ranked, axis=-1) == 0):
        raise ValueError("order must not give two items the same place")
    first, beyond = int(place.min()) - 1, np.iinfo(np.int64).max
    place = np.broadcast_to(place, shape)
    before = np.empty(shape, dtype=np.bool_)
    for rows in person_blocks(*shape):
        end = np.where(answered[rows], place[rows], first).max(axis=1)
        if FirstBlank(first_blank) is FirstBlank.OMITTED:
            after = np.where(given[rows] & (place[rows] > end[:, None]), place[rows], beyond).min(axis=1)
            end = np.where((after < beyond) & (end > first), after, end)
        before[rows] = place[rows] <= end[:, None]
    return before
