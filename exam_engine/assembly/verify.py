"""The exact check of finished forms: item by item from the raw pool, without compiled rows or solver."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from exam_engine.assembly.checks import check, matching
from exam_engine.assembly.pool import NO_VALUE, Pool
from exam_engine.assembly.result import RuleCheck, Verification
from exam_engine.assembly.specification import (
    Count,
    Distinct,
    Earlier,
    Enemies,
    Exclude,
    If,
    Include,
    Parallel,
    PerValue,
    Rule,
    Sets,
    Share,
    Specification,
    Sum,
    is_across,
    soft_weight,
)
from exam_engine.assembly.verify_across import check_across, check_use
from exam_engine.assembly.verify_targets import Aspiration, check_target


def verify(
    pool: Pool,
    specification: Specification,
    forms: Sequence[Sequence[str]],
    *,
    possible: Mapping[str, Aspiration] | None = None,
) -> Verification:
    """Recompute every rule and target for forms given by their ids.

    Parameters
    ----------
    pool : Pool
    specification : Specification
    forms : sequence of sequence of str
        Ids of each form's items; an id twice in a form is an error.
    possible : mapping, optional
        What was found to be possible for targets without a goal of their own; without it they have no deviation.

    Returns
    -------
    Verification
        One check for each rule and form, and for each target and form.

    Raises
    ------
    ValueError
        If a form holds an unknown id or one twice.
    """
    placed: list[list[int]] = []
    for number, form in enumerate(forms, start=1):
        unknown = [name for name in form if name not in pool.positions]
        if unknown:
            raise ValueError(f"form {number} holds {unknown[0]!r}, which is not in the pool")
        if len(set(form)) != len(form):
            raise ValueError(f"form {number} holds an item twice")
        placed.append([pool.positions[name] for name in form])
    rules: list[RuleCheck] = []
    for rule in specification.rules:
        if is_across(rule):
            rules += check_across(pool, specification, rule, placed)
            continue
        first: Counter[tuple[str, ...]] = Counter()
        sizes = _sizes(pool, rule) if isinstance(rule, Sets) else Counter()
        for number, items in enumerate(placed, start=1):
            if isinstance(rule, Parallel):
                cells = _cells(pool, rule, items)
                first = cells if number == 1 else first
                different = [c for c in first.keys() | cells.keys() if first[c] != cells[c]]
                rules.append(
                    check(rule.name, number, len(different), 0, 0, " · ".join(min(different, default=())))
                )
            elif isinstance(rule, Sets):
                rules.append(_check_sets(pool, rule, number, items, sizes))
            else:
                rules.append(_as_soft(pool, rule, _check_form(pool, rule, number, items), items))
    if specification.max_use is not None:
        rules.append(check_use(pool, specification, placed))
    targets = [
        check
        for target in specification.targets
        for number, form in enumerate(placed, start=1)
        for check in check_target(pool, target, number, form, possible or {})
    ]
    return Verification(tuple(rules), tuple(targets))


def _as_soft(pool: Pool, rule: Rule, check: RuleCheck, form: list[int]) -> RuleCheck:
    """Return the check with what a soft rule is off by: items, amounts or values, not shares."""
    weight = soft_weight(rule)
    if weight is None or not isinstance(rule, Count | Sum | Share | Distinct):
        return check
    off = max(check.minimum - check.actual, check.actual - check.maximum, 0.0) if not check.ok else 0.0
    if isinstance(rule, Share):
        amounts = None if rule.attribute is None else pool.numbers(rule.attribute)
        off *= math.fsum(1.0 if amounts is None else float(amounts[k]) for k in matching(pool, rule.of, form))
    return replace(check, weight=weight, off=off, priority=rule.priority)


def _check_form(pool: Pool, rule: Rule, number: int, form: list[int]) -> RuleCheck:
    if isinstance(rule, Count):
        high = math.inf if rule.maximum is None else rule.maximum
        return check(rule.name, number, sum(1 for _ in matching(pool, rule.where, form)), rule.minimum, high)
    if isinstance(rule, Sum):
        values = pool.numbers(rule.attribute)
        total = math.fsum(float(values[k]) for k in matching(pool, rule.where, form))
        return check(rule.name, number, total, rule.minimum, rule.maximum)
    if isinstance(rule, Share):
        whole = list(matching(pool, rule.of, form))
        weight = None if rule.attribute is None else pool.numbers(rule.attribute)
        of, part = (
            math.fsum(1.0 if weight is None else float(weight[k]) for k in items)
            for items in (whole, matching(pool, rule.where, whole))
        )
        return check(rule.name, number, part / of if of else rule.minimum, rule.minimum, rule.maximum)
    if isinstance(rule, Distinct):
        covered = len(_counts(pool, rule.attribute, matching(pool, rule.where, form)))
        high = math.inf if rule.maximum is None else rule.maximum
        return check(rule.name, number, covered, rule.minimum, high)
    if isinstance(rule, If):
        applies = any(True for _ in matching(pool, rule.given, form))
        found = sum(1 for _ in matching(pool, rule.where, form))
        high = math.inf if rule.maximum is None or not applies else rule.maximum
        return check(rule.name, number, found, rule.minimum if applies else 0, high)
    if isinstance(rule, PerValue):
        counts = _counts(pool, rule.attribute, matching(pool, rule.where, form))
        value, most = max(counts.items(), key=lambda pair: (pair[1], pair[0]), default=("", 0))
        return check(rule.name, number, most, 0, rule.maximum, value if most > rule.maximum else "")
    if isinstance(rule, Earlier):
        return _check_earlier(rule, number, {pool.ids[k] for k in form})
    return _check_named(rule, number, {pool.ids[k] for k in form})


def _sizes(pool: Pool, rule: Sets) -> Counter[str]:
    """Return how many items each set of the pool has."""
    return _counts(pool, rule.attribute, matching(pool, rule.where, range(pool.size)))


def _check_sets(pool: Pool, rule: Sets, number: int, form: list[int], sizes: Counter[str]) -> RuleCheck:
    """Count the sets of which too few or too many items are used."""
    held = _counts(pool, rule.attribute, matching(pool, rule.where, form))
    wrong = []
    for value, count in sorted(held.items()):
        low = sizes[value] if rule.minimum is None else rule.minimum
        high = sizes[value] if rule.maximum is None else rule.maximum
        if not low <= count <= high:
            wrong.append(value)
    return check(rule.name, number, len(wrong), 0, 0, ", ".join(wrong[:3]))


def _check_earlier(rule: Earlier, number: int, held: set[str]) -> RuleCheck:
    """Find the earlier paper with which the form has most in common."""
    common, paper = max(((len(held & set(ids)), name) for name, ids in rule.papers), default=(0, ""))
    if rule.maximum is not None:
        return check(rule.name, number, common, 0, rule.maximum, paper if common > rule.maximum else "")
    high = float(rule.share or 0.0)
    part = common / len(held) if held else 0.0
    return check(rule.name, number, part, 0.0, high, paper if part > high else "")


def _check_named(rule: Rule, number: int, held: set[str]) -> RuleCheck:
    if isinstance(rule, Enemies):
        worst = max(rule.groups, key=lambda group: len(held & set(group)), default=())
        most = len(held & set(worst))
        return check(rule.name, number, most, 0, 1, ", ".join(sorted(held & set(worst))) if most > 1 else "")
    if isinstance(rule, Include):
        missing = [name for name in rule.ids if name not in held]
        return check(
            rule.name, number, len(rule.ids) - len(missing), len(rule.ids), math.inf, ", ".join(missing[:3])
        )
    if isinstance(rule, Exclude):
        wrong = [name for name in rule.ids if name in held]
        return check(rule.name, number, len(wrong), 0, 0, ", ".join(wrong[:3]))
    raise TypeError(f"no check for {type(rule).__name__}")


def _counts(pool: Pool, attribute: str, items: Iterable[int]) -> Counter[str]:
    texts = pool.texts(attribute)
    return Counter(str(texts[k]) for k in items if texts[k] != NO_VALUE)


def _cells(pool: Pool, rule: Parallel, form: list[int]) -> Counter[tuple[str, ...]]:
    columns = [pool.texts(attribute) for attribute in rule.by]
    return Counter(tuple(str(column[k]) for column in columns) for k in matching(pool, rule.where, form))
