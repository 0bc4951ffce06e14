"""Similarity of answers from a response model, over all pairs of a room: ω, GBT and M4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from exam_engine.psychometrics.forensics.answers import IntArray, Room, check_option_probabilities
from exam_engine.psychometrics.forensics.binomial import binomial_tail, trinomial_tail
from exam_engine.psychometrics.forensics.pairs import Evaluation, Index, Scope, SimilarityTable, survey
from exam_engine.psychometrics.irt.models import FloatArray

EXACT_BELOW = 0.01
"""A one-count pair whose approximate p-value is not above this gets its exact one."""

EXACT_M4_BELOW = 1e-4
"""The same for the product of M4's two tails, which is about ten times smaller than its p-value there."""

EXACT_M4_PAIRS = 2_000_000
"""In larger rooms that bound falls with the number of pairs, so that about as many pairs get M4's exact tail."""

EXACT_PAIRS = 20_000
"""Up to so many ω or GBT tests in a block everything is exact; for M4 a hundredth of it."""

CASES = 4_096
"""Pairs whose probabilities of matching are held in memory at a time."""

TABLE_OPTIONS = 8
"""Up to so many options all products of two are tabulated: 36 numbers an answer."""

NO_VARIANCE = 1e-12


def omega(
    room: Room, probabilities: ArrayLike, *, scope: Scope | None = None, exact: bool = True
) -> SimilarityTable:
    """Return the ω index of every source and copier: do the copier's answers match the source's too often?

    Parameters
    ----------
    room : Room
    probabilities : array-like, shape (n_persons, n_items, n_options)
        Chance of each option for each person, from a nominal model at the ability estimated from these answers
        (``Items.probability(theta)``) or `option_probabilities`. An ability known from elsewhere makes
        everybody who did better than before resemble the strong.
    scope : Scope, optional
        Pairs, level, correction; by default all pairs, 0.05, Bonferroni.
    exact : bool, default True
        Whether suspicious pairs get the exact tail of the number of matches. False gives the normal tail of
        the publication throughout: in the far tail, where corrected levels lie, it flags too many.

    Returns
    -------
    SimilarityTable
        ``statistic`` is ω.

    Raises
    ------
    ValueError
        If the probabilities do not fit the room or no pair has enough items in common.

    Notes
    -----
    ``ω = (h - Σ P_ci(u_si)) / sqrt(Σ P_ci(u_si) (1 - P_ci(u_si)))`` over the items both answered: ``h``
    matches, ``P_ci(u_si)`` the copier's chance of the option the source chose (Wollack, 1997, Applied
    Psychological Measurement 21, 307–320). Conditional on the source's answers, matches are then independent
    and the exact tail is the generalised binomial; the normal tail serves where it is above 0.01 and there are
    more than 20,000 pairs in a block.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.integers(0, 4, (20, 40)); answers[1, :30] = answers[0, :30]
    >>> table = omega(Room.of(answers, np.zeros(40, int)), np.full((20, 40, 4), 0.25))
    >>> sorted([int(table.source[0]), int(table.copier[0])]), bool(table.is_flagged[0]), table.n_flagged
    ([0, 1], True, 2)
    """
    chance = check_option_probabilities(room, probabilities)
    flat = chance.reshape(room.n_persons, -1)
    spread, chosen = flat * (1.0 - flat), room.chosen()
    every, asked = np.arange(room.n_items), scope or Scope()

    def evaluate(rows: IntArray, tested: NDArray[np.bool_]) -> Evaluation:
        matches = chosen[rows] @ chosen.T
        expected, variance = chosen[rows] @ flat.T, chosen[rows] @ spread.T
        with np.errstate(invalid="ignore", divide="ignore"):
            value = np.where(variance > NO_VARIANCE, (matches - expected) / np.sqrt(variance), np.nan)
        p = np.asarray(ndtr(-value))
        if not exact:
            return Evaluation(p, value, expected, np.zeros(p.shape, dtype=np.bool_))

        def of_pairs(source: IntArray, copier: IntArray) -> FloatArray:
            option = room.answers[source]
            picked = chance[copier[:, None], every, np.maximum(option, 0)]
            return np.where(option >= 0, picked, 0.0)

        suspicious = _exact_where(p, tested, EXACT_BELOW, EXACT_PAIRS)
        _refine(p, suspicious, rows, matches, of_pairs, mid=asked.mid_p)
        return Evaluation(p, value, expected, suspicious)

    return survey(room, Index.OMEGA, evaluate, asked, set())


