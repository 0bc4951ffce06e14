"""Rows of what is asked beyond a single form: for the average form, and for a form beside others that are there.

For the average form they are what follows for it, never more, so that it still bounds every set of forms. An item that
R forms use u times is common to ``u (u - 1) / 2`` pairs of them, which is at least ``m u - m (m + 1) / 2`` for every
whole m: summed over the items, a limit on pairs becomes one on uses.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from exam_engine.assembly.across import Pairs
from exam_engine.assembly.compile import Program
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray, RowBuilder, Rows

LINES = 3
"""Lower lines of the number of common pairs that are written as rows, from the tightest one on."""


def item_limits(program: Program, forms: int) -> FloatArray:
    """Return in how many of ``forms`` forms each column may be, shape (width,); common items may be in all."""
    limits = np.full(program.width, float(forms))
    limits[: program.size] = program.across.limits(program.max_use, forms, program.size)
    for block in program.across.blocks:
        limits[block.items] = forms
    return limits


def use_limits(program: Program, forms: int) -> FloatArray:
    """Return how often each column may be used over all forms, (width,); sets that no form can hold: never."""
    return np.where(program.unusable, 0.0, item_limits(program, forms))


def average_rows(program: Program, forms: int, built: BoolArray | None = None) -> Rows:
    """Return rows of the average of ``forms`` more forms beside those ``built`` (n_built, width)."""
    across, n = program.across, program.size
    rows = RowBuilder(n, program.switches)
    built = np.zeros((0, program.width), dtype=bool) if built is None else built
    uses = built[:, :n].sum(axis=0)
    limits = np.maximum(item_limits(program, forms + len(built))[:n] - uses, 0.0)
    for total in across.totals:
        items = np.flatnonzero(total.weight)
        if not total.different:
            done = float(total.weight @ uses)
            low, high = (total.lower - done) / forms, (total.upper - done) / forms
            rows.add(items, low, high, total.owner, total.weight[items], give=1.0 / forms)
            continue
        done = float(total.weight[uses > 0].sum())
        items = items[uses[items] == 0]
        weight = total.weight[items]
        if math.isfinite(total.lower):
            supply = float(weight[limits[items] > 0].sum())
            if total.lower - done > supply:  # however often they are used, there are no more of them
                low = (total.lower - done - supply) / forms
                rows.add([], low, math.inf, total.owner, give=1.0 / forms)
            rows.add(items, (total.lower - done) / forms, math.inf, total.owner, weight, give=1.0 / forms)
        if math.isfinite(total.upper):
            least = weight / np.clip(limits[items], 1.0, forms)
            rows.add(items, -math.inf, (total.upper - done) / forms, total.owner, least, give=1.0 / forms)
    for pairs in across.pairs:
        for form in built:
            rows.add(np.flatnonzero(pairs.items & form[:n]), pairs.lower, pairs.upper, pairs.owner)
        if forms > 1:
            _average_pairs(program, pairs, forms, rows)
    if not len(built):
        _average_blocks(program, forms, rows)
    return rows.build(program.width)


def form_rows(program: Program, others: BoolArray, left: int = 1) -> Rows:
    """Return rows of one form beside ``others`` (n_others, width), when ``left`` forms are to be found with it.

    As long as others are to come a sum over all forms is divided evenly among them, give or take an item.
    """
    across, n = program.across, program.size
    rows = RowBuilder(n, program.switches)
    uses = others[:, :n].sum(axis=0)
    for total in across.totals:
        items = np.flatnonzero(total.weight)
        spare = float(np.abs(total.weight).max(initial=0.0)) if left > 1 else 0.0
        if total.different:
            done = float(total.weight[uses > 0].sum())
            items = items[uses[items] == 0]
            high = total.upper - done
        else:
            done = float(total.weight @ uses)
            high = (total.upper - done) / left + spare
        rows.add(items, (total.lower - done) / left - spare, high, total.owner, total.weight[items])
    for pairs in across.pairs:
        for other in others:
            rows.add(np.flatnonzero(pairs.items & other[:n]), pairs.lower, pairs.upper, pairs.owner)
    return rows.build(program.width)


def pairs_hold(program: Program, forms: BoolArray, changed: tuple[int, ...]) -> bool:
    """Whether some forms of (n_forms, width) have as many items in common with the others as they may."""
    for pairs in program.across.pairs:
        items = forms[:, : program.size][:, pairs.items].astype(np.float32)
        for f in changed:
            common = np.delete(items @ items[f], f)
            if (common < pairs.lower).any() or (common > pairs.upper).any():
                return False
    return True


def _average_pairs(program: Program, pairs: Pairs, forms: int, rows: RowBuilder) -> None:
    """Write what a limit on the common items of pairs says about the uses of items in ``forms`` forms."""
    n = program.size
    items = np.flatnonzero(pairs.items)
    free = np.zeros((0, 2), dtype=np.int64) if pairs.anchors else common_switches(program, pairs.items)
    couples = forms * (forms - 1) / 2
    if math.isfinite(pairs.upper):
        most, give = pairs.upper * couples, couples / forms
        for item in items if 1 + most < forms else ():
            switch = free[free[:, 0] == item, 1]
            rows.add(
                [item, *switch], -math.inf, (1 + most) / forms, pairs.owner, [1.0, *[-1.0] * len(switch)]
            )
            rows.give[-1] = give
        for part in (items, *_wanted(program, items, most, forms)):
            common = free[np.isin(free[:, 0], part), 1]
            different = _most_different(program, part)
            for m in _tightest(different, most, forms):
                at_most = (most + different * m * (m + 1) / 2) / (m * forms)
                values = np.r_[np.ones(len(part)), np.full(len(common), (m + 1) / (2 * forms) - 1.0)]
                rows.add(np.r_[part, common], -math.inf, at_most, pairs.owner, values, give=give / m)
    if pairs.lower > 0:
        own = program.across.limits(program.max_use, forms, n)
        chord = np.full(len(items), (forms - 1) / 2) if pairs.anchors else (own[items] - 1.0) / 2
        values = np.r_[chord, -(np.array([own[k] for k in free[:, 0]]) - 1.0) / 2]
        low = pairs.lower * couples / forms
        rows.add(np.r_[items, free[:, 1]], low, math.inf, pairs.owner, values, give=couples / forms)


def _wanted(program: Program, items: IntArray, most: float, forms: int) -> list[IntArray]:
    """Return the parts of ``items`` of which a rule asks for more in each form than ``most`` common pairs allow."""
    rows = program.rows
    parts: dict[bytes, IntArray] = {}
    for r in np.flatnonzero(rows.lower > 0):
        begin, end = rows.matrix.indptr[r], rows.matrix.indptr[r + 1]
        if (rows.matrix.data[begin:end] == 1.0).all():
            part = np.intersect1d(items, rows.matrix.indices[begin:end]).astype(np.int64)
            if (
                0 < len(part) < len(items)
                and rows.lower[r] * forms > _most_uses(len(part), most, forms).min()
            ):
                parts[part.tobytes()] = part
    return list(parts.values())


def _most_different(program: Program, part: IntArray) -> int:
    """Return how many of some items all forms may use, at most."""
    limits = [t.upper for t in program.across.totals if t.different and (t.weight[part] >= 1.0).all()]
    return int(min([len(part), *limits]))


def _most_uses(items: int, most: float, forms: int) -> FloatArray:
    """Return the limits on the uses of some items that follow for m = 1 to forms - 1, shape (forms - 1,)."""
    m = np.arange(1, forms)
    return np.asarray((most + items * m * (m + 1) / 2) / m)


def _tightest(items: int, most: float, forms: int) -> Iterator[int]:
    """Yield slopes of the lower lines of ``u (u - 1) / 2`` that limit the number of uses best."""
    if not items:
        return
    first = int(np.argmin(_most_uses(items, most, forms))) + 1
    yield from range(first, min(first + LINES, forms))


def common_switches(program: Program, items: BoolArray) -> IntArray:
    """Return (item, switch) of the first block that an item may be common in, shape (n, 2)."""
    found: dict[int, int] = {}
    for block in program.across.blocks:
        for item, switch in zip(block.items.tolist(), block.switches.tolist(), strict=True):
            if items[item]:
                found.setdefault(item, switch)
    return np.array(sorted(found.items()), dtype=np.int64).reshape(-1, 2)


def _average_blocks(program: Program, forms: int, rows: RowBuilder) -> None:
    """Say what the switches of common items mean: on in every form, or the item has its limit of uses."""
    own = np.minimum(program.across.limits(program.max_use, forms, program.size), forms - 1) / forms
    for block in program.across.blocks:
        for item, switch in zip(block.items.tolist(), block.switches.tolist(), strict=True):
            rows.add([switch, item], -math.inf, 0.0, block.owner, [1.0, -1.0], give=0.0)
            rows.add([item, switch], -math.inf, own[item], block.owner, [1.0, own[item] - 1.0], give=0.0)
