"""Repairing or setting aside what an import refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base import audit
from itembank.base.errors import ExamError, NotFound
from itembank.interchange import store
from itembank.interchange.checking import check
from itembank.interchange.findings import Finding
from itembank.interchange.models import ImportRow
from itembank.interchange.report import (
    DraftQuestion,
    ImportReport,
    Rejected,
)
from itembank.interchange.rules import DuplicateQuestion, RepairRefused, RowDecided, RowStatus
from itembank.interchange.service.importing import Target, content_of, create_questions, place_items
from itembank.interchange.service.reading import find_batch
from itembank.interchange.service.rows import draft_of, packed, seal, view_of
from itembank.items import service as items
from itembank.items.models import Item
from itembank.items.rules import (
    content_problems,
)
from itembank.people.rules import Actor


def repair(session: Session, *, actor: Actor, row_id: UUID, draft: DraftQuestion, now: datetime) -> Item:
    """Bring a refused question into the bank as it was repaired.

    Raises NotFound, RowDecided, RepairRefused or DuplicateQuestion.
    """
    row = _waiting(session, row_id)
    before = view_of(session, row).draft
    question = check(replace(draft, place=before.place, raw=before.raw, number=before.number, warnings=()))
    if isinstance(question, Rejected):
        raise RepairRefused(reason=question.reason)
    content = content_of(question)
    problems: Sequence[ExamError] = content_problems(content)
    if problems:
        raise RepairRefused(reason=Finding.of("content", problem=str(problems[0])))
    known = items.duplicates(session, [content])
    if known:
        raise DuplicateQuestion(item=items.find_items(session, list(known.values()))[0].number)
    batch, _ = find_batch(session, row.batch_id)
    target = Target(batch.occupation_id, batch.level, batch.source)
    placed, points = place_items(session, ImportReport(batch.format, (question,)), target)
    item = create_questions(session, actor, placed.items, points, target, now)[0]
    _decide(session, actor, row, RowStatus.REPAIRED, now, item_id=item.id)
    row.sealed = seal(
        session, f"import_row/{row.id}", {"draft": packed(draft_of(placed.items[0])), "reason": None}
    )
    session.flush()
    return item


def discard(session: Session, *, actor: Actor, row_id: UUID, now: datetime) -> None:
    """Set a refused question aside for good; it stays in the report. Raises NotFound or RowDecided."""
    _decide(session, actor, _waiting(session, row_id), RowStatus.DISCARDED, now)
    session.flush()


def _waiting(session: Session, row_id: UUID) -> ImportRow:
    row = store.row(session, row_id, lock=True)
    if row is None:
        raise NotFound
    if row.status is not RowStatus.REJECTED:
        raise RowDecided
    return row


def _decide(
    session: Session,
    actor: Actor,
    row: ImportRow,
    status: RowStatus,
    now: datetime,
    item_id: UUID | None = None,
) -> None:
    row.status, row.item_id = status, item_id
    row.decided_by, row.decided_at = (actor.id if actor.kind == "user" else None), now
    audit.record(
        session,
        actor=actor,
        action=f"import_row.{status.value}",
        subject=("import_row", row.id),
        institution_id=row.institution_id,
        detail={"batch": str(row.batch_id), "position": row.position},
    )