def gbt(room: Room, probabilities: ArrayLike, *, scope: Scope | None = None) -> SimilarityTable:
    """Return the generalised binomial test of every pair: do two persons' answers match too often?

    Parameters
    ----------
    room : Room
    probabilities : array-like, shape (n_persons, n_items, n_options)
        As for `omega`.
    scope : Scope, optional
        Pairs, level, correction; by default all pairs, 0.05, Bonferroni.

    Returns
    -------
    SimilarityTable
        ``statistic`` is the number of matching answers.

    Raises
    ------
    ValueError
        If the probabilities do not fit the room or no pair has enough items in common.

    Notes
    -----
    The chance that two persons who work alone choose alike is ``Σ_o P_ji(o) P_ki(o)``, and the number of matches
    follows the generalised binomial (van der Linden & Sotaridona, 2006, Journal of Educational and Behavioral
    Statistics 31, 283–304). All pairs get the normal tail with continuity correction from exact mean and variance;
    those not above 0.01, and all in a block of up to 20,000, the exact tail.

    Examples
    --------
    >>> answers = np.zeros((3, 12), int); answers[2, ::2] = 1
    >>> table = gbt(Room.of(answers, np.zeros(12, int)), np.full((3, 12, 2), 0.5))
    >>> table.statistic, table.p_value.round(5)
    (array([12.,  6.,  6.]), array([2.4000e-04, 6.1279e-01, 6.1279e-01]))
    """
    chance = check_option_probabilities(room, probabilities)
    flat, squares, chosen = chance.reshape(room.n_persons, -1), _Squares.of(chance), room.chosen()
    asked = scope or Scope()

    def evaluate(rows: IntArray, tested: NDArray[np.bool_]) -> Evaluation:
        matches = chosen[rows] @ chosen.T
        expected = flat[rows] @ flat.T
        variance = expected - squares.of_rows(rows)
        p = _normal_tail(matches, expected, variance, mid=asked.mid_p)

        def of_pairs(one: IntArray, other: IntArray) -> FloatArray:
            return np.asarray(np.einsum("pio,pio->pi", chance[one], chance[other]), dtype=np.float64)

        suspicious = _exact_where(p, tested, EXACT_BELOW, EXACT_PAIRS)
        _refine(p, suspicious, rows, matches, of_pairs, mid=asked.mid_p)
        return Evaluation(p, matches, expected, suspicious)

    return survey(room, Index.GBT, evaluate, asked, set())


