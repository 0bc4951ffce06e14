"""A plan on its way from answers to certificates: institutions, candidates with seats, sealed paper, answers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from PIL import Image
from sqlalchemy.orm import Session

from exam_engine.delivery.models import Answer, Attempt
from exam_engine.filing.models import FilingScope
from exam_engine.marking import service as marking
from exam_engine.marking.rules import RubricLine
from exam_engine.papers.content import SealedEntry, SealedPaper, canonical_bytes, digest_of, in_sections
from exam_engine.papers.models import Assembly, Blueprint, Paper
from exam_engine.papers.rules import SEAL_PURPOSE, PaperStatus
from exam_engine.papers.service.reading import seal_context
from exam_engine.recognition import service as recognition
from exam_engine.results import service as results
from exam_engine.sittings.models import Plan, Registration, Room, Seat, Sitting
from exam_engine.sittings.rules import Component, RegistrationStatus, SittingStatus
from itembank.base.db import keyring_of
from itembank.base.ids import new_id
from itembank.items.rules import ItemContent, ItemType, Option
from itembank.people.models import Institution, User
from itembank.people.rules import SYSTEM, Actor, InstitutionKind, Role
from itembank.taxonomy.models import Occupation
from tests.factories.people import make_institution, make_person, make_platform, make_user

STARTS = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday 2 March 2026, 09:00 in Shanghai."""
ENDS = STARTS + timedelta(minutes=90)
MARKED = STARTS + timedelta(hours=3)
OVER = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)
"""The first moment after a notice published on that Monday: five working days later, midnight."""

KEYS = {
    ItemType.SINGLE_CHOICE: ("B",),
    ItemType.MULTIPLE_CHOICE: ("A", "C"),
    ItemType.TRUE_FALSE: ("T",),
}


@dataclass
class World:
    """What the tests of the last third of the road stand on."""

    centre: Institution
    institution: Institution
    occupation: Occupation
    plan: Plan
    theory: Sitting
    practical: Sitting | None
    candidates: list[Registration]
    paper: SealedPaper
    examiners: list[Actor] = field(default_factory=list)

    def actor(self, session: Session, *roles: Role, at: Institution | None = None, name: str = "") -> Actor:
        """Return somebody with the roles, at the evaluation institution unless said otherwise."""
        place = at or self.institution
        user = make_user(session, username=name, roles=roles, institution=place)
        return actor_of(user, place, *roles)


def actor_of(user: User, place: Institution, *roles: Role) -> Actor:
    return Actor("user", user.id, place.id, frozenset(roles), user.name)


def make_occupation(session: Session, *, detail: str = "05", name: str = "人工智能训练师") -> Occupation:
    occupation = Occupation(
        major="4", middle="04", minor="05", detail=detail, name=name, effective_from=date(2022, 9, 1)
    )
    session.add(occupation)
    session.flush()
    return occupation


def make_scope(
    session: Session,
    *,
    institution: Institution,
    authority: Institution,
    occupation: Occupation,
    level: int = 3,
) -> FilingScope:
    scope = FilingScope(
        institution_id=institution.id,
        occupation_id=occupation.id,
        level=level,
        number="甘备2026001",
        valid_from=date(2026, 1, 1),
        valid_until=date(2028, 12, 31),
        authority_id=authority.id,
        created_by="system",
        created_at=STARTS,
    )
    session.add(scope)
    session.flush()
    return scope


def make_plan(
    session: Session, *, institution: Institution, occupation: Occupation, number: str, practical: bool
) -> Plan:
    plan = Plan(
        institution_id=institution.id,
        number=number,
        name="三月认定",
        occupation_id=occupation.id,
        level=3,
        examined_on=date(2026, 3, 2),
        has_theory=True,
        has_practical=practical,
        has_review=False,
        created_by="system",
        created_at=STARTS,
    )
    session.add(plan)
    session.flush()
    return plan


