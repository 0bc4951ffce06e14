"""Gathering and releasing results."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.delivery.late.rules import LateFileState, LateFilesUndecided
from exam_engine.delivery.models import Attempt, LateFile
from exam_engine.invigilation.models import Attendance, Incident
from exam_engine.invigilation.rules import AttendanceState, IncidentKind
from exam_engine.marking import service as marking
from exam_engine.results import service as results
from exam_engine.results.rules import ReasonMissing, ResultState
from exam_engine.sittings.models import Registration
from exam_engine.sittings.rules import Component
from itembank.people.rules import SYSTEM
from tests.factories.recognition import (
    MARKED,
    STARTS,
    World,
    answer_all,
    make_active_task,
    make_attempt,
    make_world,
    release_all,
)


def record_incident(
    session: Session, world: World, registration: Registration, **columns: object
) -> Incident:
    values: dict[str, object] = {
        "institution_id": world.institution.id,
        "sitting_id": world.theory.id,
        "registration_id": registration.id,
        "kind": IncidentKind.CHEATING,
        "note": "夹带",
        "recorded_by": "system",
        "recorded_at": STARTS,
        "confirmed_at": STARTS,
    }
    incident = Incident(**{**values, **columns})
    session.add(incident)
    session.flush()
    return incident


def collect(session: Session, world: World) -> dict[Registration, tuple[ResultState, Decimal | None]]:
    table = results.collect_results(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED)
    return {
        row.registration: (row.results[Component.THEORY].state, row.results[Component.THEORY].score)
        for row in table.rows
    }


def test_absence_and_cheating_are_states_and_the_marked_have_scores(session: Session) -> None:
    world = make_world(session, names=("张伟", "王小明", "李静", "赵敏", "孙丽"))
    scored, cheat, gone, marked_absent, cleared = world.candidates
    for registration in (scored, cheat, cleared):
        make_attempt(session, world.theory, registration, world.paper, right=5)
    record_incident(session, world, cheat)
    record_incident(session, world, cleared, withdrawn_at=MARKED)
    record_incident(session, world, scored, kind=IncidentKind.EQUIPMENT)
    record_incident(session, world, scored, confirmed_at=None)
    session.add(
        Attendance(
            institution_id=world.institution.id,
            sitting_id=world.theory.id,
            registration_id=marked_absent.id,
            state=AttendanceState.ABSENT,
            recorded_by="system",
            recorded_at=STARTS,
        )
    )
    marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)

    found = collect(session, world)

    assert found[scored] == (ResultState.SCORED, Decimal("83.33"))
    assert found[cheat] == (ResultState.CHEATING, None)
    assert found[gone] == (ResultState.ABSENT, None)
    assert found[marked_absent] == (ResultState.ABSENT, None)
    assert found[cleared] == (ResultState.SCORED, Decimal("83.33"))


def test_an_unmarked_attempt_is_missing_and_stops_the_release(session: Session) -> None:
    world = make_world(session, names=("张伟", "王小明"))
    answer_all(session, world, right=(6, 6))

    found = collect(session, world)

    assert {state for state, _ in found.values()} == {ResultState.MISSING}
    with pytest.raises(results.ResultsMissing, match="2 results"):
        results.release_results(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED)


def test_a_late_answer_file_that_nobody_decided_stops_the_release(session: Session) -> None:
    world = make_world(session, names=("张伟",))
    answer_all(session, world, right=(6,))
    marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)
    collect(session, world)
    file = LateFile(
        institution_id=world.institution.id,
        attempt_id=session.scalars(select(Attempt.id)).one(),
        digest="0" * 64,
        answers=[],
        state=LateFileState.WAITING,
        uploaded_at=MARKED,
    )
    session.add(file)
    session.flush()

    assert results.undecided_files(session, world.plan.id) == {world.theory.id: 1}
    with pytest.raises(LateFilesUndecided, match="1 late answer files"):
        results.release_results(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED)
    file.state = LateFileState.REFUSED
    assert results.release_results(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED) == 1


def test_a_practical_without_sheets_is_missing_until_a_reason_is_recorded(session: Session) -> None:
    world = make_world(session, names=("张伟",), practical=True)
    make_active_task(session, world)
    answer_all(session, world, right=(6,))
    marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)
    table = results.collect_results(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED)
    practical = table.rows[0].results[Component.PRACTICAL]

    assert table.missing == 1
    place = {"actor": SYSTEM, "result_id": practical.id, "now": MARKED}
    with pytest.raises(ReasonMissing):
        results.record_state(session, state=ResultState.ABSENT, reason=" ", **place)
    results.record_state(session, state=ResultState.ABSENT, reason="未到场", **place)
    assert results.collect_results(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED).missing == 0
    assert practical.state is ResultState.ABSENT


def test_released_results_are_fixed(session: Session) -> None:
    world = make_world(session, names=("张伟", "王小明"))
    release_all(session, world, right=(6, 2))
    row = results.read_table(session, world.plan.id).rows[1]
    result = row.results[Component.THEORY]

    with pytest.raises(results.ResultReleased):
        results.record_state(
            session, actor=SYSTEM, result_id=result.id, state=ResultState.CHEATING, reason="复核", now=MARKED
        )
    with pytest.raises(results.NothingToRelease):
        results.release_results(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED)
    record_incident(session, world, row.registration)
    assert collect(session, world)[row.registration] == (ResultState.SCORED, Decimal("33.33"))


def test_the_pass_mark_is_the_sittings_own(session: Session) -> None:
    world = make_world(session, names=("张伟",))
    world.theory.pass_mark = Decimal(70)
    release_all(session, world, right=(4,))
    table = results.read_table(session, world.plan.id)

    (outcome,) = results.outcomes_of(table, table.rows[0])

    assert (outcome.score, outcome.pass_mark, outcome.is_pass) == (Decimal("66.67"), 70, False)
