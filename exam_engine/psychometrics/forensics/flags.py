"""What a flag means: its level, and what makes a result rough."""

from __future__ import annotations

from enum import StrEnum

LEVEL = 0.05
"""Chance of a false flag that is accepted by default, after the correction for many tests."""


class Caution(StrEnum):
    """Why a result is rough; the module that raises one names the size it needs."""

    FEW_ITEMS = "few_items"
    FEW_PERSONS = "few_persons"
    THIN_GROUPS = "thin_groups"
    INCOMPLETE = "incomplete"
    NOT_CONVERGED = "not_converged"
    NOT_BIMODAL = "not_bimodal"
    NOT_COMPUTED = "not_computed"


def check_level(level: float) -> None:
    """Raise ValueError unless the level is a chance strictly between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise ValueError("level must lie between 0 and 1")
