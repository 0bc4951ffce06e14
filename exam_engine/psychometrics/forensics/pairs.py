"""Testing all pairs of a room block by block, and the table of the pairs that stand out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.forensics.answers import IntArray, Room
from exam_engine.psychometrics.forensics.flags import LEVEL, Caution, check_level
from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_ITEMS = 40
"""Items below which a table carries a caution: the shortest tests on which the indices were studied (Wollack,
1997, Applied Psychological Measurement 21, 307–320; Sotaridona & Meijer, 2003, Journal of Educational Measurement 40,
53–69).
"""

MINIMUM_COMMON = 10
"""Items two persons must both have answered for their pair to be tested; below, agreement says next to nothing."""

SHOWN = 50
"""Pairs that a table holds at least, flagged or not."""

BLOCK_PERSONS = 256
"""Persons whose pairs with everybody are held in memory at a time."""


class Index(StrEnum):
    """An index of the similarity of two persons' answers."""

    OMEGA = "omega"
    GBT = "gbt"
    M4 = "m4"
    K = "k"
    K1 = "k1"
    K2 = "k2"
    S1 = "s1"

    @property
    def is_directed(self) -> bool:
        """Whether the index tells a source from a copier."""
        return self not in (Index.GBT, Index.M4)


@dataclass(frozen=True)
class Scope:
    """Which pairs are tested, and what is flagged.

    Attributes
    ----------
    pairs : array-like of int, shape (n_pairs, 2), optional
        Positions of the persons of each pair, for instance neighbours; by default all pairs.
    level : float, default 0.05
        Flagged is an adjusted p-value not above it.
    correction : Correction, default ``"bonferroni"``
        Over all the tests made.
    shown : int, default 50
        Pairs that the table holds at least, flagged or not.
    mid_p : bool, default False
        Whether the chance of exactly the agreement observed counts half only: nearer to the level on average, but no
        bound any more. Off, the tails of counts are cautious.
    """

    pairs: ArrayLike | None = None
    level: float = LEVEL
    correction: Correction | str = Correction.BONFERRONI
    shown: int = SHOWN
    mid_p: bool = False

    def __post_init__(self) -> None:
        check_level(self.level)
        Correction(self.correction)
        if self.shown < 0:
            raise ValueError("shown must not be negative")


@dataclass(frozen=True)
class SimilarityTable:
    """The pairs of persons whose answers agree most, most suspicious first.

    Attributes
    ----------
    index : Index
    source, copier : ndarray of int, shape (n_rows,)
        Positions of the persons. An index without direction holds each pair once, the smaller position first.
    n_common : ndarray of int, shape (n_rows,)
        Items both answered.
    n_identical_correct, n_identical_incorrect : ndarray of int, shape (n_rows,)
        Items where both chose the key, and the same distractor.
    statistic : ndarray, shape (n_rows,)
        Omega: standard deviations; GBT: matching answers; M4: the joint tail; K-indices and S1: matching wrong
        answers.
    expected : ndarray, shape (n_rows,)
        Of omega, GBT and M4 the matching answers expected, of the others the matching wrong answers.
    p_value, adjusted_p_value : ndarray, shape (n_rows,)
        Chance of so much agreement between persons who worked alone; the same after the correction.
    reverse_p_value : ndarray, shape (n_rows,)
        With source and copier exchanged; NaN where the index has no direction or that test could not be made. Who
        copied from whom is told, if at all, by two p-values that lie far apart.
    is_exact : ndarray of bool, shape (n_rows,)
        Whether the p-value is the distribution's own, or an approximation used where nothing was suspicious.
    is_flagged : ndarray of bool, shape (n_rows,)
    n_tests, n_untested : int
        Tests made, and tests that could not be made (too few common items, too thin a group, no variance).
    level : float
    correction : Correction
    cautions : tuple of Caution
    """

    index: Index
    source: IntArray
    copier: IntArray
    n_common: IntArray
    n_identical_correct: IntArray
    n_identical_incorrect: IntArray
    statistic: FloatArray
    expected: FloatArray
    p_value: FloatArray
    adjusted_p_value: FloatArray
    reverse_p_value: FloatArray
    is_exact: NDArray[np.bool_]
    is_flagged: NDArray[np.bool_]
    n_tests: int
    n_untested: int
    level: float
    correction: Correction
    cautions: tuple[Caution, ...]

    @property
    def n_flagged(self) -> int:
        return int(self.is_flagged.sum())


@dataclass(frozen=True)
class Evaluation:
    """An index for some persons against everybody, shape (n_rows, n_persons) each; NaN not computable."""

    p_value: FloatArray
    statistic: FloatArray
    expected: FloatArray
    is_exact: NDArray[np.bool_]


Evaluate = Callable[[IntArray, NDArray[np.bool_]], Evaluation]
"""From persons (the sources) and which pairs with everybody are tested to their index."""


@dataclass
class _Kept:
    """The pairs worth keeping so far."""

    level: float
    shown: int
    columns: list[tuple[NDArray[np.float64], ...]] = field(default_factory=list)
    n_tests: int = 0

    def add(self, rows: IntArray, block: Evaluation, tested: NDArray[np.bool_]) -> None:
        p = np.where(tested, block.p_value, np.nan)
        made = ~np.isnan(p)
        self.n_tests += int(made.sum())
        bound = self.level
        if self.shown and made.sum() > self.shown:
            bound = max(bound, float(np.partition(p[made], self.shown - 1)[self.shown - 1]))
        elif self.shown:
            bound = 1.0
        with np.errstate(invalid="ignore"):
            at = np.nonzero(p <= bound)
        values = (block.statistic[at], block.expected[at], p[at], block.is_exact[at].astype(np.float64))
        self.columns.append((rows[at[0]].astype(np.float64), at[1].astype(np.float64), *values))

    def table(self) -> NDArray[np.float64]:
        rows = [np.concatenate(column) for column in zip(*self.columns, strict=True)]
        table = np.stack(rows)
        return table[:, np.lexsort((table[1], table[0], table[4]))]


