"""Which items of a report deserve a second look before release, and what the figures say against them. No I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from exam_engine.calibration.reports.rules import FEW_PERSONS_BELOW
from exam_engine.psychometrics.ctt.option_flags import OptionFlag, OptionProblem
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

DRAWS_STRONG_ABOVE = 0.05
"""Correlation of a wrong option with the rest of the test from which it is worth a word."""

DRAWS_ALL_THE_SAME = 0.20
"""Correlation from which it is worth a word even where chance may give it."""

OPEN_ABOVE = 0.05
"""Share of blanks from which an item is worth a word."""

FIRM_ERRORS = 2.0
"""A difference of so many standard errors is hardly chance."""

ENOUGH = 100
"""Persons from which a share is known to about ± 0.10."""


@dataclass(frozen=True)
class Figures:
    """What the signs are read from; ``high`` and ``r`` by option are only for the sentences."""

    n: int
    p: float | None
    discrimination: float | None
    """Corrected point-biserial."""
    is_constant: bool
    left_open: float
    not_reached: float
    labels: Sequence[str] = ()
    key: Sequence[int] = ()
    high: Sequence[float | None] = ()
    r: Sequence[float | None] = ()
    option_flags: Sequence[OptionFlag] = ()


def signs_of(item: Figures) -> list[dict[str, Any]]:
    """Return the signs with the facts that a sentence needs; ``firm`` tells whether chance hardly explains it."""
    of_key = _of_key(item)
    found = [
        *of_key,
        *_of_discrimination(item),
        *_of_difficulty(item),
        *_of_distractors(item, is_key_suspect=bool(of_key)),
    ]
    if item.left_open > OPEN_ABOVE:
        found.append(_sign(Sign.LEFT_OPEN, firm=item.n >= ENOUGH, share=item.left_open))
    if item.not_reached > OPEN_ABOVE:
        found.append(_sign(Sign.NOT_REACHED, firm=item.n >= ENOUGH, share=item.not_reached))
    return found


def _sign(sign: Sign, *, firm: bool, **facts: Any) -> dict[str, Any]:
    return {"sign": sign.value, "firm": firm, **facts}


def _of_key(item: Figures) -> list[dict[str, Any]]:
    """Another option behaves as a key does, and the only key does not."""
    if len(item.key) != 1:
        return []
    key = item.key[0]
    avoided = {OptionProblem.KEY_NEGATIVE, OptionProblem.KEY_UNCHOSEN}
    is_avoided = any(flag.problem in avoided for flag in item.option_flags)
    found = {(flag.option, flag.problem): flag for flag in item.option_flags}
    rivals = []
    for option in range(len(item.labels)):
        beats = found.get((option, OptionProblem.OPTION_BEATS_KEY))
        preferred = found.get((option, OptionProblem.PREFERRED_BY_STRONG))
        if preferred and (beats or is_avoided):
            supported = preferred.is_supported and bool(beats is None or beats.is_supported)
            rivals.append((supported, item.r[option] or 0.0, option))
    if not rivals:
        return []
    firm, _, rival = max(rivals)
    return [
        _sign(
            Sign.KEY_SUSPECT,
            firm=firm,
            option=item.labels[rival],
            key=item.labels[key],
            high=item.high[rival],
            key_high=item.high[key],
            r=item.r[rival],
            key_r=item.r[key],
        )
    ]


def _of_discrimination(item: Figures) -> list[dict[str, Any]]:
    r = item.discrimination
    if item.is_constant:
        return [_sign(Sign.CONSTANT, firm=True)]
    if r is None or r >= WEAK_BELOW:
        return []
    error = 1.0 / math.sqrt(max(item.n - 1, 1))
    if r < 0:
        return [_sign(Sign.NEGATIVE, firm=-r > FIRM_ERRORS * error, r=r)]
    return [_sign(Sign.WEAK, firm=WEAK_BELOW - r > FIRM_ERRORS * error, r=r)]


def _of_difficulty(item: Figures) -> list[dict[str, Any]]:
    if item.p is None or item.is_constant:
        return []
    error = math.sqrt(max(item.p * (1 - item.p), 1e-9) / max(item.n, 1))
    if item.p > TOO_EASY_ABOVE:
        return [_sign(Sign.TOO_EASY, firm=item.p - TOO_EASY_ABOVE > error, p=item.p)]
    if item.p < TOO_HARD_BELOW:
        return [_sign(Sign.TOO_HARD, firm=TOO_HARD_BELOW - item.p > error, p=item.p)]
    return []


def _of_distractors(item: Figures, *, is_key_suspect: bool) -> list[dict[str, Any]]:
    found = []
    for flag in item.option_flags:
        # Where the key is suspect, that an option draws the stronger is said already.
        if flag.problem is not OptionProblem.DISTRACTOR_POSITIVE or is_key_suspect:
            continue
        if (flag.is_supported and flag.value > DRAWS_STRONG_ABOVE) or flag.value > DRAWS_ALL_THE_SAME:
            label = item.labels[flag.option]
            found.append(_sign(Sign.DRAWS_STRONG, firm=flag.is_supported, option=label, r=flag.value))
    dead = [flag for flag in item.option_flags if flag.problem is OptionProblem.DISTRACTOR_DEAD]
    if dead and len(item.labels) > 2 and item.n >= FEW_PERSONS_BELOW:
        labels = "、".join(item.labels[flag.option] for flag in dead)
        firm = all(flag.is_supported for flag in dead)
        found.append(_sign(Sign.DEAD_OPTIONS, firm=firm, options=labels))
    return found
