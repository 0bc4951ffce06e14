"""Rows of an import as they are kept: sealed with their text, place, reason and draft."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base.db import keyring_of
from itembank.base.ids import new_id
from itembank.interchange.findings import Finding
from itembank.interchange.models import ImportBatch, ImportRow
from itembank.interchange.report import (
    DraftQuestion,
    ImportReport,
    ParsedOption,
    ParsedQuestion,
    Place,
    Rejected,
)
from itembank.interchange.rules import RowStatus
from itembank.items.models import Item

PURPOSE = "import"


@dataclass(frozen=True)
class RowView:
    """One question of a batch, opened."""

    id: UUID
    batch_id: UUID
    position: int
    status: RowStatus
    place: Finding
    number: int | None
    raw: str
    reason: Finding | None
    warnings: tuple[Finding, ...]
    draft: DraftQuestion
    item_id: UUID | None


def draft_of(question: ParsedQuestion) -> DraftQuestion:
    fields = {name: getattr(question, name) for name in DraftQuestion.__dataclass_fields__}
    return DraftQuestion(**fields)


def seal(session: Session, context: str, value: Mapping[str, Any]) -> bytes:
    plain = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return keyring_of(session).seal(plain, purpose=PURPOSE, context=context)


def opened(session: Session, context: str, sealed: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(keyring_of(session).open(sealed, purpose=PURPOSE, context=context))
    return value


def rows_of(
    session: Session, batch: ImportBatch, report: ImportReport, made: Sequence[Item]
) -> list[ImportRow]:
    entries: list[tuple[ParsedQuestion | Rejected, Item | None]] = [
        *zip(report.items, made, strict=True),
        *((entry, None) for entry in report.rejected),
    ]
    entries.sort(key=lambda entry: _order(entry[0].place))
    found = []
    for position, (entry, item) in enumerate(entries, start=1):
        imported = isinstance(entry, ParsedQuestion)
        draft = draft_of(entry) if isinstance(entry, ParsedQuestion) else entry.draft
        draft = draft or DraftQuestion(entry.place, entry.raw, entry.number)
        row = ImportRow(
            id=new_id(),
            institution_id=batch.institution_id,
            batch_id=batch.id,
            position=position,
            status=RowStatus.IMPORTED if imported else RowStatus.REJECTED,
            reason="" if isinstance(entry, ParsedQuestion) else entry.reason.code,
            warned=bool(draft.warnings),
            item_id=item.id if item else None,
        )
        value = {
            "draft": packed(draft),
            "reason": None if isinstance(entry, ParsedQuestion) else entry.reason.as_json(),
        }
        row.sealed = seal(session, f"import_row/{row.id}", value)
        found.append(row)
    return found


def _order(place: Place) -> tuple[str, str, int, int]:
    tail = place.sheet.rpartition("[")[2].rstrip("]")
    if place.kind == "path" and tail.isdigit():
        return ("", "", int(tail), 0)
    return (
        ("", "", place.first, 0) if place.kind == "paragraph" else (place.kind, place.sheet, place.first, 0)
    )


def packed(draft: DraftQuestion) -> dict[str, Any]:
    value = asdict(replace(draft, warnings=()))
    value["warnings"] = [warning.as_json() for warning in draft.warnings]
    return value


def unpacked(value: dict[str, Any]) -> DraftQuestion:
    warnings = tuple(Finding.from_json(warning) for warning in value["warnings"])
    options = tuple(ParsedOption(**option) for option in value["options"])
    changed = {"place": Place(**value["place"]), "options": options, "key": tuple(value["key"])}
    return DraftQuestion(**{**value, **changed, "warnings": warnings})


def view_of(session: Session, row: ImportRow) -> RowView:
    stored = opened(session, f"import_row/{row.id}", row.sealed)
    draft = unpacked(stored["draft"])
    reason = Finding.from_json(stored["reason"]) if stored["reason"] else None
    return RowView(
        id=row.id,
        batch_id=row.batch_id,
        position=row.position,
        status=row.status,
        place=draft.place.finding(),
        number=draft.number,
        raw=draft.raw,
        reason=reason,
        warnings=draft.warnings,
        draft=draft,
        item_id=row.item_id,
    )
