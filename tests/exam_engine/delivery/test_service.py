"""The life of an attempt: begun once, moved to another machine, handed in once, closed by the clock."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from exam_engine.delivery import service, tokens
from exam_engine.delivery.models import Answer, Attempt
from exam_engine.delivery.paper import form_of
from exam_engine.delivery.rules import (
    AnswerRow,
    AttemptClosed,
    AttemptUnknown,
    EntryBarred,
    ReasonMissing,
    ResponseWrong,
    TakenOver,
    receipt,
)
from exam_engine.delivery.saving.store import write_answers
from exam_engine.delivery.service import AttemptStage, Stage
from exam_engine.delivery.sweeper import Sweeper
from exam_engine.delivery.writer import Writer
from exam_engine.sittings.rules import (
    EnteredTooLate,
    EntryOver,
    NotStartedYet,
    RegistrationStatus,
    SubmittedTooEarly,
)
from itembank.base import audit
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope, database_now
from itembank.base.ids import new_id
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.factories.delivery import Candidate, make_candidate, make_paper, make_sitting


class World:
    """One sitting that began a minute ago, and its candidates; each call is a request of its own."""

    def __init__(self, database: Database, institution: Institution, **terms: int) -> None:
        self.database = database
        self.writer = Writer(database)
        with self.open() as session:
            starts_at = database_now(session) - timedelta(minutes=1)
            self.sitting = make_sitting(session, institution_id=institution.id, starts_at=starts_at, **terms)
            self.candidate = make_candidate(session, self.sitting)
            self.other = make_candidate(session, self.sitting, name="李晓红")

    def open(self):
        return self.database.session(scope=Scope.everything())

    def start(self, candidate: Candidate | None = None) -> Attempt:
        with self.open() as session:
            actor = (candidate or self.candidate).actor
            return service.start(session, actor=actor, sitting_id=self.sitting.id)

    def answer(self, attempt: Attempt, *items: UUID, epoch: int = 1, revision: int = 1) -> None:
        rows = [AnswerRow(attempt.id, item, epoch, revision, ["A"], False) for item in items]
        with self.open() as session:
            write_answers(session.connection(), rows, saved_at=database_now(session))

    def hand_in(self, attempt: Attempt, epoch: int = 1):
        with self.open() as session:
            return service.hand_in(session, actor=self.candidate.actor, attempt_id=attempt.id, epoch=epoch)

    def stage(self) -> Stage:
        with self.open() as session:
            return service.waiting_room(session, actor=self.candidate.actor)[0].stage


@pytest.fixture
def world(database: Database, institution: Institution) -> World:
    return World(database, institution)


def test_a_second_start_returns_the_first_attempt(world: World) -> None:
    first, second = world.start(), world.start()

    assert first.id == second.id
    assert first.seed == second.seed
    assert first.due_at == first.started_at + timedelta(minutes=90)
    assert world.start(world.other).id != first.id


def test_nobody_starts_before_the_start_or_after_late_entry_or_the_end(
    database, institution, clock: ShiftedClock
) -> None:
    world = World(database, institution)
    with world.open() as session:
        later = make_sitting(
            session,
            institution_id=institution.id,
            starts_at=database_now(session) + timedelta(minutes=10),
            late_minutes=15,
        )
        early = make_candidate(session, later)

    with world.open() as session, pytest.raises(NotStartedYet):
        service.start(session, actor=early.actor, sitting_id=later.id)
    clock.advance(timedelta(minutes=26))
    with world.open() as session, pytest.raises(EnteredTooLate):
        service.start(session, actor=early.actor, sitting_id=later.id)
    clock.advance(timedelta(minutes=120))
    with world.open() as session, pytest.raises(EntryOver):
        service.start(session, actor=early.actor, sitting_id=later.id)


def test_a_late_starter_gets_what_is_left_until_the_common_end(database, institution, clock) -> None:
    world = World(database, institution, limit_minutes=90, window_minutes=90)
    clock.advance(timedelta(minutes=20))

    attempt = world.start()

    assert attempt.due_at == world.sitting.ends_at
    assert attempt.due_at < attempt.started_at + timedelta(minutes=90)


def test_the_unapproved_the_barred_and_strangers_do_not_start(world: World, institution) -> None:
    with world.open() as session:
        rejected = make_candidate(session, world.sitting, status=RegistrationStatus.REJECTED)
        service.bar_entry(
            session,
            actor=SYSTEM,
            institution_id=institution.id,
            sitting_id=world.sitting.id,
            registration_id=world.other.registration.id,
            reason="证件与本人不符",
        )
        elsewhere = make_sitting(session, institution_id=institution.id, starts_at=world.sitting.starts_at)

    for candidate in (rejected, world.other):
        with world.open() as session, pytest.raises(EntryBarred):
            service.start(session, actor=candidate.actor, sitting_id=world.sitting.id)
    with world.open() as session, pytest.raises(AttemptUnknown):
        service.start(session, actor=world.candidate.actor, sitting_id=elsewhere.id)


def test_the_waiting_room_follows_the_clock(database, institution, clock) -> None:
    world = World(database, institution, late_minutes=30)

    assert world.stage() is Stage.READY
    attempt = world.start()
    assert world.stage() is Stage.WORKING
    clock.advance(timedelta(minutes=91))
    assert world.stage() is Stage.HANDED_IN
    assert attempt.submitted_at is None  # though no sweeper has come by


def test_opening_on_another_machine_brings_answers_and_the_right_remaining_time(
    world: World, keyring, clock
) -> None:
    attempt, item = world.start(), new_id()
    world.answer(attempt, item)
    clock.advance(timedelta(minutes=30))
    with world.open() as session:
        service.take_over(session, actor=world.candidate.actor)
    with world.open() as session:
        opened = service.open_attempt(session, actor=world.candidate.actor, attempt_id=attempt.id)

    assert opened.attempt.epoch == 3
    assert tokens.read(keyring, opened.token, now=clock.now()).epoch == 3
    assert [answer.item_id for answer in opened.answers] == [item]
    assert 3590 < opened.remaining <= 3600
    with pytest.raises(TakenOver):
        world.hand_in(attempt, epoch=1)


def test_another_s_attempt_is_not_found(world: World) -> None:
    attempt = world.start()

    with world.open() as session, pytest.raises(AttemptUnknown):
        service.open_attempt(session, actor=world.other.actor, attempt_id=attempt.id)
    with world.open() as session, pytest.raises(AttemptUnknown):
        service.hand_in(session, actor=world.other.actor, attempt_id=attempt.id, epoch=1)


def test_handing_in_twice_gives_the_same_receipt(world: World) -> None:
    attempt = world.start()
    world.answer(attempt, new_id(), new_id())

    first, second = world.hand_in(attempt), world.hand_in(attempt)

    assert (first.already, second.already) == (False, True)
    assert first.attempt.receipt == second.attempt.receipt != ""
    assert first.answered == 2
    assert first.attempt.submitted_at == second.attempt.submitted_at


def test_nobody_hands_in_before_the_earliest_time(database, institution, clock) -> None:
    world = World(database, institution, earliest_submit_minutes=30)
    attempt = world.start()

    with pytest.raises(SubmittedTooEarly):
        world.hand_in(attempt)
    clock.advance(timedelta(minutes=30))
    assert not world.hand_in(attempt).already


def test_the_server_hands_in_at_the_deadline_and_its_lateness_changes_nothing(
    database, institution, clock
) -> None:
    world = World(database, institution)
    attempt, late = world.start(), world.start(world.other)
    world.answer(attempt, new_id())
    sweeper = Sweeper(database)

    assert sweeper.sweep() == 0
    clock.advance(timedelta(minutes=90, seconds=9))
    assert sweeper.sweep() == 0  # answers in flight still count
    clock.advance(timedelta(hours=5))
    assert sweeper.sweep() == 2
    assert sweeper.sweep() == 0

    with world.open() as session:
        swept = session.get_one(Attempt, attempt.id)
        assert (swept.submitted_at, swept.forced) == (attempt.due_at, True)
        assert session.get_one(Attempt, late.id).forced
        states = service.attempt_states(session, world.sitting.id)
        assert {state.stage for state in states} == {AttemptStage.FORCED}
    assert world.hand_in(attempt).already


def test_handing_in_after_the_deadline_is_the_server_s_whether_or_not_it_swept(
    database, institution, clock
) -> None:
    world = World(database, institution)
    attempt = world.start()
    clock.advance(timedelta(minutes=95))

    handed_in = world.hand_in(attempt)

    assert handed_in.attempt.forced
    assert handed_in.attempt.submitted_at == attempt.due_at


def test_extra_time_pause_and_termination(world: World, clock) -> None:
    attempt, ended = world.start(), world.start(world.other)
    with world.open() as session:
        service.extend_attempt(session, actor=SYSTEM, attempt_id=attempt.id, minutes=10, reason="断电")
        service.pause_attempt(session, actor=SYSTEM, attempt_id=attempt.id, reason="设备故障")
        with pytest.raises(ReasonMissing):
            service.terminate_attempt(session, actor=SYSTEM, attempt_id=ended.id, reason=" ")
        service.terminate_attempt(session, actor=SYSTEM, attempt_id=ended.id, reason="使用手机")
    clock.advance(timedelta(minutes=20))
    with world.open() as session:
        paused = service.attempt_states(session, world.sitting.id)[0]
        resumed = service.resume_attempt(session, actor=SYSTEM, attempt_id=attempt.id)
        with pytest.raises(AttemptClosed):
            service.extend_attempt(session, actor=SYSTEM, attempt_id=ended.id, minutes=5, reason="误操作")
        states = {state.attempt_id: state for state in service.attempt_states(session, world.sitting.id)}
    with world.open() as session:
        actions = [entry.action for entry in audit.entries(session, institutions=None)]

    assert paused.stage is AttemptStage.PAUSED
    assert 5990 < paused.remaining_seconds <= 6000
    moved = (resumed.due_at - attempt.due_at) - timedelta(minutes=30)
    assert timedelta(0) <= moved < timedelta(seconds=20)
    assert states[ended.id].stage is AttemptStage.TERMINATED
    assert {"attempt.extended", "attempt.paused", "attempt.resumed", "attempt.terminated"} <= set(actions)


def test_two_clicks_at_once_begin_one_attempt(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lambda _: world.start(), range(8)))

    assert len({attempt.id for attempt in begun}) == 1
    assert len({attempt.seed for attempt in begun}) == 1


def test_no_answer_is_taken_behind_the_hand_in(world: World) -> None:
    attempt, items = world.start(), [new_id() for _ in range(5)]
    world.writer.start()
    taken: list[int] = []

    def save_until_refused() -> None:
        for revision in range(1, 2000):
            row = AnswerRow(attempt.id, items[revision % 5], 1, revision, ["A"], False)
            if world.writer.save(attempt.id, 1, [row]).refusal is not None:
                return
            taken.append(revision)

    saver = threading.Thread(target=save_until_refused)
    saver.start()
    while len(taken) < 20:
        time.sleep(0.001)
    handed_in = world.hand_in(attempt)
    saver.join()
    world.writer.stop()

    with world.open() as session:
        rows = [(a.item_id, a.epoch, a.revision, a.response) for a in session.scalars(select(Answer))]
    assert handed_in.attempt.receipt == receipt(attempt.id, rows)
    assert max(row[2] for row in rows) == max(taken)


def test_progress_counts_answers_and_tells_the_last_save(world: World) -> None:
    attempt, item = world.start(), new_id()
    world.answer(attempt, item, new_id(), new_id())
    with world.open() as session:
        taken_back = [AnswerRow(attempt.id, item, 1, 2, [], False)]
        write_answers(session.connection(), taken_back, saved_at=database_now(session))
    with world.open() as session:
        [state] = service.attempt_states(session, world.sitting.id)

    assert state.answered == 2
    assert state.last_saved_at is not None
    assert state.last_saved_at >= state.started_at


def test_a_paused_attempt_is_not_swept(world: World, clock) -> None:
    attempt = world.start()
    with world.open() as session:
        service.pause_attempt(session, actor=SYSTEM, attempt_id=attempt.id, reason="火警")
    clock.advance(timedelta(hours=3))

    assert Sweeper(world.database).sweep() == 0


def test_a_page_without_script_saves_what_changed(world: World) -> None:
    paper = make_paper(single_choice=2, multiple_choice=1)
    form = form_of(paper)
    one, two, three = list(form)
    attempt = world.start()

    def save(responses: dict[UUID, list[str]], epoch: int = 1) -> int:
        with world.open() as session:
            return service.save_form(
                session,
                actor=world.candidate.actor,
                attempt_id=attempt.id,
                epoch=epoch,
                form=form,
                responses=responses,
            )

    assert save({one: ["B"], two: [], three: ["C", "A"]}) == 2
    assert save({one: ["B"], two: ["A"], three: ["A", "C"]}) == 1
    assert save({one: []}) == 1
    with pytest.raises(TakenOver):
        save({one: ["C"]}, epoch=9)
    with pytest.raises(ResponseWrong):
        save({two: ["A", "B"]})
    with world.open() as session:
        found = {a.item_id: a.response for a in session.scalars(select(Answer))}
        responses = service.responses(session, world.sitting.id)
    assert found == {one: [], two: ["A"], three: ["A", "C"]}
    assert responses[0].responses == {two: ["A"], three: ["A", "C"]}
