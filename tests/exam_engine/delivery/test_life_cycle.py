"""The life of an attempt in any order of events, against a simple model; on real databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from exam_engine.delivery import service
from exam_engine.delivery.lean.desk import Desk
from exam_engine.delivery.lean.requests import Advance, HandIn, Open, Read, Start
from exam_engine.delivery.models import Answer, AnswerHistory, Attempt, AttemptStep
from exam_engine.delivery.rules import (
    SAVE_GRACE,
    AnswerRow,
    AttemptClosed,
    AttemptPaused,
    SectionClosed,
    TakenOver,
)
from exam_engine.delivery.steps.courses import course_of
from exam_engine.delivery.steps.rules import StepKind, StepsFollow
from exam_engine.delivery.sweeper import Sweeper
from exam_engine.delivery.writer import Ticket, Writer
from exam_engine.sittings.models import Plan
from exam_engine.sittings.sections import SectionTerms
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope, database_now
from itembank.base.errors import ExamError
from itembank.base.ids import new_id
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.factories.delivery import make_candidate, make_sitting
from tests.factories.recognition import make_sealed_paper

ITEMS = [new_id() for _ in range(3)]


class LifeCycle(RuleBasedStateMachine):
    """One attempt of ten minutes; the model knows what was acknowledged and whether it is closed.

    Candidates come by both roads, the lean one and the ordinary one; the server and the invigilator interfere.
    """

    def __init__(self, database: Database, institution: Institution, clock: ShiftedClock) -> None:
        super().__init__()
        self.database, self.institution, self.clock = database, institution, clock
        self.writer, self.sweeper, self.desk = Writer(database), Sweeper(database), Desk(database)
        self.acknowledged: dict[Any, tuple[int, int]] = {}
        self.receipt = ""
        self.epoch = 1
        self.left = self.whole = timedelta(minutes=10)
        self.paused = False
        self.step, self.step_epoch = 0, 0

    def everything(self) -> Any:
        return self.database.session(scope=Scope.everything())

    @initialize(known=st.booleans())
    def begin(self, known: bool) -> None:
        with self.everything() as session:
            sitting = make_sitting(
                session,
                institution_id=self.institution.id,
                starts_at=database_now(session),
                limit_minutes=10,
                sections=self.sections,
            )
            self.candidate = make_candidate(session, sitting, paper_id=self.paper_id)
        self.sitting_id = sitting.id
        self.log_in()
        if known and self.sections:
            with self.everything() as session:
                course_of(session, sitting.id, self.paper_id, service.terms_of(sitting))
        self.attempt = self.ask(Start, sitting_id=sitting.id)
        assert (self.attempt is None) == (bool(self.sections) and not known)
        self.start_again()

    def log_in(self) -> None:
        registration = self.candidate.registration
        with self.everything() as session:
            token = people.open_candidate_session(
                session,
                registration_id=registration.id,
                institution_id=registration.institution_id,
                now=self.database.clock.now(),
            )
        self.session_digest = people.session_digest(token)

    def ask(self, kind: Any, **given: Any) -> Any:
        """Ask the desk; None where it leaves the answer to the ordinary road."""
        request = kind(deliver=lambda _requests: None, session_digest=self.session_digest, **given)
        self.desk.work([request])
        assert request.refusal is None
        return request.answer

    sections: tuple[SectionTerms, ...] = ()
    paper_id: Any = None
    steps: tuple[float | None, ...] = (None,)
    """Own minutes of each step."""

    @property
    def last(self) -> bool:
        return self.step == len(self.steps) - 1

    @property
    def late(self) -> bool:
        """The time of the step is over, and nobody has noticed."""
        return self.past and not self.last and self.left < self.whole

    @property
    def past(self) -> bool:
        return not self.receipt and self.left < -SAVE_GRACE and not self.paused

    @property
    def closed(self) -> bool:
        return bool(self.receipt) or (self.past and not self.late)

    def notice(self) -> None:
        """What the server does before it answers: steps whose time is over are left as of their deadlines."""
        while self.late:
            self.next_step(self.left)

    def next_step(self, overrun: timedelta = timedelta()) -> None:
        self.step += 1
        own = self.steps[self.step]
        self.left = self.whole if own is None else min(timedelta(minutes=own) + overrun, self.whole)
        self.epoch += 1
        self.step_epoch = self.epoch

    def expected(self, epoch: int) -> set[type[ExamError] | None]:
        """Return which refusals are right now (None: taken)."""
        if self.closed:
            return {AttemptClosed} if self.receipt else {AttemptClosed, TakenOver, SectionClosed}
        if epoch != self.epoch:
            return {SectionClosed if epoch < self.step_epoch else TakenOver}
        if self.late:
            return {SectionClosed}
        return {AttemptPaused} if self.paused else {None}

    @rule(item=st.sampled_from(ITEMS), stale=st.integers(0, 2), revision=st.integers(1, 9))
    def save(self, item: Any, stale: int, revision: int) -> None:
        epoch = max(1, self.epoch - stale)
        row = AnswerRow(self.attempt, item, epoch, revision, ["A"], False)
        ticket = Ticket(self.attempt, epoch, [row], lambda _tickets: None)
        self.writer._work([ticket])

        assert ticket.refusal in self.expected(epoch)
        if ticket.refusal is None:
            self.acknowledged[item] = max(self.acknowledged.get(item, (0, 0)), (epoch, revision))

    # Steps of whole minutes and half a minute: no test depends on how long it takes itself.
    @rule(minutes=st.sampled_from([0.5, 1, 3, 6]))
    def wait(self, minutes: float) -> None:
        self.clock.advance(timedelta(minutes=minutes))
        if not self.paused:
            self.left -= timedelta(minutes=minutes)
            self.whole -= timedelta(minutes=minutes)

    @rule()
    def open_elsewhere(self) -> None:
        self.notice()
        try:
            with self.everything() as session:
                opened = service.open_attempt(session, actor=self.candidate.actor, attempt_id=self.attempt)
                self.epoch += 1
                assert opened.attempt.epoch == self.epoch
                assert abs(opened.remaining - max(0.0, self.left.total_seconds())) < 25
        except AttemptClosed:
            assert self.closed

    @rule()
    def open_by_the_lean_road(self) -> None:
        opened = self.ask(Open, attempt_id=self.attempt)
        assert (opened is None) == (self.closed or self.late)
        if opened:
            self.epoch += 1
            assert opened.state.epoch == self.epoch
            assert {row[0]: row[1:3] for row in opened.answers} == self.acknowledged
            assert abs(opened.remaining - max(0.0, self.left.total_seconds())) < 25

    @rule()
    def start_again(self) -> None:
        with self.everything() as session:
            again = service.start(session, actor=self.candidate.actor, sitting_id=self.sitting_id)
        assert self.attempt in (None, again.id)
        self.attempt = again.id
        assert self.ask(Start, sitting_id=self.sitting_id) == self.attempt

    @rule()
    def look_at_the_page(self) -> None:
        sheet = self.ask(Read, attempt_id=self.attempt)
        assert (sheet is None) == (self.closed or self.paused)
        assert sheet is None or (sheet.epoch, set(sheet.chosen)) == (self.epoch, set(self.acknowledged))

    @rule()
    def log_in_elsewhere(self) -> None:
        old = self.session_digest
        self.log_in()
        new, self.session_digest = self.session_digest, old
        assert self.ask(Read, attempt_id=self.attempt) is None
        self.session_digest = new

    @rule(old_page=st.booleans())
    def hand_in_by_the_lean_road(self, old_page: bool) -> None:
        was_closed, epoch = self.closed, self.epoch - old_page
        done = self.ask(HandIn, attempt_id=self.attempt, epoch=epoch)
        assert (done is None) == (not was_closed and (old_page or self.paused or not self.last))
        if done:
            assert done.already == was_closed
            assert self.receipt in ("", done.receipt)
            self.receipt, self.paused = done.receipt, False

    @rule(luck=st.integers(0, 4))
    def terminate(self, luck: int) -> None:
        if luck:  # rarely, or most lives would be short
            return
        self._control(service.terminate_attempt, reason="作弊")
        self.sweep_up()

    def sweep_up(self) -> None:
        with self.everything() as session:
            self.receipt = session.get_one(Attempt, self.attempt).receipt or self.receipt
            self.paused = self.paused and not self.receipt

    @rule()
    def pause(self) -> None:
        self._control(service.pause_attempt, reason="设备故障")
        self.paused = self.paused or not self.closed

    @rule()
    def resume(self) -> None:
        self._control(service.resume_attempt)
        self.paused = False

    @rule()
    def extend(self) -> None:
        was_closed = self.closed
        self._control(service.extend_attempt, minutes=2, reason="断电")
        if not was_closed:
            self.left += timedelta(minutes=2)
            self.whole += timedelta(minutes=2)

    def _control(self, act: Any, **given: Any) -> None:
        try:
            with self.everything() as session:
                act(session, actor=SYSTEM, attempt_id=self.attempt, **given)
            assert not self.closed
        except AttemptClosed:
            assert self.closed

    @rule()
    def sweep(self) -> None:
        self.notice()
        self.sweeper.sweep()
        with self.everything() as session:
            attempt = session.get_one(Attempt, self.attempt)
            assert (attempt.submitted_at is not None) == self.closed
            assert self.receipt in ("", attempt.receipt)
            self.receipt = attempt.receipt

    @rule()
    def hand_in(self) -> None:
        self.notice()
        try:
            with self.everything() as session:
                handed_in = service.hand_in(
                    session, actor=self.candidate.actor, attempt_id=self.attempt, epoch=self.epoch
                )
            assert handed_in.already == self.closed
            assert self.receipt in ("", handed_in.attempt.receipt)
            self.receipt = handed_in.attempt.receipt
            self.paused = False
        except AttemptPaused:
            assert self.paused
        except StepsFollow:
            assert not self.last

    @invariant()
    def nothing_acknowledged_is_lost_and_nothing_else_is_stored(self) -> None:
        with self.everything() as session:
            query = select(Answer).where(Answer.attempt_id == self.attempt)
            stored = {a.item_id: (a.epoch, a.revision) for a in session.scalars(query)}
            past = select(AnswerHistory).where(AnswerHistory.attempt_id == self.attempt)
            kept = {(a.item_id, a.epoch, a.revision) for a in session.scalars(past)}
        assert stored == self.acknowledged
        assert all((item, *version) in kept for item, version in self.acknowledged.items())


class LifeCycleInSteps(LifeCycle):
    """The same through a section of three minutes, a break of one, and two sections that share the rest."""

    sections = (
        SectionTerms("single_choice", minutes=3, break_after_minutes=1),
        SectionTerms("multiple_choice"),
        SectionTerms("true_false"),
    )
    steps = (3, 1, None)
    kinds = (StepKind.SECTION, StepKind.BREAK, StepKind.SECTION)

    @initialize(known=st.booleans())
    def begin(self, known: bool) -> None:
        with self.everything() as session:
            sitting = make_sitting(
                session, institution_id=self.institution.id, starts_at=database_now(session)
            )
            plan = session.get_one(Plan, sitting.plan_id)
            self.paper_id = make_sealed_paper(session, plan, each=2).paper_id
        super().begin(known)
        self.left = timedelta(minutes=3)

    @rule(old_page=st.booleans(), lean=st.booleans())
    def go_on(self, old_page: bool, lean: bool) -> None:
        number, epoch = self.step, self.epoch - old_page
        at_once = not (self.closed or self.late or old_page or self.paused or self.last)
        if lean:
            opened = self.ask(Advance, attempt_id=self.attempt, number=number, epoch=epoch)
            assert (opened is not None) == at_once
        else:
            opened = self.by_the_ordinary_road(number, epoch)
        if at_once and opened:
            self.next_step()
            assert opened.standing.number == self.step
            assert abs(opened.remaining - max(0.0, self.left.total_seconds())) < 25
            again = self.by_the_ordinary_road(number, epoch)
            assert again
            assert again.standing == opened.standing

    def by_the_ordinary_road(self, number: int, epoch: int) -> Any:
        self.notice()
        try:
            with self.everything() as session:
                return service.go_on(
                    session,
                    actor=self.candidate.actor,
                    attempt_id=self.attempt,
                    number=number,
                    epoch=epoch,
                )
        except (TakenOver, SectionClosed):
            assert epoch != self.epoch
        except AttemptPaused:
            assert self.paused
        except AttemptClosed:
            assert self.closed
        return None

    @invariant()
    def steps_follow_each_other(self) -> None:
        with self.everything() as session:
            query = select(AttemptStep).where(AttemptStep.attempt_id == self.attempt)
            steps = session.scalars(query.order_by(AttemptStep.number)).all()
            attempt = session.get_one(Attempt, self.attempt)
        assert [step.number for step in steps] == list(range(attempt.step + 1))
        assert tuple(step.kind for step in steps) == self.kinds[: len(steps)]
        assert [step.left_at for step in steps[:-1]] == [step.begun_at for step in steps[1:]]
        assert all(step.left_at <= step.due_at for step in steps[:-1] if step.left_at)
        assert steps[-1].left_at is None


@pytest.mark.parametrize("life", [LifeCycle, LifeCycleInSteps])
def test_any_order_of_events(
    database: Database, institution: Institution, clock: ShiftedClock, life: type[LifeCycle]
) -> None:
    run_state_machine_as_test(
        lambda: life(database, institution, clock),
        settings=settings(max_examples=20, stateful_step_count=25),
    )
