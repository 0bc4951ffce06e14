"""Judges, their second browser tab and the leader at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting import store
from exam_engine.standard_setting.models import Rating
from exam_engine.standard_setting.rules import WorkshopStatus
from itembank.base.audit import AuditEntry
from itembank.base.db import Database, Scope
from itembank.people import service as people
from itembank.people.rules import Actor
from tests.conftest import OpenSession
from tests.factories.people import NOW
from tests.factories.standards import Panel, rate
from web.security import SESSION_COOKIE, csrf_token


@pytest.fixture
def panel(open_session: OpenSession, panel: Panel) -> Panel:
    with open_session() as session:
        for judge in panel.judges:
            rate(session, panel, judge, [50] * 9)
        return panel


@pytest.fixture
def together(client: TestClient, database: Database) -> Callable[..., list[int]]:
    """Post as several people at once: (actor, address, fields) each; returns the statuses in that order."""

    def post(*requests: tuple[Actor, str, dict[str, str]]) -> list[int]:
        statuses: dict[int, int] = {}
        ready = threading.Barrier(len(requests))

        def one(place: int, token: str, url: str, fields: dict[str, str]) -> None:
            browser = TestClient(client.app, follow_redirects=False, raise_server_exceptions=False)
            browser.cookies.set(SESSION_COOKIE, token)
            ready.wait(timeout=20)
            headers = {"x-csrf-token": csrf_token(token), "accept": "application/json"}
            statuses[place] = browser.post(url, data=fields, headers=headers).status_code

        threads = []
        for place, (actor, url, fields) in enumerate(requests):
            with database.session(scope=Scope.everything()) as session:
                token = people.open_staff_session(
                    session, user_id=actor.id, institution_id=actor.institution_id, now=database.clock.now()
                )
            threads.append(threading.Thread(target=one, args=(place, token, url, fields)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        return [statuses[place] for place in range(len(requests))]

    return post


def ratings(database: Database) -> list[Rating]:
    with database.session(scope=Scope.everything(), writes=False) as session:
        return list(session.scalars(select(Rating)))


def test_one_judge_in_two_tabs_leaves_one_rating(together: Any, database: Database, panel: Panel) -> None:
    judge, url = panel.judges[0], f"/judging/{panel.id}/ratings"
    statuses = together(
        (judge, url, {"r-10": "60"}), (judge, url, {"r-10": "70"}), (judge, url, {"r-10": "80"})
    )
    last = [row.value for row in ratings(database) if row.position == 10]

    assert statuses == [200, 200, 200]
    assert len(last) == 1
    assert last[0] in (60, 70, 80)


def test_judges_save_beside_each_other(together: Any, database: Database, panel: Panel) -> None:
    url = f"/judging/{panel.id}/ratings"
    statuses = together(*((judge, url, {"r-10": "60"}) for judge in panel.judges))

    assert statuses == [200, 200, 200]
    assert len(ratings(database)) == 30


def test_a_rating_at_the_moment_of_closing_is_in_the_digest_or_refused(
    together: Any, database: Database, panel: Panel
) -> None:
    with database.session(scope=Scope.everything()) as session:
        for judge in panel.judges:
            rate(session, panel, judge, [50], first=10)
    late = (panel.judges[0], f"/judging/{panel.id}/ratings", {"r-10": "99"})
    closing = (panel.leader, f"/standards/{panel.id}/rounds/close", {})
    saved, closed = together(late, closing)
    with database.session(scope=Scope.everything(), writes=False) as session:
        [held] = store.rounds(session, panel.id)
        rows = store.ratings(session, held.id)

    assert closed == 303
    assert saved in (200, 409)
    assert (99 in [row.value for row in rows]) == (saved == 200)
    assert standards.ratings_digest(rows) == held.digest


def test_a_result_is_recorded_once(together: Any, database: Database, panel: Panel) -> None:
    with database.session(scope=Scope.everything()) as session:
        for judge in panel.judges:
            rate(session, panel, judge, [50], first=10)
        standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
        standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    url = f"/standards/{panel.id}/record"
    statuses = together((panel.second, url, {}), (panel.second, url, {}))
    with database.session(scope=Scope.everything(), writes=False) as session:
        workshop = standards.find_workshop(session, panel.id)
        recorded = session.scalars(select(AuditEntry).where(AuditEntry.action == "standard.recorded")).all()

    assert sorted(statuses) == [303, 409]
    assert workshop.status is WorkshopStatus.RECORDED
    assert len(recorded) == 1
