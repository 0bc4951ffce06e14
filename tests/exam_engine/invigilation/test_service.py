"""The rooms during an examination."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.delivery import service as delivery
from exam_engine.delivery.rules import AnswerRow, EntryBarred, ReasonMissing
from exam_engine.delivery.saving.store import write_answers
from exam_engine.delivery.service import Deed
from exam_engine.invigilation import service as invigilation
from exam_engine.invigilation import store
from exam_engine.invigilation.rules import (
    AttemptsOpen,
    AttendanceMissing,
    AttendanceState,
    HeldByIncident,
    IncidentKind,
    IncidentNoteMissing,
    IncidentWithdrawn,
    IncidentWithoutCandidate,
    MonitoringMissing,
    NobodyThere,
    NothingToConfirm,
    PresentButNoAttempt,
    RoomRecordMissing,
    SeatOutsideRoom,
    SeatTaken,
    SecondPersonNeeded,
    SittingNotOver,
    SittingNotRunning,
    ThirdPersonNeeded,
    VoidingUndecided,
)
from exam_engine.invigilation.service import SeatState
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingStatus
from itembank.base.audit import AuditEntry
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope, database_now
from itembank.base.errors import NotFound
from itembank.base.ids import new_id
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from tests.conftest import OpenSession
from tests.factories.kept import once
from tests.factories.sittings import NOW, arranged_sitting, ids, officer_of
from tests.factories.theory import Theory, make_theory

MINUTE = timedelta(minutes=1)


@pytest.fixture
def theory(open_session: OpenSession, institution: Institution, clock: ShiftedClock) -> Theory:
    """Four candidates; log-in is open, the start comes in ten minutes."""

    return once(
        "a sitting in ten minutes",
        open_session,
        lambda: make_theory(open_session, institution, starts=clock.now() + 10 * MINUTE),
    )


def states(session: Session, theory: Theory, clock: ShiftedClock) -> list[SeatState]:
    rooms = invigilation.watch(session, theory.sitting_id, now=clock.now())
    return [seat.state for room in rooms for seat in room.seats]


def keep_record(session: Session, theory: Theory, officer: Any, **changes: str) -> None:
    values = {"video_reference": "NVR-3/0701", "substitute": "", "substitute_reason": "", "notes": "正常"}
    invigilation.keep_room_record(
        session,
        actor=officer,
        sitting_id=theory.sitting_id,
        room_id=theory.room_id,
        now=NOW,
        **{**values, **changes},
    )


def test_the_room_shows_what_each_candidate_is_doing(
    database: Database, institution: Institution, clock: ShiftedClock, theory: Theory
) -> None:
    officer = officer_of(institution)
    with database.session(scope=Scope.of([institution.id])) as session:
        people.open_candidate_session(
            session,
            registration_id=theory.candidates[0],
            institution_id=institution.id,
            now=clock.now(),
        )
        waiting = states(session, theory, clock)
    clock.advance(11 * MINUTE)
    with database.session(scope=Scope.of([institution.id])) as session:
        first = delivery.start(session, actor=theory.actor(1), sitting_id=theory.sitting_id)
        second = delivery.start(session, actor=theory.actor(2), sitting_id=theory.sitting_id)
        delivery.pause_attempt(session, actor=officer, attempt_id=second.id, reason="设备更换")
        invigilation.take_attendance(
            session,
            actor=officer,
            sitting_id=theory.sitting_id,
            registration_ids=theory.candidates[2:3],
            state=AttendanceState.ABSENT,
            now=clock.now(),
        )
        running = states(session, theory, clock)
        seat = invigilation.watch(session, theory.sitting_id, now=clock.now())[0].seats[0]
        delivery.terminate_attempt(session, actor=officer, attempt_id=first.id, reason="离场")
        ended = states(session, theory, clock)

    assert waiting == [SeatState.WAITING, *[SeatState.NOT_LOGGED_IN] * 3]
    assert running[:3] == [SeatState.ANSWERING, SeatState.PAUSED, SeatState.ABSENT]
    assert (seat.items, seat.attempt.answered if seat.attempt else None) == (10, 0)
    assert ended[0] is SeatState.TERMINATED


def test_cheating_stops_the_attempt_until_a_second_person_confirms_or_it_is_withdrawn(
    database: Database, institution: Institution, clock: ShiftedClock, theory: Theory
) -> None:
    officer = officer_of(institution)
    colleague = Actor("user", new_id(), institution.id, frozenset({Role.INVIGILATOR}), "另一人")
    clock.advance(11 * MINUTE)
    with database.session(scope=Scope.of([institution.id])) as session:
        delivery.start(session, actor=theory.actor(1), sitting_id=theory.sitting_id)
        record: dict[str, Any] = {
            "actor": officer,
            "sitting_id": theory.sitting_id,
            "room_id": theory.room_id,
            "now": NOW,
        }
        cheating = {"registration_id": theory.candidates[0], "kind": IncidentKind.CHEATING}
        with pytest.raises(IncidentNoteMissing):
            invigilation.record_incident(session, **record, **cheating, note=" ")
        with pytest.raises(IncidentWithoutCandidate):
            invigilation.record_incident(
                session, **record, registration_id=None, kind=IncidentKind.CHEATING, note="有人作弊"
            )
        incident = invigilation.record_incident(session, **record, **cheating, note="查出手机")
        seat = invigilation.watch(session, theory.sitting_id, now=clock.now())[0].seats[0]
        invigilation.withdraw_incident(
            session, actor=officer, incident_id=incident.id, reason="误判", now=NOW
        )
        with pytest.raises(IncidentWithdrawn):
            invigilation.withdraw_incident(
                session, actor=officer, incident_id=incident.id, reason="误判", now=NOW
            )
        resumed = invigilation.watch(session, theory.sitting_id, now=clock.now())[0].seats[0]
        again = invigilation.record_incident(session, **record, **cheating, note="又查出纸条")
        with pytest.raises(VoidingUndecided):
            invigilation.close_sitting(session, actor=officer, sitting_id=theory.sitting_id, now=clock.now())
        with pytest.raises(SecondPersonNeeded):
            invigilation.confirm_incident(session, actor=officer, incident_id=again.id, now=NOW)
        invigilation.confirm_incident(session, actor=colleague, incident_id=again.id, now=NOW)
        with pytest.raises(NothingToConfirm):
            invigilation.confirm_incident(session, actor=colleague, incident_id=again.id, now=NOW)
        for one_of_two in (officer, colleague):
            with pytest.raises(ThirdPersonNeeded):
                invigilation.withdraw_incident(
                    session, actor=one_of_two, incident_id=again.id, reason="误判", now=NOW
                )
        third = Actor("user", new_id(), institution.id, frozenset({Role.INVIGILATOR}), "第三人")
        invigilation.withdraw_incident(session, actor=third, incident_id=again.id, reason="误判", now=NOW)
        ended = invigilation.watch(session, theory.sitting_id, now=clock.now())[0].seats[0]
        registration = sittings.find_registration(session, theory.candidates[0])
        kinds = [event.kind for event in sittings.read_events(session, registration)]

    assert [row.state for row in (seat, resumed, ended)] == [
        SeatState.PAUSED,
        SeatState.ANSWERING,
        SeatState.TERMINATED,
    ]
    assert [row.kind for row in seat.incidents] == [IncidentKind.CHEATING]
    assert kinds[-5:] == [
        "incident_cheating",
        "incident_withdrawn",
        "incident_cheating",
        "incident_confirmed",
        "incident_withdrawn",
    ]


def test_only_the_decision_about_it_ends_what_an_incident_holds(
    database: Database, institution: Institution, clock: ShiftedClock, theory: Theory
) -> None:
    officer = officer_of(institution)
    clock.advance(11 * MINUTE)

    def accuse(session: Session, number: int) -> Any:
        return invigilation.record_incident(
            session,
            actor=officer,
            sitting_id=theory.sitting_id,
            room_id=theory.room_id,
            registration_id=theory.candidates[number - 1],
            kind=IncidentKind.CHEATING,
            note="查出手机",
            now=NOW,
        )

    def withdraw(session: Session, incident: Any) -> SeatState:
        invigilation.withdraw_incident(
            session, actor=officer, incident_id=incident.id, reason="误判", now=NOW
        )
        return states(session, theory, clock)[0]

    with database.session(scope=Scope.of([institution.id])) as session:
        for number in (1, 2, 3):
            delivery.start(session, actor=theory.actor(number), sitting_id=theory.sitting_id)
        room: dict[str, Any] = {"actor": officer, "sitting_id": theory.sitting_id, "room_id": theory.room_id}
        one = {**room, "room_id": None, "registration_id": theory.candidates[0]}
        first, second = accuse(session, 1), accuse(session, 1)
        with pytest.raises(HeldByIncident):
            invigilation.command(session, **one, deed=Deed.RESUME)
        invigilation.command(session, **room, deed=Deed.PAUSE, reason="断电")
        resumed = invigilation.command(session, **room, deed=Deed.RESUME)
        assert (resumed.done, resumed.held) == (2, 1)
        assert states(session, theory, clock)[:2] == [SeatState.PAUSED, SeatState.ANSWERING]
        assert [withdraw(session, incident) for incident in (first, second)] == [
            SeatState.PAUSED,
            SeatState.ANSWERING,
        ]

        invigilation.command(session, **one, deed=Deed.PAUSE, reason="设备更换")
        assert withdraw(session, accuse(session, 1)) is SeatState.PAUSED
        invigilation.command(session, **one, deed=Deed.RESUME)
        third = accuse(session, 1)
        invigilation.command(session, **room, deed=Deed.PAUSE, reason="断电")
        assert withdraw(session, third) is SeatState.PAUSED

        delivery.bar_entry(
            session,
            actor=officer,
            institution_id=institution.id,
            sitting_id=theory.sitting_id,
            registration_id=theory.candidates[3],
            reason="无身份证",
        )
        withdraw(session, accuse(session, 4))
        with pytest.raises(EntryBarred):
            delivery.start(session, actor=theory.actor(4), sitting_id=theory.sitting_id)


@pytest.mark.parametrize("begins_first", [True, False])
def test_an_incident_holds_who_begins_in_the_same_instant(
    database: Database, institution: Institution, clock: ShiftedClock, theory: Theory, begins_first: bool
) -> None:
    clock.advance(11 * MINUTE)

    def begin(session: Session) -> None:
        delivery.start(session, actor=theory.actor(1), sitting_id=theory.sitting_id)

    def accuse(session: Session) -> None:
        invigilation.record_incident(
            session,
            actor=officer_of(institution),
            sitting_id=theory.sitting_id,
            room_id=theory.room_id,
            registration_id=theory.candidates[0],
            kind=IncidentKind.CHEATING,
            note="查出手机",
            now=NOW,
        )

    def alone(act: Callable[[Session], None]) -> str:
        try:
            with database.session(scope=Scope.everything()) as session:
                act(session)
        except EntryBarred as refused:
            return refused.code
        return "done"

    first, second = (begin, accuse) if begins_first else (accuse, begin)
    with ThreadPoolExecutor(1) as other, database.session(scope=Scope.everything()) as session:
        first(session)
        session.flush()
        later = other.submit(alone, second)
        wait([later], timeout=0.3)
        session.commit()
        outcome = later.result(timeout=20)
    with database.session(scope=Scope.everything()) as session:
        seat = states(session, theory, clock)[0]

    assert (outcome, seat) == (
        ("done", SeatState.PAUSED) if begins_first else ("entry_barred", SeatState.NOT_LOGGED_IN)
    )


def test_a_room_is_commanded_at_once_and_each_attempt_has_its_record(
    database: Database, institution: Institution, clock: ShiftedClock, theory: Theory
) -> None:
    officer = officer_of(institution)
    clock.advance(11 * MINUTE)
    with database.session(scope=Scope.of([institution.id])) as session:
        attempts = [
            delivery.start(session, actor=theory.actor(number), sitting_id=theory.sitting_id)
            for number in (1, 2, 3)
        ]
        delivery.pause_attempt(session, actor=officer, attempt_id=attempts[2].id, reason="如厕")
        due = [attempt.due_at for attempt in attempts]
        room: dict[str, Any] = {"actor": officer, "sitting_id": theory.sitting_id, "room_id": theory.room_id}
        with pytest.raises(ReasonMissing):
            invigilation.command(session, **room, deed=Deed.EXTEND, minutes=5)
        extended = invigilation.command(session, **room, deed=Deed.EXTEND, minutes=5, reason="断电")
        longer = [attempt.due_at for attempt in attempts]
        paused = invigilation.command(session, **room, deed=Deed.PAUSE, reason="断电")
        invigilation.command(session, **room, deed=Deed.RESUME)
        collected = invigilation.command(session, **room, deed=Deed.SUBMIT, reason="提前结束")
        with pytest.raises(NobodyThere):
            invigilation.command(session, **room, deed=Deed.PAUSE, reason="断电")
        ended = states(session, theory, clock)
    with database.session(scope=Scope.everything()) as session:
        actions = Counter(entry.action for entry in session.scalars(select(AuditEntry)))

    assert [b - a for a, b in zip(due, longer, strict=True)] == [5 * MINUTE] * 3
    assert (extended.done, paused.done, collected.done) == (3, 2, 3)
    assert ended == [*[SeatState.FORCED] * 3, SeatState.NOT_LOGGED_IN]
    assert (actions["attempt.extended"], actions["attempt.paused"], actions["attempt.collected"]) == (3, 3, 3)


def test_a_candidate_moves_to_a_free_seat_with_everything(
    database: Database, institution: Institution, clock: ShiftedClock, theory: Theory
) -> None:
    officer = officer_of(institution)
    clock.advance(11 * MINUTE)
    with database.session(scope=Scope.of([institution.id])) as session:
        attempt = delivery.start(session, actor=theory.actor(1), sitting_id=theory.sitting_id)
        other = sittings.create_room(session, actor=officer, name="备用机房", capacity=2)
        follower, rooms = invigilation.SittingFollower(theory.sitting_id), [theory.room_id, other.id]
        before = follower.look(session, rooms)
        move: dict[str, Any] = {
            "actor": officer,
            "sitting_id": theory.sitting_id,
            "registration_id": theory.candidates[0],
            "now": NOW,
        }
        with pytest.raises(SeatTaken):
            invigilation.move_seat(session, **move, room_id=theory.room_id, number=2, reason="键盘坏")
        with pytest.raises(SeatOutsideRoom):
            invigilation.move_seat(session, **move, room_id=other.id, number=3, reason="键盘坏")
        with pytest.raises(ReasonMissing):
            invigilation.move_seat(session, **move, room_id=other.id, number=2, reason=" ")
        invigilation.move_seat(session, **move, room_id=other.id, number=2, reason="键盘坏")
        for room_id, key, text in (
            (None, None, "全体注意"),
            (other.id, None, "备用机房注意"),
            (theory.room_id, None, "第1考场注意"),
            (other.id, theory.candidates[1], "给另一人"),
        ):
            invigilation.send_message(
                session,
                actor=officer,
                sitting_id=theory.sitting_id,
                room_id=room_id,
                registration_id=key,
                text=text,
                now=NOW,
            )
        told = [message.text for message in invigilation.messages_of(session, attempt.id)]
        after = follower.look(session, rooms)

    assert before[other.id].seats == []
    assert [(seat.number, seat.state, seat.registration_id) for seat in after[other.id].seats] == [
        (2, SeatState.ANSWERING, theory.candidates[0])
    ]
    left = [seat for seat in before[theory.room_id].seats if seat.registration_id != theory.candidates[0]]
    assert after[theory.room_id].seats == left
    assert told == ["全体注意", "备用机房注意"]


def test_a_sitting_closes_with_records_and_settles_who_was_absent(
    database: Database, institution: Institution, clock: ShiftedClock, theory: Theory
) -> None:
    officer = officer_of(institution)
    clock.advance(11 * MINUTE)
    with database.session(scope=Scope.of([institution.id])) as session:
        delivery.start(session, actor=theory.actor(1), sitting_id=theory.sitting_id)
        delivery.start(session, actor=theory.actor(2), sitting_id=theory.sitting_id)
        close: dict[str, Any] = {"actor": officer, "sitting_id": theory.sitting_id}
        with pytest.raises(PresentButNoAttempt):
            invigilation.take_attendance(
                session,
                **close,
                registration_ids=theory.candidates[:1],
                state=AttendanceState.ABSENT,
                now=NOW,
            )
        with pytest.raises(SittingNotOver):
            invigilation.close_sitting(session, **close, now=clock.now())
        invigilation.take_attendance(
            session, **close, registration_ids=theory.candidates[2:], state=AttendanceState.ABSENT, now=NOW
        )
        with pytest.raises(AttemptsOpen):
            invigilation.close_sitting(session, **close, now=clock.now())
    clock.advance(120 * MINUTE)
    with database.session(scope=Scope.of([institution.id])) as session:
        with pytest.raises(RoomRecordMissing) as missing:
            invigilation.close_sitting(session, **close, now=clock.now())
        with pytest.raises(MonitoringMissing):
            keep_record(session, theory, officer, video_reference="", substitute="双人巡视")
        keep_record(
            session, theory, officer, video_reference="", substitute="双人巡视", substitute_reason="停电"
        )
        sitting = invigilation.close_sitting(session, **close, now=clock.now())
        room = invigilation.watch(session, theory.sitting_id, now=clock.now())[0]
        with pytest.raises(SittingNotRunning):
            keep_record(session, theory, officer)
        with pytest.raises(SittingNotRunning):
            invigilation.close_sitting(session, **close, now=clock.now())

    assert missing.value.facts["rooms"] == "第1考场"
    assert sitting.status is SittingStatus.CLOSED
    assert [seat.state for seat in room.seats] == [
        SeatState.FORCED,
        SeatState.FORCED,
        SeatState.ABSENT,
        SeatState.ABSENT,
    ]
    assert [seat.attendance.state for seat in room.seats if seat.attendance] == [
        AttendanceState.PRESENT,
        AttendanceState.PRESENT,
        AttendanceState.ABSENT,
        AttendanceState.ABSENT,
    ]


def test_a_practical_sitting_needs_its_attendance(session: Session, institution: Institution) -> None:
    _, sitting, rows = arranged_sitting(session, institution, count=2)
    officer = officer_of(institution)
    close: dict[str, Any] = {"actor": officer, "sitting_id": sitting.id}
    over = sitting.ends_at
    room = sittings.list_seats(session, sitting.id)[0].room
    invigilation.keep_room_record(
        session,
        **close,
        room_id=room.id,
        video_reference="1",
        substitute="",
        substitute_reason="",
        notes="",
        now=NOW,
    )

    with pytest.raises(AttendanceMissing):
        invigilation.close_sitting(session, **close, now=over)
    count = invigilation.take_attendance(
        session, **close, registration_ids=ids(rows), state=AttendanceState.PRESENT, now=NOW
    )
    again = invigilation.take_attendance(
        session, **close, registration_ids=ids(rows), state=AttendanceState.PRESENT, now=NOW
    )
    invigilation.close_sitting(session, **close, now=over)

    assert (count, again) == (2, 0)
    with pytest.raises(NotFound):
        invigilation.watch(session, room.id, now=NOW)


def test_a_room_that_is_followed_is_the_same_as_one_that_is_looked_at_first(
    database: Database, institution: Institution, clock: ShiftedClock, theory: Theory
) -> None:
    rooms = [theory.room_id]
    follower = invigilation.SittingFollower(theory.sitting_id)
    pictures = []

    def look() -> None:
        with database.session(scope=Scope.everything()) as session:
            fresh = invigilation.SittingFollower(theory.sitting_id).look(session, rooms)
            pictures.append(follower.look(session, rooms)[theory.room_id].seats)
        assert pictures[-1] == fresh[theory.room_id].seats

    def save(attempt_id: UUID, revision: int, *chosen: str) -> None:
        with database.session(scope=Scope.everything()) as session:
            row = AnswerRow(attempt_id, items[revision % 2], 1, revision, list(chosen), flagged=False)
            write_answers(session.connection(), [row], saved_at=database_now(session))

    items = [new_id(), new_id()]
    look()
    clock.advance(11 * MINUTE)
    with database.session(scope=Scope.everything()) as session:
        first, second = (
            delivery.start(session, actor=theory.actor(number), sitting_id=theory.sitting_id).id
            for number in (1, 2)
        )
    look()
    for revision, chosen in ((2, ["A"]), (3, ["B"]), (4, [])):
        save(first, revision, *chosen)
        look()
    same = [former is seat for former, seat in zip(*pictures[-2:], strict=True)]
    save(second, 2, "A")
    clock.advance(timedelta(seconds=4))  # beyond what is looked at twice, and below what is counted anew
    save(first, 5, "C")
    look()
    clock.advance(3 * MINUTE)
    look()

    answered = [tuple(seat.answered for seat in seats[:2]) for seats in pictures]
    assert answered == [(0, 0), (0, 0), (1, 0), (2, 0), (1, 0), (1, 1), (1, 1)]
    assert same == [False, True, True, True]
    assert [seat.quiet for seat in pictures[-1]] == [True, True, False, False]


def test_what_the_time_alone_changes_is_seen_in_a_room_that_is_followed(
    database: Database, institution: Institution, clock: ShiftedClock, theory: Theory
) -> None:
    follower, rooms = invigilation.SittingFollower(theory.sitting_id), [theory.room_id]
    second, seen = timedelta(seconds=1), []

    def look() -> None:
        with database.session(scope=Scope.everything()) as session:
            seats = follower.look(session, rooms)[theory.room_id].seats
            fresh = invigilation.SittingFollower(theory.sitting_id).look(session, rooms)
        assert seats == fresh[theory.room_id].seats
        seen.append((seats[0].state, seats[0].quiet, seats[2].attention))

    clock.advance(9 * MINUTE)
    for _ in range(2):
        look()
        clock.advance(2 * MINUTE)
    with database.session(scope=Scope.everything()) as session:
        attempt = delivery.start(session, actor=theory.actor(1), sitting_id=theory.sitting_id)
        due, now = attempt.due_at, database_now(session)
    for pause in (118 * second, 4 * second, due - now - 130 * second, 40 * second):
        clock.advance(pause)
        look()

    before, working = SeatState.NOT_LOGGED_IN, SeatState.ANSWERING
    assert seen == [
        (before, False, False),
        (before, False, True),
        (working, False, True),
        (working, True, True),
        (working, True, True),
        (SeatState.FORCED, False, True),
    ]


def test_seats_are_compared_only_when_somebody_may_have_moved(
    database: Database, clock: ShiftedClock, theory: Theory, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower, rooms = invigilation.SittingFollower(theory.sitting_id), [theory.room_id]
    compared, states = [], []
    marks = store.marks
    monkeypatch.setattr(store, "marks", lambda *given, **named: compared.append(1) or marks(*given, **named))

    def look() -> None:
        written = database.written
        with database.glance(scope=Scope.everything()) as session:
            states.append(follower.look(session, rooms, written=written)[theory.room_id].seats[0].state)
        compared.append(0)

    clock.advance(11 * MINUTE)
    look()
    look()
    with database.session(scope=Scope.everything()) as session:
        delivery.start(session, actor=theory.actor(1), sitting_id=theory.sitting_id)
    look()
    look()
    clock.advance(timedelta(seconds=10))
    look()

    after = SeatState.ANSWERING
    assert states == [SeatState.NOT_LOGGED_IN, SeatState.NOT_LOGGED_IN, after, after, after]
    assert compared == ([1, 0, 0, 1, 0, 0, 1, 0] if database.is_sqlite else [1, 0] * 5)
