"""Reading what imports left behind."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base.errors import NotFound
from itembank.interchange import store
from itembank.interchange.checking import check
from itembank.interchange.findings import Finding
from itembank.interchange.models import ImportBatch
from itembank.interchange.report import (
    ParsedQuestion,
    Rejected,
    item_json,
    rejected_json,
)
from itembank.interchange.rules import ImportCounts, RowStatus
from itembank.interchange.service.rows import RowView, opened, view_of


def list_batches(
    session: Session, *, limit: int = 20, offset: int = 0
) -> tuple[list[tuple[ImportBatch, ImportCounts]], int]:
    """Return batches with their counts, newest first, and how many there are."""
    found = store.batches(session, limit=limit, offset=offset)
    counts = store.counts(session, [batch.id for batch in found])
    return [(batch, counts[batch.id]) for batch in found], store.count_batches(session)


def find_batch(session: Session, batch_id: UUID) -> tuple[ImportBatch, ImportCounts]:
    """Return a batch with its counts; raises NotFound."""
    batch = store.batch(session, batch_id)
    if batch is None:
        raise NotFound
    return batch, store.counts(session, [batch.id])[batch.id]


def batch_warnings(
    session: Session, batch: ImportBatch
) -> tuple[list[Finding], list[tuple[Finding, Finding]]]:
    """Return the warnings of a batch: about the whole file, and about places outside any question."""
    stored = opened(session, f"import_batch/{batch.id}", batch.sealed)
    notes = [(Finding.from_json(place), Finding.from_json(finding)) for place, finding in stored["notes"]]
    return [Finding.from_json(finding) for finding in stored["general"]], notes


def list_rows(
    session: Session,
    batch_id: UUID,
    *,
    status: RowStatus | None = None,
    warned: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[RowView], int]:
    """Return rows of a batch, opened, in the order of the file, and how many there are."""
    find_batch(session, batch_id)
    found = store.rows(session, batch_id, status=status, warned=warned, limit=limit, offset=offset)
    total = store.count_rows(session, batch_id, status=status, warned=warned)
    return [view_of(session, row) for row in found], total


def find_row(session: Session, row_id: UUID) -> RowView:
    """Return a row, opened; raises NotFound."""
    row = store.row(session, row_id)
    if row is None:
        raise NotFound
    return view_of(session, row)


def next_waiting(session: Session, batch_id: UUID, position: int) -> UUID | None:
    """Return the next row that waits to be repaired."""
    row = store.next_waiting(session, batch_id, position)
    return row.id if row else None


def count_waiting(session: Session) -> int:
    """Return how many questions wait to be repaired."""
    return store.count_waiting(session)


def report_json(session: Session, batch_id: UUID) -> dict[str, Any]:
    """Return the report of a batch as it stands now, in its documented JSON form."""
    batch, _ = find_batch(session, batch_id)
    views = [view_of(session, row) for row in store.rows(session, batch_id)]
    general, notes = batch_warnings(session, batch)
    waiting = [view for view in views if view.status in {RowStatus.REJECTED, RowStatus.DISCARDED}]
    kept = [view for view in views if view.status in {RowStatus.IMPORTED, RowStatus.REPAIRED}]
    warnings = [str(finding) for finding in general] + [f"{place}: {finding}" for place, finding in notes]
    warnings += [f"{view.place}: {warning}" for view in kept for warning in view.warnings]
    entries = []
    for view in kept:
        question = check(view.draft)
        if isinstance(question, ParsedQuestion):
            entries.append(item_json(question) | {"status": view.status.value})
    return {
        "format": batch.format,
        "file": batch.filename,
        "found": len(views),
        "imported": len(kept),
        "rejected": [
            rejected_json(
                Rejected(view.draft.place, view.reason or Finding.of("key_missing"), view.raw, view.number)
            )
            | {"status": view.status.value}
            for view in waiting
        ],
        "warnings": warnings,
        "items": entries,
    }
