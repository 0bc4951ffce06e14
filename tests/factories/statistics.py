"""Items to calibrate, and answers to them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from exam_engine.delivery.models import Answer, Attempt
from exam_engine.papers.content import SealedEntry, SealedPaper, Section, canonical_bytes, digest_of
from exam_engine.papers.models import Assembly, Blueprint, Paper, PaperEntry
from exam_engine.papers.rules import SEAL_PURPOSE, PaperStatus
from exam_engine.psychometrics.irt.items import Items
from exam_engine.sittings.models import Plan, Registration, Sitting
from exam_engine.sittings.rules import Component, RegistrationStatus, SittingStatus
from itembank.base.db import keyring_of
from itembank.base.ids import new_id
from itembank.items.models import Item, ItemVersion
from itembank.items.rules import ItemContent, ItemStatus, ItemType, Option
from itembank.people.models import Institution
from itembank.taxonomy.models import Occupation
from tests.factories.people import NOW, make_person

_numbers = itertools.count(1)


def simulate_answers(n_persons: int, n_items: int, *, seed: int = 11) -> NDArray[np.int8]:
    """Return marks of persons from a standard normal population on items of rising difficulty."""
    rng = np.random.default_rng(seed)
    b = np.linspace(-1.8, 1.8, n_items)
    a = np.exp(rng.normal(0.1, 0.25, n_items))
    chance = Items.dichotomous(a, b).probability(rng.normal(size=n_persons))[..., 1]
    return (rng.random(chance.shape) < chance).astype(np.int8)


def as_csv(names: Sequence[str], marks: NDArray[np.int8]) -> bytes:
    """Return a response file."""
    rows = [",".join("" if mark < 0 else str(mark) for mark in row) for row in marks]
    return "\n".join([",".join(names), *rows]).encode()


def make_items(
    session: Session, *, institution: Institution, level: int, count: int
) -> tuple[UUID, list[str]]:
    """Return an occupation and the reference numbers of bare items of it: rows without content."""
    occupation = Occupation(
        major="6", middle="31", minor="01", detail="03", name="电工", effective_from=date(2022, 9, 1)
    )
    session.add(occupation)
    session.flush()
    references = [str(1000 + position) for position in range(count)]
    for number, reference in enumerate(references, start=1):
        item = Item(
            institution_id=institution.id,
            number=number,
            occupation_id=occupation.id,
            level=level,
            type=ItemType.SINGLE_CHOICE,
            status=ItemStatus.ACTIVE,
            difficulty=3,
            source="自编",
            reference=reference,
            current_version_id=new_id(),
            created_at=NOW,
            updated_at=NOW,
        )
        session.add(item)
        session.flush()
    return occupation.id, references


def make_theory_sitting(
    session: Session, *, institution: Institution, occupation_id: UUID, starts_at: datetime, level: int = 4
) -> Sitting:
    """Return a published theory sitting of two hours, of a plan of its own."""
    common = {"institution_id": institution.id, "created_at": starts_at}
    plan = Plan(
        number=f"{next(_numbers):014d}",
        name="电工四级理论考试",
        occupation_id=occupation_id,
        level=level,
        examined_on=starts_at.date(),
        has_theory=True,
        has_practical=False,
        has_review=False,
        created_by="system",
        **common,
    )
    session.add(plan)
    session.flush()
    sitting = Sitting(
        plan_id=plan.id,
        component=Component.THEORY,
        status=SittingStatus.PUBLISHED,
        opens_at=starts_at,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        limit_minutes=120,
        late_minutes=30,
        earliest_submit_minutes=0,
        pass_mark=Decimal(60),
        **common,
    )
    session.add(sitting)
    session.flush()
    return sitting


def _register(session: Session, sitting: Sitting) -> Registration:
    registration = Registration(
        institution_id=sitting.institution_id,
        plan_id=sitting.plan_id,
        person_id=make_person(session, number=next(_numbers)).id,
        row_number=1,
        name_index="",
        sealed=b"",
        education="高中",
        source="社会考生",
        collection="自取",
        condition=1,
        condition_text="",
        status=RegistrationStatus.APPROVED,
        created_at=sitting.created_at,
    )
    session.add(registration)
    session.flush()
    return registration


def make_answered_sitting(
    session: Session,
    *,
    institution: Institution,
    occupation_id: UUID,
    item_ids: Sequence[UUID],
    marks: NDArray[np.int8],
    starts_at: datetime,
    paper_id: UUID | None = None,
) -> Sitting:
    """Return a sitting that is over: one sealed paper of single-choice items with key B, and answers to it."""
    sitting = make_theory_sitting(
        session, institution=institution, occupation_id=occupation_id, starts_at=starts_at
    )
    paper_id = paper_id or seal_paper(
        session, institution=institution, occupation_id=occupation_id, item_ids=item_ids
    )
    for row in marks:
        attempt = Attempt(
            institution_id=institution.id,
            sitting_id=sitting.id,
            registration_id=_register(session, sitting).id,
            paper_id=paper_id,
            seed=1,
            started_at=starts_at,
            due_at=sitting.ends_at,
            submitted_at=sitting.ends_at,
        )
        session.add(attempt)
        session.flush()
        session.add_all(
            Answer(
                attempt_id=attempt.id,
                item_id=item_id,
                epoch=1,
                revision=1,
                response=["B"] if mark else ["C"],
                saved_at=starts_at,
            )
            for item_id, mark in zip(item_ids, row, strict=True)
            if mark >= 0
        )
    session.flush()
    return sitting


def seal_paper(
    session: Session, *, institution: Institution, occupation_id: UUID, item_ids: Sequence[UUID]
) -> UUID:
    """Return a sealed paper of single-choice items with options A to D and key B."""
    common = {"institution_id": institution.id, "created_at": NOW}
    blueprint = Blueprint(
        series_id=new_id(), number=1, occupation_id=occupation_id, level=4, name="试卷", spec={}, **common
    )
    session.add(blueprint)
    session.flush()
    assembly = Assembly(
        institution_id=institution.id,
        blueprint_id=blueprint.id,
        forms=1,
        seed=1,
        work_limit=1,
        requested_at=NOW,
    )
    session.add(assembly)
    session.flush()
    paper = Paper(
        blueprint_id=blueprint.id,
        assembly_id=assembly.id,
        occupation_id=occupation_id,
        level=4,
        form=1,
        label=f"卷 {new_id()}",
        status=PaperStatus.SEALED,
        total_marks=Decimal(len(item_ids)),
        minutes=90,
        **common,
    )
    session.add(paper)
    session.flush()
    options = tuple(Option(label, f"选项{label}") for label in "ABCD")
    content = ItemContent(ItemType.SINGLE_CHOICE, "题干", options, ("B",), "")
    entries = tuple(
        SealedEntry(item_id, uuid5(item_id, "version"), ItemType.SINGLE_CHOICE, Decimal(1), content)
        for item_id in item_ids
    )
    sections = (Section(ItemType.SINGLE_CHOICE, Decimal(1), entries),)
    plain = canonical_bytes(SealedPaper(paper.id, paper.label, 90, paper.total_marks, sections))
    paper.digest = digest_of(plain)
    paper.sealed = keyring_of(session).seal(plain, purpose=SEAL_PURPOSE, context=f"paper/{paper.id}")
    _list_entries(session, paper, entries)
    return paper.id


def _list_entries(session: Session, paper: Paper, entries: Sequence[SealedEntry]) -> None:
    """List what stands in a paper; each item has one version, made with the first paper that holds it."""
    common = {"institution_id": paper.institution_id}
    for entry in entries:
        if session.get(ItemVersion, entry.version_id) is None:
            session.add(
                ItemVersion(
                    id=entry.version_id,
                    item_id=entry.item_id,
                    number=1,
                    sealed=b"",
                    digest="",
                    created_at=NOW,
                    **common,
                )
            )
    session.flush()
    session.add_all(
        PaperEntry(
            paper_id=paper.id,
            position=position,
            item_id=entry.item_id,
            version_id=entry.version_id,
            type=entry.type.value,
            marks=entry.marks,
            **common,
        )
        for position, entry in enumerate(entries, start=1)
    )
    session.flush()