def m4(room: Room, probabilities: ArrayLike, *, scope: Scope | None = None) -> SimilarityTable:
    """Return M4 of every pair: do two persons agree too often in right and in wrong answers together?

    Parameters
    ----------
    room : Room
    probabilities : array-like, shape (n_persons, n_items, n_options)
        As for `omega`.
    scope : Scope, optional
        Pairs, level, correction; by default all pairs, 0.05, Bonferroni.

    Returns
    -------
    SimilarityTable
        ``statistic`` is the joint tail; 1 where the pair was not suspicious enough for the exact one and the
        product of the two tails stands for it (``is_exact`` says which).

    Raises
    ------
    ValueError
        If the probabilities do not fit the room or no pair has enough items in common.

    Notes
    -----
    Each item ends in an identical right answer (chance ``P_ji(key) P_ki(key)``), an identical wrong one
    (``Σ over distractors of P_ji P_ki``) or neither: the generalised trinomial of Maynes (2014, in Kingston & Clark,
    Test Fraud, Routledge, 53–80). How two counts are ordered is defined here: by their joint upper tail
    ``Q(x, y) = P(X ≥ x, Y ≥ y)``, and the p-value is the chance ``P(Q(X, Y) ≤ Q(x, y))``, so that it keeps
    its level; ``Q`` by itself does not. First all pairs get the product ``u`` of the two separate normal tails, which
    bounds ``Q`` from above since the counts exclude each other; where ``u`` is above 0.0001 (less in
    rooms of more than 2,000) and a block has more than 200 pairs, ``u (1 - log u)``, the distribution of a product of
    two p-values, stands for the p-value.

    Examples
    --------
    >>> answers = np.ones((3, 12), int); answers[2, ::2] = 0
    >>> table = m4(Room.of(answers, np.zeros(12, int)), np.full((3, 12, 2), 0.5))
    >>> int(table.n_identical_incorrect[0]), float(table.statistic[0]) == 0.25**12
    (12, True)
    """
    chance = check_option_probabilities(room, probabilities)
    every = np.arange(room.n_items)
    right = chance[:, every, room.key]
    wrong = chance.copy()
    wrong[:, every, room.key] = 0.0
    flat, squares, right_square = wrong.reshape(room.n_persons, -1), _Squares.of(wrong), right**2
    chosen, correct = room.chosen(), room.is_correct.astype(np.float64)
    asked, n_pairs = scope or Scope(), room.n_persons * (room.n_persons - 1) // 2
    below = EXACT_M4_BELOW * min(1.0, EXACT_M4_PAIRS / n_pairs)

    def evaluate(rows: IntArray, tested: NDArray[np.bool_]) -> Evaluation:
        first = correct[rows] @ correct.T
        second = chosen[rows] @ chosen.T - first
        expect_first, expect_second = right[rows] @ right.T, flat[rows] @ flat.T
        spread_first = expect_first - right_square[rows] @ right_square.T
        spread_second = expect_second - squares.of_rows(rows)
        product = _normal_tail(first, expect_first, spread_first, mid=asked.mid_p)
        product *= _normal_tail(second, expect_second, spread_second, mid=asked.mid_p)
        with np.errstate(divide="ignore", invalid="ignore"):
            p = np.where(product > 0, product * (1.0 - np.log(product)), product)
        suspicious = _exact_where(product, tested, below, EXACT_PAIRS // 100)
        tail = np.ones(p.shape)
        at = np.nonzero(suspicious)
        for start in range(0, at[0].size, CASES):
            row, other = at[0][start : start + CASES], at[1][start : start + CASES]
            one = rows[row]
            both_right = (right[one] * right[other]).T
            both_wrong = np.einsum("pio,pio->ip", wrong[one], wrong[other])
            counts = first[row, other].round(), second[row, other].round()
            tail[row, other], p[row, other] = trinomial_tail(both_right, both_wrong, *counts, mid=asked.mid_p)
        return Evaluation(p, tail, expect_first + expect_second, suspicious)

    return survey(room, Index.M4, evaluate, asked, set())


@dataclass(frozen=True)
class _Squares:
    """What ``Σ_i (Σ_o P_jio P_kio)²`` of all pairs is computed from.

    With few options from the table of all products of two options, whose own products are the sums; with many that
    table would not fit, and items follow one another.
    """

    chance: FloatArray
    table: FloatArray | None

    @classmethod
    def of(cls, chance: FloatArray) -> _Squares:
        n_persons, _, n_options = chance.shape
        if n_options > TABLE_OPTIONS:
            return cls(chance, None)
        first, second = np.triu_indices(n_options)
        weight = np.where(first == second, 1.0, np.sqrt(2.0))
        table = chance[:, :, first] * chance[:, :, second] * weight
        return cls(chance, table.reshape(n_persons, -1))

    def of_rows(self, rows: IntArray) -> FloatArray:
        """Return the sums of some persons with everybody, shape (n_rows, n_persons)."""
        if self.table is not None:
            return np.asarray(self.table[rows] @ self.table.T, dtype=np.float64)
        total = np.zeros((rows.size, len(self.chance)))
        for item in range(self.chance.shape[1]):
            total += (self.chance[rows, item] @ self.chance[:, item].T) ** 2
        return total


def _normal_tail(count: FloatArray, expected: FloatArray, variance: FloatArray, *, mid: bool) -> FloatArray:
    """Return the normal upper tail of a count; without variance 1 or 0.

    The correction for continuity stands for the whole chance of the count observed, none for half of it.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        tail = np.asarray(
            ndtr((expected - count + (0.0 if mid else 0.5)) / np.sqrt(np.maximum(variance, 0.0)))
        )
    certain = (count <= np.round(expected)).astype(np.float64)
    return np.asarray(np.where(variance > NO_VARIANCE, tail, certain), dtype=np.float64)


def _exact_where(
    p: FloatArray, tested: NDArray[np.bool_], below: float, everything: int
) -> NDArray[np.bool_]:
    """Return which pairs deserve the exact tail: the suspicious, and all of a small block."""
    with np.errstate(invalid="ignore"):
        return np.asarray(tested & ~np.isnan(p) & ((p <= below) | (tested.sum() <= everything)))


def _refine(
    p: FloatArray,
    where: NDArray[np.bool_],
    rows: IntArray,
    matches: FloatArray,
    of_pairs: Callable[[IntArray, IntArray], FloatArray],
    *,
    mid: bool,
) -> None:
    """Write the exact tails of the pairs in ``where`` into ``p``."""
    at = np.nonzero(where)
    for start in range(0, at[0].size, CASES):
        row, other = at[0][start : start + CASES], at[1][start : start + CASES]
        chance = of_pairs(rows[row], other)
        p[row, other] = binomial_tail(np.clip(chance.T, 0.0, 1.0), matches[row, other].round(), mid=mid)
