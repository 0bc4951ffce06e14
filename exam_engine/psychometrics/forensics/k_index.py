"""Similarity of wrong answers without a response model, over all pairs: K, K1, K2 and S1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, pdtrc

from exam_engine.psychometrics.forensics.answers import IntArray, Room
from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.forensics.pairs import Evaluation, Index, Scope, SimilarityTable, survey
from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_PERSONS = {Index.K: 100, Index.K1: 30, Index.K2: 50, Index.S1: 50}
"""Persons below which a table carries a caution.

Sotaridona & Meijer (2002, Journal of Educational Measurement 39, 115–132; 2003, the same 40, 53–69) studied samples of
100, 500 and more and introduced K1, K2 and S1; the groups of K are thin at 100. The smaller numbers are ours: about ten
persons and more for each of the two or three coefficients, and for the straight line of K1 thirty.
"""

MINIMUM_GROUP = 5
"""Persons with as many wrong answers as the copier that K needs; below, the pair is not tested."""

MINIMUM_WRONG = 2
"""Wrong answers a source must have."""

STEPS = 25
RIDGE = 1e-9
SMALLEST_MEAN = 1e-6


def k_index(room: Room, *, variant: Index | str = Index.K2, scope: Scope | None = None) -> SimilarityTable:
    """Return an index of the K family: does the copier share too many wrong answers with the source?

    Parameters
    ----------
    room : Room
        Whole, all persons who took the paper: they are the yardstick. To test a few pairs only, name them in
        the scope.
    variant : Index, default ``"k2"``
        ``"k"``, ``"k1"``, ``"k2"`` or ``"s1"``.
    scope : Scope, optional
        Pairs, level, correction; by default all pairs, 0.05, Bonferroni.

    Returns
    -------
    SimilarityTable
        ``statistic`` is the number of identical wrong answers.

    Raises
    ------
    ValueError
        If the variant is not of the family, everybody has the same number of wrong answers (but for K), or no
        pair can be tested.

    Notes
    -----
    With a source who has ``w_s`` wrong answers and ``m`` of them identical with the copier's, K is the binomial tail
    ``P(M ≥ m | w_s, p)``, ``p`` the mean number of identical wrong answers with the source, over ``w_s``,
    among the persons with as many wrong answers as the copier (Holland, 1996, ETS Research Report 96-7; Lewis &
    Thayer, 1998, ETS Research Report 98-47). K1 and K2 take ``p`` from a linear and a quadratic regression on
    the proportion of wrong answers (Sotaridona & Meijer, 2002); S1 takes the Poisson tail with a mean that is
    log-linear in the number of wrong answers (Sotaridona & Meijer, 2003). Defined here: the source is left out of
    the groups and regressions, the copier is not, which makes small rooms cautious; regressions weight a group by
    its persons, and where a line falls below agreement by chance, ``w_s w_c / n_items`` over the distractors of an
    item, as it does among the best, that is taken instead; an answer left open is neither right nor wrong.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> answers = np.where(rng.random((60, 40)) < 0.5, 0, rng.integers(1, 4, (60, 40)))
    >>> answers[1] = answers[0]
    >>> table = k_index(Room.of(answers, np.zeros(40, int)))
    >>> sorted([int(table.source[0]), int(table.copier[0])]), bool(table.is_flagged[0])
    ([0, 1], True)
    """
    kind = Index(variant)
    if kind not in MINIMUM_PERSONS:
        raise ValueError("variant must be one of k, k1, k2, s1")
    wrong, asked = room.n_wrong, scope or Scope()
    correct = room.is_correct.astype(np.float64)
    chosen = room.chosen()
    counts, group = np.unique(wrong, return_inverse=True)
    if kind is not Index.K and counts.size < (3 if kind is Index.K2 else 2):
        raise ValueError(f"{kind} needs persons with different numbers of wrong answers")
    group = group.reshape(-1)
    member = (group[:, None] == np.arange(counts.size)).astype(np.float64)
    cautions = {Caution.FEW_PERSONS} if room.n_persons < MINIMUM_PERSONS[kind] else set()
    if not room.is_answered.all():
        cautions.add(Caution.INCOMPLETE)
    if kind is Index.K and np.any(member.sum(axis=0) <= MINIMUM_GROUP):
        cautions.add(Caution.THIN_GROUPS)

    def evaluate(rows: IntArray, tested: NDArray[np.bool_]) -> Evaluation:
        same = (chosen[rows] @ chosen.T - correct[rows] @ correct.T).round()
        size = member.sum(axis=0) - member[rows]
        total = same @ member - wrong[rows, None] * member[rows]
        mean = _expected(kind, total, size, counts, wrong[rows], room.options)
        expected = mean[:, group]
        enough = tested & (wrong[rows, None] >= MINIMUM_WRONG) & ~np.isnan(expected)
        p = np.full(same.shape, np.nan)
        source_wrong = np.broadcast_to(wrong[rows, None], same.shape)[enough]
        p[enough] = _tail(kind, same[enough], source_wrong, expected[enough])
        if asked.mid_p:
            p[enough] += _tail(kind, same[enough] + 1.0, source_wrong, expected[enough])
            p[enough] *= 0.5
        return Evaluation(p, same, expected, np.ones(same.shape, dtype=np.bool_))

    return survey(room, kind, evaluate, asked, cautions)


def _tail(kind: Index, same: FloatArray, wrong: IntArray, expected: FloatArray) -> FloatArray:
    """Return the chance of at least ``same`` identical wrong answers."""
    tail = pdtrc(same - 1.0, expected) if kind is Index.S1 else bdtrc(same - 1.0, wrong, expected / wrong)
    return np.asarray(np.where(same > 0, tail, 1.0), dtype=np.float64)


def _expected(
    kind: Index,
    total: FloatArray,
    size: FloatArray,
    counts: IntArray,
    wrong: IntArray,
    options: IntArray,
) -> FloatArray:
    """Return the identical wrong answers expected with each source, shape (n_sources, n_groups)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if kind is Index.K:
            return np.where(size >= MINIMUM_GROUP, total / size, np.nan)
    share = counts / options.size
    if kind is Index.S1:
        return _log_linear(total, size, np.stack([np.ones(counts.size), share], axis=1))
    powers = np.stack([share**power for power in range(2 if kind is Index.K1 else 3)], axis=1)
    line = _weighted(powers, size, total)
    by_chance = wrong[:, None] * share * np.mean(1.0 / (options - 1.0))
    return np.asarray(np.clip(line, by_chance, np.minimum(wrong[:, None], counts)), dtype=np.float64)


