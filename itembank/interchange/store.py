"""All SQL of imports."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from itembank.interchange.models import ImportBatch, ImportRow
from itembank.interchange.rules import ImportCounts, RowStatus


def batch(session: Session, batch_id: UUID) -> ImportBatch | None:
    """Return a batch in the session's scope."""
    return session.scalar(select(ImportBatch).where(ImportBatch.id == batch_id))


def batches(session: Session, *, limit: int, offset: int) -> Sequence[ImportBatch]:
    """Batches, newest first."""
    query = select(ImportBatch).order_by(ImportBatch.created_at.desc(), ImportBatch.id.desc())
    return session.scalars(query.limit(limit).offset(offset)).all()


def count_batches(session: Session) -> int:
    """Return how many batches there are."""
    return session.scalar(select(func.count(ImportBatch.id))) or 0


def counts(session: Session, batch_ids: Sequence[UUID]) -> dict[UUID, ImportCounts]:
    """Return how the rows of batches stand."""
    found: dict[UUID, dict[RowStatus, int]] = {batch_id: {} for batch_id in batch_ids}
    query = (
        select(ImportRow.batch_id, ImportRow.status, func.count(ImportRow.id))
        .where(ImportRow.batch_id.in_(batch_ids))
        .group_by(ImportRow.batch_id, ImportRow.status)
    )
    for batch_id, status, number in session.execute(query):
        found[batch_id][status] = number
    return {
        batch_id: ImportCounts(
            found=sum(rows.values()),
            imported=rows.get(RowStatus.IMPORTED, 0),
            rejected=rows.get(RowStatus.REJECTED, 0),
            repaired=rows.get(RowStatus.REPAIRED, 0),
            discarded=rows.get(RowStatus.DISCARDED, 0),
        )
        for batch_id, rows in found.items()
    }


def count_waiting(session: Session) -> int:
    """Return how many questions wait to be repaired."""
    query = select(func.count(ImportRow.id)).where(ImportRow.status == RowStatus.REJECTED)
    return session.scalar(query) or 0


def rows(
    session: Session,
    batch_id: UUID,
    *,
    status: RowStatus | None = None,
    warned: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[ImportRow]:
    """Rows of a batch in the order of the file."""
    query = select(ImportRow).where(ImportRow.batch_id == batch_id).order_by(ImportRow.position)
    if status is not None:
        query = query.where(ImportRow.status == status)
    if warned:
        query = query.where(ImportRow.warned)
    return session.scalars(query.limit(limit).offset(offset)).all()


def count_rows(session: Session, batch_id: UUID, *, status: RowStatus | None, warned: bool) -> int:
    """Return how many rows ``rows`` finds."""
    query = select(func.count(ImportRow.id)).where(ImportRow.batch_id == batch_id)
    if status is not None:
        query = query.where(ImportRow.status == status)
    if warned:
        query = query.where(ImportRow.warned)
    return session.scalar(query) or 0


def row(session: Session, row_id: UUID, *, lock: bool = False) -> ImportRow | None:
    """Return a row in the session's scope."""
    query = select(ImportRow).where(ImportRow.id == row_id)
    return session.scalar(query.with_for_update() if lock else query)


def next_waiting(session: Session, batch_id: UUID, position: int) -> ImportRow | None:
    """Return the next row after ``position`` that waits, or the first that does."""
    waiting = select(ImportRow).where(ImportRow.batch_id == batch_id, ImportRow.status == RowStatus.REJECTED)
    after = waiting.where(ImportRow.position > position).order_by(ImportRow.position).limit(1)
    return session.scalar(after) or session.scalar(waiting.order_by(ImportRow.position).limit(1))
