"""The large theory exam of the past: five hundred simulated candidates on one paper, sat, closed and marked.

Plan, seats, records and marks go through the services; registrations, attendance and answers are written in bulk, since
nobody is there to press keys. Three things are hidden in the answers for the statistics desk to find.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from exam_engine.delivery.models import Answer, AnswerHistory, Attempt
from exam_engine.delivery.rules import receipt
from exam_engine.invigilation import service as invigilation
from exam_engine.invigilation.models import Attendance
from exam_engine.invigilation.rules import AttendanceState
from exam_engine.marking import service as marking
from exam_engine.papers import service as papers
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Plan, Registration
from exam_engine.sittings.rules import Component, RegistrationStatus, Terms
from exam_engine.sittings.service.records import name_index, seal_extras
from itembank.base.ids import new_id
from itembank.people import service as people
from itembank.people.service import PersonFacts
from itembank.taxonomy.models import Outline
from scripts.demonstration import content, plans, simulation
from scripts.demonstration.content import DemonstrationItem
from scripts.demonstration.people import Candidate, crowd
from scripts.demonstration.world import ZONE, World

PERSONS = 500
"""As many as a calibration with slopes asks for."""

SEED = 20_260_103
ROOM = ("中心大机房", "实训楼 401")
DAYS_TO_EXAM = 5

MISLEADING, HARDER_AT_SCHOOL = 12, 30
"""Places on the paper: an item whose strong candidates prefer a wrong option, and one that is harder for one source
of candidates."""

COPIED = (41, 42)
"""Two neighbours, by seat: the second took most answers of the first."""


def hold(world: World, *, outline: Outline, paper_id: UUID, items: Mapping[str, UUID]) -> UUID:
    """Plan, seat, hold and mark the exam; returns the sitting, with time at its evening."""
    day = (world.now() + timedelta(days=DAYS_TO_EXAM)).astimezone(ZONE).date()
    begin = datetime.combine(day, time(14), ZONE)
    terms = Terms(begin - timedelta(minutes=30), begin, begin + timedelta(minutes=90), 90)
    cast = crowd(PERSONS)
    sitting_id, room_id = _arrange(world, outline, paper_id, cast, day, terms)
    world.advance_to(terms.ends_at + timedelta(minutes=10))
    with world.session() as session:
        _sit(world, session, sitting_id, paper_id, items, terms)
        invigilation.keep_room_record(
            session,
            actor=world.actor("invigilator"),
            sitting_id=sitting_id,
            room_id=room_id,
            video_reference=f"{ROOM[1]} 录像 {begin:%Y%m%d-%H%M}",
            substitute="",
            substitute_reason="",
            notes="考场秩序正常",
            now=world.now(),
        )
        officer = world.actor("officer")
        invigilation.close_sitting(session, actor=officer, sitting_id=sitting_id, now=world.now())
        marking.mark_sitting(session, sitting_id, actor=officer, now=world.now())
    return sitting_id


def _arrange(
    world: World, outline: Outline, paper_id: UUID, cast: Sequence[Candidate], day: date, terms: Terms
) -> tuple[UUID, UUID]:
    officer = world.actor("officer")
    draft = sittings.PlanDraft(
        f"{day.year}年电工四级理论统考",
        outline.occupation_id,
        outline.level,
        day,
        frozenset({Component.THEORY}),
    )
    with world.session() as session:
        plan = sittings.create_plan(session, actor=officer, draft=draft, now=world.now())
        register(world, session, plan, cast)
        room = sittings.create_room(
            session, actor=officer, name=ROOM[0], capacity=PERSONS, seats_per_row=20, place=ROOM[1]
        )
        return _publish(session, world, plan, paper_id, terms, room.id), room.id


def register(world: World, session: Session, plan: Plan, cast: Sequence[Candidate]) -> None:
    """Keep the persons and their approved registrations, without a list's preview and a claim's review."""
    officer, now = world.actor("officer"), world.now()
    claimed = sittings.plan_conditions(session, plan)[0]
    for number, one in enumerate(cast, 1):
        facts = PersonFacts(one.name, "身份证", one.citizen_number, one.sex, one.born_on, one.telephone)
        registration_id = new_id()
        session.add(
            Registration(
                id=registration_id,
                institution_id=plan.institution_id,
                plan_id=plan.id,
                person_id=people.keep_person(session, actor=officer, facts=facts, now=now).id,
                row_number=number,
                name_index=name_index(session, one.name),
                sealed=seal_extras(session, registration_id, sittings.Extras(one.works_since, "维修电工")),
                education="高中",
                source=one.source,
                collection="自取",
                condition=claimed.ordinal,
                condition_text=claimed.text,
                ground="单位出具的工作年限证明",
                status=RegistrationStatus.APPROVED,
                reviewed_by=str(officer),
                reviewed_at=now,
                created_at=now,
            )
        )
    session.flush()


def _publish(session: Session, world: World, plan: Plan, paper_id: UUID, terms: Terms, room_id: UUID) -> UUID:
    sitting_id = plans.publish(
        session,
        world.actor("officer"),
        plan.id,
        Component.THEORY,
        terms,
        [paper_id],
        rooms=[room_id],
        now=world.now(),
    )
    for username, duty in plans.ON_DUTY.items():
        user_id = world.actor(username).id
        assert user_id is not None
        sittings.assign_staff(
            session,
            actor=world.actor("officer"),
            sitting_id=sitting_id,
            room_id=room_id,
            user_id=user_id,
            duty=duty,
        )
    return sitting_id


def _sit(
    world: World,
    session: Session,
    sitting_id: UUID,
    paper_id: UUID,
    items: Mapping[str, UUID],
    terms: Terms,
) -> None:
    """Write the attempts and the last answer to every item."""
    rng = np.random.default_rng(SEED)
    view = papers.candidate_view(session, paper_id)
    by_id = {item_id: reference for reference, item_id in items.items()}
    places = {item.reference: n for n, item in enumerate(content.items())}
    asked = [places[by_id[entry.item_id]] for section in view.sections for entry in section.entries]
    seats = sorted(
        sittings.list_seats(session, sitting_id), key=lambda seat: seat.candidate.registration.row_number
    )
    numbers = [seat.seat.number for seat in seats]
    at_school = np.array([seat.candidate.registration.source == "技师学院" for seat in seats])
    copied = numbers.index(COPIED[0]), numbers.index(COPIED[1])
    answers = _answers(asked, at_school, copied, rng)
    item_ids = [items[content.items()[place].reference] for place in asked]
    spent = rng.integers(45, 89, len(seats))
    attempts, rows = [], []
    for seat, minutes, chosen in zip(seats, spent.tolist(), answers, strict=True):
        attempt_id = new_id()
        given = [(item_id, 1, 1, response) for item_id, response in zip(item_ids, chosen, strict=True)]
        submitted_at = terms.starts_at + timedelta(minutes=minutes)
        attempts.append(
            {
                "id": attempt_id,
                "institution_id": world.ground.institution_id,
                "sitting_id": sitting_id,
                "registration_id": seat.seat.registration_id,
                "paper_id": paper_id,
                "seed": int(rng.integers(2**62)),
                "started_at": terms.starts_at,
                "due_at": terms.ends_at,
                "submitted_at": submitted_at,
                "receipt": receipt(attempt_id, given),
            }
        )
        rows += [
            {
                "attempt_id": attempt_id,
                "item_id": item_id,
                "epoch": epoch,
                "revision": revision,
                "response": response,
                "flagged": False,
                "saved_at": submitted_at,
            }
            for item_id, epoch, revision, response in given
        ]
    present = [
        {
            "id": new_id(),
            "institution_id": world.ground.institution_id,
            "sitting_id": sitting_id,
            "registration_id": seat.seat.registration_id,
            "state": AttendanceState.PRESENT,
            "recorded_by": str(world.actor("invigilator")),
            "recorded_at": terms.ends_at,
        }
        for seat in seats
    ]
    for table, values in (
        (Attempt, attempts),
        (Answer, rows),
        (AnswerHistory, rows),
        (Attendance, present),
    ):
        session.bulk_insert_mappings(table.__mapper__, values)


def _answers(
    asked: Sequence[int], at_school: NDArray[np.bool_], copied: tuple[int, int], rng: np.random.Generator
) -> list[list[list[str]]]:
    """Return the chosen labels of every candidate, and within them by item."""
    bank = content.items()
    truth = simulation.draw_truth(bank, rng=np.random.default_rng(simulation.SEED))
    theta = rng.normal(0.3, 1.0, at_school.size)
    b = np.tile(truth.b[asked], (theta.size, 1))
    b[at_school, HARDER_AT_SCHOOL] += 1.8
    right = rng.random(b.shape) < 1 / (1 + np.exp(-truth.a[asked] * (theta[:, None] - b)))
    right[:, MISLEADING] = rng.random(theta.size) < 1 / (1 + np.exp(theta + 0.5))
    columns = [_column(bank[place], right[:, n], rng) for n, place in enumerate(asked)]
    first, second = copied
    for column in columns:
        if rng.random() < 0.85:
            column[second] = column[first]
    return [list(row) for row in zip(*columns, strict=True)]


def _column(item: DemonstrationItem, right: NDArray[np.bool_], rng: np.random.Generator) -> list[list[str]]:
    """Return the answers to one item: the key, or wrong options that draw unequally."""
    wrong = [label for label in simulation.labels_of(item) if label not in item.key]
    draws = rng.dirichlet(np.full(len(wrong), 6.0))
    drawn = rng.choice(len(wrong), size=right.size, p=draws).tolist()
    key = sorted(item.key)
    answers = [simulation.wrong_answer(item, label) for label in wrong]
    return [key if solved else answers[n] for solved, n in zip(right.tolist(), drawn, strict=True)]
