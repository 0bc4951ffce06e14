"""Whether two runs of a report gave the same figures. No I/O."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

TOLERANCE = 1e-9
"""Relative, and absolute near zero: the same formula on another machine may sum in another order."""

NAMED = 20
"""Differences that are named; all are counted."""


def compare(before: Any, after: Any) -> dict[str, Any]:
    """Return whether two results agree, how many figures were compared and where they differ.

    Figures that only the later code gives have nothing to be compared with; one that it no longer gives differs.

    >>> compare({"a": 1.0, "b": [1, 2]}, {"a": 1.0, "b": [1, 3]})
    {'agrees': False, 'compared': 3, 'differences': 1, 'first': ['b[1]']}
    """
    pairs = list(_pairs(before, after, ""))
    differing = [where for where, same in pairs if not same]
    return {
        "agrees": not differing,
        "compared": len(pairs),
        "differences": len(differing),
        "first": differing[:NAMED],
    }


def _pairs(before: Any, after: Any, where: str) -> Iterator[tuple[str, bool]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            here = f"{where}.{key}" if where else str(key)
            if key in before and key in after:
                yield from _pairs(before[key], after[key], here)
            elif key in before:
                yield here, False
    elif _is_list(before) and _is_list(after) and len(before) == len(after):
        for at, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _pairs(one, other, f"{where}[{at}]")
    elif _is_number(before) and _is_number(after):
        yield where, math.isclose(before, after, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    else:
        yield where, before == after


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
