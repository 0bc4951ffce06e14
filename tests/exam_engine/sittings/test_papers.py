"""Which papers a sitting takes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import Component, SittingFrozen
from exam_engine.sittings.ways import PaperDoesNotFit, PaperNotSealed
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.papers import actor_of, make_bank, make_blueprint
from tests.factories.sittings import NOW, make_plan, make_sitting, officer_of
from tests.factories.theory import make_theory


def test_a_paper_that_is_not_sealed_is_refused(database: Database, institution: Institution) -> None:
    def open_session() -> AbstractContextManager[Session]:
        return database.session(scope=Scope.everything())

    with open_session() as session:
        manager = actor_of(session, institution, Role.PAPER_MANAGER, username="m")
        occupation = make_bank(session, institution)
        blueprint = make_blueprint(session, institution, occupation, actor=manager)
        request = papers.request_assembly(
            session, actor=manager, blueprint_id=blueprint.id, forms=1, seed=1, now=NOW, queue=False
        )
        request_id = request.id
    papers.perform_assembly(open_session, request_id, actor=manager, now=lambda: NOW)
    with open_session() as session:
        draft = papers.papers_of(session, request_id)[0]
        plan = make_plan(session, institution)
        officer = officer_of(institution)
        sitting = make_sitting(session, plan, officer, component=Component.THEORY)

        with pytest.raises(PaperNotSealed):
            sittings.set_papers(session, actor=officer, sitting_id=sitting.id, paper_ids=[draft.id])
        assert sittings.usable_papers(session, plan) == []


def test_papers_of_another_occupation_and_changes_after_publication_are_refused(
    database: Database, institution: Institution, clock: ShiftedClock
) -> None:
    def open_session() -> AbstractContextManager[Session]:
        return database.session(scope=Scope.everything())

    theory = make_theory(open_session, institution, starts=clock.now() + timedelta(hours=2))
    officer = officer_of(institution)
    with open_session() as session:
        chosen = [row.paper_id for row in sittings.papers_of(session, theory.sitting_id)]
        plan = make_plan(session, institution)
        sitting = make_sitting(session, plan, officer, component=Component.THEORY)

        assert len(chosen) == 2
        with pytest.raises(SittingFrozen):
            sittings.set_papers(session, actor=officer, sitting_id=theory.sitting_id, paper_ids=chosen[:1])
        with pytest.raises(PaperDoesNotFit):
            sittings.set_papers(session, actor=officer, sitting_id=sitting.id, paper_ids=chosen)
