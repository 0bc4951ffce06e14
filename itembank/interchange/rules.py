"""What becomes of the rows of an import. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from itembank.base.errors import Conflict, Invalid


class RowStatus(StrEnum):
    """What became of one question of a file."""

    IMPORTED = "imported"
    REJECTED = "rejected"
    """Waits to be repaired or discarded."""
    REPAIRED = "repaired"
    DISCARDED = "discarded"


class RowDecided(Conflict):
    """The row is no longer waiting."""

    code = "import_row_decided"
    message = "This question was already imported or discarded."


class RepairRefused(Invalid):
    """The repaired question still cannot enter the bank; ``finding`` says why."""

    code = "repair_refused"
    message = "The question still cannot be imported: {reason}"


class DuplicateQuestion(Conflict):
    """The bank asks this already."""

    code = "duplicate_question"
    message = "The same question is already in the bank (item {item})."


@dataclass(frozen=True)
class ImportCounts:
    """How the questions of a batch stand now."""

    found: int
    imported: int
    rejected: int
    repaired: int
    discarded: int

    @property
    def in_bank(self) -> int:
        """Return how many entered the bank."""
        return self.imported + self.repaired
