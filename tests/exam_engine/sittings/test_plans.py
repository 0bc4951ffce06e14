"""Plans are made within the filed scope and carry a number."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.orm import Session

from exam_engine.filing.rules import OutsideScope
from exam_engine.sittings import service as sittings
from exam_engine.sittings.numbers import SiteNumberMissing
from exam_engine.sittings.rules import Component, PlanWithoutComponent
from exam_engine.sittings.service.conditions import ConditionsOverlap
from itembank.base.db import Database, Scope
from itembank.base.errors import Forbidden, NotFound
from itembank.people.models import Institution
from tests.factories.people import make_institution
from tests.factories.sittings import NOW, centre_officer, file_levels, make_plan, officer_of


def test_plans_are_numbered_one_after_the_other(session: Session, institution: Institution) -> None:
    first = make_plan(session, institution)
    second = make_plan(session, institution, filed=False)

    assert len(first.number) == 14
    assert first.number == f"2662{institution.site_sequence}0001"
    assert int(second.number) == int(first.number) + 1


def test_a_plan_outside_the_filed_scope_is_refused(session: Session, institution: Institution) -> None:
    file_levels(session, institution, (4,))

    with pytest.raises(OutsideScope):
        make_plan(session, institution, level=3, filed=False)
    with pytest.raises(OutsideScope):
        make_plan(session, institution, examined_on=date(2030, 1, 1), filed=False)
    with pytest.raises(PlanWithoutComponent):
        make_plan(session, institution, components=(), filed=False)
    assert sittings.list_plans(session) == []


def test_an_institution_without_site_sequence_cannot_number_plans(
    session: Session, institution: Institution
) -> None:
    file_levels(session, institution)
    institution.site_sequence = None
    session.merge(institution)

    with pytest.raises(SiteNumberMissing):
        make_plan(session, institution, filed=False)


def test_nobody_sees_the_plans_of_another_institution(database: Database, institution: Institution) -> None:
    with database.session(scope=Scope.everything()) as session:
        plan = make_plan(session, institution)
        stranger = make_institution(session)

    with database.session(scope=Scope.of([stranger.id])) as session:
        assert sittings.list_plans(session) == []
        with pytest.raises(NotFound):
            sittings.find_plan(session, plan.id)


def test_configured_conditions_go_before_the_generic_ones(session: Session, institution: Institution) -> None:
    plan = make_plan(session, institution, components=[Component.THEORY, Component.PRACTICAL])

    generic = sittings.plan_conditions(session, plan)
    draft = sittings.ConditionsDraft(
        plan.occupation_id,
        4,
        "2026",
        "电工四级专用条件 | 16 | 5\n第二条",
        "测试省",
        "测试文件",
        date(2026, 1, 1),
    )
    centre = centre_officer(session, institution)
    sittings.configure_conditions(session, actor=centre, draft=draft, now=NOW)
    configured = sittings.plan_conditions(session, plan)
    with pytest.raises(ConditionsOverlap):
        sittings.configure_conditions(session, actor=centre, draft=draft, now=NOW)
    later = replace(draft, text="新条件", effective_from=date(2027, 1, 1))
    sittings.configure_conditions(session, actor=centre, draft=later, now=NOW)
    with pytest.raises(Forbidden):
        sittings.configure_conditions(session, actor=officer_of(institution), draft=later, now=NOW)

    assert [row.ordinal for row in generic] == [1, 2, 3]
    assert [(row.ordinal, row.text, row.minimum_work_years) for row in configured] == [
        (1, "电工四级专用条件", 5),
        (2, "第二条", None),
    ]
    assert sittings.plan_conditions(session, plan) != ()
    assert configured[0].expires_on is None
    assert sittings.plan_conditions(session, plan)[0].expires_on == date(2026, 12, 31)
    assert sittings.components_of(plan) == (Component.THEORY, Component.PRACTICAL)
    assert officer_of(institution).institution_id == plan.institution_id
