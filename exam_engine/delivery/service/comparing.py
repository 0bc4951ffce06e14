"""What is kept of attempts, to be compared with what was acknowledged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import store

Version = tuple[int, int, tuple[str, ...]]
"""Epoch, revision, response."""


@dataclass(frozen=True)
class Kept:
    """Answers and receipts of some attempts."""

    latest: Mapping[tuple[UUID, UUID], Version]
    """By attempt and item."""
    history: Mapping[tuple[UUID, UUID, int, int], tuple[str, ...]]
    """Response by attempt, item, epoch and revision."""
    receipts: Mapping[UUID, str]
    """By attempt; those handed in."""


def kept(session: Session, attempt_ids: Sequence[UUID]) -> Kept:
    """Return everything that is stored of some attempts."""
    latest: dict[tuple[UUID, UUID], Version] = {
        (a.attempt_id, a.item_id): (a.epoch, a.revision, tuple(a.response))
        for answers in store.answers_of(session, attempt_ids).values()
        for a in answers
    }
    history = {
        (a.attempt_id, a.item_id, a.epoch, a.revision): tuple(a.response)
        for a in store.history_of(session, attempt_ids)
    }
    return Kept(latest, history, store.receipts_of(session, attempt_ids))
