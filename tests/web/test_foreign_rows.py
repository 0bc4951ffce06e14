"""An institution with rows in nearly every table, looked at from everywhere else: nobody reads or changes one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from itembank.base.db import Base, Database, Scope, TenantMixin
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import PERMISSIONS, SUPERVISORY, Action, InstitutionKind, Role, check_role_fits
from tests.conftest import Login
from tests.factories.everything import STEM, Everything
from tests.factories.people import make_institution
from tests.web.test_authorisation import PROTECTED
from tests.web.test_hostile_input import address, enter_as_candidate
from web.security import SESSION_COOKIE, csrf_token

SHARED = {
    *("/bank/taxonomy/outlines/{outline_id}", "/bank/taxonomy/outlines/{outline_id}/workbook"),
}
"""Outlines are common reference matter: every institution reads them."""


def fits(role: Role, place: Institution) -> bool:
    try:
        check_role_fits(role, place.kind)
    except Exception:
        return False
    return True


def fingerprint(database: Database, institution: Institution) -> dict[str, str]:
    """A digest of the institution's rows of every tenant table."""
    found = {}
    with database.session(scope=Scope.of([institution.id]), writes=False) as session:
        for mapper in Base.registry.mappers:
            if issubclass(mapper.class_, TenantMixin):
                rows = sorted(
                    str([getattr(row, attribute.key) for attribute in mapper.column_attrs])
                    for row in session.scalars(select(mapper.class_))
                )
                found[mapper.local_table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def filled_tables(database: Database, institution: Institution) -> set[str]:
    with database.session(scope=Scope.of([institution.id]), writes=False) as session:
        return {
            mapper.local_table.name
            for mapper in Base.registry.mappers
            if issubclass(mapper.class_, TenantMixin) and session.scalars(select(mapper.class_)).first()
        }


def test_the_walk_has_rows_to_find(database: Database, everything: Everything) -> None:
    tables = {m.local_table.name for m in Base.registry.mappers if issubclass(m.class_, TenantMixin)}
    empty = tables - filled_tables(database, everything.institution)

    assert len(empty) < 10, sorted(empty)


def requests(made: Everything) -> Iterator[tuple[str, str, Action, str]]:
    for method, path, action in PROTECTED:
        if not path.startswith("/exam") and path != "/logout":
            yield method, path, action, address(path, made)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_elsewhere_reads_or_changes_a_row(
    method: str,
    client: TestClient,
    login: Login,
    database: Database,
    institution: Institution,
    everything: Everything,
) -> None:
    with database.session(scope=Scope.everything()) as session:
        centre = make_institution(session, kind=InstitutionKind.PROVINCE_CENTRE)
        sibling = make_institution(session, parent=centre)
        cousin = make_institution(session, parent=session.get_one(Institution, institution.parent_id))
        platform = people.platform(session)
    before = fingerprint(database, institution)
    leaks: list[tuple[object, ...]] = []
    for place in (sibling, cousin, centre, platform):
        roles = [role for role in Role if fits(role, place)]
        login(*roles, institution=place, username="all-" + place.id.hex)
        reaches_all = place.kind is InstitutionKind.PLATFORM
        for sent, path, action, url in requests(everything):
            supervises = reaches_all and action in SUPERVISORY | {
                Action.PEOPLE_MANAGE,
                Action.INSTITUTION_MANAGE,
            }
            if sent != method or supervises or PERMISSIONS[action].isdisjoint(roles):
                continue
            answer = client.request(method, url, data=everything.fields if method == "POST" else None)
            names_a_row = "{" in path and path not in SHARED and not path.startswith("/account")
            if names_a_row and answer.status_code not in (404, 403):
                leaks.append((place.kind.value, method, path, answer.status_code))
            if STEM in answer.text:
                leaks.append((place.kind.value, method, path, "item text"))
    after = fingerprint(database, institution)

    assert leaks == []
    assert {name for name in before if before[name] != after[name]} == set()


def test_the_owner_is_answered(
    client: TestClient, login: Login, database: Database, institution: Institution, everything: Everything
) -> None:
    """The control: what nobody else gets is there for those whose it is."""
    with database.session(scope=Scope.everything()) as session:
        centre = session.get_one(Institution, institution.parent_id)
    refused = []
    for method, path, action, url in requests(everything):
        if method != "GET":
            continue
        place = next((p for p in (institution, centre) if any(fits(r, p) for r in PERMISSIONS[action])), None)
        if place is None:  # the platform's own pages
            continue
        login(
            *[role for role in Role if fits(role, place)],
            institution=place,
            username="own-" + place.kind.value,
        )
        answer = client.get(url, params={"occupation": everything.fields["occupation_id"][0]})
        if answer.status_code != 200:
            refused.append((path, answer.status_code, url))

    assert refused == []


def test_a_candidate_reaches_only_the_own_attempt(
    client: TestClient, database: Database, everything: Everything
) -> None:
    theory = everything.theory
    with database.session(scope=Scope.everything()) as session:
        token = people.open_candidate_session(
            session,
            registration_id=theory.candidates[1],
            institution_id=theory.institution_id,
            now=database.clock.now(),
        )
    client.cookies.set(SESSION_COOKIE, token)
    client.headers["x-csrf-token"] = csrf_token(token)
    before = fingerprint(database, everything.institution)
    other = f"/exam/attempts/{everything.attempt_id}"
    answers = {
        (method, path): client.request(
            method, path, data={"epoch": "1"} if method == "POST" else None
        ).status_code
        for method, path in (
            ("GET", other),
            ("GET", other + "/confirm"),
            ("GET", other + "/receipt"),
            ("POST", other + "/open"),
            ("POST", other + "/form"),
            ("POST", other + "/submit"),
            ("GET", "/exam/photo"),
        )
    }
    staff = {
        (method, path): status
        for method, path, action, url in requests(everything)
        if (status := client.request(method, url).status_code) not in (403,)
    }

    assert set(answers.values()) == {404}, answers
    assert staff == {}
    assert fingerprint(database, everything.institution) == before
    enter_as_candidate(client, database, everything)
    assert client.get(other).status_code == 200
    assert client.get("/exam/photo").status_code == 200
