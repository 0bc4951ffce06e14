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


class PaperKind(StrEnum):
    """What a sealed paper is to a candidate."""

    FORM = "form"
    """All of it is given."""
    COLLECTION = "collection"
    """It holds more than one candidate receives: individual forms, modules, an adaptive pool."""


class PaperStatus(StrEnum):
    """draft: assembled, waits for the second person · returned: refused, back with its author · approved · sealed:
    frozen and encrypted · discarded."""

    DRAFT = "draft"
    RETURNED = "returned"
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


OPEN = (PaperStatus.DRAFT, PaperStatus.RETURNED, PaperStatus.APPROVED)
"""States in which a paper may still be changed or discarded."""


class PaperEventKind(StrEnum):
    """What can happen to a paper."""

    SWAPPED = "swapped"
    RESOLVED = "resolved"
    UPDATED = "updated"
    """Items were taken in their current version."""
    UNDONE = "undone"
    APPROVED = "approved"
    REFUSED = "refused"
    RESUBMITTED = "resubmitted"
    SEALED = "sealed"
    DISCARDED = "discarded"


EDITS = (PaperEventKind.SWAPPED, PaperEventKind.RESOLVED, PaperEventKind.UPDATED, PaperEventKind.UNDONE)
"""Events that change what a paper holds."""


class PaperCheck(StrEnum):
    """What the second person confirms before approving."""

    RULES = "rules"
    TARGETS = "targets"
    DIFFERENCES = "differences"
    CONTENT = "content"


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


class NoAverageForm(Conflict):
    """The rules of a blueprint cannot hold together, so that no form can be averaged."""

    code = "paper_no_average_form"
    message = (
        "No form fulfils the rows of this blueprint, so there is nothing to take the goals from. Assemble it to see "
        "which rows clash."
    )


class PaperNotMeasured(Conflict):
    """Too few items of a paper have parameters to say what it measures."""

    code = "paper_not_measured"
    message = "Paper {label}: {missing} of its {count} items have no parameters, so its curves are not known."


class RuleRefused(Invalid):
    """A rule of the blueprint names an item that the bank does not have."""

    code = "blueprint_rule_refused"
    message = "{rule}: the bank of this occupation and level has no usable item “{item}”."


class OwnPaper(Forbidden):
    """Who asked for a paper does not approve or seal it."""

    code = "own_paper"
    message = "A paper is approved and sealed by another account than the one that requested it."


class OwnEdit(Forbidden):
    """Who edited a paper does not approve or seal it."""

    code = "own_edit"
    message = "You edited paper {label}: another account approves and seals it."


class PaperChanged(Conflict):
    """Somebody changed the paper since the page was shown."""

    code = "paper_changed"
    message = "Paper {label} was changed meanwhile. Look at it again before going on."


class ReasonMissing(Invalid):
    """An edit or a refusal is given without its reason."""

    code = "paper_reason_missing"
    message = "Say why: the reason is kept in the history of the paper."


class ChecksMissing(Invalid):
    """Not all points of the checklist were confirmed."""

    code = "paper_checks_missing"
    message = "Confirm every point of the checklist first; {count} are open."


class RulesBroken(Conflict):
    """Recomputed, rules of the blueprint do not hold."""

    code = "paper_rules_broken"
    message = "{count} rules do not hold in paper {label}: {rules}."


class EntryUnknown(NotFound):
    """The paper holds no such item."""

    code = "paper_entry_unknown"
    message = "Paper {label} has no item {position}."


class SubstituteUnsuitable(Conflict):
    """The item cannot come into the paper at all."""

    code = "paper_substitute_unsuitable"
    message = "Item “{item}” cannot be put here: it must be active, of the same type, and not in this paper."


class NothingToUndo(Conflict):
    """No edit is left to undo."""

    code = "paper_nothing_to_undo"
    message = "Paper {label} has no edit to undo."


class NothingOpen(Conflict):
    """Every item is locked."""

    code = "paper_nothing_open"
    message = "All items of paper {label} are locked: there is nothing to fill anew."


class DrawingOutOfRange(Invalid):
    """A number of a drawing lies outside its bounds."""

    code = "drawing_out_of_range"
    message = "{field}: {value} is not a value from {least} to {most}."


class DrawingRuleRefused(Conflict):
    """Individual forms keep every rule; a wish would make them unequal."""

    code = "drawing_rule_refused"
    message = (
        "Individual forms keep every rule always, but these rows of the blueprint are only wishes: {rows}. "
        "Make them firm, or leave them out."
    )


class CollectionNotEdited(Conflict):
    """An edit would change the forms of many candidates."""

    code = "collection_not_edited"
    message = (
        "Paper {label} holds the forms of many candidates and is not edited by hand: draw the forms anew."
    )


class FormUnknown(NotFound):
    """A collection has no such form."""

    code = "form_unknown"
    message = "There is no form {number}."


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
        "{count} items of paper {label} were changed or withdrawn since it was assembled. "
        "Take their current versions, swap them, or assemble again."
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


MAX_REASON = 400


def check_reason(reason: str) -> str:
    """Return the reason in one line, at most MAX_REASON characters; raises ReasonMissing for an empty one."""
    line = " ".join(reason.split())[:MAX_REASON]
    if not line:
        raise ReasonMissing
    return line


def check_ticked(checks: Iterable[PaperCheck]) -> None:
    """Raise ChecksMissing unless the whole checklist is confirmed."""
    missing = set(PaperCheck) - set(checks)
    if missing:
        raise ChecksMissing(count=len(missing))


def last_edit(kinds: Sequence[PaperEventKind]) -> int | None:
    """Return the place of the edit that an undo takes back: the last one not undone; None when there is none."""
    standing = standing_edits(kinds)
    return standing[-1] if standing else None


def standing_edits(kinds: Sequence[PaperEventKind]) -> list[int]:
    """Return the places of the edits that are not undone."""
    standing: list[int] = []
    for place, kind in enumerate(kinds):
        if kind is PaperEventKind.UNDONE:
            standing.pop()
        elif kind in EDITS:
            standing.append(place)
    return standing


def check_is_form(label: str, kind: PaperKind) -> None:
    """Raise CollectionNotEdited unless all of a paper is given to a candidate."""
    if kind is not PaperKind.FORM:
        raise CollectionNotEdited(label=label)


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
