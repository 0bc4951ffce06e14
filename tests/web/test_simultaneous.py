"""The same button pressed twice at once, in two browsers: it happens once, and the second is told so."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from exam_engine.certificates.models import Certificate
from exam_engine.delivery.models import Attempt
from exam_engine.recognition.models import Decision, Notice
from exam_engine.recognition.rules import ApprovalState
from itembank.base.audit import AuditEntry
from itembank.base.db import Database, Scope
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.conftest import Login
from tests.factories.everything import Everything
from tests.factories.recognition import make_world, release_all
from web.security import SESSION_COOKIE, csrf_token

Press = Callable[..., list[int]]


@pytest.fixture
def press(client: TestClient) -> Press:
    """Send the same request from two browsers of the same person at once; returns both statuses, sorted."""

    def together(url: str, times: int = 2, **request: object) -> list[int]:
        statuses: list[int] = []
        ready = threading.Barrier(times)

        def one() -> None:
            # Not as a context: the application was started by the first browser.
            browser = TestClient(client.app, follow_redirects=False, raise_server_exceptions=False)
            browser.cookies.update(client.cookies)
            browser.headers.update({"x-csrf-token": client.headers["x-csrf-token"]})
            ready.wait(timeout=20)
            statuses.append(browser.post(url, **request).status_code)  # type: ignore[arg-type]

        threads = [threading.Thread(target=one) for _ in range(times)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        return sorted(statuses)

    return together


def actions(database: Database, action: str) -> int:
    with database.session(scope=Scope.everything(), writes=False) as session:
        return len(session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all())


def test_certificates_are_issued_once_in_numbers_without_gaps(
    press: Press, login: Login, database: Database, everything: Everything
) -> None:
    login(Role.EXAM_OFFICER)
    statuses = press(f"/recognition/plans/{everything.sets[2]['plan_id']}/certificates", times=3)
    with database.session(scope=Scope.everything(), writes=False) as session:
        numbers = sorted(session.scalars(select(Certificate.number)))

    assert statuses == [303, 409, 409]
    assert [number[-6:] for number in numbers] == ["000001", "000002", "000003"]
    assert actions(database, "certificate.issued") == 3


def test_a_candidate_starts_once(
    press: Press, client: TestClient, database: Database, everything: Everything
) -> None:
    theory = everything.theory
    with database.session(scope=Scope.everything()) as session:
        token = people.open_candidate_session(
            session,
            registration_id=theory.candidates[2],
            institution_id=theory.institution_id,
            now=database.clock.now(),
        )
    client.cookies.set(SESSION_COOKIE, token)
    client.headers["x-csrf-token"] = csrf_token(token)
    begun = actions(database, "attempt.started")
    statuses = press(f"/exam/sittings/{theory.sitting_id}/start", times=3)
    with database.session(scope=Scope.everything(), writes=False) as session:
        attempts = session.scalars(
            select(Attempt).where(Attempt.registration_id == theory.candidates[2])
        ).all()

    assert statuses == [303, 303, 303]
    assert len(attempts) == 1
    assert actions(database, "attempt.started") == begun + 1


def test_a_notice_is_published_once(
    press: Press, login: Login, database: Database, institution: Institution
) -> None:
    with database.session(scope=Scope.everything()) as session:
        world = make_world(session, institution=institution)
        release_all(session, world, right=(6, 6, 6))
    login(Role.EXAM_OFFICER)
    body = {"last_day": "2026-06-30", "contact": "0931"}
    statuses = press(f"/recognition/plans/{world.plan.id}/notice", data=body)
    with database.session(scope=Scope.everything(), writes=False) as session:
        notices = session.scalars(select(Notice)).all()
        decisions = session.scalars(select(Decision)).all()

    assert statuses == [303, 409]
    assert (len(notices), len(decisions)) == (1, 3)


def test_the_centre_approves_once(
    press: Press, login: Login, database: Database, institution: Institution, everything: Everything
) -> None:
    with database.session(scope=Scope.everything()) as session:
        centre = session.get_one(Institution, institution.parent_id)
        decisions = session.scalars(select(Decision)).all()
        for decision in decisions:
            decision.state = ApprovalState.WAITING
    approved = actions(database, "recognition.approved")
    login(Role.CENTRE_OFFICER, institution=centre)
    body = {"then": "approve", "decision": [str(decision.id) for decision in decisions]}
    statuses = press("/recognition/approvals", data=body)

    assert statuses[0] == 303
    assert statuses[1] in (409, 422)
    assert actions(database, "recognition.approved") == approved + len(decisions)


def test_a_list_is_registered_once(
    press: Press, login: Login, database: Database, everything: Everything
) -> None:
    ids = everything.sets[0]
    login(Role.EXAM_OFFICER)
    statuses = press(f"/plans/{ids['plan_id']}/registrations/import/{ids['upload_id']}")

    assert statuses[0] == 303
    assert statuses[1] in (404, 409, 422)
    assert actions(database, "registrations.imported") >= 1
