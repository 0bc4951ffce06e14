"""What a scale is, and which items deserve a second look. No I/O."""

from __future__ import annotations

from enum import StrEnum

from itembank.base.errors import Conflict, NotFound


class ScaleModel(StrEnum):
    """How the items of a scale are described."""

    CLASSICAL = "classical"
    RASCH = "rasch"
    ONE_PL = "1pl"
    TWO_PL = "2pl"
    THREE_PL = "3pl"

    @property
    def has_parameters(self) -> bool:
        """Whether its items have difficulties on a common scale."""
        return self is not ScaleModel.CLASSICAL

    @property
    def estimates_slopes(self) -> bool:
        """Whether discriminations have standard errors: one common slope, or one an item."""
        return self in (ScaleModel.ONE_PL, ScaleModel.TWO_PL, ScaleModel.THREE_PL)

    @property
    def has_asymptote(self) -> bool:
        """Whether weak persons answer right by chance."""
        return self is ScaleModel.THREE_PL


class ItemFlag(StrEnum):
    """Why an item deserves a second look."""

    CONSTANT = "constant"
    NEGATIVE = "negative"
    WEAK = "weak"
    TOO_EASY = "too_easy"
    TOO_HARD = "too_hard"
    FEW_RESPONSES = "few_responses"


WEAK_BELOW = 0.15
"""Corrected point-biserial below which an item hardly tells persons apart (Ebel & Frisbie, 1991, chapter 13, draw
the line for revision at 0.20 of the uncorrected index)."""

TOO_EASY_ABOVE = 0.95
TOO_HARD_BELOW = 0.20
FEW_RESPONSES_BELOW = 100
"""Responses below which a proportion has a 95 % interval wider than about ± 0.10."""


class ScaleNotFound(NotFound):
    """No such scale, or not of this institution."""

    code = "statistics.scale_not_found"
    message = "No such scale."


class ScaleHasNoParameters(Conflict):
    """A classical calibration has no difficulties on a common scale."""

    code = "statistics.scale_has_no_parameters"
    message = "The scale {name} holds classical statistics only, no item parameters."


def flags_of(
    *, n_responses: int, p_value: float | None, discrimination: float | None, is_constant: bool
) -> list[ItemFlag]:
    """Return the flags of an item; ``discrimination`` is the corrected point-biserial.

    >>> flags_of(n_responses=400, p_value=0.6, discrimination=-0.1, is_constant=False)
    [<ItemFlag.NEGATIVE: 'negative'>]
    """
    found = []
    if is_constant:
        found.append(ItemFlag.CONSTANT)
    elif discrimination is not None and discrimination < 0:
        found.append(ItemFlag.NEGATIVE)
    elif discrimination is not None and discrimination < WEAK_BELOW:
        found.append(ItemFlag.WEAK)
    if p_value is not None and p_value > TOO_EASY_ABOVE:
        found.append(ItemFlag.TOO_EASY)
    if p_value is not None and p_value < TOO_HARD_BELOW:
        found.append(ItemFlag.TOO_HARD)
    if n_responses < FEW_RESPONSES_BELOW:
        found.append(ItemFlag.FEW_RESPONSES)
    return found
