"""Up to four exchanges at once, among all forms and what is left over, that keep every rule and bring the forms nearer.

Where forms take nearly all of a pool few single exchanges keep every rule, and none of them helps any more. Two that
break rules alone may keep them together, and two such pairs in different forms seldom disturb each other: from some
hundred exchanges come tens of thousands of pairs and hundreds of millions of pairs of pairs, which one matrix product
prices by their squared deviations. Those that lower what forms are off beyond what is near enough are looked at,
from the best one on, until one keeps every rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray

BREAKS = 2
"""Rows that an exchange may break for a partner to make good."""

MOST_SWAPS, MOST_PAIRS, MOST_FOURS = 3_000, 30_000, 100_000
"""Exchanges, pairs that keep every rule, and pairs of these that are looked at."""

WORSE = 1.5
"""Squared deviations of the fours looked at, in those that there are now: the square is not what counts."""

BLOCK, CHECKS, ITEMS = 512, 1024, 16
"""Pairs priced, fours checked and items looked at together."""

GAIN = 0.9999
ROUNDING, EXACT = 1e-5, 1e-6
"""Of rows in single precision, and in double: what was chosen is looked at again."""

Single = npt.NDArray[np.float32]


@dataclass(eq=False)
class Table:
    """Items dealt out: ``at`` (n_items,) is the form of each, or the number of forms for those left over.

    ``values`` (n_items, n_rows) in rows with bounds ``lower`` and ``upper`` (n_forms, n_rows); ``pulls`` (n_items,
    n_goals) towards ``goals`` (n_forms, n_goals); ``allowed`` (n_forms + 1, n_items) says where an item may be.
    """

    at: IntArray
    values: FloatArray
    lower: FloatArray
    upper: FloatArray
    pulls: FloatArray
    goals: FloatArray
    allowed: BoolArray

    @property
    def forms(self) -> int:
        return len(self.lower)

    def swap(self, items: IntArray) -> None:
        """Exchange items (n, 2), each pair in its own places; negative ones are none."""
        for i, j in items.tolist():
            if i >= 0:
                self.at[[i, j]] = self.at[[j, i]]

    def keeps(self) -> bool:
        """Whether every row is kept."""
        low, high = self.room()
        return bool((low <= EXACT).all() and (high >= -EXACT).all())

    def room(self) -> tuple[FloatArray, FloatArray]:
        """Return by how much each row of each form may fall and rise, (n_forms, n_rows) each."""
        sums = self._held() @ self.values
        return self.lower - sums, self.upper - sums

    def off(self) -> FloatArray:
        """Return the deviation of each form from each goal, (n_forms, n_goals)."""
        return np.asarray(self._held() @ self.pulls - self.goals)

    def _held(self) -> FloatArray:
        return np.asarray(self.at == np.arange(self.forms)[:, None], dtype=np.float64)


def excess(off: FloatArray, enough: float) -> FloatArray:
    """Return what deviations are off beyond what is near enough, in sum over the last axis."""
    return np.asarray(np.maximum(0.0, np.abs(off) - enough).sum(axis=-1))


@dataclass(frozen=True, eq=False)
class _Swaps:
    """Exchanges of items (n, 2), the last of them none; what each does to rows (n_rows, n) and goals (n, n_goals)."""

    items: IntArray
    broken: IntArray
    change: Single
    room: Single
    pull: FloatArray


def mend(table: Table, enough: float, rng: np.random.Generator) -> bool:
    """Make the best few exchanges that were found; False when none were. All rows must be kept."""
    off = table.off().ravel()
    if excess(off, enough) <= 0.0:
        return False
    swaps = _swaps(table, rng)
    first, second = _pairs(swaps, rng)
    p, q = _fours(off, swaps.pull[first] + swaps.pull[second], enough)
    for begin in range(0, len(p), CHECKS):
        at = slice(begin, begin + CHECKS)
        four = np.stack([first[p[at]], second[p[at]], first[q[at]], second[q[at]]])
        kept = np.flatnonzero(_keep(swaps, four))
        if len(kept):
            named = swaps.items[four[:, kept[0]]]
            table.swap(named)
            if table.keeps():
                return True
            table.swap(named)
    return False


def _swaps(table: Table, rng: np.random.Generator) -> _Swaps:
    lower, upper = table.room()
    low, high = (lower - ROUNDING).astype(np.float32), (upper + ROUNDING).astype(np.float32)
    values = table.values.astype(np.float32)
    found = [
        _between(table, values, low, high, f, g)
        for f in range(table.forms + 1)
        for g in range(f + 1, table.forms + 1)
    ]
    i, j, broken = np.hstack(found)
    if len(i) > MOST_SWAPS:
        best = np.sort(np.argsort(broken + 0.5 * rng.random(len(i)), kind="stable")[:MOST_SWAPS])
        i, j, broken = i[best], j[best], broken[best]
    at, many, move = np.arange(len(i)), len(i) + 1, values[j] - values[i]
    pull = table.pulls[j] - table.pulls[i]
    changes = np.zeros((many, table.forms + 1, values.shape[1]), dtype=np.float32)
    pulls = np.zeros((many, table.forms + 1, pull.shape[1]))
    for form, sign in ((table.at[i], 1.0), (table.at[j], -1.0)):
        changes[at, form] += sign * move
        pulls[at, form] += sign * pull
    change = changes[:, :-1].reshape(many, -1)
    room = np.stack([low.ravel(), high.ravel()])
    risky = (4 * change.min(axis=0) < room[0]) | (4 * change.max(axis=0) > room[1])
    return _Swaps(
        np.vstack([np.column_stack([i, j]), [[-1, -1]]]).astype(np.int64),
        np.r_[broken, 0].astype(np.int64),
        np.ascontiguousarray(change[:, risky].T),
        room[:, risky],
        pulls[:, :-1].reshape(many, -1),
    )


def _between(table: Table, values: Single, low: Single, high: Single, f: int, g: int) -> IntArray:
    """Return exchanges between two places that break few rows: the items of either and how many rows, (3, n)."""
    ours, theirs = np.flatnonzero(table.at == f), np.flatnonzero(table.at == g)
    ours = ours[table.allowed[g, ours]]
    theirs = theirs[table.allowed[f, theirs]]
    found = [np.zeros((3, 0), dtype=np.int64)]
    for begin in range(0, len(ours), ITEMS):
        some = ours[begin : begin + ITEMS]
        move = values[theirs] - values[some][:, None]
        broken = ((move > high[f]) | (move < low[f])).sum(axis=2)
        if g < table.forms:
            broken += ((-move > high[g]) | (-move < low[g])).sum(axis=2)
        i, j = np.nonzero(broken <= BREAKS)
        found.append(np.stack([some[i], theirs[j], broken[i, j]]))
    return np.hstack(found)


def _pairs(swaps: _Swaps, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Return pairs of exchanges that keep every row together, among them each that does so alone, and none."""
    many, (low, high) = len(swaps.items), swaps.room
    first, second = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for begin in range(0, many, ITEMS * 4):
        broken = np.zeros((min(ITEMS * 4, many - begin), many - begin), dtype=bool)
        for row, least, most in zip(swaps.change, low, high, strict=True):
            both = row[begin : begin + ITEMS * 4, None] + row[begin:]
            broken |= (both > most) | (both < least)
        p, q = np.nonzero(~broken)
        later = (p < q) & ~_same(swaps.items[[p + begin, q + begin]])
        first.append(p[later] + begin)
        second.append(q[later] + begin)
    p, q = np.concatenate(first), np.concatenate(second)
    if len(p) > MOST_PAIRS:
        some = np.sort(rng.choice(len(p), MOST_PAIRS, replace=False))
        p, q = p[some], q[some]
    return np.r_[p, many - 1], np.r_[q, many - 1]


