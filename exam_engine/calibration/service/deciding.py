"""What-ifs on a sitting report: dry runs side by side, and the recorded decision. Results stay as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration.models import StatisticsReport, WhatIf
from exam_engine.calibration.reports import store
from exam_engine.calibration.reports.rules import ReportKind, ReportNotFound, Treatment
from exam_engine.calibration.reports.scoring import Treated
from exam_engine.calibration.reports.what_if import check_treated, effect_of
from exam_engine.calibration.service.reporting import PURPOSE, book_of, find_report
from itembank.base import audit
from itembank.base.db import keyring_of
from itembank.people.rules import Actor


@dataclass(frozen=True)
class TreatedItem:
    """One item of a what-if."""

    column: int
    name: str
    item_id: str
    treatment: Treatment
    key: str


@dataclass(frozen=True)
class WhatIfView:
    """A what-if with its treatments and effect."""

    row: WhatIf
    items: tuple[TreatedItem, ...]
    effect: Mapping[str, Any]


def try_treatments(
    session: Session,
    *,
    actor: Actor,
    report_id: UUID,
    name: str,
    treated: Mapping[int, Treated],
    now: datetime,
) -> WhatIf:
    """Compute what the treatments would do, and keep it beside the others.

    Raises
    ------
    ReportNotFound, ReportNotReady
        If the report has no input, or is of another kind.
    TreatmentUnknown, NothingTreated, EverythingDropped
        If the treatments do not fit the report.
    """
    report = _sitting_report(session, report_id)
    book = book_of(session, report)
    kept = check_treated(book, treated)
    effect = effect_of(book, kept, cut=float(report.settings["cut"]))
    former = store.what_ifs(session, report_id)
    row = WhatIf(
        institution_id=report.institution_id,
        report_id=report_id,
        number=former[-1].number + 1 if former else 1,
        name=name,
        sealed=b"",
        created_by=actor.id,
        created_by_name=actor.name[:60],
        created_at=now,
    )
    session.add(row)
    session.flush()
    items = [
        {
            "column": column,
            "name": book.items[column].name,
            "item_id": book.items[column].item_id,
            "treatment": how.treatment.value,
            "key": "".join(how.key),
        }
        for column, how in sorted(kept.items())
    ]
    text = json.dumps({"items": items, "effect": effect}, ensure_ascii=False, allow_nan=False)
    row.sealed = keyring_of(session).seal(text.encode(), purpose=PURPOSE, context=_context(row))
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="statistics_report.tried",
        subject=("statistics_report", report_id),
        institution_id=report.institution_id,
        detail={
            "what_if": row.number,
            "items": {item["item_id"]: item["treatment"] for item in items},
            "rises": effect["rises"],
            "falls": effect["falls"],
        },
    )
    return row


def decide(
    session: Session, *, actor: Actor, report_id: UUID, number: int, reason: str, now: datetime
) -> WhatIf | None:
    """Record a what-if, or with number 0 that every item is kept, as the decision, with its reason.

    Nothing else changes: marking again is marking's own act.

    Raises ReportNotFound for a number that is not there.
    """
    report = _sitting_report(session, report_id)
    chosen = next((row for row in store.what_ifs(session, report_id) if row.number == number), None)
    if chosen is None:
        if number != 0:
            raise ReportNotFound
        chosen = _keep_all(session, report, actor=actor, now=now)
    chosen.decided_at, chosen.decided_by_name, chosen.reason = now, actor.name[:60], reason
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="statistics_report.decided",
        subject=("statistics_report", report_id),
        institution_id=report.institution_id,
        detail={"what_if": chosen.number, "reason": reason},
    )
    return chosen


def _keep_all(session: Session, report: StatisticsReport, *, actor: Actor, now: datetime) -> WhatIf:
    """Return the what-if number 0: every item kept."""
    row = WhatIf(
        institution_id=report.institution_id,
        report_id=report.id,
        number=0,
        name="",
        sealed=b"",
        created_by=actor.id,
        created_by_name=actor.name[:60],
        created_at=now,
    )
    session.add(row)
    session.flush()
    effect = effect_of(book_of(session, report), {}, cut=float(report.settings["cut"]))
    text = json.dumps({"items": [], "effect": effect}, allow_nan=False)
    row.sealed = keyring_of(session).seal(text.encode(), purpose=PURPOSE, context=_context(row))
    return row


def list_what_ifs(session: Session, report_id: UUID) -> list[WhatIfView]:
    """Return the what-ifs of a report in the order in which they were tried."""
    found = []
    for row in store.what_ifs(session, report_id):
        kept = json.loads(keyring_of(session).open(row.sealed, purpose=PURPOSE, context=_context(row)))
        items = tuple(
            TreatedItem(**{**item, "treatment": Treatment(item["treatment"])}) for item in kept["items"]
        )
        found.append(WhatIfView(row, items, kept["effect"]))
    return found


def _context(row: WhatIf) -> str:
    return f"statistics_what_if/{row.id}"


def _sitting_report(session: Session, report_id: UUID) -> StatisticsReport:
    report = find_report(session, report_id)
    if report.kind is not ReportKind.SITTING:
        raise ReportNotFound
    return report
