"""A recorded result becomes a pass mark where a sitting is planned, and nowhere else."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingFrozen, SittingStatus, Terms
from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting.refusals import ResultAltered, ResultUnusable
from itembank.base.audit import AuditEntry
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from itembank.taxonomy import service as taxonomy
from tests.conftest import OpenSession
from tests.factories.kept import once
from tests.factories.papers import CODE, actor_of
from tests.factories.people import NOW
from tests.factories.sittings import STARTS, make_occupation
from tests.factories.standards import Panel, draft_of, hold_round, make_panel, make_paper, plan_sitting


@pytest.fixture
def panel(open_session: OpenSession, institution: Institution) -> Panel:
    """A recorded result of 62.37 of 100."""

    def make() -> Panel:
        paper_id = make_paper(open_session, institution)
        with open_session() as session:
            panel = make_panel(session, institution, draft_of(paper_id=paper_id))
            hold_round(session, panel, [[62] * 10, [62] * 10, [63] * 10])
            standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
            standards.record_result(session, actor=panel.second, workshop_id=panel.id, now=NOW)
            return panel

    return once("a recorded result", open_session, make)


@pytest.fixture
def officer(session: Session, institution: Institution) -> Actor:
    return actor_of(session, institution, Role.EXAM_OFFICER, username="adopting-officer")


def test_a_recorded_result_becomes_the_pass_mark_with_its_origin(
    session: Session, database: Database, institution: Institution, panel: Panel, officer: Actor
) -> None:
    plan, sitting = plan_sitting(session, institution, taxonomy.occupation_by_code(session, CODE))
    [offer] = standards.offered_results(session, plan, sitting)
    taken = standards.adopt_result(
        session, actor=officer, sitting_id=sitting.id, workshop_id=panel.id, now=NOW
    )
    used = standards.adopted_by(session, panel.id)

    assert offer.cut == pytest.approx(187 / 3)
    assert (offer.pass_mark, offer.same_paper) == (Decimal("62.5"), False)
    assert sitting.pass_mark == taken.pass_mark == Decimal("62.5")
    assert taken.name == officer.name
    assert [row[0].id for row in used] == [sitting.id]
    session.commit()
    with database.session(scope=Scope.everything(), writes=False) as later:
        query = select(AuditEntry.detail).where(AuditEntry.action == "standard.adopted")
        [detail] = later.scalars(query)
    assert (detail["workshop"], detail["pass_mark"]) == (str(panel.id), "62.5")


def test_a_mark_typed_afterwards_no_longer_names_the_result(
    session: Session, institution: Institution, panel: Panel, officer: Actor
) -> None:
    _, sitting = plan_sitting(session, institution, taxonomy.occupation_by_code(session, CODE))
    adopt = {"actor": officer, "sitting_id": sitting.id, "workshop_id": panel.id, "now": NOW}
    standards.adopt_result(session, **adopt)
    terms = Terms(STARTS, STARTS, STARTS + timedelta(minutes=90), 90, pass_mark=Decimal(60))
    sittings.change_sitting(session, actor=officer, sitting_id=sitting.id, terms=terms)

    assert standards.adopted_result(session, sitting) is None
    assert standards.adopted_by(session, panel.id) == []
    standards.adopt_result(session, **adopt)
    assert standards.adopted_result(session, sitting) is not None


def test_what_is_not_a_fitting_recorded_result_sets_no_pass_mark(
    session: Session, institution: Institution, panel: Panel, officer: Actor
) -> None:
    _, sitting = plan_sitting(session, institution, taxonomy.occupation_by_code(session, CODE))
    other_plan, other = plan_sitting(session, institution, make_occupation(session))
    adopt = {"actor": officer, "workshop_id": panel.id, "now": NOW}
    with pytest.raises(ResultUnusable):
        standards.adopt_result(session, sitting_id=other.id, **adopt)
    workshop = session.merge(panel.workshop)
    kept, workshop.digest = workshop.digest, "0" * 64
    with pytest.raises(ResultAltered):
        standards.adopt_result(session, sitting_id=sitting.id, **adopt)
    workshop.digest = kept
    sitting.status = SittingStatus.PUBLISHED
    with pytest.raises(SittingFrozen):
        standards.adopt_result(session, sitting_id=sitting.id, **adopt)

    assert standards.offered_results(session, other_plan) == []
    assert sitting.pass_mark == other.pass_mark == 60
