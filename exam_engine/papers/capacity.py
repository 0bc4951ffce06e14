"""How many more parallel forms a bank can give, and what runs out first. Pure arrays, no I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from exam_engine.assembly import Count, Exclude, PerValue, Pool, Specification
from exam_engine.assembly.compile import compile_program, select
from exam_engine.assembly.explain import most_forms
from exam_engine.assembly.solver import Work, WorkExhausted

MOST = 200
"""Beyond so many forms nobody asks."""

BOUND_WORK = 400
USED = "used_before"
"""Rule that keeps items of sealed papers out."""


@dataclass(frozen=True)
class Lasting:
    """A rule that needs items of a selection: how many each form needs, how many there are, for how many forms.

    ``usable`` counts no more of an assessment point than all those forms may hold; ``lasts`` is MOST when it lasts for
    at least so many.
    """

    rule: str
    needs: int
    items: int
    usable: int
    lasts: int


@dataclass(frozen=True)
class Scarce:
    """An assessment point of the first rule to run out, and how many items it has."""

    point: str
    items: int


@dataclass(frozen=True)
class Capacity:
    """What a pool supplies. ``bound`` is proven: no more forms than that exist; None when the work did not suffice."""

    pool: int
    bound: int | None
    rows: tuple[Lasting, ...]
    points: tuple[Scarce, ...]


def without_items(specification: Specification, pool: Pool, barred: Collection[str]) -> Specification:
    """Return the specification with items of the pool kept out."""
    ids = tuple(sorted(name for name in barred if name in pool.positions))
    if not ids:
        return specification
    return replace(specification, rules=(*specification.rules, Exclude(name=USED, ids=ids)))


def capacity(
    pool: Pool, specification: Specification, barred: Collection[str] = (), *, bound: bool = True
) -> Capacity:
    """Return for how many forms each rule's supply lasts, and with ``bound`` the most forms that can exist.

    Parameters
    ----------
    pool : Pool
        With the categorical attribute ``point``.
    specification : Specification
    barred : collection of str
        Ids that may not be used, such as those of papers sealed before.

    Notes
    -----
    The bound is the largest number of forms for which the average-form programme has a solution: necessary, and for
    rules without sets of items nearly always sufficient.

    Examples
    --------
    >>> from exam_engine.assembly import Is
    >>> pool = Pool(ids=["a", "b", "c"], categorical={"type": ["x", "x", "y"], "point": ["1", "2", "3"]})
    >>> found = capacity(pool, Specification([Count(name="two of x", where=(Is("type", "x"),), minimum=2)]))
    >>> found.bound, found.rows[0].lasts
    (1, 1)
    """
    free = np.array([name not in barred for name in pool.ids], dtype=bool)
    rows = sorted(
        (
            _lasting(pool, specification, rule, free)
            for rule in specification.rules
            if isinstance(rule, Count) and rule.scope == "form" and rule.minimum > 0
        ),
        key=lambda row: (row.lasts, row.items),
    )
    limit = _bound(pool, without_items(specification, pool, barred)) if bound else None
    return Capacity(int(free.sum()), limit, tuple(rows), _scarce(pool, specification, rows, free))


def _bound(pool: Pool, specification: Specification) -> int | None:
    program = compile_program(pool, specification, allow_empty=True)
    try:
        return most_forms(program, MOST + 1, np.random.default_rng(0), Work(BOUND_WORK)) or 0
    except WorkExhausted:
        return None


def _lasting(pool: Pool, specification: Specification, rule: Count, free: np.ndarray) -> Lasting:
    chosen = np.flatnonzero(select(pool, rule.where) & free)
    groups = _by_point(pool, chosen)
    per_form = _per_point(specification)
    lasts = 0
    while lasts < MOST and _most(groups, per_form, lasts + 1, specification) >= rule.minimum * (lasts + 1):
        lasts += 1
    usable = _most(groups, per_form, lasts + 1, specification)
    return Lasting(rule.name, rule.minimum, len(chosen), usable, lasts)


def _most(groups: Counter[str], per_form: int | None, forms: int, specification: Specification) -> int:
    """Uses of the items that ``forms`` forms can make together."""
    uses = forms if specification.max_use is None else min(forms, specification.max_use)
    if per_form is None:
        return sum(groups.values()) * uses
    return sum(
        count * uses if not point else min(count * uses, forms * per_form) for point, count in groups.items()
    )


def _by_point(pool: Pool, chosen: np.ndarray) -> Counter[str]:
    points = pool.texts("point")
    return Counter(str(points[k]) for k in chosen)


def _per_point(specification: Specification) -> int | None:
    limits = [r.maximum for r in specification.rules if isinstance(r, PerValue) and r.attribute == "point"]
    return min(limits) if limits else None


def _scarce(
    pool: Pool, specification: Specification, rows: list[Lasting], free: np.ndarray
) -> tuple[Scarce, ...]:
    """Points of the narrowest rule, those with fewest items first; points whose items are all barred come with 0."""
    if not rows:
        return ()
    rule = next(rule for rule in specification.rules if rule.name == rows[0].rule)
    assert isinstance(rule, Count)
    wanted = select(pool, rule.where)
    all_points = _by_point(pool, np.flatnonzero(wanted))
    left = _by_point(pool, np.flatnonzero(wanted & free))
    found = [Scarce(point, left[point]) for point in all_points if point]
    return tuple(sorted(found, key=lambda one: (one.items, one.point))[:20])
