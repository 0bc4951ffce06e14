"""What stands behind a flagged pair, item by item, and which flagged pairs belong together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from exam_engine.psychometrics.forensics.answers import IntArray, Room, check_option_probabilities
from exam_engine.psychometrics.forensics.pairs import SimilarityTable
from exam_engine.psychometrics.irt.models import FloatArray


@dataclass(frozen=True)
class PairEvidence:
    """The answers of two persons side by side.

    Attributes
    ----------
    first, second : ndarray of int8, shape (n_items,)
        Options chosen; -1 not answered.
    is_common : ndarray of bool, shape (n_items,)
        Both answered.
    is_identical : ndarray of bool, shape (n_items,)
        Both chose the same option.
    is_identical_wrong : ndarray of bool, shape (n_items,)
        Both chose the same distractor.
    chance : ndarray, shape (n_items,)
        Chance that the two, working alone, would choose alike; NaN where not both answered.
    surprise : ndarray, shape (n_items,)
        ``-log2(chance)`` in bits where they chose alike, 0 elsewhere: the items that speak loudest.
    longest_run : int
        Most items in a row, of those both answered, that are identical.
    longest_run_wrong : int
        Most items in a row, of those both answered and one of them wrong at least, that are identical and wrong.
    """

    first: NDArray[np.int8]
    second: NDArray[np.int8]
    is_common: NDArray[np.bool_]
    is_identical: NDArray[np.bool_]
    is_identical_wrong: NDArray[np.bool_]
    chance: FloatArray
    surprise: FloatArray
    longest_run: int
    longest_run_wrong: int


def pair_evidence(room: Room, probabilities: ArrayLike, first: int, second: int) -> PairEvidence:
    """Return the answers of two persons side by side, with the chance of each agreement.

    Parameters
    ----------
    room : Room
        Items in the order in which they were seen, for the runs to mean something.
    probabilities : array-like, shape (n_persons, n_items, n_options)
        As for ω, GBT and M4.
    first, second : int
        Positions of the persons.

    Returns
    -------
    PairEvidence

    Raises
    ------
    ValueError
        If the positions are not those of two persons of the room, or the probabilities do not fit.

    Notes
    -----
    The chance of agreement is ``Σ_o P_1(o) P_2(o)``, as in the generalised binomial test. Runs are description, not
    tests: they have no p-value here.

    Examples
    --------
    >>> room = Room.of([[0, 1, 2, 1], [0, 1, 2, 0]], key=[0, 1, 1, 1])
    >>> evidence = pair_evidence(room, np.full((2, 4, 3), 1 / 3), 0, 1)
    >>> evidence.longest_run, evidence.is_identical_wrong, evidence.surprise.round(2)
    (3, array([False, False,  True, False]), array([1.58, 1.58, 1.58, 0.  ]))
    """
    persons = range(room.n_persons)
    if first not in persons or second not in persons or first == second:
        raise ValueError(f"first and second must be two different positions from 0 to {room.n_persons - 1}")
    chances = check_option_probabilities(room, probabilities)
    one, other = room.answers[first], room.answers[second]
    common = (one >= 0) & (other >= 0)
    same = common & (one == other)
    wrong = same & (one != room.key)
    chance = np.where(common, (chances[first] * chances[second]).sum(axis=1), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        surprise = np.where(same, -np.log2(chance), 0.0)
    any_wrong = common & ((one != room.key) | (other != room.key))
    return PairEvidence(
        first=one,
        second=other,
        is_common=common,
        is_identical=same,
        is_identical_wrong=wrong,
        chance=chance,
        surprise=surprise + 0.0,
        longest_run=_longest_run(same[common]),
        longest_run_wrong=_longest_run(wrong[any_wrong]),
    )


def rings(table: SimilarityTable) -> tuple[IntArray, ...]:
    """Return the groups of persons that flagged pairs tie together, largest first.

    Parameters
    ----------
    table : SimilarityTable

    Returns
    -------
    tuple of ndarray of int
        Positions of the persons of each group, sorted; two persons or more. In a larger group not every two need be
        flagged, and who began is not told.

    Examples
    --------
    >>> from exam_engine.psychometrics.forensics.similarity import gbt
    >>> answers = np.random.default_rng(1).integers(0, 4, (20, 40)); answers[[3, 8, 11]] = answers[5]
    >>> rings(gbt(Room.of(answers, np.zeros(40, int)), np.full((20, 40, 4), 0.25)))
    (array([ 3,  5,  8, 11]),)
    """
    source, copier = table.source[table.is_flagged], table.copier[table.is_flagged]
    persons, member = np.unique(np.concatenate([source, copier]), return_inverse=True)
    if not persons.size:
        return ()
    one, other = member.reshape(2, -1)
    graph = coo_matrix((np.ones(one.size), (one, other)), shape=(persons.size, persons.size))
    n_rings, label = connected_components(graph, directed=False)
    found = [persons[label == ring] for ring in range(n_rings)]
    return tuple(sorted(found, key=lambda ring: (-ring.size, int(ring[0]))))


def _longest_run(marks: NDArray[np.bool_]) -> int:
    """Return the most true values in a row."""
    ends = np.flatnonzero(np.concatenate([[True], ~marks, [True]]))
    return int(np.diff(ends).max() - 1)
