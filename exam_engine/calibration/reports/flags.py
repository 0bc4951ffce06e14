"""Which items of a report deserve a second look before release, and what the figures say against them. No I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from itembank.statistics.rules import TOO_EASY_ABOVE, TOO_HARD_BELOW, WEAK_BELOW


class Sign(StrEnum):
    """What is odd about an item."""

    KEY_SUSPECT = "key_suspect"
    NEGATIVE = "negative"
    WEAK = "weak"
    TOO_EASY = "too_easy"
    TOO_HARD = "too_hard"
    CONSTANT = "constant"
    DRAWS_STRONG = "draws_strong"
    DEAD_OPTIONS = "dead_options"
    LEFT_OPEN = "left_open"
    NOT_REACHED = "not_reached"


SERIOUS = frozenset({Sign.KEY_SUSPECT, Sign.NEGATIVE})
"""What asks for a decision before results are released."""

DEAD_BELOW = 0.05
"""Share below which a distractor does no work (Haladyna & Downing, 1993, Educational and Psychological Measurement 53,
999–1010)."""

DRAWS_STRONG_ABOVE = 0.05
"""Correlation of a wrong option with the rest of the test from which it draws the stronger."""

OPEN_ABOVE = 0.05
FIRM_ERRORS = 2.0
"""A difference of so many standard errors is hardly chance."""


@dataclass(frozen=True)
class Option:
    """How one option drew the persons."""

    label: str
    is_key: bool
    count: int
    share: float
    low: float | None
    high: float | None
    point_biserial: float | None


@dataclass(frozen=True)
class Figures:
    """What the signs are read from."""

    n: int
    p: float | None
    discrimination: float | None
    """Corrected point-biserial."""
    is_constant: bool
    left_open: float
    not_reached: float
    options: Sequence[Option] = ()


def signs_of(item: Figures) -> list[dict[str, Any]]:
    """Return the signs with the facts that a sentence needs; ``firm`` tells whether chance hardly explains it."""
    found = [*_of_options(item), *_of_discrimination(item), *_of_difficulty(item)]
    if item.left_open > OPEN_ABOVE:
        found.append(_sign(Sign.LEFT_OPEN, firm=item.n >= 100, share=item.left_open))
    if item.not_reached > OPEN_ABOVE:
        found.append(_sign(Sign.NOT_REACHED, firm=item.n >= 100, share=item.not_reached))
    return found


def _sign(sign: Sign, *, firm: bool, **facts: Any) -> dict[str, Any]:
    return {"sign": sign.value, "firm": firm, **facts}


def _error(n: int) -> float:
    """Return the standard error of a correlation that is zero."""
    return 1.0 / math.sqrt(max(n - 1, 1))


def _of_discrimination(item: Figures) -> list[dict[str, Any]]:
    r = item.discrimination
    if item.is_constant:
        return [_sign(Sign.CONSTANT, firm=True)]
    if r is None or r >= WEAK_BELOW:
        return []
    firm = WEAK_BELOW - r > FIRM_ERRORS * _error(item.n) if r >= 0 else -r > FIRM_ERRORS * _error(item.n)
    return [_sign(Sign.NEGATIVE if r < 0 else Sign.WEAK, firm=firm, r=r)]


def _of_difficulty(item: Figures) -> list[dict[str, Any]]:
    if item.p is None or item.is_constant:
        return []
    error = math.sqrt(max(item.p * (1 - item.p), 1e-9) / max(item.n, 1))
    if item.p > TOO_EASY_ABOVE:
        return [_sign(Sign.TOO_EASY, firm=item.p - TOO_EASY_ABOVE > error, p=item.p)]
    if item.p < TOO_HARD_BELOW:
        return [_sign(Sign.TOO_HARD, firm=TOO_HARD_BELOW - item.p > error, p=item.p)]
    return []


def _of_options(item: Figures) -> list[dict[str, Any]]:
    keys = [option for option in item.options if option.is_key]
    wrong = [option for option in item.options if not option.is_key]
    found = []
    key = keys[0] if len(keys) == 1 else None
    rival = max(wrong, key=_r, default=None)
    if rival is not None and _suspect(key, rival):
        assert key is not None
        gap = _r(rival) - _r(key)
        found.append(
            _sign(
                Sign.KEY_SUSPECT,
                firm=gap > FIRM_ERRORS * math.sqrt(2) * _error(item.n),
                option=rival.label,
                key=key.label,
                high=rival.high,
                key_high=key.high,
                r=rival.point_biserial,
                key_r=key.point_biserial,
            )
        )
    elif rival is not None and _r(rival) > DRAWS_STRONG_ABOVE and rival.share >= DEAD_BELOW:
        firm = _r(rival) > FIRM_ERRORS * _error(item.n)
        found.append(_sign(Sign.DRAWS_STRONG, firm=firm, option=rival.label, r=rival.point_biserial))
    dead = [option.label for option in wrong if option.share < DEAD_BELOW]
    if dead and len(item.options) > 2:
        found.append(_sign(Sign.DEAD_OPTIONS, firm=item.n >= 100, options="、".join(dead)))
    return found


def _suspect(key: Option | None, rival: Option) -> bool:
    """Tell whether another option behaves as a key does, and the key does not."""
    if key is None or _r(rival) <= max(_r(key), 0.0):
        return False
    return (rival.high or 0.0) > (key.high or 0.0) or _r(key) < 0


def _r(option: Option) -> float:
    return -1.0 if option.point_biserial is None else option.point_biserial
