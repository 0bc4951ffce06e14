"""All SQL of reviews."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from itembank.review.models import ReviewRequest, ReviewVerdict

CHUNK = 500


def close_requests(session: Session, item_ids: Sequence[UUID]) -> None:
    for start in range(0, len(item_ids), CHUNK):
        part = item_ids[start : start + CHUNK]
        session.execute(
            delete(ReviewRequest).where(ReviewRequest.item_id.in_(part)),
            execution_options={"synchronize_session": False},
        )


def requests(session: Session, item_ids: Sequence[UUID]) -> Sequence[ReviewRequest]:
    found: list[ReviewRequest] = []
    for start in range(0, len(item_ids), CHUNK):
        part = item_ids[start : start + CHUNK]
        found += session.scalars(select(ReviewRequest).where(ReviewRequest.item_id.in_(part)))
    return found


def verdicts(session: Session, item_id: UUID) -> Sequence[ReviewVerdict]:
    query = select(ReviewVerdict).where(ReviewVerdict.item_id == item_id)
    return session.scalars(query.order_by(ReviewVerdict.id.desc())).all()