def make_sitting(session: Session, plan: Plan, component: Component = Component.THEORY) -> Sitting:
    sitting = Sitting(
        institution_id=plan.institution_id,
        plan_id=plan.id,
        component=component,
        status=SittingStatus.PUBLISHED,
        opens_at=STARTS,
        starts_at=STARTS,
        ends_at=ENDS,
        limit_minutes=90,
        late_minutes=30,
        earliest_submit_minutes=0,
        pass_mark=Decimal(60),
        created_at=STARTS,
    )
    session.add(sitting)
    session.flush()
    return sitting


def make_candidate(
    session: Session, plan: Plan, sittings: Sequence[Sitting], *, number: int, name: str
) -> Registration:
    """Return an approved registration with a seat in every sitting."""
    person = make_person(session, name=name, number=number)
    registration = Registration(
        institution_id=plan.institution_id,
        plan_id=plan.id,
        person_id=person.id,
        row_number=number,
        name_index=f"{new_id().hex}",
        sealed=b"-",
        education="大学本科",
        source="国有企业",
        collection="自取",
        condition=1,
        condition_text="取得四级证书后工作满4年",
        status=RegistrationStatus.APPROVED,
        ticket_number=f"26030262{plan.number[-6:]}{number % 100_000:05d}",
        created_at=STARTS,
    )
    session.add(registration)
    room = Room(institution_id=plan.institution_id, name=f"机房{number}", capacity=50)
    session.add(room)
    session.flush()
    for sitting in sittings:
        session.add(
            Seat(
                institution_id=plan.institution_id,
                sitting_id=sitting.id,
                registration_id=registration.id,
                room_id=room.id,
                number=number,
            )
        )
    session.flush()
    return registration


def make_sealed_paper(session: Session, plan: Plan, *, each: int = 2) -> SealedPaper:
    """Return a sealed paper with ``each`` items of every type, one mark each, keys as in KEYS."""
    blueprint = Blueprint(
        institution_id=plan.institution_id,
        series_id=new_id(),
        number=1,
        occupation_id=plan.occupation_id,
        level=plan.level,
        name="试卷结构",
        spec={"sections": [{"type": "single_choice", "count": 2, "marks": "1"}]},
        created_at=STARTS,
    )
    session.add(blueprint)
    session.flush()
    assembly = Assembly(
        institution_id=plan.institution_id,
        blueprint_id=blueprint.id,
        forms=1,
        seed=1,
        work_limit=1,
        requested_at=STARTS,
    )
    session.add(assembly)
    session.flush()
    identifier = new_id()
    entries = [
        SealedEntry(new_id(), new_id(), kind, Decimal(1), make_content(kind, number))
        for kind in KEYS
        for number in range(each)
    ]
    sealed = SealedPaper(identifier, "A卷", 90, Decimal(len(entries)), in_sections(entries))
    content = canonical_bytes(sealed)
    session.add(
        Paper(
            id=identifier,
            institution_id=plan.institution_id,
            blueprint_id=blueprint.id,
            assembly_id=assembly.id,
            occupation_id=plan.occupation_id,
            level=plan.level,
            form=1,
            label=f"A卷{identifier.hex[-6:]}",
            status=PaperStatus.SEALED,
            total_marks=sealed.total_marks,
            minutes=90,
            sealed=keyring_of(session).seal(content, purpose=SEAL_PURPOSE, context=seal_context(identifier)),
            digest=digest_of(content),
            created_at=STARTS,
            sealed_at=STARTS,
        )
    )
    session.flush()
    return sealed


def make_content(kind: ItemType, number: int) -> ItemContent:
    labels = "TF" if kind is ItemType.TRUE_FALSE else "ABCD"
    return ItemContent(kind, f"{kind} {number}", tuple(Option(label, label) for label in labels), KEYS[kind])


def make_attempt(
    session: Session, sitting: Sitting, registration: Registration, paper: SealedPaper, *, right: int
) -> Attempt:
    """Return a handed-in attempt whose first ``right`` answers are right, the others wrong."""
    attempt = Attempt(
        institution_id=sitting.institution_id,
        sitting_id=sitting.id,
        registration_id=registration.id,
        paper_id=paper.paper_id,
        seed=7,
        started_at=STARTS,
        due_at=ENDS,
        submitted_at=ENDS,
    )
    session.add(attempt)
    session.flush()
    for place, entry in enumerate(paper.entries):
        response = list(entry.content.key) if place < right else ["D"]
        session.add(
            Answer(
                attempt_id=attempt.id,
                item_id=entry.item_id,
                epoch=1,
                revision=1,
                response=response,
                saved_at=ENDS,
            )
        )
    session.flush()
    return attempt