def _same(items: IntArray) -> BoolArray:
    """Whether an item is named twice in ``items`` (n_swaps, n, 2), shape (n,)."""
    named = np.sort(np.moveaxis(items, 0, 1).reshape(items.shape[1], 2 * len(items)), axis=1)
    return np.asarray(((named[:, 1:] == named[:, :-1]) & (named[:, 1:] >= 0)).any(axis=1))


def _keep(swaps: _Swaps, four: IntArray) -> BoolArray:
    """Whether exchanges (4, n) keep every row together, each of other items."""
    kept = ~_same(swaps.items[four])
    at = np.flatnonzero(kept)
    after = swaps.change[:, four[:, at]].sum(axis=1)
    low, high = swaps.room[:, :, None]
    kept[at] = ((after >= low) & (after <= high)).all(axis=0)
    return np.asarray(kept)


def _fours(off: FloatArray, pull: FloatArray, enough: float) -> tuple[IntArray, IntArray]:
    """Return pairs of pairs that lower what forms are off too much, the best first."""
    limit = WORSE * float(off @ off)
    none = np.zeros(0, dtype=np.int64)
    first, second, price = none, none, np.zeros(0, dtype=np.float32)
    left = np.column_stack([2.0 * (off + pull), ((off + pull) ** 2).sum(axis=1), np.ones(len(pull))])
    right = np.column_stack([pull, np.ones(len(pull)), (pull**2).sum(axis=1)]).astype(np.float32).T
    for begin in range(0, len(pull), BLOCK):
        squares = (left[begin : begin + BLOCK].astype(np.float32) @ right[:, begin:]).ravel()
        at = np.flatnonzero(squares < limit)
        p, q = np.divmod(at, len(pull) - begin)
        first, second, price = np.r_[first, p + begin], np.r_[second, q + begin], np.r_[price, squares[at]]
        if len(price) > 3 * MOST_FOURS:
            best = np.argpartition(price, MOST_FOURS)[:MOST_FOURS]
            first, second, price = first[best], second[best], price[best]
            limit = float(price.max())
    ordered = np.flatnonzero(first < second)
    first, second = first[ordered], second[ordered]
    after = excess(off + pull[first] + pull[second], enough)
    best = np.lexsort((second, first, after))
    best = best[after[best] < GAIN * float(excess(off, enough))]
    return first[best], second[best]
