"""千人千卷: every seat gets a form of its own, drawn, sealed and dealt out before the publication."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.papers.bank import read_bank
from exam_engine.papers.models import Paper
from exam_engine.papers.rules import PaperStatus
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingWithoutSeats, Way
from exam_engine.sittings.ways import (
    DrawnAlready,
    FormsMissing,
    FormsNotReady,
    FormsUsedUp,
    PaperIsCollection,
    PaperNotSealed,
    WayWrong,
)
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.items import service as items
from itembank.people.models import Institution
from tests.factories.sittings import NOW
from tests.factories.theory import make_individual


def test_all_that_is_wrong_with_a_drawing_is_told_at_once(
    database: Database, institution: Institution, clock: ShiftedClock
) -> None:
    def open_session() -> AbstractContextManager[Session]:
        return database.session(scope=Scope.everything())

    made = make_individual(open_session, institution, starts=clock.now() + timedelta(hours=2))
    drawing = {"reserves_percent": 90, "max_exposure_percent": 0.0, "max_overlap": 11}
    with open_session() as session:
        found = sittings.drawing_problems(
            session, made.sitting_id, blueprint_id=made.blueprint_id, drawing=drawing
        )
        fine = sittings.drawing_problems(
            session, made.sitting_id, blueprint_id=made.blueprint_id, drawing={"max_overlap": 10}
        )
        many = sittings.drawing_problems(
            session, made.sitting_id, blueprint_id=made.blueprint_id, drawing={"max_overlap": -1}
        )
        sittings.set_way(session, actor=made.officer, sitting_id=made.sitting_id, way=Way.FIXED)
        with pytest.raises(WayWrong):
            sittings.drawing_problems(
                session, made.sitting_id, blueprint_id=made.blueprint_id, drawing=drawing
            )

    assert [problem.facts["field"] for problem in found] == list(drawing)
    assert fine == []
    assert [problem.facts["least"] for problem in many] == [0]


def test_forms_are_drawn_dealt_out_verified_and_dropped(
    database: Database, institution: Institution, clock: ShiftedClock
) -> None:
    def open_session() -> AbstractContextManager[Session]:
        return database.session(scope=Scope.everything())

    starts = clock.now() + timedelta(hours=2)
    made = make_individual(open_session, institution, starts=starts)
    by = {"actor": made.officer, "sitting_id": made.sitting_id}
    with open_session() as session:
        with pytest.raises(FormsNotReady):
            sittings.use_forms(session, **by)
        with pytest.raises(FormsMissing):
            sittings.publish_sitting(session, now=NOW, **by)
        for way in (Way.FIXED, Way.INDIVIDUAL):  # which takes the seats back
            sittings.set_way(session, way=way, **by)
        with pytest.raises(SittingWithoutSeats):
            sittings.publish_sitting(session, now=NOW, **by)
        session.rollback()
    paper_id = made.draw(open_session, reserves_percent=34, max_overlap=6)
    with open_session() as session:
        with pytest.raises(PaperNotSealed):
            sittings.use_forms(session, **by)
        with pytest.raises(DrawnAlready):
            sittings.request_forms(session, blueprint_id=made.blueprint_id, drawing={}, now=NOW, **by)
    made.seal(open_session, paper_id)

    with open_session() as session:
        assert sittings.use_forms(session, **by) == 3
        seats = [view.seat for view in sittings.list_seats(session, made.sitting_id)]
        drawn = papers.drawn_forms(session, paper_id)
        numbers = {seat.registration_id: seat.form_number for seat in seats}
        assert len(drawn) == 5
        assert all(seat.form == drawn[seat.form_number or 0] for seat in seats)
        assert len({tuple(seat.form or ()) for seat in seats}) == 3
        assert sittings.verify_forms(session, **by).ok

        sittings.arrange_sitting(session, room_ids=[made.room_id], now=NOW, seed=5, **by)
        again = [view.seat for view in sittings.list_seats(session, made.sitting_id)]
        assert {seat.registration_id: seat.form_number for seat in again} == numbers
        with pytest.raises(WayWrong):
            sittings.set_papers(session, paper_ids=[paper_id], **by)

    with open_session() as session:
        seats = [view.seat for view in sittings.list_seats(session, made.sitting_id)]
        right = seats[0].form
        seats[0].form = seats[1].form
        session.flush()
        verdict = sittings.verify_forms(session, **by)
        assert not verdict.ok
        assert [seat.id for seat in verdict.altered] == [seats[0].id]
        seats[0].form = right

    with open_session() as session:
        sittings.drop_forms(session, now=NOW, **by)
        dropped = papers.find_paper(session, paper_id)
        assert dropped.status is PaperStatus.SEALED
        assert dropped.label in _earlier(session, dropped)
        assert sittings.forms_view(session, sittings.find_sitting(session, made.sitting_id)).drawing is None
    few = made.draw(open_session, reserves_percent=0)
    made.seal(open_session, few)
    with open_session() as session:
        used = _used(session, few)
        sittings.drop_forms(session, now=NOW, **by)
        sealed = papers.find_paper(session, few)

        assert sealed.label not in _earlier(session, sealed)
        assert papers.count_sealed(session, occupation_id=sealed.occupation_id, level=sealed.level) == 1
        assert _used(session, few) == [(count - 1, at if count > 1 else None) for count, at in used]
        assert papers.recheck_sealed(session, actor=made.officer, paper_id=few).ok
    few = made.draw(open_session, reserves_percent=0)
    made.seal(open_session, few)
    with open_session() as session:
        session.delete(papers.find_form(session, few, 3))
        session.flush()
        with pytest.raises(FormsUsedUp, match="3 candidates"):
            sittings.use_forms(session, **by)
        sittings.set_way(session, way=Way.FIXED, **by)
        with pytest.raises(PaperIsCollection):
            sittings.set_papers(session, paper_ids=[few], **by)
        assert sittings.usable_papers(session, sittings.find_plan(session, made.plan_id)) == []


def _earlier(session: Session, paper: Paper) -> set[str]:
    """The papers that a later assembly has to keep away from."""
    bank = read_bank(session, paper.occupation_id, paper.level)
    return {earlier.label for earlier in bank.earlier}


def _used(session: Session, paper_id: UUID) -> list[tuple[int, datetime | None]]:
    """How often the items of a paper count as used, and when last."""
    session.expire_all()
    ids = [entry.item_id for entry in papers.paper_entries(session, paper_id)]
    return [(item.used, item.last_used_at) for item in items.find_items(session, ids)]