def make_world(
    session: Session,
    *,
    names: Sequence[str] = ("张伟", "王小明", "欧阳䶮"),
    practical: bool = False,
    institution: Institution | None = None,
    centre: Institution | None = None,
    serial: str = "0001",
) -> World:
    """Return a filed institution with one plan and its candidates, before anybody has answered."""
    if institution is None:
        platform = make_platform(session)
        centre = centre or make_institution(
            session, kind=InstitutionKind.PROVINCE_CENTRE, parent=platform, name="省职业技能鉴定指导中心"
        )
        institution = make_institution(session, parent=centre, name="示范智能科技有限公司")
    if centre is None:
        centre = session.get(Institution, institution.parent_id)
    assert centre is not None
    occupation = make_occupation(session, detail=f"{int(institution.site_sequence or 0) % 90 + 10}")
    make_scope(session, institution=institution, authority=centre, occupation=occupation)
    plan = make_plan(
        session,
        institution=institution,
        occupation=occupation,
        number=f"2662{institution.site_sequence}{serial}",
        practical=practical,
    )
    theory = make_sitting(session, plan)
    hands_on = make_sitting(session, plan, Component.PRACTICAL) if practical else None
    sittings = [each for each in (theory, hands_on) if each]
    offset = int(institution.site_sequence or 0) * 100
    candidates = [
        make_candidate(session, plan, sittings, number=offset + number, name=name)
        for number, name in enumerate(names, 1)
    ]
    paper = make_sealed_paper(session, plan)
    examiners = []
    if practical:
        for number in range(5):
            user = make_user(
                session,
                username=f"examiner{number}-{institution.site_sequence}",
                roles=[Role.PRACTICAL_EXAMINER],
                institution=institution,
            )
            examiners.append(actor_of(user, institution, Role.PRACTICAL_EXAMINER))
    return World(centre, institution, occupation, plan, theory, hands_on, candidates, paper, examiners)


RUBRIC = (RubricLine("M1", Decimal(40), "准备"), RubricLine("M2", Decimal(60), "操作"))


def make_active_task(session: Session, world: World) -> UUID:
    assert world.practical is not None
    view = marking.define_task(
        session,
        actor=SYSTEM,
        sitting_id=world.practical.id,
        title="数据处理",
        total=Decimal(100),
        lines=RUBRIC,
        now=STARTS,
    )
    marking.activate_task(session, actor=SYSTEM, task_id=view.task.id)
    return view.task.id


def answer_all(session: Session, world: World, *, right: Sequence[int]) -> None:
    """Let the candidates answer: candidate i has ``right[i]`` of six answers right."""
    for registration, count in zip(world.candidates, right, strict=True):
        make_attempt(session, world.theory, registration, world.paper, right=count)


def release_all(session: Session, world: World, *, right: Sequence[int]) -> None:
    """Answer, mark, gather and release."""
    answer_all(session, world, right=right)
    marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)
    results.collect_results(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED)
    results.release_results(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED)


def publish(session: Session, world: World, *, right: Sequence[int]) -> recognition.NoticeView:
    """Everything up to the public notice."""
    release_all(session, world, right=right)
    recognition.publish_notice(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED)
    view = recognition.notice_of_plan(session, world.plan.id)
    assert view is not None
    return view


def approve_all(session: Session, world: World) -> None:
    """Let the centre approve everybody who waits."""
    officer = world.actor(session, Role.CENTRE_OFFICER, at=world.centre)
    waiting = [
        decision.id
        for decision in recognition.read_decisions(session, world.plan.id)
        if decision.state == "waiting"
    ]
    recognition.approve(session, actor=officer, decision_ids=waiting, now=OVER)


def photo() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (350, 490), "lightsteelblue").save(buffer, "JPEG")
    return buffer.getvalue()
