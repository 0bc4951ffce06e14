"""Practical tasks and the examiners' score sheets."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.marking import service as marking
from exam_engine.marking.rules import (
    ExaminersUneven,
    LineScoreInvalid,
    RubricLine,
    RubricSumDiffers,
    SheetStatus,
    TaskStatus,
)
from exam_engine.marking.service.sheets import NothingToClose, PracticalClosed
from exam_engine.marking.service.tasks import NoActiveTasks
from exam_engine.sittings.models import RoomStaff, Seat
from exam_engine.sittings.rules import Duty
from itembank.people.rules import SYSTEM, Actor
from tests.factories.recognition import MARKED, STARTS, World, make_active_task, make_world


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session, names=("张伟", "王小明"), practical=True)


def score(
    session: Session,
    world: World,
    examiner: Actor,
    first: str,
    second: str,
    *,
    submit: bool = True,
    who: int = 0,
) -> None:
    assert world.practical is not None
    marking.save_sheet(
        session,
        actor=examiner,
        sitting_id=world.practical.id,
        registration_id=world.candidates[who].id,
        scores={"1.M1": Decimal(first), "1.M2": Decimal(second)},
        submit=submit,
        now=MARKED,
    )


def test_a_rubric_that_does_not_add_up_stays_a_draft_with_its_finding(session: Session, world: World) -> None:
    assert world.practical is not None
    view = marking.define_task(
        session,
        actor=SYSTEM,
        sitting_id=world.practical.id,
        title="任务一",
        total=Decimal(22),
        lines=[RubricLine("M1", Decimal(10)), RubricLine("M2", Decimal(10))],
        now=STARTS,
    )

    assert isinstance(view.finding, RubricSumDiffers)
    with pytest.raises(RubricSumDiffers, match="add up to 20, the stated total is 22"):
        marking.activate_task(session, actor=SYSTEM, task_id=view.task.id)
    assert marking.read_tasks(session, world.practical.id)[0].task.status is TaskStatus.DRAFT
    with pytest.raises(NoActiveTasks):
        score(session, world, world.examiners[0], "1", "1")
    marking.discard_task(session, actor=SYSTEM, task_id=view.task.id)
    assert marking.read_tasks(session, world.practical.id) == []


def test_the_result_is_the_mean_of_three_independent_sheets(session: Session, world: World) -> None:
    assert world.practical is not None
    make_active_task(session, world)
    for examiner, points in zip(world.examiners, (("30", "40"), ("31", "40"), ("30.5", "41")), strict=False):
        score(session, world, examiner, *points)

    (mark,) = marking.close_practical(session, actor=SYSTEM, sitting_id=world.practical.id, now=MARKED)

    assert mark.earned == Decimal("70.83")
    assert mark.examiners == 3
    assert mark.lines[1] == {"line": "1.M2", "maximum": "60", "scores": ["40", "40", "41"], "mean": "40.33"}
    assert marking.practical_scores(session, world.practical.id)[world.candidates[0].id][1] == Decimal(
        "70.83"
    )


@pytest.mark.parametrize("count", [1, 2, 4])
def test_an_even_number_or_too_few_sheets_close_nobody(session: Session, world: World, count: int) -> None:
    assert world.practical is not None
    make_active_task(session, world)
    for examiner in world.examiners[:count]:
        score(session, world, examiner, "30", "40")
    for examiner in world.examiners[:3]:
        score(session, world, examiner, "30", "40", who=1)

    with pytest.raises(ExaminersUneven, match=f"{count} score sheets"):
        marking.close_practical(session, actor=SYSTEM, sitting_id=world.practical.id, now=MARKED)
    assert marking.practical_scores(session, world.practical.id) == {}


def test_nobody_sees_or_writes_anothers_sheet(session: Session, world: World) -> None:
    assert world.practical is not None
    make_active_task(session, world)
    score(session, world, world.examiners[0], "30", "40", submit=False)
    score(session, world, world.examiners[1], "1", "2")

    _, own = marking.read_sheet(
        session,
        actor=world.examiners[0],
        sitting_id=world.practical.id,
        registration_id=world.candidates[0].id,
    )

    assert own is not None
    assert own.scores == {"1.M1": "30", "1.M2": "40"}
    assert own.status is SheetStatus.DRAFT


def test_a_submitted_sheet_stays_as_it_is(session: Session, world: World) -> None:
    make_active_task(session, world)
    score(session, world, world.examiners[0], "30", "40")

    with pytest.raises(marking.SheetSubmitted):
        score(session, world, world.examiners[0], "40", "60")


@pytest.mark.parametrize(
    ("first", "second", "line"), [("41", "1", "1.M1"), ("1", "-1", "1.M2"), ("0.05", "1", "1.M1")]
)
def test_points_out_of_bounds_name_their_line(
    session: Session, world: World, first: str, second: str, line: str
) -> None:
    make_active_task(session, world)

    with pytest.raises(LineScoreInvalid, match=f"Line {line}"):
        score(session, world, world.examiners[0], first, second)


def test_an_incomplete_sheet_is_kept_but_not_submitted(session: Session, world: World) -> None:
    assert world.practical is not None
    make_active_task(session, world)
    incomplete = {"1.M1": Decimal(5), "1.M2": None}
    place = {"sitting_id": world.practical.id, "registration_id": world.candidates[0].id}
    marking.save_sheet(
        session, actor=world.examiners[0], scores=incomplete, submit=False, now=MARKED, **place
    )

    with pytest.raises(LineScoreInvalid, match=r"Line 1\.M2: —"):
        marking.save_sheet(
            session, actor=world.examiners[0], scores=incomplete, submit=True, now=MARKED, **place
        )


def test_after_closing_no_sheet_is_accepted_and_nothing_is_left_to_close(
    session: Session, world: World
) -> None:
    assert world.practical is not None
    make_active_task(session, world)
    for examiner in world.examiners[:3]:
        score(session, world, examiner, "30", "40")
    marking.close_practical(session, actor=SYSTEM, sitting_id=world.practical.id, now=MARKED)

    with pytest.raises(PracticalClosed):
        score(session, world, world.examiners[3], "30", "40")
    with pytest.raises(NothingToClose):
        marking.close_practical(session, actor=SYSTEM, sitting_id=world.practical.id, now=MARKED)


def test_tasks_are_frozen_once_somebody_scores(session: Session, world: World) -> None:
    assert world.practical is not None
    task_id = make_active_task(session, world)
    score(session, world, world.examiners[0], "30", "40", submit=False)

    with pytest.raises(marking.RubricFrozen):
        marking.discard_task(session, actor=SYSTEM, task_id=task_id)
    with pytest.raises(marking.RubricFrozen):
        make_active_task(session, world)


def test_only_the_examiners_of_the_room_score_where_some_are_assigned(session: Session, world: World) -> None:
    assert world.practical is not None
    make_active_task(session, world)
    score(session, world, world.examiners[1], "30", "40")
    seat = session.scalars(select(Seat).where(Seat.registration_id == world.candidates[0].id)).first()
    assert seat is not None
    session.add(
        RoomStaff(
            institution_id=world.institution.id,
            sitting_id=world.practical.id,
            room_id=seat.room_id,
            user_id=world.examiners[0].id,
            duty=Duty.EXAMINER,
        )
    )
    session.flush()

    score(session, world, world.examiners[0], "30", "40")
    with pytest.raises(marking.NotAssigned):
        score(session, world, world.examiners[0], "30", "40", who=1)
    with pytest.raises(marking.NotAssigned):
        score(session, world, world.examiners[2], "30", "40")
    progress = marking.practical_progress(session, world.practical.id, actor=world.examiners[0])
    assert [each.mine for each in progress] == [True, False]
