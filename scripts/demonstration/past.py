"""The exam some weeks ago: sat, watched over, marked, scored by three examiners, made public, approved, certified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np

from exam_engine.certificates import service as certificates
from exam_engine.delivery import service as delivery
from exam_engine.delivery.rules import Choice
from exam_engine.invigilation import service as invigilation
from exam_engine.invigilation.rules import AttendanceState, IncidentKind
from exam_engine.marking import service as marking
from exam_engine.marking.rules import RubricLine
from exam_engine.papers import service as papers
from exam_engine.recognition import service as recognition
from exam_engine.recognition.rules import ApprovalState
from exam_engine.results import service as results
from exam_engine.sittings.rules import Component, Terms
from itembank.base.fonts import FontSet
from itembank.people.rules import Actor, Role
from itembank.taxonomy.models import Outline
from scripts.demonstration import content, plans, simulation
from scripts.demonstration.facts import CertificateFacts
from scripts.demonstration.people import PAST
from scripts.demonstration.plans import Examination
from scripts.demonstration.world import ZONE, World

DAYS_TO_EXAM = 14
SEED = 20_260_102


@dataclass(frozen=True)
class Performance:
    """How somebody of the past cast does: ability, and the share of the practical points; None: did not come."""

    theta: float | None
    practical: float | None


PERFORMANCES = (
    Performance(1.8, 0.88),
    Performance(1.3, 0.79),
    Performance(-1.3, 0.66),  # fails the theory
    Performance(None, None),  # is absent
    Performance(1.4, 0.52),  # fails the practical
)


def hold(world: World, *, outline: Outline, paper_id: UUID, items: Mapping[str, UUID]) -> Examination:
    """Plan, seat and hold the exam; time goes on to its evening."""
    day = (world.now() + timedelta(days=DAYS_TO_EXAM)).astimezone(ZONE).date()
    begin = datetime.combine(day, time(9), ZONE)
    plan, rows = plans.register(
        world, name=f"{day.year}年电工四级认定（第一批）", examined_on=day, outline=outline, cast=PAST
    )
    theory = Terms(begin - timedelta(minutes=30), begin, begin + timedelta(minutes=90), 90)
    noon = datetime.combine(day, time(13, 30), ZONE)
    practical = Terms(noon - timedelta(minutes=30), noon, noon + timedelta(minutes=150), 150)
    exam = plans.seat(world, plan, rows, papers=[paper_id], theory=theory, practical=practical)
    _define_task(world, exam)
    world.advance_to(begin + timedelta(minutes=1))
    _sit(world, exam, paper_id, items)
    _keep_room(world, exam, exam.theory_id, Component.THEORY)
    world.advance_to(theory.ends_at + timedelta(minutes=10))
    with world.session() as session:
        invigilation.close_sitting(
            session, actor=world.actor("officer"), sitting_id=exam.theory_id, now=world.now()
        )
        marking.mark_sitting(session, exam.theory_id, actor=world.actor("officer"), now=world.now())
    world.advance_to(practical.starts_at + timedelta(minutes=20))
    _keep_room(world, exam, exam.practical_id, Component.PRACTICAL)
    world.advance_to(practical.ends_at)
    _score_practical(world, exam)
    with world.session() as session:
        invigilation.close_sitting(
            session, actor=world.actor("officer"), sitting_id=exam.practical_id, now=world.now()
        )
    return exam


def _keep_room(world: World, exam: Examination, sitting_id: UUID, component: Component) -> None:
    """Take attendance, note an incident, and keep the room's record with its video reference."""
    invigilator = world.actor("invigilator")
    came = [how.theta is not None for how in PERFORMANCES]
    with world.session() as session:
        for state, wanted in ((AttendanceState.PRESENT, True), (AttendanceState.ABSENT, False)):
            invigilation.take_attendance(
                session,
                actor=invigilator,
                sitting_id=sitting_id,
                registration_ids=[r for r, c in zip(exam.registrations, came, strict=True) if c is wanted],
                state=state,
                now=world.now(),
            )
        room_id = plans.room_of(session, component)
        if component is Component.THEORY:
            invigilation.record_incident(
                session,
                actor=invigilator,
                sitting_id=sitting_id,
                room_id=room_id,
                registration_id=exam.registrations[1],
                kind=IncidentKind.EQUIPMENT,
                note="鼠标失灵，当场更换，已保存的作答未受影响",
                now=world.now(),
            )
        invigilation.keep_room_record(
            session,
            actor=invigilator,
            sitting_id=sitting_id,
            room_id=room_id,
            video_reference=f"{plans.ROOMS[component][1]} 录像 {world.now().astimezone(ZONE):%Y%m%d-%H%M}",
            substitute="",
            substitute_reason="",
            notes="考场秩序正常",
            now=world.now(),
        )


def _define_task(world: World, exam: Examination) -> None:
    """Keep the practical task of ``practical.toml`` with the sitting and open it for scoring."""
    task = content.practical_task()
    lines = [
        RubricLine(line["code"], Decimal(line["points"]), f"{line['name']}：{line['standard']}")
        for line in task["rubric"]
    ]
    steps = "\n".join(f"{step['number']}. {step['text']}" for step in task["tasks"])
    officer = world.actor("officer")
    with world.session() as session:
        view = marking.define_task(
            session,
            actor=officer,
            sitting_id=exam.practical_id,
            title=task["title"],
            total=Decimal(task["total"]),
            lines=lines,
            instructions=f"{task['scenario']['text'].strip()}\n{steps}",
            now=world.now(),
        )
        marking.activate_task(session, actor=officer, task_id=view.task.id)


