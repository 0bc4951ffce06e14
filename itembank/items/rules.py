"""What an item is, when its content is sound, and how it moves through its life. No I/O."""

from __future__ import annotations

import json
import re
import string
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from itembank.base.errors import Conflict, ExamError, Invalid

MAX_STEM = 4_000
MAX_OPTION = 2_000
MAX_EXPLANATION = 4_000
LEAST_OPTIONS, MOST_OPTIONS = 2, 11
LABELS = tuple(string.ascii_uppercase[:MOST_OPTIONS])
MULTIPLE_LEAST_KEYS = 2
"""A multiple-choice item with one key would be a single-choice item that misleads."""
DIFFICULTIES = (1, 2, 3, 4, 5)
"""Easy to hard, as the writer judges it; calibration has its own figures."""
MIDDLE_DIFFICULTY = 3
OWN_SOURCE = "自编"
BULK_LIMIT = 5_000
"""Items that one bulk action takes; more are done in several goes."""


class ItemType(StrEnum):
    """How an item is answered."""

    SINGLE_CHOICE = "single_choice"
    MULTIPLE_CHOICE = "multiple_choice"
    TRUE_FALSE = "true_false"


class ItemStatus(StrEnum):
    """Where an item stands in its life."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class Change(StrEnum):
    """What can be done to an item's state."""

    SUBMIT = "submit"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    EDIT = "edit"
    SUSPEND = "suspend"
    RESUME = "resume"
    RETIRE = "retire"


TRANSITIONS: dict[tuple[ItemStatus, Change], ItemStatus] = {
    (ItemStatus.DRAFT, Change.SUBMIT): ItemStatus.IN_REVIEW,
    (ItemStatus.DRAFT, Change.EDIT): ItemStatus.DRAFT,
    (ItemStatus.DRAFT, Change.RETIRE): ItemStatus.RETIRED,
    (ItemStatus.IN_REVIEW, Change.APPROVE): ItemStatus.ACTIVE,
    (ItemStatus.IN_REVIEW, Change.SEND_BACK): ItemStatus.DRAFT,
    (ItemStatus.IN_REVIEW, Change.EDIT): ItemStatus.IN_REVIEW,
    (ItemStatus.ACTIVE, Change.EDIT): ItemStatus.IN_REVIEW,
    (ItemStatus.ACTIVE, Change.SUSPEND): ItemStatus.SUSPENDED,
    (ItemStatus.ACTIVE, Change.RETIRE): ItemStatus.RETIRED,
    (ItemStatus.SUSPENDED, Change.EDIT): ItemStatus.IN_REVIEW,
    # What was doubted is looked at again by a second person, never simply switched on.
    (ItemStatus.SUSPENDED, Change.RESUME): ItemStatus.IN_REVIEW,
    (ItemStatus.SUSPENDED, Change.RETIRE): ItemStatus.RETIRED,
}
"""Every change of state that exists; what is not here is refused."""

PLACEABLE = frozenset({ItemStatus.DRAFT, ItemStatus.IN_REVIEW})
"""States in which a point can be given in bulk; moving an approved item is an edit and is reviewed again."""


class ChangeNotAllowed(Conflict):
    """The item's state does not allow this change."""

    code = "item_change_not_allowed"
    message = "The present state of item {number} does not allow this."


class Unclassified(Conflict):
    """An item without an assessment point stays a draft."""

    code = "item_unclassified"
    message = "Item {number} has no assessment point. Place it first."


class EditedMeanwhile(Conflict):
    """Somebody else saved the item after this form was opened."""

    code = "item_edited_meanwhile"
    message = "Item {number} was saved by somebody else after you opened it. Look at the new version, then save again."


class OutsideOutline(Invalid):
    """The point belongs to another occupation or level than the item."""

    code = "item_outside_outline"
    message = "Item {number} is of another occupation or level than the assessment point."


def next_status(number: int, status: ItemStatus, change: Change, *, classified: bool) -> ItemStatus:
    """Return the state after ``change``.

    Raises ChangeNotAllowed, or Unclassified where an item without a point would leave the drafts.
    """
    after = TRANSITIONS.get((status, change))
    if after is None:
        raise ChangeNotAllowed(number=number, status=status.value)
    if after in (ItemStatus.IN_REVIEW, ItemStatus.ACTIVE) and not classified:
        raise Unclassified(number=number)
    return after


# --- content -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Option:
    """One option; ``label`` is A, B, … or T, F."""

    label: str
    text: str


