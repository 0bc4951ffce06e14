"""Walks role × institution × every route: nobody gets where the permission table does not let them.

The walk asks with ids that exist in an institution and with ids that do not, as every role, at the owning
institution, at a sibling, and as a stranger. Refused means 401, 403, 404 or a redirect to a login page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import select

from exam_engine.jobs.models import Job
from itembank.base.db import Base, Database, Scope, TenantMixin
from itembank.people.models import Institution
from itembank.people.rules import PERMISSIONS, Action, InstitutionKind, Role, check_role_fits
from tests.factories.people import NOW, make_institution
from web.app import AREAS

NOWHERE = UUID("01900000-0000-7000-8000-000000000000")
STAFF = [role for role in Role if role is not Role.CANDIDATE]
UNDECLARED = object()


def _actions(dependant: Dependant) -> Iterator[Any]:
    action = getattr(dependant.call, "action", UNDECLARED)
    if action is not UNDECLARED:
        yield action
    for child in dependant.dependencies:
        yield from _actions(child)


def _routes() -> list[tuple[str, str, Any]]:
    """(method, path, action) of every route; action is None for a public one."""
    found = []
    for area in AREAS:
        for route in area.router.routes:
            assert isinstance(route, APIRoute), f"{area.name}: {route} is not a declared route"
            actions = list(_actions(route.dependant))
            assert len(actions) == 1, f"{route.path} declares {len(actions)} of requires()/public()"
            found += [(method, route.path, actions[0]) for method in sorted(route.methods)]
    return found


ROUTES = _routes()
PROTECTED = [(method, path, action) for method, path, action in ROUTES if action is not None]


def _role_at(role: Role, institution: Institution) -> bool:
    try:
        check_role_fits(role, institution.kind)
    except Exception:
        return False
    return True


def _filled(path: str, value: object) -> str:
    return re.sub(r"\{[^}]+\}", str(value), path)


def _is_refusal(answer: Any) -> bool:
    if answer.status_code == 303:
        return "/login" in answer.headers["location"]
    return answer.status_code in (401, 403, 404)


def test_every_route_declares_who_may_use_it() -> None:
    assert len(ROUTES) > 15
    assert {action for _, _, action in PROTECTED} <= set(Action)


def test_every_action_has_its_roles() -> None:
    assert set(PERMISSIONS) == set(Action)
    assert all(PERMISSIONS.values())


def test_every_table_of_an_institution_is_filtered() -> None:
    """A table with institution_id is a tenant table, unless it is named here with its reason."""
    excused = {
        "membership": "read to find out the scope itself",
        "login_session": "read before anybody is known",
        "audit_entry": "filtered by audit.entries; platform records have no institution",
        "outline": "readable by all institutions; writing is checked against the owner",
    }
    tables = {
        mapper.local_table.name: issubclass(mapper.class_, TenantMixin) for mapper in Base.registry.mappers
    }
    unfiltered = {
        table.name
        for table in Base.metadata.sorted_tables
        if "institution_id" in table.columns and not tables.get(table.name)
    }

    assert unfiltered <= set(excused)


def test_a_stranger_gets_nowhere(client: TestClient) -> None:
    open_doors = [
        (method, path)
        for method, path, _ in PROTECTED
        if not _is_refusal(client.request(method, _filled(path, NOWHERE)))
    ]

    assert open_doors == []


@pytest.mark.strictest
@pytest.mark.parametrize("role", STAFF)
def test_a_role_is_refused_every_route_its_action_does_not_carry(
    role: Role, client: TestClient, login: Any, database: Database, institution: Institution
) -> None:
    places = _places(database, institution)
    place = next(found for found in places if _role_at(role, found))
    login(role, institution=place)
    leaks = [
        (method, path, action)
        for method, path, action in PROTECTED
        if role not in PERMISSIONS[action] and not _is_refusal(client.request(method, _filled(path, NOWHERE)))
    ]

    assert leaks == []


@pytest.mark.parametrize("role", STAFF)
def test_no_role_reaches_another_institutions_rows(
    role: Role, client: TestClient, login: Any, database: Database, institution: Institution
) -> None:
    """Rows of every tenant table of one institution, asked for from a sibling."""
    with database.session(scope=Scope.everything()) as session:
        job = Job(kind="x", payload={}, actor={"name": ""}, institution_id=institution.id, created_at=NOW)
        session.add(job)
    owned = _owned_ids(database, institution)
    sibling = next(found for found in _places(database, institution, sibling=True) if _role_at(role, found))
    login(role, institution=sibling)
    leaks = []
    for method, path, action in PROTECTED:
        if "{" not in path or role not in PERMISSIONS[action]:
            continue
        for identifier in owned:
            answer = client.request(method, _filled(path, identifier))
            if answer.status_code < 400 and not _is_refusal(answer):
                leaks.append((method, path, identifier))

    assert owned
    assert leaks == []


def _places(database: Database, institution: Institution, *, sibling: bool = False) -> list[Institution]:
    with database.session(scope=Scope.everything()) as session:
        above = session.get_one(Institution, institution.parent_id)
        if not sibling:
            top = session.scalars(
                select(Institution).where(Institution.kind == InstitutionKind.PLATFORM)
            ).one()
            return [institution, above, top]
        other_centre = make_institution(session, kind=InstitutionKind.PROVINCE_CENTRE)
        other = make_institution(session, parent=other_centre)
        top = make_institution(session, kind=InstitutionKind.CITY_CENTRE, parent=other_centre)
        # The platform's administrator manages all institutions; the walk asks for rows below them.
        platform = session.scalars(
            select(Institution).where(Institution.kind == InstitutionKind.PLATFORM)
        ).one()
        return [other, other_centre, top, platform]


def _owned_ids(database: Database, institution: Institution) -> list[UUID]:
    found: list[UUID] = []
    with database.session(scope=Scope.of([institution.id])) as session:
        for mapper in Base.registry.mappers:
            if issubclass(mapper.class_, TenantMixin) and hasattr(mapper.class_, "id"):
                found += list(session.scalars(select(mapper.class_.id).limit(2)))
    return found


def test_the_application_mounts_no_route_outside_the_areas(client: TestClient) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    declared = {path for _, path, _ in ROUTES} | {route.path for area in AREAS for route in area.routes}
    mounted = {getattr(route, "path", "") for route in app.routes}

    assert mounted - declared <= {"/static", ""}
