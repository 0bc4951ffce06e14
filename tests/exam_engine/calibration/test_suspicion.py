"""From saves in the database to the sections of a security report: who was put there is found, nobody is named."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.calibration.reports import forensics
from exam_engine.calibration.reports.book import AnswerBook
from exam_engine.calibration.reports.rules import (
    SEATED,
    MarkedNothing,
    MarkedTooFew,
    MarkedUnknown,
    Marking,
    Section,
)
from exam_engine.calibration.reports.score_jumps import score_errors
from exam_engine.calibration.reports.scoring import score_book
from exam_engine.calibration.service.freezing import freeze_sittings
from exam_engine.calibration.service.marked_items import marked_items
from exam_engine.calibration.store import items_of_sittings
from exam_engine.delivery.models import AnswerHistory, Attempt
from exam_engine.psychometrics.ctt.error import lord_errors
from itembank.base.audit import AuditEntry
from itembank.people.models import Institution
from tests.factories.people import NOW
from tests.factories.suspects import Watched, attempts_of, make_watched
from web.analysis.suspects_view import shown_rows

SECTIONS = [section.value for section in Section]
GAINED = 42
"""The first who sat before."""

REFUSED: list[tuple[list[str], type[Exception]]] = [
    ([" "], MarkedNothing),
    (["1000", "no such item"], MarkedUnknown),
    (["1000", "1050"], MarkedUnknown),
    (["1000", "#2", "1002"], MarkedTooFew),
    ([str(1000 + at) for at in range(36)], MarkedTooFew),
]


@pytest.fixture
def watched(session: Session, institution: Institution) -> Watched:
    return make_watched(session, institution, now=NOW, persons=72, n_items=42, room_size=36, repeaters=30)


def freeze(session: Session, watched: Watched) -> AnswerBook:
    book = freeze_sittings(session, [watched.sitting_id], attributes=SEATED, with_history=True)
    return AnswerBook.from_bytes(book.to_bytes())


def compute(book: AnswerBook, **settings: Any) -> dict[str, Any]:
    common = {"level": 0.05, "within_rooms": True, "seed": 7, "rooms": 2, "sections": SECTIONS}
    return forensics.compute(book, common | settings, lambda *_: None)


def flagged(section: dict[str, Any]) -> set[int]:
    return {row["person"] for row in section["rows"] if row["flagged"]}


def test_who_was_put_into_a_sitting_is_found(session: Session, watched: Watched) -> None:
    book, who = freeze(session, watched), watched.suspects
    marked = marked_items(session, watched.sitting_id, Marking.EARLIER, ())
    found = compute(book, marked={"by": "earlier", "items": [str(item) for item in marked]})
    before = compute(replace(book, history=None, earlier=None), sections=[])
    bare = compute(
        replace(book, history=None, earlier=None), marked={"items": [str(one) for one in marked[:4]]}
    )

    assert set(marked) == {watched.item_ids[column] for column in who.marked}
    assert {row["person"] for row in found["times"]["rows"] if row["is_rapid"]} == set(who.rapid)
    assert set(who.helped) <= flagged(found["changes"])
    assert set(who.knowing) <= flagged(found["preknowledge"])
    assert GAINED in flagged(found["jumps"])
    assert (found["jumps"]["persons"], found["jumps"]["without"]) == (30, 42)
    for section in SECTIONS:
        assert all(rate["n_rooms"] >= 2 and rate["rate"] < 0.2 for rate in found[section]["rates"])
        assert len(flagged(found[section]) - {*who.rapid, *who.helped, *who.knowing, GAINED}) <= 1
    assert len(found["people"]) == 72
    assert shown_rows(found["changes"])[0]["person"] in who.helped
    calm = {"rows": [row | {"flagged": False} for row in found["times"]["rows"]]}
    assert {row["person"] for row in shown_rows(calm)[:2]} == set(who.rapid)
    assert json.dumps(found, allow_nan=False)
    # A report asked for without sections has the figures it always had.
    assert not {"people", *SECTIONS} & set(before)
    assert {name: bare[name]["absent"] for name in SECTIONS} == {
        "times": "no_history",
        "changes": "no_history",
        "preknowledge": "few_items",
        "jumps": "nobody",
    }


def test_what_is_frozen_of_saves_pauses_and_scores(
    session: Session, institution: Institution, watched: Watched
) -> None:
    attempts = attempts_of(session, watched.sitting_id)
    saves = session.scalars(
        select(AnswerHistory)
        .where(AnswerHistory.attempt_id == attempts[2].id)
        .order_by(AnswerHistory.revision)
    ).all()
    attempts[0].terminated_reason = "夹带"
    stops = ((7, "paused", -3), (7, "resumed", -1), (20, "break_begun", -3), (20, "resumed", -1))
    for number, (save, action, at) in enumerate(stops, start=900):
        session.add(recorded(number, action, attempts[2].id, saves[save].saved_at + timedelta(seconds=at)))
    session.flush()

    book = freeze(session, watched)
    scored = score_book(book)
    errors = score_errors(scored)

    assert book.history is not None
    assert book.earlier is not None
    assert (book.n_persons, book.earlier.book.n_persons) == (71, 30)
    assert (book.earlier.row_of[:41] == -1).all()
    assert set(book.earlier.row_of[41:]) == set(range(30))
    known = book.history.milliseconds > 0
    assert np.flatnonzero(~known[1]).tolist() == [7, 20]
    assert known[0].all()
    revisited = {save.item_id for save in saves[42:]}
    span = saves[1].saved_at - saves[0].saved_at
    assert saves[1].item_id not in revisited
    assert book.history.milliseconds[1, 1] == pytest.approx(span.total_seconds() * 1000, abs=1)
    changed = book.history.first[1] != book.answers[1]
    assert {watched.item_ids[at] for at in np.flatnonzero(changed)} == revisited
    inside = (scored.earned > 0) & (scored.earned < 42)
    assert np.allclose(errors[inside], lord_errors(42)[scored.earned[inside]] * 100 / 42, atol=1e-9)
    for names, refusal in REFUSED:
        with pytest.raises(refusal):
            marked_items(session, watched.sitting_id, Marking.LIST, names)


def recorded(number: int, action: str, attempt_id: UUID, at: datetime) -> AuditEntry:
    """An entry of the audit chain about an attempt."""
    return AuditEntry(
        number=number,
        at=at,
        actor="invigilator",
        action=f"attempt.{action}",
        subject_kind="attempt",
        subject_id=str(attempt_id),
        detail={},
        personal={},
        previous="",
        digest="",
        signature="",
    )


def test_items_of_forms_that_nobody_was_given_were_not_seen(session: Session, watched: Watched) -> None:
    seen = marked_items(session, watched.sitting_id, Marking.EARLIER, ())
    earlier = select(Attempt).where(Attempt.sitting_id != watched.sitting_id).order_by(Attempt.id)
    for number, attempt in enumerate(session.scalars(earlier)):
        attempt.form = [number % 4, 5]
    session.flush()
    [given] = items_of_sittings(session, [attempt.sitting_id]).values()

    left = marked_items(session, watched.sitting_id, Marking.EARLIER, ())

    assert len(given) == 5
    assert set(left) == given & set(seen) < set(seen)