TRUE_LABEL, FALSE_LABEL = "T", "F"
TRUE_FALSE_OPTIONS = (Option(TRUE_LABEL, "正确"), Option(FALSE_LABEL, "错误"))


@dataclass(frozen=True)
class ItemContent:
    """What the candidate sees, and the key. Never log it."""

    type: ItemType
    stem: str
    options: tuple[Option, ...]
    key: tuple[str, ...]
    explanation: str = ""

    def __repr__(self) -> str:
        return f"ItemContent({self.type.value}, …)"  # logs and tracebacks hold no item text


@dataclass(frozen=True)
class ItemDraft:
    """A new item: its content and its place in the bank."""

    content: ItemContent
    occupation_id: UUID
    level: int
    point_id: UUID | None = None
    difficulty: int = MIDDLE_DIFFICULTY
    importance: str | None = None
    """X, Y or Z; None takes the point's."""
    source: str = OWN_SOURCE
    reference: str | None = None
    """Its number in the place it came from."""
    category: str | None = None


class ContentInvalid(Invalid):
    """The content breaks a rule; ``field`` names the part of the form."""

    code = "item_content_invalid"
    field: ClassVar[str] = ""


class StemMissing(ContentInvalid):
    code, field = "stem_missing", "stem"
    message = "The stem is empty."


class StemTooLong(ContentInvalid):
    code, field = "stem_too_long", "stem"
    message = "The stem has {length} characters; at most {limit} are allowed."


class ExplanationTooLong(ContentInvalid):
    code, field = "explanation_too_long", "explanation"
    message = "The explanation has {length} characters; at most {limit} are allowed."


class OptionCountWrong(ContentInvalid):
    code, field = "option_count_wrong", "options"
    message = "There are {count} options; {least} to {most} are allowed."


class OptionLabelsWrong(ContentInvalid):
    code, field = "option_labels_wrong", "options"
    message = "The options are labelled {found}; expected {expected}."


class OptionEmpty(ContentInvalid):
    code, field = "option_empty", "options"
    message = "Option {label} is empty."


class OptionTooLong(ContentInvalid):
    code, field = "option_too_long", "options"
    message = "Option {label} has {length} characters; at most {limit} are allowed."


class OptionTwice(ContentInvalid):
    code, field = "option_twice", "options"
    message = "Options {first} and {second} have the same text."


class KeyMissing(ContentInvalid):
    code, field = "key_missing", "key"
    message = "No option is marked as correct."


class KeyUnknown(ContentInvalid):
    code, field = "key_unknown", "key"
    message = "The key {key} is not among the options {labels}."


class KeyTooMany(ContentInvalid):
    code, field = "key_too_many", "key"
    message = "Exactly one option must be correct; {count} are marked."


class KeyTooFew(ContentInvalid):
    code, field = "key_too_few", "key"
    message = "A multiple-choice item needs at least {least} correct options."


class PlainTextNeeded(ContentInvalid):
    code, field = "plain_text_needed", "stem"
    message = "The text holds a control character that cannot be shown (U+{code_point}). Delete it."


class DifficultyWrong(ContentInvalid):
    code, field = "difficulty_wrong", "difficulty"
    message = "The difficulty must be 1 to 5, not {value}."


_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def same_text(text: str) -> str:
    """Return a text in the form in which two texts count as the same: spaces and full width do not matter.

    Case and superscripts do: 5 mA and 5 MA, 10² and 102 are different answers.
    """
    return re.sub(r"\s+", "", text).translate(_WIDE)


def tidy(content: ItemContent) -> ItemContent:
    """Return the content as it is stored: trimmed, keys in order, the two options of true/false filled in."""
    true_false = content.type is ItemType.TRUE_FALSE
    options = (
        TRUE_FALSE_OPTIONS
        if true_false
        else tuple(Option(option.label, option.text.strip()) for option in content.options)
    )
    order = {option.label: n for n, option in enumerate(options)}
    key = tuple(sorted(dict.fromkeys(content.key), key=lambda label: (order.get(label, 99), label)))
    return ItemContent(content.type, content.stem.strip(), options, key, content.explanation.strip())


