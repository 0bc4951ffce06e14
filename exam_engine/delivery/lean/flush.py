"""A transaction of the desk, and what every act asks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from exam_engine.delivery.lean import store
from exam_engine.delivery.lean.requests import Who
from exam_engine.delivery.rules import AttemptState
from exam_engine.sittings.rules import Terms
from itembank.base import audit
from itembank.base.db import Database, connection_now
from itembank.people import service as people


class Flush:
    """A transaction under way: its connection and the audit records to write at its end."""

    def __init__(self, connection: Any, database: Database) -> None:
        self.connection, self.database, self.keyring = connection, database, database.keyring
        self.records: list[audit.Record] = []

    def now(self) -> datetime:
        """Return the database's time; after a lock, ask again."""
        return connection_now(self.connection, self.database.clock)

    def record(
        self, actor: str, institution_id: UUID, action: str, subject: tuple[str, UUID], **detail: object
    ) -> None:
        """Keep a record for the chain."""
        facts = {name: str(value) if isinstance(value, UUID) else value for name, value in detail.items()}
        at = self.database.clock.now()
        named = (subject[0], str(subject[1]))
        self.records.append(audit.Record(actor, institution_id, action, named, at, facts))


def raise_epochs(flush: Flush, attempts: Sequence[Any]) -> None:
    """Let attempts change hands: what the former device sends is not taken any more."""
    store.change(flush.connection, [{"id": row.id, "epoch": row.epoch + 1} for row in attempts])
    for row in attempts:
        actor = f"candidate:{row.registration_id}"
        flush.record(actor, row.institution_id, "attempt.opened", ("attempt", row.id), epoch=row.epoch + 1)


_terms: dict[UUID, Terms] = {}
"""Terms of published sittings, which never change again."""


def terms_of(sitting_id: UUID, stored: Mapping[str, Any]) -> Terms:
    """Return the terms of a published sitting, which are read once."""
    found = _terms.get(sitting_id)
    if found is None:
        if len(_terms) > 1000:
            _terms.clear()
        found = _terms[sitting_id] = Terms.from_json(stored)
    return found


def who_is(flush: Flush, row: Any) -> Who:
    """Return the name, which is kept sealed, and the place of a candidate."""
    name = people.name_in(flush.keyring, row.person_id, row.sealed)
    return Who(name, row.ticket_number, row.seat_number, row.plan_name)


def state_of(row: Any, attempt_id: UUID) -> AttemptState:
    """Return what of an attempt's row decides whether it is still open."""
    return AttemptState(
        attempt_id, row.epoch, row.due_at, row.submitted_at, row.paused_at, row.step_epoch, bool(row.goes_on)
    )
