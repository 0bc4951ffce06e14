"""States of papers and assemblies, and what is refused. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from itembank.base.errors import Conflict, Forbidden, Invalid, NotFound

TOTAL_MARKS = Decimal(100)
"""Theory papers are out of 100 unless the blueprint says otherwise."""

MINUTES = 90

MAX_FORMS = 50
"""Forms of one assembly; above it a request is more likely a slip than a wish."""

SEAL_PURPOSE = "paper"

SITE_ZONE = ZoneInfo("Asia/Shanghai")
"""The year in a paper number is the local one."""


class PaperStatus(StrEnum):
    """draft: assembled, may be discarded · approved: a second person agrees · sealed: frozen and encrypted."""

    DRAFT = "draft"
    APPROVED = "approved"
    SEALED = "sealed"
    DISCARDED = "discarded"


class AssemblyStatus(StrEnum):
    """How a request for papers ended."""

    WAITING = "waiting"
    ASSEMBLED = "assembled"
    INFEASIBLE = "infeasible"
    UNDECIDED = "undecided"
    STOPPED = "stopped"


class BlueprintUnknown(NotFound):
    """There is no such blueprint, or it belongs to somebody else."""

    code = "blueprint_unknown"
    message = "This blueprint does not exist."


class AssemblyUnknown(NotFound):
    """There is no such request, or it belongs to somebody else."""

    code = "assembly_unknown"
    message = "This assembly does not exist."


class PaperUnknown(NotFound):
    """There is no such paper, or it belongs to somebody else."""

    code = "paper_unknown"
    message = "This paper does not exist."


class FormsOutOfRange(Invalid):
    """The number of forms asked for makes no sense."""

    code = "forms_out_of_range"
    message = "Between 1 and {most} forms can be assembled at a time; {forms} were asked for."


class NoItems(Conflict):
    """The bank has no active item for the blueprint."""

    code = "paper_no_items"
    message = "The bank holds no active item of the types of this blueprint for this occupation and level."


class NotCalibrated(Conflict):
    """The blueprint has a target of information or expected score and there are no item parameters."""

    code = "paper_not_calibrated"
    message = (
        "The blueprint sets a target of information or expected score, but the bank of this occupation and level "
        "is not calibrated."
    )


class NotTried(Conflict):
    """The blueprint has a target of mean proportion correct and no item has one."""

    code = "paper_not_tried"
    message = (
        "The blueprint sets a mean proportion correct, but no active item of this occupation and level has been "
        "tried at a sitting yet."
    )


class RuleRefused(Invalid):
    """A rule of the blueprint names an item that the bank does not have."""

    code = "blueprint_rule_refused"
    message = "{rule}: the bank of this occupation and level has no usable item “{item}”."


class OwnPaper(Forbidden):
    """Who asked for a paper does not approve or seal it."""

    code = "own_paper"
    message = "A paper is approved and sealed by another account than the one that requested it."


class PaperNotDraft(Conflict):
    """The paper is past the state in which this can be done."""

    code = "paper_state_wrong"
    message = "Paper {label} is {status}: this cannot be done any more."


class PaperNotSealed(Conflict):
    """Only a sealed paper may be delivered."""

    code = "paper_not_sealed"
    message = "Paper {label} is not sealed and cannot be used."


class ItemsChanged(Conflict):
    """Items of a draft were changed or withdrawn since it was assembled."""

    code = "paper_items_changed"
    message = (
        "{count} items of paper {label} were changed or withdrawn since it was assembled. Assemble again."
    )


class MarksWrong(Conflict):
    """The paper's marks are not what the blueprint says."""

    code = "paper_marks_wrong"
    message = "The marks of paper {label} add up to {total}; the blueprint says {stated}."


class PaperAltered(Conflict):
    """A sealed paper's content is not the one that was sealed."""

    code = "paper_altered"
    message = "The content of paper {label} does not match its digest: it was altered."


def check_second_person(*, requested_by: UUID | None, acting: UUID | None) -> None:
    """Raise OwnPaper unless somebody other than the requester acts."""
    if acting is None or acting == requested_by:
        raise OwnPaper


def check_status(label: str, status: PaperStatus, allowed: Sequence[PaperStatus]) -> None:
    """Raise PaperNotDraft unless the paper is in one of the states ``allowed``."""
    if status not in allowed:
        raise PaperNotDraft(label=label, status=status.value)


def check_marks(label: str, *, total: Decimal, stated: Decimal) -> None:
    """Raise MarksWrong unless the sum of marks is the total stated."""
    if total != stated:
        raise MarksWrong(label=label, total=total, stated=stated)


def check_forms(forms: int) -> None:
    """Raise FormsOutOfRange unless that many forms can be assembled at once."""
    if not 1 <= forms <= MAX_FORMS:
        raise FormsOutOfRange(forms=forms, most=MAX_FORMS)


def label_prefix(at: datetime, credit_code: str | None) -> str:
    """Return the beginning of paper numbers: LSP for theory, the year, the institution's credit code."""
    return f"LSP{at.astimezone(SITE_ZONE):%y}{credit_code or ''}_"


def next_labels(prefix: str, taken: Iterable[str], count: int) -> list[str]:
    """Return the next ``count`` paper numbers, six digits after the prefix."""
    numbers = [int(label[len(prefix) :]) for label in taken if label[len(prefix) :].isdigit()]
    first = max(numbers, default=0) + 1
    return [f"{prefix}{number:06d}" for number in range(first, first + count)]