def _sit(world: World, exam: Examination, paper_id: UUID, items: Mapping[str, UUID]) -> None:
    """Let everybody who came answer, and hand in after an hour."""
    rng = np.random.default_rng(SEED)
    truth = simulation.draw_truth(content.items(), rng=np.random.default_rng(simulation.SEED))
    with world.session() as session:
        view = papers.candidate_view(session, paper_id)
    on_paper = {entry.item_id for section in view.sections for entry in section.entries}
    asked = [(n, item) for n, item in enumerate(content.items()) if items[item.reference] in on_paper]
    form = {
        items[item.reference]: Choice(item.type, frozenset(simulation.labels_of(item))) for _, item in asked
    }
    begun: list[tuple[Actor, UUID, int]] = []
    for registration_id, how in zip(exam.registrations, PERFORMANCES, strict=True):
        if how.theta is None:
            continue
        chance = 1 / (1 + np.exp(-truth.a * (how.theta - truth.b)))
        responses = {
            items[item.reference]: simulation.answer(item, right=bool(rng.random() < chance[n]), rng=rng)
            for n, item in asked
        }
        actor = Actor("candidate", registration_id, world.ground.institution_id, frozenset({Role.CANDIDATE}))
        with world.session() as session:
            attempt = delivery.start(session, actor=actor, sitting_id=exam.theory_id)
            opened = delivery.open_attempt(session, actor=actor, attempt_id=attempt.id)
            epoch = opened.attempt.epoch
            delivery.save_form(
                session, actor=actor, attempt_id=attempt.id, epoch=epoch, form=form, responses=responses
            )
            begun.append((actor, attempt.id, epoch))
    world.advance_to(world.now() + timedelta(minutes=64))
    with world.session() as session:
        for actor, attempt_id, epoch in begun:
            delivery.hand_in(session, actor=actor, attempt_id=attempt_id, epoch=epoch)


def _score_practical(world: World, exam: Examination) -> None:
    """Have three examiners enter and submit their sheets, then close the scores."""
    rng = np.random.default_rng(SEED + 1)
    rubric = content.practical_task()["rubric"]
    with world.session() as session:
        view = marking.read_tasks(session, exam.practical_id, active_only=True)[0]
        keys = [view.key(line) for line in view.lines]
        for registration_id, how in zip(exam.registrations, PERFORMANCES, strict=True):
            if how.practical is None:
                continue
            for number in (1, 2, 3):
                scores = {
                    key: _half_points(line["points"], how.practical + rng.normal(0, 0.05))
                    for key, line in zip(keys, rubric, strict=True)
                }
                marking.save_sheet(
                    session,
                    actor=world.actor(f"examiner{number}"),
                    sitting_id=exam.practical_id,
                    registration_id=registration_id,
                    scores=scores,
                    submit=True,
                    now=world.now(),
                )
        marking.close_practical(
            session, actor=world.actor("officer"), sitting_id=exam.practical_id, now=world.now()
        )


def _half_points(points: int, share: float) -> Decimal:
    return Decimal(round(min(max(share, 0.0), 1.0) * points * 2)) / 2


def publish(world: World, exam: Examination) -> int:
    """Release the results and publish the notice the day after; returns how many passed."""
    world.advance_to(world.now() + timedelta(hours=18))
    officer = world.actor("officer")
    with world.session() as session:
        results.collect_results(session, actor=officer, plan_id=exam.plan_id, now=world.now())
        results.release_results(session, actor=officer, plan_id=exam.plan_id, now=world.now())
        recognition.publish_notice(
            session, actor=officer, plan_id=exam.plan_id, contact="质量督导科 010-00000000", now=world.now()
        )
        decisions = recognition.read_decisions(session, exam.plan_id)
        return sum(decision.state is ApprovalState.WAITING for decision in decisions)


def _first_weekday_after(day: date) -> datetime:
    day += timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return datetime.combine(day, time(10), ZONE)


def certify(world: World, exam: Examination, *, fonts: FontSet) -> CertificateFacts:
    """Have the centre approve after the notice, and issue; returns the first certificate."""
    with world.session(centre=True) as session:
        view = recognition.notice_of_plan(session, exam.plan_id)
        assert view is not None
        world.advance_to(_first_weekday_after(view.notice.last_day))
        waiting = [
            decision.id
            for decision in recognition.read_decisions(session, exam.plan_id)
            if decision.state is ApprovalState.WAITING
        ]
        recognition.approve(
            session,
            actor=world.actor("centre"),
            decision_ids=waiting,
            comment="材料齐全，公示无异议",
            now=world.now(),
        )
    with world.session() as session:
        issued = certificates.issue_certificates(
            session, actor=world.actor("officer"), plan_id=exam.plan_id, fonts=fonts, now=world.now()
        )
        first = next(each for each in issued if each.registration_id == exam.registrations[0])
        name = certificates.find_certificate(session, first.id).name
        return CertificateFacts(
            first.number, name, certificates.verify_address(session, first.id, public_url="")
        )
