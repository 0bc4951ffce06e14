"""The ground of the exact check: which items of a form a filter means, and one value against its bounds."""

from __future__ import annotations

from collections.abc import Iterable

from exam_engine.assembly.pool import Pool
from exam_engine.assembly.result import RuleCheck
from exam_engine.assembly.specification import Among, Is, Where

ROUNDING = 1e-9
"""Relative error allowed when decimal numbers were added as floating point."""


def matching(pool: Pool, where: Where, form: Iterable[int]) -> Iterable[int]:
    """Yield the items that fulfil all conditions, read one by one."""
    for k in form:
        for condition in where:
            if isinstance(condition, Is):
                if str(pool.texts(condition.attribute)[k]) not in condition.values:
                    break
            elif isinstance(condition, Among):
                if pool.ids[k] not in condition.ids:
                    break
            elif not condition.low <= float(pool.numbers(condition.attribute)[k]) <= condition.high:
                break
        else:
            yield k


def check(
    rule: str, form: int, actual: float, minimum: float, maximum: float, detail: str = "", other: int = 0
) -> RuleCheck:
    """Return whether a value is within its bounds, apart from rounding."""
    allow = ROUNDING * max(1.0, abs(actual))
    return RuleCheck(
        rule, form, actual, minimum, maximum, minimum - allow <= actual <= maximum + allow, detail, other
    )
