"""Answers given in sittings as a response matrix. Opens sealed papers for their keys; nothing of them is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration import store
from exam_engine.calibration.answers import AnswerSheet, Key
from exam_engine.delivery import service as delivery
from exam_engine.papers import service as papers
from exam_engine.sittings.models import Plan, Sitting


@dataclass(frozen=True)
class FinishedSitting:
    """A theory sitting that is over, and how many attempts it holds."""

    sitting: Sitting
    plan: Plan
    n_attempts: int


def finished_sittings(session: Session, *, now: datetime) -> list[FinishedSitting]:
    """Return the theory sittings that are over, latest first."""
    counts = store.attempt_counts(session)
    return [
        FinishedSitting(sitting, plan, counts.get(sitting.id, 0))
        for sitting, plan in store.theory_sittings(session)
        if sitting.ends_at <= now
    ]


def read_sheets(session: Session, sitting_ids: Sequence[UUID]) -> list[AnswerSheet]:
    """Return the answer sheets of the sittings.

    Attempts that an invigilator ended, and those of candidates whose component is void for cheating, are left out:
    they say nothing of the items.
    """
    void = store.voided(session, sitting_ids)
    keys: dict[UUID, list[tuple[UUID, Key]]] = {}
    sheets = []
    for sitting_id in sitting_ids:
        for attempt in delivery.responses(session, sitting_id):
            if attempt.terminated_reason or (sitting_id, attempt.registration_id) in void:
                continue
            if attempt.paper_id not in keys:
                keys[attempt.paper_id] = [
                    (
                        entry.item_id,
                        Key(
                            tuple(entry.content.key), tuple(option.label for option in entry.content.options)
                        ),
                    )
                    for entry in papers.open_sealed(session, attempt.paper_id).entries
                ]
            found = keys[attempt.paper_id]
            given = found if attempt.form is None else [found[place] for place in attempt.form]
            sheets.append(AnswerSheet(dict(given), attempt.responses))
    return sheets
