"""Institutions, scopes, logins and persons on a real database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from itembank.base.errors import NotFound
from itembank.people import service as people
from itembank.people.models import Person
from itembank.people.rules import SYSTEM, Action, InstitutionKind, Role
from itembank.people.service import PersonFacts
from itembank.people.service.institutions import CreditCodeWrong
from tests.factories.people import NOW, citizen_id, make_institution, make_platform, make_user


def test_a_centre_reaches_down_for_supervision_only(session: Session) -> None:
    centre = make_institution(session, kind=InstitutionKind.PROVINCE_CENTRE)
    below, elsewhere = make_institution(session, parent=centre), make_institution(session)
    user = make_user(session, roles=[Role.CENTRE_OFFICER, Role.INSTITUTION_ADMINISTRATOR], institution=centre)
    officer = people.actor_for(session, user, centre.id)

    approving = people.scope_of(session, officer, Action.RECOGNITION_APPROVE)
    managing = people.scope_of(session, officer, Action.PEOPLE_MANAGE)

    assert approving.includes(centre.id)
    assert approving.includes(below.id)
    assert not approving.includes(elsewhere.id)
    assert managing.institutions == {centre.id}


def test_the_platform_administrator_manages_everywhere(session: Session) -> None:
    platform, employer = make_platform(session), make_institution(session)
    user = make_user(session, roles=[Role.PLATFORM_ADMINISTRATOR], institution=platform)

    scope = people.scope_of(session, people.actor_for(session, user, platform.id), Action.PEOPLE_MANAGE)

    assert scope.includes(employer.id)


def test_a_credit_code_with_a_wrong_check_character_is_refused(session: Session) -> None:
    platform = make_platform(session)
    common = {
        "actor": SYSTEM, "kind": InstitutionKind.EMPLOYER, "name": "甲", "parent_id": platform.id,
        "province_code": "11", "now": NOW,
    }  # fmt: skip

    people.create_institution(session, credit_code="91110111802723323C", **common)
    with pytest.raises(CreditCodeWrong):
        people.create_institution(session, credit_code="91440000MA00000001", **common)


def test_a_session_ends_with_its_time_and_with_the_account(session: Session) -> None:
    employer = make_institution(session)
    user = make_user(session, roles=[Role.AUDITOR], institution=employer)
    token = people.open_staff_session(session, user_id=user.id, institution_id=employer.id, now=NOW)

    login = people.resume(session, token, now=NOW + timedelta(hours=1))
    assert login is not None
    assert login.actor.roles == {Role.AUDITOR}
    assert people.resume(session, token, now=NOW + timedelta(hours=13)) is None
    assert people.resume(session, token + "x", now=NOW) is None
    user.is_active = False
    session.flush()
    assert people.resume(session, token, now=NOW) is None


def test_a_role_taken_away_is_gone_at_the_next_request(session: Session) -> None:
    employer = make_institution(session)
    user = make_user(session, roles=[Role.AUDITOR], institution=employer)
    token = people.open_staff_session(session, user_id=user.id, institution_id=employer.id, now=NOW)

    people.revoke_role(session, actor=SYSTEM, user_id=user.id, institution_id=employer.id, role=Role.AUDITOR)

    login = people.resume(session, token, now=NOW)
    assert login is not None
    assert login.actor.roles == frozenset()


def test_nobody_acts_where_they_have_no_role(session: Session) -> None:
    here, there = make_institution(session), make_institution(session)
    user = make_user(session, roles=[Role.AUDITOR], institution=here)
    token = people.open_staff_session(session, user_id=user.id, institution_id=here.id, now=NOW)
    login = people.resume(session, token, now=NOW)
    assert login is not None

    with pytest.raises(NotFound):
        people.act_at(session, login, there.id)


def test_a_person_is_one_row_over_a_lifetime_and_sealed(session: Session) -> None:
    number = citizen_id(7)
    first = PersonFacts("王五", "身份证", number, "男", date(1990, 1, 1))
    later = PersonFacts("王五", "身份证", number.lower(), "男", date(1990, 1, 1), "13900000000")

    one = people.keep_person(session, actor=SYSTEM, facts=first, now=NOW)
    same = people.keep_person(session, actor=SYSTEM, facts=later, now=NOW)

    assert one.id == same.id
    assert people.read_person(session, one.id).telephone == "13900000000"
    stored = session.scalars(select(Person)).one()
    assert number.encode() not in stored.sealed
    assert number not in stored.document_index
