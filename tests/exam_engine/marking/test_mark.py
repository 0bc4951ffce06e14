"""Automatic marking against the keys of sealed papers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from exam_engine.jobs.models import Job
from exam_engine.marking import service as marking
from exam_engine.marking.rules import MultipleMarking
from exam_engine.marking.service import mark
from itembank.base.db import Scope
from itembank.base.errors import NotFound
from itembank.base.ids import new_id
from itembank.people.rules import SYSTEM
from tests.factories.recognition import MARKED, STARTS, answer_all, make_attempt, make_world


def test_every_attempt_is_marked_item_by_item(session: Session) -> None:
    world = make_world(session)
    answer_all(session, world, right=(6, 4, 0))

    run = marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)
    marks = {mark.registration_id: mark for mark in marking.read_attempt_marks(session, run.id)}
    _, scores = marking.latest_scores(session, world.theory.id)

    assert [marks[each.id].earned for each in world.candidates] == [6, 4, 0]
    assert [scores[each.id] for each in world.candidates] == [100, Decimal("66.67"), 0]
    items = marking.read_item_marks(session, marks[world.candidates[1].id].id)
    assert sum(item.marks for item in items) == 4
    assert {item.maximum for item in items} == {1}
    assert len(run.key_digest) == 64


def test_unanswered_items_earn_nothing(session: Session) -> None:
    world = make_world(session, names=("张伟",))
    attempt = make_attempt(session, world.theory, world.candidates[0], world.paper, right=6)
    for answer in list(session.scalars(_answers(attempt.id)))[:2]:
        answer.response = []
    session.flush()

    run = marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)

    (mark,) = marking.read_attempt_marks(session, run.id)
    assert (mark.earned, mark.answered, mark.total) == (4, 4, 6)


def _answers(attempt_id):  # type: ignore[no-untyped-def]
    from sqlalchemy import select

    from exam_engine.delivery.models import Answer

    return select(Answer).where(Answer.attempt_id == attempt_id)


def test_marking_again_is_a_new_run_that_leaves_the_old_one(session: Session) -> None:
    world = make_world(session, names=("张伟",))
    answer_all(session, world, right=(4,))

    first = marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)
    second = marking.mark_sitting(
        session, world.theory.id, actor=SYSTEM, now=MARKED, multiple=MultipleMarking.SUBSET
    )

    assert [run.number for run in marking.list_runs(session, world.theory.id)] == [2, 1]
    assert first.key_digest == second.key_digest
    assert len(marking.read_attempt_marks(session, first.id)) == 1


def test_a_sitting_is_not_marked_while_somebody_may_answer(session: Session) -> None:
    world = make_world(session, names=("张伟",))
    attempt = make_attempt(session, world.theory, world.candidates[0], world.paper, right=6)

    with pytest.raises(marking.MarkedTooEarly):
        marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=STARTS)
    attempt.submitted_at = None
    session.flush()
    with pytest.raises(marking.AttemptsUnderWay, match="1 attempts"):
        marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)
    assert marking.list_runs(session, world.theory.id) == []


def test_a_practical_sitting_has_no_key(session: Session) -> None:
    world = make_world(session, names=("张伟",), practical=True)
    assert world.practical is not None

    with pytest.raises(marking.NotAutomatic):
        marking.mark_sitting(session, world.practical.id, actor=SYSTEM, now=MARKED)
    with pytest.raises(NotFound):
        marking.mark_sitting(session, new_id(), actor=SYSTEM, now=MARKED)


def test_a_large_sitting_is_marked_as_a_job(database, run_jobs, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(mark, "MARKED_AT_ONCE", 1)
    with database.session(scope=Scope.everything()) as session:
        world = make_world(session, names=("张伟", "王小明"))
        answer_all(session, world, right=(6, 4))
        job = marking.request_marking(session, world.theory.id, actor=SYSTEM, now=MARKED)

    assert isinstance(job, Job)
    assert run_jobs() == 1
    with database.session(scope=Scope.everything()) as session:
        assert [run.attempts for run in marking.list_runs(session, world.theory.id)] == [2]
