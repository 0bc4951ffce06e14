"""Tenancy, transactions and times."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from exam_engine.jobs.models import Job
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, OutsideTenant, Scope, ScopeMissing, database_now
from tests.conftest import BEGIN
from tests.factories.people import NOW, make_institution


def _job(institution_id):
    return Job(kind="x", payload={}, actor={}, institution_id=institution_id, created_at=NOW)


def _two_tenants(database: Database):
    with database.session(scope=Scope.everything()) as session:
        first, second = make_institution(session), make_institution(session)
        jobs = [_job(first.id), _job(second.id)]
        session.add_all(jobs)
    return first, second, jobs


def test_a_session_sees_only_the_institutions_of_its_scope(database: Database) -> None:
    first, second, jobs = _two_tenants(database)

    with database.session(scope=Scope.of([first.id])) as session:
        assert [job.id for job in session.scalars(select(Job))] == [jobs[0].id]
        assert session.get(Job, jobs[1].id) is None
    with database.session(scope=Scope.of([second.id])) as session:
        assert [job.id for job in session.scalars(select(Job))] == [jobs[1].id]


def test_a_session_without_a_scope_cannot_read_tenant_tables(database: Database) -> None:
    _two_tenants(database)

    with pytest.raises(ScopeMissing), database.session() as session:
        session.scalars(select(Job)).all()


def test_nothing_is_written_for_an_institution_outside_the_scope(database: Database) -> None:
    first, second, jobs = _two_tenants(database)

    with pytest.raises(OutsideTenant), database.session(scope=Scope.of([first.id])) as session:
        session.add(_job(second.id))
    with pytest.raises(OutsideTenant), database.session(scope=Scope.of([first.id])) as session:
        mine = session.get(Job, jobs[0].id)
        assert mine is not None
        mine.institution_id = second.id


def test_times_come_back_aware_and_naive_ones_are_refused(database: Database) -> None:
    first, _, jobs = _two_tenants(database)

    with database.session(scope=Scope.of([first.id])) as session:
        stored = session.get(Job, jobs[0].id)
        assert stored is not None
        assert stored.created_at == NOW
        assert stored.created_at.tzinfo is not None
    with pytest.raises(Exception, match="zone"), database.session(scope=Scope.of([first.id])) as session:
        job = _job(first.id)
        job.created_at = datetime(2026, 1, 1)
        session.add(job)


def test_the_database_clock_follows_the_test_clock(database: Database, clock: ShiftedClock) -> None:
    with database.session() as session:
        before = database_now(session)
    clock.advance(timedelta(days=7))
    with database.session() as session:
        after = database_now(session)

    assert abs(before - BEGIN) < timedelta(minutes=1)
    assert timedelta(days=7) <= after - before < timedelta(days=7, minutes=1)
