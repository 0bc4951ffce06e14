"""What of a rule can give way, and specifications in which some of it does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from exam_engine.assembly.compile import Program
from exam_engine.assembly.pool import NO_VALUE, FloatArray, Pool
from exam_engine.assembly.result import Change
from exam_engine.assembly.select import select
from exam_engine.assembly.specification import (
    Anchor,
    Count,
    Distinct,
    Earlier,
    Enemies,
    Exclude,
    If,
    Include,
    Near,
    Overlap,
    Parallel,
    PerValue,
    Rule,
    Sets,
    Share,
    Specification,
    Sum,
    Target,
    Use,
)

MINIMUM, MAXIMUM, TOLERANCE, SPARE, DROP = "minimum", "maximum", "tolerance", "spare", "drop"

COST_OF_STRUCTURE, COST_OF_PARTS = 4, 16
"""How many rules with a bound to move are rather touched than a structural one, and than one without such a bound."""

FINEST = 1e-6
"""Sums whose items are multiples of this are moved in such steps."""

SHARE_STEP, SMALLEST_SHARE = 0.001, 0.05

_Ranges = Count | Distinct | If | Overlap | Anchor
_Caps = PerValue | Use | Earlier


@dataclass(frozen=True)
class Dial:
    """A bound that can be moved in steps: ``before`` at 0, anything that could help at ``steps``.

    ``step`` is signed; ``unit`` is what a move is compared with.
    """

    rule: str
    side: str
    before: float
    step: float
    steps: int
    unit: float

    def at(self, number: int) -> float:
        """Return the bound after so many steps, on the grid of the sums that are possible."""
        if not number:
            return self.before
        size = abs(self.step)
        if self.side == TOLERANCE:
            return round(self.before + number * size, 12)
        down = self.step < 0
        first = (
            math.ceil(self.before / size - 1e-6) - 1 if down else math.floor(self.before / size + 1e-6) + 1
        )
        return round((first - number + 1 if down else first + number - 1) * size, 9)

    def change(self, number: int) -> Change:
        """Return the change of so many steps."""
        return Change(self.rule, self.side, self.before, self.at(number))


@dataclass(frozen=True)
class Give:
    """What of a named rule can give way: ``dials`` to be moved, or parts to be spared, and all of it at the worst.

    ``cost`` compares rules: how many others with a bound to move it outweighs.
    """

    rule: str
    dials: tuple[Dial, ...]
    parts: tuple[str, ...]
    cost: int

    def spare(self, parts: Sequence[str]) -> Change:
        """Return the change that frees the form of some parts of the rule."""
        if len(parts) == len(self.parts):
            return Change(self.rule, DROP, 1.0, 0.0)
        rest = float(len(self.parts) - len(parts))
        return Change(self.rule, SPARE, float(len(self.parts)), rest, tuple(parts))


def gives(pool: Pool, specification: Specification, program: Program, forms: int) -> Mapping[str, Give]:
    """Return what can give way, by name: of rules, of targets with a tolerance, and of the limit on sharing."""
    found: dict[str, Give] = {}
    for rule in specification.rules:
        dials, parts = tuple(_dials(pool, rule, forms)), _parts(rule)
        cost = COST_OF_STRUCTURE if getattr(rule, "structural", False) else 1
        found[rule.name] = Give(rule.name, dials, parts, COST_OF_PARTS if not dials else cost)
    for k, target in enumerate(specification.targets, start=len(specification.rules)):
        if isinstance(target, Near) and target.tolerance is not None:
            found[target.name] = Give(target.name, (_tolerance(program, k, target),), (), 1)
    use, name = specification.max_use, specification.sharing_name
    if use is not None and use < forms:
        dial = Dial(name, MAXIMUM, float(use), 1.0, forms - use, use)
        found[name] = Give(name, (dial,), (), COST_OF_STRUCTURE)
    return found


def apply_changes(specification: Specification, changes: Sequence[Change]) -> Specification:
    """Return the specification with the changes made."""
    by_name: dict[str, list[Change]] = {}
    for change in changes:
        by_name.setdefault(change.rule, []).append(change)
    changed = (_apply(rule, by_name.get(rule.name, ())) for rule in specification.rules)
    targets: list[Target] = [
        replace(t, tolerance=by_name[t.name][0].after) if isinstance(t, Near) and t.name in by_name else t
        for t in specification.targets
    ]
    use = specification.max_use
    for change in by_name.get(specification.sharing_name, ()):
        use = round(change.after)
    return replace(
        specification, rules=tuple(r for r in changed if r is not None), targets=tuple(targets), max_use=use
    )


def _apply(rule: Rule, changes: Sequence[Change]) -> Rule | None:
    made: Rule = rule
    for change in changes:
        if change.side == DROP:
            return None
        if change.side == SPARE:
            made = _without(made, change.items)
        elif isinstance(made, Earlier) and made.share is not None:
            made = replace(made, share=change.after)
        else:
            bound: Any = change.after if isinstance(made, Sum | Share) else round(change.after)
            made = replace(made, **{change.side: bound})
    return made


def _without(rule: Rule, parts: Sequence[str]) -> Rule:
    """Return a rule without the groups, ids, sets or attributes of these names."""
    if isinstance(rule, Enemies):
        return replace(rule, groups=tuple(g for g in rule.groups if _group(g) not in parts))
    if isinstance(rule, Include | Exclude):
        return replace(rule, ids=tuple(one for one in rule.ids if one not in parts))
    if isinstance(rule, Parallel):
        return replace(rule, by=tuple(one for one in rule.by if one not in parts))
    if isinstance(rule, Earlier):
        return replace(rule, papers=tuple(paper for paper in rule.papers if paper[0] not in parts))
    raise TypeError(f"{type(rule).__name__} has no parts")


def _parts(rule: Rule) -> tuple[str, ...]:
    if isinstance(rule, Enemies):
        return tuple(dict.fromkeys(map(_group, rule.groups)))
    if isinstance(rule, Include | Exclude):
        return rule.ids
    return rule.by if isinstance(rule, Parallel) else ()


def _group(ids: Sequence[str]) -> str:
    return " – ".join(ids)


def _dials(pool: Pool, rule: Rule, forms: int) -> list[Dial]:
    if isinstance(rule, Sum):
        return _of_sum(pool, rule, forms)
    if isinstance(rule, Share):
        found = []
        if rule.minimum > 0:
            found.append((MINIMUM, rule.minimum, -SHARE_STEP, rule.minimum))
        if rule.maximum < 1:
            found.append((MAXIMUM, rule.maximum, SHARE_STEP, 1 - rule.maximum))
        return [_share(rule.name, *one) for one in found]
    if isinstance(rule, _Ranges):
        wide = forms if getattr(rule, "scope", "form") == "all" else 1
        most = int(select(pool, rule.where).sum()) * wide
        dials = [_whole(rule.name, MINIMUM, rule.minimum, 0)] if rule.minimum > 0 else []
        if rule.maximum is not None and rule.maximum < most:
            dials.append(_whole(rule.name, MAXIMUM, rule.maximum, most))
        return dials
    if isinstance(rule, PerValue):
        return [_whole(rule.name, MAXIMUM, rule.maximum, max(rule.maximum + 1, pool.size))]
    if isinstance(rule, Use) and rule.maximum is not None and rule.maximum < forms:
        return [_whole(rule.name, MAXIMUM, rule.maximum, forms)]
    if isinstance(rule, Earlier):
        if rule.share is not None:
            return [_share(rule.name, MAXIMUM, rule.share, SHARE_STEP, 1 - rule.share)]
        most = max(len(ids) for _, ids in rule.papers) if rule.papers else 0
        return [_whole(rule.name, MAXIMUM, int(rule.maximum or 0), max(most, int(rule.maximum or 0) + 1))]
    if isinstance(rule, Sets) and rule.minimum is not None:
        dials = [_whole(rule.name, MINIMUM, rule.minimum, 1)] if rule.minimum > 1 else []
        if rule.maximum is not None:
            dials.append(
                _whole(rule.name, MAXIMUM, rule.maximum, max(_largest_set(pool, rule), rule.maximum))
            )
        return dials
    return []


def _whole(name: str, side: str, before: int, limit: int) -> Dial:
    return Dial(
        name, side, float(before), math.copysign(1.0, limit - before), abs(limit - before), max(before, 1)
    )


def _share(name: str, side: str, before: float, step: float, way: float) -> Dial:
    return Dial(name, side, before, step, math.ceil(way / SHARE_STEP - 1e-6), max(before, SMALLEST_SHARE))


def _of_sum(pool: Pool, rule: Sum, forms: int) -> list[Dial]:
    values = pool.numbers(rule.attribute)[select(pool, rule.where)]
    times = forms if rule.scope == "all" else 1
    least, most = (float(part.sum()) * times for part in (values[values < 0], values[values > 0]))
    step = _grid(values, max(most - least, FINEST))
    found = []
    for side, before, limit, sign in ((MINIMUM, rule.minimum, least, -1), (MAXIMUM, rule.maximum, most, 1)):
        way = (limit - before) * sign
        if math.isfinite(before) and way > 0:
            unit = max(abs(before), step)
            found.append(
                Dial(rule.name, side, float(before), sign * step, math.ceil(way / step - 1e-6) + 1, unit)
            )
    return found


def _grid(values: FloatArray, span: float) -> float:
    """Return the largest number of which all values are multiples, or a fine one where there is none."""
    whole = np.round(values / FINEST)
    if values.size and np.abs(whole).max() < 2**53 and (np.abs(values - whole * FINEST) < 1e-12).all():
        common = int(np.gcd.reduce(whole.astype(np.int64)))
        if common:
            return common * FINEST
    return float(10.0 ** (math.floor(math.log10(span)) - 5))


def _tolerance(program: Program, k: int, target: Near) -> Dial:
    """Return the dial of a tolerance, that may grow until no form would miss the goal."""
    values = program.rows.matrix[np.flatnonzero(program.rows.owner == k)].data
    ends = float(values[values > 0].sum()), float(values[values < 0].sum())
    reach = max(abs(end - target.goal) for end in ends)
    unit = target.scale or abs(target.goal) or 1.0
    step = 10.0 ** (math.floor(math.log10(unit)) - 3)
    before = float(target.tolerance or 0.0)
    return Dial(target.name, TOLERANCE, before, step, max(1, math.ceil((reach - before) / step) + 1), unit)


def _largest_set(pool: Pool, rule: Sets) -> int:
    labels = pool.texts(rule.attribute)[select(pool, rule.where)]
    counts = np.unique(labels[labels != NO_VALUE], return_counts=True)[1]
    return int(counts.max(initial=1))
