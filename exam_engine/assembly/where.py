"""Filters: which items of a pool a rule or target means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Is:
    """Items whose categorical ``attribute`` is one of ``values``."""

    attribute: str
    values: tuple[str, ...]

    def __init__(self, attribute: str, *values: str) -> None:
        object.__setattr__(self, "attribute", attribute)
        object.__setattr__(self, "values", tuple(values))


@dataclass(frozen=True)
class Between:
    """Items whose numeric ``attribute`` lies in [low, high]."""

    attribute: str
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Among:
    """Items named by their ids: those of an earlier paper, of an anchor block."""

    ids: tuple[str, ...]

    def __init__(self, *ids: str) -> None:
        object.__setattr__(self, "ids", tuple(ids))


Condition: TypeAlias = Is | Between | Among
Where: TypeAlias = tuple[Condition, ...]
"""All conditions hold at once; ``()`` selects every item."""
