"""Many candidates in one transaction: each gets what is theirs, and nobody's trouble is anybody else's."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DataError, OperationalError

from exam_engine.delivery.lean import acts, store
from exam_engine.delivery.lean.desk import Desk
from exam_engine.delivery.lean.entering import start
from exam_engine.delivery.lean.requests import Enter, HandIn, Open, Read, Request, Start, Wait
from exam_engine.delivery.models import Attempt, EntryBar
from exam_engine.delivery.rules import DatabaseAway, TooManyWaiting
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Seat
from itembank.base import audit
from itembank.base.db import Database, Scope
from itembank.base.ids import new_id
from itembank.people import service as people
from itembank.people.models import Institution, Person
from itembank.people.service import session_digest
from tests.factories.exam import ExamWorld


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def world(database: Database, institution: Institution) -> ExamWorld:
    return ExamWorld.make(database, institution)


def ask(desk: Desk, kind: type[Request], *each: dict[str, Any]) -> list[Any]:
    requests = [kind(deliver=lambda _requests: None, **given) for given in each]
    desk.work(requests)
    assert {request.refusal for request in requests} == {None}
    return [request.answer for request in requests]


def entries(world: ExamWorld, count: int) -> list[dict[str, str]]:
    typed = [world.entry(world.candidate(f"考生{n}")) for n in range(count)]
    return [
        {
            "ticket_number": entry["ticket_number"],
            "code_hash": sittings.entry_code_hash(
                world.database.keyring, entry["ticket_number"], entry["entry_code"]
            ),
        }
        for entry in typed
    ]


def enter(desk: Desk, world: ExamWorld, count: int) -> Iterator[str]:
    return map(session_digest, ask(desk, Enter, *entries(world, count)))


def test_a_batch_gives_everybody_their_own(desk: Desk, world: ExamWorld, database: Database) -> None:
    wrong, *right = entries(world, 4)
    tokens = ask(desk, Enter, {**wrong, "code_hash": "0" * 64}, *right)
    digests = [session_digest(token) for token in tokens[1:]]
    sitting = world.sitting.id
    begun = ask(desk, Start, *({"session_digest": one, "sitting_id": sitting} for one in digests))
    own = [
        {"session_digest": one, "attempt_id": attempt} for one, attempt in zip(digests, begun, strict=True)
    ]
    swapped = [
        {**one, "attempt_id": other["attempt_id"]} for one, other in zip(own, own[1:] + own[:1], strict=True)
    ]

    assert tokens[0] is None
    assert len(set(tokens)) == 4
    assert [sheet.who.name for sheet in ask(desk, Read, *own)] == ["考生1", "考生2", "考生3"]
    assert [opened.state.id for opened in ask(desk, Open, *own)] == begun
    for kind in (Read, Open):
        assert ask(desk, kind, *swapped) == [None] * 3
    assert ask(desk, HandIn, *({**one, "epoch": 2} for one in swapped)) == [None] * 3
    assert all(not done.already for done in ask(desk, HandIn, *({**one, "epoch": 2} for one in own)))
    with database.session(writes=False) as session:
        said = [(entry.actor, entry.action) for entry in audit.entries(session, institutions=None)]
        assert audit.verify(session, database.audit_heads).is_intact
    for action in ("candidate.entered", "attempt.started", "attempt.opened", "attempt.handed_in"):
        who = {actor for actor, done in said if done == action}
        assert len(who) == 3
        assert all(actor.startswith("candidate:") for actor in who)


def test_what_somebody_asks_twice_at_once_is_done_in_turn(desk: Desk, world: ExamWorld) -> None:
    [digest] = enter(desk, world, 1)
    start = {"session_digest": digest, "sitting_id": world.sitting.id}
    first, second = ask(desk, Start, start, start)
    mine = {"session_digest": digest, "attempt_id": first}

    assert first == second
    assert [opened.state.epoch for opened in ask(desk, Open, mine, mine)] == [2, 3]
    done = ask(desk, HandIn, *[{**mine, "epoch": 3}] * 2)
    assert [one.already for one in done] == [False, True]
    assert done[0].receipt == done[1].receipt


def test_whoever_asks_again_and_again_makes_nobody_else_wait(
    desk: Desk, world: ExamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    [digest] = enter(desk, world, 1)
    delivered: list[Request] = []
    transactions: list[int] = []
    perform = desk._perform
    monkeypatch.setattr(desk, "_perform", lambda group: (transactions.append(len(group)), perform(group)))
    for _ in range(2):  # what was done makes room again
        delivered.clear()
        starts = [
            Start(deliver=delivered.extend, session_digest=digest, sitting_id=world.sitting.id)
            for _ in range(6)
        ]
        looks = [Wait(deliver=delivered.extend, session_digest=digest) for _ in range(6)]
        for request in [*starts, *looks]:
            desk.put(request)
        assert delivered == starts[2:]
        desk.work(desk._batcher._take())

    assert sorted(transactions) == [1, 1, 1, 1, 6, 6]
    assert len({start.answer for start in starts[:2]} - {None}) == 1
    assert {start.answer for start in starts[2:]} == {None}
    assert [look.answer.stage for look in looks] == ["working"] * 6


def test_a_start_that_was_quicker_elsewhere_is_returned(
    desk: Desk, world: ExamWorld, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    [digest] = enter(desk, world, 1)
    start = {"session_digest": digest, "sitting_id": world.sitting.id}
    begin = store.begin

    def be_late(connection: Any, rows: Any) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(store, "begin", begin)
            quicker.extend(ask(Desk(database), Start, start))
        return begin(connection, rows)

    quicker: list[Any] = []
    if database.is_sqlite:  # a writing transaction is alone: the quicker one is done before
        quicker = ask(desk, Start, start)
    else:
        monkeypatch.setattr(store, "begin", be_late)

    assert ask(desk, Start, start) == quicker
    with database.session(scope=Scope.everything(), writes=False) as session:
        assert len(session.scalars(select(Attempt)).all()) == 1
        started = audit.entries(session, institutions=None, action="attempt.started")
        assert len(started) == 1


def test_whoever_is_barred_between_look_and_start_does_not_begin(
    desk: Desk, world: ExamWorld, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = list(enter(desk, world, 2))
    places = store.places

    def barred_meanwhile(*given: Any) -> Any:
        found = places(*given)
        row = found[digests[0]][0]
        bar = {"id": new_id(), "institution_id": row.institution_id, "sitting_id": row.sitting_id}
        bar |= {"registration_id": row.registration_id, "reason": "incident", "barred_at": given[2]}
        given[0].execute(insert(EntryBar), bar)
        return found

    monkeypatch.setattr(store, "places", barred_meanwhile)
    begun = ask(desk, Start, *({"session_digest": one, "sitting_id": world.sitting.id} for one in digests))

    assert begun[0] is None
    with database.session(scope=Scope.everything(), writes=False) as session:
        assert [attempt.id for attempt in session.scalars(select(Attempt))] == begun[1:]
        assert len(audit.entries(session, institutions=None, action="attempt.started")) == 1


def test_who_was_given_extra_time_between_look_and_start_goes_the_ordinary_road(
    desk: Desk, world: ExamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = list(enter(desk, world, 2))
    places = store.places

    def given_meanwhile(*given: Any) -> Any:
        found = places(*given)
        row = found[digests[0]][0]
        seat = update(Seat).where(Seat.registration_id == row.registration_id)
        given[0].execute(seat.values(accommodations={"extra_minutes": 30}))
        return found

    monkeypatch.setattr(store, "places", given_meanwhile)
    begun = ask(desk, Start, *({"session_digest": one, "sitting_id": world.sitting.id} for one in digests))

    assert begun[0] is None
    assert begun[1] is not None


def test_one_that_the_database_refuses_takes_no_other_with_it(
    desk: Desk, world: ExamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = list(enter(desk, world, 5))

    def poisoned(flush: Any, requests: Any) -> None:
        if any(request.session_digest == digests[3] for request in requests):
            raise DataError("insert", {}, Exception("bad value"))
        start(flush, requests)

    monkeypatch.setattr(acts, "ACTS", {**acts.ACTS, Start: poisoned})
    sitting = world.sitting.id
    begun = ask(desk, Start, *({"session_digest": one, "sitting_id": sitting} for one in digests))

    assert [attempt is None for attempt in begun] == [False, False, False, True, False]


def test_a_name_that_does_not_open_takes_no_other_with_it(
    desk: Desk, world: ExamWorld, database: Database
) -> None:
    digests = list(enter(desk, world, 4))
    with database.session(scope=Scope.everything()) as session:
        person = next(
            one
            for one in session.scalars(select(Person))
            if people.read_person(session, one.id).name == "考生2"
        )
        person.sealed = person.sealed[:-1] + bytes([person.sealed[-1] ^ 1])
    places = ask(desk, Wait, *({"session_digest": one} for one in digests))

    assert [place and place.who.name for place in places] == ["考生0", "考生1", None, "考生3"]


def test_a_file_of_heads_that_takes_nothing_leaves_answers_and_chain_as_they_are(
    desk: Desk, world: ExamWorld, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.audit_heads
    write, free = os.write, [40]

    def write_until_full(handle: int, content: bytes) -> int:
        if not free:
            raise OSError(errno.ENOSPC, "no space left")
        return write(handle, content[: free.pop()])

    typed = entries(world, 2)
    before = database.audit_heads.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write_until_full)
        assert ask(desk, Enter, typed[0])[0]
    assert not free
    assert database.audit_heads.read_bytes() == before
    with database.audit_heads.open("ab") as file:
        file.write(before.splitlines()[0])  # as a crash may leave it, without its end
    assert ask(desk, Enter, typed[1])[0]

    assert all(json.loads(line)["signature"] for line in database.audit_heads.read_bytes().splitlines())
    with database.session(writes=False) as session:
        assert audit.verify(session, database.audit_heads).is_intact


def test_a_database_that_is_away_and_a_full_queue_answer_nothing(
    desk: Desk, world: ExamWorld, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    [digest] = enter(desk, world, 1)

    def away(*_arguments: object) -> None:
        raise OperationalError("select", {}, Exception("connection lost"))

    monkeypatch.setattr(acts, "ACTS", {**acts.ACTS, Wait: away})
    request = Wait(deliver=lambda _requests: None, session_digest=digest)
    desk.work([request])
    full = Desk(database, max_waiting=1)
    full.put(request)

    assert (request.answer, request.refusal) == (None, DatabaseAway)
    with pytest.raises(TooManyWaiting):
        full.put(request)


class Deadlock(Exception):
    """As the PostgreSQL driver reports it."""

    sqlstate = "40P01"


def test_a_batch_that_a_deadlock_undid_is_done_once_more_and_no_oftener(
    desk: Desk, world: ExamWorld, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = 1

    def undone_at_the_end(connection: Any, keyring: Any, records: Any) -> Any:
        nonlocal left
        if left:
            left -= 1
            raise OperationalError("update", {}, Deadlock())
        return append(connection, keyring, records)

    typed, append = entries(world, 1), audit.append
    monkeypatch.setattr(audit, "append", undone_at_the_end)
    [token] = ask(desk, Enter, *typed)
    with database.session(writes=False) as session:
        assert people.resume(session, token, now=database.clock.now())
    left = 2
    again = Enter(deliver=lambda _requests: None, **typed[0])
    desk.work([again])

    assert left == 0
    assert (again.answer, again.refusal) == (None, DatabaseAway)


def test_attempts_begin_in_the_order_of_registrations_whoever_asked_first(
    desk: Desk, world: ExamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    inserted: list[Any] = []
    insert_rows = store.insert_rows

    def look_on(connection: Any, table: Any, rows: Any, **given: Any) -> None:
        inserted.append([row["registration_id"] for row in rows])
        insert_rows(connection, table, rows, **given)

    monkeypatch.setattr(store, "insert_rows", look_on)
    asked = [{"session_digest": one, "sitting_id": world.sitting.id} for one in enter(desk, world, 4)]
    ask(desk, Start, *asked[1::-1], *asked[:1:-1])

    assert [len(rows) for rows in inserted] == [4]
    assert inserted[0] == sorted(inserted[0])


def test_the_lean_road_says_nothing_of_what_is_out_of_the_ordinary(
    desk: Desk, database: Database, institution: Institution
) -> None:
    early = ExamWorld.make(database, institution, begins_in_minutes=5)
    [digest] = enter(desk, early, 1)
    [place] = ask(desk, Wait, {"session_digest": digest})

    assert place.stage == "early"
    assert 295 < place.starts_in_seconds <= 303
    assert ask(desk, Start, {"session_digest": digest, "sitting_id": early.sitting.id}) == [None]
    assert ask(desk, Wait, {"session_digest": "0" * 64}) == [None]
