"""Whole numbers in proportion to weights. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal


def largest_remainder(total: int, weights: Sequence[Decimal]) -> list[int]:
    """Return whole numbers in proportion to ``weights`` that add up to ``total``.

    Each gets the whole part of its share; what is left goes to the largest remainders, of equals to the first
    (Hamilton's method). Without any weight all count alike.

    Examples
    --------
    >>> largest_remainder(10, [Decimal(5), Decimal(20), Decimal(75)])
    [1, 2, 7]
    """
    if not weights:
        return []
    whole = sum(weights, Decimal(0))
    if whole <= 0:
        weights, whole = [Decimal(1)] * len(weights), Decimal(len(weights))
    exact = [total * weight / whole for weight in weights]
    counts = [int(share) for share in exact]
    by_remainder = sorted(range(len(weights)), key=lambda k: (counts[k] - exact[k], k))
    for k in by_remainder[: total - sum(counts)]:
        counts[k] += 1
    return counts
