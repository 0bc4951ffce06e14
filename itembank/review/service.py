"""What reviews can be asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base.db import keyring_of
from itembank.base.ids import new_id
from itembank.items import service as items
from itembank.items.models import Item
from itembank.items.rules import BulkOutcome, Change, ItemStatus
from itembank.items.service import ItemFilter
from itembank.people.rules import Actor
from itembank.review import store
from itembank.review.models import ReviewRequest, ReviewVerdict
from itembank.review.rules import (
    ChangedSince,
    ReviewerNeeded,
    Verdict,
    check_comment,
    check_second_person,
)

PURPOSE = "review"


def submit_for_review(
    session: Session, *, actor: Actor, item_ids: Sequence[UUID], now: datetime
) -> BulkOutcome:
    """Send drafts to review; unclassified ones stay drafts and are named.

    Raises NothingSelected or TooManyItems.
    """
    outcome = items.change_status(session, actor=actor, item_ids=item_ids, change=Change.SUBMIT, now=now)
    requested_by = actor.id if actor.kind == "user" else None
    session.add_all(
        [
            ReviewRequest(
                institution_id=item.institution_id,
                item_id=item.id,
                requested_by=requested_by,
                requested_at=now,
            )
            for item in items.find_items(session, outcome.done)
        ]
    )
    session.flush()
    return outcome


def decide(
    session: Session,
    *,
    actor: Actor,
    item_ids: Sequence[UUID],
    verdict: Verdict,
    comment: str = "",
    now: datetime,
    seen: Mapping[UUID, UUID] | None = None,
) -> BulkOutcome:
    """Approve items, which makes them active, or send them back to their writers.

    Parameters
    ----------
    seen : mapping of item id to version id, optional
        The versions the reviewer looked at; an item that changed since is left and named.

    Raises ReviewerNeeded, CommentNeeded, CommentTooLong, NothingSelected or TooManyItems. Items that the actor
    wrote, imported or last changed, and items that are not in review, are left as they are and named.
    """
    if actor.kind != "user" or actor.id is None:
        raise ReviewerNeeded
    reviewer = actor.id
    comment = check_comment(verdict, comment)
    authors: dict[UUID, UUID | None] = {}

    def check(item: Item) -> None:
        if not authors:  # read once, when the items are locked and nobody can change them any more
            authors.update(items.current_authors(session, item_ids))
        check_second_person(item.number, reviewer, item.created_by, authors.get(item.id))
        if seen is not None and seen.get(item.id) != item.current_version_id:
            raise ChangedSince(number=item.number)

    outcome = items.change_status(
        session, actor=actor, item_ids=item_ids, change=verdict.change, now=now, check=check
    )
    session.add_all(
        [
            _verdict(session, item, reviewer, verdict, comment, now)
            for item in items.find_items(session, outcome.done)
        ]
    )
    session.flush()
    store.close_requests(session, outcome.done)
    return outcome


def _verdict(
    session: Session, item: Item, reviewer: UUID, verdict: Verdict, comment: str, now: datetime
) -> ReviewVerdict:
    identifier = new_id()
    sealed = (
        keyring_of(session).seal(comment.encode(), purpose=PURPOSE, context=f"review_verdict/{identifier}")
        if comment
        else None
    )
    return ReviewVerdict(
        id=identifier,
        institution_id=item.institution_id,
        item_id=item.id,
        version_id=item.current_version_id,
        reviewer_id=reviewer,
        verdict=verdict,
        comment=sealed,
        at=now,
    )


@dataclass(frozen=True)
class VerdictView:
    """A verdict with its opened comment."""

    at: datetime
    reviewer_id: UUID
    version_id: UUID
    verdict: Verdict
    comment: str


def list_verdicts(session: Session, item_id: UUID) -> list[VerdictView]:
    """Return the verdicts on an item, newest first."""
    keyring = keyring_of(session)
    return [
        VerdictView(
            row.at,
            row.reviewer_id,
            row.version_id,
            row.verdict,
            keyring.open(row.comment, purpose=PURPOSE, context=f"review_verdict/{row.id}").decode()
            if row.comment
            else "",
        )
        for row in store.verdicts(session, item_id)
    ]


def waiting_for(actor: Actor) -> ItemFilter:
    """Return the filter of what waits for this reviewer: in review, and made by somebody else."""
    return ItemFilter(statuses=frozenset({ItemStatus.IN_REVIEW}), not_by=actor.id)


@dataclass(frozen=True)
class RequestView:
    """Who asked for a review, and when."""

    requested_by: UUID | None
    requested_at: datetime


def find_request(session: Session, item_id: UUID) -> RequestView | None:
    """Return the open request for an item; None when an edit put it into review."""
    found = store.requests(session, [item_id])
    return RequestView(found[-1].requested_by, found[-1].requested_at) if found else None