def _weighted(design: FloatArray, weight: FloatArray, total: FloatArray) -> FloatArray:
    """Return the fitted means of regressions on one design, one a row: ``weight`` persons with sum ``total``."""
    gram = np.einsum("gk,sg,gl->skl", design, weight, design) + RIDGE * np.eye(design.shape[1])
    slope = np.linalg.solve(gram, (total @ design)[:, :, None])[:, :, 0]
    return np.asarray(slope @ design.T, dtype=np.float64)


def _log_linear(total: FloatArray, size: FloatArray, design: FloatArray) -> FloatArray:
    """Return the fitted means of Poisson regressions, one a row, by iterated weighted least squares."""
    mean = np.maximum(total.sum(axis=1) / size.sum(axis=1), SMALLEST_MEAN)
    log_mean = np.broadcast_to(np.log(mean)[:, None], total.shape)
    for _ in range(STEPS):
        mean = np.exp(log_mean)
        weight = size * mean
        updated = _weighted(design, weight, weight * (log_mean - 1.0) + total)
        updated = np.clip(updated, log_mean - 2.0, log_mean + 2.0)
        change = float(np.abs(updated - log_mean).max())
        log_mean = updated
        if change < 1e-10:
            break
    return np.asarray(np.exp(log_mean), dtype=np.float64)
