"""The ground of the exact check: which items of a form a filter means, and one value against its bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from exam_engine.assembly.pool import Pool
from exam_engine.assembly.result import RuleCheck
from exam_engine.assembly.specification import Among, Condition, Is, Where

ROUNDING = 1e-9
"""Relative error allowed when decimal numbers were added as floating point."""


def matching(pool: Pool, where: Where, form: Iterable[int]) -> Iterable[int]:
    """Return the items that fulfil all conditions, read one by one."""
    for condition in where:
        form = list(filter(_test(pool, condition), form))
    return form


def _test(pool: Pool, condition: Condition) -> Callable[[int], bool]:
    if isinstance(condition, Is):
        texts, values = pool.texts(condition.attribute), frozenset(condition.values)
        return lambda k: str(texts[k]) in values
    if isinstance(condition, Among):
        ids, wanted = pool.ids, frozenset(condition.ids)
        return lambda k: ids[k] in wanted
    numbers, low, high = pool.numbers(condition.attribute), condition.low, condition.high
    return lambda k: low <= float(numbers[k]) <= high


def check(
    rule: str, form: int, actual: float, minimum: float, maximum: float, detail: str = "", other: int = 0
) -> RuleCheck:
    """Return whether a value is within its bounds, apart from rounding."""
    allow = ROUNDING * max(1.0, abs(actual))
    return RuleCheck(
        rule, form, actual, minimum, maximum, minimum - allow <= actual <= maximum + allow, detail, other
    )
