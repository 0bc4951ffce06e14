"""The save path on real databases: nothing acknowledged is lost, nothing late or foreign is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from exam_engine.delivery.lean.desk import Desk
from exam_engine.delivery.lean.requests import Wait
from exam_engine.delivery.models import Answer, AnswerHistory, Attempt
from exam_engine.delivery.rules import (
    AnswerNotStorable,
    AnswerRow,
    AttemptClosed,
    AttemptPaused,
    DatabaseAway,
    NotYourAttempt,
    TakenOver,
    TooManyWaiting,
)
from exam_engine.delivery.writer import Ticket, Writer
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.base.ids import new_id
from itembank.people.models import Institution
from tests.factories.delivery import make_attempt


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    writer = Writer(database)
    writer.start()
    yield writer
    writer.stop()


@pytest.fixture
def attempt(database: Database, institution: Institution) -> Attempt:
    with database.session(scope=Scope.everything()) as session:
        return make_attempt(session, institution_id=institution.id, started_at=database.clock.now())


def row(attempt: Attempt, item: UUID, revision: int, *chosen: str, epoch: int = 1) -> AnswerRow:
    return AnswerRow(attempt.id, item, epoch, revision, list(chosen), False)


def stored(database: Database) -> dict[UUID, tuple[int, int, list[str]]]:
    with database.session(writes=False) as session:
        return {a.item_id: (a.epoch, a.revision, a.response) for a in session.scalars(select(Answer))}


def history(database: Database) -> int:
    with database.session(writes=False) as session:
        return len(session.scalars(select(AnswerHistory)).all())


def change(database: Database, attempt: Attempt, **columns: object) -> None:
    with database.session(scope=Scope.everything()) as session:
        held = session.get_one(Attempt, attempt.id)
        for name, value in columns.items():
            setattr(held, name, value)


def test_an_answer_is_stored_before_it_is_acknowledged(writer, database, attempt) -> None:
    item = new_id()

    ticket = writer.save(attempt.id, 1, [row(attempt, item, 1, "A")])

    assert ticket.refusal is None
    assert stored(database) == {item: (1, 1, ["A"])}
    assert 5399 < (ticket.remaining or 0) <= 5400


def test_a_later_revision_replaces_and_an_earlier_one_does_not(writer, database, attempt) -> None:
    item = new_id()
    for revision, chosen in ((2, "B"), (1, "A"), (3, "C"), (3, "C")):
        assert writer.save(attempt.id, 1, [row(attempt, item, revision, chosen)]).refusal is None

    assert stored(database) == {item: (1, 3, ["C"])}
    assert history(database) == 3


def test_one_save_may_hold_many_answers_and_take_one_back(writer, database, attempt) -> None:
    items = [new_id() for _ in range(50)]
    writer.save(attempt.id, 1, [row(attempt, item, 1, "A", "C") for item in items])
    writer.save(attempt.id, 1, [row(attempt, items[0], 2)])

    found = stored(database)
    assert found[items[0]] == (1, 2, [])
    assert all(found[item] == (1, 1, ["A", "C"]) for item in items[1:])


def test_the_deadline_with_its_grace_is_the_database_s(
    writer, database, attempt, clock: ShiftedClock
) -> None:
    in_time, late = new_id(), new_id()

    clock.advance(timedelta(minutes=90, seconds=5))
    assert writer.save(attempt.id, 1, [row(attempt, in_time, 1, "A")]).refusal is None
    clock.advance(timedelta(seconds=6))
    ticket = writer.save(attempt.id, 1, [row(attempt, late, 1, "A")])

    assert ticket.refusal is AttemptClosed
    assert ticket.remaining == 0
    assert stored(database) == {in_time: (1, 1, ["A"])}


def test_nothing_is_taken_after_hand_in_while_paused_from_an_older_device_or_without_an_attempt(
    writer, database, attempt
) -> None:
    answer = [row(attempt, new_id(), 1, "A")]

    change(database, attempt, paused_at=database.clock.now())
    assert writer.save(attempt.id, 1, answer).refusal is AttemptPaused
    change(database, attempt, paused_at=None, epoch=2)
    assert writer.save(attempt.id, 1, answer).refusal is TakenOver
    change(database, attempt, submitted_at=database.clock.now())
    assert writer.save(attempt.id, 1, answer).refusal is AttemptClosed
    assert writer.save(new_id(), 1, answer).refusal is NotYourAttempt
    assert stored(database) == {}


def test_the_newer_device_s_answer_stands_whatever_the_older_one_counted(writer, database, attempt) -> None:
    item = new_id()
    writer.save(attempt.id, 1, [row(attempt, item, 900, "A")])
    change(database, attempt, epoch=2)
    writer.save(attempt.id, 2, [row(attempt, item, 1, "B", epoch=2)])

    assert stored(database) == {item: (2, 1, ["B"])}


def test_an_answer_the_database_refuses_takes_no_other_with_it(
    writer, database, attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [new_id() for _ in range(7)]

    def poisoned(write: Any) -> Any:
        def refuse_poison(*arguments: Any, **given: Any) -> Any:
            if any(answer.response == ["poison"] for answer in arguments[-1]):
                raise DataError("insert", {}, Exception("bad value"))
            return write(*arguments, **given)

        return refuse_poison

    monkeypatch.setattr(writer._saver, "save", poisoned(writer._saver.save))
    sent = [row(attempt, item, 1, "A") for item in items]
    sent[3] = row(attempt, items[3], 1, "poison")
    ticket = writer.save(attempt.id, 1, sent)

    assert ticket.refused == {items[3]: AnswerNotStorable}
    assert set(stored(database)) == set(items) - {items[3]}


def test_what_was_refused_in_one_half_of_a_batch_is_not_acknowledged_by_the_other(
    writer, database, attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [row(attempt, new_id(), 1, "A") for _ in range(4)]
    written = writer._write
    calls = 0

    def write_while_it_is_paused_and_resumed(tickets: Any, answers: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise DataError("insert", {}, Exception("bad value"))
        change(database, attempt, paused_at=database.clock.now() if calls == 2 else None)
        written(tickets, answers)

    monkeypatch.setattr(writer, "_write", write_while_it_is_paused_and_resumed)
    ticket = writer.save(attempt.id, 1, sent)

    assert calls == 3
    assert ticket.refusal is AttemptPaused
    assert sent[0].item_id not in stored(database)


def test_a_database_that_is_away_acknowledges_nothing_and_recovers(
    writer, database, attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = new_id()

    def away(*_arguments: object, **_given: object) -> None:
        raise OperationalError("insert", {}, Exception("connection lost"))

    with monkeypatch.context() as patched:
        patched.setattr(writer._saver, "save", away)
        assert writer.save(attempt.id, 1, [row(attempt, item, 1, "A")]).refusal is DatabaseAway
    assert stored(database) == {}
    assert writer.save(attempt.id, 1, [row(attempt, item, 1, "A")]).refusal is None
    assert stored(database) == {item: (1, 1, ["A"])}


@pytest.mark.strictest
def test_a_connection_that_the_server_ended_between_two_saves_refuses_nothing(
    writer, database, attempt
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no server that ends connections")
    item = new_id()
    writer.save(attempt.id, 1, [row(attempt, item, 1, "A")])
    with database.engine.connect() as connection:
        others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        mine = " AND datname = current_database() AND query LIKE '%answer_history%'"
        ended = connection.exec_driver_sql(others + mine.replace("%", "%%")).scalar_one()
    ticket = writer.save(attempt.id, 1, [row(attempt, item, 2, "B")])

    assert ended >= 1  # connections of other tests stand open, too
    assert ticket.refusal is None
    assert stored(database) == {item: (1, 2, ["B"])}


def test_requests_that_hold_every_other_connection_stop_neither_saving_nor_the_desk(
    writer, database, attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.1)
    asked = Wait(deliver=lambda _requests: None, session_digest="0" * 64)
    with ExitStack() as held:
        with pytest.raises(PoolTimeout):
            while True:
                held.enter_context(database.engine.connect())
        ticket = writer.save(attempt.id, 1, [row(attempt, new_id(), 1, "A")])
        Desk(database).work([asked])

    assert (ticket.refusal, asked.refusal) == (None, None)
    assert len(stored(database)) == 1


def test_a_full_queue_refuses_at_once(database, attempt) -> None:
    writer = Writer(database, max_waiting=2)  # not started: nothing is taken from the queue
    writer.put(Ticket(attempt.id, 1, [row(attempt, new_id(), 1), row(attempt, new_id(), 1)], print))

    with pytest.raises(TooManyWaiting):
        writer.put(Ticket(attempt.id, 1, [], print))


def test_stopping_writes_what_waits(database, attempt) -> None:
    item = new_id()
    delivered: list[Ticket] = []
    writer = Writer(database)
    writer.put(Ticket(attempt.id, 1, [row(attempt, item, 1, "D")], delivered.extend))
    writer.start()
    writer.stop()

    assert [ticket.refusal for ticket in delivered] == [None]
    assert stored(database) == {item: (1, 1, ["D"])}


def test_asking_for_the_state_writes_nothing(writer, database, attempt) -> None:
    ticket = writer.save(attempt.id, 1, [])

    assert ticket.refusal is None
    assert 0 < (ticket.remaining or 0) <= 5400
    assert stored(database) == {}
