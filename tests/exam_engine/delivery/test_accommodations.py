"""Extra time, breaks and the order of the paper, from the decision to the deadline; on real databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from exam_engine.delivery import service
from exam_engine.delivery.lean.desk import Desk
from exam_engine.delivery.lean.requests import Start
from exam_engine.delivery.models import Attempt
from exam_engine.delivery.paper import PLAIN_ORDER, Arranger, arrange_options
from exam_engine.delivery.rules import AttemptPaused, AttemptUnknown, NoBreakLeft, TakenOver
from exam_engine.delivery.service import Deed
from exam_engine.delivery.sweeper import Sweeper
from exam_engine.sittings import service as sittings
from exam_engine.sittings.accommodations import (
    Accommodations,
    AccommodationsClosed,
    NotSeatedHere,
    OfficerDecides,
)
from exam_engine.sittings.rules import SittingStatus
from itembank.base.audit import AuditEntry
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope, database_now
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Actor, Role
from tests.factories.delivery import Candidate, make_candidate, make_paper, make_sitting

PAUSE = {"deed": Deed.PAUSE, "reason": "火警"}


class Hall:
    """A sitting of 90 minutes within 100 that began a minute ago; each call is a request of its own."""

    def __init__(self, database: Database, institution: Institution, clock: ShiftedClock) -> None:
        self.database, self.clock = database, clock
        self.sweeper = Sweeper(database)
        with self.open() as session:
            starts_at = database_now(session) - timedelta(minutes=1)
            self.sitting = make_sitting(
                session, institution_id=institution.id, starts_at=starts_at, window_minutes=100
            )
            self.candidate = make_candidate(session, self.sitting)
            self.other = make_candidate(session, self.sitting, name="李晓红")

    def open(self) -> Any:
        return self.database.session(scope=Scope.everything())

    def give(
        self, *, actor: Actor = SYSTEM, whole_plan: bool = False, before: int = 0, **given: Any
    ) -> service.Given:
        with self.open() as session:
            return service.give_accommodations(
                session,
                actor=actor,
                plan_id=self.sitting.plan_id,
                sitting_id=None if whole_plan else self.sitting.id,
                registration_ids=[self.candidate.registration.id],
                given=Accommodations(**given),
                reason="听力残疾证 44010019900101",
                now=self.clock.now() - timedelta(minutes=before),
            )

    def withdraw(self) -> None:
        with self.open() as session:
            [view] = sittings.list_accommodations(session, self.sitting.plan_id)
            service.withdraw_accommodation(
                session,
                actor=SYSTEM,
                plan_id=self.sitting.plan_id,
                accommodation_id=view.row.id,
                reason="张冠李戴",
                now=self.clock.now(),
            )

    def start(self, candidate: Candidate | None = None, *, lean: bool = False) -> Attempt:
        actor = (candidate or self.candidate).actor
        if lean:
            return self._start_lean(actor)
        with self.open() as session:
            return service.start(session, actor=actor, sitting_id=self.sitting.id)

    def _start_lean(self, actor: Actor) -> Attempt:
        assert actor.id
        assert actor.institution_id
        with self.open() as session:
            token = people.open_candidate_session(
                session, registration_id=actor.id, institution_id=actor.institution_id, now=self.clock.now()
            )
        answered: list[Any] = []
        asked = Start(
            deliver=answered.extend,
            session_digest=people.session_digest(token),
            sitting_id=self.sitting.id,
        )
        desk = Desk(self.database)
        desk.start()
        desk.put(asked)
        desk.stop()
        assert answered
        return self.attempt()

    def attempt(self) -> Attempt:
        with self.open() as session:
            query = select(Attempt).where(Attempt.registration_id == self.candidate.registration.id)
            return session.scalars(query).one()

    def rest(self, act: Any = service.take_break, *, epoch: int = 1) -> service.Rest:
        with self.open() as session:
            rest: service.Rest = act(
                session, actor=self.candidate.actor, attempt_id=self.attempt().id, epoch=epoch
            )
            return rest

    def control(self, **deed: Any) -> int:
        with self.open() as session:
            return service.control_attempts(session, actor=SYSTEM, attempt_ids=[self.attempt().id], **deed)


@pytest.fixture
def hall(database: Database, institution: Institution, clock: ShiftedClock) -> Hall:
    return Hall(database, institution, clock)


@pytest.mark.parametrize("lean", [False, True], ids=["ordinary", "lean"])
def test_the_deadline_has_the_extra_time_beyond_the_common_end(hall: Hall, lean: bool) -> None:
    hall.give(extra_percent=30, plain_order=True)
    hall.clock.advance(timedelta(minutes=14))

    attempt = hall.start(lean=lean)

    assert attempt.due_at == hall.sitting.ends_at + timedelta(minutes=27)
    assert attempt.extra_seconds == 27 * 60
    assert attempt.seed == PLAIN_ORDER
    ordinary = hall.start(hall.other)
    assert ordinary.due_at == hall.sitting.ends_at
    assert ordinary.seed >= 0


def test_the_plain_order_is_that_of_the_sealed_paper() -> None:
    paper = make_paper(single_choice=5, true_false=2)

    order = Arranger(paper).order(PLAIN_ORDER)

    assert order == [
        (0, [(n, (0, 1, 2, 3)) for n in range(5)]),
        (1, [(n, (0, 1)) for n in range(2)]),
    ]
    entry = paper.sections[0].entries[0]
    assert arrange_options(entry, PLAIN_ORDER) == entry


def test_given_during_the_examination_the_clock_follows_and_taken_back_it_keeps_five_minutes(
    hall: Hall,
) -> None:
    attempt = hall.start()

    assert hall.give(extra_minutes=20).clocks == 1
    assert hall.attempt().due_at == attempt.due_at + timedelta(minutes=20)
    hall.give(extra_minutes=30)
    assert hall.attempt().due_at == attempt.due_at + timedelta(minutes=30)
    hall.clock.advance(timedelta(minutes=110))
    hall.withdraw()
    due_at = hall.attempt().due_at
    assert timedelta(minutes=4, seconds=50) < due_at - hall.clock.now() <= timedelta(minutes=5)
    with hall.open() as session:
        assert sittings.list_accommodations(session, hall.sitting.plan_id) == []


def test_a_sitting_s_own_goes_before_the_plan_s(hall: Hall) -> None:
    hall.give(whole_plan=True, extra_minutes=10)
    hall.give(extra_minutes=40, print_size=2)

    assert hall.start().extra_seconds == 40 * 60
    with hall.open() as session:
        views = sittings.list_accommodations(
            session, hall.sitting.plan_id, sitting_id=hall.sitting.id, reasons=True
        )
        assert [(view.given.extra_minutes, view.reason) for view in views] == [
            (40, "听力残疾证 44010019900101")
        ]


def test_a_reason_is_nowhere_in_plain(hall: Hall) -> None:
    hall.give(extra_minutes=10)

    with hall.open() as session:
        [view] = sittings.list_accommodations(session, hall.sitting.plan_id)
        assert view.reason == ""
        assert "听力".encode() not in view.row.sealed_reason
        query = select(AuditEntry).where(AuditEntry.action == "accommodation.given")
        [record] = session.scalars(query)
        assert record.detail["given"] == {"extra_minutes": 10}
        assert "听力" not in str(record.detail)
        assert len(record.personal) == 1


def test_who_may_decide_when(hall: Hall, institution: Institution) -> None:
    invigilator = Actor("user", hall.sitting.id, institution.id, frozenset({Role.INVIGILATOR}))
    hall.give(actor=invigilator, extra_minutes=5)  # log-in is open
    with pytest.raises(OfficerDecides):
        hall.give(actor=invigilator, whole_plan=True, extra_minutes=5)
    with pytest.raises(OfficerDecides):
        hall.give(actor=invigilator, before=40, extra_minutes=5)
    with hall.open() as session:
        stranger = make_sitting(session, institution_id=institution.id, starts_at=hall.sitting.starts_at)
        stranger.plan_id = hall.sitting.plan_id
    first, hall.sitting = hall.sitting, stranger
    with pytest.raises(NotSeatedHere):
        hall.give(extra_minutes=5)
    with hall.open() as session:
        session.merge(stranger).status = SittingStatus.CLOSED
    with pytest.raises(AccommodationsClosed):
        hall.give(extra_minutes=5)
    hall.sitting = first


def test_the_clock_stands_still_during_a_break_and_each_is_counted(hall: Hall) -> None:
    hall.give(breaks=2, break_minutes=10)
    attempt = hall.start()
    hall.clock.advance(timedelta(minutes=30))

    begun, again = hall.rest(), hall.rest()
    hall.clock.advance(timedelta(minutes=4))
    ended = hall.rest(service.end_break)

    assert (begun.left, again.left, ended.left) == (1, 1, 1)
    assert begun.seconds == pytest.approx(600, abs=5)
    assert ended.seconds is None
    assert ended.remaining == pytest.approx(begun.remaining, abs=5)
    due_at = hall.attempt().due_at
    assert due_at - attempt.due_at == pytest.approx(timedelta(minutes=4), abs=timedelta(seconds=5))
    hall.rest()
    hall.rest(service.end_break)
    with pytest.raises(NoBreakLeft):
        hall.rest()
    with pytest.raises(TakenOver):
        hall.rest(epoch=7)


def test_a_break_ends_after_its_minutes_however_late_the_sweeper_comes(hall: Hall) -> None:
    hall.give(breaks=1, break_minutes=10)
    attempt = hall.start()
    hall.rest()

    hall.sweeper.sweep()
    assert hall.attempt().paused_at is not None
    hall.clock.advance(timedelta(minutes=25))
    hall.sweeper.sweep()
    hall.sweeper.sweep()

    assert hall.attempt().paused_at is None
    assert hall.attempt().due_at == attempt.due_at + timedelta(minutes=10)


def test_an_invigilator_s_pause_ends_a_break_and_only_the_invigilator_ends_the_pause(hall: Hall) -> None:
    hall.give(breaks=2, break_minutes=10)
    hall.start()
    hall.rest()

    assert hall.control(deed=Deed.RESUME) == 0  # the break is the candidate's own
    assert hall.control(**PAUSE) == 1
    hall.rest(service.end_break)
    assert hall.attempt().paused_at is not None
    with pytest.raises(AttemptPaused):
        hall.rest()
    assert hall.control(deed=Deed.RESUME) == 1
    assert hall.rest().left == 0
    assert hall.control(deed=Deed.SUBMIT, reason="交卷") == 1
    with hall.open() as session:
        assert (
            service.breaks_of(session, actor=hall.candidate.actor, attempt_id=hall.attempt().id).seconds
            is None
        )
    assert hall.sweeper.sweep() == 0


def test_nobody_asks_for_the_breaks_of_another(hall: Hall) -> None:
    hall.give(breaks=2, break_minutes=10)
    other: UUID = hall.start(hall.other).id
    hall.start()

    with hall.open() as session, pytest.raises(AttemptUnknown):
        service.take_break(session, actor=hall.candidate.actor, attempt_id=other, epoch=1)
