"""The exact check of what is asked beyond a single form: sets of items are compared, nothing compiled is looked at."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from exam_engine.assembly.checks import check, matching
from exam_engine.assembly.pool import Pool
from exam_engine.assembly.result import RuleCheck
from exam_engine.assembly.specification import Anchor, Count, Overlap, Rule, Specification, Sum, Use

Forms = Sequence[Sequence[int]]


def check_across(pool: Pool, specification: Specification, rule: Rule, forms: Forms) -> Iterator[RuleCheck]:
    """Yield the checks of a rule over several forms, given as positions: one, or one a form for pairs."""
    if isinstance(rule, Count | Sum):
        yield _check_total(pool, rule, forms)
    elif isinstance(rule, Overlap):
        yield from _check_pairs(pool, specification, rule, forms)
    elif isinstance(rule, Anchor):
        high = math.inf if rule.maximum is None else rule.maximum
        yield check(rule.name, 0, len(_in_all(pool, rule, forms)), rule.minimum, high)
    elif isinstance(rule, Use):
        yield _check_cap(pool, specification, rule, forms)
    else:
        raise TypeError(f"no check for {type(rule).__name__}")


def check_use(pool: Pool, specification: Specification, forms: Forms) -> RuleCheck:
    """Return the check of the limit on how often any item is used."""
    limit = math.inf if specification.max_use is None else specification.max_use
    uses = _uses(pool, specification, forms)
    often, item = max(((n, pool.ids[k]) for k, n in uses.items()), default=(0, ""))
    return check(specification.sharing_name, 0, often, 0, limit, item if often > limit else "")


def _check_total(pool: Pool, rule: Count | Sum, forms: Forms) -> RuleCheck:
    used = [k for form in forms for k in form]
    items = matching(pool, rule.where, set(used) if rule.scope == "pool" else used)
    if isinstance(rule, Count):
        high = math.inf if rule.maximum is None else rule.maximum
        return check(rule.name, 0, sum(1 for _ in items), rule.minimum, high)
    values = pool.numbers(rule.attribute)
    return check(rule.name, 0, math.fsum(float(values[k]) for k in items), rule.minimum, rule.maximum)


def _check_pairs(
    pool: Pool, specification: Specification, rule: Overlap, forms: Forms
) -> Iterator[RuleCheck]:
    """Compare each form with the other that fits it worst."""
    high = math.inf if rule.maximum is None else rule.maximum
    common = frozenset[int]() if rule.anchors else _common(pool, specification, forms)
    counted = [frozenset(matching(pool, rule.where, form)) - common for form in forms]
    for number, items in enumerate(counted, start=1):
        shared = [(len(items & other), at) for at, other in enumerate(counted, start=1) if at != number]
        if shared:
            count, other = max(shared, key=lambda pair: (pair[0] - high, -pair[1]))
            fewest, least = min(shared)
            if count <= high and fewest < rule.minimum:
                count, other = fewest, least
            both = sorted(pool.ids[k] for k in items & counted[other - 1])
            detail = ", ".join(both[:3]) if count > high else ""
            yield check(rule.name, number, count, rule.minimum, high, detail, other)


def _check_cap(pool: Pool, specification: Specification, rule: Use, forms: Forms) -> RuleCheck:
    """Find the item that is furthest beyond its own limit, or nearest to it."""
    uses = _uses(pool, specification, forms)
    caps = None if rule.attribute is None else pool.numbers(rule.attribute)
    worst: tuple[float, int, float, str] | None = None
    for k in matching(pool, rule.where, sorted(uses)):
        most = float(rule.maximum or 0) if caps is None else max(0.0, math.floor(float(caps[k])))
        worst = max(worst or (-math.inf, 0, 0.0, ""), (uses[k] - most, uses[k], most, pool.ids[k]))
    if worst is None:
        return check(rule.name, 0, 0, 0, math.inf if rule.maximum is None else rule.maximum)
    beyond, often, most, item = worst
    return check(rule.name, 0, often, 0, most, item if beyond > 0 else "")


def _uses(pool: Pool, specification: Specification, forms: Forms) -> Counter[int]:
    """Count the forms of each item that is not common to all by an Anchor."""
    common = _common(pool, specification, forms)
    return Counter(k for form in forms for k in form if k not in common)


def _common(pool: Pool, specification: Specification, forms: Forms) -> frozenset[int]:
    anchors = (rule for rule in specification.rules if isinstance(rule, Anchor))
    return frozenset[int]().union(*(_in_all(pool, rule, forms) for rule in anchors))


def _in_all(pool: Pool, rule: Anchor, forms: Forms) -> frozenset[int]:
    """Return the items of a selection that all forms hold."""
    if not forms:
        return frozenset()
    return frozenset(matching(pool, rule.where, frozenset(forms[0]).intersection(*forms[1:])))
