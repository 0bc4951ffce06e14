"""Who may release an item. No I/O."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from itembank.base.errors import Conflict, Forbidden, Invalid
from itembank.items.rules import Change

MAX_COMMENT = 2_000


class Verdict(StrEnum):
    """What a reviewer decides."""

    APPROVE = "approve"
    SEND_BACK = "send_back"

    @property
    def change(self) -> Change:
        """The change of state it makes."""
        return Change(self.value)


class SecondPersonNeeded(Forbidden):
    """Nobody releases what they wrote, imported or last changed."""

    code = "second_person_needed"
    message = "You wrote or imported item {number}; a second person must review it."


class ReviewerNeeded(Forbidden):
    """A verdict is a person's."""

    code = "reviewer_needed"
    message = "Only a person can review items."


class ChangedSince(Conflict):
    """The item has a newer version than the one that was looked at."""

    code = "item_changed_since"
    message = "Item {number} was changed after you opened it. Look at the new version first."


class CommentNeeded(Invalid):
    """Whoever sends an item back says why."""

    code = "comment_needed"
    message = "Say what should be changed when you send an item back."


class CommentTooLong(Invalid):
    """The comment is too long."""

    code = "comment_too_long"
    message = "The comment has {length} characters; at most {limit} are allowed."


def check_second_person(number: int, reviewer: UUID, *others: UUID | None) -> None:
    """Raise SecondPersonNeeded if the reviewer is one of those who made the item."""
    if reviewer in others:
        raise SecondPersonNeeded(number=number)


def check_comment(verdict: Verdict, comment: str) -> str:
    """Return the comment trimmed; raises CommentNeeded or CommentTooLong."""
    comment = comment.strip()
    if verdict is Verdict.SEND_BACK and not comment:
        raise CommentNeeded
    if len(comment) > MAX_COMMENT:
        raise CommentTooLong(length=len(comment), limit=MAX_COMMENT)
    return comment
