"""What goes wrong in real rooms, laid over simulated responses: not reached, guessed, careless, copied, leaked.

Every function returns new responses together with what it did, so that indices can be judged against the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import MAX_SCORE, check_responses


@dataclass(frozen=True)
class Disturbed:
    """Responses after a disturbance, and who and what was touched.

    Attributes
    ----------
    responses : ndarray of int8, shape (n_persons, n_items)
        Scores; −1 not presented (or not reached).
    persons : ndarray of bool, shape (n_persons,)
        Who was disturbed, whether or not a response changed by it.
    cells : ndarray of bool, shape (n_persons, n_items)
        Which responses came about by the disturbance, even where the score is what it would have been.
    """

    responses: NDArray[np.int8]
    persons: NDArray[np.bool_]
    cells: NDArray[np.bool_]


@dataclass(frozen=True)
class Copied:
    """Responses after copying, and who copied what from whom.

    Attributes
    ----------
    responses : ndarray of int8, shape (n_persons, n_items)
    source, copier : ndarray of int, shape (n_pairs,)
        Persons, by position.
    cells : ndarray of bool, shape (n_persons, n_items)
        Which responses of copiers were taken over, even where they agreed already.
    """

    responses: NDArray[np.int8]
    source: NDArray[np.intp]
    copier: NDArray[np.intp]
    cells: NDArray[np.bool_]


def leave_unreached(
    responses: ArrayLike, *, share: float, mean_left: float, rng: np.random.Generator
) -> Disturbed:
    """Let some persons run out of time: the last items presented to them are not reached.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
    share : float
        Probability that a person runs out of time, in [0, 1].
    mean_left : float
        Mean number of items such a person leaves, at least 1 (geometric); at least one response always stays.
    rng : numpy.random.Generator

    Returns
    -------
    Disturbed
        Not-reached responses are −1.

    Examples
    --------
    >>> late = leave_unreached([[1, 1, 0, 1]], share=1.0, mean_left=1.0, rng=np.random.default_rng(1))
    >>> late.responses
    array([[ 1,  1,  0, -1]], dtype=int8)
    """
    matrix = check_responses(responses, highest=MAX_SCORE)
    _check_share(share)
    if not 1.0 <= mean_left < np.inf:
        raise ValueError("mean_left must be at least 1")
    seen = matrix >= 0
    left = np.where(rng.random(len(matrix)) < share, rng.geometric(1.0 / mean_left, len(matrix)), 0)
    left = np.minimum(left, np.maximum(seen.sum(axis=1) - 1, 0))
    behind = np.cumsum(seen[:, ::-1], axis=1)[:, ::-1]
    cells = seen & (behind <= left[:, None])
    return Disturbed(np.where(cells, np.int8(-1), matrix), left > 0, cells)


def guess_blindly(
    responses: ArrayLike,
    *,
    persons: float,
    items: float,
    chance: ArrayLike,
    rng: np.random.Generator,
) -> Disturbed:
    """Let some persons answer some items without reading them.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scored 0 or 1 at the items that may be guessed.
    persons : float
        Probability that a person guesses at all, in [0, 1].
    items : float
        Probability that such a person guesses an item, in [0, 1].
    chance : array-like, a number or shape (n_items,)
        Probability that a guess is right: 1 over the number of options.
    rng : numpy.random.Generator

    Returns
    -------
    Disturbed

    Examples
    --------
    >>> guess_blindly([[0, 1]], persons=1.0, items=1.0, chance=1.0, rng=np.random.default_rng(1)).responses
    array([[1, 1]], dtype=int8)
    """
    matrix = check_responses(responses, highest=MAX_SCORE)
    right = np.asarray(chance, dtype=np.float64)
    if not np.all((right >= 0) & (right <= 1)):
        raise ValueError("chance must lie between 0 and 1")
    who, cells = _choose(matrix, persons, items, rng)
    guessed = (rng.random(matrix.shape) < right).astype(np.int8)
    return Disturbed(np.where(cells, guessed, matrix), who, cells)


def answer_carelessly(
    responses: ArrayLike, *, persons: float, slip: float, rng: np.random.Generator
) -> Disturbed:
    """Let some persons miss items that they would have got right.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
    persons : float
        Probability that a person is careless, in [0, 1].
    slip : float
        Probability that such a person gets score 0 for an item instead of the score they would have had, in [0, 1].
    rng : numpy.random.Generator

    Returns
    -------
    Disturbed

    Examples
    --------
    >>> answer_carelessly([[2, 1]], persons=1.0, slip=1.0, rng=np.random.default_rng(1)).responses
    array([[0, 0]], dtype=int8)
    """
    matrix = check_responses(responses, highest=MAX_SCORE)
    who, cells = _choose(matrix, persons, slip, rng)
    return Disturbed(np.where(cells, np.int8(0), matrix), who, cells)


def know_beforehand(
    responses: ArrayLike,
    *,
    persons: float,
    leaked: ArrayLike,
    success: float = 0.95,
    highest: ArrayLike = 1,
    rng: np.random.Generator,
) -> Disturbed:
    """Let some persons know some items before the exam.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
    persons : float
        Probability that a person has seen the leaked items, in [0, 1].
    leaked : array-like of bool, shape (n_items,)
    success : float, default 0.95
        Probability that such a person gets the highest score for a leaked item; else the response stays as it was.
    highest : array-like of int, a number or shape (n_items,), default 1
        Highest score of an item.
    rng : numpy.random.Generator

    Returns
    -------
    Disturbed

    Examples
    --------
    >>> known = know_beforehand(
    ...     [[0, 0]], persons=1.0, leaked=[True, False], success=1.0, rng=np.random.default_rng(1)
    ... )
    >>> known.responses
    array([[1, 0]], dtype=int8)
    """
    matrix = check_responses(responses, highest=MAX_SCORE)
    out = np.asarray(leaked, dtype=np.bool_)
    if out.shape != (matrix.shape[1],):
        raise ValueError("leaked must hold one value an item")
    who, cells = _choose(matrix, persons, success, rng)
    cells &= out
    best = np.broadcast_to(np.asarray(highest, dtype=np.int8), (matrix.shape[1],))
    return Disturbed(np.where(cells, best, matrix), who, cells)


def copy_answers(
    responses: ArrayLike,
    *,
    n_pairs: int,
    share: float,
    rng: np.random.Generator,
    ability: ArrayLike | None = None,
) -> Copied:
    """Let some persons copy from others: chosen options or scores alike.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores, or option numbers from 0.
    n_pairs : int
        Pairs of source and copier; nobody is in two pairs.
    share : float
        Probability that a copier takes over a response, in [0, 1].
    rng : numpy.random.Generator
    ability : array-like, shape (n_persons,), optional
        When given, the abler of a pair is the source.

    Returns
    -------
    Copied

    Raises
    ------
    ValueError
        If there are not two persons for each pair.

    Examples
    --------
    >>> copied = copy_answers([[0, 0], [1, 1]], n_pairs=1, share=1.0, rng=np.random.default_rng(1), ability=[0, 1])
    >>> copied.responses, copied.source, copied.copier
    (array([[1, 1],
           [1, 1]], dtype=int8), array([1]), array([0]))
    """
    matrix = check_responses(responses, highest=MAX_SCORE)
    _check_share(share)
    if not 0 <= 2 * n_pairs <= len(matrix):
        raise ValueError(f"{n_pairs} pairs need {2 * n_pairs} persons, there are {len(matrix)}")
    source, copier = rng.permutation(len(matrix))[: 2 * n_pairs].reshape(2, n_pairs)
    if ability is not None:
        theta = np.asarray(ability, dtype=np.float64)
        swap = theta[source] < theta[copier]
        source, copier = np.where(swap, copier, source), np.where(swap, source, copier)
    taken = (rng.random((n_pairs, matrix.shape[1])) < share) & (matrix[source] >= 0) & (matrix[copier] >= 0)
    cells = np.zeros(matrix.shape, dtype=np.bool_)
    cells[copier] = taken
    changed = matrix.copy()
    changed[copier] = np.where(taken, matrix[source], matrix[copier])
    return Copied(changed, source, copier, cells)


def hurry(
    seconds: ArrayLike, cells: NDArray[np.bool_], *, rng: np.random.Generator, typical: float = 3.0
) -> FloatArray:
    """Return the times with those of the disturbed responses replaced by quick ones.

    Parameters
    ----------
    seconds : array-like, shape (n_persons, n_items)
    cells : ndarray of bool, shape (n_persons, n_items)
        Such as `Disturbed.cells` of guesses or of leaked items.
    rng : numpy.random.Generator
    typical : float, default 3
        Median of the quick times, in seconds; their logarithm has standard deviation 0.4.

    Returns
    -------
    ndarray, shape (n_persons, n_items)

    Examples
    --------
    >>> hurry([[60.0, 60.0]], np.array([[True, False]]), rng=np.random.default_rng(1)).round(1)
    array([[ 3.4, 60. ]])
    """
    times = np.array(seconds, dtype=np.float64)
    if times.shape != cells.shape or not typical > 0:
        raise ValueError("cells must have the shape of seconds, and typical be positive")
    quick = cells & ~np.isnan(times)
    times[quick] = typical * np.exp(0.4 * rng.standard_normal(int(quick.sum())))
    return times


def _choose(
    matrix: NDArray[np.int8], persons: float, items: float, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    _check_share(persons)
    _check_share(items)
    who = rng.random(len(matrix)) < persons
    return who, who[:, None] & (rng.random(matrix.shape) < items) & (matrix >= 0)


def _check_share(share: float) -> None:
    if not 0.0 <= share <= 1.0:
        raise ValueError("a share must lie between 0 and 1")