def content_problems(content: ItemContent) -> list[ContentInvalid]:
    """Return everything that is wrong with tidy content, in the order of the form."""
    found: list[ContentInvalid] = []
    if not re.search(r"\w", content.stem):
        found.append(StemMissing())
    if len(content.stem) > MAX_STEM:
        found.append(StemTooLong(length=len(content.stem), limit=MAX_STEM))
    if len(content.explanation) > MAX_EXPLANATION:
        found.append(ExplanationTooLong(length=len(content.explanation), limit=MAX_EXPLANATION))
    texts = [content.stem, content.explanation, *(option.text for option in content.options)]
    control = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", "".join(texts))
    if control:
        found.append(PlainTextNeeded(code_point=f"{ord(control[0]):04X}"))
    if content.type is not ItemType.TRUE_FALSE:
        found += _option_problems(content.options)
    return found + _key_problems(content)


def _option_problems(options: tuple[Option, ...]) -> list[ContentInvalid]:
    if not LEAST_OPTIONS <= len(options) <= MOST_OPTIONS:
        return [OptionCountWrong(count=len(options), least=LEAST_OPTIONS, most=MOST_OPTIONS)]
    labels, expected = [option.label for option in options], list(LABELS[: len(options)])
    if labels != expected:
        return [OptionLabelsWrong(found="".join(labels)[:40], expected="".join(expected))]
    found: list[ContentInvalid] = []
    seen: dict[str, str] = {}
    for option in options:
        text = same_text(option.text)
        if not text:
            found.append(OptionEmpty(label=option.label))
        elif text in seen:
            found.append(OptionTwice(first=seen[text], second=option.label))
        if len(option.text) > MAX_OPTION:
            found.append(OptionTooLong(label=option.label, length=len(option.text), limit=MAX_OPTION))
        seen.setdefault(text, option.label)
    return found


def _key_problems(content: ItemContent) -> list[ContentInvalid]:
    if not content.key:
        return [KeyMissing()]
    labels = [option.label for option in content.options]
    if not set(content.key) <= set(labels):
        return [KeyUnknown(key="".join(content.key)[:40], labels="".join(labels))]
    if content.type is ItemType.MULTIPLE_CHOICE:
        few = len(content.key) < MULTIPLE_LEAST_KEYS
        return [KeyTooFew(least=MULTIPLE_LEAST_KEYS)] if few else []
    return [KeyTooMany(count=len(content.key))] if len(content.key) > 1 else []


def check_content(content: ItemContent) -> ItemContent:
    """Return the content tidied; raises the first ContentInvalid."""
    content = tidy(content)
    problems = content_problems(content)
    if problems:
        raise problems[0]
    return content


def identity(content: ItemContent) -> str:
    """Return what makes two items the same question: type, stem and options whatever their order."""
    options = sorted(same_text(option.text) for option in content.options)
    return json.dumps([content.type.value, same_text(content.stem), options], ensure_ascii=False)


def pack(content: ItemContent) -> bytes:
    """Return the content as bytes, before sealing."""
    return json.dumps(
        {
            "type": content.type.value,
            "stem": content.stem,
            "options": [[option.label, option.text] for option in content.options],
            "key": list(content.key),
            "explanation": content.explanation,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def unpack(packed: bytes) -> ItemContent:
    """Return the content that ``pack`` made bytes of."""
    stored = json.loads(packed)
    return ItemContent(
        ItemType(stored["type"]),
        stored["stem"],
        tuple(Option(label, text) for label, text in stored["options"]),
        tuple(stored["key"]),
        stored["explanation"],
    )


# --- bulk ----------------------------------------------------------------------------------------------------


class TooManyItems(Invalid):
    """More items than one bulk action takes."""

    code = "too_many_items"
    message = "{count} items are selected; one action takes at most {limit}. Narrow the selection."


class NothingSelected(Invalid):
    """A bulk action without items."""

    code = "nothing_selected"
    message = "Select at least one item."


@dataclass(frozen=True)
class Refused:
    """One item of a bulk action that was left as it was, and why."""

    item_id: UUID
    number: int
    error: ExamError


@dataclass(frozen=True)
class BulkOutcome:
    """What a bulk action did: the items it changed, and those it left with the reason for each."""

    done: tuple[UUID, ...] = ()
    refused: tuple[Refused, ...] = ()

    def check_all_done(self) -> None:
        """Raise the first refusal, if there is one."""
        if self.refused:
            raise self.refused[0].error


def check_bulk(item_ids: list[UUID]) -> list[UUID]:
    """Return the ids without repetition; raises NothingSelected or TooManyItems."""
    ids = list(dict.fromkeys(item_ids))
    if not ids:
        raise NothingSelected
    if len(ids) > BULK_LIMIT:
        raise TooManyItems(count=len(ids), limit=BULK_LIMIT)
    return ids
