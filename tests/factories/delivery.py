"""Sittings with candidates, attempts, and papers without keys."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery.models import Attempt
from exam_engine.papers.content import CandidateEntry, CandidatePaper, CandidateSection
from exam_engine.sittings.models import Plan, Registration, Room, Seat, Sitting
from exam_engine.sittings.rules import Component, RegistrationStatus, SittingStatus, Terms
from exam_engine.sittings.sections import SectionTerms
from itembank.base.ids import new_id
from itembank.items.rules import ItemType, Option
from itembank.people import service as people
from itembank.people.rules import SYSTEM, Actor, Role
from itembank.people.service import PersonFacts
from tests.factories.sittings import make_occupation

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Candidate:
    """A registered candidate with a seat, as the one who acts."""

    registration: Registration
    seat: Seat
    actor: Actor


def make_sitting(
    session: Session,
    *,
    institution_id: UUID,
    starts_at: datetime,
    limit_minutes: int = 90,
    window_minutes: int = 120,
    late_minutes: int = 30,
    earliest_submit_minutes: int = 0,
    sections: tuple[SectionTerms, ...] = (),
) -> Sitting:
    """Return a published theory sitting of a plan of its own."""
    number = next(_numbers)
    plan = Plan(
        institution_id=institution_id,
        number=f"{number:014d}",
        name="电工四级理论测试计划",
        occupation_id=make_occupation(session).id,
        level=4,
        work_type_id=None,
        examined_on=date(2026, 6, 1),
        has_theory=True,
        has_practical=False,
        has_review=False,
        created_by="system",
        created_at=starts_at,
    )
    session.add(plan)
    session.flush()
    terms = Terms(
        starts_at - timedelta(minutes=30),
        starts_at,
        starts_at + timedelta(minutes=window_minutes),
        limit_minutes,
        late_minutes,
        earliest_submit_minutes,
        sections=sections,
    )
    sitting = Sitting(
        institution_id=institution_id,
        plan_id=plan.id,
        component=Component.THEORY,
        status=SittingStatus.PUBLISHED,
        opens_at=terms.opens_at,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        limit_minutes=limit_minutes,
        late_minutes=late_minutes,
        earliest_submit_minutes=earliest_submit_minutes,
        pass_mark=Decimal(60),
        rules=terms.as_json(),
        created_at=starts_at,
    )
    room = Room(institution_id=institution_id, name=f"第{number}机房", capacity=60)
    session.add_all([sitting, room])
    session.flush()
    return sitting


def make_candidate(
    session: Session,
    sitting: Sitting,
    *,
    paper_id: UUID | None = None,
    form: list[int] | None = None,
    name: str = "王小明",
    status: RegistrationStatus = RegistrationStatus.APPROVED,
) -> Candidate:
    """Return an approved candidate with a ticket number and a seat in the sitting."""
    number = next(_numbers)
    facts = PersonFacts(name, "passport", f"P{number:08d}", "男", date(1995, 5, 1))
    person = people.keep_person(session, actor=SYSTEM, facts=facts, now=sitting.created_at)
    registration = Registration(
        institution_id=sitting.institution_id,
        plan_id=sitting.plan_id,
        person_id=person.id,
        row_number=number,
        name_index="",
        sealed=b"",
        education="高中",
        source="社会考生",
        collection="自取",
        condition=1,
        condition_text="",
        status=status,
        ticket_number=f"{number:019d}",
        created_at=sitting.created_at,
    )
    session.add(registration)
    session.flush()
    room = Room(institution_id=sitting.institution_id, name=f"机房{number}", capacity=60)
    session.add(room)
    session.flush()
    seat = Seat(
        institution_id=sitting.institution_id,
        sitting_id=sitting.id,
        registration_id=registration.id,
        room_id=room.id,
        number=12,
        paper_id=paper_id or new_id(),
        form=form,
    )
    session.add(seat)
    session.flush()
    actor = Actor("candidate", registration.id, sitting.institution_id, frozenset({Role.CANDIDATE}))
    return Candidate(registration, seat, actor)


def make_attempt(
    session: Session, *, institution_id: UUID, started_at: datetime, minutes: int = 90, **columns: object
) -> Attempt:
    """Return an attempt under way, in a sitting and of a candidate of its own."""
    sitting = make_sitting(session, institution_id=institution_id, starts_at=started_at)
    candidate = make_candidate(session, sitting)
    values: dict[str, object] = {
        "institution_id": institution_id,
        "sitting_id": sitting.id,
        "registration_id": candidate.registration.id,
        "paper_id": candidate.seat.paper_id,
        "seed": 7,
        "started_at": started_at,
        "due_at": started_at + timedelta(minutes=minutes),
    }
    attempt = Attempt(**{**values, **columns})
    session.add(attempt)
    session.flush()
    return attempt


def make_entry(kind: str = "single_choice", *texts: str, stem: str = "题干") -> CandidateEntry:
    """Return one item; its options are labelled A, B, C… (T, F for true/false)."""
    labels = "TF" if kind == "true_false" else "ABCDEFGH"
    options = texts or (("正确", "错误") if kind == "true_false" else ("甲", "乙", "丙", "丁"))
    return CandidateEntry(
        new_id(),
        new_id(),
        ItemType(kind),
        Decimal("0.5"),
        stem,
        tuple(Option(label, text) for label, text in zip(labels, options, strict=False)),
    )


def make_paper(**counts: int) -> CandidatePaper:
    """Return a paper such as ``make_paper(single_choice=3, true_false=2)``."""
    sections = tuple(
        CandidateSection(
            ItemType(kind), Decimal("0.5"), tuple(make_entry(kind, stem=f"{kind} {n}") for n in range(count))
        )
        for kind, count in counts.items()
    )
    return CandidatePaper(new_id(), "A卷", 90, Decimal(100), sections)
