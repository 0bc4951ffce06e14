"""Jobs: done once, in their institution's scope, with progress, cancel and named failure."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from exam_engine.jobs import service as jobs
from exam_engine.jobs.rules import LOST_AFTER, JobStatus
from exam_engine.jobs.runner import JobContext, Runner
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.base.errors import Conflict
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM


def _submit(database: Database, institution: Institution, **payload: Any) -> Any:
    with database.session(scope=Scope.of([institution.id])) as session:
        return jobs.submit(
            session, actor=SYSTEM, kind="test.work", payload=payload,
            institution_id=institution.id, now=database.clock.now(),
        ).id  # fmt: skip


def _find(database: Database, job_id: Any) -> Any:
    with database.session(scope=Scope.everything()) as session:
        return jobs.find_job(session, job_id)


def test_a_job_runs_once_and_keeps_its_result(database: Database, institution: Institution) -> None:
    runs = []

    def work(context: JobContext) -> dict[str, Any]:
        runs.append(context.payload["n"])
        context.progress(1, 2, "half")
        return {"doubled": context.payload["n"] * 2}

    job_id = _submit(database, institution, n=21)
    runner = Runner(database, {"test.work": work})

    assert runner.run_one()
    assert not runner.run_one()
    job = _find(database, job_id)
    assert runs == [21]
    assert (job.status, job.result, job.done, job.total) == (JobStatus.DONE, {"doubled": 42}, 2, 2)


def test_a_job_filed_in_this_process_begins_at_once(database: Database, institution: Institution) -> None:
    done = threading.Event()

    def work(_context: JobContext) -> dict[str, Any]:
        done.set()
        return {}

    runner = Runner(database, {"test.work": work}, poll_seconds=3600)
    runner.start()
    try:
        time.sleep(0.2)  # it has looked and found nothing
        _submit(database, institution)
        assert done.wait(30)
    finally:
        runner.stop()


def test_a_handler_sees_only_its_institution(database: Database, institution: Institution) -> None:
    seen = []

    def work(context: JobContext) -> dict[str, Any]:
        with context.session() as session:
            seen.append(session.info["scope"].institutions)
        return {}

    _submit(database, institution)
    Runner(database, {"test.work": work}).run_one()

    assert seen == [frozenset({institution.id})]


def test_a_refusal_is_kept_with_its_facts_and_a_bug_under_a_reference(
    database: Database, institution: Institution
) -> None:
    class Nope(Conflict):
        """A refusal."""

        code = "nope"
        message = "The present state does not allow this."

    def refuse(_context: JobContext) -> dict[str, Any]:
        raise Nope(why="reasons")

    def break_down(_context: JobContext) -> dict[str, Any]:
        raise ZeroDivisionError("secret text")

    first = _submit(database, institution)
    Runner(database, {"test.work": refuse}).run_one()
    second = _submit(database, institution)
    Runner(database, {"test.work": break_down}).run_one()

    assert _find(database, first).error["code"] == "nope"
    assert _find(database, first).error["facts"] == {"why": "reasons"}
    assert _find(database, second).error["code"] == "job_broken"
    assert "secret" not in str(_find(database, second).error)


def test_a_running_job_stops_at_its_next_report_after_a_cancel(
    database: Database, institution: Institution
) -> None:
    steps = []

    def work(context: JobContext) -> dict[str, Any]:
        for step in range(5):
            steps.append(step)
            if step == 2:
                with database.session(scope=Scope.everything()) as session:
                    jobs.cancel(session, actor=SYSTEM, job_id=job_id, now=database.clock.now())
            context._reported = 0.0
            context.progress(step, 5)
        return {}

    job_id = _submit(database, institution)
    Runner(database, {"test.work": work}).run_one()

    assert steps == [0, 1, 2]
    assert _find(database, job_id).status is JobStatus.CANCELLED


def test_a_waiting_job_is_cancelled_at_once(database: Database, institution: Institution) -> None:
    job_id = _submit(database, institution)
    with database.session(scope=Scope.everything()) as session:
        jobs.cancel(session, actor=SYSTEM, job_id=job_id, now=database.clock.now())

    assert _find(database, job_id).status is JobStatus.CANCELLED
    assert not Runner(database, {}).run_one()


def test_a_job_whose_process_died_is_taken_up_again_and_given_up_at_last(
    database: Database, institution: Institution, clock: ShiftedClock
) -> None:
    class PowerCut(BaseException):
        """Ends the process without a word."""

    def die(_context: JobContext) -> dict[str, Any]:
        raise PowerCut

    job_id = _submit(database, institution)
    runner = Runner(database, {"test.work": die})
    for _ in range(2):
        with pytest.raises(PowerCut):
            runner.run_one()
        clock.advance(LOST_AFTER + timedelta(seconds=1))

    assert not runner.run_one()
    assert _find(database, job_id).error["code"] == "job_lost"