def survey(
    room: Room, index: Index, evaluate: Evaluate, scope: Scope, cautions: set[Caution]
) -> SimilarityTable:
    """Return the table of an index over the pairs in scope.

    Parameters
    ----------
    room : Room
    index : Index
    evaluate : callable
        See `Evaluate`.
    scope : Scope
    cautions : set of Caution
        What the index already knows; few items are added here.

    Raises
    ------
    ValueError
        If the pairs in scope are no pairs of the room.
    """
    wanted = _wanted(room, scope.pairs, index.is_directed)
    answered = room.is_answered.astype(np.float64)
    kept = _Kept(scope.level, scope.shown)
    n_asked = 0
    for start in range(0, room.n_persons, BLOCK_PERSONS):
        rows = np.arange(start, min(start + BLOCK_PERSONS, room.n_persons))
        asked = wanted(rows)
        if not asked.any():
            continue
        n_asked += int(asked.sum())
        tested = asked & (answered[rows] @ answered.T >= MINIMUM_COMMON)
        kept.add(rows, evaluate(rows, tested), tested)
    if not kept.n_tests:
        raise ValueError(
            f"no pair could be tested: two persons must both have answered {MINIMUM_COMMON} items, with some chance in "
            "their answers, and K needs groups of persons with as many wrong answers as the copier"
        )
    if room.n_items < MINIMUM_ITEMS:
        cautions = cautions | {Caution.FEW_ITEMS}
    if n_asked > kept.n_tests:
        cautions = cautions | {Caution.NOT_COMPUTED}
    return _table(room, index, evaluate, scope, kept, n_asked, tuple(sorted(cautions)))


def _wanted(room: Room, pairs: ArrayLike | None, directed: bool) -> Callable[[IntArray], NDArray[np.bool_]]:
    """Return what says which pairs of some persons with everybody are in scope."""
    everybody = np.arange(room.n_persons)
    if pairs is None:
        if directed:
            return lambda rows: rows[:, None] != everybody
        return lambda rows: rows[:, None] < everybody
    listed = np.asarray(pairs)
    if listed.ndim != 2 or listed.shape[1] != 2 or not len(listed) or listed.dtype.kind not in "iu":
        raise ValueError("pairs must hold two person positions a row, and at least one row")
    if listed.min() < 0 or listed.max() >= room.n_persons or np.any(listed[:, 0] == listed[:, 1]):
        raise ValueError(f"pairs must name two different persons from 0 to {room.n_persons - 1}")
    low, high = listed.min(axis=1), listed.max(axis=1)
    if directed:
        low, high = np.concatenate([low, high]), np.concatenate([high, low])

    def listed_only(rows: IntArray) -> NDArray[np.bool_]:
        mask = np.zeros((rows.size, room.n_persons), dtype=np.bool_)
        here = (low >= rows[0]) & (low <= rows[-1])
        mask[low[here] - rows[0], high[here]] = True
        return mask

    return listed_only


def _table(
    room: Room,
    index: Index,
    evaluate: Evaluate,
    scope: Scope,
    kept: _Kept,
    n_asked: int,
    cautions: tuple[Caution, ...],
) -> SimilarityTable:
    columns = kept.table()
    adjusted = adjusted_p_values(columns[4], correction=scope.correction, n_tests=kept.n_tests)
    flagged = adjusted <= scope.level
    size = max(int(flagged.sum()), min(scope.shown, adjusted.size))
    source, copier = columns[0, :size].astype(np.intp), columns[1, :size].astype(np.intp)
    one, other = room.answers[source], room.answers[copier]
    same = (one == other) & (one >= 0)
    correct = (same & (one == room.key)).sum(axis=1)
    reverse = _reverse(room, evaluate, source, copier) if index.is_directed else np.full(size, np.nan)
    return SimilarityTable(
        index=index,
        source=source,
        copier=copier,
        n_common=np.asarray(((one >= 0) & (other >= 0)).sum(axis=1), dtype=np.intp),
        n_identical_correct=np.asarray(correct, dtype=np.intp),
        n_identical_incorrect=np.asarray(same.sum(axis=1) - correct, dtype=np.intp),
        statistic=columns[2, :size],
        expected=columns[3, :size],
        p_value=columns[4, :size],
        adjusted_p_value=adjusted[:size],
        reverse_p_value=reverse,
        is_exact=columns[5, :size] > 0,
        is_flagged=flagged[:size],
        n_tests=kept.n_tests,
        n_untested=n_asked - kept.n_tests,
        level=scope.level,
        correction=Correction(scope.correction),
        cautions=cautions,
    )


def _reverse(room: Room, evaluate: Evaluate, source: IntArray, copier: IntArray) -> FloatArray:
    """Return the p-values with source and copier exchanged."""
    result = np.full(source.size, np.nan)
    persons = np.unique(copier)
    for start in range(0, persons.size, BLOCK_PERSONS):
        rows = persons[start : start + BLOCK_PERSONS]
        here = np.flatnonzero((copier >= rows[0]) & (copier <= rows[-1]))
        row = np.searchsorted(rows, copier[here])
        tested = np.zeros((rows.size, room.n_persons), dtype=np.bool_)
        tested[row, source[here]] = True
        result[here] = evaluate(rows, tested).p_value[row, source[here]]
    return result
