"""A sitting that is over, with what the statistics desk is to find in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.calibration import service as calibration
from exam_engine.calibration.rules import Method
from exam_engine.delivery.models import Answer, Attempt
from exam_engine.sittings.models import Registration, Room, Seat
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.factories.statistics import make_answered_sitting, make_items
from tests.factories.suspects import add_history

N_ITEMS = 42
MISKEYED, HARDER = 9, 20


@dataclass(frozen=True)
class Examined:
    """The sitting and its items."""

    sitting_id: UUID
    occupation_id: UUID
    item_ids: list[UUID]
    references: list[str]


def make_examined(
    session: Session, institution: Institution, *, now: datetime, persons: int = 80
) -> Examined:
    """Return a sitting of one room: item 9 has a wrong key, item 20 is harder for one source of candidates, and the
    candidates on seats 9 and 10 share their answers; two older scales, between which item 20 became harder."""
    occupation_id, references = make_items(session, institution=institution, level=4, count=N_ITEMS + 2)
    found = {item.reference: item.id for item in session.scalars(select(Item))}
    item_ids = [found[reference] for reference in references]
    rng = np.random.default_rng(12)
    b = np.linspace(-1.8, 1.6, N_ITEMS)
    theta = rng.normal(0.4, 1, persons)
    second = np.arange(persons) % 2
    hard = b + 2.0 * second[:, None] * (np.arange(N_ITEMS) == HARDER)
    marks = (rng.random((persons, N_ITEMS)) < 1 / (1 + np.exp(hard - theta[:, None]))).astype(np.int8)
    marks[:, MISKEYED] = rng.random(persons) < 1 / (1 + np.exp(3.0 * theta))
    sitting = make_answered_sitting(
        session,
        institution=institution,
        occupation_id=occupation_id,
        item_ids=item_ids[:N_ITEMS],
        marks=marks,
        starts_at=now - timedelta(days=1),
    )
    _seat(session, institution, sitting.id, rng)
    add_history(session, sitting.id, item_ids[:N_ITEMS])
    for row, part in zip(
        session.scalars(select(Registration).order_by(Registration.id)), second, strict=False
    ):
        row.source = "企业职工" if part else "院校学生"
    for days, shift, name in ((300, 0.0, "电工四级 2025 春"), (30, 0.5, "电工四级 2025 秋")):
        ability = rng.normal(shift, 1, 1200)
        moved = b + (shift > 0) * 1.0 * (np.arange(N_ITEMS) == HARDER)
        known = (rng.random((1200, N_ITEMS)) < 1 / (1 + np.exp(moved - ability[:, None]))).astype(np.int8)
        calibration.calibrate_now(
            session,
            actor=SYSTEM,
            institution_id=institution.id,
            occupation_id=occupation_id,
            level=4,
            name=name,
            method=Method.RASCH,
            responses={item_ids[k]: known[:, k].tolist() for k in range(N_ITEMS)},
            now=now - timedelta(days=days),
        )
    return Examined(sitting.id, occupation_id, item_ids, references)


def _seat(session: Session, institution: Institution, sitting_id: UUID, rng: np.random.Generator) -> None:
    """Seat the candidates in the order of their attempts, give their wrong answers options, and let one copy."""
    room = Room(institution_id=institution.id, name="一号机房", capacity=80, seats_per_row=8)
    session.add(room)
    session.flush()
    kept: dict[UUID, list[str]] = {}
    attempts = session.scalars(
        select(Attempt).where(Attempt.sitting_id == sitting_id).order_by(Attempt.id)
    ).all()
    for number, attempt in enumerate(attempts, start=1):
        session.add(
            Seat(
                institution_id=institution.id,
                sitting_id=sitting_id,
                registration_id=attempt.registration_id,
                room_id=room.id,
                number=number,
                paper_id=attempt.paper_id,
            )
        )
        for answer in session.scalars(select(Answer).where(Answer.attempt_id == attempt.id)):
            if answer.response != ["B"]:
                answer.response = [str(rng.choice(["A", "C", "D"], p=[0.1, 0.8, 0.1]))]
            if number == 9:
                kept[answer.item_id] = answer.response
            elif number == 10 and answer.item_id in kept:
                answer.response = kept[answer.item_id]
