"""Plans brought to the door of the exam room: filed, registered, reviewed, seated, published."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.filing import service as filing
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Plan, Registration
from exam_engine.sittings.rules import Component, Duty, Terms
from itembank.people.rules import Actor
from itembank.taxonomy.models import Outline
from scripts.demonstration.people import Candidate, portrait
from scripts.demonstration.world import ZONE, World

FILING_NUMBER = "示备〔2026〕第007号"
ROOMS = {Component.THEORY: ("第一机房", "实训楼 302"), Component.PRACTICAL: ("电工实训室", "实训楼 105")}
CAPACITY = 30


@dataclass(frozen=True)
class Examination:
    """A plan whose candidates have seats and tickets."""

    plan_id: UUID
    theory_id: UUID
    practical_id: UUID
    registrations: tuple[UUID, ...]
    """In the order of the cast."""


def file_institution(world: World, outline: Outline) -> None:
    """Have the centre file the institution for the demonstration's occupation and level."""
    today = world.now().astimezone(ZONE).date()
    with world.session(centre=True) as session:
        filing.file_scope(
            session,
            actor=world.actor("centre"),
            institution_id=world.ground.institution_id,
            occupation_id=outline.occupation_id,
            levels=[outline.level],
            number=FILING_NUMBER,
            valid_from=today - timedelta(days=90),
            valid_until=today + timedelta(days=3 * 365),
            now=world.now(),
        )


def open_rooms(world: World) -> None:
    """Make the rooms and leave them to every later plan."""
    with world.session() as session:
        for name, place in ROOMS.values():
            sittings.create_room(
                session, actor=world.actor("officer"), name=name, capacity=CAPACITY, place=place
            )


def registration_list(cast: Sequence[Candidate]) -> bytes:
    """Return the list that an employer would send, as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    headers = ("序号", "姓名", "证件类型", "证件号", "文化程度", "考生来源", "证书领取", "职业名称", "级别")
    writer.writerow([*headers, "申报条件", "手机号码", "参加工作时间", "从事专业", "申报依据"])
    for number, one in enumerate(cast, start=1):
        person = (number, one.name, "身份证", one.citizen_number, "高中", one.source, "自取")
        claim = ("电工", "四级/中级工", 1, one.telephone, f"{one.works_since:%Y-%m-%d}", "维修电工")
        writer.writerow([*person, *claim, "单位出具的工作年限证明"])
    return text.getvalue().encode("utf-8-sig")


def register(
    world: World,
    *,
    name: str,
    examined_on: date,
    outline: Outline,
    cast: Sequence[Candidate],
) -> tuple[Plan, list[Registration]]:
    """Make a plan and import its registration list; the claims wait for their review."""
    officer = world.actor("officer")
    components = frozenset({Component.THEORY, Component.PRACTICAL})
    draft = sittings.PlanDraft(name, outline.occupation_id, outline.level, examined_on, components)
    with world.session() as session:
        plan = sittings.create_plan(session, actor=officer, draft=draft, now=world.now())
        preview = sittings.preview_list(
            session,
            actor=officer,
            plan_id=plan.id,
            filename="报名表.csv",
            content=registration_list(cast),
            now=world.now(),
        )
        if preview.upload_id is None:
            raise RuntimeError(f"the demonstration's own registration list was refused: {preview.errors}")
        rows = sittings.confirm_list(
            session, actor=officer, plan_id=plan.id, upload_id=preview.upload_id, now=world.now()
        )
        for row, one in zip(rows, cast, strict=True):
            sittings.keep_photo(
                session,
                actor=officer,
                registration_id=row.id,
                filename=f"{one.citizen_number}.jpg",
                content=portrait(one),
                now=world.now(),
            )
    return plan, rows


def seat(
    world: World,
    plan: Plan,
    registrations: Sequence[Registration],
    *,
    papers: Sequence[UUID],
    theory: Terms,
    practical: Terms,
) -> Examination:
    """Approve the claims, then arrange and publish both sittings."""
    officer = world.actor("officer")
    ids = [row.id for row in registrations]
    with world.session() as session:
        approve(session, officer, plan.id, ids, now=world.now())
        made = {
            component: publish(
                session,
                officer,
                plan.id,
                component,
                terms,
                papers,
                rooms=[room_of(session, component)],
                now=world.now(),
            )
            for component, terms in ((Component.THEORY, theory), (Component.PRACTICAL, practical))
        }
        _staff(session, world, made)
    return Examination(plan.id, made[Component.THEORY], made[Component.PRACTICAL], tuple(ids))


def approve(
    session: Session, officer: Actor, plan_id: UUID, registration_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Approve claims."""
    sittings.review_registrations(
        session,
        actor=officer,
        plan_id=plan_id,
        registration_ids=registration_ids,
        approve=True,
        reason="",
        now=now,
    )


def publish(
    session: Session,
    officer: Actor,
    plan_id: UUID,
    component: Component,
    terms: Terms,
    papers: Sequence[UUID],
    *,
    rooms: Sequence[UUID],
    now: datetime,
) -> UUID:
    """Make a sitting, seat its candidates and publish it."""
    sitting = sittings.create_sitting(
        session, actor=officer, plan_id=plan_id, component=component, terms=terms, now=now
    )
    if component is Component.THEORY:
        sittings.set_papers(session, actor=officer, sitting_id=sitting.id, paper_ids=list(papers))
    sittings.arrange_sitting(session, actor=officer, sitting_id=sitting.id, room_ids=rooms, now=now)
    sittings.publish_sitting(session, actor=officer, sitting_id=sitting.id, now=now)
    return sitting.id


ON_DUTY = {
    "invigilator": Duty.INVIGILATOR,
    "officer": Duty.INVIGILATOR,
    "supervisor": Duty.SUPERVISOR,
}
"""Who watches over a theory examination, by user name."""


def room_of(session: Session, component: Component) -> UUID:
    """Return the room of a component."""
    return next(room.id for room in sittings.list_rooms(session) if room.name == ROOMS[component][0])


def _staff(session: Session, world: World, made: dict[Component, UUID]) -> None:
    duties = [(Component.THEORY, name, duty) for name, duty in ON_DUTY.items()]
    duties += [(Component.PRACTICAL, f"examiner{n}", Duty.EXAMINER) for n in (1, 2, 3)]
    for component, username, duty in duties:
        user_id = world.actor(username).id
        assert user_id is not None
        sittings.assign_staff(
            session,
            actor=world.actor("officer"),
            sitting_id=made[component],
            room_id=room_of(session, component),
            user_id=user_id,
            duty=duty,
        )
