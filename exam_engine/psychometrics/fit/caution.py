"""What a fit statistic warns of."""

from __future__ import annotations

from enum import StrEnum


class Caution(StrEnum):
    """A reason to read a result with care; each statistic says which it may give."""

    FEW_PERSONS = "few_persons"
    """Fewer persons than the statistic is known to need."""
    FEW_ITEMS = "few_items"
    """Fewer items than the statistic is known to need."""
    PERSONS_LEFT_OUT = "persons_left_out"
    """Persons who did not see every item (or whose booklet is too small) were left out; the result counts them."""
    NO_CORRECTION = "no_correction"
    """The ability was not estimated by ML, MAP or WLE, so that its estimation cannot be allowed for."""
    NOT_TESTABLE = "not_testable"
    """Nothing is left to test: no degree of freedom, or no variation."""
