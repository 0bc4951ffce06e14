"""How many people a room needs. No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from exam_engine.sittings.rules import Component, Duty

CANDIDATES_PER_INVIGILATOR = 15
INVIGILATORS_PER_ROOM = 2
CANDIDATES_PER_EXAMINER = 5
EXAMINERS_PER_ROOM = 3
"""Invigilators 1 : 15 and two a room; practical examiners 1 : 5, at least three and odd (published plans)."""


@dataclass(frozen=True)
class StaffingGap:
    """One shortage of staff in a room: how many there are, and how many the rule asks for."""

    duty: Duty
    present: int
    needed: int


def staffing_gaps(
    component: Component, candidates: int, staff: Mapping[Duty, int]
) -> tuple[StaffingGap, ...]:
    """Return where a room with ``candidates`` is understaffed; gaps are warnings, not refusals."""
    if not candidates:
        return ()
    gaps = []
    present = staff.get(Duty.INVIGILATOR, 0)
    needed = max(INVIGILATORS_PER_ROOM, math.ceil(candidates / CANDIDATES_PER_INVIGILATOR))
    if component is not Component.PRACTICAL and present < needed:
        gaps.append(StaffingGap(Duty.INVIGILATOR, present, needed))
    if component is not Component.THEORY:
        present = staff.get(Duty.EXAMINER, 0)
        share = CANDIDATES_PER_EXAMINER if component is Component.PRACTICAL else candidates
        needed = max(EXAMINERS_PER_ROOM, math.ceil(candidates / share))
        needed += needed % 2 == 0  # an odd number, so that votes decide
        if present < needed or present % 2 == 0:
            gaps.append(StaffingGap(Duty.EXAMINER, present, needed))
    return tuple(gaps)
